# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The response hook: corrects the HTTP status and the retry headers of a failure.

Once a provider has begun to work, OpenRouter responds with HTTP 200 and reports later failures in the body. With the
corrected status, the openai SDK retries them or raises errors as for any other failure.
"""

from typing import Any

import openai

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._transport.run import endpoint_of, note_response
from haystack_integrations.common.openrouter._wire.responses import decoded_body
from haystack_integrations.common.openrouter.errors._failure import (
    LONGEST_WAIT,
    Failure,
    failure_of_response,
    seconds_to_wait,
)


def check_response(response: Any) -> None:
    """
    Look at a response before the openai SDK does: an `event_hooks["response"]` hook for a synchronous client.

    :param response: An `httpx` or `httpx2` response, which is changed in place.
    """
    if endpoint := _to_be_read(response):
        response.read()
        _correct(response, endpoint)


async def check_response_async(response: Any) -> None:
    """
    Look at a response before the openai SDK does: the hook for an asynchronous client.

    :param response: An `httpx` or `httpx2` response, which is changed in place.
    """
    if endpoint := _to_be_read(response):
        await response.aread()
        _correct(response, endpoint)


def _to_be_read(response: Any) -> Endpoint | None:
    note_response(response)
    if response.has_redirect_location:
        _refuse_other_host(response)
        return None
    if response.status_code < 400 and "text/event-stream" in response.headers.get("content-type", "").lower():
        return None
    return endpoint_of(response)


def _refuse_other_host(response: Any) -> None:
    """Refuse a redirect that would send the prompt and the headers to another host, or without TLS."""
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


def _correct(response: Any, endpoint: Endpoint) -> None:
    body = decoded_body(response, endpoint.decode)
    failed = response.status_code >= 400
    if not failed and endpoint.streams and response.content.lstrip().startswith((b"data:", b":", b"event:")):
        response.headers["content-type"] = "text/event-stream"
        return
    failed = failed or endpoint.correct(body, response)
    if isinstance(body, dict) and "json" not in response.headers.get("content-type", ""):
        # the SDK hands over a string instead of a completion when this header is wrong
        response.headers["content-type"] = "application/json"
    if failed:
        _set_retry_headers(response, failure_of_response(response))


def _set_retry_headers(response: Any, failure: Failure) -> None:
    wait = seconds_to_wait(response.headers, failure)
    if failure.forbids_retry or (wait is not None and wait > LONGEST_WAIT):
        response.headers["x-should-retry"] = "false"
    elif wait is not None and "retry-after" not in response.headers:
        response.headers["retry-after"] = f"{wait:.3f}"
