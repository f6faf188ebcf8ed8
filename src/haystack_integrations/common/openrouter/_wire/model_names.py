# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Names of models: names that are near an unknown one, and whether two of them can be one model's.

In OpenRouter's names of models, an author comes before the slug, which is easy to forget.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
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

# Words in names under which the same model may be served.
_NO_OTHER_MODEL = frozenset(
    "latest preview beta alpha exp experimental instruct it chat think thinking reasoning v high low fast customtools "
    "multi agent".split()
)
# A date, or how many parameters a model has: left out of some names of the same model.
_DATE_OR_SIZE = re.compile(r"\d\d+|a?[\d.]+[bet]")
_ROUTER = re.compile(r"~?openrouter/|.*\b(router|auto)\b")

_LONGEST_COMPARED = 200
_MOST_SERVED_NAMES = 1_000

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


def certainly_differ(one: str, other: str) -> bool:
    """
    Whether two names can't be those of one model.

    A reply names its model in other words than the request: `anthropic/claude-sonnet-4.5` is served as
    `anthropic/claude-4.5-sonnet-20250929`. And a router, a preset or an alias (`~openai/gpt-latest`) can be any model
    or any of its kind.
    """
    if not (names_one_model(one) and names_one_model(other)):
        return False
    one, other = one.lower(), other.lower()
    (author, words, version), (other_author, other_words, other_version) = _parts(one), _parts(other)
    if author != other_author:
        return (words, version) != (other_words, other_version)
    if _is_alias(one) or _is_alias(other):
        return not (words <= other_words if _is_alias(one) else other_words <= words)
    return words != other_words or (version != other_version and bool(version and other_version))


def learn_served_name(base_url: str, asked: str, served: object) -> None:
    """Remember that a request for one model was served by one with quite another name, as gateways do."""
    if isinstance(served, str) and len(_served_names) < _MOST_SERVED_NAMES and certainly_differ(asked, served):
        _served_names.add((base_url, asked, served))


def is_served_as(base_url: str, asked: str, name: str) -> bool:
    """Whether a request for a model may be served by the model that has this name."""
    return (base_url, asked, name) in _served_names or not certainly_differ(asked, name)


def names_one_model(name: str) -> bool:
    """Whether a name has an author, and is neither a router's nor a preset's."""
    return "/" in name and "@" not in name and len(name) <= _LONGEST_COMPARED and not _ROUTER.match(name.lower())


def _is_alias(name: str) -> bool:
    return name.startswith("~") or name.endswith("-latest")


@lru_cache(256)
def _parts(name: str) -> tuple[str, frozenset[str], list[str]]:
    """The author, the words and the version in a name, without what differs between names of one model."""
    author, _, slug = name.removeprefix("~").partition("/")
    pieces = [piece for piece in slug.partition(":")[0].split("-") if not _DATE_OR_SIZE.fullmatch(piece)]
    words = {word for piece in pieces for word in re.findall("[a-z]+", re.sub(r"(?<=\d)[a-z]+$", "", piece))}
    words -= {*author.split("-"), *_NO_OTHER_MODEL}
    return author, frozenset(words), re.findall(r"\d+", " ".join(pieces))


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
_served_names: set[tuple[str, str, str]] = set()
