# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Data that only the headers of a response have: the id of a generation, and the use of OpenRouter's response cache.

The openai SDK's `create` returns no headers, and reading its raw responses would go past the tools that patch `create`.
So the HTTP client's hook notes each response here, and the run that sent the request finds it.
Source: https://openrouter.ai/docs/guides/features/response-caching.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

# The request and the headers of the last response of the current run; empty outside of runs.
_last: ContextVar[list[Any] | None] = ContextVar("openrouter_last_response", default=None)

_CACHE_HEADERS = ("status", "age", "ttl", "source-id")


class NotingResponses:
    """
    A context manager: keeps the headers of the last response to a request that is sent inside its block.
    """

    def __enter__(self) -> None:
        self._token = _last.set([])

    def __exit__(self, *_: object) -> None:
        _last.reset(self._token)


def note_response(response: Any) -> None:
    """
    Keep the headers of a response, if a run needs them.

    :param response: An HTTP response.
    """
    if (last := _last.get()) is not None:
        last[:] = (response.request, response.headers)


def last_header_fields() -> dict[str, Any]:
    """
    Read the headers of the last response of this run.

    :returns: The same as `header_fields`, or `{}` if none are known, for example because the user set the client.
    """
    return header_fields(last[1]) if (last := _last.get()) else {}


def last_request() -> Any:
    """
    Find the request that the last response of this run belongs to.

    :returns: The HTTP request; None if none is known, for example because it came through a client of the user's.
    """
    return last[0] if (last := _last.get()) else None


def generation_of(request: Any) -> str | None:
    """
    Find the generation that a request without a usable response has started.

    :param request: The HTTP request that failed, or None.
    :returns: The id, if the headers of a response to it came; or None.
    """
    last = _last.get()
    if not last or last[0] is not request:
        return None
    found: str | None = last[1].get("x-generation-id")
    return found


def header_fields(headers: Mapping[str, str]) -> dict[str, Any]:
    """
    Read the headers of a response as fields of the response.

    :param headers: The headers, by names in any case.
    :returns: `id` and `response_cache`, if they were sent. The latter has the `status` ("HIT" or "MISS"), the `age` and
        the `ttl` in seconds, and the `source_id`, which is the generation that was cached; each is None if it was not
        sent.
    """
    fields: dict[str, Any] = {}
    if generation := headers.get("x-generation-id"):
        fields["id"] = generation
    if "x-openrouter-cache-status" in headers:
        status, age, ttl, source = (headers.get(f"x-openrouter-cache-{name}") for name in _CACHE_HEADERS)
        cache = {"status": status, "age": _seconds(age), "ttl": _seconds(ttl), "source_id": source}
        fields["response_cache"] = cache
    return fields


def with_header_fields(body: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """
    Add fields from the headers of a response to its body.

    :param body: The decoded body. Its own id takes precedence over that of the headers.
    :param fields: Fields from the headers.
    :returns: A copy with the fields.
    """
    return {**body, **fields, "id": body["id"]} if body.get("id") else {**body, **fields}


def _seconds(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 16 else None
