# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Which provider serves a request, by price, speed and privacy, and other models for when the first one fails."""

from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterGenerationKwargs

# typed, so that an editor completes the names and mypy finds misspelt ones; a plain dictionary works too
options: OpenRouterGenerationKwargs = {
    "models": ["openai/gpt-4o-mini", "anthropic/claude-haiku-4.5"],  # tried in this order when the first model fails
    "provider": {
        "sort": "throughput",  # the fastest provider first
        "data_collection": "deny",  # only providers that don't keep prompts or train on them
        "max_price": {"prompt": "1", "completion": "5"},  # USD for a million tokens
    },
}
# this name makes the stand-in fail; with a key, the first model is an ordinary one
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

# for one run, only this provider
only = {"model": "openai/gpt-4o-mini", "provider": {"only": ["openai"]}}
print(generator.run("And a switch?", generation_kwargs=only)["replies"][0].text)
