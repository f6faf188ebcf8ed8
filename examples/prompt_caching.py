# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""A long prompt that costs its full price once: the second time, what `cache_control` marks is read from the cache."""

from haystack.dataclasses import ChatMessage
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

MANUAL = "\n".join(f"{n}. Turn screw {n} until the lamp beside it is green." for n in range(1, 200))

generator = OpenRouterChatGenerator(
    model="anthropic/claude-sonnet-4.5",
    api_base_url=base_url(),
    generation_kwargs={"session_id": "manual-1"},  # stay with one provider, because each has its own cache
)
# everything up to the end of this message is cached; a `ttl` of "1h" keeps it longer than five minutes
manual = ChatMessage.from_system(f"Answer from this manual.\n{MANUAL}", meta={"cache_control": {"type": "ephemeral"}})

for question in ("What comes after screw 7?", "And after screw 42?"):
    reply = generator.run([manual, ChatMessage.from_user(question)])["replies"][0]
    usage = reply.meta["usage"]
    details = usage["prompt_tokens_details"]
    print(reply.text)
    print(
        f"  {usage['prompt_tokens']} prompt tokens: {details.get('cache_write_tokens', 0)} written to the cache, "
        f"{details['cached_tokens']} read from it; {usage['cost']:.6f} USD"
    )
