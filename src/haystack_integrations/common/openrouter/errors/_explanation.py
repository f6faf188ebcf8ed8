# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The text of every error: provider, cause and advice, without private data. A pickled or copied error keeps only that.

The SDK's own status errors pickle with their request and can't be unpickled, which breaks a process pool for good.
"""

from typing import Any

import openai
from haystack.utils import Secret

from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.common.openrouter.errors._advice import Advice, advice_for
from haystack_integrations.common.openrouter.errors._failure import Failure, failure_of
from haystack_integrations.common.openrouter.errors._redaction import without_private, without_private_fields
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError

_MAX_TEXT = 1000
# Attributes with the connection, the key or the prompt. Only the live object keeps them.
_LEFT_BEHIND = ("request", "response")


def explain(
    error: openai.APIError,
    *,
    advice: Advice,
    api_key: Secret | None,
    key: str | None,
    model: str,
    base_url: str,
    generation_id: str | None,
) -> None:
    """
    Give an error a text that names provider, cause and advice.

    The text is replaced and not only annotated: Haystack's pipelines and fallbacks show `str(error)` and drop notes.
    """
    failure = failure_of(error)
    flagged = failure.metadata.get("flagged_input") if failure else None
    foreign = ". ".join(part.rstrip(".") for part in _foreign_words(error, failure) if part)
    response: Any = getattr(error, "response", None)
    in_headers = getattr(response, "headers", {}).get("x-generation-id")
    generation_id = getattr(error, "generation_id", None) or in_headers or generation_id
    parts = [
        without_private(foreign, error.request, key, flagged),
        advice_for(error, failure, advice, api_key=api_key, model=model, base_url=base_url),
        f"Generation id: {generation_id}" if generation_id else "",
    ]
    text = " ".join(part if part.endswith("?") else part.rstrip(".") + "." for part in parts if part)
    error.message, error.args = text, (text,)
    error.generation_id = generation_id  # type: ignore[attr-defined]
    if isinstance(error, OpenRouterStreamError) and failure is not None:
        cleaned = without_private_fields(vars(failure), error.request, key, flagged)
        error.failure, error.metadata = Failure(**cleaned), cleaned["metadata"]
    make_picklable(error, without_private_fields(error.body, error.request, key, flagged))


def _foreign_words(error: openai.APIError, failure: Failure | None) -> list[str]:
    """The messages of OpenRouter, a provider or the network."""
    if failure is None:
        # the message of a stream error already has its cause
        return [error.message.rstrip(".") + ("" if isinstance(error, OpenRouterStreamError) else _cause(error))]
    status, message = getattr(error, "status_code", None), _clipped(failure.message)
    if isinstance(error, OpenRouterStreamError):
        return [_clipped(error.message), *_details(failure)]
    return [f"Error code: {status} - {message}" if status else _clipped(error.message), *_details(failure)]


def _details(failure: Failure) -> list[str]:
    metadata = failure.metadata
    parts = [f"Provider: {failure.provider_name}"] if failure.provider_name else []
    said = failure.provider_message
    if said and said not in failure.message:
        parts.append(f"The provider says: {_clipped(said)}")
    reasons = metadata.get("reasons")
    if isinstance(reasons, list) and reasons:
        parts.append(f"Moderation reasons: {', '.join(map(str, reasons))}")
    previous = metadata.get("previous_errors")
    for earlier in previous if isinstance(previous, list) else []:
        tried = Failure.read(earlier)
        words = (tried.provider_name, str(tried.code or ""), tried.message[:200])
        parts.append(f"Tried before: {' '.join(filter(None, words))}")
    return parts


def _clipped(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def _cause(error: openai.APIError) -> str:
    cause = error.__cause__
    return f" ({type(cause).__name__}: {cause})" if cause and str(cause) else ""


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
    kept = {name: value for name, value in vars(error).items() if name not in (*_LEFT_BEHIND, "__reduce_ex__")}
    state = {name: _copyable(value) for name, value in kept.items()}
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
