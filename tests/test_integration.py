# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Against the real OpenRouter. Skipped without a key."""

import os

import pytest
from haystack.dataclasses import ChatMessage, StreamingChunk

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

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
