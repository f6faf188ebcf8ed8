# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Values that are loaded once for threads, tasks and event loops, whoever fails or goes away."""

import asyncio
import gc
import os
import signal
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from haystack_integrations.common.openrouter._catalogue.cache import SharedCache


class TestSharedCache:
    def test_a_failure_reaches_all_who_wait_and_is_not_kept(self):
        cache: SharedCache[int] = SharedCache(10)

        async def fail() -> int:
            await asyncio.sleep(0)
            raise KeyError

        async def run() -> list[Any]:
            both = (cache.get_async("key", fail), cache.get_async("key", self.never))
            return await asyncio.gather(*both, return_exceptions=True)

        assert list(map(type, asyncio.run(run()))) == [KeyError, KeyError]
        assert cache.get("key", lambda: 2) == 2

    def test_what_is_too_old_is_not_kept(self):
        class Large:
            pass

        cache: SharedCache[Large] = SharedCache(0)
        old = weakref.ref(cache.get("old", Large))
        assert cache.get("new", Large)
        gc.collect()
        assert old() is None

    async def never(self) -> int:
        raise AssertionError

    def test_when_the_one_who_loads_is_cancelled_another_loads(self):
        cache: SharedCache[int] = SharedCache(10)

        async def two() -> int:
            return 2

        async def run() -> int:
            first = asyncio.create_task(cache.get_async("key", asyncio.Event().wait))
            await asyncio.sleep(0)
            second = asyncio.create_task(cache.get_async("key", two))
            await asyncio.sleep(0)
            first.cancel()
            return await second

        assert asyncio.run(run()) == 2

    def test_one_who_waits_can_be_cancelled(self):
        cache: SharedCache[int] = SharedCache(10)

        async def run() -> int:
            go = asyncio.Event()

            async def load() -> int:
                await go.wait()
                return 1

            first = asyncio.create_task(cache.get_async("key", load))
            await asyncio.sleep(0)
            second = asyncio.create_task(cache.get_async("key", self.never))
            await asyncio.sleep(0)
            second.cancel()
            await asyncio.sleep(0)
            go.set()
            return await first

        assert asyncio.run(run()) == 1

    def test_a_synchronous_call_in_a_loop_that_is_loading_does_not_wait_for_itself(self):
        cache: SharedCache[int] = SharedCache(10)

        async def run() -> int:
            task = asyncio.create_task(cache.get_async("key", asyncio.Event().wait))
            await asyncio.sleep(0)
            loaded = cache.get("key", lambda: 3)
            task.cancel()
            return loaded

        assert asyncio.run(run()) == 3

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_a_forked_child_does_not_wait_for_its_parent(self):
        cache: SharedCache[int] = SharedCache(10)
        loading, go = threading.Event(), threading.Event()

        def load() -> int:
            loading.set()
            go.wait(5)
            return 1

        with ThreadPoolExecutor(1) as pool:
            parent = pool.submit(cache.get, "key", load)
            loading.wait(5)
            child = os.fork()
            if not child:
                signal.alarm(5)
                os._exit(cache.get("key", lambda: 7))
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
            go.set()
            assert parent.result() == 1
