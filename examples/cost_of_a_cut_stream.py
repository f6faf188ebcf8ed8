# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""The cost of a stream that broke off. Its usage never arrived, so it is looked up afterwards."""

from stand_in import base_url

from haystack_integrations.common.openrouter.account import OpenRouterAccount
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterStreamError

account = OpenRouterAccount(api_base_url=base_url())
# the stand-in cuts the stream of a model with this name
model = "stand-in/cut-stream" if base_url() else "openai/gpt-4o-mini"
generator = OpenRouterChatGenerator(model=model, api_base_url=base_url())
try:
    reply = generator.run("Write a long story.", streaming_callback=lambda chunk: None)["replies"][0]
    generation_id = reply.meta["id"]
except OpenRouterStreamError as error:
    print(error)
    generation_id = error.generation_id

if generation_id:
    generation = account.generation(generation_id, timeout=60)  # waits until OpenRouter lists it
    print(f"{generation['native_tokens_completion']} tokens from {generation['provider_name']}")
    print(f"It cost {generation['total_cost']:f} USD")

key = account.key()
left = "it has no limit" if key["limit"] is None else f"{key['limit_remaining']:.2f} USD of its limit are left"
print(f"The key has spent {key['usage_daily']:f} USD today; {left}")
