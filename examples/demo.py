# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""What is special here: a streamed reply with its cost, half a reply, an agent's budget, and the choice of a model."""

from typing import Annotated

from haystack.components.agents import Agent
from haystack.components.generators.utils import print_streaming_chunk
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from stand_in import base_url

from haystack_integrations.common.openrouter.models import OpenRouterModels
from haystack_integrations.components.generators.openrouter import (
    OpenRouterChatGenerator,
    OpenRouterStreamError,
    cost_table,
)
from haystack_integrations.hooks.openrouter import OpenRouterCostBudgetHook

generator = OpenRouterChatGenerator(model="openai/gpt-5-mini", api_base_url=base_url())

print("--- A streamed reply with reasoning; who served it, and what it cost")
thinking = {"reasoning": {"effort": "low"}}
question = "What is Haystack by deepset? Answer in one sentence."
replies = generator.run(question, streaming_callback=print_streaming_chunk, generation_kwargs=thinking)["replies"]
print(cost_table(replies))

print("\n--- A stream that breaks off: the error holds the reply so far")
breaking = {"model": "stand-in/cut-stream"} if base_url() else {"deadline": 5}  # in a way that OpenRouter has, too
try:
    generator.run("Write a long story.", streaming_callback=lambda chunk: None, generation_kwargs=breaking)
except OpenRouterStreamError as error:
    print(f"So far: {error.partial_reply.text if error.partial_reply else 'nothing'}")
    print(f"Generation {error.generation_id} can be asked for its cost")


@tool
def population(city: Annotated[str, "The city"]) -> str:
    """How many people live in a city."""
    return f"{len(city) * 100_000} people live in {city}"


print("\n--- An agent that ends once it has cost a given amount")
budget = OpenRouterCostBudgetHook(max_cost=0.000001, add_final_message=True)  # USD
agent = Agent(chat_generator=generator, tools=[population], hooks={"before_llm": [budget]})
result = agent.run([ChatMessage.from_user("How many people live in Berlin?")])
print(f"{result['exit_reason']}: {result['last_message'].text}")

print("\n--- The cheapest model that sees images and calls tools")
model = OpenRouterModels(api_base_url=base_url()).cheapest(takes="image", supports="tools", exclude_free=True)
print(f"{model.id}: {model.context_window:,} tokens; 100,000 of them and a reply of 1,000 cost", end=" ")
print(f"{model.cost(prompt_tokens=100_000, completion_tokens=1_000):.4f} USD")
