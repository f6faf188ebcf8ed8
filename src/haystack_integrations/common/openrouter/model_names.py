# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Names of models: OpenRouter puts the author before the slug, which those who come from another API forget.
"""

from __future__ import annotations

import re

from haystack import logging

logger = logging.getLogger(__name__)

# How the names of an author's models begin. Source: https://openrouter.ai/models.
_AUTHORS = {
    "openai": ("gpt", "chatgpt", "o1", "o3", "o4", "codex", "text-embedding"),
    "anthropic": ("claude",),
    "google": ("gemini", "gemma"),
    "meta-llama": ("llama",),
    "mistralai": ("mistral", "mixtral", "ministral", "magistral", "codestral", "devstral", "pixtral", "voxtral"),
    "deepseek": ("deepseek",),
    "qwen": ("qwen", "qwq"),
    "x-ai": ("grok",),
    "cohere": ("command", "rerank"),
    "amazon": ("nova",),
    "microsoft": ("phi", "wizardlm"),
    "moonshotai": ("kimi",),
    "z-ai": ("glm",),
    "minimax": ("minimax",),
    "perplexity": ("sonar",),
    "openrouter": ("auto", "fusion"),
}


def check_model_name(model: object) -> None:
    """
    Refuse what is no name of a model. If it has no author, log a warning with the name that was probably meant.

    :param model: `model` as given.
    :raises TypeError: If it is no text.
    """
    if not isinstance(model, str):
        msg = f"`model` must be a name such as 'openai/gpt-4o-mini', not {type(model).__name__}."
        raise TypeError(msg)
    if "/" in model:
        return
    name = model.lower()
    author = next((a for a, starts in _AUTHORS.items() if re.match(rf"({'|'.join(starts)})(?![a-z])", name)), None)
    meant = f"Did you mean '{author}/{name}'?" if author else "Write it as 'author/slug'."
    logger.warning(
        "`model` is '{model}', and OpenRouter's names have an author. {meant} All names: https://openrouter.ai/models.",
        model=model,
        meant=meant,
    )


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
