# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""What the stand-in answers: plain functions from a request body to a reply in OpenRouter's shape."""

import base64
import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from stand_in_schema import instance_of
from stand_in_search import words_of

Json = dict[str, Any]

DOLLARS_PER_TOKEN = 1e-6
INTRODUCTION = "This is the stand-in, not a model."
THOUGHT = "The stand-in does not think; it only repeats what it was told."
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
PART_NAMES = {"image_url": "image", "input_audio": "audio", "file": "file", "video_url": "video"}


def complaint(request: Json) -> str | None:
    """
    Say what is wrong with the messages of a chat request.

    :param request: The decoded request body.
    :returns: A sentence, or None when they can be answered.
    """
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        return "Stand-in: messages must be a list with at least one message"
    if not all(isinstance(message, dict) and message.get("role") for message in messages):
        return "Stand-in: every message needs a role"
    return None


def model_of(request: Json) -> str:
    """
    Choose the model as OpenRouter does: the first of `model` and the fallbacks in `models` that does not fail.

    :param request: The decoded request body.
    :returns: The name that the reply reports.
    """
    names = [name for name in (request.get("model"), *(request.get("models") or [])) if name] or ["openrouter/auto"]
    name = next((name for name in names if not name.startswith("stand-in/error-")), names[0])
    return "stand-in/auto-choice" if name == "openrouter/auto" else str(name)


def complete(request: Json, number: int, cached: set[str]) -> Json:
    """
    Answer a chat request.

    :param request: The decoded request body.
    :param number: Makes the ids in the reply unique.
    :param cached: Hashes of the texts that were marked with `cache_control` so far. New ones are added.
    :returns: A whole completion.
    """
    message: Json = {"role": "assistant", "content": None, "refusal": None, "reasoning": None, **_thoughts(request)}
    modalities = request.get("modalities") or []
    if call := _tool_call(request, number):
        message["tool_calls"] = [call]
    elif "audio" in modalities:
        message["audio"] = _audio(_content(request), number)
    else:
        message["content"] = _content(request)
    if "image" in modalities:
        message["images"] = [{"type": "image_url", "image_url": {"url": PIXEL}}]
    if annotations := _annotations(request, message["content"] or ""):
        message["annotations"] = annotations
    finish = {"finish_reason": "tool_calls" if call else "stop", "native_finish_reason": "tool_use" if call else "stop"}
    return {
        "id": f"gen-standin-{number}",
        "provider": "Stand-in",
        "model": model_of(request),
        "object": "chat.completion",
        "created": int(time.time()),
        "system_fingerprint": None,
        "choices": [{"index": 0, "message": message, **finish, "logprobs": None}],
        "usage": _usage(request, message, cached),
    }


def stream_events(completion: Json) -> list[Json]:
    """
    Cut a completion into the events of a stream: text by the word, then a finish event, then the usage.

    :param completion: What `complete` returned.
    :returns: The events, in order.
    """
    choice = completion["choices"][0]
    finish = {"finish_reason": choice["finish_reason"], "native_finish_reason": choice["native_finish_reason"]}
    usage = {**_event(completion, {}), "usage": completion["usage"]}
    deltas = [_event(completion, delta) for delta in _deltas(choice["message"])]
    return [*deltas, _event(completion, {}, finish), usage]


def error_event(completion: Json) -> Json:
    """
    Make the event with which OpenRouter reports a failure inside a stream.

    :param completion: The completion that was being streamed.
    :returns: An event with a top-level `error`.
    """
    metadata = {"provider_name": "Stand-in", "raw": "The stand-in fails here because the model's name asks for it."}
    error = {"code": 502, "message": "Provider disconnected", "metadata": metadata}
    finish = {"finish_reason": "error", "native_finish_reason": "error"}
    return {**_event(completion, {}, finish), "error": error}


def models() -> Json:
    """
    List a few names that the stand-in knows. It answers to any other name too.

    :returns: The reply of `/models`.
    """
    names = ("auto-choice", "slow", "cut-stream", "error-in-stream", "error-429", "error-502-in-200")
    price = {"prompt": f"{DOLLARS_PER_TOKEN:f}", "completion": f"{DOLLARS_PER_TOKEN:f}"}
    return {"data": [{"id": f"stand-in/{name}", "name": f"Stand-in: {name}", "pricing": price} for name in names]}


def _content(request: Json) -> str:
    messages = request["messages"]
    results = [_text(message) for message in messages[_first_result(messages) :]]
    user = _last_user(messages)
    wanted = request.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        schema = wanted["json_schema"].get("schema") or {}
        return json.dumps(instance_of(schema, _names(_text(user))))
    counts = Counter(PART_NAMES.get(part.get("type"), "") for part in _parts(user))
    extras = ", ".join(f"{n} {name}{'s' if n > 1 else ''}" for name, n in counts.items() if name)
    told = f"The tools said: {' | '.join(results)}" if results else _echo(_text(user))
    answer = f"{INTRODUCTION} {told}{f' [{extras}]' if extras else ''}"
    return json.dumps({"answer": answer}) if wanted.get("type") == "json_object" else answer


def _echo(text: str) -> str:
    """
    Repeat what the user said: of a prompt with numbered documents the first one, cited.
    """
    document = re.search(r"^\[1\] (.+)$", text, re.M)
    return f"The documents say: {document[1]} [1]" if document else f"You said: {text[:200]}"


def _parts(message: Json) -> list[Json]:
    content = message.get("content") or []
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(message: Json) -> str:
    return " ".join(part.get("text") or "" for part in _parts(message) if part.get("type") == "text")


def _last_user(messages: list[Json]) -> Json:
    return next((message for message in reversed(messages) if message["role"] == "user"), {})


def _first_result(messages: list[Json]) -> int:
    start = len(messages)
    while start and messages[start - 1]["role"] == "tool":
        start -= 1
    return start


def _thoughts(request: Json) -> Json:
    wanted = request.get("reasoning") or {"effort": request.get("reasoning_effort") or "none"}
    if wanted.get("effort") == "none" or wanted.get("enabled") is False or wanted.get("exclude"):
        return {}
    detail = {"type": "reasoning.text", "text": THOUGHT, "signature": "stand-in-signature"}
    return {"reasoning": THOUGHT, "reasoning_details": [{**detail, "format": "anthropic-claude-v1", "index": 0}]}


def _tool_call(request: Json, number: int) -> Json | None:
    messages, choice = request["messages"], request.get("tool_choice")
    functions = [tool["function"] for tool in request.get("tools") or [] if tool.get("type") == "function"]
    if isinstance(choice, dict) and choice.get("function"):
        functions = [function for function in functions if function["name"] == choice["function"]["name"]]
    if not functions or choice == "none" or messages[-1]["role"] == "tool":
        return None
    text = _text(_last_user(messages))
    said = set(words_of(text))

    def likeness(function: Json) -> int:
        named = function["name"].lower() in text.lower()
        words = words_of(f"{function['name']} {function.get('description') or ''}")
        return 100 * named + len(said.intersection(words))

    function = max(functions, key=likeness)
    schema = function.get("parameters") or {"type": "object"}
    arguments = json.dumps(instance_of(schema, _names(text)))
    call = {"name": function["name"], "arguments": arguments}
    return {"index": 0, "id": f"call_standin_{number}", "type": "function", "function": call}


def _names(text: str) -> list[str]:
    """
    Capitalised words that do not begin the text: good arguments for a tool.
    """
    return re.findall(r"(?<=\s)[A-Z][\w-]*", text)


def _audio(transcript: str, number: int) -> Json:
    data = base64.b64encode(b"stand-in audio").decode()
    return {"id": f"audio_standin_{number}", "data": data, "transcript": transcript, "expires_at": 4102444800}


def _annotations(request: Json, text: str) -> list[Json]:
    notes = []
    plugins = [plugin.get("id") for plugin in request.get("plugins") or []]
    if "web" in plugins or _searches(request) or str(request.get("model")).endswith(":online"):
        for number in (1, 2):
            citation = {"url": f"https://example.com/stand-in-{number}", "title": f"Page {number}"}
            citation |= {
                "content": f"Stand-in text {number}.",
                "start_index": 0,
                "end_index": len(text),
            }
            notes.append({"type": "url_citation", "url_citation": citation})
    for part in _parts(_last_user(request["messages"])):
        if part.get("type") == "file":
            name, data = part["file"].get("filename") or "file", part["file"].get("file_data") or ""
            content = [{"type": "text", "text": f"The stand-in read {name}."}]
            file = {"hash": hashlib.sha256(data.encode()).hexdigest(), "name": name, "content": content}
            notes.append({"type": "file", "file": file})
    return notes


def _searches(request: Json) -> bool:
    return any(tool.get("type") == "openrouter:web_search" for tool in request.get("tools") or [])


def _usage(request: Json, message: Json, cached: set[str]) -> Json:
    marked = [
        part.get("text") or "" for sent in request["messages"] for part in _parts(sent) if "cache_control" in part
    ]
    reused = sum(len(text.split()) for text in marked if text in cached)
    written = sum(len(text.split()) for text in marked if text not in cached)
    cached.update(marked)
    prompt = sum(len(_text(sent).split()) + len(_parts(sent)) for sent in request["messages"])
    reasoning = len((message.get("reasoning") or "").split())
    completion = reasoning + len(json.dumps([message["content"], message.get("tool_calls")]).split())
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cost": round((prompt - 0.9 * reused + completion) * DOLLARS_PER_TOKEN, 9),
        "is_byok": False,
        "prompt_tokens_details": {"cached_tokens": reused, "cache_write_tokens": written, "audio_tokens": 0},
        "cost_details": {"upstream_inference_cost": None},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
    return {**usage, "server_tool_use_details": {"web_search_requests": 1}} if _searches(request) else usage


def _event(completion: Json, delta: Json, finish: Json | None = None) -> Json:
    top = {key: completion[key] for key in ("id", "provider", "model", "created")}
    choice = {"index": 0, "delta": {"role": "assistant", "content": "", **delta}, "finish_reason": None}
    choice |= {"native_finish_reason": None, "logprobs": None, **(finish or {})}
    return {**top, "object": "chat.completion.chunk", "choices": [choice]}


def _deltas(message: Json) -> Iterator[Json]:
    for detail in message.get("reasoning_details") or []:
        start = {key: value for key, value in detail.items() if key not in ("text", "signature")}
        for piece in _pieces(detail["text"]):
            yield {"reasoning": piece, "reasoning_details": [{**start, "text": piece}]}
        yield {"reasoning_details": [{**start, "signature": detail["signature"]}]}
    for note in message.get("annotations") or []:
        yield {"annotations": [note]}
    for piece in _pieces(message["content"] or ""):
        yield {"content": piece}
    for call in message.get("tool_calls") or []:
        yield {"content": None, "tool_calls": [{**call, "function": {**call["function"], "arguments": ""}}]}
        for piece in _pieces(call["function"]["arguments"]):
            yield {"content": None, "tool_calls": [{"index": call["index"], "function": {"arguments": piece}}]}
    if audio := message.get("audio"):
        for piece in _pieces(audio["transcript"]):
            yield {"content": None, "audio": {"id": audio["id"], "transcript": piece}}
        yield {"content": None, "audio": {"data": audio["data"], "expires_at": audio["expires_at"]}}
    if images := message.get("images"):
        yield {"images": images}


def _pieces(text: str) -> list[str]:
    return re.findall(r"\S+\s*|\s+", text)
