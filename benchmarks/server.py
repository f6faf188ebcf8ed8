# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
A server process that sends bytes baked beforehand, so that what is measured is the client.

The model's name says what to send: `text/5000`, `tool_arguments/5000` and `reasoning/5000` are streams of that many
chunks, `text_apart/5000` has each event in a piece of its own, `failure/web page/10` is a failure whose body has 10 MB
(`hostile.py`), `reply/200 tool calls` is one of `REPLIES`, `paced/100` is a stream of so many chunks, one now and then,
`agent/50` calls a tool until the fiftieth reply, and anything else is a plain completion. The fields of a request tell
whether it is for another endpoint: `input` gets a vector of 1,536 floats for each string in it, after 100 ms if the
model is `later`; `prompt` gets an image, `query` a ranking, `input_audio` a transcript, and GET a list of models.
`python benchmarks/server.py` prints its port and serves until killed.
"""

import asyncio
import json
import random
import struct
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hostile import FAILURES

KINDS = ("text", "text_apart", "tool_arguments", "reasoning")

# Seconds until a slow response, and the length of a vector.
LATER = 0.1
DIMENSIONS = 1536

# The largest TLS record: how the bytes of a stream usually arrive when the client is the slower side.
_PIECE = 16_384
_TOP = {
    "id": "gen-1766000000-a1b2c3d4e5f6a7b8c9d0",
    "provider": "OpenAI",
    "model": "openai/gpt-4o-mini",
    "created": 1766000000,
    "system_fingerprint": None,
}
_USAGE = {
    "prompt_tokens": 14,
    "completion_tokens": 100,
    "total_tokens": 114,
    "cost": 0.00006,
    "is_byok": False,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "cost_details": {"upstream_inference_cost": None},
    "completion_tokens_details": {"reasoning_tokens": 0, "image_tokens": 0},
}


@contextmanager
def running_server() -> Iterator[int]:
    """
    Run the server in a process of its own, and give its port.
    """
    with subprocess.Popen([sys.executable, str(Path(__file__))], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


class Connection(asyncio.Protocol):
    """
    One connection of a client, which may send many requests one after the other.
    """

    def __init__(self) -> None:
        self._received = bytearray()
        self._needed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) < self._needed or b"\r\n\r\n" not in self._received:
            return
        head, _, body = bytes(self._received).partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        self._needed = len(head) + 4 + length
        if len(body) >= length:
            self._received, self._needed = bytearray(body[length:]), 0
            if head.startswith(b"GET"):
                self._transport.write(models())
                return
            request = json.loads(body[:length])
            if "input_audio" in request:
                self._transport.write(_json({"text": "Hello", "usage": _USAGE}))
            elif "query" in request:
                self._transport.write(ranking(len(request["documents"])))
            elif "prompt" in request:
                self._transport.write(images(int(request["model"].partition("/")[2])))
            elif "input" in request:
                wait = LATER if request["model"] == "later" else 0.0
                response = embeddings(len(request["input"]), request.get("encoding_format", "float"))
                asyncio.get_running_loop().call_later(wait, self._transport.write, response)
            elif request["model"].startswith("agent/"):
                steps = sum(message["role"] == "assistant" for message in request["messages"])
                is_last = steps + 1 >= int(request["model"].partition("/")[2])
                self._transport.write(answer("plain" if is_last else "reply/one tool call"))
            elif request["model"].startswith("paced/"):
                self._write_paced(int(request["model"].partition("/")[2]))
            else:
                self._transport.write(answer(request["model"]))

    def _write_paced(self, count: int) -> None:
        """
        Send a chunk every 50 to 150 ms, with the time at which it is written.
        """
        loop, pace = asyncio.get_running_loop(), random.Random()
        self._transport.write(_head("text/event-stream", "Transfer-Encoding: chunked"))

        def write_next(left: int) -> None:
            if left:
                text = f"{time.monotonic() * 1e6:.0f}"
                piece = _event({"delta": {"role": "assistant", "content": text}, "finish_reason": None})
                loop.call_later(pace.uniform(0.05, 0.15), write_next, left - 1)
            else:
                last = {"delta": {"role": "assistant", "content": ""}, "finish_reason": "stop"}
                piece = _event(last, usage=_USAGE) + b"data: [DONE]\n\n"
            self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) + (b"" if left else b"0\r\n\r\n"))

        write_next(count)


@cache
def embeddings(count: int, encoding_format: str) -> bytes:
    numbers = random.Random(count)
    vectors: list[Any] = [[numbers.gauss(0, 0.03) for _ in range(DIMENSIONS)] for _ in range(count)]
    if encoding_format == "base64":
        vectors = [b64encode(struct.pack(f"<{DIMENSIONS}f", *vector)).decode() for vector in vectors]
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"prompt_tokens": count * 100, "total_tokens": count * 100, "cost": 0.0001}
    return _json({"object": "list", "data": data, "model": _TOP["model"], "usage": usage})


@cache
def ranking(count: int) -> bytes:
    numbers = random.Random(count)
    order = numbers.sample(range(count), count)
    results = [{"index": index, "relevance_score": numbers.random(), "document": {"text": ""}} for index in order]
    return _json({"id": _TOP["id"], "provider": "Cohere", "model": "rerank", "results": results, "usage": _USAGE})


@cache
def models() -> bytes:
    """
    As many models as OpenRouter had in August 2026, of the same size.
    """
    prices = dict.fromkeys(("prompt", "completion", "input_cache_read", "web_search"), "0.0000025")
    parameters = [f"parameter_{number}" for number in range(20)]
    common = {
        "description": "All the words of a description, of which there are some. " * 18,
        "context_length": 262_144,
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"], "tokenizer": "GPT"},
        "pricing": prices,
        "top_provider": {"context_length": 262_144, "max_completion_tokens": 16_384, "is_moderated": False},
        "supported_parameters": parameters,
        "default_parameters": {"temperature": 1, "top_p": None},
    }
    return _json({"data": [{"id": f"author/model-{n}", "name": f"Author: Model {n}", **common} for n in range(413)]})


@cache
def images(size: int) -> bytes:
    """
    An image whose base64 has so many characters.
    """
    data = b64encode(PNG + random.Random(1).randbytes(size * 3 // 4)).decode()
    return _json({"created": 0, "data": [{"b64_json": data, "media_type": "image/png"}], "usage": _USAGE})


@cache
def answer(model: str) -> bytes:
    kind, _, count = model.partition("/")
    if kind == "failure":
        name, _, megabytes = count.partition("/")
        content_type, status, body = FAILURES[name](int(float(megabytes) * 1e6))
        return _head(content_type, f"Content-Length: {len(body)}", status) + body
    if kind not in KINDS:
        return _json(_completion(**(REPLIES[count]() if kind == "reply" else {})))
    pieces = list(_events(kind.removesuffix("_apart"), int(count)))
    if not kind.endswith("_apart"):
        body = b"".join(pieces)
        pieces = [body[start : start + _PIECE] for start in range(0, len(body), _PIECE)]
    chunked = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    return _head("text/event-stream", "Transfer-Encoding: chunked") + chunked


def _json(value: dict[str, Any]) -> bytes:
    body = json.dumps(value).encode()
    return _head("application/json", f"Content-Length: {len(body)}") + body


def _head(content_type: str, framing: str, status: int = 200) -> bytes:
    return f"HTTP/1.1 {status} OK\r\nContent-Type: {content_type}\r\n{framing}\r\n\r\n".encode()


def _events(kind: str, count: int) -> Iterator[bytes]:
    """
    `count` events with a payload, and one with the finish reason and the usage.
    """
    yield b": OPENROUTER PROCESSING\n\n"
    for number in range(count):
        delta = _delta(kind, number, last=number == count - 1)
        yield _event({"delta": delta, "finish_reason": None, "native_finish_reason": None})
    last = {"role": "assistant", "content": ""}
    yield _event({"delta": last, "finish_reason": "stop", "native_finish_reason": "stop"}, usage=_USAGE)
    yield b"data: [DONE]\n\n"


def _event(choice: dict[str, Any], **more: Any) -> bytes:
    choices = [{"index": 0, **choice, "logprobs": None}]
    event = {**_TOP, "object": "chat.completion.chunk", "choices": choices, **more}
    return b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n"


def _delta(kind: str, number: int, *, last: bool) -> dict[str, Any]:
    piece = f" word{number % 10}"
    if kind == "text":
        return {"role": "assistant", "content": piece}
    if kind == "reasoning":
        detail = {"type": "reasoning.text", "text": piece, "format": "anthropic-claude-v1", "index": 0}
        return {"role": "assistant", "content": "", "reasoning": piece, "reasoning_details": [detail]}
    if number == 0:
        first = {"name": "look_up", "arguments": '{"text":"'}
        call = {"index": 0, "id": "call_a1b2c3d4", "type": "function", "function": first}
    else:
        call = {"index": 0, "type": "function", "function": {"arguments": '"}' if last else piece}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _tool_calls(count: int) -> dict[str, Any]:
    arguments = json.dumps({"text": "word " * 10, "page": 1})
    functions = [{"name": f"look_up_{number % 20}", "arguments": arguments} for number in range(count)]
    calls = [{"id": f"call_{n}", "index": n, "type": "function", "function": f} for n, f in enumerate(functions)]
    return {"message": {"content": None, "tool_calls": calls}}


def _logprobs() -> dict[str, Any]:
    token = {"token": " word", "logprob": -0.25, "bytes": [32, 119, 111, 114, 100]}
    return {"logprobs": {"content": [{**token, "top_logprobs": [token] * 5}] * 1000, "refusal": None}}


def _images(megabytes: int) -> dict[str, Any]:
    size = megabytes * 250_000  # of each of three; base64 is a third longer
    url = f"data:image/png;base64,{b64encode(PNG + random.Random(1).randbytes(size)).decode()}"
    images = [{"type": "image_url", "index": index, "image_url": {"url": url}} for index in range(3)]
    return {"message": {"images": images}}


PNG = b"\x89PNG\r\n\x1a\n"
REPLIES = {
    "100 KB of text": lambda: {"message": {"content": "word " * 20_000}},
    "1,000 logprobs": _logprobs,
    "200 tool calls": lambda: _tool_calls(200),
    "one tool call": lambda: _tool_calls(1),
    "5 MB of images": lambda: _images(5),
    "20 MB of images": lambda: _images(20),
}


def _completion(message: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "word " * 100, "refusal": None, "reasoning": None, **(message or {})}
    choice = {"index": 0, "finish_reason": "stop", "native_finish_reason": "stop", "logprobs": None, "message": message}
    choice |= fields
    return {**_TOP, "object": "chat.completion", "choices": [choice], "usage": _USAGE}


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
