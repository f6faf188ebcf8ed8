# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Sorts the fragments of `reasoning_details` by entry, collects them, and joins them once.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

from haystack_integrations.common.openrouter._wire.json_values import with_joined_halves
from haystack_integrations.components.generators.openrouter.chat._stream.keys import dictionary_key

_JOINED = {"text", "summary", "data"}


class ReasoningDetails:
    """
    Joins the fragments of `reasoning_details`.

    A fragment belongs to the open entry with the same `type` and `index`. It starts an entry of its own if the ids
    differ, or if that entry is signed and the fragment has text: providers refuse a history in which two entries were
    joined.
    """

    def __init__(self) -> None:
        self._entries: list[object] = []
        self._open: dict[tuple[Any, ...], _Detail] = {}
        self._usual: dict[str, Any] | None = None
        self._usual_pieces = StringIO()

    def add(self, fragment: object) -> None:
        """
        Take the next fragment.

        :param fragment: One entry of a delta's `reasoning_details`.
        """
        if not isinstance(fragment, dict):
            self._entries.append(fragment)
            return
        name = "summary" if "summary" in fragment else "text"
        text = fragment.get(name)
        textless = {**fragment, name: None}
        if textless == self._usual and type(text) is str:
            self._usual_pieces.write(text)  # most fragments differ from the last one in their text only
            return
        entry = self._entry_of(fragment)
        entry.add(fragment)
        self._usual = None
        if type(text) is str and not entry.is_signed and len(_JOINED & fragment.keys()) == 1:
            self._usual, self._usual_pieces = textless, entry.pieces[name]

    def _entry_of(self, fragment: dict[str, Any]) -> _Detail:
        detail_id = fragment.get("id")
        place = (dictionary_key(fragment.get("type")), dictionary_key(fragment.get("index")))
        own_place = (*place, dictionary_key(detail_id)) if detail_id else place
        entry = self._open.get(own_place) or self._open.get(place)
        if entry is None or not entry.takes(fragment):
            entry = _Detail()
            self._entries.append(entry)
        self._open[place] = self._open[own_place] = entry
        return entry

    def joined(self) -> list[Any]:
        """
        Join the pieces.

        :returns: The entries in the order in which they began.
        """
        return [entry.joined() if isinstance(entry, _Detail) else entry for entry in self._entries]


class _Detail:
    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}
        self.pieces: dict[str, StringIO] = {}

    @property
    def is_signed(self) -> bool:
        return bool(self._fields.get("signature"))

    def takes(self, fragment: dict[str, Any]) -> bool:
        own_id, other_id = self._fields.get("id"), fragment.get("id")
        if own_id and other_id and own_id != other_id:
            return False
        return not (self.is_signed and (fragment.get("text") or fragment.get("summary")))

    def add(self, fragment: dict[str, Any]) -> None:
        fields = self._fields
        for name, value in fragment.items():
            if name in _JOINED and isinstance(value, str):
                if name not in self.pieces:
                    self.pieces[name] = StringIO()
                    fields[name] = ""  # its place among the fields
                self.pieces[name].write(value)
            elif name not in fields or (value is not None and fields[name] in (None, "")):
                fields[name] = value

    def joined(self) -> dict[str, Any]:
        return {**self._fields, **{name: with_joined_halves(pieces.getvalue()) for name, pieces in self.pieces.items()}}


def carries_something(fragment: object) -> bool:
    """
    Whether a fragment of `reasoning_details` has more than a type and a place.

    :param fragment: One entry of a delta's `reasoning_details`.
    :returns: Whether it needs a chunk even if it has no text.
    """
    if not isinstance(fragment, dict):
        return True
    return any(value for name, value in fragment.items() if name not in ("type", "format", "index", "id"))
