# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Choose providers by price, speed and privacy, and set other models to try if the first one fails."""

from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterGenerationKwargs

# with the type, editors complete the keys and mypy checks them; a plain dictionary works too
options: OpenRouterGenerationKwargs = {
    "models": ["openai/gpt-4o-mini", "anthropic/claude-haiku-4.5"],  # tried in this order if the first model fails
    "provider": {
        "sort": "throughput",  # the fastest provider first
        "data_collection": "deny",  # only providers that don't keep prompts or train on them
        "max_price": {"prompt": "1", "completion": "5"},  # USD per million tokens
    },
}
# the stand-in fails for this name; with a key, the first model is a real one
first = "stand-in/error-503" if base_url() else "deepseek/deepseek-chat-v3.1"
generator = OpenRouterChatGenerator(
    model=first,
    api_base_url=base_url(),
    generation_kwargs=options,
    extra_headers={"HTTP-Referer": "https://example.com", "X-OpenRouter-Title": "My app"},  # names your app in rankings
)
reply = generator.run("In one sentence: what is a router?")["replies"][0]
print(reply.text)
print(f"requested {first}; the reply is from {reply.meta['model']}, served by {reply.meta['provider']}")

# for this run, use only this provider
only = {"model": "openai/gpt-4o-mini", "provider": {"only": ["openai"]}}
print(generator.run("And a switch?", generation_kwargs=only)["replies"][0].text)
