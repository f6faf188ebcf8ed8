# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Names of models, for people and tools that want to choose from some.
"""

SUPPORTED_MODELS = [
    "openrouter/auto",
    "openai/gpt-4o-mini",
    "openai/gpt-5-mini",
    "openai/gpt-5.4",
    "anthropic/claude-sonnet-4.5",
    "anthropic/claude-haiku-4.5",
    "google/gemini-2.5-flash",
    "google/gemini-2.5-pro",
    "deepseek/deepseek-chat-v3.1",
    "deepseek/deepseek-r1",
    "meta-llama/llama-3.3-70b-instruct",
    "mistralai/mistral-medium-3.1",
    "qwen/qwen3-235b-a22b",
    "x-ai/grok-4",
]
