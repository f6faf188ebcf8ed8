# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Sorts the fragments of tool calls by call, collects them, and joins them once.
"""

import json
from io import StringIO
from typing import Any

from haystack_integrations.components.generators.openrouter.chat._reply import tool_arguments
from haystack_integrations.components.generators.openrouter.chat._stream.fragments import hashable

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
        self._extra: dict[str, Any] = {}
        self._function_extra: dict[str, Any] = {}
        self._argument_object: dict[str, Any] | None = None
        self._read = self._decoded_in_vain = 0

    def add(self, entry: dict[str, Any], function: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
        """
        Take the next fragment, and return the new id, name and arguments in it.
        """
        new_id, new_name, raw, call_id = None, None, function.get("arguments"), entry.get("id")
        if not call_id and type(raw) is str and len(function) == 1 and _CALL_FIELDS.issuperset(entry):
            self.pieces.write(raw)  # most fragments hold a piece of the arguments and nothing else
            return None, None, raw or None
        if call_id and not self.id and isinstance(call_id, str):
            self.id = new_id = call_id
        name = function.get("name")
        if name and isinstance(name, str) and name != self.name:
            self.name, new_name = self.name + name, name
        if raw is not None and not isinstance(raw, str):
            self._argument_object = raw if isinstance(raw, dict) else self._argument_object
            raw = json.dumps(raw, ensure_ascii=False)
        if raw:
            self.pieces.write(raw)
        if not _CALL_FIELDS.issuperset(entry):
            self._extra.update({k: v for k, v in entry.items() if k not in _CALL_FIELDS and v is not None})
        if not _FUNCTION_FIELDS.issuperset(function):
            more = {k: v for k, v in function.items() if k not in _FUNCTION_FIELDS and v is not None}
            self._function_extra.update(more)
        return new_id, new_name, raw or None

    def has_whole_arguments(self) -> bool:
        """
        Whether the pieces so far are a JSON object.
        """
        self.pieces.seek(self._read)
        new = self.pieces.read()
        self._read += len(new)
        if not new.rstrip().endswith("}") or self._decoded_in_vain > _MOST_DECODED_IN_VAIN:
            return False
        text = self.pieces.getvalue()
        try:
            tool_arguments(text)
        except ValueError:
            self._decoded_in_vain += len(text)
            return False
        return True

    def joined(self) -> dict[str, Any]:
        """
        Join the pieces to a call as a reply without streaming has it.
        """
        arguments = self.pieces.getvalue() if self._argument_object is None else self._argument_object
        function = {**self._function_extra, "name": self.name, "arguments": arguments}
        return {**self._extra, "id": self.id, "type": "function", "function": function}


class ToolCalls:
    """
    Sorts fragments of tool calls by call.

    `index` may be missing, and two calls may share one (litellm#5063, qwen-code#2403). Another call begins with a
    different id, with another name once there are arguments, or with the same name once the arguments are complete.
    """

    def __init__(self) -> None:
        self.calls: list[ToolCallFragments] = []
        self._by_index: dict[Any, ToolCallFragments] = {}
        self._by_id: dict[str, ToolCallFragments] = {}
        self._last: ToolCallFragments | None = None
        self._last_index: Any = None

    def call_of(self, entry: dict[str, Any], function: dict[str, Any]) -> ToolCallFragments:
        """
        Find or begin the call that a fragment belongs to. It is not added yet.
        """
        index, call_id, last = entry.get("index"), entry.get("id"), self._last
        if last is not None and index == self._last_index and not call_id and not function.get("name"):
            return last
        call_id = call_id if isinstance(call_id, str) and call_id else None
        call = self._by_id.get(call_id) if call_id else None
        if call is None:
            call = last if index is None else self._by_index.get(hashable(index))
            if call is None or _begins_another(call, call_id, function, has_index=index is not None):
                call = ToolCallFragments(len(self.calls))
                self.calls.append(call)
        if call_id:
            self._by_id[call_id] = call
        if index is not None:
            self._by_index[hashable(index)] = call
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
    # with an index, a name that comes again without arguments is a repetition
    return (not has_index or _has_arguments(function)) and call.has_whole_arguments()


def _has_arguments(function: dict[str, Any]) -> bool:
    raw = function.get("arguments")
    return bool(raw.strip()) if isinstance(raw, str) else raw is not None


def with_numbered_calls(message: Any) -> Any:
    """
    Number the tool calls of a whole message, so that they are not taken for fragments of one call.
    """
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if not isinstance(calls, list):
        return message
    numbered = [{**call, "index": index} if isinstance(call, dict) else call for index, call in enumerate(calls)]
    return {**message, "tool_calls": numbered}
