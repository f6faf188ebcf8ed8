# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Who is measured. Each contender reads a stream to its end, hands each chunk to a callback, and makes a plain call.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any

from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage, ReasoningContent, StreamingChunk, ToolCallDelta
from haystack.utils import Secret
from openai import AsyncOpenAI, OpenAI
from pydantic_core import from_json

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

_KEY, _PROMPT = "sk-or-v1-benchmark", "Write a hundred words."
_MESSAGES = [{"role": "user", "content": _PROMPT}]


def ignore(chunk: Any) -> None:
    """
    A callback that costs as little as a callback can.
    """


async def ignore_async(chunk: Any) -> None:
    """
    The same as a coroutine function.
    """


class Floor:
    """
    What nobody can avoid: reading the bytes, splitting the lines, decoding the JSON, building one StreamingChunk.
    """

    name = "floor"

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)

    def stream(self, model: str, callback: Callable[[Any], Any] = ignore) -> None:
        with socket.create_connection(self._address) as connection, connection.makefile("rb", 65_536) as file:
            connection.sendall(_request(model))
            while file.readline().strip():
                pass
            rest = b""
            while size := int(file.readline(), 16):
                *lines, rest = (rest + file.read(size)).split(b"\n")
                file.readline()
                for chunk in _built(lines):
                    callback(chunk)

    async def stream_async(self, model: str, callback: Callable[[Any], Any] = ignore_async) -> None:
        reader, writer = await asyncio.open_connection(*self._address)
        writer.write(_request(model))
        while (await reader.readline()).strip():
            pass
        rest = b""
        while size := int(await reader.readline(), 16):
            *lines, rest = (rest + await reader.readexactly(size)).split(b"\n")
            await reader.readline()
            for chunk in _built(lines):
                await callback(chunk)
        writer.close()


def _request(model: str) -> bytes:
    body = b'{"model":"%b"}' % model.encode()
    return b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _built(lines: list[bytes]) -> Iterator[StreamingChunk]:
    for line in lines:
        if line.startswith(b"data: {"):
            event = from_json(line[6:])
            delta = event["choices"][0]["delta"]
            if calls := delta.get("tool_calls"):
                yield StreamingChunk("", event, None, 0, [ToolCallDelta(0, None, calls[0]["function"]["arguments"])])
            elif reasoning := delta.get("reasoning"):
                yield StreamingChunk("", event, index=0, reasoning=ReasoningContent(reasoning))
            else:
                yield StreamingChunk(delta["content"], event)


class SDK:
    """
    The openai SDK with nothing around it.
    """

    name = "openai SDK"

    def __init__(self, port: int, host: str = "http://127.0.0.1") -> None:
        settings = {"api_key": _KEY, "base_url": f"{host}:{port}"}
        self._client, self._async_client = OpenAI(**settings), AsyncOpenAI(**settings)

    def stream(self, model: str, callback: Callable[[Any], Any] = ignore) -> None:
        for chunk in self._client.chat.completions.create(model=model, messages=_MESSAGES, stream=True):
            callback(chunk)

    async def stream_async(self, model: str, callback: Callable[[Any], Any] = ignore_async) -> None:
        async for chunk in await self._async_client.chat.completions.create(
            model=model, messages=_MESSAGES, stream=True
        ):
            await callback(chunk)

    def call(self) -> None:
        self._client.chat.completions.create(model="plain", messages=_MESSAGES)

    async def call_async(self) -> None:
        await self._async_client.chat.completions.create(model="plain", messages=_MESSAGES)


class Haystack:
    """
    Haystack's own OpenAIChatGenerator, pointed at the same server.
    """

    name = "OpenAIChatGenerator"
    component: Any = OpenAIChatGenerator

    def __init__(self, port: int, host: str = "http://127.0.0.1") -> None:
        self._url = f"{host}:{port}"
        self._generators: dict[str, Any] = {}

    def stream(self, model: str, callback: Callable[[Any], Any] = ignore) -> None:
        self._generator(model).run([ChatMessage.from_user(_PROMPT)], streaming_callback=callback)

    async def stream_async(self, model: str, callback: Callable[[Any], Any] = ignore_async) -> None:
        await self._generator(model).run_async([ChatMessage.from_user(_PROMPT)], streaming_callback=callback)

    def call(self) -> None:
        self._generator("plain").run([ChatMessage.from_user(_PROMPT)])

    async def call_async(self) -> None:
        await self._generator("plain").run_async([ChatMessage.from_user(_PROMPT)])

    def _generator(self, model: str) -> Any:
        if model not in self._generators:
            key = Secret.from_token(_KEY)
            self._generators[model] = self.component(api_key=key, model=model, api_base_url=self._url)
        return self._generators[model]


class Ours(Haystack):
    """
    This package.
    """

    name = "ours"
    component = OpenRouterChatGenerator


class LangChain:
    """
    `langchain-openrouter`, when it is installed.
    """

    name = "LangChain"

    def __init__(self, port: int) -> None:
        from langchain_openrouter import ChatOpenRouter

        self._kind, self._url = ChatOpenRouter, f"http://127.0.0.1:{port}"

    def stream(self, model: str, callback: Callable[[Any], Any] = ignore) -> None:
        for chunk in self._kind(model=model, api_key=_KEY, base_url=self._url).stream(_PROMPT):
            callback(chunk)

    async def stream_async(self, model: str, callback: Callable[[Any], Any] = ignore_async) -> None:
        async for chunk in self._kind(model=model, api_key=_KEY, base_url=self._url).astream(_PROMPT):
            await callback(chunk)


class LlamaIndex:
    """
    `llama-index-llms-openrouter`, when it is installed.
    """

    name = "LlamaIndex"

    def __init__(self, port: int) -> None:
        from llama_index.core.llms import ChatMessage as Message
        from llama_index.llms.openrouter import OpenRouter

        self._kind, self._url, self._messages = OpenRouter, f"http://127.0.0.1:{port}", [Message(content=_PROMPT)]

    def stream(self, model: str, callback: Callable[[Any], Any] = ignore) -> None:
        for chunk in self._kind(model=model, api_key=_KEY, api_base=self._url).stream_chat(self._messages):
            callback(chunk)

    async def stream_async(self, model: str, callback: Callable[[Any], Any] = ignore_async) -> None:
        llm = self._kind(model=model, api_key=_KEY, api_base=self._url)
        async for chunk in await llm.astream_chat(self._messages):
            await callback(chunk)


class PydanticAI:
    """
    `pydantic-ai`, when it is installed.
    """

    name = "Pydantic AI"

    def __init__(self, port: int) -> None:
        from pydantic_ai import direct
        from pydantic_ai.messages import ModelRequest
        from pydantic_ai.models.openrouter import OpenRouterModel
        from pydantic_ai.providers.openrouter import OpenRouterProvider

        def model(name: str) -> OpenRouterModel:
            client = AsyncOpenAI(api_key=_KEY, base_url=f"http://127.0.0.1:{port}")  # it belongs to one event loop
            return OpenRouterModel(name, provider=OpenRouterProvider(openai_client=client))

        self._direct, self._model, self._messages = direct, model, [ModelRequest.user_text_prompt(_PROMPT)]

    def stream(self, model: str, callback: Callable[[Any], Any] = ignore) -> None:
        with self._direct.model_request_stream_sync(self._model(model), self._messages) as events:
            for event in events:
                callback(event)

    async def stream_async(self, model: str, callback: Callable[[Any], Any] = ignore_async) -> None:
        async with self._direct.model_request_stream(self._model(model), self._messages) as events:
            async for event in events:
                await callback(event)


class LiteLLM:
    """
    `litellm`, when it is installed.
    """

    name = "LiteLLM"

    def __init__(self, port: int) -> None:
        import litellm

        self._litellm = litellm
        self._settings = {
            "messages": _MESSAGES,
            "api_key": _KEY,
            "api_base": f"http://127.0.0.1:{port}",
            "stream": True,
        }

    def stream(self, model: str, callback: Callable[[Any], Any] = ignore) -> None:
        for chunk in self._litellm.completion(model=f"openrouter/{model}", **self._settings):
            callback(chunk)

    async def stream_async(self, model: str, callback: Callable[[Any], Any] = ignore_async) -> None:
        async for chunk in await self._litellm.acompletion(model=f"openrouter/{model}", **self._settings):
            await callback(chunk)


def installed_peers(port: int) -> list[Any]:
    peers = []
    for kind in (LangChain, LlamaIndex, PydanticAI, LiteLLM):
        try:
            peers.append(kind(port))
        except ImportError:
            print(f"{kind.name} is not installed", flush=True)
    return peers
