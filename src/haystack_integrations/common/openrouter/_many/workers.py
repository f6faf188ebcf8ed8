# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
One function called for many items, a few at the same time: in threads, or in tasks of an event loop.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextvars import copy_context
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")


def each_in_threads(function: Callable[[Item], object], items: Iterable[Item], concurrency: int) -> None:
    """
    Call `function(item)` for every item, in threads that copy the context of the caller.

    When a call fails, or the caller is interrupted, no other call begins, and the exception is raised at once. Calls
    that are under way go on without the caller. They do not keep the process alive.

    :param function: The function.
    :param items: What it is called with. Several threads take items from one iterator, one at a time.
    :param concurrency: How many calls are under way at the same time, at most. With 1 no thread is started. Where the
        system lets no more threads start, those that did go on, or else the caller.
    :raises BaseException: What the first call that failed raised.
    """
    waiting = iter(items)
    if concurrency == 1:
        for item in waiting:
            function(item)
        return
    ends: SimpleQueue[BaseException | None] = SimpleQueue()
    stopped = Event()

    def work() -> None:
        try:
            for item in waiting:
                if stopped.is_set():
                    break
                function(item)
        except BaseException as error:
            ends.put(error)
        else:
            ends.put(None)

    try:
        started = 0
        while started < concurrency and _has_started(work):
            started += 1
        if not started:
            work()
        for _ in range(started or 1):
            if error := ends.get():
                raise error
    finally:
        stopped.set()


def _has_started(work: Callable[[], None]) -> bool:
    """Start a thread, if the system lets it."""
    try:
        Thread(target=copy_context().run, args=(work,), name="openrouter-requests", daemon=True).start()
    except RuntimeError:  # "can't start new thread"
        return False
    return True


async def each_in_tasks(function: Callable[[Item], Awaitable[object]], items: Iterable[Item], concurrency: int) -> None:
    """Await `function(item)` for every item. When one fails, or the caller is cancelled, the others are cancelled."""
    waiting = iter(items)

    async def work() -> None:
        for item in waiting:
            await function(item)

    workers = [asyncio.create_task(work()) for _ in range(concurrency)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
