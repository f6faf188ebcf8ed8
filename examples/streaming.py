# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Reasoning and text as they arrive, in synchronous and asynchronous code."""

import asyncio

from haystack.components.generators.utils import print_streaming_chunk
from haystack.dataclasses import StreamingChunk
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

generator = OpenRouterChatGenerator(
    model="openai/gpt-5-mini", api_base_url=base_url(), generation_kwargs={"reasoning": {"effort": "low"}}
)

# Haystack's own callback prints a heading for each block: reasoning first, then the text
generator.run("Tell me a joke.", streaming_callback=print_streaming_chunk)


async def show(chunk: StreamingChunk) -> None:
    print(chunk.reasoning.reasoning_text.upper() if chunk.reasoning else chunk.content, end="", flush=True)
    if chunk.finish_reason:
        print(f"\n(finished: {chunk.finish_reason}, from {chunk.meta['provider']})")


async def main() -> None:
    reply = (await generator.run_async("Tell me another.", streaming_callback=show))["replies"][0]
    print(f"first words at {reply.meta['completion_start_time']}, cost {reply.meta['usage']['cost']:.6f} USD")


asyncio.run(main())
