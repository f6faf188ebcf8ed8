# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Fragments of reasoning details and of tool calls, sorted to their wholes, collected, and joined once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from haystack_integrations.components.generators.openrouter.chat.surrogates import with_joined_halves

_JOINED = {"text", "summary", "data"}
_CALL_FIELDS = {"id", "type", "index", "function"}
_FUNCTION_FIELDS = {"name", "arguments"}
_KEY_TYPES = {str, int, bool, type(None)}


class ReasoningDetails:
    """
    Joins the fragments of `reasoning_details`.

    A fragment belongs to the open entry of its `type` and `index`. It starts an entry of its own if the ids differ, or
    if that entry is signed and new text comes: providers refuse a history in which two entries were joined.
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
        detail_id, place = fragment.get("id"), (_key(fragment.get("type")), _key(fragment.get("index")))
        own_place = (*place, _key(detail_id)) if detail_id else place
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


@dataclass(eq=False)
class ToolCallFragments:
    """
    One tool call as far as it has come.

    :param number: Its place among the calls of the reply.
    :param block: The content block of its chunks, once it has one.
    """

    number: int
    id: str = ""
    name: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    function_extra: dict[str, Any] = field(default_factory=dict)
    block: int | None = None
    argument_object: dict[str, Any] | None = None
    pieces: StringIO = field(default_factory=StringIO)
    last_piece: str = ""

    def add(self, entry: dict[str, Any], function: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
        """
        Take the next fragment.

        :param entry: One entry of a delta's `tool_calls`.
        :param function: Its `function`, or `{}`.
        :returns: What is new in it: id, name and arguments.
        """
        new_id, new_name, raw, call_id = None, None, function.get("arguments"), entry.get("id")
        if not call_id and type(raw) is str and len(function) == 1 and _CALL_FIELDS.issuperset(entry):
            self.pieces.write(raw)  # most fragments hold a piece of the arguments and nothing else
            self.last_piece = raw
            return None, None, raw or None
        if call_id and not self.id and isinstance(call_id, str):
            self.id = new_id = call_id
        name = function.get("name")
        if name and isinstance(name, str) and name != self.name:
            self.name, new_name = self.name + name, name
        if raw is not None and not isinstance(raw, str):
            self.argument_object = raw if isinstance(raw, dict) else self.argument_object
            raw = json.dumps(raw, ensure_ascii=False)
        if raw:
            self.pieces.write(raw)
            self.last_piece = raw
        if not _CALL_FIELDS.issuperset(entry):
            self.extra.update({k: v for k, v in entry.items() if k not in _CALL_FIELDS and v is not None})
        if not _FUNCTION_FIELDS.issuperset(function):
            more = {k: v for k, v in function.items() if k not in _FUNCTION_FIELDS and v is not None}
            self.function_extra.update(more)
        return new_id, new_name, raw or None

    def has_whole_arguments(self) -> bool:
        """
        Whether the arguments so far are a JSON object, so that a nameless fragment can't continue them.
        """
        if not self.last_piece.isspace() and not self.last_piece.rstrip().endswith("}"):
            return False  # without joining what has come, which would be quadratic
        try:
            return isinstance(json.loads(self.pieces.getvalue()), dict)
        except (ValueError, RecursionError):
            return False

    def joined(self) -> dict[str, Any]:
        """
        The call as a non-streamed reply has it.
        """
        arguments = self.pieces.getvalue() if self.argument_object is None else self.argument_object
        function = {**self.function_extra, "name": self.name, "arguments": arguments}
        return {**self.extra, "id": self.id, "type": "function", "function": function}


class ToolCalls:
    """
    Sorts fragments of tool calls to their calls.

    `index` may be missing, and two calls may share one (litellm#5063, qwen-code#2403): a different id, or another name
    once there are arguments, begins another call.
    """

    def __init__(self) -> None:
        self.calls: list[ToolCallFragments] = []
        self._by_index: dict[Any, ToolCallFragments] = {}
        self._by_id: dict[str, ToolCallFragments] = {}
        self._last: ToolCallFragments | None = None
        self._last_index: Any = None

    def call_of(self, entry: dict[str, Any], function: dict[str, Any]) -> ToolCallFragments:
        """
        Find or begin the call that a fragment belongs to.

        :param entry: One entry of a delta's `tool_calls`.
        :param function: Its `function`, or `{}`.
        :returns: The call, to which the fragment is not added yet.
        """
        index, call_id, last = entry.get("index"), entry.get("id"), self._last
        if last is not None and index == self._last_index and not call_id and not function.get("name"):
            return last
        call_id = call_id if isinstance(call_id, str) and call_id else None
        call = self._by_id.get(call_id) if call_id else None
        if call is None:
            call = last if index is None else self._by_index.get(_key(index))
            if call is None or _begins_another(call, call_id, function, has_index=index is not None):
                call = ToolCallFragments(len(self.calls))
                self.calls.append(call)
        if call_id:
            self._by_id[call_id] = call
        if index is not None:
            self._by_index[_key(index)] = call
        self._last, self._last_index = call, index
        return call


def _begins_another(call: ToolCallFragments, call_id: str | None, function: dict[str, Any], *, has_index: bool) -> bool:
    if call_id and call.id:
        return True  # the id is a new one: a known one was found before
    name = function.get("name")
    if not name or not call.name:
        return False
    if name != call.name:
        return bool(call.pieces.tell())
    return not has_index and call.has_whole_arguments()


def with_numbered_calls(message: Any) -> Any:
    """
    Number the tool calls of a whole message, so that they are not taken for fragments of one.

    :param message: A message, or what came in place of one.
    :returns: The message with an `index` in each call.
    """
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if not isinstance(calls, list):
        return message
    numbered = [{**call, "index": index} if isinstance(call, dict) else call for index, call in enumerate(calls)]
    return {**message, "tool_calls": numbered}


def carries_something(fragment: object) -> bool:
    """
    Whether a fragment of `reasoning_details` is more than its type and place.

    :param fragment: One entry of a delta's `reasoning_details`.
    :returns: Whether it is worth a chunk although it has no text.
    """
    if not isinstance(fragment, dict):
        return True
    return any(value for name, value in fragment.items() if name not in ("type", "format", "index", "id"))


def _key(value: Any) -> Any:
    """
    The value as a dictionary key: the wire may hold lists and objects where they don't belong.
    """
    return value if type(value) in _KEY_TYPES else json.dumps(value, sort_keys=True, default=str)
