# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Sorts the fragments of tool calls by call, collects them, and joins them once.
"""

import json
from io import StringIO
from typing import Any

from haystack_integrations.components.generators.openrouter.chat._fields import string, tool_arguments

_CALL_FIELDS = {"id", "type", "index", "function"}
_FUNCTION_FIELDS = {"name", "arguments"}

# A stream may repeat a call's name with every fragment, and each could begin another call if the arguments so far are
# complete. This is how many characters are decoded in vain to find out: without a limit, the time would be quadratic.
_MOST_DECODED_IN_VAIN = 10_000_000


class ToolCallFragments:
    """
    One tool call as far as it has been received.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        """Its place among the calls of the reply."""
        self.id = self.name = ""
        self.pieces = StringIO()
        """The arguments."""
        self.block: int | None = None
        """The content block of its chunks, once it has one."""
        self._fields: dict[str, Any] = {}
        self._function: dict[str, Any] = {}
        self._read = self._decoded_in_vain = 0
        self._was_whole = False
        self.index: Any = None
        """The index of its fragments, if they have one."""
        self.is_named_again = False
        """Whether its name came again after its arguments: another call begins, if more arguments follow."""

    def add(self, entry: dict[str, Any], function: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
        """
        Take the next fragment, and return the new id, name and arguments in it.
        """
        raw, call_id = function.get("arguments"), entry.get("id")
        if not call_id and type(raw) is str and len(function) == 1 and _CALL_FIELDS.issuperset(entry):
            self.pieces.write(raw)  # most fragments hold a piece of the arguments and nothing else
            return None, None, raw or None
        new_id, new_name = "" if self.id else string(call_id), string(function.get("name"))
        if new_name == self.name:
            new_name = ""
        if raw is not None and not isinstance(raw, str):
            raw = json.dumps(raw, ensure_ascii=False)
        self.id, self.name = self.id + new_id, self.name + new_name
        self.pieces.write(raw or "")
        if not (_CALL_FIELDS.issuperset(entry) and _FUNCTION_FIELDS.issuperset(function)):
            self._fields.update({name: value for name, value in entry.items() if value is not None})
            self._function.update({name: value for name, value in function.items() if value is not None})
        return new_id or None, new_name or None, raw or None

    def has_whole_arguments(self) -> bool:
        """
        Whether the pieces so far are a JSON object.
        """
        self.pieces.seek(self._read)
        new = self.pieces.read()
        self._read += len(new)
        if not new.strip():
            return self._was_whole
        self._was_whole = False
        if not new.rstrip().endswith("}") or self._decoded_in_vain > _MOST_DECODED_IN_VAIN:
            return False
        text = self.pieces.getvalue()
        try:
            tool_arguments(text)
        except ValueError:
            self._decoded_in_vain += len(text)
            return False
        self._was_whole = True
        return True

    def joined(self) -> dict[str, Any]:
        """
        Join the pieces to a call as a reply without streaming has it.
        """
        function = {**self._function, "name": self.name, "arguments": self.pieces.getvalue()}
        return {**self._fields, "id": self.id, "type": "function", "function": function}


class ToolCalls:
    """
    Sorts fragments of tool calls by call.

    `index` may be missing, and two calls may share one (litellm#5063, qwen-code#2403) or an id, such as the name of the
    function. So id, index, name and arguments together tell where another call begins: with a different id, with an id
    at another index, with another name once there are arguments, or with the same name once they are complete.
    """

    def __init__(self) -> None:
        self.calls: list[ToolCallFragments] = []
        self._by_index: dict[str, ToolCallFragments] = {}
        self._by_id: dict[str, ToolCallFragments] = {}
        self._by_both: dict[tuple[str, str], ToolCallFragments] = {}
        self._last: ToolCallFragments | None = None
        self._last_index: Any = None

    def call_of(self, entry: dict[str, Any], function: dict[str, Any]) -> ToolCallFragments:
        """
        Find or begin the call that a fragment belongs to. It is not added yet.
        """
        index, call_id, last = entry.get("index"), entry.get("id"), self._last
        continues = index == self._last_index and not call_id and not function.get("name")
        if last is not None and continues and not last.is_named_again:
            return last
        call_id, place = string(call_id), repr(index)  # a response may hold anything there
        call = self._known(call_id, index, place)
        if call is None or _begins_another(call, call_id, function):
            call = self._begin(call, call_id, function)
        call.index = index
        self._by_id[call_id] = self._by_index[place] = self._by_both[call_id, place] = call
        self._last, self._last_index = call, index
        return call

    def _known(self, call_id: str, index: Any, place: str) -> ToolCallFragments | None:
        call = self._by_id.get(call_id) if call_id else None
        if call is not None and None not in (index, call.index) and index != call.index:
            return self._by_both.get((call_id, place))
        return call or (self._last if index is None else self._by_index.get(place))

    def _begin(self, call: ToolCallFragments | None, call_id: str, function: dict[str, Any]) -> ToolCallFragments:
        begun = ToolCallFragments(len(self.calls))
        self.calls.append(begun)
        if call is not None and call.is_named_again and not function.get("name"):
            call.is_named_again = False
            begun.add({"id": call_id or call.id}, {"name": call.name})  # they came before
        return begun


def _begins_another(call: ToolCallFragments, call_id: str, function: dict[str, Any]) -> bool:
    if call_id and call.id and call_id != call.id:
        return True
    name = function.get("name")
    if not name:
        return call.is_named_again and _has_arguments(function)
    if not call.name:
        return False
    if name != call.name:
        # pieces of a name come before all arguments, and another name after them
        return bool(call.pieces.tell()) and (call_id != call.id or not call_id or call.has_whole_arguments())
    # a name that comes again without arguments is a repetition, if none follow
    if not call.has_whole_arguments():
        return False
    call.is_named_again = not _has_arguments(function)
    return not call.is_named_again


def _has_arguments(function: dict[str, Any]) -> bool:
    raw = function.get("arguments")
    return bool(raw.strip()) if isinstance(raw, str) else raw is not None
