# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Replies in OpenRouter's shape, for scripts of the stand-in, and what becomes of them."""

import copy
from typing import Any

from haystack.dataclasses import ChatMessage, StreamingChunk
from stand_in import Answer

from haystack_integrations.components.generators.openrouter.chat.stream.chunks import StreamedReply

Json = dict[str, Any]

USAGE = {
    "prompt_tokens": 7,
    "completion_tokens": 5,
    "total_tokens": 12,
    "cost": 0.00012,
    "is_byok": False,
    "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": 0},
    "cost_details": {"upstream_inference_cost": None},
}
TOP = {"id": "gen-1", "provider": "Groq", "model": "test/model-2026", "created": 1760000000}


def completion(message: Json, finish_reason: str | None = "stop", **more: Any) -> Json:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}
    choice |= {"native_finish_reason": finish_reason, "logprobs": None, **more.pop("choice", {})}
    return {**copy.deepcopy(TOP), "object": "chat.completion", "choices": [choice], "usage": dict(USAGE), **more}


def event(delta: Json, finish_reason: str | None = None, **more: Any) -> Json:
    choice = {"index": 0, "delta": {"role": "assistant", "content": "", **delta}, "finish_reason": finish_reason}
    choice |= {"native_finish_reason": finish_reason, "logprobs": None, **more.pop("choice", {})}
    return {**TOP, "object": "chat.completion.chunk", "choices": [choice], **more}


def events(*deltas: Json, finish_reason: str = "stop", **more: Any) -> list[Any]:
    """
    A whole stream: the deltas, a finish event, and the usage with an empty delta.
    """
    parts = [event(delta) for delta in deltas]
    return [*parts, event({}, finish_reason, **more), event({}, usage=dict(USAGE))]


def answer(mode: Any, message: Json, *deltas: Json, finish_reason: str = "stop", **more: Any) -> Answer:
    """
    The same reply for either kind of run: `message` whole, or as these deltas (one, if none are given).
    """
    if not mode.streams:
        return Answer.json(completion(message, finish_reason, **more))
    return Answer.sse(events(*(deltas or (message,)), finish_reason=finish_reason, **more))


def call(name: str, arguments: Any, call_id: str | None = "call_1", **more: Any) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def comparable(reply: ChatMessage) -> dict[str, Any]:
    """
    A reply without what differs from run to run.
    """
    data = reply.to_dict()
    data["meta"].pop("completion_start_time", None)
    return data


def folded(sent: list[dict[str, Any]]) -> tuple[ChatMessage, list[StreamingChunk]]:
    """
    The reply and the chunks of a stream, without a server.
    """
    reply = StreamedReply()
    chunks = [chunk for one in sent for chunk in reply.chunks(one)]
    return reply.message(), chunks
