# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Who is measured with embeddings. Each contender embeds the same documents, 32 in a request.
"""

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from haystack import Document
from haystack.components.embedders import OpenAIDocumentEmbedder
from haystack.utils import Secret
from openai import AsyncOpenAI, OpenAI
from pydantic_core import from_json

from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder

BATCH = 32
_KEY = "sk-or-v1-benchmark"


def documents(count: int) -> list[Document]:
    return [Document(content=f"Document {number}. " + "word " * 100) for number in range(count)]


def _texts(given: list[Document]) -> Iterator[list[str]]:
    for start in range(0, len(given), BATCH):
        yield [document.content for document in given[start : start + BATCH]]


class Floor:
    """
    What nobody can avoid: reading the bytes, decoding the JSON, copying each Document with its vector.
    """

    name = "floor"

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)

    def embed(self, model: str, given: list[Document]) -> list[Document]:
        with socket.create_connection(self._address) as connection, connection.makefile("rb", 65_536) as file:
            embedded = []
            for texts in _texts(given):
                connection.sendall(self._request(model, texts))
                length = 0
                while line := file.readline().strip():
                    if line.startswith(b"Content-Length:"):
                        length = int(line[15:])
                embedded += self._copies(given[len(embedded) :], file.read(length))
            return embedded

    async def embed_async(self, model: str, given: list[Document]) -> list[Document]:
        reader, writer = await asyncio.open_connection(*self._address, limit=2**21)
        embedded = []
        for texts in _texts(given):
            writer.write(self._request(model, texts))
            length = 0
            while line := (await reader.readline()).strip():
                if line.startswith(b"Content-Length:"):
                    length = int(line[15:])
            embedded += self._copies(given[len(embedded) :], await reader.readexactly(length))
        writer.close()
        return embedded

    @staticmethod
    def _request(model: str, texts: list[str]) -> bytes:
        body = json.dumps({"model": model, "input": texts}).encode()
        return b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    @staticmethod
    def _copies(given: list[Document], body: bytes) -> list[Document]:
        data = from_json(body)["data"]
        return [replace(document, embedding=entry["embedding"]) for document, entry in zip(given, data, strict=False)]


class SDK:
    """
    The openai SDK with nothing around it, one request after the other.
    """

    name = "openai SDK"
    encoding_format = "float"

    def __init__(self, port: int) -> None:
        settings = {"api_key": _KEY, "base_url": f"http://127.0.0.1:{port}"}
        self._client, self._async_client = OpenAI(**settings), AsyncOpenAI(**settings)

    def embed(self, model: str, given: list[Document]) -> None:
        for texts in _texts(given):
            self._client.embeddings.create(model=model, input=texts, encoding_format=self.encoding_format)

    async def embed_async(self, model: str, given: list[Document]) -> None:
        for texts in _texts(given):
            await self._async_client.embeddings.create(model=model, input=texts, encoding_format=self.encoding_format)


class SDKBase64(SDK):
    """
    The same in the format that the SDK asks for unless told otherwise.
    """

    name = "openai SDK, base64"
    encoding_format = "base64"


class Haystack:
    """
    Haystack's own OpenAIDocumentEmbedder.
    """

    name = "OpenAIDocumentEmbedder"
    component: Any = OpenAIDocumentEmbedder
    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self, port: int) -> None:
        settings = {"api_key": Secret.from_token(_KEY), "api_base_url": f"http://127.0.0.1:{port}", **self.settings}
        self._embedders = {
            model: self.component(model=model, batch_size=BATCH, progress_bar=False, **settings)
            for model in ("now", "later")
        }

    def embed(self, model: str, given: list[Document]) -> list[Document]:
        return self._embedders[model].run(given)["documents"]

    async def embed_async(self, model: str, given: list[Document]) -> list[Document]:
        return (await self._embedders[model].run_async(given))["documents"]


class Ours(Haystack):
    """
    This package.
    """

    name = "ours"
    component = OpenRouterDocumentEmbedder


class OursOneByOne(Ours):
    """
    This package with one request after the other, as all the others send them.
    """

    name = "ours, one by one"
    settings: ClassVar[dict[str, Any]] = {"concurrency": 1}
