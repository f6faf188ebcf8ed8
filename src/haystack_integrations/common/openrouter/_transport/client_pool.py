# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The openai clients that talk to OpenRouter: one for synchronous calls, one for each running event loop.
"""

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI, OpenAI

from haystack_integrations.common.openrouter._transport.client_settings import ClientSettings
from haystack_integrations.common.openrouter._transport.forks import renewed_in_forked_children
from haystack_integrations.common.openrouter._transport.http_clients import build_async_http_client, build_http_client

# Clients that a forked child has from its parent. They are kept, because to finalize them could close the parent's
# connections.
_INHERITED: list[object] = []
# Event loops refer to their tasks only weakly.
_CLOSING: set[asyncio.Task[None]] = set()
# How many seconds a client stays open that nothing uses any more.
_MOMENT = 0.1


@dataclass(eq=False)
class _Held:
    """
    The client that threads share, and how many runs use it. Once it is replaced, the last of them closes it.
    """

    client: OpenAI
    settings: ClientSettings
    users: int = 0
    is_replaced: bool = False

    def close_if_done(self) -> None:
        """Close the client if it was replaced and nothing uses it any more."""
        if self.is_replaced and not self.users:
            self.client.close()


class _HeldInLoop:
    """
    The client of an event loop. It is closed together with the loop, or soon after nothing refers to this any more.
    """

    def __init__(self, settings: ClientSettings, loop: asyncio.AbstractEventLoop, pool: "ClientPool") -> None:
        self.settings = settings
        self.client: AsyncOpenAI = settings.build(AsyncOpenAI, build_async_http_client)
        self._closer = _closed_with_loop(weakref.ref(pool), loop, self.client)
        self._finalizer = weakref.finalize(self, _close_soon, loop, self._closer)
        self._finalizer.atexit = False
        self._waits = False

    async def close_with_loop(self) -> None:
        """Begin to wait for the loop to shut down, as `asyncio.run` does. To be called in the loop."""
        if not self._waits:
            self._waits = True
            await anext(self._closer)

    async def close(self) -> None:
        """Close the client. To be called in its loop."""
        await self._closer.aclose()

    def detach(self) -> None:
        """Leave the client open when nothing refers to this any more."""
        self._finalizer.detach()


class ClientPool:
    """
    The openai clients of one component. They are built on first use, from the settings that each run hands over.

    If the settings differ from those of the client at hand, a new one takes its place. Calls that are under way end on
    the old one, which is closed then. A client that the user set is used whatever the settings are, and is
    never closed. A copy, a pickle and a forked child have their own clients. Only asyncio event loops are supported.
    """

    def __init__(self) -> None:
        self._given: OpenAI | None = None
        self._given_async: AsyncOpenAI | None = None
        self._start_empty()
        renewed_in_forked_children(self)

    def _start_empty(self) -> None:
        self._lock = threading.Lock()
        self._built: _Held | None = None
        self._by_loop: dict[asyncio.AbstractEventLoop, _HeldInLoop] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return ClientPool, ()

    def __del__(self) -> None:
        """
        Close the connections of a deleted component. Those of event loops are closed with their loops.
        """
        try:  # at the exit of the interpreter, names of modules may be gone
            if self._built is not None:
                self._built.client.close()
        except Exception:  # noqa: S110
            pass

    def renew(self) -> None:
        """Start without clients in a forked child. Those that a user set stay."""
        for held in self._by_loop.values():
            held.detach()
        _INHERITED.append((self._built, self._by_loop))
        self._start_empty()

    @property
    def sync_client(self) -> OpenAI | None:
        """The synchronous client: the one that a user set, or the one that was built."""
        held = self._built
        return self._given or (held.client if held else None)

    @sync_client.setter
    def sync_client(self, client: OpenAI | None) -> None:
        self._given = client
        if client is None and (held := self._take()) is not None:
            held.is_replaced = True
            held.close_if_done()

    @property
    def async_client(self) -> AsyncOpenAI | None:
        """The asynchronous client: the one that a user set, or the one that was built for the running event loop."""
        if self._given_async is not None:
            return self._given_async
        try:
            held = self._by_loop.get(asyncio.get_running_loop())
        except RuntimeError:
            return None
        return held.client if held is not None and not held.client.is_closed() else None

    @async_client.setter
    def async_client(self, client: AsyncOpenAI | None) -> None:
        self._given_async = client
        if client is None and self.async_client is not None:
            self.forget(asyncio.get_running_loop())

    @contextmanager
    def using(self, settings: ClientSettings) -> Iterator[OpenAI]:
        """Use the synchronous client inside this block. All threads share it."""
        if (given := self._given) is not None:
            yield given
            return
        with self._lock:
            held, old = self._built, None
            if held is None or held.settings != settings or held.client.is_closed():
                held, old = _Held(settings.build(OpenAI, build_http_client), settings), held
                self._built = held
            if old is not None:
                old.is_replaced = True
            held.users += 1
        try:
            if old is not None:
                old.close_if_done()
            yield held.client
        finally:
            with self._lock:
                held.users -= 1
            held.close_if_done()

    @asynccontextmanager
    async def using_async(self, settings: ClientSettings) -> AsyncIterator[AsyncOpenAI]:
        """Use the client of the running event loop inside this block. It is closed with its loop."""
        if (given := self._given_async) is not None:
            yield given
            return
        loop = asyncio.get_running_loop()
        held = self._by_loop.get(loop)
        if held is None or held.settings != settings or held.client.is_closed():
            held = self._build_in(loop, settings)
        await held.close_with_loop()
        yield held.client

    def _build_in(self, loop: asyncio.AbstractEventLoop, settings: ClientSettings) -> _HeldInLoop:
        held = _HeldInLoop(settings, loop, self)
        with self._lock:
            for other in [other for other in self._by_loop if other.is_closed()]:
                self._by_loop.pop(other).detach()
            self._by_loop[loop] = held
        return held

    def close(self) -> None:
        """Close the synchronous client that was built. The next run builds a new one."""
        if (held := self._take()) is not None:
            held.client.close()

    def _take(self) -> _Held | None:
        with self._lock:
            held, self._built = self._built, None
        return held

    async def close_async(self) -> None:
        """Close the client that was built for the running event loop. The next run builds a new one."""
        held = self.forget(asyncio.get_running_loop())
        if held is not None:
            await held.close()

    def forget(self, loop: asyncio.AbstractEventLoop, client: AsyncOpenAI | None = None) -> _HeldInLoop | None:
        """Forget the client of an event loop, if it is the given one or none is given, without closing it."""
        with self._lock:
            held = self._by_loop.get(loop)
            if held is None or client not in (None, held.client):
                return None
            held.detach()
            return self._by_loop.pop(loop)


async def _closed_with_loop(
    pool: "weakref.ref[ClientPool]", loop: asyncio.AbstractEventLoop, client: AsyncOpenAI
) -> AsyncGenerator[None, None]:
    """Wait, as a generator that the loop knows of, until the loop shuts down its generators or this one is dropped."""
    try:
        yield
    finally:
        if (known := pool()) is not None:
            known.forget(loop, client)
        await client.close()


def _close_soon(loop: asyncio.AbstractEventLoop, closer: AsyncGenerator[None, None]) -> None:
    """Close a client in a moment, unless its loop shuts down first: `asyncio.run` would cancel it in the middle."""

    def close() -> None:
        task = loop.create_task(closer.aclose())
        _CLOSING.add(task)
        task.add_done_callback(_CLOSING.discard)

    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(loop.call_later, _MOMENT, close)
