# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The `error` of a response or of a stream event, read leniently.

Sources: the error schemas in OpenRouter's OpenAPI document and https://openrouter.ai/docs/api-reference/errors.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from haystack_integrations.common.openrouter._wire.responses import decoded_body

# Statuses of OpenRouter's `ApiErrorType` names, which can be in `code` or `metadata.error_type`.
STATUS_BY_TYPE = {
    "authentication": 401,
    "payment_required": 402,
    "permission_denied": 403,
    "content_policy_violation": 403,
    "not_found": 404,
    "timeout": 408,
    "payload_too_large": 413,
    "unprocessable": 422,
    "rate_limit_exceeded": 429,
    "server": 500,
    "server_error": 502,
    "provider_unavailable": 502,
    "provider_overloaded": 529,
    "invalid_request": 400,
    "invalid_prompt": 400,
    "context_length_exceeded": 400,
    "max_tokens_exceeded": 400,
    "token_limit_exceeded": 400,
    "string_too_long": 400,
}

# The longest `retry-after` that the openai SDK waits for, in seconds.
LONGEST_WAIT = 60.0

# How `metadata.limit_source` or the message names the daily cap on free models.
_DAILY_CAPS = ("free_tier_daily", "free-models-per-day")


@dataclass(frozen=True)
class Failure:
    """
    An `error` object from OpenRouter, read leniently.

    :param message: OpenRouter's message, often only "Provider returned error".
    :param code: `error.code` as sent (`http_status` where a body has that instead).
    :param status: The HTTP status that it means, or 502 if it is unknown.
    :param metadata: `error.metadata`, or `{}`.
    :param availability: `error.availability`, or `{}`.
    """

    message: str
    code: int | str | None = None
    status: int = 502
    metadata: dict[str, Any] = field(default_factory=dict)
    availability: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, error: object) -> Failure:
        """
        Read an `error` value of any shape: an object, a string, or something else.

        :param error: The value as sent.
        :returns: What it says.
        """
        if not isinstance(error, dict):
            return cls(message=error if isinstance(error, str) else json.dumps(error, default=str))
        metadata, availability = error.get("metadata"), error.get("availability")
        metadata = metadata if isinstance(metadata, dict) else {}
        code = error.get("code")
        if code is None:
            code = error.get("http_status")
        names = (code, error.get("http_status"), metadata.get("error_type"), error.get("type"))
        return cls(
            message=_text(error.get("message")) or "OpenRouter reported an error without a message",
            code=code if isinstance(code, int | str) else None,
            status=next((status for name in names if (status := _status(name))), 502),
            metadata=metadata,
            availability=availability if isinstance(availability, dict) else {},
        )

    @property
    def provider_name(self) -> str | None:
        """
        The provider that failed, if OpenRouter names it.
        """
        return _text(self.metadata.get("provider_name")) or None

    @property
    def provider_message(self) -> str:
        """
        The provider's message, from `metadata.raw`: a string, JSON in a string, or an object. "" if there is none.
        """
        try:
            return _message_in(self.metadata.get("raw"))
        except RecursionError:
            return ""

    @property
    def is_retryable(self) -> bool:
        """
        Whether the openai SDK would retry this status, and a short wait can help.
        """
        return (self.status in (408, 409, 429) or self.status >= 500) and not self.is_futile

    @property
    def forbids_retry(self) -> bool:
        """
        Whether OpenRouter says that the same request will not succeed soon, or the free daily cap is reached.
        """
        limit = f"{self.metadata.get('limit_source', '')} {self.message}"
        return self.availability.get("retryable") is False or any(cap in limit for cap in _DAILY_CAPS)

    @property
    def is_futile(self) -> bool:
        """
        Whether a short wait does not help.
        """
        wait = self.retry_after
        return self.forbids_retry or (wait is not None and wait > LONGEST_WAIT)

    @property
    def retry_after(self) -> float | None:
        """
        Seconds to wait before the next try, from `availability.retry_after` or the headers in `metadata`.
        """
        return seconds_to_wait({}, self)


def failure_of_response(response: Any) -> Failure:
    """
    Read what a failed response reports.

    :param response: An HTTP response whose body was read.
    :returns: The failure; its message is empty if the body is not an error of OpenRouter's.
    """
    body = decoded_body(response)
    error = find_error(body) if isinstance(body, dict) else None
    return Failure.read(error) if error else Failure("")


def find_error(body: Mapping[str, Any]) -> Any:
    """
    Find what a response body or a stream event reports as an error: at the top, or in one of its choices.

    :param body: A decoded response body or event.
    :returns: The error as sent, or None if there is none.
    """
    if error := body.get("error"):
        return error
    choices = body.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if not isinstance(choice, dict):
            continue
        if error := choice.get("error"):
            return error
        if choice.get("finish_reason") == "error":
            native = choice.get("native_finish_reason")
            return {"message": f"The provider ended the reply with an error (native_finish_reason: {native})"}
    return None


def seconds_to_wait(headers: Mapping[str, str], failure: Failure) -> float | None:
    """
    Find how long to wait before the next try.

    `Retry-After` takes precedence over `X-RateLimit-Reset`, whose limit may not be the cause.

    :param headers: The headers of the response.
    :param failure: What its body reports.
    :returns: Seconds, or None if it is unknown.
    """
    in_body = failure.metadata.get("headers")
    in_body = {str(name).lower(): value for name, value in in_body.items()} if isinstance(in_body, dict) else {}
    explicit = (headers.get("retry-after"), failure.availability.get("retry_after"), in_body.get("retry-after"))
    resets = (in_body.get("x-ratelimit-reset"), headers.get("x-ratelimit-reset"))
    waits = (*map(_seconds, explicit), *map(_seconds_until, resets))
    return next((wait for wait in waits if wait is not None), None)


def _seconds(value: object) -> float | None:
    """
    The value of a `Retry-After`: seconds, or a date.
    """
    number = _number(value)
    if number is None and isinstance(value, str):
        try:
            number = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError, OSError):  # the last where the system's clock has no such moment
            return None
    return None if number is None else max(number, 0.001)


def _seconds_until(reset: object) -> float | None:
    """
    Seconds until a moment given in epoch milliseconds (as `X-RateLimit-Reset` is) or epoch seconds.
    """
    moment = _number(reset)
    if moment is None:
        return None
    return max(moment / (1000 if moment > 1e11 else 1) - time.time(), 0.001)


def _message_in(raw: object) -> str:
    if isinstance(raw, str):
        try:
            decoded = json.loads(raw)
        except (ValueError, RecursionError):
            return raw.strip()
        return _message_in(decoded) if isinstance(decoded, dict | list) else raw.strip()
    if isinstance(raw, list):
        return "; ".join(filter(None, map(_message_in, raw)))
    if not isinstance(raw, dict):
        return ""
    names = ("error", "message", "detail", "details", "msg", "errors")
    return next((said for name in names if (said := _message_in(raw.get(name)))), "")


def _status(name: object) -> int | None:
    if isinstance(name, str) and name in STATUS_BY_TYPE:
        return STATUS_BY_TYPE[name]
    number = _number(name)
    return int(number) if number is not None and 400 <= number <= 599 else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e15 else None


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
