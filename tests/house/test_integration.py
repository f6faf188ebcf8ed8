# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Against the real OpenRouter. Skipped without a key."""

import os
from pathlib import Path

import pytest
from haystack import Document
from haystack.dataclasses import ChatMessage, StreamingChunk
from PIL import Image

from haystack_integrations.components.embedders.openrouter import (
    OpenRouterDocumentEmbedder,
    OpenRouterDocumentImageEmbedder,
    OpenRouterTextEmbedder,
)
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not os.environ.get("OPENROUTER_API_KEY"), reason="needs OPENROUTER_API_KEY"),
]

QUESTION = [ChatMessage.from_user("What is the capital of France? Answer in one word.")]


def test_a_plain_answer():
    reply = OpenRouterChatGenerator(generation_kwargs={"max_tokens": 100}).run(QUESTION)["replies"][0]
    assert "Paris" in reply.text
    assert {"provider", "id", "native_finish_reason"} <= set(reply.meta)
    assert reply.meta["usage"]["cost"] > 0


def test_a_streamed_answer():
    chunks: list[StreamingChunk] = []
    generator = OpenRouterChatGenerator(streaming_callback=chunks.append, generation_kwargs={"max_tokens": 100})
    reply = generator.run(QUESTION)["replies"][0]
    assert "".join(chunk.content for chunk in chunks) == reply.text
    assert reply.meta["usage"]["cost"] > 0


DOCUMENTS = [Document(content="Paris is the capital of France."), Document(content="Bread is made of flour.")]


def test_embeddings():
    embedded = OpenRouterDocumentEmbedder(dimensions=256, raise_on_failure=True).run(DOCUMENTS)
    query = OpenRouterTextEmbedder(dimensions=256).run("What is the capital of France?")
    near, far = (
        sum(a * b for a, b in zip(document.embedding, query["embedding"], strict=True))
        for document in embedded["documents"]
    )
    assert near > far
    assert embedded["meta"]["usage"]["cost"] > 0


def test_image_embeddings(tmp_path: Path):
    for colour in ("red", "blue"):
        Image.new("RGB", (256, 256), colour).save(tmp_path / f"{colour}.png")
    documents = [Document(meta={"file_path": f"{colour}.png"}) for colour in ("red", "blue")]
    embedded = OpenRouterDocumentImageEmbedder(root_path=str(tmp_path), raise_on_failure=True).run(documents)
    query = OpenRouterTextEmbedder(model="google/gemini-embedding-2").run("A red square")
    near, far = (
        sum(a * b for a, b in zip(document.embedding, query["embedding"], strict=True))
        for document in embedded["documents"]
    )
    assert near > far


def test_rerank():
    result = OpenRouterRanker(top_k=1).run("What is the capital of France?", DOCUMENTS[::-1])
    assert [document.content for document in result["documents"]] == [DOCUMENTS[0].content]
    assert result["meta"]["usage"]["cost"] > 0
