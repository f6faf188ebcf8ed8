# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Values that are loaded once for all threads and for all tasks of an event loop.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from haystack_integrations.common.openrouter._transport.forks import renewed_in_forked_children

Value = TypeVar("Value")


class SharedCache(Generic[Value]):
    """
    A cache in memory. While a value is loaded, others who want it wait for it, and try themselves if that fails.

    Synchronous callers share a lock, and tasks share a lock of their event loop. So a call that blocks a loop never
    waits for a task of that loop, and nobody waits for a loop that was closed. Only the callers of a value keep its
    locks, unless the value is kept. A copy, a pickle and a forked child start empty.
    """

    def __init__(self) -> None:
        self.renew()
        renewed_in_forked_children(self)

    def renew(self) -> None:
        """Start empty, with new locks."""
        self._lock = threading.Lock()
        self._known: WeakValueDictionary[Hashable, _Entry[Value]] = WeakValueDictionary()
        self._kept: set[_Entry[Value]] = set()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()

    def peek(self, key: Hashable, seconds: float) -> Value | None:
        """A value that was loaded less than so many seconds ago, or None."""
        entry = self._known.get(key)
        return entry.value if entry and entry.is_fresh(seconds) else None

    def get(self, key: Hashable, seconds: float, load: Callable[[], Value]) -> Value:
        """
        A value that was loaded less than so many seconds ago, or while this call waited. Load it if there is none.
        """
        entry = self._entry(key)
        loaded = entry.loaded
        with entry.lock:
            if entry.loaded == loaded and not entry.is_fresh(seconds):
                self._keep(entry, load(), seconds)
            return entry.value

    async def get_async(self, key: Hashable, seconds: float, load: Callable[[], Awaitable[Value]]) -> Value:
        """Do as `get` does, without blocking the event loop."""
        entry = self._entry(key)
        loaded = entry.loaded
        async with entry.loop_locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            if entry.loaded == loaded and not entry.is_fresh(seconds):
                self._keep(entry, await load(), seconds)
            return entry.value

    def _entry(self, key: Hashable) -> "_Entry[Value]":
        with self._lock:
            return self._known.setdefault(key, _Entry())

    def _keep(self, entry: "_Entry[Value]", value: Value, seconds: float) -> None:
        entry.value, entry.loaded = value, time.monotonic()
        with self._lock:
            self._kept = {kept for kept in (*self._kept, entry) if kept.is_fresh(seconds)}


class _Entry(Generic[Value]):
    value: Value

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loop_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
        self.loaded = float("-inf")

    def is_fresh(self, seconds: float) -> bool:
        return time.monotonic() - self.loaded < seconds
