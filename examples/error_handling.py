# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Which errors to catch, and what you get of a reply if its stream fails. The stand-in fails for these model names."""

import openai
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterStreamError

failing = ("stand-in/error-in-stream", "stand-in/cut-stream", "stand-in/error-402")
for model in failing if base_url() else ("openai/no-such-model",):
    generator = OpenRouterChatGenerator(model=model, api_base_url=base_url(), max_retries=1)
    try:
        reply = generator.run("Write a long story.", streaming_callback=lambda chunk: None)["replies"][0]
        print(reply.text)
    except OpenRouterStreamError as error:
        print(error)
        print(f"So far: {error.partial_reply.text if error.partial_reply else 'nothing'}\n")
    except openai.APIError as error:
        print(f"{error}\n")
