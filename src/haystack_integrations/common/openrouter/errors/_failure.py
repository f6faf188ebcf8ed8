# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The reading of a failure: the `error` of a response or of a stream event, read leniently, and what follows from it.

Sources: the error schemas in OpenRouter's OpenAPI document and https://openrouter.ai/docs/api-reference/errors.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Self

import openai

from haystack_integrations.common.openrouter._wire.responses import decoded_body, find_error

# Statuses of OpenRouter's `ApiErrorType` names, which can be in `code` or `metadata.error_type`.
_TYPES = {
    400: "invalid_request invalid_prompt context_length_exceeded max_tokens_exceeded token_limit_exceeded "
    "string_too_long",
    401: "authentication",
    402: "payment_required",
    403: "permission_denied content_policy_violation",
    404: "not_found",
    408: "timeout",
    413: "payload_too_large",
    422: "unprocessable",
    429: "rate_limit_exceeded",
    500: "server",
    502: "server_error provider_unavailable",
    529: "provider_overloaded",
}
STATUS_BY_TYPE = {name: status for status, names in _TYPES.items() for name in names.split()}

# The longest `retry-after` that the openai SDK waits for, in seconds.
LONGEST_WAIT = 60.0

# How `metadata.limit_source` or the message names the daily cap on free models.
_DAILY_CAPS = ("free_tier_daily", "free-models-per-day")
_UNKNOWN_MODEL = re.compile(r"not a valid model|model\b.* (does not exist|not found)|(unknown|no such) model")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)

# The key, the credits, the permissions, the model.
_ENDING = (401, 402, 403, 404)
# The inputs, or how many there are.
_REFUSING = (400, 413, 422)

# Where a response keeps the name of the result that it lacks.
_LACKS = "openrouter_lacks"


@dataclass(frozen=True)
class Failure:
    """
    An `error` object from OpenRouter, read leniently.

    :param message: OpenRouter's message, often only "Provider returned error".
    :param code: `error.code` as sent (`http_status` where a body has that instead).
    :param status: The HTTP status that it means, or 502 if it is unknown.
    :param metadata: `error.metadata`, or `{}`.
    :param availability: `error.availability`, or `{}`.
    :param lacks_result: Whether there is no error at all, but no result either.
    """

    message: str
    code: int | str | None = None
    status: int = 502
    metadata: dict[str, Any] = field(default_factory=dict)
    availability: dict[str, Any] = field(default_factory=dict)
    lacks_result: bool = False

    @classmethod
    def read(cls, error: object) -> Self:
        """Read an `error` value of any shape: an object, a string, or something else."""
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
        """The provider that failed, if OpenRouter names it."""
        return _text(self.metadata.get("provider_name")) or None

    @property
    def provider_message(self) -> str:
        """The provider's message, from `metadata.raw`: a string, JSON in a string, or an object. "" if it has none."""
        try:
            return _message_in(self.metadata.get("raw"))
        except RecursionError:
            return ""

    @property
    def said(self) -> str:
        """What OpenRouter and the provider say, in lower case."""
        return f"{self.message} {self.provider_message}".lower()

    @property
    def is_retryable(self) -> bool:
        """Whether the openai SDK would retry this status, and a short wait can help."""
        return (self.status in (408, 409, 429) or self.status >= 500) and not self.is_futile

    @property
    def forbids_retry(self) -> bool:
        """Whether OpenRouter says that the same request will not succeed soon, or the free daily cap is reached."""
        limit = f"{self.metadata.get('limit_source', '')} {self.message}"
        return self.availability.get("retryable") is False or any(cap in limit for cap in _DAILY_CAPS)

    @property
    def is_futile(self) -> bool:
        """Whether a short wait does not help."""
        wait = self.retry_after
        return self.forbids_retry or (wait is not None and wait > LONGEST_WAIT)

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before the next try, from `availability.retry_after` or the headers in `metadata`."""
        return seconds_to_wait({}, self)

    @property
    def names_unknown_model(self) -> bool:
        """Whether OpenRouter does not know the model. The status may be 400 or 404."""
        return self.status in (400, 404) and bool(_UNKNOWN_MODEL.search(self.said))

    @property
    def is_moderated(self) -> bool:
        """Whether moderation flagged an input."""
        names = (self.code, self.metadata.get("error_type"))
        return "reasons" in self.metadata or "content_policy_violation" in names


def note_lack(response: Any, what: str) -> None:
    """Note that a response reports no error, and lacks its result all the same."""
    response.extensions[_LACKS] = what


def failure_of_response(response: Any) -> Failure:
    """Read what a failed response reports, its body read. The message is "" if that is nothing of OpenRouter's."""
    body = decoded_body(response)
    error = find_error(body)
    if error is None and isinstance(body, dict) and body.get("message"):
        error = body
    if error is not None:
        return Failure.read(error)
    if isinstance(body, dict) and (what := response.extensions.get(_LACKS)):
        return Failure(f"The response has no {what}: {_shown(response)}", lacks_result=True)
    return Failure("")


def failure_of(error: openai.APIError) -> Failure | None:
    """Read what OpenRouter reported, whatever form the SDK gives the body; None if it reported nothing."""
    if (known := getattr(error, "failure", None)) is not None:  # of a stream
        return known if isinstance(known, Failure) else None
    if isinstance(error, openai.APIStatusError) and error.response is not None:
        failure = failure_of_response(error.response)
        if failure.message:
            return failure
        return Failure(_odd_body(error.response), status=error.status_code)
    found = find_error(error.body) or error.body
    return Failure.read(found) if isinstance(found, dict) and found.get("message") else None


def ends_every_request(error: openai.APIError) -> bool:
    """
    Whether every later request of a run would fail in the same way.

    It would with 401, 402, 403 (other than by moderation) and 404, and if the model is unknown.
    """
    failure = failure_of(error)
    if failure is None:
        return False
    return failure.names_unknown_model or (_status_of(error, failure) in _ENDING and not failure.is_moderated)


def is_refusal(error: openai.APIError) -> bool:
    """
    Whether the inputs of a request are the cause, so that some of them may succeed on their own.

    They are with 400, 413 and 422, and if moderation flagged an input.
    """
    failure = failure_of(error)
    if failure is None or ends_every_request(error):
        return False
    return _status_of(error, failure) in _REFUSING or failure.is_moderated


def seconds_to_wait(headers: Mapping[str, str], failure: Failure) -> float | None:
    """
    How many seconds to wait before the next try, from headers and body; None if it is unknown.

    `Retry-After` takes precedence over `X-RateLimit-Reset`, whose limit may not be the cause.
    """
    in_body = failure.metadata.get("headers")
    in_body = {str(name).lower(): value for name, value in in_body.items()} if isinstance(in_body, dict) else {}
    explicit = (headers.get("retry-after"), failure.availability.get("retry_after"), in_body.get("retry-after"))
    resets = (in_body.get("x-ratelimit-reset"), headers.get("x-ratelimit-reset"))
    waits = (*map(_seconds, explicit), *map(_seconds_until, resets))
    return next((wait for wait in waits if wait is not None), None)


def _seconds(value: object) -> float | None:
    """The value of a `Retry-After`: seconds, or a date."""
    number = _number(value)
    if number is None and isinstance(value, str):
        try:
            number = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError, OSError):  # the last where the system's clock has no such moment
            return None
    return None if number is None else max(number, 0.001)


def _seconds_until(reset: object) -> float | None:
    """Seconds until a moment given in epoch milliseconds (as `X-RateLimit-Reset` is) or epoch seconds."""
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


def _status_of(error: openai.APIError, failure: Failure) -> int:
    return int(getattr(error, "status_code", failure.status))


def _odd_body(response: Any) -> str:
    shown = _shown(response)
    if not shown:
        return "The response has an empty body"
    if shown.startswith(("data:", ":", "event:")):
        return f"The response is a stream, which was not asked for: {shown}"
    return f"The response is not from OpenRouter's API: {shown}"


def _shown(response: Any) -> str:
    """The beginning of a body, or the title of a web page."""
    text = response.text.strip() if response.is_closed and response.is_stream_consumed else ""
    if title := _TITLE.search(text):
        text = f"a web page with the title {' '.join(title[1].split())!r}"
    return text if len(text) <= 200 else f"{text[:200]}…"
