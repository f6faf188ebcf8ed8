# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Tracing: whether a tool may look at what passes through the openai SDK, and the tags of Haystack's spans.

The SDK's walk over the arguments and its models of responses take most of the CPU time of a request. They are left out
where nobody can see them. Where a tool watches, it gets the SDK's own arguments and models.
"""

from collections.abc import Mapping
from types import FunctionType, MethodType
from typing import Any

import openai
from haystack.tracing.tracer import is_tracing_enabled, tracer

from haystack_integrations.common.openrouter._wire.json_values import sendable
from haystack_integrations.common.openrouter._wire.usage import figures

# Longer than any name. Collectors refuse messages of megabytes.
_LONGEST_TAG = 256


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
    """Whether something else than the SDK iterates over a stream, or has begun to."""
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


def tag_span(meta: Mapping[str, Any]) -> None:
    """Add tags about a request to the current span. Haystack's own tags hold them only together with the content."""
    if is_tracing_enabled() and (span := tracer.current_span()) is not None:
        span.set_tags(span_tags(meta))


def span_tags(meta: Mapping[str, Any]) -> dict[str, str | float]:
    """
    What is known about a request, by the names of tags, such as `openrouter.cost` in USD.

    Exporters refuse a string that is not UTF-8, and a number beyond 64 bits.
    """
    names = {"model": meta.get("model"), "provider": meta.get("provider"), "generation_id": meta.get("id")}
    texts = {name: sendable(value[:_LONGEST_TAG]) for name, value in names.items() if isinstance(value, str)}
    tags: dict[str, str | float] = {f"openrouter.{name}": value for name, value in texts.items()}
    known = {name: number for name, number in figures(meta.get("usage")).items() if number is not None}
    return tags | {f"openrouter.{name}": n if name == "cost" else int(n) for name, n in known.items()}
