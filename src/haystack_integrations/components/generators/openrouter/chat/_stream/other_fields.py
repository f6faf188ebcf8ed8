# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Collects the fields of a streamed reply that are not payloads of chunks, and joins them once.
"""

from __future__ import annotations

from io import StringIO
from itertools import chain
from typing import Any

# Strings that are known to come in pieces. Any other string that is the same in every piece is taken for a repeat.
_GROWING = {"refusal", "reasoning", "reasoning_content"}


class Fields:
    """
    Joins fields that may come whole, in pieces or repeatedly.
    """

    def __init__(self) -> None:
        self._pieces: dict[str, list[Any]] = {}

    def add(self, name: str, value: Any) -> None:
        """
        Take the next value of a field.

        :param name: The field's name.
        :param value: Its value, not None.
        """
        self._pieces.setdefault(name, []).append(value)

    def joined(self) -> dict[str, Any]:
        """
        Join the pieces, and change none of them.

        :returns: Strings and lists are concatenated, objects joined field by field; of other values, the last is kept.
        """
        return {name: _joined(pieces, grows=name in _GROWING) for name, pieces in self._pieces.items()}


def _joined(pieces: list[Any], *, grows: bool) -> Any:
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces) if grows or any(piece != pieces[0] for piece in pieces) else pieces[0]
    if all(isinstance(piece, list) for piece in pieces):
        return list(chain.from_iterable(pieces))
    if not all(isinstance(piece, dict) for piece in pieces):
        return pieces[-1]
    values: dict[str, list[Any]] = {name: [] for piece in pieces for name in piece}
    for piece in pieces:
        for name, value in piece.items():
            if value is not None:
                values[name].append(value)
    return {name: _joined(known, grows=name in _GROWING) if known else None for name, known in values.items()}


class AudioFragments:
    """
    Joins the pieces of `audio`. Its data and its transcript are concatenated; other fields keep their first value.
    """

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}

    def add(self, fragment: dict[str, Any]) -> None:
        """
        Take the next piece.

        :param fragment: The `audio` of a delta.
        """
        for name, value in fragment.items():
            if name in ("data", "transcript") and isinstance(value, str):
                self.fields.setdefault(name, StringIO()).write(value)
            elif self.fields.get(name) is None:
                self.fields[name] = value

    def joined(self) -> dict[str, Any]:
        """
        Join the pieces.

        :returns: The audio, as a non-streamed reply has it.
        """
        return {n: value.getvalue() if isinstance(value, StringIO) else value for n, value in self.fields.items()}
