# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Prompt caching for an agent: old messages are read from the cache, at a tenth of the usual price."""

from typing import Annotated

from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, cost_table

MANUAL = "\n".join(f"{n}. Turn screw {n} until the lamp beside it is green." for n in range(1, 300))
# Anthropic's prices, relative to other prompt tokens
READ, WRITTEN = 0.1, 1.25


@tool
def lamp(screw: Annotated[int, "The number of the screw"]) -> str:
    """The colour of the lamp beside a screw."""
    return f"The lamp beside screw {screw} is {'green' if screw % 2 else 'red'}"


generator = OpenRouterChatGenerator(
    model="anthropic/claude-sonnet-4.5",
    api_base_url=base_url(),
    generation_kwargs={
        "cache_control": {"type": "ephemeral"},  # cache the whole conversation, for five minutes after each request
        "session_id": "repair-1",  # stay with one provider, because each has a cache of its own
    },
)
agent = Agent(chat_generator=generator, tools=[lamp])

# the manual is the same in all conversations. With this mark, other conversations can read it from the cache, too
mark = {"cache_control": {"type": "ephemeral"}}
messages = [ChatMessage.from_system(f"Answer from this manual.\n{MANUAL}", meta=mark)]
for question in ("Which colour has the lamp of screw 7?", "And the lamp of screw 42?", "What did I ask first?"):
    messages = agent.run([*messages, ChatMessage.from_user(question)])["messages"]
    print(messages[-1].text)
print(cost_table(messages))

usages = [message.meta["usage"] for message in messages if "usage" in message.meta]
details = [usage["prompt_tokens_details"] for usage in usages]
prompt = sum(usage["prompt_tokens"] for usage in usages)
read = sum(detail.get("cached_tokens") or 0 for detail in details)
written = sum(detail.get("cache_write_tokens") or 0 for detail in details)
saved = (1 - READ) * read - (WRITTEN - 1) * written
print(f"{prompt} tokens sent: {written} written to the cache, {read} read from it.")
print(f"That saved {saved / prompt:.0%} of the price of the prompts.")
