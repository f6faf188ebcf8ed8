# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""How a chat completion is streamed."""

import re
from collections.abc import Iterator

from stand_in.request import Json


def stream_events(completion: Json) -> list[Json]:
    """
    Split a completion into the events of a stream: the message word by word, then a finish event, then the usage.

    :param completion: A whole completion.
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
