# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The response hook: gives a failure the HTTP status and the retry headers that it means.

OpenRouter answers with HTTP 200 once a provider has begun to work, and reports later failures in the body. With the
status put right, the openai SDK retries and raises for them as it does for any other failure.
"""

from __future__ import annotations

from typing import Any

from haystack_integrations.common.openrouter.errors.error_body import LONGEST_WAIT, Failure, find_error, seconds_until
from haystack_integrations.common.openrouter.responses import completion_of, decode_json, has_messages

# The endpoints whose good answers are known. Others, which a user may reach through the client, pass unread.
_ENDPOINTS = ("/chat/completions", "/embeddings", "/rerank")


def check_response(response: Any) -> None:
    """
    Look at a response before the openai SDK does: an `event_hooks["response"]` hook for a synchronous client.

    :param response: An `httpx` or `httpx2` response, which is changed in place.
    """
    if _is_to_be_read(response):
        response.read()
        _correct(response)


async def check_response_async(response: Any) -> None:
    """
    Look at a response before the openai SDK does: the hook for an asynchronous client.

    :param response: An `httpx` or `httpx2` response, which is changed in place.
    """
    if _is_to_be_read(response):
        await response.aread()
        _correct(response)


def _is_to_be_read(response: Any) -> bool:
    if not response.request.url.path.endswith(_ENDPOINTS) or response.has_redirect_location:
        return False
    return response.status_code >= 400 or "text/event-stream" not in response.headers.get("content-type", "")


def _correct(response: Any) -> None:
    try:
        body = decode_json(response.content)
    except ValueError:
        body = None
    if response.status_code < 400:
        response.status_code = _status_of(response, body)
    if isinstance(body, dict) and "json" not in response.headers.get("content-type", ""):
        # the SDK hands over a text instead of a completion when this header is wrong
        response.headers["content-type"] = "application/json"
    if response.status_code >= 400:
        error = find_error(body) if isinstance(body, dict) else None
        _set_retry_headers(response, Failure.read(error) if error else Failure(""))


def _status_of(response: Any, body: object) -> int:
    """
    The status that a body with a good status deserves.
    """
    good: int = response.status_code
    if not isinstance(body, dict):
        if response.content.lstrip().startswith((b"data:", b":", b"event:")):
            response.headers["content-type"] = "text/event-stream"
            return good
        return 502
    if (error := find_error(body)) is not None:
        return Failure.read(error).status
    return good if _is_complete(response.request.url.path, body) else 502


def _is_complete(path: str, body: dict[str, Any]) -> bool:
    if path.endswith("/chat/completions"):
        return has_messages(completion_of(body))
    entries = body.get("results" if path.endswith("/rerank") else "data")
    return isinstance(entries, list) and bool(entries)


def _set_retry_headers(response: Any, failure: Failure) -> None:
    headers = response.headers
    wait = failure.retry_after or seconds_until(headers.get("x-ratelimit-reset"))
    if failure.is_futile or (wait is not None and wait > LONGEST_WAIT):
        headers["x-should-retry"] = "false"
    elif wait is not None and "retry-after" not in headers:
        headers["retry-after"] = f"{wait:.3f}"
