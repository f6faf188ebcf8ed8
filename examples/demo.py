# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""The main job: a plain reply, a streamed one with reasoning, and what they cost."""

from haystack.components.generators.utils import print_streaming_chunk
from haystack.dataclasses import ChatMessage
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator


def show_meta(reply: ChatMessage) -> None:
    usage = reply.meta["usage"]
    print(f"model: {reply.meta['model']} · provider: {reply.meta['provider']}")
    print(f"tokens: {usage['prompt_tokens']} in, {usage['completion_tokens']} out · cost: {usage['cost']:.6f} USD\n")


question = ChatMessage.from_user("What is Haystack by deepset? Answer in one sentence.")
generator = OpenRouterChatGenerator(api_base_url=base_url(), generation_kwargs={"max_tokens": 1000})

print("--- A plain reply")
reply = generator.run([question])["replies"][0]
print(reply.text)
show_meta(reply)

print("--- A streamed reply, with reasoning")
thinking = {"model": "openai/gpt-5-mini", "reasoning": {"effort": "low"}}
reply = generator.run([question], streaming_callback=print_streaming_chunk, generation_kwargs=thinking)["replies"][0]
show_meta(reply)
