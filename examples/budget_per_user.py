# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""A daily budget in USD for each user of one agent. It counts a sub-agent, too, and outlives a restart."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from haystack.components.agents import Agent
from haystack.components.agents.state import State
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from stand_in import base_url

from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.hooks.openrouter import OpenRouterCostBudgetHook, OpenRouterSQLiteCostStore

meter = OpenRouterCostMeter()
generator = OpenRouterChatGenerator(model="openai/gpt-4o-mini", api_base_url=base_url(), cost_meter=meter)
researcher = Agent(chat_generator=generator)


@tool
def research(question: Annotated[str, "What to find out"]) -> str:
    """Ask another agent."""
    return researcher.run([ChatMessage.from_user(question)])["last_message"].text


def user(state: State) -> str:
    return state.data["hook_context"]["user"]


with TemporaryDirectory() as folder:
    store = OpenRouterSQLiteCostStore(Path(folder) / "costs.db")
    daily = OpenRouterCostBudgetHook(
        0.0001, add_final_message=True, cost_meter=meter, per=user, window=86_400, store=store
    )
    agent = Agent(chat_generator=generator, tools=[research], hooks={"before_llm": [daily]})

    for name in ("ada", "ada", "ada", "grace"):
        result = agent.run([ChatMessage.from_user("Where do puffins nest?")], hook_context={"user": name})
        print(f"{name}: {result['exit_reason']}, {daily.spent(name):f} of {daily.max_cost:f} USD spent today")

    print(f"All users: {meter.total:f} USD for {meter.calls} requests")
    store.close()
