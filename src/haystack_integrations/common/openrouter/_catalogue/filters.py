# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Filters of OpenRouter's model list: typed, checked by name, and written as a query.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypedDict

from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.model_names import closest

Number = int | float | Decimal
Query = tuple[tuple[str, str], ...]
"""The parameters of a request, sorted by name."""


class ModelFilters(TypedDict, total=False):
    """
    The filters of `OpenRouterModels.list`. OpenRouter applies them.

    Source: `GET /models` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
    """

    q: str
    """Words in the name."""
    output_modalities: str | Sequence[str]
    """The output types: "text", "image", "audio", "embeddings", "rerank", "speech", "transcription", "video",
    "decisions"."""
    input_modalities: str | Sequence[str]
    """The input types: "text", "image", "audio", "file", "video"."""
    supported_parameters: str | Sequence[str]
    """Parameters that the models support, such as "tools"."""
    context: int
    """The minimum context length, in tokens."""
    min_price: Number
    """The minimum price of the prompt, in USD per million tokens."""
    max_price: Number
    """The maximum price of the prompt, in USD per million tokens."""
    min_output_price: Number
    """The minimum price of the completion, in USD per million tokens."""
    max_output_price: Number
    """The maximum price of the completion, in USD per million tokens."""
    sort: Literal[
        "most-popular", "newest", "top-weekly", "pricing-low-to-high", "pricing-high-to-low", "context-high-to-low",
        "throughput-high-to-low", "latency-low-to-high", "intelligence-high-to-low", "coding-high-to-low",
        "agentic-high-to-low", "design-arena-elo-high-to-low",
    ]  # fmt: skip
    """The order of the list."""
    zdr: Literal[True]
    """Only models that a provider serves with zero data retention."""
    region: Literal["eu", "us"]
    """Only models that are served in this region."""
    providers: str | Sequence[str]
    """Names of providers, such as "OpenAI"."""
    model_authors: str | Sequence[str]
    """Slugs of the authors, such as "openai"."""
    arch: str
    """A model family, such as "Llama"."""
    category: str
    """A use case, such as "programming"."""
    distillable: bool
    """Whether other models may be trained on the output."""
    min_age_days: int
    """The minimum age, in days."""
    max_age_days: int
    """The maximum age, in days."""
    min_intelligence_index: Number
    """The minimum intelligence index of Artificial Analysis."""
    max_intelligence_index: Number
    """The maximum intelligence index of Artificial Analysis."""
    min_coding_index: Number
    """The minimum coding index of Artificial Analysis."""
    max_coding_index: Number
    """The maximum coding index of Artificial Analysis."""
    min_agentic_index: Number
    """The minimum agentic index of Artificial Analysis."""
    max_agentic_index: Number
    """The maximum agentic index of Artificial Analysis."""
    min_tool_success_rate: Number
    """The minimum share of successful tool calls, from 0 to 1."""
    max_tool_success_rate: Number
    """The maximum share of successful tool calls, from 0 to 1."""


ACCOUNT_FILTERS = ("output_modalities", "sort")
"""What `/models/user` takes."""


def query_of(filters: Mapping[str, object], known: Collection[str] = ModelFilters.__annotations__) -> Query:
    """Write filters as the query of a request. All output modalities are listed unless a filter says otherwise."""
    check_names(filters, known, "filter")
    given = {"output_modalities": "all", **{name: value for name, value in filters.items() if value is not None}}
    return tuple(sorted((name, _written(name, value)) for name, value in given.items()))


def check_names(given: Iterable[str], known: Collection[str], what: str) -> None:
    """Raise a TypeError unless all names of keyword arguments are known."""
    for name in given:
        if name not in known:
            near = closest(name, known, 1)
            meant = f"Did you mean {near[0]!r}? " if near else ""
            msg = f"There is no {what} {name!r}. {meant}Available: {', '.join(known)}."
            raise TypeError(msg)


def names_in(value: object, argument: str) -> list[str]:
    """One name or several as a list of them."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple | set | frozenset) or not all(isinstance(item, str) for item in items):
        msg = f"`{argument}` must be a string or a list of strings, not {checks.shown(value)}."
        raise TypeError(msg)
    return [*items]


def _written(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) or checks.is_finite(value):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        items = list(value)
        if items and all(isinstance(item, str) for item in items):
            return ",".join(items)
    given = checks.shown(value)
    msg = f"The filter `{name}` must be a string, a finite number, True, or a list of strings, not {given}."
    raise TypeError(msg)
