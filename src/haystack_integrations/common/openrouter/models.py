# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The catalogue of models, with their abilities and prices.

As a command, it prints a table: `python -m haystack_integrations.common.openrouter.models --help`.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Unpack

from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import OPENROUTER_API_BASE_URL
from haystack_integrations.common.openrouter._catalogue.choosing import ModelNeeds, Selection
from haystack_integrations.common.openrouter._catalogue.entries import OpenRouterEndpoint
from haystack_integrations.common.openrouter._catalogue.filters import ModelFilters
from haystack_integrations.common.openrouter._catalogue.loading import Catalogue
from haystack_integrations.common.openrouter._catalogue.model import OpenRouterModel
from haystack_integrations.common.openrouter._catalogue.model_table import model_table
from haystack_integrations.common.openrouter._wire.table import Table

__all__ = ["ModelFilters", "ModelNeeds", "OpenRouterEndpoint", "OpenRouterModel", "OpenRouterModels"]

# in a class with a method `list`, type checkers take `list[...]` for it
Models = list[OpenRouterModel]
Endpoints = list[OpenRouterEndpoint]


class OpenRouterModels(Catalogue):
    """
    Lists the models that OpenRouter serves.

    A list is cached in memory, and is shared by threads and event loops. A key is needed only for `for_account=True`.
    With a key, endpoints also have a latency and a throughput.

    ### Usage example

    ```python
    from haystack_integrations.common.openrouter.models import OpenRouterModels
    from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

    model = OpenRouterModels().cheapest(takes="image", supports="tools", min_context=200_000, exclude_free=True)
    generator = OpenRouterChatGenerator(model=model.id)
    ```

    :param api_key: The OpenRouter API key. None means the environment variable `OPENROUTER_API_KEY`, or no key if it is
        not set.
    :param api_base_url: The URL of the API. None means OpenRouter.
    :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the environment
        variable `OPENAI_TIMEOUT`, or 30 if it is not set.
    :param max_retries: How many times a failed request is sent again. None means the environment variable
        `OPENAI_MAX_RETRIES`, or 5 if it is not set.
    :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`.
    :param cache_seconds: How many seconds lists and models are cached. With 0, only simultaneous calls share a request.
    :raises TypeError: If an argument has the wrong type.
    :raises ValueError: If the value of an argument can't be used.
    """

    def __init__(
        self,
        *,
        api_key: Secret | None = None,
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        cache_seconds: float = 300.0,
    ) -> None:
        self.cache_seconds = cache_seconds
        self._set_up_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self._set_up_memory()

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the parameters.

        :returns: A dictionary with the class and its parameters.
        :raises ValueError: If the key is a token, which must not be serialized.
        """
        return self._to_dict(cache_seconds=self.cache_seconds)

    def list(self, *, for_account: bool = False, **filters: Unpack[ModelFilters]) -> Models:
        """
        List models. The list has all output types, unless you set the filter `output_modalities`.

        :param for_account: Whether to list only models that the key's privacy settings and guardrails allow.
        :param filters: OpenRouter's own filters: see `ModelFilters`. With `for_account`, only `output_modalities` and
            `sort` are allowed.
        :returns: A new list. An entry without a name is left out.
        :raises TypeError: If there is no such filter.
        :raises ValueError: If `for_account` is set and there is no key.
        :raises openai.APIError: If OpenRouter can't be reached or refuses the request.
        """
        return [*self._models(for_account, filters)]

    async def list_async(self, *, for_account: bool = False, **filters: Unpack[ModelFilters]) -> Models:
        """
        List models, as `list` does, without blocking the event loop.

        :param for_account: Whether to list only models that the key's privacy settings and guardrails allow.
        :param filters: OpenRouter's own filters: see `ModelFilters`.
        :returns: A new list.
        """
        return [*await self._models_async(for_account, filters)]

    def get(self, name: str) -> OpenRouterModel:
        """
        Get one model, from the list if it is cached, or with a small request.

        :param name: The model's name, such as "openai/gpt-4o-mini". It may have a variant (`:free`) or be an alias.
        :returns: The model.
        :raises TypeError: If `name` is not a string.
        :raises ValueError: If `name` is not an author and a slug. The text suggests similar names.
        :raises openai.NotFoundError: If there is no such model. The text suggests similar names.
        :raises openai.APIError: If OpenRouter can't be reached.
        """
        return self._model(name)

    async def get_async(self, name: str) -> OpenRouterModel:
        """
        Get one model, as `get` does, without blocking the event loop.

        :param name: The model's name.
        :returns: The model.
        """
        return await self._model_async(name)

    def endpoints(self, name: str) -> Endpoints:
        """
        List the providers that serve a model, with their prices, limits and current uptime.

        :param name: The model's name, such as "openai/gpt-4o-mini".
        :returns: One entry for each provider's offer. The result is not cached.
        :raises TypeError: If `name` is not a string.
        :raises ValueError: If `name` is not an author and a slug. The text suggests similar names.
        :raises openai.NotFoundError: If there is no such model. The text suggests similar names.
        :raises openai.APIError: If OpenRouter can't be reached.
        """
        return self._endpoints(name)

    async def endpoints_async(self, name: str) -> Endpoints:
        """
        List the providers that serve a model, as `endpoints` does, without blocking the event loop.

        :param name: The model's name.
        :returns: One entry for each provider's offer.
        """
        return await self._endpoints_async(name)

    def cheapest(
        self,
        *,
        prompt_tokens: int = 1000,
        completion_tokens: int = 1000,
        for_account: bool = False,
        **needs: Unpack[ModelNeeds],
    ) -> OpenRouterModel:
        """
        Choose the model for which a request is cheapest.

        Some models are never chosen: routers, models whose price is unknown, `:batch` variants (which refuse single
        requests), models that have expired, and models with a price of 0 that are not free, because they are billed per
        song, image or search.

        :param prompt_tokens: Tokens of the prompt of the request for which costs are compared. Long prompts can have a
            higher price.
        :param completion_tokens: Tokens of its reply.
        :param for_account: Whether to choose only from models that the key's privacy settings and guardrails allow.
        :param needs: What the model must be able to do, and what it may cost: see `ModelNeeds`. The default of `makes`
            is "text".
        :returns: The cheapest model. Use its `id` as `model` of a component.
        :raises TypeError: If there is no such condition, or a value has the wrong type.
        :raises ValueError: If no model fits, or if there is no key and a condition is about the speed of endpoints.
        :raises openai.APIError: If OpenRouter can't be reached.
        """
        selection = Selection({"makes": "text", **needs}, prompt_tokens, completion_tokens)
        return selection.best(self._ranked(selection, 1, for_account))

    async def cheapest_async(
        self,
        *,
        prompt_tokens: int = 1000,
        completion_tokens: int = 1000,
        for_account: bool = False,
        **needs: Unpack[ModelNeeds],
    ) -> OpenRouterModel:
        """
        Choose the model for which a request is cheapest, as `cheapest` does, without blocking the event loop.

        :param prompt_tokens: Tokens of the prompt of the request for which costs are compared.
        :param completion_tokens: Tokens of its reply.
        :param for_account: Whether to choose only from models that the key's privacy settings and guardrails allow.
        :param needs: What the model must be able to do, and what it may cost: see `ModelNeeds`.
        :returns: The cheapest model.
        """
        selection = Selection({"makes": "text", **needs}, prompt_tokens, completion_tokens)
        return selection.best(await self._ranked_async(selection, 1, for_account))

    def ranked(
        self,
        *,
        by: str = "cost",
        limit: int | None = 10,
        prompt_tokens: int = 1000,
        completion_tokens: int = 1000,
        for_account: bool = False,
        **needs: Unpack[ModelNeeds],
    ) -> Models:
        """
        Choose several models, the best first. The models that `cheapest` never chooses are left out here, too.

        :param by: What is best: "cost", the lowest cost of the request; or the name of a benchmark, such as
            "coding_index", the highest figure. Models without a figure are left out.
        :param limit: How many models to choose at most. None means all that fit.
        :param prompt_tokens: Tokens of the prompt of the request for which costs are compared.
        :param completion_tokens: Tokens of its reply.
        :param for_account: Whether to choose only from models that the key's privacy settings and guardrails allow.
        :param needs: What the models must be able to do, and what they may cost, as in `cheapest`.
        :returns: The models. The list is empty if none fits.
        :raises TypeError: If there is no such condition, or a value has the wrong type.
        :raises ValueError: If none fits because a condition has a misspelled name: the text has a similar one.
        :raises openai.APIError: If OpenRouter can't be reached.
        """
        selection = Selection({"makes": "text", **needs}, prompt_tokens, completion_tokens, by)
        return self._ranked(selection, limit, for_account)

    async def ranked_async(
        self,
        *,
        by: str = "cost",
        limit: int | None = 10,
        prompt_tokens: int = 1000,
        completion_tokens: int = 1000,
        for_account: bool = False,
        **needs: Unpack[ModelNeeds],
    ) -> Models:
        """
        Choose several models, the best first, as `ranked` does, without blocking the event loop.

        :param by: What is best: "cost", or the name of a benchmark.
        :param limit: How many models to choose at most. None means all that fit.
        :param prompt_tokens: Tokens of the prompt of the request for which costs are compared.
        :param completion_tokens: Tokens of its reply.
        :param for_account: Whether to choose only from models that the key's privacy settings and guardrails allow.
        :param needs: What the models must be able to do, and what they may cost: see `ModelNeeds`.
        :returns: The models.
        """
        selection = Selection({"makes": "text", **needs}, prompt_tokens, completion_tokens, by)
        return await self._ranked_async(selection, limit, for_account)

    @staticmethod
    def table(models: Iterable[OpenRouterModel], *, benchmarks: str | Sequence[str] = ()) -> Table:
        """
        Show models in a table, with their context windows, prices in USD per million tokens, inputs and outputs.

        A `?` means that OpenRouter does not list the value, or that the model is not billed by token.

        :param models: Models, such as those of `list` or `ranked`.
        :param benchmarks: Benchmarks to show the figures of, such as "coding_index".
        :returns: The table: a string for a fixed-width font, HTML in a notebook, and a list of dictionaries in `rows`,
            with the keys `model`, `context_window`, `prompt_price`, `completion_price`, the names of the benchmarks,
            `takes` and `makes`.
        :raises TypeError: If they are not models, or not names of benchmarks.
        """
        return model_table(models, benchmarks)


if __name__ == "__main__":
    from haystack_integrations.common.openrouter._catalogue.command import main

    sys.exit(main(OpenRouterModels))
