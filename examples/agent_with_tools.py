# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""An agent that calls a tool, streamed."""

from typing import Annotated

from haystack.components.agents import Agent
from haystack.components.generators.utils import print_streaming_chunk
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator


@tool
def weather(city: Annotated[str, "The city"]) -> str:
    """The weather in a city."""
    return f"Sunny in {city}"


generator = OpenRouterChatGenerator(model="openai/gpt-4o-mini", api_base_url=base_url())
agent = Agent(chat_generator=generator, tools=[weather], streaming_callback=print_streaming_chunk)
agent.run([ChatMessage.from_user("What is the weather in Rome?")])
