# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Sends malformed tool calls back to the model, so that it can call again.

Without them, the model would get back an empty message, and an `Agent` would repeat the same request until its last
step.
"""

from __future__ import annotations

import json
import re
from typing import Any

from haystack.dataclasses import ChatMessage

from haystack_integrations.components.generators.openrouter.chat._reply import tool_arguments

_LONGEST_QUOTE = 300


def malformed_calls(message: ChatMessage) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """
    Convert `meta["invalid_tool_calls"]` of an assistant message to the wire format.

    :param message: The message.
    :returns: Pairs of a call, with empty arguments, and the tool message that says what was wrong with it.
    """
    kept, taken = message.meta.get("invalid_tool_calls"), {call.id for call in message.tool_calls}
    pairs = []
    for entry in kept if isinstance(kept, list) else []:
        call_id = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(call_id, str) and call_id and call_id not in taken:
            taken.add(call_id)
            pairs.append((_call(call_id, entry.get("name")), _result(call_id, entry)))
    return pairs


def _call(call_id: str, name: object) -> dict[str, Any]:
    # providers refuse other names
    sendable_name = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64] if isinstance(name, str) and name else "unnamed"
    return {"id": call_id, "type": "function", "function": {"name": sendable_name, "arguments": "{}"}}


def _result(call_id: str, entry: dict[str, Any]) -> dict[str, Any]:
    arguments = entry.get("arguments")
    quoted = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False, default=str)
    if len(quoted) > _LONGEST_QUOTE:
        quoted = f"{quoted[:_LONGEST_QUOTE]}…"
    content = (
        f"The tool was not called, because {_fault(entry.get('name'), arguments)}. "
        f"Call it again, with a JSON object as its arguments. The arguments were: {quoted}"
    )
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def _fault(name: object, arguments: object) -> str:
    if not isinstance(name, str) or not name:
        return "the call does not name a tool"
    try:
        tool_arguments(arguments)
    except ValueError as error:
        return f"the arguments of '{name[:64]}' are not a JSON object ({error})"
    return "the call was malformed"
