# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Fields of a catalogue entry, read leniently: a value of the wrong type counts as missing.
"""

from __future__ import annotations

from datetime import date
from typing import Any


def mapping(value: object) -> dict[str, Any]:
    """
    Read an object.

    :param value: The value as sent.
    :returns: The object, or `{}`.
    """
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[dict[str, Any]]:
    """
    Read a list of objects.

    :param value: The value as sent.
    :returns: A new list of the objects in it, or `[]`.
    """
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def string(value: object) -> str:
    """
    Read a string.

    :param value: The value as sent.
    :returns: The string, or "".
    """
    return value if isinstance(value, str) else ""


def strings(value: object) -> list[str]:
    """
    Read a list of strings.

    :param value: The value as sent.
    :returns: A new list of the strings in it, or `[]`.
    """
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def count(value: object) -> int | None:
    """
    Read a positive whole number, such as a number of tokens.

    :param value: The value as sent.
    :returns: The number, or None.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def smallest(*values: object) -> int | None:
    """
    Read the smallest of several positive whole numbers.

    :param values: The values as sent.
    :returns: The smallest number among them, or None if there is none.
    """
    return min((number for value in values if (number := count(value))), default=None)


def day(value: object) -> date | None:
    """
    Read a date in ISO 8601.

    :param value: The value as sent. What follows the day is ignored.
    :returns: The date, or None.
    """
    try:
        return date.fromisoformat(string(value)[:10])
    except ValueError:
        return None
