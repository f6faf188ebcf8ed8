# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Values that are loaded once for threads and for the tasks of a loop, whoever fails, is interrupted or goes away."""

import asyncio
import copy
import gc
import itertools
import os
import pickle
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

from haystack_integrations.common.openrouter._catalogue import cache as cache_module
from haystack_integrations.common.openrouter._catalogue.cache import SharedCache

Get = Callable[..., Any]


@pytest.fixture
def cache() -> SharedCache[Any]:
    return SharedCache()


@pytest.fixture(params=["sync", "async"])
def get(request: pytest.FixtureRequest) -> Get:
    """Gets a value from a cache, synchronously or in a loop of its own."""

    def get_async(cache: SharedCache[Any], seconds: float, load: Callable[[], Any]) -> Any:
        async def loaded() -> Any:
            return load()

        return asyncio.run(cache.get_async("key", seconds, loaded))

    return get_async if request.param == "async" else lambda cache, *arguments: cache.get("key", *arguments)


def in_a_thread(call: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function, and fails if it takes for ever. An executor would wait for it at its end."""
    done: Future[Any] = Future()

    def run() -> None:
        try:
            done.set_result(call(*arguments))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done.result(5)


def never() -> int:
    raise AssertionError


async def never_async() -> int:
    raise AssertionError


class TestWhoWaits:
    @pytest.fixture
    def someone_waits(self, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
        """Is set once a thread finds a lock of the cache held by another one."""
        waits, lock_of = threading.Event(), threading.Lock

        class Lock:
            def __init__(self) -> None:
                self.lock = lock_of()

            def __enter__(self) -> None:
                if self.lock.locked():
                    waits.set()
                self.lock.acquire()

            def __exit__(self, *_: object) -> None:
                self.lock.release()

        monkeypatch.setattr(cache_module, "threading", SimpleNamespace(Lock=Lock))
        return waits

    @pytest.mark.parametrize("seconds", [0, 10])
    def test_a_thread_gets_what_it_waited_for(self, someone_waits, seconds):
        cache: SharedCache[int] = SharedCache()
        loading = threading.Event()

        def load() -> int:
            loading.set()
            assert someone_waits.wait(5)
            return 1

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(cache.get, "key", seconds, load)
            assert loading.wait(5)
            second = pool.submit(cache.get, "key", seconds, never)
            assert (first.result(5), second.result(5)) == (1, 1)

    def test_a_thread_tries_itself_after_a_failure(self, someone_waits):
        cache: SharedCache[int] = SharedCache()
        loading = threading.Event()

        def fail() -> int:
            loading.set()
            assert someone_waits.wait(5)
            raise KeyError

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(cache.get, "key", 10, fail)
            assert loading.wait(5)
            second = pool.submit(cache.get, "key", 10, lambda: 2)
            assert second.result(5) == 2
            with pytest.raises(KeyError):
                first.result(5)

    @pytest.mark.parametrize("seconds", [0, 10])
    def test_a_task_gets_what_it_waited_for(self, cache, seconds):
        async def run() -> list[int]:
            go = asyncio.Event()

            async def load() -> int:
                await go.wait()
                return 1

            loads = (load, never_async, never_async)
            tasks = [asyncio.create_task(cache.get_async("key", seconds, each)) for each in loads]
            await asyncio.sleep(0)
            go.set()
            return await asyncio.gather(*tasks)

        assert asyncio.run(run()) == [1, 1, 1]

    def test_a_task_tries_itself_after_a_failure(self, cache):
        async def fail() -> int:
            await asyncio.sleep(0)
            raise KeyError

        async def two() -> int:
            return 2

        async def run() -> list[Any]:
            all_of_them = (cache.get_async("key", 10, load) for load in (fail, fail, two, never_async))
            return await asyncio.gather(*all_of_them, return_exceptions=True)

        first, second, *others = asyncio.run(run())
        assert (type(first), type(second), others) == (KeyError, KeyError, [2, 2])

    def test_other_values_do_not_wait(self, cache):
        assert cache.get("key", 10, lambda: in_a_thread(cache.get, "other", 10, lambda: 1)) == 1


class TestTime:
    def test_a_value_expires(self, cache, get, monkeypatch):
        now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: now)
        assert get(cache, 10, lambda: 1) == 1
        now = 1009.5
        assert get(cache, 10, never) == cache.peek("key", 10) == 1
        now = 1010.0
        assert cache.peek("key", 10) is None
        assert get(cache, 10, lambda: 2) == 2

    def test_how_long_is_said_at_each_use(self, cache, get):
        assert get(cache, 10, lambda: 1) == 1
        assert cache.peek("key", 0) is None
        assert get(cache, 0, lambda: 2) == 2
        assert get(cache, 10, lambda: 3) == 3
        assert get(cache, 10, never) == 3

    def test_a_failure_is_not_kept(self, cache, get):
        with pytest.raises(ZeroDivisionError):
            get(cache, 10, lambda: 1 / 0)
        assert get(cache, 10, lambda: 2) == 2

    def test_nothing_is_left_of_what_is_too_old(self, cache, monkeypatch):
        class Large:
            pass

        now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: now)
        key = Large()
        old = [weakref.ref(cache.get(key, 10, Large)), weakref.ref(key)]
        del key
        gc.collect()
        assert None not in [thing() for thing in old]
        now = 1010.0
        cache.get("new", 10, Large)
        gc.collect()
        assert [thing() for thing in old] == [None, None]


class TestWhoGoesAway:
    def test_an_interrupt_while_loading(self, cache, get):
        def interrupted() -> int:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            get(cache, 10, interrupted)
        assert in_a_thread(get, cache, 10, lambda: 2) == 2

    def test_an_interrupt_before_loading(self, get):
        for number in itertools.count():
            cache: SharedCache[int] = SharedCache()
            interrupt, before = interrupt_at(number), sys.gettrace()

            def load(trace=before) -> int:
                sys.settrace(trace)
                return 1

            sys.settrace(interrupt)
            try:
                get(cache, 10, load)
            except KeyboardInterrupt:
                sys.settrace(before)
                assert in_a_thread(get, cache, 10, lambda: 2) == 2
            else:
                break
        assert number > 3

    def test_when_the_one_who_loads_is_cancelled_another_loads(self, cache):
        async def two() -> int:
            return 2

        async def run() -> int:
            first = asyncio.create_task(cache.get_async("key", 10, asyncio.Event().wait))
            await asyncio.sleep(0)
            second = asyncio.create_task(cache.get_async("key", 10, two))
            await asyncio.sleep(0)
            first.cancel()
            return await asyncio.wait_for(second, 5)

        assert asyncio.run(run()) == 2

    def test_one_who_waits_can_be_cancelled(self, cache):
        async def run() -> int:
            go = asyncio.Event()

            async def load() -> int:
                await go.wait()
                return 1

            first = asyncio.create_task(cache.get_async("key", 10, load))
            await asyncio.sleep(0)
            second = asyncio.create_task(cache.get_async("key", 10, never_async))
            await asyncio.sleep(0)
            second.cancel()
            await asyncio.sleep(0)
            go.set()
            return await first

        assert asyncio.run(run()) == 1

    @pytest.mark.parametrize("closed", [True, False])
    def test_a_loop_that_goes_on_no_more(self, cache, get, closed):
        loop = asyncio.new_event_loop()
        task = loop.create_task(cache.get_async("key", 10, asyncio.Event().wait))
        loop.run_until_complete(asyncio.sleep(0))
        if closed:
            loop.close()
        assert in_a_thread(get, cache, 10, lambda: 2) == 2
        assert not task.done()
        if not closed:
            task.cancel()
            loop.run_until_complete(asyncio.wait([task]))
            loop.close()
        task._log_destroy_pending = False

    def test_a_synchronous_call_in_a_loop_that_is_loading_does_not_wait_for_itself(self, cache):
        async def run() -> int:
            task = asyncio.create_task(cache.get_async("key", 10, asyncio.Event().wait))
            await asyncio.sleep(0)
            loaded = cache.get("key", 10, lambda: 3)
            task.cancel()
            return loaded

        assert in_a_thread(lambda: asyncio.run(run())) == 3

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_a_forked_child_starts_empty_and_does_not_wait_for_its_parent(self, cache):
        loading, go = threading.Event(), threading.Event()
        cache.get("other", 10, lambda: 1)

        def load() -> int:
            loading.set()
            go.wait(5)
            return 1

        with ThreadPoolExecutor(1) as pool:
            parent = pool.submit(cache.get, "key", 10, load)
            loading.wait(5)
            child = os.fork()
            if not child:
                signal.alarm(5)
                os._exit(cache.get("key", 10, lambda: 7) + cache.get("other", 10, lambda: 30))
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 37
            go.set()
            assert parent.result() == 1

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda cache: pickle.loads(pickle.dumps(cache))])
    def test_a_copy_starts_empty(self, cache, copied):
        cache.get("key", 10, lambda: 1)
        other = copied(cache)
        assert other.peek("key", 10) is None
        assert cache.get("key", 10, lambda: in_a_thread(other.get, "key", 10, lambda: 2)) == 1


def interrupt_at(number: int) -> Any:
    """A trace function that interrupts the cache at the line of this number that it comes to."""
    lines = itertools.count()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != cache_module.__file__ or not frame.f_code.co_name.startswith("get"):
            return None
        if event == "line" and next(lines) == number:
            raise KeyboardInterrupt
        return trace

    return trace
