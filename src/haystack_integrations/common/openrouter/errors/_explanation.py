# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The text of every error: provider, cause and remedy, without private data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import openai

from haystack_integrations.common.openrouter._base.secrets import resolved
from haystack_integrations.common.openrouter._transport.response_headers import generation_of, last_request
from haystack_integrations.common.openrouter._wire.responses import decoded_body
from haystack_integrations.common.openrouter.errors._advice import Remedies, remedy
from haystack_integrations.common.openrouter.errors._failure import Failure, find_error
from haystack_integrations.common.openrouter.errors._pickling import make_picklable
from haystack_integrations.common.openrouter.errors._redaction import without_private, without_private_fields
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError

if TYPE_CHECKING:
    from haystack.utils import Secret

_MAX_TEXT = 1000
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


class CallbackFailure(Exception):  # noqa: N818
    """
    Wraps an error of the openai SDK that the user's callback raised, so that it is not explained as OpenRouter's.

    :param error: What the callback raised.
    """

    def __init__(self, error: openai.APIError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def explained(api_key: Secret, model: str, remedies: Remedies, base_url: str = "") -> Iterator[None]:
    """
    Give every `openai.APIError` that leaves the block a text that names provider, cause and remedy.

    The text is replaced and not only annotated: Haystack's pipelines and fallbacks show `str(error)` and drop notes.

    :param api_key: The key's Secret. Its name may be shown. Its value is cut out of the text.
    :param model: The requested model.
    :param remedies: What to do about each kind of failure.
    :param base_url: The URL of the API.
    :raises openai.APIError: The same error object. An error from the user's callback is not changed.
    """
    try:
        yield
        return
    except CallbackFailure as failure:
        of_the_callback = failure.error
    except openai.APIError as error:
        _explain(error, api_key, model, remedies, base_url)
        raise
    raise of_the_callback


def failure_of(error: openai.APIError) -> Failure | None:
    """
    Read what OpenRouter reported, whatever form the SDK gives the body.

    :param error: The error.
    :returns: The failure, or None if OpenRouter reported none.
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


def _explain(error: openai.APIError, api_key: Secret, model: str, remedies: Remedies, base_url: str) -> None:
    if error.request is None:  # a response that can't be used; its body may repeat what was sent
        error.request = last_request()
    key, failure = resolved(api_key), failure_of(error)
    flagged = failure.metadata.get("flagged_input") if failure else None
    foreign = ". ".join(part.rstrip(".") for part in _foreign_words(error, failure) if part)
    generation_id = _generation_id(error)
    parts = [
        without_private(foreign, error.request, key, flagged),
        remedy(error, failure, remedies, api_key=api_key, model=model, base_url=base_url),
        f"Generation id: {generation_id}" if generation_id else "",
    ]
    text = " ".join(part if part.endswith("?") else part.rstrip(".") + "." for part in parts if part)
    error.message, error.args = text, (text,)
    error.generation_id = generation_id  # type: ignore[attr-defined]
    if isinstance(error, OpenRouterStreamError) and failure is not None:
        cleaned = without_private_fields(vars(failure), error.request, key, flagged)
        error.failure, error.metadata = Failure(**cleaned), cleaned["metadata"]
    make_picklable(error, without_private_fields(error.body, error.request, key, flagged))


def _generation_id(error: openai.APIError) -> str | None:
    response: Any = getattr(error, "response", None)
    in_headers = getattr(response, "headers", {}).get("x-generation-id") or generation_of(error.request)
    found: str | None = getattr(error, "generation_id", None) or in_headers
    return found


def _foreign_words(error: openai.APIError, failure: Failure | None) -> list[str]:
    """
    The messages of OpenRouter, a provider or the network.
    """
    if failure is None:
        # the message of a stream error already has its cause
        return [error.message.rstrip(".") + ("" if isinstance(error, OpenRouterStreamError) else _cause(error))]
    status, message = getattr(error, "status_code", None), _clipped(failure.message)
    if isinstance(error, OpenRouterStreamError):
        return [_clipped(error.message), *_details(failure)]
    return [f"Error code: {status} - {message}" if status else _clipped(error.message), *_details(failure)]


def _odd_body(response: Any) -> str:
    text = response.text.strip() if response.is_closed and response.is_stream_consumed else ""
    if not text:
        return "The response has an empty body"
    if title := _TITLE.search(text):
        text = f"a web page with the title {' '.join(title[1].split())!r}"
    shown = text if len(text) <= 200 else f"{text[:200]}…"
    if isinstance(decoded_body(response), dict):
        return f"The response is incomplete: {shown}"
    return f"The response is not from OpenRouter's API: {shown}"


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
