# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""The cost of an agent's run, request by request, including what providers bill for your own keys."""

from typing import Annotated

from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, cost_table


@tool
def population(city: Annotated[str, "The city"]) -> str:
    """How many people live in a city."""
    return f"{len(city) * 100_000} people live in {city}"


generator = OpenRouterChatGenerator(
    model="openai/gpt-4o-mini",
    api_base_url=base_url(),
    # groups the costs by user and by run at https://openrouter.ai/activity
    generation_kwargs={"user": "user-7", "session_id": "report-1"},
)
agent = Agent(chat_generator=generator, tools=[population])
messages = agent.run([ChatMessage.from_user("How many people live in Berlin?")])["messages"]

print(cost_table(messages))
