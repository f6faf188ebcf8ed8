# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A cache for values that are loaded once and shared by threads and event loops.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

_CACHES: weakref.WeakSet[SharedCache[Any]] = weakref.WeakSet()


class SharedCache(Generic[Value]):
    """
    A cache in memory. While one caller loads a value, the others wait for it, so that it is loaded once.

    A copy, a pickle and a forked child start empty.

    :param seconds: How long a value is cached. With 0, only simultaneous callers share one.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.clear()
        _CACHES.add(self)

    def clear(self) -> None:
        """
        Forget all values.
        """
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry[Value]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"_seconds": self._seconds}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._seconds = state["_seconds"]
        self.clear()
        _CACHES.add(self)

    def peek(self, key: Hashable) -> Value | None:
        """
        Look for a value without loading it.

        :param key: The value's key.
        :returns: The value, or None if it is not here or too old.
        """
        entry = self._entries.get(key)
        return entry.future.result() if entry and entry.is_fresh and entry.is_loaded else None

    def get(self, key: Hashable, load: Callable[[], Value]) -> Value:
        """
        Get a value, and load it if it is not here or too old.

        :param key: The value's key.
        :param load: Loads the value. An error is raised to all waiting callers, and is not cached.
        :returns: The value.
        """
        while True:
            entry, is_new = self._entry(key)
            if is_new:
                with self._loading(key, entry):
                    entry.future.set_result(load())
            elif entry.blocks_this_thread:
                return load()
            try:
                return entry.future.result()
            except _AbandonedError:
                continue

    async def get_async(self, key: Hashable, load: Callable[[], Awaitable[Value]]) -> Value:
        """
        Get a value, and load it if it is not here or too old.

        :param key: The value's key.
        :param load: Loads the value. An error is raised to all waiting callers, and is not cached.
        :returns: The value.
        """
        while True:
            entry, is_new = self._entry(key)
            if is_new:
                with self._loading(key, entry):
                    entry.future.set_result(await load())
            try:
                return await asyncio.shield(asyncio.wrap_future(entry.future))
            except _AbandonedError:
                continue

    def _entry(self, key: Hashable) -> tuple[_Entry[Value], bool]:
        with self._lock:
            entry = self._entries.get(key)
            if entry and entry.is_fresh:
                return entry, False
            self._entries = {other: entry for other, entry in self._entries.items() if entry.is_fresh}
            entry = self._entries[key] = _Entry()
            return entry, True

    @contextmanager
    def _loading(self, key: Hashable, entry: _Entry[Value]) -> Iterator[None]:
        """
        Pass a loading error on to all waiting callers. If loading was cancelled, one of them loads the value instead.
        """
        try:
            yield
        except BaseException as error:
            with self._lock:
                if self._entries.get(key) is entry:
                    del self._entries[key]
            entry.future.set_exception(error if isinstance(error, Exception) else _AbandonedError())
            raise
        entry.expires = time.monotonic() + self._seconds


class _Entry(Generic[Value]):
    def __init__(self) -> None:
        self.future: Future[Value] = Future()
        self.expires = float("inf")
        self._thread = threading.get_ident()

    @property
    def is_loaded(self) -> bool:
        return self.future.done() and self.future.exception() is None

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() < self.expires

    @property
    def blocks_this_thread(self) -> bool:
        """
        Whether a task of this thread's event loop is loading the value, which it can't while this thread waits for it.
        """
        return not self.future.done() and self._thread == threading.get_ident()


class _AbandonedError(Exception):
    pass


def _clear_caches() -> None:
    for cache in list(_CACHES):
        cache.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_clear_caches)
