# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The tool calls of a conversation: how they go back, what a malformed one is answered, and names and ids that all take.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from typing import Any

from haystack.dataclasses import ChatMessage, ToolCall

from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.components.generators.openrouter.chat._fields import (
    listed,
    mapping,
    string,
    tool_arguments,
)
from haystack_integrations.components.generators.openrouter.chat._reply import cut_by

_LONGEST_QUOTE = 300


def tool_call(call: ToolCall, where: str) -> dict[str, Any]:
    if not call.id:
        msg = f"{where}: the call of tool {checks.shown(call.tool_name)} has no id. Give its `ToolCall` an `id`."
        raise ValueError(msg)
    extra = call.extra or {}
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    function = {**mapping(extra.get("function")), "name": call.tool_name, "arguments": arguments}
    return {**extra, "id": call.id, "type": "function", "function": function}


def malformed_calls(message: ChatMessage) -> list[dict[str, Any]]:
    """The malformed calls of a message. They are sent with empty arguments, and then what was wrong with each."""
    # without them, the model would get an empty message, and an Agent would repeat the same request until its last step
    malformed, taken = [], {"", *(call.id for call in message.tool_calls)}
    for entry in map(mapping, listed(message.meta.get("invalid_tool_calls"))):
        if (call_id := string(entry.get("id"))) not in taken:
            taken.add(call_id)
            malformed.append(entry)
    return malformed


def empty_call(entry: dict[str, Any]) -> dict[str, Any]:
    name = string(entry.get("name")) or "unnamed"
    return {"id": entry["id"], "type": "function", "function": {"name": name, "arguments": "{}"}}


def correction(entry: dict[str, Any], finish_reason: object) -> dict[str, Any]:
    arguments = entry.get("arguments")
    quoted = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False, default=str)
    if len(quoted) > _LONGEST_QUOTE:
        quoted = f"{quoted[:_LONGEST_QUOTE]}…"
    if cut := cut_by(entry, finish_reason):
        fault = f"the reply was cut {cut} before the call was complete"
        advice = "Keep the next reply short enough for the whole call. " if finish_reason == "length" else ""
    else:
        fault = _fault(string(entry.get("name")), arguments)
        advice = "Call it again, with a JSON object as its arguments. "
    content = f"The tool was not called, because {fault}. {advice}The arguments were: {quoted}"
    return {"role": "tool", "tool_call_id": entry["id"], "content": content}


def _fault(name: str, arguments: object) -> str:
    if not name:
        return "the call does not name a tool"
    try:
        tool_arguments(arguments)
    except ValueError as error:
        return f"the arguments of '{name[:64]}' are not a JSON object ({error})"
    return "the call was malformed" if arguments else f"the arguments of '{name[:64]}' are missing"


def clean_calls(wired: Sequence[dict[str, Any]], tools: Container[str], models: Iterable[str]) -> None:
    """
    Clean the names and ids of calls and results that providers refuse, such as "look<|channel|>commentary".

    An id that comes again is another call's, whose result comes after it: some models begin anew with "call_0" in each
    reply, and Anthropic refuses ids that are not unique in a conversation (Switchyard#502).

    :param wired: The messages of a request, which are changed.
    :param tools: Names of tools. They stay: the model has to call them by the names that it is told.
    :param models: Who may read the messages.
    """
    # Kimi stops calling tools if its ids, such as "functions.look:0", come back altered (openclaw#62319)
    keeps_ids = all("moonshotai/" in model.lower() for model in models)
    # Gemini's signature of a call has the id of the call
    signed = {string(detail.get("id")) for wire in wired for detail in wire.get("reasoning_details", [])}
    taken, times = set(signed), Counter[str]()
    waiting: dict[str, list[str]] = {}
    for wire in wired:
        own: dict[str, list[str]] = {}
        for call in wire.get("tool_calls", []):
            function, given = call["function"], call["id"]
            if function["name"] not in tools:
                function["name"] = sendable_name(function["name"])
            if not keeps_ids and given not in signed:
                times[given] += 1
                call["id"] = _free_id(given, taken, times[given])
                taken.add(call["id"])
            own.setdefault(given, []).append(call["id"])
        waiting |= own
        if result_of := wire.get("tool_call_id"):
            ids = waiting.get(result_of) or [result_of if keeps_ids else sendable_name(result_of)]
            wire["tool_call_id"] = ids.pop(0) if len(ids) > 1 else ids[0]


def _free_id(given: str, taken: Container[str], time: int) -> str:
    clean = sendable_name(given)
    if clean not in taken:
        return clean
    return f"{clean[:47]}_{hashlib.sha256(f'{given}/{time}'.encode(errors='surrogatepass')).hexdigest()[:16]}"


def sendable_name(name: str) -> str:
    """Make a name or an id one that all providers take: letters, digits, "_" and "-", at most 64 of them."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64]
