# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""The message of a chat reply: text, a tool call, reasoning, images, audio and annotations."""

import base64
import hashlib
import json
import re
from collections import Counter

from stand_in.files import mp3, pcm, wav, words_in
from stand_in.request import Json
from stand_in.schema import instance_of, object_for
from stand_in.sight import decoded
from stand_in.words import words_of

INTRODUCTION = "This is the stand-in, not a model."
THOUGHT = "The stand-in does not think; it only repeats what it was told."
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
PART_NAMES = {"image_url": "image", "input_audio": "audio", "file": "file", "video_url": "video"}


def message_for(body: Json, number: int) -> Json:
    """
    Reply to a conversation.

    :param body: The decoded body of a chat request.
    :param number: Makes the ids in the message unique.
    :returns: The message of an assistant.
    """
    message: Json = {"role": "assistant", "content": None, "refusal": None, "reasoning": None, **_thoughts(body)}
    modalities = body.get("modalities") or []
    if call := _tool_call(body, number):
        message["tool_calls"] = [call]
    elif "audio" in modalities:
        message["audio"] = _audio(_content(body), number, (body.get("audio") or {}).get("format"))
    else:
        message["content"] = _content(body)
    if "image" in modalities:
        message["images"] = [{"type": "image_url", "image_url": {"url": PIXEL}}]
    if annotations := _annotations(body, message["content"] or ""):
        message["annotations"] = annotations
    return message


def searches(body: Json) -> bool:
    """
    Tell whether a request has OpenRouter's web search among its tools.

    :param body: The decoded body of a chat request.
    :returns: True if it has.
    """
    return any(tool.get("type") == "openrouter:web_search" for tool in body.get("tools") or [])


def parts_of(message: Json) -> list[Json]:
    """
    List the content parts of a message. A string counts as one part.

    :param message: A message of the request.
    :returns: The parts, in order.
    """
    content = message.get("content") or []
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def text_of(message: Json) -> str:
    """
    Join the text parts of a message.

    :param message: A message of the request.
    :returns: The text, which may be empty.
    """
    return " ".join(part.get("text") or "" for part in parts_of(message) if part.get("type") == "text")


def _content(body: Json) -> str:
    messages = body["messages"]
    results = [text_of(message) for message in _steps(messages) if message["role"] == "tool"]
    user = _last_user(messages)
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return json.dumps(instance_of(wanted["json_schema"].get("schema") or {}, text_of(user)))
    counts = Counter(PART_NAMES.get(str(part.get("type")), "") for part in parts_of(user))
    extras = ", ".join(f"{n} {name}{'s' if n > 1 else ''}" for name, n in counts.items() if name)
    told = f"The tools said: {' | '.join(results)}" if results else _read(user) or _echo(text_of(user))
    answer = f"{INTRODUCTION} {told}{f' [{extras}]' if extras else ''}"
    if wanted.get("type") != "json_object":
        return answer
    prompts = [message for message in messages if message["role"] in ("system", "developer")]
    return json.dumps(object_for("\n".join(map(text_of, [*prompts, user])), answer))


def _read(message: Json) -> str:
    """
    Quote what is written in the images of a message, if anything is.
    """
    urls = [part["image_url"]["url"] for part in parts_of(message) if part.get("type") == "image_url"]
    words = [found for url in urls if (found := words_in(decoded(url)))]
    return f"The image says: {' | '.join(words)}" if words else ""


def _echo(text: str) -> str:
    """
    Repeat what the user said: of a prompt with numbered documents the first one, cited.
    """
    document = re.search(r"^\[1\] (.+)$", text, re.M)
    return f"The documents say: {document[1]} [1]" if document else f"You said: {text[:200]}"


def _last_user(messages: list[Json]) -> Json:
    return next((message for message in reversed(messages) if message["role"] == "user"), {})


def _steps(messages: list[Json]) -> list[Json]:
    """
    The tool calls and results since the last answer, if a result is the last message.
    """
    start = len(messages) if messages[-1]["role"] != "tool" else 0
    for number, message in enumerate(messages):
        if message["role"] == "assistant" and not message.get("tool_calls"):
            start = max(start, number + 1)
    return messages[start:]


def _thoughts(body: Json) -> Json:
    wanted = body.get("reasoning") or {"effort": body.get("reasoning_effort") or "none"}
    if wanted.get("effort") == "none" or wanted.get("enabled") is False or wanted.get("exclude"):
        return {}
    detail = {"type": "reasoning.text", "text": THOUGHT, "signature": "stand-in-signature"}
    return {"reasoning": THOUGHT, "reasoning_details": [{**detail, "format": "anthropic-claude-v1", "index": 0}]}


def _tool_call(body: Json, number: int) -> Json | None:
    messages, choice = body["messages"], body.get("tool_choice")
    functions = [tool["function"] for tool in body.get("tools") or [] if tool.get("type") == "function"]
    if isinstance(choice, dict) and choice.get("function"):
        functions = [function for function in functions if function["name"] == choice["function"]["name"]]
    called = {call["function"]["name"] for message in _steps(messages) for call in message.get("tool_calls") or []}
    functions = [function for function in functions if function["name"] not in called]
    if not functions or choice == "none":
        return None
    text = text_of(_last_user(messages))
    said = set(words_of(text))

    def likeness(function: Json) -> int:
        named = function["name"].lower() in text.lower()
        words = words_of(f"{function['name']} {function.get('description') or ''}")
        return 100 * named + len(said.intersection(words))

    function = max(functions, key=likeness)
    arguments = json.dumps(instance_of(function.get("parameters") or {"type": "object"}, text))
    call = {"name": function["name"], "arguments": arguments}
    return {"index": 0, "id": f"call_standin_{number}", "type": "function", "function": call}


def _audio(transcript: str, number: int, audio_format: str | None) -> Json:
    make = {"mp3": mp3, "wav": wav}.get(audio_format or "")
    data = base64.b64encode(make(transcript, 0.1) if make else pcm(0.1)).decode()
    return {"id": f"audio_standin_{number}", "data": data, "transcript": transcript, "expires_at": 4102444800}


def _annotations(body: Json, text: str) -> list[Json]:
    notes = []
    plugins = [plugin.get("id") for plugin in body.get("plugins") or []]
    if "web" in plugins or searches(body) or str(body.get("model")).endswith(":online"):
        for number in (1, 2):
            page = {"url": f"https://example.com/stand-in-{number}", "title": f"Page {number}"}
            citation = {**page, "content": f"Stand-in text {number}.", "start_index": 0, "end_index": len(text)}
            notes.append({"type": "url_citation", "url_citation": citation})
    for part in parts_of(_last_user(body["messages"])):
        if part.get("type") == "file":
            name, data = part["file"].get("filename") or "file", part["file"].get("file_data") or ""
            content = [{"type": "text", "text": f"The stand-in read {name}."}]
            file = {"hash": hashlib.sha256(data.encode()).hexdigest(), "name": name, "content": content}
            notes.append({"type": "file", "file": file})
    return notes
