# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The text of every error: provider, cause and advice, without private data. A pickled or copied error keeps only that.

The SDK's own status errors pickle with their request and can't be unpickled, which breaks a process pool for good.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import openai
from haystack.utils import Secret

from haystack_integrations.common.openrouter._wire.json_values import mapping, plain_json, printable
from haystack_integrations.common.openrouter.errors._advice import Advice, advice_for
from haystack_integrations.common.openrouter.errors._failure import Failure
from haystack_integrations.common.openrouter.errors._reading import failure_of
from haystack_integrations.common.openrouter.errors._redaction import without_private
from haystack_integrations.common.openrouter.errors._values import provider_message, text_in, words
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError

# Attributes with the connection, the key or the prompt. Only the live object keeps them.
_LEFT_BEHIND = ("request", "response")
# What the SDK or this package has read of a response. It is cleaned on the live object, too.
_NAMES = ("code", "param", "type", "request_id", "generation_id")
_FIELDS = ("message", "code", "metadata", "availability", "provider_message")
_LONGEST_NAME = 200
# Of reasons, and of what was tried before
_MOST_ENTRIES, _LONGEST_EARLIER = 5, 200


def explain(
    error: openai.APIError,
    *,
    advice: Advice,
    api_key: Secret | None,
    key: str | None,
    model: str,
    base_url: str,
    generation_id: str | None,
    job_id: str | None = None,
) -> None:
    """
    Give an error a text that names provider, cause and advice.

    The text is replaced and not only annotated: Haystack's pipelines and fallbacks show `str(error)` and drop notes.
    """
    failure = failure_of(error)
    response: Any = getattr(error, "response", None)
    in_headers = getattr(response, "headers", {}).get("x-generation-id")
    error.generation_id = getattr(error, "generation_id", None) or in_headers or generation_id  # type: ignore[attr-defined]
    labels, said = zip(*_words_of(error, failure), strict=True)
    cleaned = _cleaned(error, failure, said, key)
    parts = [
        ". ".join(f"{label}{printable(text)}".rstrip(".") for label, text in zip(labels, cleaned["said"], strict=True)),
        advice_for(error, failure, advice, api_key=api_key, key=key, model=model, base_url=base_url),
        f"Generation id: {error.generation_id}" if error.generation_id else "",  # type: ignore[attr-defined]
        f"Job id: {printable(job_id, _LONGEST_NAME)}" if job_id else "",
    ]
    if job_id:
        error.job_id = job_id  # type: ignore[attr-defined]
    text = " ".join(part if part.endswith("?") else part.rstrip(".") + "." for part in parts if part)
    error.message, error.args = text, (text,)
    make_picklable(error, cleaned["body"])


def _cleaned(error: openai.APIError, failure: Failure | None, said: Iterable[str], key: str | None) -> dict[str, Any]:
    """Clean the names on an error, its causes and the failure of a stream. Return what is to be said, and the body."""
    causes = [*_causes(error)]
    # all at once, so that what was sent is looked through only once
    foreign = {
        "said": list(said),
        "names": {name: getattr(error, name) for name in _NAMES if isinstance(getattr(error, name, None), str)},
        "failure": {name: getattr(failure, name, None) for name in _FIELDS},
        "causes": [[str(one) for one in cause.args] for cause in causes],
        "body": error.body,
    }
    flagged = failure.metadata.get("flagged_input") if failure else None
    cleaned: dict[str, Any] = without_private(foreign, error.request, flagged, key=key)
    error.availability = cleaned["failure"]["availability"] or {}  # type: ignore[attr-defined]
    for name, value in cleaned["names"].items():
        setattr(error, name, printable(value, _LONGEST_NAME))
    for cause, kept in zip(causes, cleaned["causes"] or (), strict=False):
        if kept != [str(one) for one in cause.args]:
            cause.args = tuple(kept)
    if isinstance(error, OpenRouterStreamError) and failure is not None:
        error.take(replace(failure, **cleaned["failure"]))
    return cleaned


def _words_of(error: openai.APIError, failure: Failure | None) -> Iterator[tuple[str, str]]:
    """The messages of OpenRouter, a provider or the network, each after what introduces it."""
    status = getattr(error, "status_code", None)
    if failure is not None and status and not isinstance(error, OpenRouterStreamError):
        yield f"Error code: {status} - ", failure.message
    elif failure is not None or isinstance(error, OpenRouterStreamError):  # its message already has its cause
        yield "", error.message
    else:
        yield "", f"{error.message.rstrip('.')}{_cause(error)}"
    if failure is None:
        return
    if failure.provider_name:
        yield "Provider: ", failure.provider_name
    if failure.provider_message and failure.provider_message not in failure.message:
        yield "The provider says: ", failure.provider_message
    if reasons := _first_of(failure.metadata.get("reasons")):
        yield "Moderation reasons: ", ", ".join(map(words, reasons))
    if earlier := [*filter(None, map(_attempt, _first_of(failure.metadata.get("previous_errors"))))]:
        yield "Tried before: ", "; ".join(earlier)
    yield from _availability(failure)
    if failure.cost:
        yield "Billed: ", f"{failure.cost:f} USD"


def _attempt(earlier: object) -> str:
    """What one provider said before, from either shape: `provider_name` and `raw`, or `provider` and `status`."""
    fields = mapping(earlier)
    provider = text_in(fields.get("provider_name")) or text_in(fields.get("provider"))
    code = fields.get("code") if fields.get("code") is not None else fields.get("status")
    said = provider_message(fields) or text_in(fields.get("message"))
    start = " ".join(filter(None, (provider, words(code) if isinstance(code, int | str) else "")))
    return ": ".join(filter(None, (start, said[:_LONGEST_EARLIER])))


def _availability(failure: Failure) -> Iterator[tuple[str, str]]:
    """Why no provider takes the request, what could be used instead, and OpenRouter's hint if it is the best."""
    known = failure.availability
    if excluded := _names(known.get("excluded_by")):
        yield "Excluded by: ", excluded
    constraint = mapping(known.get("constraint"))
    if limits := ": ".join(filter(None, (text_in(constraint.get("field")), text_in(constraint.get("detail"))))):
        yield "Constraint: ", limits
    if models := _names(known.get("fallback_models")):
        yield "OpenRouter suggests: ", models
    if (hint := text_in(failure.metadata.get("remedy_hint"))) and failure.hint_is_needed:
        yield "", hint


def _names(value: object) -> str:
    return ", ".join(filter(None, map(text_in, value if isinstance(value, list) else [value])))[:_LONGEST_NAME]


def _first_of(entries: object) -> list[Any]:
    return entries[:_MOST_ENTRIES] if isinstance(entries, list) else []


def _cause(error: openai.APIError) -> str:
    cause = error.__cause__
    return f" ({type(cause).__name__}: {cause})" if cause and str(cause) else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What a traceback shows besides an error."""
    seen = {error}
    while True:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None or cause in seen:
            return
        seen.add(cause)
        yield cause
        error = cause


class _Reduced:
    """
    What `pickle` and `copy` ask an error for: how to build it again. It refers to no live object.
    """

    def __init__(self, kind: type[openai.APIError], text: str, state: dict[str, Any]) -> None:
        self._recipe = (kind, text, state)

    def __call__(self, protocol: object) -> tuple[Any, ...]:  # noqa: ARG002
        return rebuilt_error, self._recipe


def make_picklable(error: openai.APIError, body: Any) -> None:
    """
    Give one error, not its class, a way to be pickled and copied.

    :param error: An error that is complete: what is set on it later is not in the copies.
    :param body: Its response body without what is private, for the copies.
    """
    left_out = (*_LEFT_BEHIND, "body", "__reduce_ex__")
    state = {name: _copyable(value) for name, value in vars(error).items() if name not in left_out}
    state["body"] = body
    error.__reduce_ex__ = _Reduced(type(error), str(error), state)  # type: ignore[method-assign]


def rebuilt_error(kind: type[openai.APIError], text: str, state: dict[str, Any]) -> openai.APIError:
    """
    Build an error that was pickled or copied.

    :param kind: Its class.
    :param text: Its text.
    :param state: Its attributes. `request` and `response` are None.
    :returns: The error, which can be pickled again.
    """
    error = kind.__new__(kind, text)
    error.args = (text,)
    vars(error).update(state, **dict.fromkeys(_LEFT_BEHIND))
    make_picklable(error, state["body"])
    return error


def _copyable(value: Any) -> Any:
    try:
        return plain_json(value)
    except ValueError:  # nested too deep to be copied or pickled
        return None
