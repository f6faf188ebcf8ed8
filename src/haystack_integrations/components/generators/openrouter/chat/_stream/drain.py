# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Reads the rest of a response after the end of its stream, so that the connection can be used again.

A new connection over TLS takes two thirds of the time to the first token. A server may leave the response open, so the
wait is short.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from threading import get_ident
from time import monotonic
from typing import Any

# How many seconds to wait for the end of a response.
_LONGEST = 0.1


def drain(response: Any, pieces: Iterator[bytes]) -> None:
    """
    Read the rest of a response, within a short time.

    :param response: An `httpx` or `httpx2` response.
    :param pieces: The iterator over its body. After a timeout it can't be read any further.
    """
    network = response.extensions.get("network_stream")
    if network is None or not response.http_version.startswith("HTTP/1"):  # HTTP/2 shares its connection anyway
        return
    read, reader, deadline = network.read, get_ident(), monotonic() + _LONGEST

    def read_soon(max_bytes: int, timeout: float | None = None) -> bytes:
        if get_ident() == reader:  # after the last piece, another thread may use the connection already
            timeout = max(deadline - monotonic(), 0.001)
        data: bytes = read(max_bytes, timeout=timeout)
        return data

    with suppress(Exception):
        network.read = read_soon
        try:
            for _ in pieces:
                if monotonic() > deadline:
                    break
        finally:
            del network.read


async def drain_async(pieces: AsyncIterator[bytes]) -> None:
    """
    Read the rest of a response, within a short time.

    :param pieces: The iterator over its body.
    """
    with suppress(Exception):
        async with asyncio.timeout(_LONGEST):
            async for _ in pieces:
                pass
