# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
HTTP headers that a user gives: checked early, merged without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from openai import Omit

_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def checked_headers(headers: Mapping[str, Any] | None, argument: str) -> dict[str, Any]:
    """
    Copy headers that can be sent.

    :param headers: Header names and values, or None.
    :param argument: The argument's name, for the error.
    :returns: A new dictionary. `openai.Omit()` as a value, which takes a header away, is kept.
    :raises TypeError: If they are no mapping of texts to texts.
    :raises ValueError: If a name or a value can't stand in an HTTP header.
    """
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        msg = f"`{argument}` must be a dictionary of header names and texts, not {type(headers).__name__}."
        raise TypeError(msg)
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str | Omit):
            msg = f"`{argument}`: the value of header {name!r} must be a text, not {type(value).__name__}."
            raise TypeError(msg)
        if not _HEADER_NAME.fullmatch(name):
            msg = f"`{argument}`: {name!r} is not a valid HTTP header name."
            raise ValueError(msg)
        if isinstance(value, str) and not (value.isascii() and value.isprintable()):
            msg = f"`{argument}`: the value of header {name!r} must be printable ASCII text. Percent-encode the rest."
            raise ValueError(msg)
    return dict(headers)


def merged_headers(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """
    Merge headers, later layers over earlier ones, without regard to the case of their names.

    :param layers: Dictionaries of headers.
    :returns: A new dictionary, with each name as the last layer spells it.
    """
    merged: dict[str, tuple[str, Any]] = {}
    for layer in layers:
        for name, value in layer.items():
            merged[name.lower()] = (name, value)
    return dict(merged.values())
