# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""An agent with a budget in USD: once its replies have cost that much, the run ends before the next call."""

from typing import Annotated

from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, cost_table
from haystack_integrations.hooks.openrouter import OpenRouterCostBudgetHook


@tool
def population(city: Annotated[str, "The city"]) -> str:
    """How many people live in a city."""
    return f"{len(city) * 100_000} people live in {city}"


generator = OpenRouterChatGenerator(model="openai/gpt-4o-mini", api_base_url=base_url())

for max_cost in (0.5, 0.000001):
    budget = OpenRouterCostBudgetHook(max_cost, add_final_message=True)
    agent = Agent(chat_generator=generator, tools=[population], hooks={"before_llm": [budget]})
    result = agent.run([ChatMessage.from_user("How many people live in Berlin?")])
    print(f"--- A budget of {max_cost:f} USD: the run ended with {result['exit_reason']!r}")
    print(result["last_message"].text)
    print(cost_table(result["messages"]))
