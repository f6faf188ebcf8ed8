# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The example that embeds a corpus on Ray: when a worker dies or the driver, and under a rate limit."""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import corpus_on_ray
import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import ray
from haystack import Document
from serve_example import EXAMPLES
from stand_in import Answer, Request, StandIn

from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder

TEXTS = {f"boat-{n}": f"Boat {n} leaves pier {n % 7} at {n % 24} o'clock." for n in range(1600)}
RATE = 6  # requests a second


class Fatal(StandIn):
    """
    A stand-in that kills one of Ray's actors at its tenth request.
    """

    def __init__(self) -> None:
        super().__init__()
        self.killed: list[int] = []
        self._numbers = itertools.count(1)

    def answer(self, request: Request) -> Answer:
        if next(self._numbers) == 10:
            actors = [process for process in psutil.Process().children(recursive=True) if is_embedder(process)]
            actors[0].kill()
            self.killed.append(actors[0].pid)
        return super().answer(request)


class FatalToTheDriver(StandIn):
    """
    A stand-in that kills the driver once it has written two blocks, and counts how often a text is embedded.
    """

    def __init__(self, vectors: Path) -> None:
        super().__init__()
        self.vectors = vectors
        self.driver: subprocess.Popen[str] | None = None
        self.embedded: Counter[str] = Counter()
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.embedded.update(request.body["input"])
            if self.driver is not None and len([*self.vectors.glob("*.parquet")]) >= 2:
                self.driver.kill()
                self.driver = None
        return super().answer(request)


class Limited(StandIn):
    """
    A stand-in that allows `RATE` requests a second, and responds to any more with HTTP 429 and `Retry-After`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.allowed: list[float] = []
        self.refused = 0
        self._lock = threading.Lock()
        self._credit, self._since = 1.0, time.monotonic()

    def answer(self, request: Request) -> Answer:
        with self._lock:
            now = time.monotonic()
            self._credit = min(RATE, self._credit + (now - self._since) * RATE) if self.allowed else 1.0
            self._since = now
            if self._credit < 1:
                self.refused += 1
                return Answer.error(429, "Rate limit exceeded", headers={"retry-after": "1"})
            self._credit -= 1
            self.allowed.append(now)
        return super().answer(request)

    def used(self) -> float:
        """
        The share of the allowed requests that were sent, from the first to the last.
        """
        return (len(self.allowed) - 1) / (RATE * (self.allowed[-1] - self.allowed[0]))


def is_embedder(process: psutil.Process) -> bool:
    try:
        return "MapWorker(MapBatches(Embedder))" in " ".join(process.cmdline())
    except psutil.Error:
        return False


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENROUTER_API_KEY", "sk-or-test-key")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(EXAMPLES), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")  # not after everything else on the machine
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield
        ray.shutdown()


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(f"{json.dumps({'id': name, 'text': text})}\n" for name, text in TEXTS.items()), "utf-8")
    return str(path)


def test_nothing_is_lost_or_embedded_twice_when_a_worker_dies(corpus: str, tmp_path: Path, capsys):
    with Fatal() as stand_in:
        corpus_on_ray.embed(corpus, str(tmp_path / "vectors"), stand_in.url)
        documents = [Document(id=name, content=text) for name, text in TEXTS.items()]
        embedder = OpenRouterDocumentEmbedder(api_base_url=stand_in.url, batch_size=500, progress_bar=False)
        expected = embedder.run(documents)
    assert len(stand_in.killed) == 1
    assert not psutil.pid_exists(stand_in.killed[0])
    written = sorted(pq.read_table(tmp_path / "vectors").to_pylist(), key=lambda row: list(TEXTS).index(row["id"]))
    assert {row["id"]: row["text"] for row in written} == TEXTS
    assert len(written) == len(TEXTS)
    vectors = [document.embedding for document in expected["documents"]]
    np.testing.assert_allclose([row["embedding"] for row in written], vectors, atol=1e-6)
    usage = expected["meta"]["usage"]
    out = capsys.readouterr().out
    assert f"{len(TEXTS)} documents, " in out
    assert ", 0 failed" in out
    assert f"{usage['total_tokens']} tokens, {usage['cost']:.6f} USD" in out


# Run the example with the stand-in of the test
DRIVER = "import runpy, stand_in; stand_in.base_url = lambda: {url!r}; runpy.run_path({path!r}, run_name='__main__')"


def test_a_run_whose_driver_is_killed_goes_on_where_it_stopped(corpus: str, tmp_path: Path, capsys):
    vectors = tmp_path / "vectors"
    with FatalToTheDriver(vectors) as stand_in:
        code = DRIVER.format(url=stand_in.url, path=corpus_on_ray.__file__)
        environment = {**os.environ, "RAY_ADDRESS": ray.get_runtime_context().gcs_address}
        arguments = [sys.executable, "-c", code, corpus, str(vectors)]
        with subprocess.Popen(arguments, env=environment, text=True) as driver:
            stand_in.driver = driver
            assert driver.wait(120) < 0, "it has come to its end"
        orphans = [process for process in psutil.Process().children(recursive=True) if is_embedder(process)]
        _, alive = psutil.wait_procs(orphans, timeout=60)
        assert alive == []
        written = {row["id"] for row in pq.read_table(vectors).to_pylist()}
        assert 2 * corpus_on_ray.BLOCK <= len(written) < len(TEXTS)
        half = next(vectors.glob("*.parquet")).read_bytes()
        (vectors / "half.parquet").write_bytes(half[: len(half) // 2])
        (vectors / ".half").write_bytes(half[: len(half) // 2])
        paid_before = Counter(stand_in.embedded)
        corpus_on_ray.embed(corpus, str(vectors), stand_in.url)
    assert f"{len(TEXTS)} documents, {len(written)} of them embedded before, 0 failed" in capsys.readouterr().out
    rows = pq.read_table(vectors).to_pylist()
    assert len(rows) == len(TEXTS)
    assert {row["id"]: row["text"] for row in rows} == TEXTS
    paid_after = stand_in.embedded - paid_before
    assert not set(paid_after) & {TEXTS[name] for name in written}
    twice = [text for text, times in stand_in.embedded.items() if times > 1]
    assert len(twice) <= corpus_on_ray.ACTORS * corpus_on_ray.BLOCK
    assert max(stand_in.embedded.values()) <= 2
    requests = len(stand_in.requests)
    corpus_on_ray.embed(corpus, str(vectors), stand_in.url)
    assert len(stand_in.requests) == requests


def test_the_allowed_rate_is_used_and_no_document_fails(corpus: str, tmp_path: Path, capsys):
    with Limited() as stand_in:
        corpus_on_ray.embed(corpus, str(tmp_path / "vectors"), stand_in.url)
    assert stand_in.refused
    assert ", 0 failed" in capsys.readouterr().out
    assert pq.read_table(tmp_path / "vectors")["embedding"].null_count == 0
    assert stand_in.used() >= 0.8
