# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""A plain reply, a streamed one with reasoning, and what they cost."""

from haystack.components.generators.utils import print_streaming_chunk
from haystack.dataclasses import ChatMessage
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, cost_table

question = ChatMessage.from_user("What is Haystack by deepset? Answer in one sentence.")
generator = OpenRouterChatGenerator(api_base_url=base_url(), generation_kwargs={"max_tokens": 1000})

print("--- A plain reply")
replies = generator.run([question])["replies"]
print(f"{replies[0].text}\n")

print("--- A streamed reply, with reasoning")
thinking = {"model": "openai/gpt-5-mini", "reasoning": {"effort": "low"}}
replies += generator.run([question], streaming_callback=print_streaming_chunk, generation_kwargs=thinking)["replies"]

print("\n--- What they cost")
print(cost_table(replies))
