# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns one choice of a completion, as a dict, into a `ChatMessage`.

Streamed and non-streamed replies both go through here. Reading is lenient: one odd entry does not break the reply.
"""

import hashlib
import uuid
from typing import Any, TypeGuard

from haystack import logging
from haystack.dataclasses import ChatMessage, FileContent, ImageContent, ReasoningContent, ToolCall

from haystack_integrations.common.openrouter._wire.json_values import plain_json, with_joined_halves
from haystack_integrations.common.openrouter._wire.media import split_data_url
from haystack_integrations.common.openrouter._wire.responses import decode_json

logger = logging.getLogger(__name__)

_AUDIO_MEDIA_TYPES = {"mp3": "mpeg", "m4a": "mp4", "pcm16": "pcm", "pcm24": "pcm"}

# Fields that become parts of the ChatMessage, and are not repeated in `meta`.
_OWN_PLACE = {
    "completion": ("choices",),
    "choice": ("message", "delta"),
    "message": (
        "role",
        "content",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "tool_calls",
        "images",
        "audio",
    ),
}
# Keys of a message's `meta` that have a meaning when the message is sent.
_MEANT_FOR_REQUESTS = ("cache_control", "invalid_tool_calls")
_NOTHING_IF_EMPTY = ("annotations", "refusal", "logprobs")


def chat_messages(completion: dict[str, Any], audio_format: str | None = None) -> list[ChatMessage]:
    """Convert all choices of a completion. `audio_format` is the one that was requested."""
    return [chat_message(completion, choice, audio_format) for choice in completion["choices"]]


def chat_message(completion: dict[str, Any], choice: dict[str, Any], audio_format: str | None = None) -> ChatMessage:
    """Convert one choice of a completion. Every field of it that is not null can be found in the reply."""
    message = choice["message"]
    meta = _meta(completion, choice, message)
    text, reasoning = _text(message, meta), _reasoning(message, meta)
    calls = _tool_calls(message, meta, str(completion.get("id") or uuid.uuid4()))
    images, audio = _images(message, meta), _audio(message, meta, audio_format)
    reply = ChatMessage.from_assistant(text=text, meta=meta, tool_calls=calls, reasoning=reasoning)
    if not images and not audio:
        return reply
    media = [*({"image": image.to_dict()} for image in images), *({"file": file.to_dict()} for file in audio)]
    plain = reply.to_dict()
    return ChatMessage.from_dict({**plain, "content": [*plain["content"], *media]})


def warn_of_flaws(replies: list[ChatMessage]) -> None:
    """Log a warning for each reply with malformed tool calls, or cut at the token limit or by a content filter."""
    for reply in replies:
        index, reason = reply.meta["index"], reply.meta["finish_reason"]
        if invalid := reply.meta.get("invalid_tool_calls"):
            logger.warning(
                "The model returned {count} malformed tool call(s): {names}. They are kept in "
                'meta["invalid_tool_calls"]; `tools_strict=True` makes this less likely.',
                count=len(invalid),
                names=", ".join(f"{call['name']!r:.100}" for call in invalid),
            )
        if reason == "length":
            logger.warning(
                "Reply {index} was cut at the token limit. Raise `max_tokens` in generation_kwargs for longer replies.",
                index=index,
            )
        elif reason == "content_filter":
            logger.warning("Reply {index} was cut by the provider's content filter.", index=index)


def reasoning_text(details: object) -> str:
    """The texts and summaries in reasoning details, joined. Encrypted ones have neither."""
    entries = [entry for entry in details if isinstance(entry, dict)] if isinstance(details, list) else []
    texts = (entry.get("text") or entry.get("summary") for entry in entries)
    return "".join(text for text in texts if isinstance(text, str))


def content_text(content: object) -> str:
    """The text of a message's `content`: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    parts = [part.get("text") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return "".join(part for part in parts if isinstance(part, str))


def tool_arguments(raw: object) -> dict[str, Any]:
    """Read the arguments of a tool call: JSON in a string, an object, or nothing. Anything else is a ValueError."""
    for _ in range(2):
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return {}
        if isinstance(raw, dict):
            return raw
        if not isinstance(raw, str):
            break
        raw = plain_json(decode_json(raw))  # some models encode the object twice
    if isinstance(raw, dict):
        return raw
    msg = "not a JSON object"
    raise ValueError(msg)


def _meta(completion: dict[str, Any], choice: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "model": completion.get("model"),
        "index": choice.get("index") or 0,
        "finish_reason": choice.get("finish_reason"),
        "usage": completion.get("usage"),
    }
    for level, fields in (("completion", completion), ("choice", choice), ("message", message)):
        for name, value in fields.items():
            if value is None or name in _OWN_PLACE[level] or (name in _NOTHING_IF_EMPTY and not value):
                continue
            # the same name at two levels: keep both
            free = (meta.get(name) is None or meta[name] == value) and name not in _MEANT_FOR_REQUESTS
            meta[name if free else f"{level}.{name}"] = value
    return meta


def _text(message: dict[str, Any], meta: dict[str, Any]) -> str | None:
    content = message.get("content")
    if isinstance(content, list):
        other = [part for part in content if not _is_text_part(part) and not _is_image_part(part)]
    else:
        other = content if content is not None and not isinstance(content, str) else []
    if other:
        meta["content"] = other
    audio = message.get("audio")
    transcript = audio.get("transcript") if isinstance(audio, dict) else None
    return with_joined_halves(content_text(content) or content_text(transcript)) or None


def _reasoning(message: dict[str, Any], meta: dict[str, Any]) -> ReasoningContent | None:
    details = message.get("reasoning_details")
    if details is not None and not isinstance(details, list):
        meta["reasoning_details"] = details
    details = details if isinstance(details, list) else []
    given = [message.get(name) for name in ("reasoning", "reasoning_content")]
    text = next((text for text in given if isinstance(text, str) and text), None) or reasoning_text(details)
    for name in ("reasoning", "reasoning_content"):
        if message.get(name) not in (None, "", text):
            meta[name] = message[name]
    if not text and not details:
        return None
    return ReasoningContent(with_joined_halves(text), extra={"reasoning_details": details} if details else {})


def _tool_calls(message: dict[str, Any], meta: dict[str, Any], generation_id: str) -> list[ToolCall]:
    sent = message.get("tool_calls") or []
    calls, invalid = [], []
    for number, entry in enumerate(sent if isinstance(sent, list) else [sent]):
        call = entry if isinstance(entry, dict) else {"function": {"arguments": entry}}
        function: Any = call.get("function")
        function = function if isinstance(function, dict) else {}
        call_id, name, raw = call.get("id"), function.get("name"), function.get("arguments")
        call_id = call_id if isinstance(call_id, str) and call_id else _call_id(generation_id, number)
        try:
            if not isinstance(name, str) or not name:
                raise ValueError
            arguments = tool_arguments(raw)
        except ValueError:
            invalid.append({"id": call_id, "name": name, "arguments": raw if function else entry})
            continue
        extra = {k: v for k, v in call.items() if k not in ("id", "type", "index", "function") and v is not None}
        if more := {k: v for k, v in function.items() if k not in ("name", "arguments") and v is not None}:
            extra["function"] = more
        calls.append(ToolCall(tool_name=name, arguments=arguments, id=call_id, extra=extra or None))
    if invalid:
        meta["invalid_tool_calls"] = invalid
    return calls


def _call_id(generation_id: str, number: int) -> str:
    """Make an id for a call without one, within OpenAI's limit of 40 characters."""
    return "call_" + hashlib.sha256(f"{generation_id}/{number}".encode(errors="surrogatepass")).hexdigest()[:24]


def _images(message: dict[str, Any], meta: dict[str, Any]) -> list[ImageContent]:
    content, sent = message.get("content"), message.get("images") or []
    entries = [part for part in content if _is_image_part(part)] if isinstance(content, list) else []
    entries += sent if isinstance(sent, list) else [sent]
    images, linked = [], []
    for entry in entries:
        fields = entry if isinstance(entry, dict) else {}
        target = fields.get("image_url")
        url = target.get("url") if isinstance(target, dict) else target
        split = split_data_url(url)
        if split is None or not split[1]:
            linked.append(entry)
            continue
        extra = {name: value for name, value in fields.items() if name not in ("type", "image_url")}
        images.append(ImageContent(base64_image=split[1], mime_type=split[0], meta=extra, validation=False))
    if linked:
        meta["images"] = linked
    return images


def _audio(message: dict[str, Any], meta: dict[str, Any], audio_format: str | None) -> list[FileContent]:
    audio = message.get("audio")
    if not audio:
        return []
    if not isinstance(audio, dict):
        meta["audio"] = {"value": audio}
        return []
    meta["audio"] = {name: value for name, value in audio.items() if name != "data"}
    data = audio.get("data")
    if not isinstance(data, str) or not data:
        return []
    sent_format = audio.get("format")
    name = audio_format or (sent_format if _is_plain_word(sent_format) else "wav")
    media_type = f"audio/{_AUDIO_MEDIA_TYPES.get(name, name)}"
    return [FileContent(base64_data=data, mime_type=media_type, filename=f"audio.{name}", validation=False)]


def _is_plain_word(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.isascii() and value.isalnum()


def _is_text_part(part: object) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


def _is_image_part(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") == "image_url"
