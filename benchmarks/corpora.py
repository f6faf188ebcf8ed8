# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
What it costs to embed many documents, in CPU time and in time.
"""

import asyncio
import time

from embedders import SDK, Floor, Haystack, Ours, OursOneByOne, SDKBase64, documents
from rounds import Figures, medians


class Corpora:
    """
    Embeds the same documents with every contender, synchronously and asynchronously.
    """

    def __init__(self, port: int, *, rounds: int, size: int) -> None:
        self._rounds, self._documents = rounds, documents(size)
        self._contenders = [kind(port) for kind in (Floor, SDK, SDKBase64, Haystack, Ours, OursOneByOne)]
        self._runner = asyncio.Runner()

    def cpu(self) -> Figures:
        """
        Microseconds of CPU time a document; the last contender is this package without threads.
        """
        tasks = {c.name: lambda c=c: c.embed("now", self._documents) for c in self._contenders}
        return medians(tasks, len(self._documents), self._rounds)

    def cpu_async(self) -> Figures:
        """
        The same with an event loop.
        """
        tasks = {c.name: lambda c=c: self._run(c, "now") for c in self._contenders}
        return medians(tasks, len(self._documents), self._rounds)

    def seconds(self) -> Figures:
        """
        Seconds for all documents, if each response takes 100 ms.
        """
        tasks = {c.name: lambda c=c: c.embed("later", self._documents) for c in self._contenders[:-1]}
        return medians(tasks, 1_000_000, 1, time.perf_counter)

    def seconds_async(self) -> Figures:
        """
        The same with an event loop.
        """
        tasks = {c.name: lambda c=c: self._run(c, "later") for c in self._contenders[:-1]}
        return medians(tasks, 1_000_000, 1, time.perf_counter)

    def _run(self, contender: Floor, model: str) -> None:
        self._runner.run(contender.embed_async(model, self._documents))
