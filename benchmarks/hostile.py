# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Bodies of failures that are large and, in one way or another, laborious to read.
"""

import json
from collections.abc import Callable
from typing import Any

PHRASE = "All work and no play makes Jack a dull boy. "
"""What the user sends many times, and gets back."""

Failure = tuple[str, int, bytes]


def _failure(status: int, error: Any) -> Failure:
    return "application/json", status, json.dumps({"error": error}).encode()


def _said(status: int, piece: str, size: int) -> Failure:
    return _failure(status, {"code": status, "message": piece * (size // len(piece))})


def _told(size: int, name: str, piece: Any, *, status: int = 400) -> Failure:
    """A failure with a field of `metadata` that has many equal pieces: a string or a list."""
    count = size // (len(piece) if isinstance(piece, str) else len(json.dumps(piece)) + 2)
    value = piece * count if isinstance(piece, str) else [piece] * count
    return _failure(status, {"code": status, "message": "Provider returned error", "metadata": {name: value}})


def _with_json_inside(size: int) -> Failure:
    raw = json.dumps({"error": [{"message": ["word"] * 5}] * (size // 70)})
    return _failure(400, {"code": 400, "message": "Provider returned error", "metadata": {"raw": raw}})


def _with_headers(size: int) -> Failure:
    headers = {f"X-{number}": str(number) for number in range(size // 25)}
    return _failure(429, {"code": 400, "message": "x", "metadata": {"headers": {**headers, "Retry-After": "1"}}})


def _with_half_a_pair(size: int) -> Failure:
    reasons = ["word"] * (size // 8)
    return _failure(400, {"code": 400, "message": "x", "metadata": {"reasons": [*reasons, "\ud83d"]}})


FAILURES: dict[str, Callable[[int], Failure]] = {
    "long message": lambda size: _said(400, "so long ", size),
    "repeated prompt": lambda size: _said(400, PHRASE, size),
    "the word model": lambda size: _said(404, "model ", size),
    "new lines": lambda size: _said(400, "a\n", size * 2 // 3),
    "words of a provider": lambda size: _told(size, "raw", "user_1 "),
    "JSON in a string": _with_json_inside,
    "small strings": lambda size: _told(size, "list", ["ab"]),
    "reasons": lambda size: _told(size, "reasons", ["violence"]),
    "previous errors": lambda size: _told(size, "previous_errors", {"code": 429, "message": "busy", "raw": "{}"}),
    "numbers": lambda size: _told(size, "list", [0.5]),
    "headers": _with_headers,
    "a long header": lambda size: _told(size, "headers", "1"),
    "half a pair": _with_half_a_pair,
    "nested deep": lambda size: ("application/json", 400, b'{"error":' * (size // 9)),
    "digits": lambda size: ("application/json", 400, b'{"error":%b}' % (b"1" * size)),
    "titles": lambda size: ("text/html", 502, b"<title>" * (size // 7)),
    "web page": lambda size: ("text/html", 502, b"<html><head><title>x</title>" + b"<p>" * (size // 3)),
    "white space": lambda size: ("text/plain", 502, b" " * size),
    "failed choices": lambda size: ("application/json", 502, b'{"choices": [%b]}' % b",".join([b"{}"] * (size // 3))),
}
"""By name, a function that makes a failure of a size in bytes: its media type, its status and its body."""
