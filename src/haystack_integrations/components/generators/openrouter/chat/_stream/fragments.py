# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Collects the fragments of a message's fields, of its audio and of its reasoning details, and joins them once.

Fragments may end in the middle of a character. Its first half is kept until the other one comes.
"""

from collections.abc import Iterable
from io import StringIO
from itertools import chain
from typing import Any

from haystack_integrations.common.openrouter._wire.json_values import plain_json, sendable
from haystack_integrations.components.generators.openrouter.chat._fields import listed, mapping

# Strings that are known to come in pieces. Of any other string, the last value counts.
_GROWING = {"refusal", "reasoning", "reasoning_content"}
# The same in `audio`, in reasoning details and in other objects.
_GROWING_IN_OBJECTS = {"data", "summary", "text", "transcript"}
# Lists whose entries come whole, whatever their `index` is.
_OF_WHOLE_ENTRIES = {"annotations", "images"}

_IN_PIECES = {"arguments", "content", "thinking"} | _GROWING | _GROWING_IN_OBJECTS
# Where the strings of a delta are not deeper than.
_MOST_LEVELS = 8


class HeldHalves:
    """
    Holds back the first half of a surrogate pair at the end of a string, for the next string at the same place.
    """

    def __init__(self) -> None:
        self.held: dict[tuple[object, ...], str] = {}
        """What is held back, by the place where it stood."""
        self._is_over = False

    def joined(self, event: Any) -> Any:
        """
        Copy an event as `plain_json` does, with what was held back for it. Of the last event nothing is held back.
        """
        self._is_over = any(mapping(choice).get("finish_reason") for choice in listed(mapping(event).get("choices")))
        return self._joined(event, ())

    def _joined(self, value: Any, place: tuple[object, ...]) -> Any:
        if isinstance(value, str) and "delta" in place and place[-1] in _IN_PIECES:
            text = self.held.pop(place, "") + value
            if "\ud800" <= text[-1:] <= "\udbff" and not self._is_over:
                self.held[place], text = text[-1], text[:-1]
            return sendable(text)
        if isinstance(value, dict) and len(place) < _MOST_LEVELS:
            return {sendable(str(name)): self._joined(field, (*place, name)) for name, field in value.items()}
        if isinstance(value, list) and len(place) < _MOST_LEVELS:
            return [self._joined(item, (*place, number)) for number, item in enumerate(value)]
        return plain_json(value)


class FieldFragments:
    """
    Joins fields that may come whole, in pieces or repeatedly.
    """

    def __init__(self) -> None:
        self._pieces: dict[str, list[Any]] = {}

    def add(self, name: str, value: Any) -> None:
        """
        Take the next value of a field.
        """
        pieces = self._pieces.setdefault(name, [])
        if value is not None:
            pieces.append(value)

    def joined(self) -> dict[str, Any]:
        """
        Join lists entry by entry, objects field by field, and strings that grow. Of other values, the last is kept.
        """
        return {name: _joined(name, pieces, _GROWING, 0) for name, pieces in self._pieces.items()}


def _joined(name: str, pieces: list[Any], growing: set[str], level: int) -> Any:
    if not pieces:
        return None
    if name in growing and all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces)
    if len(pieces) > 1 and level < _MOST_LEVELS:
        if all(isinstance(piece, list) for piece in pieces):
            return _joined_lists(name, list(chain.from_iterable(pieces)), level)
        if all(isinstance(piece, dict) for piece in pieces):
            return _joined_objects(pieces, level)
    return pieces[-1]


def _joined_objects(objects: list[dict[str, Any]], level: int) -> dict[str, Any]:
    if all(one == objects[0] for one in objects):  # a repeat
        return objects[0]
    fields: dict[str, list[Any]] = {}
    for one in objects:
        for name, value in one.items():
            fields.setdefault(name, []).extend([] if value is None else [value])
    return {name: _joined(name, pieces, _GROWING_IN_OBJECTS, level + 1) for name, pieces in fields.items()}


def _joined_lists(name: str, entries: list[Any], level: int) -> list[Any]:
    """Join entries with the same `index`, unless their types or ids differ, if all have one."""
    if name in _OF_WHOLE_ENTRIES or any(mapping(entry).get("index") is None for entry in entries):
        return entries
    found: list[list[dict[str, Any]]] = []
    by_index: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        place = repr(entry["index"])  # a response may hold anything there
        first = by_index[place][0] if place in by_index else entry
        if first is entry or any(entry.get(key) and first.get(key, entry[key]) != entry[key] for key in ("type", "id")):
            by_index[place] = []
            found.append(by_index[place])
        by_index[place].append(entry)
    return [_joined_objects(pieces, level) for pieces in found]


class ObjectFragments:
    """
    Joins the fragments of an object. Strings in some of its fields are concatenated; others keep their first value.
    """

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}
        self.pieces: dict[str, StringIO] = {}

    def add(self, fragment: dict[str, Any]) -> None:
        """
        Take the next fragment.
        """
        fields = self._fields
        for name, value in fragment.items():
            if name in _GROWING_IN_OBJECTS and isinstance(value, str):
                if name not in self.pieces:
                    self.pieces[name] = StringIO()
                    fields[name] = ""  # its place among the fields
                self.pieces[name].write(value)
            elif name not in fields or (value is not None and fields[name] in (None, "")):
                fields[name] = value

    def joined(self) -> dict[str, Any]:
        """
        Join the fragments.
        """
        return {**self._fields, **{name: pieces.getvalue() for name, pieces in self.pieces.items()}}


class _Detail(ObjectFragments):
    @property
    def is_signed(self) -> bool:
        return bool(self._fields.get("signature"))

    def takes(self, fragment: dict[str, Any]) -> bool:
        own_id, other_id = self._fields.get("id"), fragment.get("id")
        if own_id and other_id and own_id != other_id:
            return False
        return not (self.is_signed and (fragment.get("text") or fragment.get("summary")))


class ReasoningText:
    """
    The text of the reasoning, as it was shown.

    It comes in several fields, mostly the same text in each, at times in separate deltas. So every field has its place
    in the text: what it repeats from there on is not shown again.
    """

    def __init__(self) -> None:
        self._shown = StringIO()
        self._length = 0
        self._places: dict[str, int] = {}

    def add(self, texts: Iterable[tuple[str, str]]) -> str:
        """
        Take the names and texts of a delta's fields, and return what is new. If they differ, the first one counts.
        """
        places, start, new = self._places, self._length, ""
        for name, text in texts:
            place, rest = places.get(name, 0), text
            if place != start or (new and text != new):
                known = new[: len(text)] if place == start else self._from(place, len(text))
                rest = text[len(known) :] if text.startswith(known) else text
            if rest and not new:
                new = rest
                self._shown.write(rest)
                self._length += len(rest)
            places[name] = self._length if rest else place + len(text)
        return new

    def _from(self, place: int, length: int) -> str:
        self._shown.seek(place)
        text = self._shown.read(length)
        self._shown.seek(self._length)
        return text

    def joined(self) -> str:
        """
        Return all that was shown.
        """
        return self._shown.getvalue()


class ReasoningDetails:
    """
    Joins the fragments of `reasoning_details`.

    A fragment belongs to the open entry with the same `type` and `index`. It starts an entry of its own if the ids
    differ, or if that entry is signed and the fragment has text: providers refuse a history in which two entries were
    joined.
    """

    def __init__(self) -> None:
        self._entries: list[object] = []
        self._open: dict[str, _Detail] = {}
        self._usual: dict[str, Any] | None = None
        self._usual_pieces = StringIO()

    def add(self, fragment: object) -> None:
        """
        Take the next fragment.
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
        if type(text) is str and not entry.is_signed and len(_GROWING_IN_OBJECTS & fragment.keys()) == 1:
            self._usual, self._usual_pieces = textless, entry.pieces[name]

    def _entry_of(self, fragment: dict[str, Any]) -> _Detail:
        kind, index, detail_id = fragment.get("type"), fragment.get("index"), fragment.get("id")
        place = repr((kind, index))  # a response may hold anything there
        own_place = repr((kind, index, detail_id)) if detail_id else place
        entry = self._open.get(own_place) or self._open.get(place)
        if entry is None or not entry.takes(fragment):
            entry = _Detail()
            self._entries.append(entry)
        self._open[place] = self._open[own_place] = entry
        return entry

    def joined(self) -> list[Any]:
        """
        Join the fragments.
        """
        return [entry.joined() if isinstance(entry, _Detail) else entry for entry in self._entries]


def carries_something(fragment: object) -> bool:
    """
    Whether a fragment of `reasoning_details` has more than a type and a place, and so needs a chunk even without text.
    """
    if not isinstance(fragment, dict):
        return True
    return any(value for name, value in fragment.items() if name not in ("type", "format", "index", "id"))
