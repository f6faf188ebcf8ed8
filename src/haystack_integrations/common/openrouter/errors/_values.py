# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The values in an error, read leniently: numbers, moments, names, and messages that are wrapped in each other.

An error can be megabytes long. Strings are cut where they are read, and of lists only the first entries are.
"""

import json
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from haystack_integrations.common.openrouter._wire.json_values import LONGEST_KEPT, mapping, shortened_json
from haystack_integrations.common.openrouter._wire.responses import decode_json

# The longest name of an error or a provider, and the longest number or date.
LONGEST_NAME = 100
_LARGEST = 1e15
_LAST_SECOND = 1e11  # what is later counts milliseconds
# How many values are looked at for a provider's message. Errors that are meant well have fewer than ten.
_MOST_STEPS = 100
# JSON in a string is decoded up to this length.
_LONGEST_JSON = 100_000


def seconds_to_wait(headers: Mapping[str, str], availability: Mapping[str, Any], metadata: Mapping[str, Any]) -> Any:
    """
    How many seconds to wait before the next try, from headers and body; None if it is unknown.

    `Retry-After` takes precedence over `X-RateLimit-Reset`, whose limit may not be the cause.
    """
    in_body = {str(name).lower(): value for name, value in mapping(metadata.get("headers")).items()}
    milliseconds = number_in(headers.get("retry-after-ms"))  # the openai SDK looks there first
    precise = None if milliseconds is None else milliseconds / 1000
    explicit = (precise, headers.get("retry-after"), availability.get("retry_after"), in_body.get("retry-after"))
    resets = (in_body.get("x-ratelimit-reset"), headers.get("x-ratelimit-reset"))
    waits = (*map(_seconds, explicit), *map(_seconds_until, resets))
    return next((wait for wait in waits if wait is not None), None)


def _seconds(value: object) -> float | None:
    """The value of a `Retry-After`: seconds, or a date."""
    number = number_in(value)
    if number is None and isinstance(value, str) and len(value) <= LONGEST_NAME:
        try:
            number = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError, OSError):  # the last where the system's clock has no such moment
            return None
    return None if number is None else max(number, 0.001)


def _seconds_until(reset: object) -> float | None:
    """Seconds until a moment given in epoch milliseconds (as `X-RateLimit-Reset` is) or epoch seconds."""
    moment = number_in(reset)
    if moment is None:
        return None
    return max(moment / (1000 if moment > _LAST_SECOND else 1) - time.time(), 0.001)


def provider_message(metadata: Mapping[str, Any]) -> str:
    return message_in(metadata.get("raw"))


def message_in(raw: object) -> str:
    """The message that is wrapped in objects, lists and JSON in strings; "" if there is none."""
    try:
        return _message_in(raw, iter(range(_MOST_STEPS)))[:LONGEST_KEPT]
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


def number_in(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > LONGEST_NAME:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < _LARGEST else None


def words(value: object) -> str:
    """The beginning of what someone said: of a string, or of anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(shortened_json(value), default=str)
    return text[:LONGEST_KEPT].strip()


def text_in(value: object) -> str:
    return words(value) if isinstance(value, str) else ""
