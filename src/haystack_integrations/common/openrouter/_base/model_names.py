# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Names of models. In OpenRouter's names, an author comes before the slug, which is easy to forget.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

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
    Raise unless `model` can be the name of a model. Log a warning with the likely name if it has no author.

    :param model: The value of `model`.
    :raises TypeError: If it is not a string.
    :raises ValueError: If it is empty.
    """
    if not isinstance(model, str):
        msg = f"`model` must be a name such as 'openai/gpt-4o-mini', not {type(model).__name__}."
        raise TypeError(msg)
    if not model.strip():
        msg = "`model` is empty: pass a name such as 'openai/gpt-4o-mini'."
        raise ValueError(msg)
    if "/" in model:
        return
    author = _author(model)
    meant = f"Did you mean '{author}/{model.lower()}'?" if author else "Write it as 'author/slug'."
    logger.warning(
        "`model` is '{model}', but OpenRouter's names have the form 'author/slug'. {meant} All names: https://openrouter.ai/models.",
        model=model,
        meant=meant,
    )


def near_names(model: str) -> list[str]:
    """
    Find names of models that are similar to an unknown name, among those that this process knows.

    :param model: The unknown name.
    :returns: At most three names, the most similar first.
    """
    name = model.lower()
    full = name if "/" in name or not (author := _author(name)) else f"{author}/{name}"
    known = sorted(_listed_names or _known_names | ({full} - {name}))
    by_slug = {known_name.partition("/")[2]: known_name for known_name in known}
    near = get_close_matches(full, known, n=3, cutoff=0.7)
    near += [by_slug[slug] for slug in get_close_matches(full.partition("/")[2] or full, by_slug, n=3, cutoff=0.7)]
    return [found for found in dict.fromkeys(near) if found != model][:3]


def learn_names(names: Iterable[str]) -> None:
    """
    Remember the names that OpenRouter listed, for `near_names`.

    :param names: The names of all models.
    """
    _listed_names.update(names)


def _author(model: str) -> str | None:
    name = model.lower()
    return next((a for a, starts in _AUTHORS.items() if re.match(rf"({'|'.join(starts)})(?![a-z])", name)), None)


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
"""
Some of the chat models that OpenRouter serves. `OpenRouterModels().list()` asks OpenRouter for all of them.

It is in `haystack_integrations.common.openrouter.models`.
"""

_known_names = {
    *SUPPORTED_MODELS,
    "openai/text-embedding-3-small",
    "openai/text-embedding-3-large",
    "cohere/rerank-v3.5",
}
_listed_names: set[str] = set()
