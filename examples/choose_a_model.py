# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Choose a model by abilities, context window and price, and set the context window of an agent."""

import warnings
from typing import Annotated

from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.hooks.compaction import CompactionHook, SlidingWindowCompactor
from haystack.tools import tool
from haystack.utils.experimental import ExperimentalWarning
from stand_in import base_url

from haystack_integrations.common.openrouter.models import OpenRouterModels
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, reply_cost


@tool
def population(city: Annotated[str, "The city"]) -> str:
    """How many people live in a city."""
    return f"{len(city) * 100_000} people live in {city}"


models = OpenRouterModels(api_base_url=base_url())
model = models.cheapest(takes="image", supports="tools", min_context=200_000, max_price=1, exclude_free=True)
generator = OpenRouterChatGenerator(model=model.id, api_base_url=base_url())

print(f"{model.name} ({model.id}): {model.context_window:,} tokens")
print(f"100,000 tokens in and 1,000 out cost {model.cost(100_000, 1_000):.4f} USD")
for endpoint in models.endpoints(model.id):
    state = "works" if endpoint.is_up else "fails"
    print(f"  {endpoint.provider_name} {state}: {endpoint.uptime} % of requests succeed")

# when the conversation fills 70 % of the context window, its oldest messages are dropped
warnings.simplefilter("ignore", ExperimentalWarning)  # the hook and its compactor
compaction = CompactionHook(SlidingWindowCompactor(), context_window=model.context_window)
agent = Agent(chat_generator=generator, tools=[population], hooks={"before_llm": [compaction]})
result = agent.run([ChatMessage.from_user("How many people live in Berlin?")])
print(result["last_message"].text)
print(f"The run cost {reply_cost(result['messages']):f} USD")
