# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Names of models, and names that are near an unknown one.

In OpenRouter's names of models, an author comes before the slug, which is easy to forget.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from heapq import nlargest

from haystack import logging

from haystack_integrations.common.openrouter._wire.json_values import printable

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
    "typesafe": ("jev",),
    "openrouter": ("auto", "fusion"),
}

_LIKENESS = 0.7
_LONGEST = 80
_MOST_PIECES = 20
_MOST_COMPARED = 50


def warn_of_missing_author(model: str, noticed: set[str]) -> None:
    """Log a warning with the likely name of a model, unless the name was noticed before."""
    if model in noticed:
        return
    noticed.add(model)
    author = _author(model)
    meant = f"Did you mean '{author}/{printable(model.lower(), _LONGEST)}'?" if author else "Write it as 'author/slug'."
    logger.warning(
        "`model` is '{model}', but OpenRouter's names have the form 'author/slug'. {meant} All names: https://openrouter.ai/models.",
        model=printable(model, _LONGEST),
        meant=meant,
    )


def closest(wanted: str, known: Iterable[str], count: int) -> list[str]:
    """Find names that are similar to an unknown name, the most similar first."""
    wanted = wanted[:_LONGEST]
    pieces = [wanted[at : at + 3] for at in range(max(1, len(wanted) - 2))]
    pieces = pieces[:: 1 + len(pieces) // _MOST_PIECES]
    in_length = (name for name in known if abs(len(name) - len(wanted)) <= (1 - _LIKENESS) * (len(name) + len(wanted)))
    # difflib is too slow for a long list
    likely = nlargest(_MOST_COMPARED, in_length, key=lambda name: sum([piece in name for piece in pieces]))
    return get_close_matches(wanted, likely, count, _LIKENESS)


def near_names(model: str, base_url: str) -> list[str]:
    """Find at most three names of models that are similar to an unknown one, among those that a base URL has listed."""
    name = model.lower()
    full = name if "/" in name or not (author := _author(name)) else f"{author}/{name}"
    known = _listed_names.get(base_url.rstrip("/")) or (*_KNOWN_NAMES, *({full} - {name}))
    by_slug = {known_name.partition("/")[2]: known_name for known_name in known}
    near = closest(full, known, 3) + [by_slug[slug] for slug in closest(full.partition("/")[2] or full, by_slug, 3)]
    return [found for found in dict.fromkeys(near) if found != model][:3]


def learn_names(base_url: str, names: Iterable[str]) -> None:
    """Remember the names that a base URL has listed, for `near_names`."""
    _listed_names[base_url.rstrip("/")] = tuple(name for name in names if name.isprintable())


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

_KNOWN_NAMES = (
    *SUPPORTED_MODELS,
    "openai/text-embedding-3-small",
    "openai/text-embedding-3-large",
    "cohere/rerank-v3.5",
    "typesafe/jev-1.13",
)
_listed_names: dict[str, tuple[str, ...]] = {}
