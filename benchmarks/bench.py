# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
What a streamed chunk costs: CPU time of the client's process, beside the openai SDK and beside what nobody can avoid.

    hatch run bench            # about seven minutes on an idle machine
    hatch run bench --quick    # less exact
    hatch run bench --peers    # with LangChain, LlamaIndex, Pydantic AI and LiteLLM, where they are installed
"""

import argparse
import asyncio
import gc
import logging
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")

from contenders import SDK, Floor, Haystack, Ours, installed_peers
from processes import import_milliseconds, memory_megabytes
from server import KINDS, running_server

STREAMS_AT_ONCE = (1, 10, 100, 400)

Figures = dict[str, float]


class Bench:
    """
    Measures every contender in turn, round after round, so that a busy machine is busy for all of them.
    """

    def __init__(self, port: int, *, rounds: int, size: int, peers: bool) -> None:
        self._rounds, self._size = rounds, size
        self._contenders = [Floor(port), SDK(port), Haystack(port), Ours(port)]
        self._with_peers = [*self._contenders, *(installed_peers(port) if peers else [])]
        self._callers = [contender for contender in self._contenders if hasattr(contender, "call")]
        self._runner = asyncio.Runner()

    def sync_stream(self, kind: str) -> Figures:
        """
        Microseconds a chunk.
        """
        model = f"{kind}/{self._size}"
        tasks = {contender.name: lambda c=contender: c.stream(model) for contender in self._with_peers}
        return self._medians(tasks, self._size)

    def async_stream(self, kind: str) -> Figures:
        """
        Microseconds a chunk.
        """
        model = f"{kind}/{self._size}"
        tasks = {contender.name: lambda c=contender: self._at_once(c, model, 1) for contender in self._with_peers}
        return self._medians(tasks, self._size)

    def streams_at_once(self, count: int) -> Figures:
        """
        Microseconds a chunk, without the cost of the requests: long streams less streams of a single chunk.
        """
        length = max(self._size // count, self._size // 25)
        tasks = {}
        for contender in self._contenders:
            tasks[contender.name] = lambda c=contender: self._at_once(c, f"text/{length}", count)
            tasks[f"{contender.name}, requests"] = lambda c=contender: self._at_once(c, "text/1", count)
        figures = self._medians(tasks, count * (length - 1))
        return {c.name: figures[c.name] - figures[f"{c.name}, requests"] for c in self._contenders}

    def growth(self, kind: str) -> float:
        """
        How many times longer a stream of 80,000 chunks takes than one of 20,000: four, if nothing is done twice.
        """
        (ours,) = (contender for contender in self._contenders if contender.name == Ours.name)
        tasks = {str(size): lambda size=size: ours.stream(f"{kind}/{size}") for size in (20_000, 80_000)}
        figures = self._medians(tasks, 1)
        return figures["80000"] / figures["20000"]

    def call(self) -> Figures:
        """
        Microseconds a call without streaming.
        """
        return self._medians({c.name: lambda c=c: [c.call() for _ in range(100)] for c in self._callers}, 100)

    def call_async(self) -> Figures:
        """
        Microseconds an asynchronous call without streaming.
        """

        async def calls(contender: Any) -> None:
            for _ in range(100):
                await contender.call_async()

        tasks = {c.name: lambda c=c: self._runner.run(calls(c)) for c in self._callers}
        return self._medians(tasks, 100)

    def _at_once(self, contender: Any, model: str, count: int) -> None:
        async def together() -> None:
            await asyncio.gather(*[contender.stream_async(model) for _ in range(count)])

        self._runner.run(together())

    def _medians(self, tasks: dict[str, Callable[[], Any]], units: int) -> Figures:
        seconds: dict[str, list[float]] = {name: [] for name in tasks}
        for task in tasks.values():
            task()
        for _ in range(self._rounds):
            for name, task in tasks.items():
                gc.collect()
                start = time.process_time()
                task()
                seconds[name].append(time.process_time() - start)
        return {name: statistics.median(spent) / units * 1e6 for name, spent in seconds.items()}


def main() -> None:
    """
    Measure, and print the table.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three short rounds")
    parser.add_argument("--peers", action="store_true", help="measure other packages too")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    rounds = 3 if options.quick else 5
    with running_server() as port:
        bench = Bench(port, rounds=rounds, size=2000 if options.quick else 5000, peers=options.peers)
        _print_machine()
        print("\n| µs of CPU a chunk | floor | others | **ours** | ÷ SDK | ÷ floor |\n|---|---|---|---|---|---|")
        for kind in KINDS:
            name = {"text_apart": "text, an event a piece"}.get(kind, kind.replace("_", " "))
            _print_row(name, bench.sync_stream(kind))
            _print_row(f"{name}, async", bench.async_stream(kind))
        for count in STREAMS_AT_ONCE:
            _print_row(f"text, {count} at once", bench.streams_at_once(count))
        print("\n| | openai SDK | Haystack | **ours** | ratio |\n|---|---|---|---|---|")
        _print_pair("µs a call, not streamed", bench.call(), SDK.name)
        _print_pair("µs a call, not streamed, async", bench.call_async(), SDK.name)
        _print_pair("MB added by 200,000 chunks of text", memory_megabytes(port, 200_000))
        _print_pair("ms of CPU to import", import_milliseconds(rounds), Haystack.name)
        kinds = [kind for kind in KINDS if kind != "text_apart"]
        growth = ", ".join(f"{kind.replace('_', ' ')} {bench.growth(kind):.2f}" for kind in kinds)
        print(f"\nA stream of 80,000 chunks takes this many times longer than one of 20,000: {growth}")


def _print_machine() -> None:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load}", flush=True)


def _print_row(what: str, figures: Figures) -> None:
    floor, ours = figures[Floor.name], figures[Ours.name]
    others = ", ".join(f"{n} {v:.1f}" for n, v in figures.items() if n not in (Floor.name, Ours.name))
    ratios = f"{ours / figures[SDK.name]:.3f} | {ours / floor:.2f}"
    print(f"| {what} | {floor:.1f} | {others} | **{ours:.1f}** | {ratios} |", flush=True)


def _print_pair(what: str, figures: Figures, base: str | None = None) -> None:
    cells = [f"{figures[name]:.1f}" if name in figures else "" for name in (SDK.name, Haystack.name, Ours.name)]
    ratio = f"{figures[Ours.name] / figures[base]:.3f} of {base}" if base else ""
    print(f"| {what} | {cells[0]} | {cells[1]} | **{cells[2]}** | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
