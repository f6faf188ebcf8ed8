# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What a failure means: the `error` of a response or of a stream event, read leniently, and what follows from it.

An error can be megabytes long. Strings are cut where they are read, and of lists only the first entries are.

Sources: the error schemas in OpenRouter's OpenAPI document and https://openrouter.ai/docs/api-reference/errors.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Self

from haystack_integrations.common.openrouter._wire.json_values import LONGEST_KEPT, mapping, printable, shortened_json
from haystack_integrations.common.openrouter._wire.responses import decode_json

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
_UNKNOWN_MODEL = re.compile("not a valid model|(unknown|no such) model")
_MODEL, _UNKNOWN = re.compile(r"model\b"), re.compile(" (does not exist|not found)")
# The longest name of an error or a provider, and the longest number or date.
_LONGEST_NAME = 100
# How many values are looked at for a provider's message. Errors that are meant well have fewer than ten.
_MOST_STEPS = 100
# JSON in a string is decoded up to this length.
_LONGEST_JSON = 100_000


@dataclass(frozen=True)
class Failure:
    """
    An `error` object from OpenRouter, read leniently.

    :param message: OpenRouter's message, often only "Provider returned error".
    :param code: `error.code` as sent (`http_status` where a body has that instead).
    :param status: The HTTP status that it means, or 502 if it is unknown.
    :param metadata: `error.metadata`, or `{}`.
    :param availability: `error.availability`, or `{}`.
    :param provider_message: The provider's message, from `metadata.raw`: a string, JSON in a string, or an object.
    :param lacks_result: Whether there is no error at all, but no result either.
    """

    message: str
    code: int | str | None = None
    status: int = 502
    metadata: dict[str, Any] = field(default_factory=dict)
    availability: dict[str, Any] = field(default_factory=dict)
    provider_message: str = ""
    lacks_result: bool = False

    @classmethod
    def read(cls, error: object) -> Self:
        """Read an `error` value of any shape: an object, a string, or something else."""
        if not isinstance(error, dict):
            return cls(message=words(error))
        metadata, availability = error.get("metadata"), error.get("availability")
        metadata = metadata if isinstance(metadata, dict) else {}
        code = error.get("code")
        if code is None:
            code = error.get("http_status")
        names = (code, error.get("http_status"), metadata.get("error_type"), error.get("type"))
        return cls(
            message=_text(error.get("message")) or "OpenRouter reported an error without a message",
            code=printable(code, _LONGEST_NAME) if isinstance(code, str) else code if isinstance(code, int) else None,
            status=next((status for name in names if (status := _status(name))), 502),
            metadata=shortened_json(metadata),
            availability=shortened_json(availability) if isinstance(availability, dict) else {},
            provider_message=_provider_message(metadata),
        )

    @property
    def provider_name(self) -> str | None:
        """The provider that failed, if OpenRouter names it."""
        return printable(_text(self.metadata.get("provider_name")), _LONGEST_NAME) or None

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
        limit = f"{_text(self.metadata.get('limit_source'))} {self.message}"
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
        return self.status in (400, 404) and any(map(_names_unknown_model, self.said.splitlines()))

    @property
    def is_moderated(self) -> bool:
        """Whether moderation flagged an input."""
        names = (self.code, self.metadata.get("error_type"))
        return "reasons" in self.metadata or "content_policy_violation" in names


def seconds_to_wait(headers: Mapping[str, str], failure: Failure) -> float | None:
    """
    How many seconds to wait before the next try, from headers and body; None if it is unknown.

    `Retry-After` takes precedence over `X-RateLimit-Reset`, whose limit may not be the cause.
    """
    in_body = {name.lower(): value for name, value in mapping(failure.metadata.get("headers")).items()}
    explicit = (headers.get("retry-after"), failure.availability.get("retry_after"), in_body.get("retry-after"))
    resets = (in_body.get("x-ratelimit-reset"), headers.get("x-ratelimit-reset"))
    waits = (*map(_seconds, explicit), *map(_seconds_until, resets))
    return next((wait for wait in waits if wait is not None), None)


def _seconds(value: object) -> float | None:
    """The value of a `Retry-After`: seconds, or a date."""
    number = _number(value)
    if number is None and isinstance(value, str) and len(value) <= _LONGEST_NAME:
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


def _provider_message(metadata: Mapping[str, Any]) -> str:
    try:
        return _message_in(metadata.get("raw"), iter(range(_MOST_STEPS)))[:LONGEST_KEPT]
    except RecursionError:
        return ""


def _message_in(raw: object, steps: Iterator[int]) -> str:
    if next(steps, None) is None:
        return ""
    if isinstance(raw, str):
        decoded = _decoded(raw)
        return words(raw) if decoded is None else _message_in(decoded, steps)
    if isinstance(raw, list):
        return "; ".join(filter(None, (_message_in(item, steps) for item in raw[:_MOST_STEPS])))
    if not isinstance(raw, dict):
        return ""
    names = ("error", "message", "detail", "details", "msg", "errors")
    return next((said for name in names if (said := _message_in(raw.get(name), steps))), "")


def _decoded(raw: str) -> Any:
    """An object or a list in a string; None if it is something else, or too long to be meant well."""
    if len(raw) > _LONGEST_JSON or not raw.lstrip().startswith(("{", "[")):
        return None
    try:
        return decode_json(raw)
    except ValueError:
        return None


def _names_unknown_model(line: str) -> bool:
    if _UNKNOWN_MODEL.search(line):
        return True
    model = _MODEL.search(line)
    return model is not None and _UNKNOWN.search(line, model.end()) is not None


def _status(name: object) -> int | None:
    if isinstance(name, str) and name in STATUS_BY_TYPE:
        return STATUS_BY_TYPE[name]
    number = _number(name)
    return int(number) if number is not None and 400 <= number <= 599 else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > _LONGEST_NAME:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e15 else None


def words(value: object) -> str:
    """The beginning of what someone said: of a string, or of anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(shortened_json(value), default=str)
    return text[:LONGEST_KEPT].strip()


def _text(value: object) -> str:
    return words(value) if isinstance(value, str) else ""
