# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Send reasoning back with its signatures, so that the model continues where it stopped."""

from haystack.dataclasses import ChatMessage
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

generator = OpenRouterChatGenerator(
    model="anthropic/claude-sonnet-4.5",
    api_base_url=base_url(),
    generation_kwargs={"reasoning": {"max_tokens": 1024}, "max_tokens": 4000},
)
messages = [ChatMessage.from_user("A farmer has 17 sheep, and all but 9 run away. How many are left?")]

for question in ("How sure are you?", None):
    reply = generator.run(messages)["replies"][0]
    print("thought:", reply.reasoning.reasoning_text if reply.reasoning else "(not shown)")
    print("said:   ", reply.text)
    tokens = reply.meta["usage"]["completion_tokens_details"]["reasoning_tokens"]
    details = reply.reasoning.extra["reasoning_details"] if reply.reasoning else []
    print(f"         {tokens} tokens of reasoning, {sum('signature' in detail for detail in details)} signed\n")
    if question:
        # add the reply to the history as it is: its reasoning is sent back unchanged
        messages += [reply, ChatMessage.from_user(question)]
