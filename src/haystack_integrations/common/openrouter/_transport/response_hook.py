# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The response hook: corrects the HTTP status and the retry headers of a failure.

Once a provider has begun to work, OpenRouter responds with HTTP 200 and reports later failures in the body. With the
corrected status, the openai SDK retries them or raises errors as for any other failure.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import openai

from haystack_integrations.common.openrouter._transport.response_headers import note_response
from haystack_integrations.common.openrouter._wire.responses import completion_of, decoded_body, has_messages
from haystack_integrations.common.openrouter.errors._failure import (
    LONGEST_WAIT,
    Failure,
    failure_of_response,
    find_error,
    seconds_to_wait,
)

# Whether a body with a good status is complete, for each endpoint whose good responses are known. Others, which a user
# may reach through the client, pass unread.
_IS_COMPLETE: dict[str, Callable[[dict[str, Any]], bool]] = {
    "/chat/completions": lambda body: has_messages(completion_of(body)),
    "/embeddings": lambda body: _has_entries(body, "data"),
    "/rerank": lambda body: _has_entries(body, "results"),
    "/model/*/*": lambda body: isinstance(body.get("data"), dict),
    "/models/*/*/endpoints": lambda body: isinstance(body.get("data"), dict),
    "/models": lambda body: isinstance(body.get("data"), list),
    "/models/user": lambda body: isinstance(body.get("data"), list),
    "/key": lambda body: isinstance(body.get("data"), dict),
    "/generation": lambda body: isinstance(body.get("data"), dict),
    "/images": lambda body: _has_entries(body, "data"),
    "/audio/transcriptions": lambda body: isinstance(body.get("text"), str),
    "/audio/speech": lambda _: False,  # its good responses are audio
}
_AUDIO_TYPES = ("audio/", "application/octet-stream")


def check_response(response: Any) -> None:
    """
    Look at a response before the openai SDK does: an `event_hooks["response"]` hook for a synchronous client.

    :param response: An `httpx` or `httpx2` response, which is changed in place.
    """
    note_response(response)
    if _is_to_be_read(response):
        response.read()
        _correct(response)


async def check_response_async(response: Any) -> None:
    """
    Look at a response before the openai SDK does: the hook for an asynchronous client.

    :param response: An `httpx` or `httpx2` response, which is changed in place.
    """
    note_response(response)
    if _is_to_be_read(response):
        await response.aread()
        _correct(response)


def _is_to_be_read(response: Any) -> bool:
    if response.has_redirect_location:
        _refuse_other_host(response)
        return False
    if _check_of(response) is None:
        return False
    return response.status_code >= 400 or "text/event-stream" not in response.headers.get("content-type", "").lower()


def _refuse_other_host(response: Any) -> None:
    """
    Refuse a redirect that would send the prompt and the headers to another host, or without TLS.
    """
    here = response.request.url
    try:
        there = here.join(response.headers["location"])
    except Exception as error:  # httpx and httpx2 each have an InvalidURL
        msg = f"{here.scheme}://{here.host} redirects to something that is not a URL ({error})"
        raise openai.APIConnectionError(message=msg, request=response.request) from error
    if there.host == here.host and not (here.scheme == "https" and there.scheme == "http"):
        return
    msg = (
        f"{here.scheme}://{here.host} redirects to {there.scheme}://{there.host}. The request was not sent there, "
        "because it holds your messages and headers. If you trust that host, use it as `api_base_url`"
    )
    raise openai.APIConnectionError(message=msg, request=response.request)


def _correct(response: Any) -> None:
    body = decoded_body(response)
    if response.status_code < 400 and not isinstance(body, dict) and _is_audio(response):
        return
    if response.status_code < 400:
        response.status_code = _status_of(response, body)
    if isinstance(body, dict) and "json" not in response.headers.get("content-type", ""):
        # the SDK hands over a string instead of a completion when this header is wrong
        response.headers["content-type"] = "application/json"
    if response.status_code >= 400:
        _set_retry_headers(response, failure_of_response(response))


def _status_of(response: Any, body: object) -> int:
    """
    The correct status of a response whose status says that it succeeded.
    """
    good: int = response.status_code
    if not isinstance(body, dict):
        if response.content.lstrip().startswith((b"data:", b":", b"event:")):
            response.headers["content-type"] = "text/event-stream"
            return good
        return 502
    if (error := find_error(body)) is not None:
        return Failure.read(error).status
    is_complete = _check_of(response)
    return good if is_complete is None or is_complete(body) else 502


def _check_of(response: Any) -> Callable[[dict[str, Any]], bool] | None:
    path = response.request.url.path
    return next((check for endpoint, check in _IS_COMPLETE.items() if fnmatchcase(path, f"*{endpoint}")), None)


def _is_audio(response: Any) -> bool:
    """
    Whether a response to a speech request has the content type of audio and is not empty.
    """
    content_type = response.headers.get("content-type", "").lower()
    is_speech = response.request.url.path.endswith("/audio/speech") and content_type.startswith(_AUDIO_TYPES)
    return is_speech and bool(response.content)


def _has_entries(body: dict[str, Any], name: str) -> bool:
    return isinstance(body.get(name), list) and bool(body[name])


def _set_retry_headers(response: Any, failure: Failure) -> None:
    wait = seconds_to_wait(response.headers, failure)
    if failure.forbids_retry or (wait is not None and wait > LONGEST_WAIT):
        response.headers["x-should-retry"] = "false"
    elif wait is not None and "retry-after" not in response.headers:
        response.headers["retry-after"] = f"{wait:.3f}"
