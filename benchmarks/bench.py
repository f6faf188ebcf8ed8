# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
What the client costs: CPU time of a chunk, a call, an embedded document and an error, and what users wait for.

    hatch run bench                      # about fifteen minutes on an idle machine; draws benchmarks/chart.svg
    hatch run bench --quick              # less exact, and without the chart
    hatch run bench --only embeddings    # or streams, paced, calls, conversations, errors, large, network, connections
    hatch run bench --peers              # with other packages, where they are installed
"""

import argparse
import logging
import os
import platform

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")

from chart import draw
from connections import after_silence, first_queries, warm_ups
from contenders import SDK, Floor, Haystack, Ours
from conversations import IN, OUT, Conversations
from corpora import Corpora
from embedders import OursOneByOne
from failures import Failures
from first_chunk import first_chunks, first_chunks_async
from large import MEMORY, Large
from paced import Paced
from processes import import_milliseconds, memory_megabytes
from rounds import Figures
from server import KINDS, running_server
from streams import Streams

PARTS = ("streams", "paced", "calls", "conversations", "errors", "embeddings", "large", "network", "connections")
STREAMS_AT_ONCE = (1, 10, 100, 400)

Groups = dict[str, Figures]


def main() -> None:
    """
    Measure, print the tables, and draw the chart.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three short rounds")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--peers", action="store_true", help="measure other packages too")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    parts = (options.only,) if options.only else PARTS
    rounds = 3 if options.quick else 5
    groups: Groups = {}
    with running_server() as port:
        _print_machine()
        if "streams" in parts or "calls" in parts:
            streams = Streams(port, rounds=rounds, size=2000 if options.quick else 5000, peers=options.peers)
        if "paced" in parts:
            _measure_paced(port, rounds)
        if "streams" in parts:
            groups |= _measure_streams(streams)
        if "calls" in parts:
            _measure_calls(streams, port, rounds)
        if "conversations" in parts:
            _measure_conversations(port, rounds)
        if "errors" in parts:
            _measure_errors(port, rounds, megabytes=2 if options.quick else 10)
        if "embeddings" in parts:
            groups |= _measure_embeddings(port, rounds, quick=options.quick)
        if "large" in parts:
            _measure_large(port, rounds)
    if "network" in parts:
        groups |= _measure_network(10 if options.quick else 50)
    if "connections" in parts:
        _measure_connections(rounds, (7.0,) if options.quick else (7.0, 60.0))
    if len(parts) == len(PARTS) and not options.quick:
        draw(groups)


def _measure_streams(streams: Streams) -> Groups:
    groups = {}
    print("\n| µs of CPU a chunk | floor | others | **ours** | ÷ SDK | ÷ floor |\n|---|---|---|---|---|---|")
    for kind in KINDS:
        name = {"text_apart": "text, an event a piece"}.get(kind, kind.replace("_", " "))
        groups[name] = streams.sync_stream(kind)
        _print_row(name, groups[name])
        _print_row(f"{name}, async", streams.async_stream(kind))
    for count in STREAMS_AT_ONCE:
        _print_row(f"text, {count} at once", streams.streams_at_once(count))
    kinds = [kind for kind in KINDS if kind != "text_apart"]
    growth = ", ".join(f"{kind.replace('_', ' ')} {streams.growth(kind):.2f}" for kind in kinds)
    print(f"\nA stream of 80,000 chunks takes this many times longer than one of 20,000: {growth}")
    return {f"CPU of a streamed chunk\n({name})": groups[name] for name in ("text", "reasoning")}


def _measure_paced(port: int, rounds: int) -> None:
    print("\n| 100 paced streams, async | floor | others | **ours** | ÷ SDK | ÷ floor |\n|---|---|---|---|---|---|")
    names = ("µs from the server to the callback, median", "the same, 99th percentile", "µs of CPU a chunk")
    for name, figures in zip(names, Paced(port, rounds=rounds).figures(), strict=True):
        _print_row(name, figures)


def _measure_calls(streams: Streams, port: int, rounds: int) -> None:
    print("\n| | openai SDK | Haystack | **ours** | ratio |\n|---|---|---|---|---|")
    _print_pair("µs a call, not streamed", streams.call(), SDK.name)
    _print_pair("µs a call, not streamed, async", streams.call_async(), SDK.name)
    _print_pair("MB added by 200,000 chunks of text", memory_megabytes(port, 200_000))
    _print_pair("ms of CPU to import", import_milliseconds(rounds), Haystack.name)


def _measure_conversations(port: int, rounds: int) -> None:
    conversations = Conversations(port, rounds=rounds)
    print("\n| | openai SDK | Haystack | **ours** | ratio |\n|---|---|---|---|---|")
    for name in OUT:
        _print_pair(f"µs a call, {name}", conversations.microseconds_out(name), SDK.name)
    for name in IN:
        _print_pair(f"µs a reply, {name}", conversations.microseconds_in(name), SDK.name)
    _print_pair("ms an Agent of 50 steps with 20 tools", conversations.agent(asynchronous=False), Haystack.name)
    _print_pair("the same, async", conversations.agent(asynchronous=True), Haystack.name)
    _print_pair("ms that 1,000 messages stop an event loop", conversations.stopped_loop(), SDK.name)


def _measure_errors(port: int, rounds: int, *, megabytes: int) -> None:
    failures = Failures(port, rounds=rounds, megabytes=megabytes)
    print(f"\n| ms an error, {megabytes} MB | openai SDK | Haystack | **ours** | ratio |\n|---|---|---|---|---|")
    for name in failures.names:
        _print_pair(name, failures.milliseconds(name), SDK.name)
    growth = ", ".join(f"{name} {failures.growth(name):.2f}" for name in ("repeated prompt", "titles", "headers"))
    print(f"\nA body of four times the size takes this many times longer: {growth}")


def _measure_embeddings(port: int, rounds: int, *, quick: bool) -> Groups:
    corpora = Corpora(port, rounds=rounds, size=320 if quick else 1600)
    cpu, seconds = corpora.cpu(), corpora.seconds()
    print("\n| | floor | others | **ours** | ÷ SDK | ÷ floor |\n|---|---|---|---|---|---|")
    for what, figures in (("µs of CPU a document", cpu), ("µs of CPU a document, async", corpora.cpu_async())):
        one_by_one = figures.pop(OursOneByOne.name)
        _print_row(what, figures)
        _print_row(f"{what}, `concurrency=1`", {**figures, Ours.name: one_by_one})
    _print_row("seconds at 100 ms a response", seconds)
    _print_row("seconds at 100 ms a response, async", corpora.seconds_async())
    return {"CPU of an embedded document": cpu, "Time to embed 1,600 documents\nat 100 ms a response": seconds}


def _measure_large(port: int, rounds: int) -> None:
    large = Large(port, rounds=rounds)
    print("\n| | floor | openai SDK | **ours** | ÷ SDK | ÷ floor |\n|---|---|---|---|---|---|")
    pages, cores = large.pages()
    _print_large("ms a page of a PDF file, 800 x 800", pages)
    _print_large("µs a document of a ranking of 1,000", large.ranking())
    _print_large("µs to load 413 models", large.models())
    for name in MEMORY:
        _print_large(f"memory at the peak ÷ size, {name}", large.memory(name))
    print(f"\nWith four pages at once, {cores:.1f} cores are busy")


def _measure_network(streams: int) -> Groups:
    print("\n| | openai SDK | Haystack | **ours** | ratio |\n|---|---|---|---|---|")
    milliseconds, connections = first_chunks(streams)
    _print_pair("ms to the first chunk over TLS, 50 ms away", milliseconds, SDK.name)
    _print_pair(f"connections of {streams} streams in a row", connections)
    of_tasks, connections = first_chunks_async(streams)
    _print_pair("ms to the first chunk over TLS, 50 ms away, async", of_tasks, SDK.name)
    _print_pair(f"connections of {streams} streams in a row, async", connections)
    return {"Time to the first chunk\nover TLS, 50 ms away": milliseconds}


def _measure_connections(rounds: int, silences: tuple[float, ...]) -> None:
    print("\n| | openai SDK | Haystack | **ours** | ratio |\n|---|---|---|---|---|")
    microseconds, contexts = warm_ups(rounds)
    _print_pair("µs of CPU to warm up one more component, or to make one more client", microseconds, SDK.name)
    _print_pair("SSL contexts of ten", contexts)
    _print_pair("ms of the first embedding, ranking and chat over TLS, 50 ms away", first_queries(rounds), SDK.name)
    for silence, round_trips in after_silence(silences).items():
        _print_pair(f"round trips to the first chunk after {silence:g} s of silence", round_trips)


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


def _print_large(what: str, figures: Figures) -> None:
    ours = figures[Ours.name]
    cells = [f"{figures[name]:.1f}" if name in figures else "" for name in (Floor.name, SDK.name)]
    ratios = [f"{ours / figures[name]:.2f}" if name in figures else "" for name in (SDK.name, Floor.name)]
    print(f"| {what} | {' | '.join(cells)} | **{ours:.1f}** | {' | '.join(ratios)} |", flush=True)


if __name__ == "__main__":
    main()
