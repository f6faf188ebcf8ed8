# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns one choice of a completion, as a dict, into a `ChatMessage`.

Streamed and non-streamed replies both go through here. Reading is lenient: one odd entry does not break the reply.
"""

import hashlib
import re
import uuid
from typing import Any

from haystack import logging
from haystack.dataclasses import ChatMessage, FileContent, ImageContent, ReasoningContent, ToolCall

from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.media import (
    first_bytes,
    is_sound,
    sound_format,
    sound_type,
    split_data_url,
    true_type,
)
from haystack_integrations.common.openrouter._wire.responses import decode_plain
from haystack_integrations.components.generators.openrouter.chat._fields import (
    content_text,
    listed,
    mapping,
    other_parts,
    reasoning_text,
    string,
    thinking_text,
    tool_arguments,
)

logger = logging.getLogger(__name__)

# Fields of a message that become parts of the ChatMessage, and are not repeated in `meta`.
_PARTS = ("role", "content", "reasoning", "reasoning_content", "reasoning_details", "tool_calls", "images", "audio")
_PART_NAMES: dict[type, str] = {ImageContent: "image", FileContent: "file"}
# Keys of a message's `meta` that have a meaning when the message is sent.
_MEANT_FOR_REQUESTS = ("cache_control", "invalid_tool_calls")
_NOTHING_IF_EMPTY = ("annotations", "refusal", "logprobs")
_OF_A_CALL, _OF_A_FUNCTION = frozenset({"id", "type", "index", "function"}), frozenset({"name", "arguments"})
# What a tool call looks like to DeepSeek, Kimi, Qwen, Gemma and Mistral, at the end of a text. See sglang#40236.
_CALL_MARKUP = re.compile(r"</?[|｜‖]{1,2} ?(?:DSML|tool[_▁]?call)|</?tool_call[|>]|\[TOOL_CALLS\]")  # noqa: RUF001
_LONGEST_END = 200
# What cut a reply, by its finish reason.
_CUT = {"length": "at the token limit", "content_filter": "by the provider's content filter"}


def chat_messages(
    completion: dict[str, Any], requested_format: str | None = None, *, is_cut: bool = False
) -> list[ChatMessage]:
    """
    Convert all choices of a completion.

    :param completion: The completion.
    :param requested_format: The format of audio that was requested.
    :param is_cut: Whether the stream failed before its finish reason came.
    """
    return [_chat_message(completion, choice, requested_format, is_cut=is_cut) for choice in completion["choices"]]


def warn_of_flaws(replies: list[ChatMessage]) -> None:
    """Log a warning for each reply that was cut or is empty, or whose tool calls are malformed or part of its text."""
    for reply in replies:
        reason, invalid = string(reply.meta["finish_reason"]), reply.meta.get("invalid_tool_calls", [])
        cut = [call for call in invalid if cut_by(call, reason)]
        if malformed := [call for call in invalid if call not in cut]:
            logger.warning(
                "The model returned {count} malformed tool call(s): {names}. They are kept in "
                'meta["invalid_tool_calls"]; `tools_strict=True` makes this less likely.',
                count=len(malformed),
                names=_names(malformed),
            )
        if reason in _CUT:
            logger.warning(
                "Reply {index} was cut {by}{calls}.{remedy}",
                index=checks.shown(reply.meta["index"]),
                by=_CUT[reason],
                calls=f' in {len(cut)} tool call(s), kept in meta["invalid_tool_calls"]: {_names(cut)}' if cut else "",
                remedy=" Raise `max_tokens` in generation_kwargs for longer replies." if reason == "length" else "",
            )
        elif lack := _lack(reply):
            logger.warning("Reply {index} {lack}.", index=checks.shown(reply.meta["index"]), lack=lack)
        if _CALL_MARKUP.search((reply.text or "")[-_LONGEST_END:]):
            logger.warning(
                "Reply {index} ends in the model's own markup for a tool call, which its provider did not read. The "
                "markup stays in the text and calls nothing. Another provider or model may do better.",
                index=checks.shown(reply.meta["index"]),
            )


def cut_by(call: dict[str, Any], finish_reason: object) -> str:
    """What cut a malformed call in two, such as "at the token limit". "" if it came as the model wrote it."""
    by, arguments = _CUT.get(string(finish_reason), ""), call.get("arguments")
    if not by or _is_blank(arguments):
        return by
    if not isinstance(arguments, str):
        return ""
    try:
        decode_plain(arguments, strict=False)
    except ValueError:
        return by
    return ""


def says_nothing(reply: ChatMessage) -> bool:
    """Whether a reply has neither text nor tool calls nor media. Reasoning is nothing that it says."""
    noted = (reply.meta.get(name) for name in ("invalid_tool_calls", "refusal", "images"))
    return not (any(reply.texts) or reply.tool_calls or reply.images or reply.files or any(noted))


def _lack(reply: ChatMessage) -> str:
    reason = reply.meta["finish_reason"]
    if says_nothing(reply):
        found = "only reasoning" if reply.reasonings else "nothing in it"
        return f"has {found}: no text, tool call, image or audio (finish reason: {checks.shown(reason)})"
    if reason == "tool_calls" and not (reply.tool_calls or reply.meta.get("invalid_tool_calls")):
        return 'has the finish reason "tool_calls", but no tool call'
    return ""


def _chat_message(
    completion: dict[str, Any], choice: dict[str, Any], requested_format: str | None, *, is_cut: bool
) -> ChatMessage:
    """Convert one choice of a completion. Every field of it that is not null can be found in the reply."""
    message = choice["message"]
    meta = _meta(completion, choice, message)
    text, reasoning = _text(message, meta), _reasoning(message, meta)
    is_cut = is_cut or string(meta["finish_reason"]) in _CUT
    calls = _tool_calls(message, meta, str(completion.get("id") or uuid.uuid4()), is_cut=is_cut)
    media = [*_images(message, meta), *_audio(message, meta, requested_format)]
    reply = ChatMessage.from_assistant(text=text, meta=meta, tool_calls=calls, reasoning=reasoning)
    if media:
        plain = reply.to_dict()
        plain["content"] += [{_PART_NAMES[type(part)]: part.to_dict()} for part in media]
        reply = ChatMessage.from_dict(plain)
    return reply


def _meta(completion: dict[str, Any], choice: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "model": completion.get("model"),
        "index": choice.get("index") or 0,
        "finish_reason": choice.get("finish_reason"),
        "usage": completion.get("usage"),
    }
    levels = (("completion", completion, ("choices",)), ("choice", choice, ("message",)), ("message", message, _PARTS))
    for level, fields, own_place in levels:
        for name, value in fields.items():
            if value is None or name in own_place or (name in _NOTHING_IF_EMPTY and not value):
                continue
            # the same name at two levels: keep both
            free = (meta.get(name) is None or meta[name] == value) and name not in _MEANT_FOR_REQUESTS
            meta[name if free else f"{level}.{name}"] = value
    return meta


def _text(message: dict[str, Any], meta: dict[str, Any]) -> str | None:
    content = message.get("content")
    if other := [part for part in other_parts(content) if not _is_image(part)]:
        meta["content"] = other
    spoken = string(mapping(message.get("audio")).get("transcript"))
    return content_text(content) or spoken or string(message.get("refusal")) or None


def _reasoning(message: dict[str, Any], meta: dict[str, Any]) -> ReasoningContent | None:
    details = listed(message.get("reasoning_details"))
    given = {name: message.get(name) for name in ("reasoning", "reasoning_content")}
    text = next(filter(None, map(string, given.values())), "")
    text = text or thinking_text(message.get("content")) or reasoning_text(details)
    meta.update({name: value for name, value in given.items() if value not in (None, "", text)})
    if not text and not details:
        return None
    return ReasoningContent(text, extra={"reasoning_details": details} if details else {})


def _tool_calls(message: dict[str, Any], meta: dict[str, Any], generation_id: str, *, is_cut: bool) -> list[ToolCall]:
    calls, invalid = [], []
    ids: set[str] = set()
    for number, entry in enumerate(listed(message.get("tool_calls"))):
        call = mapping(entry)
        function = mapping(call.get("function"))
        call_id = string(call.get("id"))
        if not call_id or call_id in ids:  # providers refuse two calls with one id, and results are found by it
            call_id = _call_id(generation_id, number)
        ids.add(call_id)
        name, raw = function.get("name"), function.get("arguments")
        try:
            if not isinstance(name, str) or not name or (is_cut and _is_blank(raw)):
                raise ValueError
            arguments = tool_arguments(raw)
        except ValueError:
            invalid.append({"id": call_id, "name": name, "arguments": raw if function else entry})
            continue
        extra = _rest(call, _OF_A_CALL)
        if more := _rest(function, _OF_A_FUNCTION):
            extra["function"] = more
        calls.append(ToolCall(tool_name=name, arguments=arguments, id=call_id, extra=extra or None))
    if invalid:
        meta["invalid_tool_calls"] = invalid
    return calls


def _rest(fields: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The fields of a call that have no place of their own."""
    if known.issuperset(fields):
        return {}
    return {name: value for name, value in fields.items() if name not in known and value is not None}


def _call_id(generation_id: str, number: int) -> str:
    """Make an id for a call without one of its own, within OpenAI's limit of 40 characters."""
    return "call_" + hashlib.sha256(f"{generation_id}/{number}".encode(errors="surrogatepass")).hexdigest()[:24]


def _images(message: dict[str, Any], meta: dict[str, Any]) -> list[ImageContent | FileContent]:
    """Read the images with data. What is no image, such as a web page, is a file."""
    images: list[ImageContent | FileContent] = []
    linked = []
    for entry in [*filter(_is_image, listed(message.get("content"))), *listed(message.get("images"))]:
        fields = mapping(entry)
        target = fields.get("image_url")
        split = split_data_url(mapping(target).get("url", target))
        if split is None or not split[1]:
            linked.append(entry)
            continue
        extra = {name: value for name, value in fields.items() if name not in ("type", "image_url")}
        media_type = true_type(split[0], first_bytes(split[1]))
        if media_type is None or media_type.startswith("image/"):
            images.append(ImageContent(base64_image=split[1], mime_type=media_type, meta=extra, validation=False))
        else:
            images.append(FileContent(base64_data=split[1], mime_type=media_type, extra=extra, validation=False))
    if linked:
        meta["images"] = linked
    return images


def _audio(message: dict[str, Any], meta: dict[str, Any], requested_format: str | None) -> list[FileContent]:
    sent = message.get("audio")
    if not sent:
        return []
    audio = sent if isinstance(sent, dict) else {"value": sent}
    meta["audio"] = {name: value for name, value in audio.items() if name != "data"}
    data, word = string(audio.get("data")), string(audio.get("format"))
    if not data:
        return []
    names = [name.lower() for name in (requested_format or "", word, "wav") if name.isascii() and name.isalnum()]
    said = sound_type(names[0])
    media_type = true_type(said, first_bytes(data))
    name = names[0] if media_type == said else sound_format(media_type)
    filename = f"audio.{name}" if name and is_sound(media_type) else None
    return [FileContent(base64_data=data, mime_type=media_type, filename=filename, validation=False)]


def _names(calls: list[dict[str, Any]]) -> str:
    return ", ".join(f"{call['name']!r:.100}" for call in calls)


def _is_blank(arguments: object) -> bool:
    return arguments is None or (isinstance(arguments, str) and not arguments.strip())


def _is_image(part: object) -> bool:
    return mapping(part).get("type") == "image_url"
