# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""One question, its reply, and what it cost."""

from haystack.dataclasses import ChatMessage
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

generator = OpenRouterChatGenerator(model="openai/gpt-4o-mini", api_base_url=base_url())
reply = generator.run([ChatMessage.from_user("What is Haystack?")])["replies"][0]
print(reply.text)
print(reply.meta["model"], reply.meta["provider"], reply.meta["usage"]["cost"], "USD")
