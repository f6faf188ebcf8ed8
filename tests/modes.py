# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Ways of running a component: the generator in four, the others in two. Helpers of many tests.
"""

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from haystack.dataclasses import ChatMessage, StreamingChunk
from haystack.utils import Secret
from stand_in import StandIn

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

KEY = "sk-or-secret"


@dataclass
class Mode:
    """
    One of the four ways to run the generator. Called, it runs it and keeps the chunks.
    """

    name: str
    url: str
    chunks: list[StreamingChunk] = field(default_factory=list)
    loop: asyncio.Runner | None = None

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
            run = self.loop.run if self.loop else asyncio.run
            return run(self._run_async(generator, messages, arguments))
        return generator.run(messages, **arguments)["replies"]

    @contextmanager
    def one_loop(self) -> Iterator[None]:
        """
        Use one event loop for the runs in this block, and so one client.
        """
        with asyncio.Runner() as self.loop:
            yield
        self.loop = None

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


@dataclass
class Case:
    """
    One of the components, run synchronously or not.
    """

    kind: type[Any]
    path: str
    inputs: tuple[Any, ...]
    is_async: bool
    url: str

    def component(self, **parameters: Any) -> Any:
        if "batch_size" in inspect.signature(self.kind.__init__).parameters:
            parameters = {"raise_on_failure": True, "progress_bar": False, **parameters}
        parameters = {"api_key": Secret.from_token(KEY), "api_base_url": self.url, "timeout": 10.0, **parameters}
        return self.kind(**{"max_retries": 0, "model": "test/model", **parameters})

    def run(self, component: Any, *inputs: Any) -> dict[str, Any]:
        inputs = inputs or self.inputs
        return asyncio.run(component.run_async(*inputs)) if self.is_async else component.run(*inputs)

    def __call__(self, **parameters: Any) -> dict[str, Any]:
        return self.run(self.component(**parameters))


def wait_for_requests(stand_in: StandIn, count: int) -> None:
    deadline = time.monotonic() + 5
    while len(stand_in.requests) < count and time.monotonic() < deadline:
        time.sleep(0.01)
