# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""One component in many threads and event loops at once."""

import asyncio
import gc
import logging
import threading
import warnings
from typing import Any

from haystack.dataclasses import ChatMessage
from modes import Mode
from stand_in import StandIn


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
