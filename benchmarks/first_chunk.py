# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
How long the first chunk of a stream takes over TLS, and how many connections streams in a row open.
"""

import asyncio
import statistics
import time
from typing import Any

from contenders import SDK, Haystack, Ours
from rounds import Figures
from slow_network import SlowNetwork, slow_network

_STREAM = "text/20"


def first_chunks(streams: int) -> tuple[Figures, Figures]:
    """
    Medians of milliseconds until the first chunk of synchronous streams, and the connections that all of them opened.
    """
    milliseconds, connections = {}, {}
    with slow_network() as network:
        for kind in (SDK, Haystack, Ours):
            contender, before = kind(network.port, "https://localhost"), network.connections
            spent = [first_chunk(contender) for _ in range(streams)]
            milliseconds[kind.name] = statistics.median(spent) * 1e3
            connections[kind.name] = float(network.connections - before)
    return milliseconds, connections


def first_chunks_async(streams: int) -> tuple[Figures, Figures]:
    """
    The same with an event loop.
    """
    with slow_network() as network:
        return asyncio.run(_first_chunks_async(network, streams))


async def _first_chunks_async(network: SlowNetwork, streams: int) -> tuple[Figures, Figures]:
    milliseconds, connections = {}, {}
    for kind in (SDK, Haystack, Ours):
        contender, before = kind(network.port, "https://localhost"), network.connections
        spent = [await _first_chunk_async(contender) for _ in range(streams)]
        milliseconds[kind.name] = statistics.median(spent) * 1e3
        connections[kind.name] = float(network.connections - before)
    return milliseconds, connections


def first_chunk(contender: Any) -> float:
    """
    Seconds until the first chunk of a stream.
    """
    arrived: list[float] = []
    start = time.perf_counter()
    contender.stream(_STREAM, lambda _: arrived.append(time.perf_counter()))
    return arrived[0] - start


async def _first_chunk_async(contender: Any) -> float:
    arrived: list[float] = []

    async def keep(_: Any) -> None:
        arrived.append(time.perf_counter())

    start = time.perf_counter()
    await contender.stream_async(_STREAM, keep)
    return arrived[0] - start
