# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Tracing: whether a tool may look at what passes through the openai SDK, and the tags of Haystack's spans.

The SDK's walk over the arguments and its models of responses take most of the CPU time of a request. They are left out
where nobody can see them. Where a tool watches, it gets the SDK's own arguments and models.
"""

from collections.abc import Mapping
from decimal import Decimal
from threading import Lock
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

import openai
from haystack.tracing.tracer import is_tracing_enabled, tracer

from haystack_integrations.common.openrouter._transport.forks import renewed_in_forked_children
from haystack_integrations.common.openrouter._wire.json_values import sendable
from haystack_integrations.common.openrouter._wire.usage import EXACT, billed, figures

# Longer than any name. Collectors refuse messages of megabytes.
_LONGEST_TAG = 256
_LARGEST = 2**63 - 1
_REQUESTS, _COST = "openrouter.requests", "openrouter.cost"
# https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/, which has no name for a cost
_GEN_AI = {
    "openrouter.model": "gen_ai.response.model",
    "openrouter.generation_id": "gen_ai.response.id",
    "openrouter.prompt_tokens": "gen_ai.usage.input_tokens",
    "openrouter.cached_tokens": "gen_ai.usage.cache_read.input_tokens",
    "openrouter.completion_tokens": "gen_ai.usage.output_tokens",
    "openrouter.reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
}


def is_watched(*parts: Any) -> bool:
    """
    Whether a tool may look at one of these parts of the openai SDK.

    :param parts: Clients, methods of them or of their resources, and streams.
    """
    return any(map(_is_changed, parts))


def _is_changed(part: Any) -> bool:
    if type(part) in (openai.OpenAI, openai.AsyncOpenAI):
        return _is_changed(part.post) or _is_changed(part.request)
    if type(part) in (openai.Stream, openai.AsyncStream):
        return _has_changed_iterator(part)
    function = part.__func__ if type(part) is MethodType else part
    while function is not None:
        if type(function) is not FunctionType or not function.__globals__["__name__"].startswith("openai."):
            return True
        function = getattr(function, "__wrapped__", None)  # the SDK wraps some of its own
    return False


def _has_changed_iterator(stream: Any) -> bool:
    """Whether anything other than the SDK iterates over a stream, or has begun to."""
    kind = type(stream)
    names = ("__init__", "__iter__" if kind is openai.Stream else "__aiter__", "__stream__")
    methods = [vars(kind).get(name) for name in names]
    if not all(type(method) is FunctionType for method in methods):
        return True
    # Tracing tools (Sentry) keep the type and replace this iterator, which comes from the SDK's `__stream__`. Its name
    # is private: if a new SDK renames it, streams are read chunk by chunk, which is slower and gives the same reply.
    iterator = getattr(stream, "_iterator", None)
    code = getattr(iterator, "gi_code", None) or getattr(iterator, "ag_code", None)
    files = {method.__code__.co_filename for method in methods}
    return code is not methods[-1].__code__ or len(files) > 1 or stream.response.is_stream_consumed


class _Spans:
    """
    The sums of spans that hold several requests, as long as their spans live.
    """

    def __init__(self) -> None:
        self._sums: WeakKeyDictionary[Any, dict[str, Decimal]] = WeakKeyDictionary()
        self.renew()
        renewed_in_forked_children(self)

    def renew(self) -> None:
        """Begin in a new process."""
        self._lock = Lock()

    def tag(self, span: Any, tags: Mapping[str, str | float]) -> None:
        """Add the tags of one more request to those of its span."""
        with self._lock:  # until they are set: an older sum must not replace a newer one
            sums = self._sums_of(span)
            for name, value in {_REQUESTS: 1, **tags}.items():
                if not isinstance(value, str):
                    sums[name] = EXACT.add(sums.get(name, Decimal(0)), Decimal(str(value)))
            numbers = {name: float(n) if name == _COST else min(int(n), _LARGEST) for name, n in sums.items()}
            both = {**tags, **numbers}
            span.set_tags({**both, **{_GEN_AI[name]: value for name, value in both.items() if name in _GEN_AI}})

    def _sums_of(self, span: Any) -> dict[str, Decimal]:
        # a tracer may wrap its span anew each time that it is asked for the current one
        try:
            return self._sums.setdefault(span.raw_span(), {})
        except TypeError:  # nothing can refer to it weakly: its last request replaces the others
            return {}


_spans = _Spans()


def current_span() -> Any:
    """The span that requests which begin now belong to, or None."""
    return tracer.current_span() if is_tracing_enabled() else None


def tag_span(span: Any, meta: Mapping[str, Any], *, requested: str, operation: str) -> None:
    """
    Add a billed request to a span. Haystack's own tags hold it only together with the content.

    :param span: The span.
    :param meta: What is known about the request: `model`, `provider`, `id` and `usage`.
    :param requested: The model that was requested.
    :param operation: What OpenTelemetry calls the operation. "" if it has no name for it.
    """
    known = {
        "gen_ai.provider.name": "openrouter",
        "gen_ai.operation.name": operation,
        "gen_ai.request.model": sendable(requested[:_LONGEST_TAG]),
    }
    _spans.tag(span, {**{name: text for name, text in known.items() if text}, **span_tags(meta)})


def span_tags(meta: Mapping[str, Any]) -> dict[str, str | float]:
    """
    What is known about a request, by the names of tags, such as `openrouter.cost` in USD.

    Exporters refuse a string that is not UTF-8, and a number beyond 64 bits.
    """
    names = {"model": meta.get("model"), "provider": meta.get("provider"), "generation_id": meta.get("id")}
    texts = {name: sendable(value[:_LONGEST_TAG]) for name, value in names.items() if isinstance(value, str)}
    tags: dict[str, str | float] = {f"openrouter.{name}": value for name, value in texts.items()}
    tokens = {name: n for name, n in figures(meta.get("usage")).items() if name != "cost" and n is not None}
    tags.update({f"openrouter.{name}": int(number) for name, number in tokens.items()})
    cost = billed(meta.get("usage"))
    return tags if cost is None else {**tags, _COST: float(cost)}
