# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The examples that serve: 100 clients at once get the stream that each asked for, and one that leaves ends its own."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from typing import Any

import httpx
import openai
import pytest
from serve_example import served
from stand_in import CUT, STALL, Answer, Request, StandIn
from wire import event

CLIENTS = 100


class Crowd(StandIn):
    """
    A stand-in that can wait for a number of requests before it responds to any of them.
    """

    barrier: threading.Barrier | None = None

    def answer(self, request: Request) -> Answer:
        if self.barrier:
            self.barrier.wait(60)
        return super().answer(request)


class Client:
    """
    Asks the example that `url` leads to.
    """

    def __init__(self, url: str, stand_in: Crowd) -> None:
        self.url = url
        self.stand_in = stand_in


class FastAPIClient(Client):
    example = "serve_with_fastapi"

    async def stream(self, question: str) -> AsyncIterator[str]:
        async with (
            httpx.AsyncClient(timeout=60) as client,
            client.stream("POST", f"{self.url}/chat", json={"text": question}) as response,
        ):
            name = ""
            async for line in response.aiter_lines():
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    yield json.loads(value) if name == "text" else f" [{name}]"


class HayhooksClient(Client):
    """
    OpenAI's own client.
    """

    example = "serve_with_hayhooks"

    async def stream(self, question: str) -> AsyncIterator[str]:
        async with openai.AsyncOpenAI(base_url=f"{self.url}/v1", api_key="any", timeout=60, max_retries=0) as client:
            messages = [{"role": "user", "content": question}]
            stream = await client.chat.completions.create(
                model="assistant", messages=messages, temperature=0.5, stream=True
            )
            async with stream:
                async for chunk in stream:
                    (choice,) = chunk.choices
                    yield choice.delta.content or ""
                    if choice.finish_reason:
                        yield " [end]"


@pytest.fixture(scope="module", params=[FastAPIClient, HayhooksClient], ids=lambda kind: kind.example)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch, Crowd() as crowd:
        patch.setenv("OPENROUTER_API_KEY", "sk-or-test-key")
        with served(request.param.example, crowd.url) as url:
            yield request.param(url, crowd)


def test_a_hundred_clients_at_once_get_their_own_streams_whole(client: Any):
    questions = [f"Question {number}: how do {number} clients share one generator?" for number in range(CLIENTS)]
    client.stand_in.barrier = threading.Barrier(CLIENTS)

    async def ask(question: str) -> str:
        return "".join([text async for text in client.stream(question)])

    async def ask_all() -> list[str]:
        return await asyncio.gather(*map(ask, questions))

    try:
        streams = asyncio.run(ask_all())
    finally:
        client.stand_in.barrier = None
    assert streams == [f"This is the stand-in, not a model. You said: {question} [end]" for question in questions]


def test_a_stream_that_fails_does_not_look_whole(client: Any):
    client.stand_in.script(Answer.sse([event({"content": "Once upon"}), CUT]))
    told = ""

    async def ask() -> None:
        nonlocal told
        async for text in client.stream("Tell me a story."):
            told += text

    with suppress(openai.APIConnectionError, httpx.HTTPError):
        asyncio.run(ask())
    assert told.startswith("Once upon")
    assert "[end]" not in told


def test_a_client_that_leaves_ends_the_stream_of_the_model(client: Any):
    client.stand_in.script(Answer.sse([event({"content": "Once upon"}), STALL]))

    async def leave() -> None:
        async with aclosing(client.stream("Tell me a long story.")) as stream:
            assert await anext(stream) == "Once upon"

    asyncio.run(leave())
    assert client.stand_in.wait_for_disconnect(timeout=30)
