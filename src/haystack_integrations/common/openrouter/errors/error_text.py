# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
How failures are explained: a text that tells provider, cause and remedy, and nothing private.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import openai

from haystack_integrations.common.openrouter.errors.error_body import Failure, find_error
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError

if TYPE_CHECKING:
    from haystack.utils import Secret

_ACCOUNT_ID = re.compile(r"\b(?:user|org)_[A-Za-z0-9]{8,}\b")
_MAX_TEXT = 1000
_MAX_DEPTH = 20


class CallbackFailure(Exception):  # noqa: N818
    """
    Carries an error of the openai SDK that the user's own callback raised past what explains ours.

    :param error: What the callback raised.
    """

    def __init__(self, error: openai.APIError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def explained(api_key: Secret, model: str) -> Iterator[None]:
    """
    Give every `openai.APIError` that leaves the block a text that tells provider, cause and remedy.

    The text is replaced, not only annotated: Haystack's pipelines and fallbacks show `str(error)` and drop notes.

    :param api_key: The key's Secret: its name may be told, its value is cut out of the text.
    :param model: The model that was asked for.
    :raises openai.APIError: The same error object. One that the user's callback raised is left as it is.
    """
    try:
        yield
        return
    except CallbackFailure as failure:
        of_the_callback = failure.error
    except openai.APIError as error:
        text = _explanation(error, api_key, model)
        error.message = text
        error.args = (text,)
        raise
    raise of_the_callback


def _explanation(error: openai.APIError, api_key: Secret, model: str) -> str:
    failure = _failure_of(error)
    if failure is None:
        # a stream's error tells its cause itself
        cause = "" if isinstance(error, OpenRouterStreamError) else _cause(error)
        parts = [error.message.rstrip(".") + cause]
    else:
        status = getattr(error, "status_code", None)
        parts = [f"Error code: {status} - {failure.message}" if status else error.message, *_details(failure)]
    parts.append(_remedy(error, failure, api_key, model))
    if generation := getattr(getattr(error, "response", None), "headers", {}).get("x-generation-id"):
        parts.append(f"Generation id: {generation}")
    flagged = failure.metadata.get("flagged_input") if failure else None
    return _without_private(". ".join(part.rstrip(".") for part in parts if part) + ".", api_key, flagged)


def _failure_of(error: openai.APIError) -> Failure | None:
    """
    What OpenRouter said, for each shape in which the SDK hands over a body.
    """
    if isinstance(error, OpenRouterStreamError):
        return error.failure
    body, status = error.body, getattr(error, "status_code", 502)
    if isinstance(body, dict) and (found := find_error(body)):
        return Failure.read(found)
    if isinstance(body, dict) and body.get("message"):
        return Failure.read(body)
    if isinstance(error, openai.APIStatusError):
        return Failure(_odd_body(error.response), status=status)
    return None


def _odd_body(response: Any) -> str:
    text = response.text.strip() if response.is_closed and response.is_stream_consumed else ""
    if not text:
        return "The answer has an empty body"
    shown = text if len(text) <= 200 else f"{text[:200]}…"
    return f"The answer is not a reply of OpenRouter: {shown}"


def _details(failure: Failure) -> list[str]:
    metadata = failure.metadata
    parts = [f"Provider: {failure.provider_name}"] if failure.provider_name else []
    said = _raw_message(metadata.get("raw"))
    if said and said not in failure.message:
        parts.append(f"The provider says: {said[:_MAX_TEXT]}")
    reasons = metadata.get("reasons")
    if isinstance(reasons, list) and reasons:
        parts.append(f"Moderation reasons: {', '.join(map(str, reasons))}")
    previous = metadata.get("previous_errors")
    for earlier in previous if isinstance(previous, list) else []:
        tried = Failure.read(earlier)
        parts.append(f"Tried before: {tried.provider_name or ''} {tried.code or ''} {tried.message}".replace("  ", " "))
    return parts


def _raw_message(raw: object, depth: int = 0) -> str:
    """
    The provider's own words from `metadata.raw`: a text, JSON in a text, or an object.
    """
    if isinstance(raw, str):
        try:
            decoded = json.loads(raw)
        except (ValueError, RecursionError):
            return raw.strip()
        return _raw_message(decoded, depth + 1) if isinstance(decoded, dict | list) else raw.strip()
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(raw, list):
        return "; ".join(filter(None, (_raw_message(item, depth + 1) for item in raw)))
    if not isinstance(raw, dict):
        return ""
    for key in ("error", "message", "detail", "details", "msg", "errors"):
        if said := _raw_message(raw.get(key), depth + 1):
            return said
    return ""


def _remedy(error: openai.APIError, failure: Failure | None, api_key: Secret, model: str) -> str:
    if isinstance(error, openai.APITimeoutError):
        return "No bytes came in time: raise `timeout` (seconds), or choose a faster provider"
    if isinstance(error, openai.APIConnectionError):
        return "OpenRouter could not be reached: check the network, the proxy and `api_base_url`"
    if failure is None:
        return ""
    if _path(error).endswith(("/embeddings", "/rerank")):
        return _search_remedy(failure, api_key, model)
    said = f"{failure.message} {_raw_message(failure.metadata.get('raw'))}".lower()
    if failure.status == 404 and ("endpoint" in said or "data policy" in said or "provider" in said):
        return "Loosen `provider` or `require_parameters` in `generation_kwargs`, or choose another `model`"
    if failure.status == 429 and failure.is_futile:
        return (
            "Waiting seconds does not help: add credits at https://openrouter.ai/settings/credits or use another model"
        )
    if failure.status == 400 and ("context" in said or "too long" in said):
        return "Shorten the messages, or add {'id': 'context-compression'} to `plugins` in `generation_kwargs`"
    remedies = {
        401: f"Check the API key in {secret_name(api_key)}",
        402: "Lower `max_tokens` (unset, the model's maximum is reserved) or add credits at "
        "https://openrouter.ai/settings/credits",
        403: "The input or the key is not allowed here: change the input, the key's permissions or the model",
        404: f"Check the model name `{model}` at https://openrouter.ai/models",
        408: "Try again, or choose a faster model or provider",
        429: "Try again later, raise `max_retries`, or name fallbacks in `models`",
    }
    fallback = "Try again, or name fallbacks in `models`" if failure.status >= 500 else ""
    return remedies.get(failure.status, fallback)


def _search_remedy(failure: Failure, api_key: Secret, model: str) -> str:
    """
    The remedy for the endpoints that have no `max_tokens`, no `models` and no `generation_kwargs`.
    """
    if failure.status == 429 and failure.is_futile:
        return (
            "Waiting seconds does not help: add credits at https://openrouter.ai/settings/credits or use another model"
        )
    remedies = {
        400: "Check that the texts are neither empty nor too long for the model, and the names in `extra_parameters`",
        401: f"Check the API key in {secret_name(api_key)}",
        402: "Add credits at https://openrouter.ai/settings/credits",
        403: "The input or the key is not allowed here: change the input, the key's permissions or the model",
        404: f"Check that `{model}` at https://openrouter.ai/models is a model for this, and loosen `provider` in "
        "`extra_parameters`",
        413: "Send fewer or shorter texts at once",
        429: "Try again later, raise `max_retries`, or use another model",
    }
    fallback = "Try again, or use another model" if failure.status >= 500 or failure.status == 408 else ""
    return remedies.get(failure.status, fallback)


def _path(error: openai.APIError) -> str:
    request: Any = error.request
    return request.url.path if request is not None else ""


def secret_name(api_key: Secret) -> str:
    """
    Name where a key comes from, never what it is.
    """
    try:
        return " or ".join(f"the environment variable {name}" for name in api_key.to_dict()["env_vars"])
    except ValueError:
        return "the `api_key` argument"


def _without_private(text: str, api_key: Secret, flagged_input: object) -> str:
    try:
        key = api_key.resolve_value()
    except ValueError:
        key = None
    for private in (key, flagged_input):
        if isinstance(private, str) and private.strip():
            text = text.replace(private.strip(), "***")
    return _ACCOUNT_ID.sub("***", text)


def _cause(error: openai.APIError) -> str:
    cause = error.__cause__
    return f" ({type(cause).__name__}: {cause})" if cause and str(cause) else ""
