# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns Haystack's `ChatMessage`s into the messages of a request.

Haystack's own `to_openai_dict_format` writes OpenAI's format, which has no reasoning, no images of the assistant and no
files in tool results. Source: `ChatMessages` in OpenRouter's OpenAPI document.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from haystack import logging
from haystack.dataclasses import ChatMessage, ChatRole, TextContent, ToolCallResult

from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.media import image_part
from haystack_integrations.components.generators.openrouter.chat._fields import listed, string
from haystack_integrations.components.generators.openrouter.chat._reply import says_nothing
from haystack_integrations.components.generators.openrouter.chat._request.content_parts import cache_mark, content_parts
from haystack_integrations.components.generators.openrouter.chat._request.reasoning import Readers, readable
from haystack_integrations.components.generators.openrouter.chat._request.tool_calls import (
    correction,
    empty_call,
    malformed_calls,
    tool_call,
)

logger = logging.getLogger(__name__)

_AN_UPDATE = 'a dictionary such as {"reasoning": {"effort": "low"}}'
# What an assistant message says. Reasoning alone is nothing.
_SAID = ("content", "refusal", "tool_calls", "images")
# After so many replies without anything in them, in a row, the model is not asked again.
_MOST_EMPTY_REPLIES = 3


def wire_messages(messages: Sequence[ChatMessage], readers: Readers) -> list[dict[str, Any]]:
    """
    Convert messages to the wire format. A tool message with several results becomes several messages.

    :param readers: The models that may read them. What only others can read is left out.
    """
    _refuse_endless_silence(messages)
    wired = [wire for number, message in enumerate(messages) for wire in _wire(message, f"messages[{number}]", readers)]
    if not wired:
        msg = "`messages` has only assistant messages without text, tool calls or media, and these are not sent."
        raise ValueError(msg)
    _leave_out_repeated_reasoning(wired)
    return wired


def _refuse_endless_silence(messages: Sequence[ChatMessage]) -> None:
    last = messages[-_MOST_EMPTY_REPLIES:]
    if len(last) < _MOST_EMPTY_REPLIES or not all(m.is_from(ChatRole.ASSISTANT) and says_nothing(m) for m in last):
        return
    reasons = ", ".join(dict.fromkeys(checks.shown(message.meta.get("finish_reason")) for message in last))
    msg = (
        f"The last {_MOST_EMPTY_REPLIES} of `messages` are replies with neither text nor tool calls nor media (finish "
        f"reason: {reasons}), so the model would be asked the same once more. Add a message, choose another `model`, "
        "or let OpenRouterFinalReplyHook end such runs of an Agent."
    )
    raise ValueError(msg)


def _wire(message: ChatMessage, where: str, readers: Readers) -> Iterator[dict[str, Any]]:
    if message.role is ChatRole.TOOL or message.tool_call_results:
        yield from _tool_results(message, where)
        return
    wire: dict[str, Any] = {"role": message.role.value}
    if message.name is not None:
        wire["name"] = message.name
    malformed: list[dict[str, Any]] = []
    if message.role is ChatRole.ASSISTANT:
        malformed = malformed_calls(message)
        wire.update(_assistant(message, malformed, where))
        if not any(wire.get(name) for name in _SAID):  # Mistral and Bedrock refuse it (cecli#296, llmgateway#3127)
            return
        if (message.reasonings or message.tool_calls) and readers.exclude_maker_of(message):
            wire = readable(wire, "".join(part.reasoning_text for part in message.reasonings))
    else:
        wire["content"] = _content(message, where)
        if message.role is ChatRole.SYSTEM and (update := message.meta.get("configuration_update")) is not None:
            checks.instance(update, f'{where}: meta["configuration_update"]', dict, _AN_UPDATE)
            wire["configuration_update"] = update
    yield _with_cache_control(wire, message, where)
    yield from (correction(call, message.meta.get("finish_reason")) for call in malformed)


def _content(message: ChatMessage, where: str) -> str | list[dict[str, Any]]:
    if len(message) == 1 and message.text is not None:
        return message.text
    if len(message) == 0:
        msg = f"{where}: the message needs content: text or, in a user message, an image or a file."
        raise ValueError(msg)
    if message.role is ChatRole.SYSTEM and len(message.texts) < len(message):
        msg = f"{where}: a system message must have text and nothing else. Send images and files in a user message."
        raise ValueError(msg)
    kinds: dict[str, Iterator[object]] = {
        "text": map(TextContent, message.texts),
        "image": iter(message.images),
        "file": iter(message.files),
        "tool_call": iter(message.tool_calls),
        "reasoning": iter(message.reasonings),
    }
    # Haystack gives the order only in the serialized message
    parts = [next(kinds[kind]) for part in message.to_dict()["content"] for kind in part]
    return content_parts(parts, f"{where}, part")


def _assistant(message: ChatMessage, malformed: list[dict[str, Any]], where: str) -> dict[str, Any]:
    calls = [*(tool_call(call, where) for call in message.tool_calls), *map(empty_call, malformed)]
    refusal = string(message.meta.get("refusal"))
    texts = [text for text in message.texts if text and text != refusal]
    content: str | list[dict[str, Any]] | None = None if calls or refusal else ""
    if texts:
        content = texts[0] if len(texts) == 1 else [{"type": "text", "text": text} for text in texts]
    sent = [detail for part in message.reasonings for detail in listed(part.extra.get("reasoning_details"))]
    details = [detail for detail in sent if isinstance(detail, dict)]
    wire: dict[str, Any] = {
        "content": content,
        "reasoning_details": details,  # unaltered, because providers check its signatures
        "reasoning": "" if details else "".join(part.reasoning_text for part in message.reasonings),
        "refusal": refusal,
        "tool_calls": calls,
        "images": _assistant_images(message, where),
        # if a parsed PDF goes back, it is not parsed and billed again
        "annotations": [note for note in listed(message.meta.get("annotations")) if _is_part(note, "file")],
    }
    return {name: value for name, value in wire.items() if value or name == "content"}


def _assistant_images(message: ChatMessage, where: str) -> list[dict[str, Any]]:
    images = [image_part(image, f"{where}, image {number}") for number, image in enumerate(message.images)]
    return images + [entry for entry in listed(message.meta.get("images")) if _is_linked_image(entry)]


def _tool_results(message: ChatMessage, where: str) -> Iterator[dict[str, Any]]:
    results = message.tool_call_results
    if not results or len(results) != len(message):
        msg = f"{where}: a tool message must have only tool call results. Send the rest in another message."
        raise ValueError(msg)
    for result in results:
        if not result.origin.id:
            tool = checks.shown(result.origin.tool_name)
            msg = f"{where}: the result of tool {tool} needs an id. Give its `origin` an `id`."
            raise ValueError(msg)
        wire = {"role": "tool", "tool_call_id": result.origin.id, "content": _result_content(result, where)}
        yield _with_cache_control(wire, message, where)


def _result_content(result: ToolCallResult, where: str) -> str | list[dict[str, Any]]:
    if isinstance(result.result, str):
        return result.result
    if not isinstance(result.result, Sequence):
        tool = checks.shown(result.origin.tool_name)
        msg = (
            f"{where}: the result of tool {tool} must be a string or a list of content parts, "
            f"not {type(result.result).__name__}."
        )
        raise ValueError(msg)
    return content_parts(result.result, f"{where}, result part")


def _with_cache_control(wire: dict[str, Any], message: ChatMessage, where: str) -> dict[str, Any]:
    """Put `meta["cache_control"]` on the last content part, where OpenRouter looks for it."""
    cache_control = message.meta.get("cache_control")
    if cache_control is None:
        return wire
    cache_mark(cache_control, f"{where}: meta")
    content = wire["content"]
    parts = [{"type": "text", "text": content}] if string(content) else listed(content)
    if not parts:
        msg = f'{where}: meta["cache_control"] needs a content part, and this message has none.'
        raise ValueError(msg)
    return {**wire, "content": [*parts[:-1], {**parts[-1], "cache_control": cache_control}]}


def _leave_out_repeated_reasoning(wired: list[dict[str, Any]]) -> None:
    """Send each reasoning item once, even if its message is in the history twice: OpenAI refuses repeated ids."""
    seen: set[str | None] = set()
    for wire in wired:
        details = wire.get("reasoning_details", [])
        # other models give the same id to other items
        keys = [json.dumps(detail, sort_keys=True) if string(detail.get("id")) else None for detail in details]
        kept = [detail for detail, key in zip(details, keys, strict=True) if key not in seen]
        if kept:
            wire["reasoning_details"] = kept
        else:
            wire.pop("reasoning_details", None)
        seen |= {*keys} - {None}


def _is_part(entry: object, kind: str) -> bool:
    """Whether a part of a response can be sent back. Other parts stay in `meta`."""
    return isinstance(entry, dict) and entry.get("type") == kind and isinstance(entry.get(kind), dict)


def _is_linked_image(entry: Any) -> bool:
    url = entry["image_url"].get("url") if _is_part(entry, "image_url") else None
    return string(url).lower().startswith(("https://", "http://"))
