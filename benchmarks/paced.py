# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Streams as models send them: many at once, each with a token now and then.
"""

import asyncio
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any

from contenders import SDK, Floor, Haystack, Ours
from rounds import Figures


class Paced:
    """
    A hundred asynchronous streams at once, in which the server writes the time into each chunk.
    """

    streams, chunks = 100, 40

    def __init__(self, port: int, *, rounds: int) -> None:
        self._contenders = [Floor(port), SDK(port), Haystack(port), Ours(port)]
        self._rounds, self._runner = rounds, asyncio.Runner()

    def figures(self) -> tuple[Figures, Figures, Figures]:
        """
        Microseconds from the server's write to the callback, median and 99th percentile, and of CPU for a chunk.
        """
        delays: dict[str, list[float]] = {contender.name: [] for contender in self._contenders}
        cpu = dict.fromkeys(delays, 0.0)
        for number in range(self._rounds + 1):
            for contender in self._contenders:
                seen: list[tuple[float, float]] = []
                before = time.process_time()
                self._runner.run(self._together(contender, seen))
                if number:  # the first round opens connections
                    delays[contender.name] += _under_way(seen, self.streams)
                    cpu[contender.name] += time.process_time() - before
        chunks = self._rounds * self.streams * self.chunks
        percentiles = {name: quantiles(seen, n=100) for name, seen in delays.items()}
        return (
            {name: found[49] for name, found in percentiles.items()},
            {name: found[98] for name, found in percentiles.items()},
            {name: seconds / chunks * 1e6 for name, seconds in cpu.items()},
        )

    async def _together(self, contender: Any, seen: list[tuple[float, float]]) -> None:
        model = f"paced/{self.chunks}"
        await asyncio.gather(*[contender.stream_async(model, _noting(seen)) for _ in range(self.streams)])


def _noting(seen: list[tuple[float, float]]) -> Callable[[Any], Any]:
    is_first = True

    async def note(chunk: Any) -> None:
        nonlocal is_first
        content = chunk.choices[0].delta.content if hasattr(chunk, "choices") else chunk.content
        if content:
            now = time.monotonic() * 1e6
            seen.append((now if is_first else 0.0, now - float(content)))
            is_first = False

    return note


def _under_way(seen: list[tuple[float, float]], streams: int) -> list[float]:
    """The delays after the last stream has begun: what comes before waits for requests that are sent."""
    last_first = max(position for position, (first, _) in enumerate(seen) if first)
    return [delay for _, delay in seen[last_first + streams :]]
