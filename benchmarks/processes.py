# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
What can only be measured in a process of its own: the memory that a long stream adds, and the time of an import.
"""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

import contenders

_IMPORTS = {
    contenders.Haystack.name: "from haystack.components.generators.chat import OpenAIChatGenerator",
    contenders.Ours.name: "from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator",
}


def memory_megabytes(port: int, chunks: int) -> dict[str, float]:
    """
    How much the peak of the resident memory grows by a stream of text, after a short one. For Linux.
    """
    megabytes = {}
    for kind in (contenders.SDK, contenders.Haystack, contenders.Ours):
        command = [sys.executable, str(Path(__file__)), kind.__name__, str(port), str(chunks)]
        megabytes[kind.name] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return megabytes


def import_milliseconds(rounds: int) -> dict[str, float]:
    """
    Milliseconds of CPU time that a fresh process needs to import a generator: medians of interleaved rounds.
    """
    spent: dict[str, list[float]] = {name: [] for name in _IMPORTS}
    for _ in range(rounds + 1):
        for name, statement in _IMPORTS.items():
            before = _children_seconds()
            subprocess.run([sys.executable, "-c", statement], check=True)
            spent[name].append((_children_seconds() - before) * 1e3)
    return {name: statistics.median(values[1:]) for name, values in spent.items()}


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _added_megabytes(kind: str, port: int, chunks: int) -> float:
    contender = getattr(contenders, kind)(port)
    contender.stream("text/1000")
    before = _peak_megabytes()
    contender.stream(f"text/{chunks}")
    return _peak_megabytes() - before


def _peak_megabytes() -> float:
    # not `ru_maxrss`, which a process inherits from its parent
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    print(_added_megabytes(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
