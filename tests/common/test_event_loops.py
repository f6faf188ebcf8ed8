# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""One component in many threads and event loops at once."""

import asyncio
import gc
import logging
import threading
import warnings
from functools import partial
from typing import Any

import openai
import pytest
from components import INPUTS, KINDS, METHODS, build
from haystack import Document
from haystack.dataclasses import ByteStream, ChatMessage
from modes import Mode
from stand_in import Answer, StandIn

from haystack_integrations.common.openrouter._many import workers
from haystack_integrations.components.audio.openrouter import OpenRouterTranscriber
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder


class NoThread(threading.Thread):
    def start(self) -> None:
        raise RuntimeError("can't start new thread")


def test_threads_with_loops_of_their_own(stand_in: StandIn, caplog):
    generator = Mode("async", stand_in.url).generator()
    texts: list[str | None] = []

    async def five() -> None:
        done = await asyncio.gather(*(generator.run_async("hi") for _ in range(5)))
        texts.extend(result["replies"][0].text for result in done)

    def three_rounds() -> None:
        for _ in range(3):
            asyncio.run(five())
            texts.append(generator.run("hi")["replies"][0].text)

    gc.collect()  # what other tests left is not the matter here
    gc.freeze()
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        threads = [threading.Thread(target=three_rounds) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        gc.collect()
    assert len(texts) == 4 * 3 * 6
    assert all(texts)
    assert not [r for r in caplog.records if r.name.startswith(("asyncio", "openai", "haystack"))]


def test_clients_go_with_their_loops(stand_in: StandIn, caplog, recwarn):
    generator = Mode("async", stand_in.url).generator()
    closed = []

    async def once() -> None:
        await generator.run_async("hi")
        closed.append(generator.async_client)

    for _ in range(3):
        asyncio.run(once())
    loop = asyncio.new_event_loop()
    loop.run_until_complete(once())
    loop.close()  # without shutting down its generators: the client is dropped at the next use
    asyncio.run(once())
    assert [client.is_closed() for client in closed] == [True, True, True, False, True]
    assert not generator._clients._by_loop
    assert "Event loop is closed" not in caplog.text


def test_a_component_that_is_dropped_after_its_loop_ended(stand_in: StandIn, monkeypatch):
    unraisable: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", unraisable.append)
    generator = Mode("async", stand_in.url).generator()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(generator.run_async("hi"))
    loop.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of the connection, which only its loop could close
        del generator
        gc.collect()
    assert [found.exc_value for found in unraisable] == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_short_run_leaves_nothing_open(stand_in: StandIn, kind: type[Any]):
    """The component goes as its loop ends, which cancels all tasks: whoever closes the connections, too."""

    async def three() -> None:
        component = build(kind, api_base_url=stand_in.url)
        call = getattr(component, METHODS.get(kind.__name__, "run") + "_async")
        await asyncio.gather(*(call(*INPUTS[kind.__name__]) for _ in range(3)))

    gc.collect()  # what other tests left is not the matter here
    gc.freeze()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        asyncio.run(three())
        gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []
    assert len(stand_in.requests) >= 3


def test_a_component_that_is_dropped_is_closed_though_its_loop_goes_on(stand_in: StandIn):
    async def run() -> None:
        await Mode("async", stand_in.url).generator().run_async("hi")
        gc.collect()
        assert await asyncio.to_thread(stand_in.wait_for_close, 1)

    asyncio.run(run())


DOCUMENTS = [Document(content=f"{number}") for number in range(24)]
RECORDINGS = [ByteStream(b"a", mime_type="audio/mpeg") for _ in range(24)]


@pytest.mark.parametrize("most", [0, 1, 3, 8])
@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        (partial(OpenRouterDocumentEmbedder, batch_size=1, progress_bar=False), DOCUMENTS),
        (OpenRouterTranscriber, RECORDINGS),
    ],
    ids=["embedder", "transcriber"],
)
def test_the_system_lets_only_some_threads_start(stand_in: StandIn, monkeypatch, kind, inputs, most):
    names = set()

    class Thread(threading.Thread):
        def start(self) -> None:
            if len(names) == most:
                raise RuntimeError("can't start new thread")
            names.add(self)
            super().start()

    monkeypatch.setattr(workers, "Thread", Thread)
    result = kind(api_base_url=stand_in.url, concurrency=8).run(inputs)
    assert result["meta"]["failed"] == 0
    assert len(stand_in.requests) == 24
    assert len(names) == most


def test_without_any_thread_an_error_is_raised(stand_in: StandIn, monkeypatch):
    monkeypatch.setattr(workers, "Thread", NoThread)
    stand_in.script(Answer.error(401, "No"))
    with pytest.raises(openai.AuthenticationError):
        OpenRouterDocumentEmbedder(api_base_url=stand_in.url, progress_bar=False, raise_on_failure=True).run(DOCUMENTS)


def test_a_hundred_and_fifty_streams_at_once(stand_in: StandIn):
    generator = Mode("async-stream", stand_in.url).generator(timeout=60)
    counts = [0] * 150

    async def stream(number: int) -> ChatMessage:
        def count(chunk: Any) -> None:
            counts[number] += 1

        return (await generator.run_async("hi", streaming_callback=count))["replies"][0]

    async def all_of_them() -> list[ChatMessage]:
        return await asyncio.gather(*map(stream, range(150)))

    replies = asyncio.run(all_of_them())
    assert len({reply.meta["id"] for reply in replies}) == 150
    assert min(counts) == max(counts) > 10
