# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Rounds in which every contender has its turn, so that a busy machine is busy for all of them.
"""

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

Figures = dict[str, float]


def medians(
    tasks: dict[str, Callable[[], Any]], units: int, rounds: int, clock: Callable[[], float] = time.process_time
) -> Figures:
    """
    Microseconds that a unit of each task takes, of CPU time unless another clock is given.
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    for _ in range(rounds):
        for name, task in tasks.items():
            gc.collect()
            start = clock()
            task()
            seconds[name].append(clock() - start)
    return {name: statistics.median(spent) / units * 1e6 for name, spent in seconds.items()}
