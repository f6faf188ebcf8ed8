# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Many calls of each component, every tenth of which fails: memory, file descriptors and threads must not grow. For Linux.

    hatch run soak                    # 20,000 calls of each; takes about half an hour
    hatch run soak --calls 2000       # a trend
    hatch run soak --only Ranker      # those with this in their name

Half of the calls are asynchronous, ten at a time, in an event loop for each hundred calls. Each hundred calls have a
component of their own. The stand-in runs in another process.
"""

import argparse
import asyncio
import ctypes
import gc
import itertools
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")

import openai
from stand_in import CUT, RESET, Answer, StandIn

A_HUNDRED, AT_ONCE, EVERY = 100, 10, 10
# What may be added from the first half of the calls to the second: memory is never quite still.
MOST_MEGABYTES, MOST_DESCRIPTORS, MOST_THREADS = 4.0, 3, 0

Call = Callable[[Any], Any]


class Unreliable(StandIn):
    """
    A stand-in that keeps no request, and every tenth response of which is a failure.
    """

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self._failures = itertools.cycle(
            [
                Answer.error(500, "Internal error"),
                Answer.error(401, "No cookie auth credentials found"),
                Answer.error(429, "Provider returned error", metadata={"provider_name": "A", "raw": "x" * 1000}),
                Answer.error(502, "Provider returned error", status=200),
                Answer.raw(b"<html><title>Bad Gateway</title></html>", "text/html"),
                Answer.sse([{"choices": [{"delta": {"content": "Once"}}]}, CUT]),
                Answer.raw(b'{"data": [', "application/json"),
                Answer([RESET]),
            ]
        )

    def answer(self, request: Any) -> Answer:
        if next(self._numbers) % EVERY == 0:
            return next(self._failures)
        if request.path.endswith("/generation"):
            return Answer.json({"data": {"id": "gen-1", "total_cost": 0.1}})
        found = super().answer(request)
        self.requests.clear()
        if "/videos" not in request.path:  # a job is looked at several times
            self.memory = type(self.memory)()
        return found


@contextmanager
def running_server() -> Iterator[str]:
    """
    Run the stand-in in a process of its own, and give its URL.
    """
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def used() -> tuple[float, int, int]:
    """
    Megabytes of resident memory, file descriptors and threads, after what is garbage was collected.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    megabytes = pages * os.sysconf("SC_PAGESIZE") / 2**20
    return megabytes, len(os.listdir("/proc/self/fd")), threading.active_count()


class Soak:
    """
    The calls of one method.
    """

    def __init__(self, kind: type[Any], method: str, inputs: tuple[Any, ...], needed: dict[str, Any]) -> None:
        self.name = f"{kind.__name__}.{method}"
        self._kind, self._method, self._inputs = kind, method, inputs
        self._parameters = {**needed, "max_retries": 0, "timeout": 30.0}
        self.calls = self.failed = 0

    def hundred(self) -> None:
        """
        Make a hundred calls of one component: the next hundred is asynchronous.
        """
        component = self._kind(**self._parameters)
        component.raise_on_failure, component.progress_bar, component.poll_interval = True, False, 0.0
        if self.calls // A_HUNDRED % 2:
            asyncio.run(self._hundred_async(getattr(component, f"{self._method}_async")))
        else:
            for number in range(A_HUNDRED):
                try:
                    getattr(component, self._method)(*self._inputs, **self._more(number))
                except openai.APIError:
                    self.failed += 1
        self.calls += A_HUNDRED

    async def _hundred_async(self, call: Call) -> None:
        for start in range(0, A_HUNDRED, AT_ONCE):
            calls = (call(*self._inputs, **self._more(number)) for number in range(start, start + AT_ONCE))
            for outcome in await asyncio.gather(*calls, return_exceptions=True):
                self.failed += isinstance(outcome, openai.APIError)
                if isinstance(outcome, BaseException) and not isinstance(outcome, openai.APIError):
                    raise outcome

    def _more(self, number: int) -> dict[str, Any]:
        streams = self._kind.__name__ == "OpenRouterChatGenerator" and number % 2
        return {"streaming_callback": lambda _: None} if streams else {}

    def run(self, calls: int) -> bool:
        """
        Make the calls, and print what the second half of them added. False if that is too much.
        """
        start = time.monotonic()
        while self.calls < calls // 2:
            self.hundred()
        before = used()
        while self.calls < calls:
            self.hundred()
        added = [now - then for now, then in zip(used(), before, strict=True)]
        limits = (MOST_MEGABYTES, MOST_DESCRIPTORS, MOST_THREADS)
        is_good = all(number <= most for number, most in zip(added, limits, strict=True))
        megabytes = f"{before[0]:8.1f} {added[0]:+8.2f}"
        others = f"{before[1]:5} {added[1]:+4} {before[2]:4} {added[2]:+4} {time.monotonic() - start:6.0f} s"
        end = "" if is_good else "  GROWS"
        print(f"{self.name:45} {self.calls:7,} {self.failed:6,} {megabytes} {others}{end}", flush=True)
        return is_good


def main() -> int:
    """
    Make the calls of all components.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20_000, help="how many calls of each, in hundreds")
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        print((server := Unreliable()).url, flush=True)
        server.start()
        threading.Event().wait()
    from components import INPUTS, KINDS, METHODS, NEEDED

    logging.disable(logging.CRITICAL)
    os.environ["OPENROUTER_API_KEY"] = "sk-or-soak"
    todo = [(kind, METHODS.get(name, "run"), INPUTS[name]) for name, kind in KINDS.items()]
    todo.append((KINDS["OpenRouterAccount"], "generation", ("gen-1",)))
    head = f"{'':45} {'calls':>7} failed  MB first  second descriptors  threads"
    print(head, flush=True)
    with running_server() as url:
        needed = {kind: {**NEEDED.get(kind.__name__, {}), "api_base_url": url} for kind in KINDS.values()}
        soaks = [
            Soak(*one, needed[one[0]]) for one in todo if options.only.lower() in f"{one[0].__name__}.{one[1]}".lower()
        ]
        growing = [soak.name for soak in soaks if not soak.run(options.calls)]
    return 1 if growing else 0


if __name__ == "__main__":
    sys.exit(main())
