# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The asynchronous client of one event loop: it is closed with its loop, or when nothing uses it any more.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator
from typing import Protocol

from openai import AsyncOpenAI


class Owner(Protocol):
    """
    The owner of the clients of event loops.
    """

    def forget(self, loop: asyncio.AbstractEventLoop, client: AsyncOpenAI | None = None) -> LoopClient | None:
        """
        Forget the client of an event loop, without closing it.
        """


class LoopClient:
    """
    A client that is closed with its event loop.

    :param client: The client.
    :param loop: The event loop that uses it.
    :param owner: The owner of the client. It is notified when the client is closed with its loop, and is not kept
        alive.
    """

    def __init__(self, client: AsyncOpenAI, loop: asyncio.AbstractEventLoop, owner: Owner) -> None:
        self.client = client
        self._closer = _closed_with_loop(weakref.ref(owner), loop, client)
        # until the owner is gone, this keeps the client from being collected together with its open connections
        self._finalizer = weakref.finalize(owner, _close_soon, loop, client)
        self._finalizer.atexit = False

    async def close_with_loop(self) -> None:
        """
        Begin to wait for the loop to shut down, as `asyncio.run` does. To be called in the loop, once.
        """
        await anext(self._closer)

    async def close(self) -> None:
        """
        Close the client. To be called in its loop.
        """
        await self._closer.aclose()

    def detach(self) -> None:
        """
        Leave the client open when its owner is gone.
        """
        self._finalizer.detach()


async def _closed_with_loop(
    owner: weakref.ref[Owner], loop: asyncio.AbstractEventLoop, client: AsyncOpenAI
) -> AsyncGenerator[None, None]:
    """
    Wait, as a generator that the loop knows of, until the loop shuts down its generators.
    """
    try:
        yield
    finally:
        if (known := owner()) is not None:
            known.forget(loop, client)
        await client.close()


def _close_soon(loop: asyncio.AbstractEventLoop, client: AsyncOpenAI) -> None:
    if loop.is_running():
        asyncio.run_coroutine_threadsafe(client.close(), loop)
