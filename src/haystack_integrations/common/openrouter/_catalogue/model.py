# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A model of OpenRouter's catalogue.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from haystack_integrations.common.openrouter._catalogue.entries import CatalogueEntry, count, string, strings
from haystack_integrations.common.openrouter._catalogue.prices import cost_of, per_million, saved_by_cache
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import mapping
from haystack_integrations.common.openrouter._wire.usage import amount

_NOTHING = (Decimal(0), Decimal(0))


@dataclass(frozen=True)
class ModelReasoning:
    """
    How a model reasons. Source: `Model.reasoning` in OpenRouter's OpenAPI document.

    :param mandatory: Whether it always reasons: then `{"reasoning": {"enabled": False}}` is refused with a 400.
    :param efforts: The values of `effort` that it tells apart, the highest first. Empty if OpenRouter lists none.
    :param default_effort: The effort of a request that names none, if OpenRouter lists it.
    :param on_by_default: Whether it reasons if a request says nothing. None if OpenRouter does not list it.
    :param takes_max_tokens: Whether OpenRouter lists that `max_tokens` can limit its reasoning.
    """

    mandatory: bool
    efforts: list[str]
    default_effort: str | None
    on_by_default: bool | None
    takes_max_tokens: bool


@dataclass(frozen=True)
class OpenRouterModel(CatalogueEntry):
    """
    A model as OpenRouter lists it. It also has what `CatalogueEntry` has.

    Source: `Model` in OpenRouter's OpenAPI document.
    """

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        prices = ("unknown" if price is None else f"{per_million(price):f}" for price in self._listed_prices)
        shown = " in, ".join(prices)
        return (
            f"OpenRouterModel(id={self.id!r}, context_window={self.context_window}, "
            f"usd_per_million_tokens='{shown} out')"
        )

    @property
    def id(self) -> str:
        """
        The name to use as `model` of a component, such as "openai/gpt-4o-mini".
        """
        return string(self.raw.get("id"))

    @property
    def name(self) -> str:
        """
        The display name, such as "OpenAI: GPT-4o-mini".
        """
        return string(self.raw.get("name")) or self.id

    @property
    def context_window(self) -> int | None:
        """
        The maximum number of tokens of prompt and reply together, whichever provider OpenRouter chooses first.

        This is the smaller of `context_length` and `top_provider.context_length`, which differ for every tenth model.
        """
        listed = count(self.raw.get("context_length")), count(self._top_provider.get("context_length"))
        return min(filter(None, listed), default=None)

    @property
    def max_output_tokens(self) -> int | None:
        """
        The maximum number of tokens of the reply. None if OpenRouter lists no limit.
        """
        return count(self._top_provider.get("max_completion_tokens"))

    @property
    def input_modalities(self) -> list[str]:
        """
        The input types, such as "text", "image", "file", "audio" and "video".
        """
        return strings(self._architecture.get("input_modalities"))

    @property
    def output_modalities(self) -> list[str]:
        """
        The output types, such as "text", "image", "audio", "embeddings", "rerank", "speech" and "decisions".
        """
        return strings(self._architecture.get("output_modalities"))

    @property
    def voices(self) -> list[str]:
        """
        The voices of a speech model.
        """
        return strings(self.raw.get("supported_voices"))

    @property
    def expires(self) -> date | None:
        """
        The day after which OpenRouter may remove the model. It can be decades away.
        """
        try:
            return date.fromisoformat(string(self.raw.get("expiration_date"))[:10])
        except ValueError:
            return None

    @property
    def alias_of(self) -> str | None:
        """
        The model that an alias such as "~openai/gpt-latest" stands for now.
        """
        return string(mapping(self.raw.get("alias_target")).get("slug")) or None

    @property
    def is_router(self) -> bool:
        """
        Whether it is a router such as "openrouter/auto", which chooses a model for each request.
        """
        return self._architecture.get("tokenizer") == "Router" and not self.alias_of

    @property
    def is_free(self) -> bool:
        """
        Whether it is free: a `:free` variant, or the router "openrouter/free". Free models have daily limits.
        """
        return self.id.endswith((":free", "/free")) and self._listed_prices == _NOTHING

    @property
    def is_billed_by_token(self) -> bool:
        """
        Whether `price` and `cost` give the cost of a request.

        They don't for a router, because its prices are unknown, and for a model with a price of 0 that is not free: it
        is billed per song, image or search.
        """
        return None not in self._listed_prices and (self.is_free or self._listed_prices != _NOTHING)

    @property
    def reasoning(self) -> "ModelReasoning | None":
        """
        How the model reasons. None if OpenRouter does not list that it can.
        """
        listed = self.raw.get("reasoning")
        if not isinstance(listed, dict):
            return None
        by_default = listed.get("default_enabled")
        return ModelReasoning(
            mandatory=listed.get("mandatory") is True,
            efforts=strings(listed.get("supported_efforts")),
            default_effort=string(listed.get("default_effort")) or None,
            on_by_default=by_default if isinstance(by_default, bool) else None,
            takes_max_tokens=listed.get("supports_max_tokens") is True,
        )

    @property
    def benchmarks(self) -> dict[str, float]:
        """
        The figures that OpenRouter lists, by name.

        They are `intelligence_index`, `coding_index` and `agentic_index` of Artificial Analysis, and two models in five
        have them. Ranks of Design Arena are in `raw["benchmarks"]`.
        """
        figures = [item for one in mapping(self.raw.get("benchmarks")).values() for item in mapping(one).items()]
        return {name: figure for name, value in reversed(figures) if (figure := amount(value)) is not None}

    def benchmark(self, name: str) -> float | None:
        """
        Return the model's figure in a benchmark.

        :param name: "coding_index" or another key of `benchmarks`.
        :returns: The figure, or None if OpenRouter lists none.
        """
        return self.benchmarks.get(name)

    def takes(self, modality: str) -> bool:
        """
        Whether the model takes a kind of input.

        :param modality: "text", "image", "file", "audio" or "video".
        :returns: Whether OpenRouter lists it.
        """
        return modality in self.input_modalities

    def makes(self, modality: str) -> bool:
        """
        Whether the model makes a kind of output.

        :param modality: Such as "text", "image", "audio" or "embeddings".
        :returns: Whether OpenRouter lists it.
        """
        return modality in self.output_modalities

    def cost(
        self, prompt_tokens: int, completion_tokens: int = 0, cached_tokens: int = 0, at: datetime | None = None
    ) -> Decimal | None:
        """
        Estimate the cost of a request, including overrides for long prompts and times of day.

        Only text is counted: images, audio and web searches may have separate prices.

        :param prompt_tokens: Tokens of the prompt, including those from a cache.
        :param completion_tokens: Tokens of the reply, including those of its reasoning.
        :param cached_tokens: Tokens of the prompt that are read from a cache.
        :param at: When the request is sent, in UTC if it has no time zone. None means now.
        :returns: The cost in USD, or None if a price that it depends on is unknown.
        :raises TypeError: If a count is not a whole number.
        :raises ValueError: If a count is negative, or `cached_tokens` is more than `prompt_tokens`.
        """
        checks.token_counts(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
        checks.token_counts(cached_tokens=cached_tokens)
        if cached_tokens > prompt_tokens:
            msg = f"`cached_tokens` is a part of `prompt_tokens`: {cached_tokens} can't be more than {prompt_tokens}."
            raise ValueError(msg)
        return cost_of(self._pricing, prompt_tokens, completion_tokens, cached_tokens, at)

    def saved_by_cache(self, prompt_tokens: int, cached_tokens: int, cache_write_tokens: int = 0) -> Decimal | None:
        """
        Estimate what a cache has saved, from the listed prices: less than nothing where more was written than read.

        :param prompt_tokens: Tokens of the prompt, including those that were read from a cache or written to it.
        :param cached_tokens: Tokens of the prompt that were read from a cache.
        :param cache_write_tokens: Tokens of the prompt that were written to a cache.
        :returns: The amount in USD, or None if a price that it depends on is unknown.
        :raises TypeError: If a count is not a whole number.
        :raises ValueError: If a count is negative.
        """
        checks.token_counts(prompt_tokens=prompt_tokens, cached_tokens=cached_tokens)
        checks.token_counts(cache_write_tokens=cache_write_tokens)
        return saved_by_cache(self._pricing, prompt_tokens, cached_tokens, cache_write_tokens)

    @property
    def _listed_prices(self) -> tuple[Decimal | None, Decimal | None]:
        return self.price("prompt"), self.price("completion")

    @property
    def _architecture(self) -> Mapping[str, Any]:
        return mapping(self.raw.get("architecture"))

    @property
    def _top_provider(self) -> Mapping[str, Any]:
        return mapping(self.raw.get("top_provider"))


class ListedModels(list[OpenRouterModel]):
    """
    Models in the order of a list, and by name. Of two with the same name, the first one counts.
    """

    def __init__(self, models: Iterable[OpenRouterModel]) -> None:
        super().__init__(models)
        self.by_name = {model.id: model for model in reversed(self)}

    def by_served_name(self) -> dict[str, OpenRouterModel]:
        """
        Models by the names in replies, which can be dated: "anthropic/claude-4.5-sonnet-20250929".

        Variants such as `:batch` have the dated name of their model, and other prices.
        """
        plain = [model for model in reversed(self) if ":" not in model.id and not model.alias_of]
        dated = {string(model.raw.get("canonical_slug")): model for model in plain}
        return {name: model for name, model in {**dated, **self.by_name}.items() if name}


def checked_models(models: object, argument: str) -> ListedModels:
    """Raise a TypeError unless these are models."""
    checks.instance(models, f"`{argument}`", Iterable, "a list of OpenRouterModel, such as `OpenRouterModels().list()`")
    listed = [*models] if isinstance(models, Iterable) else []
    for model in listed:
        what = f"`{argument}` must be a list of OpenRouterModel. Each item"
        checks.instance(model, what, OpenRouterModel, "an OpenRouterModel")
    return ListedModels(listed)
