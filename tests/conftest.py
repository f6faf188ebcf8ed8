# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

import asyncio
import gc
import os

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import certifi
import pytest
from haystack.dataclasses import ChatMessage, StreamingChunk
from haystack.utils import Secret
from stand_in import StandIn

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator


@pytest.fixture(scope="session", autouse=True)
def frozen_imports() -> None:
    """
    Let the garbage collector pass over what the imports made: looking at it takes a tenth of a second each time.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """
    Loading all certificates is most of what a client costs, and the stand-in speaks plain HTTP.
    """
    if os.environ.get("OPENROUTER_API_KEY"):
        yield
        return
    end = "-----END CERTIFICATE-----\n"
    path = tmp_path_factory.mktemp("certificates") / "one.pem"
    path.write_text(Path(certifi.where()).read_text().partition(end)[0] + end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    for name in list(os.environ):
        if name.startswith("OPENAI_"):
            monkeypatch.delenv(name)
    if not request.node.get_closest_marker("integration"):
        monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-test-key")
    monkeypatch.setenv("HAYSTACK_DESERIALIZATION_ALLOWLIST", "tests,tests.*,test_*,conftest")


@pytest.fixture(scope="session")
def janitor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def stand_in(janitor: ThreadPoolExecutor) -> Iterator[StandIn]:
    server = StandIn().start()
    yield server
    janitor.submit(server.stop)  # which takes milliseconds, and no test waits for it


@dataclass
class Mode:
    """
    One of the four ways to run the generator. Called, it runs it and keeps the chunks.
    """

    name: str
    url: str
    chunks: list[StreamingChunk] = field(default_factory=list)

    @property
    def is_async(self) -> bool:
        return self.name.startswith("async")

    @property
    def streams(self) -> bool:
        return self.name.endswith("stream")

    def generator(self, **parameters: Any) -> OpenRouterChatGenerator:
        parameters = {"api_key": Secret.from_token("sk-or-secret"), "max_retries": 0, "timeout": 10.0, **parameters}
        return OpenRouterChatGenerator(**{"api_base_url": self.url, "model": "test/model", **parameters})

    def run(self, generator: OpenRouterChatGenerator, messages: Any = "hi", **arguments: Any) -> list[ChatMessage]:
        self.chunks.clear()
        if self.streams:
            arguments.setdefault("streaming_callback", self.callback())
        if self.is_async:
            return asyncio.run(self._run_async(generator, messages, arguments))
        return generator.run(messages, **arguments)["replies"]

    async def _run_async(self, generator: Any, messages: Any, arguments: dict[str, Any]) -> list[ChatMessage]:
        return (await generator.run_async(messages, **arguments))["replies"]

    def callback(self) -> Callable[[StreamingChunk], Any]:
        if not self.is_async:
            return self.chunks.append

        async def keep(chunk: StreamingChunk) -> None:
            self.chunks.append(chunk)

        return keep

    def __call__(self, messages: Any = "hi", run: Any = None, **parameters: Any) -> ChatMessage:
        (reply,) = self.run(self.generator(**parameters), messages, generation_kwargs=run)
        return reply


@pytest.fixture(params=["sync", "async", "sync-stream", "async-stream"])
def mode(request: pytest.FixtureRequest, stand_in: StandIn) -> Mode:
    return Mode(request.param, stand_in.url)


@pytest.fixture(params=["sync-stream", "async-stream"])
def streaming(request: pytest.FixtureRequest, stand_in: StandIn) -> Mode:
    return Mode(request.param, stand_in.url)


@pytest.fixture(params=["sync", "async"])
def plain(request: pytest.FixtureRequest, stand_in: StandIn) -> Mode:
    return Mode(request.param, stand_in.url)


@pytest.fixture(params=["sync", "async-stream"])
def pair(request: pytest.FixtureRequest, stand_in: StandIn) -> Mode:
    """
    For what depends on either difference, and not on both together.
    """
    return Mode(request.param, stand_in.url)


@pytest.fixture
def sync(stand_in: StandIn) -> Mode:
    """
    For what all four ways have in common, such as the arguments of a request and the response hook.
    """
    return Mode("sync", stand_in.url)
