# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
What chats cost in CPU time of the client's process.
"""

import asyncio
from typing import Any

from contenders import SDK, Floor, Haystack, Ours, installed_peers
from rounds import Figures, medians


class Streams:
    """
    What chats cost: streamed chunks, and calls without streaming.
    """

    def __init__(self, port: int, *, rounds: int, size: int, peers: bool) -> None:
        self._rounds, self._size = rounds, size
        self._contenders = [Floor(port), SDK(port), Haystack(port), Ours(port)]
        self._with_peers = [*self._contenders, *(installed_peers(port) if peers else [])]
        self._callers = [contender for contender in self._contenders if hasattr(contender, "call")]
        self._runner = asyncio.Runner()

    def sync_stream(self, kind: str) -> Figures:
        """
        Microseconds a chunk.
        """
        model = f"{kind}/{self._size}"
        tasks = {contender.name: lambda c=contender: c.stream(model) for contender in self._with_peers}
        return medians(tasks, self._size, self._rounds)

    def async_stream(self, kind: str) -> Figures:
        """
        Microseconds a chunk.
        """
        model = f"{kind}/{self._size}"
        tasks = {contender.name: lambda c=contender: self._at_once(c, model, 1) for contender in self._with_peers}
        return medians(tasks, self._size, self._rounds)

    def streams_at_once(self, count: int) -> Figures:
        """
        Microseconds a chunk, without the cost of the requests: long streams less streams of a single chunk.
        """
        length = max(self._size // count, self._size // 25)
        tasks = {}
        for contender in self._contenders:
            tasks[contender.name] = lambda c=contender: self._at_once(c, f"text/{length}", count)
            tasks[f"{contender.name}, requests"] = lambda c=contender: self._at_once(c, "text/1", count)
        figures = medians(tasks, count * (length - 1), self._rounds)
        return {c.name: figures[c.name] - figures[f"{c.name}, requests"] for c in self._contenders}

    def growth(self, kind: str) -> float:
        """
        How many times longer a stream of 80,000 chunks takes than one of 20,000: four, if nothing is done twice.
        """
        (ours,) = (contender for contender in self._contenders if contender.name == Ours.name)
        tasks = {str(size): lambda size=size: ours.stream(f"{kind}/{size}") for size in (20_000, 80_000)}
        figures = medians(tasks, 1, self._rounds)
        return figures["80000"] / figures["20000"]

    def call(self) -> Figures:
        """
        Microseconds a call without streaming.
        """
        return medians({c.name: lambda c=c: [c.call() for _ in range(100)] for c in self._callers}, 100, self._rounds)

    def call_async(self) -> Figures:
        """
        Microseconds an asynchronous call without streaming.
        """

        async def calls(contender: Any) -> None:
            for _ in range(100):
                await contender.call_async()

        tasks = {c.name: lambda c=c: self._runner.run(calls(c)) for c in self._callers}
        return medians(tasks, 100, self._rounds)

    def _at_once(self, contender: Any, model: str, count: int) -> None:
        async def together() -> None:
            await asyncio.gather(*[contender.stream_async(model) for _ in range(count)])

        self._runner.run(together())
