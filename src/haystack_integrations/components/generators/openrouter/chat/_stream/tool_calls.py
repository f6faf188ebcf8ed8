# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Sorts the fragments of tool calls by call, collects them, and joins them once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from haystack_integrations.components.generators.openrouter.chat._stream.fragments import hashable
from haystack_integrations.components.generators.openrouter.chat._stream.growing_json import GrowingObject

_CALL_FIELDS = {"id", "type", "index", "function"}
_FUNCTION_FIELDS = {"name", "arguments"}


@dataclass(eq=False)
class ToolCallFragments:
    """
    One tool call as far as it has been received.

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

    def __post_init__(self) -> None:
        """
        Watch the arguments.
        """
        self.arguments = GrowingObject(self.pieces)

    def add(self, entry: dict[str, Any], function: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
        """
        Take the next fragment.

        :param entry: One entry of a delta's `tool_calls`.
        :param function: Its `function`, or `{}`.
        :returns: The new id, name and arguments in it.
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
            self.argument_object = raw if isinstance(raw, dict) else self.argument_object
            raw = json.dumps(raw, ensure_ascii=False)
        if raw:
            self.pieces.write(raw)
        if not _CALL_FIELDS.issuperset(entry):
            self.extra.update({k: v for k, v in entry.items() if k not in _CALL_FIELDS and v is not None})
        if not _FUNCTION_FIELDS.issuperset(function):
            more = {k: v for k, v in function.items() if k not in _FUNCTION_FIELDS and v is not None}
            self.function_extra.update(more)
        return new_id, new_name, raw or None

    def joined(self) -> dict[str, Any]:
        """
        Join the pieces.

        :returns: The call, as a non-streamed reply has it.
        """
        arguments = self.pieces.getvalue() if self.argument_object is None else self.argument_object
        function = {**self.function_extra, "name": self.name, "arguments": arguments}
        return {**self.extra, "id": self.id, "type": "function", "function": function}


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
    return (not has_index or _has_arguments(function)) and call.arguments.is_complete()


def _has_arguments(function: dict[str, Any]) -> bool:
    raw = function.get("arguments")
    return bool(raw.strip()) if isinstance(raw, str) else raw is not None


def with_numbered_calls(message: Any) -> Any:
    """
    Number the tool calls of a whole message, so that they are not taken for fragments of one call.

    :param message: A message, or what came in place of one.
    :returns: The message with an `index` in each call.
    """
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if not isinstance(calls, list):
        return message
    numbered = [{**call, "index": index} if isinstance(call, dict) else call for index, call in enumerate(calls)]
    return {**message, "tool_calls": numbered}
