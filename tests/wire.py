# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Replies in OpenRouter's shape, for scripts of the stand-in, and what becomes of them."""

import copy
import itertools
import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from haystack.dataclasses import ChatMessage, StreamingChunk
from stand_in import Answer

from haystack_integrations.components.generators.openrouter.chat._stream.chunks import StreamedReply

Json = dict[str, Any]

SOON = {"retry-after": "0.01"}

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


def event_bytes(*deltas: Any, finish_reason: str | None = None) -> bytes:
    sent = [event(delta) for delta in deltas] + ([event({}, finish_reason)] if finish_reason else [])
    return b"".join(Answer.sse([one], done=False, comments=0).body[0] for one in sent)


def error_body(code: Any = 429, message: str = "Provider returned error", **metadata: Any) -> Json:
    metadata = {"provider_name": "DeepInfra", "headers": {"Retry-After": "0.01"}, **metadata}
    return {"error": {"code": code, "message": message, "metadata": metadata}, "user_id": "user_2wT5ElBE4Es3R4QrNLp"}


def answer(mode: Any, message: Json, *deltas: Json, finish_reason: str = "stop", **more: Any) -> Answer:
    """
    The same reply for either kind of run: `message` whole, or as these deltas (one, if none are given).
    """
    if not mode.streams:
        return Answer.json(completion(message, finish_reason, **more))
    return Answer.sse(events(*(deltas or (message,)), finish_reason=finish_reason, **more))


def embedding(index: Any, *numbers: Any) -> Json:
    return {"object": "embedding", "index": index, "embedding": list(numbers)}


def embeddings(*data: Any, **more: Any) -> Answer:
    return Answer.json({"object": "list", "data": list(data), "model": "test/dated", "usage": {}, **more})


def scored(index: Any, score: Any) -> Json:
    return {"index": index, "relevance_score": score, "document": {"text": "x"}}


def ranking(*results: Any, **more: Any) -> Answer:
    return Answer.json({"id": "gen-1", "model": "test/dated", "provider": "Cohere", "results": list(results), **more})


def decided(usage: Any = None, **answers: Any) -> Answer:
    usage = {"input_tokens": 20, "output_tokens": 0, "cost": 0.0000008} if usage is None else usage
    top = {"id": "gen-1", "model": "test/dated", "provider": "TypeSafe"}
    return Answer.json({**top, "answers": answers, "usage": usage})


def choice(label: Any, confidence: Any = 0.9, **more: Any) -> Json:
    return {"type": "choice", "choice": label, "probabilities": {label: 0.97}, "confidence": confidence, **more}


def call(name: str, arguments: Any, call_id: str | None = "call_1", **more: Any) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def pieces(text: str, cuts: list[int]) -> list[str]:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in itertools.pairwise(places)]


def comparable(reply: ChatMessage) -> dict[str, Any]:
    """
    A reply as JSON, without what differs from run to run.
    """
    data: dict[str, Any] = json.loads(json.dumps(reply.to_dict()))
    data["meta"].pop("completion_start_time", None)
    return data


def folded(sent: list[dict[str, Any]]) -> tuple[ChatMessage, list[StreamingChunk]]:
    """
    The reply and the chunks of a stream, without a server.
    """
    reply = StreamedReply()
    chunks = [chunk for one in sent for chunk in reply.chunks(one)]
    return reply.message(), chunks


def chunk_list(chunks: list[StreamingChunk]) -> list[dict[str, Any]]:
    return [{**c.to_dict(), "meta": {k: v for k, v in c.meta.items() if k != "received_at"}} for c in chunks]


DETAIL = {"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1"}
DELTAS = (
    {"reasoning": "Grüße\u2028 ", "reasoning_details": [{**DETAIL, "text": "Grüße\u2028 "}]},
    {"reasoning_details": [{**DETAIL, "signature": "s=="}]},
    {"content": "Hello 🌍\u0085"},
    {"content": "\r\n world"},
    {"tool_calls": [call("weather", '{"city":', index=0)]},
    {"tool_calls": [{"index": 0, "function": {"arguments": ' "Zürich"}'}}]},
)
BYTES = b"".join(
    b": OPENROUTER PROCESSING\n\n" + b"data: " + json.dumps(one, ensure_ascii=False).encode() + b"\r\n\r\n"
    for one in events(*DELTAS)
)


class Proxy:
    """What an observability tool makes of a stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.seen = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        for chunk in self._stream:
            self.seen += 1
            yield chunk

    async def __aiter__(self) -> Any:
        async for chunk in self._stream:
            self.seen += 1
            yield chunk


def with_streams(monkeypatch: pytest.MonkeyPatch, mode: Any, wrap: Callable[[Any], Any]) -> None:
    """
    Hand out the SDK's streams through `wrap`, as a tool that patches the SDK does.
    """
    kind = openai.resources.chat.AsyncCompletions if mode.is_async else openai.resources.chat.Completions
    create = kind.create

    async def create_async(*args: Any, **kwargs: Any) -> Any:
        return wrap(await create(*args, **kwargs))

    monkeypatch.setattr(kind, "create", create_async if mode.is_async else lambda *a, **k: wrap(create(*a, **k)))


def proxied(monkeypatch: pytest.MonkeyPatch, mode: Any) -> list[Proxy]:
    """
    Hand out proxies in place of the SDK's streams, and collect them.
    """
    proxies: list[Proxy] = []
    with_streams(monkeypatch, mode, lambda stream: proxies.append(Proxy(stream)) or proxies[-1])
    return proxies
