# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Functions called in threads, or in tasks of an event loop: for many items at the same time, or not for too long.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import TIMEOUT_MAX, Event, Thread
from typing import NoReturn, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


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


def call_within(seconds: float, function: Callable[[], Result]) -> Result:
    """
    Call a function in a thread that copies the context of the caller, and don't wait for it longer than this.

    :raises TimeoutError: If it takes longer. It goes on without the caller, and does not keep the process alive.
    """
    ends: SimpleQueue[Callable[[], Result]] = SimpleQueue()

    def work() -> None:
        try:
            result = function()
        except BaseException as error:
            failure = error
            ends.put(lambda: _raise(failure))
        else:
            ends.put(lambda: result)

    if not _has_started(work):
        return function()
    try:
        end = ends.get(timeout=min(seconds, TIMEOUT_MAX))
    except Empty:
        raise TimeoutError from None
    return end()


def _has_started(work: Callable[[], None]) -> bool:
    """Start a thread, if the system lets it."""
    try:
        Thread(target=copy_context().run, args=(work,), name="openrouter-requests", daemon=True).start()
    except RuntimeError:  # "can't start new thread"
        return False
    return True


def _raise(error: BaseException) -> NoReturn:
    raise error


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
