# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Bodies of megabytes: what they are on the wire, and how many times they are in memory."""

import asyncio
import base64
import json
import os
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from haystack.dataclasses import ByteStream, ChatMessage
from openai import AsyncOpenAI, OpenAI
from stand_in import Answer, StandIn
from stand_in.files import png
from wire import SOON, completion

from haystack_integrations.components.audio.openrouter import OpenRouterTranscriber
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterImageGenerator

SIZE = 3_000_000
# Longer than what is encoded, and what is sent, at once.
WAVE = b"RIFF\0\0\0\0WAVE" + os.urandom(400_000)
HELLO = Answer.json({"text": "Hello"})
Run = Callable[..., dict[str, Any]]


class Sink:
    """
    A server that keeps nothing: it counts the bytes of each body, and sends one and the same response.
    """

    def __init__(self, response: dict[str, Any]) -> None:
        body = json.dumps(response).encode()
        self._response = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._response += body
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.received = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        buffer = bytearray(2**16)
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (piece := connection.recv(2**16)):
                    head += piece
                head, _, begun = head.partition(b"\r\n\r\n")
                self.received = left = int(head.lower().partition(b"content-length:")[2].split()[0])
                left -= len(begun)
                while left > 0:
                    left -= connection.recv_into(buffer)
                connection.sendall(self._response)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def sink() -> Iterator[Callable[[dict[str, Any]], Sink]]:
    sinks: list[Sink] = []

    def start(response: dict[str, Any]) -> Sink:
        sinks.append(Sink(response))
        return sinks[-1]

    yield start
    for server in sinks:
        server.close()


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    def call(component: Any, *inputs: Any, **more: Any) -> dict[str, Any]:
        if request.param == "async":
            return asyncio.run(component.run_async(*inputs, **more))
        return component.run(*inputs, **more)

    return call


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    (tmp_path / "talk.wav").write_bytes(WAVE)
    return tmp_path / "talk.wav"


def peak(call: Callable[[], Any]) -> float:
    """
    How many times `SIZE` the memory grows meanwhile.
    """
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / SIZE
    finally:
        tracemalloc.stop()


def watched_bodies(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """
    Watch the SDK as a tracing tool does, and keep what it is given to send.
    """
    seen: list[Any] = []
    for kind in (OpenAI, AsyncOpenAI):

        def post(self: Any, *args: Any, _post: Any = kind.post, **more: Any) -> Any:
            seen.append(more.get("body"))
            return _post(self, *args, **more)

        monkeypatch.setattr(kind, "post", post)
    return seen


class TestMemory:
    def test_a_recording_is_in_memory_once(self, run: Run, sink: Callable[..., Sink], recording: Path):
        recording.write_bytes(WAVE[:12] + bytes(4 * SIZE))  # more than the socket takes at once
        server = sink({"text": "Hello"})
        transcriber = OpenRouterTranscriber(api_base_url=server.url, max_retries=0)
        run(transcriber, [ByteStream(WAVE[:99], mime_type="audio/wav")])
        assert peak(lambda: run(transcriber, [recording])) / 4 < 1.8
        assert server.received > 4 * SIZE * 4 / 3

    def test_an_image_is_in_memory_as_bytes_and_as_a_string(self, run: Run, sink: Callable[..., Sink]):
        data = base64.b64encode(png("cat", words="cat") + os.urandom(SIZE)).decode()
        server = sink({"created": 0, "data": [{"b64_json": data}]})
        generator = OpenRouterImageGenerator(model="a/b", api_base_url=server.url, max_retries=0)
        run(generator, "A cat")
        assert peak(lambda: run(generator, "A cat")) < 3.2  # base64 is 1.33 of it

    def test_so_is_an_image_in_a_reply(self, run: Run, sink: Callable[..., Sink]):
        data = base64.b64encode(png("cat", words="cat") + os.urandom(SIZE)).decode()
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        server = sink(completion({"content": "A cat", "images": [image]}))
        generator = OpenRouterChatGenerator(model="a/b", api_base_url=server.url, max_retries=0)
        message = ChatMessage.from_user("A cat")
        run(generator, [message])
        assert peak(lambda: run(generator, [message])) < 3.2


class TestReplies:
    @pytest.mark.parametrize("number", ["1e999", "-1E+999", "1" + "0" * 400])
    @pytest.mark.parametrize("text", ["word " * 4000, "a, b, " * 4000])
    def test_large_numbers_beside_large_texts(self, run: Run, stand_in: StandIn, number: str, text: str):
        body = json.dumps(completion({"content": text, "odd": "NUMBER", "fine": 1e99}))
        stand_in.script(Answer.raw(body.replace('"NUMBER"', number).encode(), "application/json"))
        generator = OpenRouterChatGenerator(model="a/b", api_base_url=stand_in.url, max_retries=0)
        (reply,) = run(generator, [ChatMessage.from_user("Hi")])["replies"]
        assert (reply.text, reply.meta["fine"]) == (text, 1e99)
        assert reply.meta.get("odd") is None


class TestRecordings:
    KWARGS = {"language": "de", "prompt": 'Grüße "x"', "provider": {"only": ["groq"]}}

    def test_the_bytes_are_those_that_the_sdk_sends(
        self, run: Run, stand_in: StandIn, recording: Path, monkeypatch: pytest.MonkeyPatch
    ):
        stand_in.script(HELLO, HELLO, HELLO)
        transcriber = OpenRouterTranscriber(api_base_url=stand_in.url, max_retries=0)
        for source in (recording, ByteStream(WAVE, mime_type="audio/wav")):
            run(transcriber, [source], generation_kwargs=self.KWARGS)
        seen = watched_bodies(monkeypatch)
        run(transcriber, [recording], generation_kwargs=self.KWARGS)
        first, second, watched = (request.raw for request in stand_in.requests)
        assert first == second == watched
        assert json.loads(first) == seen[0]
        assert base64.b64decode(seen[0]["input_audio"]["data"]) == WAVE

    def test_what_only_the_sdk_can_encode(self, run: Run, stand_in: StandIn, recording: Path):
        stand_in.script(HELLO, HELLO, HELLO)
        transcriber = OpenRouterTranscriber(api_base_url=stand_in.url, max_retries=0)
        moment = datetime(2026, 1, 2, tzinfo=UTC)
        for kwargs in ({"trace": {"at": moment}}, {"user": "\ud83d"}, {"extra_body": {"input_audio": {"url": "u"}}}):
            run(transcriber, [recording], generation_kwargs=kwargs)
        assert stand_in.requests[-1].raw.count(b'"input_audio"') == 1
        at, user, own = (request.body for request in stand_in.requests)
        assert (at["trace"], user["user"], own["input_audio"]) == (
            {"at": moment.isoformat()},
            "\ufffd",
            {"url": "u"},
        )
        assert base64.b64decode(at["input_audio"]["data"]) == WAVE

    def test_a_retry_sends_all_of_it_again(self, run: Run, stand_in: StandIn, recording: Path):
        stand_in.script(Answer.error(503, "Busy", headers=SOON), HELLO)
        run(OpenRouterTranscriber(api_base_url=stand_in.url, max_retries=1), [recording])
        first, second = (request.raw for request in stand_in.requests)
        assert first == second
