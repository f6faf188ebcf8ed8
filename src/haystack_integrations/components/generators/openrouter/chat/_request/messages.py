# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns Haystack's `ChatMessage`s into the messages of a request.

Haystack's own `to_openai_dict_format` writes OpenAI's format, which has no reasoning, no images of the assistant and no
files in tool results. Source: `ChatMessages` in OpenRouter's OpenAPI document.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from haystack import logging
from haystack.dataclasses import ChatMessage, ChatRole, ReasoningContent, TextContent, ToolCall, ToolCallResult

from haystack_integrations.common.openrouter._wire.json_values import sendable_json
from haystack_integrations.common.openrouter._wire.media import image_part
from haystack_integrations.components.generators.openrouter.chat._reply import tool_arguments
from haystack_integrations.components.generators.openrouter.chat._request.content_parts import content_part

logger = logging.getLogger(__name__)

# Source: https://openrouter.ai/docs/features/prompt-caching.
_MOST_CACHE_CONTROLS = 4
_LONGEST_QUOTE = 300


def wire_messages(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """Convert messages to the wire format. A tool message with several results becomes several messages."""
    wired = [wire for number, message in enumerate(messages) for wire in _wire(message, f"messages[{number}]")]
    _leave_out_repeated_reasoning(wired)
    _warn_of_many_cache_controls(wired)
    sendable: list[dict[str, Any]] = sendable_json(wired)
    return sendable


def _wire(message: ChatMessage, where: str) -> Iterator[dict[str, Any]]:
    if message.role is ChatRole.TOOL or message.tool_call_results:
        yield from _tool_results(message, where)
        return
    wire: dict[str, Any] = {"role": message.role.value}
    if message.name is not None:
        wire["name"] = message.name
    corrections: list[dict[str, Any]] = []
    if message.role is ChatRole.ASSISTANT:
        calls, corrections = _malformed_calls(message)
        wire.update(_assistant(message, calls, where))
    elif message.role is ChatRole.SYSTEM:
        wire["content"] = _system_content(message, where)
    else:
        wire["content"] = _user_content(message, where)
    yield _with_cache_control(wire, message, where)
    yield from corrections


def _user_content(message: ChatMessage, where: str) -> str | list[dict[str, Any]]:
    if len(message) == 1 and message.text is not None:
        return message.text
    parts = _content(message)
    if not parts:
        msg = f"{where}: a user message needs content: text, an image or a file."
        raise ValueError(msg)
    return _as_content(parts, where)


def _system_content(message: ChatMessage, where: str) -> str | list[dict[str, Any]]:
    parts = _content(message)
    if not parts or not all(isinstance(part, TextContent) for part in parts):
        msg = f"{where}: a system message must have text and nothing else. Send images and files in a user message."
        raise ValueError(msg)
    return _as_content(parts, where)


def _assistant(message: ChatMessage, malformed: list[dict[str, Any]], where: str) -> dict[str, Any]:
    calls = [*(_tool_call(call, where) for call in message.tool_calls), *malformed]
    texts, meta = [text for text in message.texts if text], message.meta
    refusal = meta.get("refusal") if isinstance(meta.get("refusal"), str) else None
    content: str | list[dict[str, Any]] | None = None
    if texts:
        content = texts[0] if len(texts) == 1 else [{"type": "text", "text": text} for text in texts]
    elif not (calls or refusal):
        content = ""
    wire: dict[str, Any] = {"content": content, **_reasoning(message.reasonings)}
    if refusal:
        wire["refusal"] = refusal
    if calls:
        wire["tool_calls"] = calls
    if images := _assistant_images(message, where):
        wire["images"] = images
    # if a parsed PDF goes back, it is not parsed and billed again
    annotations = meta.get("annotations")
    files = [note for note in annotations if _is_part(note, "file")] if isinstance(annotations, list) else []
    return {**wire, "annotations": files} if files else wire


def _reasoning(reasonings: list[ReasoningContent]) -> dict[str, Any]:
    """Return the reasoning of a turn unaltered, because providers check its signatures."""
    details = [
        detail
        for part in reasonings
        for detail in part.extra.get("reasoning_details") or []
        if isinstance(detail, dict)
    ]
    if details:
        return {"reasoning_details": details}
    text = "".join(part.reasoning_text for part in reasonings)
    return {"reasoning": text} if text else {}


def _assistant_images(message: ChatMessage, where: str) -> list[dict[str, Any]]:
    images = [image_part(image, f"{where}, image {number}") for number, image in enumerate(message.images)]
    linked = message.meta.get("images")
    return [*images, *(entry for entry in (linked if isinstance(linked, list) else []) if _is_linked_image(entry))]


def _tool_call(call: ToolCall, where: str) -> dict[str, Any]:
    if not call.id:
        msg = f"{where}: the call of tool '{call.tool_name}' has no id. Give its `ToolCall` an `id`."
        raise ValueError(msg)
    extra = call.extra or {}
    more = extra.get("function")
    function = {"name": call.tool_name, "arguments": json.dumps(call.arguments, ensure_ascii=False)}
    function = {**more, **function} if isinstance(more, dict) else function
    return {**extra, "id": call.id, "type": "function", "function": function}


def _malformed_calls(message: ChatMessage) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the malformed calls of a message, with empty arguments, and tool messages that say what was wrong."""
    # without them, the model would get an empty message, and an Agent would repeat the same request until its last step
    kept, taken = message.meta.get("invalid_tool_calls"), {call.id for call in message.tool_calls}
    calls, corrections = [], []
    for entry in kept if isinstance(kept, list) else []:
        call_id = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(call_id, str) and call_id and call_id not in taken:
            taken.add(call_id)
            calls.append(_empty_call(call_id, entry.get("name")))
            corrections.append(_correction(call_id, entry))
    return calls, corrections


def _empty_call(call_id: str, name: object) -> dict[str, Any]:
    # providers refuse other names
    sendable_name = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64] if isinstance(name, str) and name else "unnamed"
    return {"id": call_id, "type": "function", "function": {"name": sendable_name, "arguments": "{}"}}


def _correction(call_id: str, entry: dict[str, Any]) -> dict[str, Any]:
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


def _tool_results(message: ChatMessage, where: str) -> Iterator[dict[str, Any]]:
    results = message.tool_call_results
    if not results or len(results) != len(message):
        msg = f"{where}: a tool message must have only tool call results. Send the rest in another message."
        raise ValueError(msg)
    for result in results:
        if not result.origin.id:
            msg = f"{where}: the result of tool '{result.origin.tool_name}' needs an id. Give its `origin` an `id`."
            raise ValueError(msg)
        wire = {"role": "tool", "tool_call_id": result.origin.id, "content": _result_content(result, where)}
        yield _with_cache_control(wire, message, where)


def _result_content(result: ToolCallResult, where: str) -> str | list[dict[str, Any]]:
    if isinstance(result.result, str):
        return result.result
    if not isinstance(result.result, Sequence):
        msg = (
            f"{where}: the result of tool '{result.origin.tool_name}' must be a string or a list of content parts, "
            f"not {type(result.result).__name__}."
        )
        raise ValueError(msg)
    return [content_part(part, f"{where}, result part {number}") for number, part in enumerate(result.result)]


def _content(message: ChatMessage) -> list[object]:
    """List everything in a message, in order: Haystack gives the order only in the serialized message."""
    kinds: dict[str, list[Any]] = {
        "text": [TextContent(text) for text in message.texts],
        "image": message.images,
        "file": message.files,
        "tool_call": message.tool_calls,
        "reasoning": message.reasonings,
    }
    present = {kind: iter(parts) for kind, parts in kinds.items() if parts}
    if len(present) <= 1:
        return [part for parts in kinds.values() for part in parts]
    return [next(present[kind]) for part in message.to_dict()["content"] for kind in part if kind in present]


def _as_content(parts: list[object], where: str) -> str | list[dict[str, Any]]:
    if len(parts) == 1 and isinstance(parts[0], TextContent):
        return parts[0].text
    return [content_part(part, f"{where}, part {number}") for number, part in enumerate(parts)]


def _with_cache_control(wire: dict[str, Any], message: ChatMessage, where: str) -> dict[str, Any]:
    """Put `meta["cache_control"]` on the last content part, where OpenRouter looks for it."""
    cache_control = message.meta.get("cache_control")
    if cache_control is None:
        return wire
    if not isinstance(cache_control, dict):
        msg = f'{where}: meta["cache_control"] must be a dictionary such as {{"type": "ephemeral"}}.'
        raise ValueError(msg)
    content = wire["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) and content else list(content or [])
    if not parts:
        msg = f'{where}: meta["cache_control"] needs a content part, and this message has none.'
        raise ValueError(msg)
    return {**wire, "content": [*parts[:-1], {**parts[-1], "cache_control": cache_control}]}


def _leave_out_repeated_reasoning(wired: list[dict[str, Any]]) -> None:
    """Send each reasoning item once, even if its message is in the history twice: OpenAI refuses repeated ids."""
    seen: set[tuple[str, ...]] = set()
    for wire in wired:
        details = wire.get("reasoning_details", [])
        keys = [_reasoning_key(detail, wire) for detail in details]
        kept = [detail for detail, key in zip(details, keys, strict=True) if key is None or key not in seen]
        if len(kept) < len(details):
            wire["reasoning_details"] = kept
        if not kept:
            wire.pop("reasoning_details", None)
        seen.update(key for key in keys if key is not None)


def _reasoning_key(detail: dict[str, Any], wire: dict[str, Any]) -> tuple[str, ...] | None:
    kind, detail_id = detail.get("type"), detail.get("id")
    if not isinstance(kind, str) or not isinstance(detail_id, str) or not detail_id:
        return None
    if any(call["id"] == detail_id for call in wire.get("tool_calls", [])):
        return kind, detail_id, str(detail.get("data"))  # Gemini signs a tool call, whose id may be used again
    return kind, detail_id


def _warn_of_many_cache_controls(wired: list[dict[str, Any]]) -> None:
    contents = [wire["content"] for wire in wired if isinstance(wire["content"], list)]
    count = sum("cache_control" in part for content in contents for part in content)
    if count > _MOST_CACHE_CONTROLS:
        logger.warning(
            '{count} messages have meta["cache_control"], but providers accept only {limit}. Remove it from the rest.',
            count=count,
            limit=_MOST_CACHE_CONTROLS,
        )


def _is_part(entry: object, kind: str) -> bool:
    """Whether a part of a response can be sent back. Other parts stay in `meta`."""
    return isinstance(entry, dict) and entry.get("type") == kind and isinstance(entry.get(kind), dict)


def _is_linked_image(entry: Any) -> bool:
    url = entry["image_url"].get("url") if _is_part(entry, "image_url") else None
    return isinstance(url, str) and url.lower().startswith(("https://", "http://"))
