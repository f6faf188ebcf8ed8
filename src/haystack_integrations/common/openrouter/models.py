# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The catalogue of models, with their abilities and prices.

As a command, it prints a table: `python -m haystack_integrations.common.openrouter.models --help`.
"""

import re
import sys
from collections.abc import Hashable, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Unpack

import openai
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import OPENROUTER_API_BASE_URL, OpenRouterBase
from haystack_integrations.common.openrouter._catalogue.cache import SharedCache
from haystack_integrations.common.openrouter._catalogue.cheapest import ModelNeeds, Selection
from haystack_integrations.common.openrouter._catalogue.entries import OpenRouterEndpoint, mappings, string
from haystack_integrations.common.openrouter._catalogue.filters import ACCOUNT_FILTERS, ModelFilters, Query, query_of
from haystack_integrations.common.openrouter._catalogue.model import ListedModels, OpenRouterModel
from haystack_integrations.common.openrouter._transport.client_settings import ClientSettings
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._transport.run import checked_key
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.model_names import learn_names, near_names
from haystack_integrations.common.openrouter._wire.responses import decoded_body
from haystack_integrations.common.openrouter.errors._advice import COMMON_ADVICE, Advice

__all__ = ["ModelFilters", "ModelNeeds", "OpenRouterEndpoint", "OpenRouterModel", "OpenRouterModels"]

# in a class with a method `list`, type checkers take `list[...]` for it
Models = list[OpenRouterModel]
Endpoints = list[OpenRouterEndpoint]

_ADVICE: Advice = {
    "timeout": "No data arrived in time: raise `timeout` (seconds)",
    "connection": COMMON_ADVICE["connection"],
    400: "Check the values of the filters",
    401: "Check the API key in {key}. The public lists need no key",
    404: "Check `api_base_url` or OPENROUTER_API_BASE: there is no such list",
    429: "Try again later, raise `max_retries`, or keep lists for longer with `cache_seconds`",
    "server": "Try again later",
}
_OF_A_MODEL: Advice = {**_ADVICE, 404: COMMON_ADVICE[404]}
_PUBLIC, _OF_ACCOUNT = (Endpoint(path, may_be_empty=True, advice=_ADVICE) for path in ("/models", "/models/user"))
_MODEL = Endpoint("/model/{}/{}", shape=dict, advice=_OF_A_MODEL)
_ENDPOINTS = Endpoint("/models/{}/{}/endpoints", shape=dict, advice=_OF_A_MODEL)
_WHOLE = query_of({})
_NAME = re.compile(r"([~@\w][^/\s]{,200})/(\w[^/\s]{,200})")


class OpenRouterModels(OpenRouterBase):
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
    :param api_base_url: The URL of the API. If it is None or OpenRouter's, the environment variable
        `OPENROUTER_API_BASE` replaces it.
    :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the environment
        variable `OPENAI_TIMEOUT`, or 30 if it is not set.
    :param max_retries: How many times a failed request is sent again. None means the environment variable
        `OPENAI_MAX_RETRIES`, or 5 if it is not set.
    :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`.
    :param cache_seconds: How many seconds lists and models are cached. With 0, only simultaneous calls share a request.
    :raises TypeError: If an argument has the wrong type.
    :raises ValueError: If the value of an argument can't be used.
    """

    _key_is_optional: ClassVar[bool] = True

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
        self._cache: SharedCache[ListedModels] = SharedCache()

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
        settings, endpoint, query = self._list_request(for_account, filters)
        key = _cache_key(settings, endpoint, query)
        return [*self._cache.get(key, self.cache_seconds, lambda: self._load_list(settings, endpoint, query))]

    async def list_async(self, *, for_account: bool = False, **filters: Unpack[ModelFilters]) -> Models:
        """
        List models, as `list` does, without blocking the event loop.

        :param for_account: Whether to list only models that the key's privacy settings and guardrails allow.
        :param filters: OpenRouter's own filters: see `ModelFilters`.
        :returns: A new list.
        """
        settings, endpoint, query = self._list_request(for_account, filters)
        key = _cache_key(settings, endpoint, query)

        async def load() -> ListedModels:
            return await self._load_list_async(settings, endpoint, query)

        return [*await self._cache.get_async(key, self.cache_seconds, load)]

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
        parts, settings = self._parts_of(name), self._settings()
        key = _cache_key(settings, _MODEL, parts)

        def load() -> ListedModels:
            return ListedModels([OpenRouterModel(self._load(settings, _MODEL, parts))])

        return self._listed(settings, name) or self._cache.get(key, self.cache_seconds, load)[0]

    async def get_async(self, name: str) -> OpenRouterModel:
        """
        Get one model, as `get` does, without blocking the event loop.

        :param name: The model's name.
        :returns: The model.
        """
        parts, settings = self._parts_of(name), self._settings()
        key = _cache_key(settings, _MODEL, parts)

        async def load() -> ListedModels:
            return ListedModels([OpenRouterModel(await self._load_async(settings, _MODEL, parts))])

        return self._listed(settings, name) or (await self._cache.get_async(key, self.cache_seconds, load))[0]

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
        return _endpoints(self._load(self._settings(), _ENDPOINTS, self._parts_of(name)))

    async def endpoints_async(self, name: str) -> Endpoints:
        """
        List the providers that serve a model, as `endpoints` does, without blocking the event loop.

        :param name: The model's name.
        :returns: One entry for each provider's offer.
        """
        return _endpoints(await self._load_async(self._settings(), _ENDPOINTS, self._parts_of(name)))

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
        :raises ValueError: If no model fits.
        :raises openai.APIError: If OpenRouter can't be reached.
        """
        selection = Selection({"makes": "text", **needs}, prompt_tokens, completion_tokens)
        return selection.cheapest(self.list(for_account=for_account))

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
        return selection.cheapest(await self.list_async(for_account=for_account))

    def _check_connection(self) -> None:
        super()._check_connection()
        checks.number(self.cache_seconds, "cache_seconds", "a number of seconds")

    def _list_request(self, for_account: bool, filters: ModelFilters) -> tuple[ClientSettings, Endpoint, Query]:
        settings = self._settings()
        if not for_account:
            return settings, _PUBLIC, query_of(filters)
        query = query_of(filters, ACCOUNT_FILTERS)
        checked_key(settings.secret)
        return settings, _OF_ACCOUNT, query

    def _load_list(self, settings: ClientSettings, endpoint: Endpoint, query: Query) -> ListedModels:
        with self._calling(endpoint, settings=settings) as client:
            return _models(endpoint.send(client, options={"params": dict(query)}), query, settings.base_url)

    async def _load_list_async(self, settings: ClientSettings, endpoint: Endpoint, query: Query) -> ListedModels:
        async with self._calling_async(endpoint, settings=settings) as client:
            response = await endpoint.send_async(client, options={"params": dict(query)})
            return _models(response, query, settings.base_url)

    def _load(self, settings: ClientSettings, endpoint: Endpoint, parts: Sequence[str]) -> dict[str, Any]:
        """Request one model. If it does not exist, load the list, so that the error can suggest similar names."""
        with self._calling(endpoint, "/".join(parts), settings) as client:
            try:
                return dict(_data(endpoint.send(client, *parts)))
            except openai.NotFoundError:
                with suppress(openai.APIError):
                    self.list()
                raise

    async def _load_async(self, settings: ClientSettings, endpoint: Endpoint, parts: Sequence[str]) -> dict[str, Any]:
        async with self._calling_async(endpoint, "/".join(parts), settings) as client:
            try:
                return dict(_data(await endpoint.send_async(client, *parts)))
            except openai.NotFoundError:
                with suppress(openai.APIError):
                    await self.list_async()
                raise

    def _listed(self, settings: ClientSettings, name: str) -> OpenRouterModel | None:
        listed = self._cache.peek(_cache_key(settings, _PUBLIC, _WHOLE), self.cache_seconds)
        return listed.by_name.get(name) if listed else None

    def _parts_of(self, name: str) -> tuple[str, ...]:
        checks.instance(name, "`name`", str, "a string such as 'openai/gpt-4o-mini'")
        parts = _NAME.fullmatch(name) if name.isprintable() else None
        if not parts:
            near = near_names(name, self._base_url())
            meant = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            msg = f"`name` must be an author and a slug, such as 'openai/gpt-4o-mini', not {name!r:.100}.{meant}"
            raise ValueError(msg)
        return parts.groups()


def _cache_key(settings: ClientSettings, endpoint: Endpoint, detail: Hashable) -> Hashable:
    """What is loaded with one base URL, or a list for one API key, is never given to another."""
    of_account = hash(settings.api_key) if endpoint is _OF_ACCOUNT else None
    return settings.base_url, of_account, endpoint, detail


def _models(response: Any, query: Query, base_url: str) -> ListedModels:
    listed = ListedModels(OpenRouterModel(entry) for entry in mappings(_data(response)) if string(entry.get("id")))
    if query == _WHOLE:
        # don't suggest a `:batch` variant: it refuses single requests
        learn_names(base_url, (name for name in listed.by_name if not name.endswith(":batch")))
    return listed


def _data(response: Any) -> Any:
    return decoded_body(response)["data"]


def _endpoints(data: dict[str, Any]) -> Endpoints:
    return [OpenRouterEndpoint(entry) for entry in mappings(data.get("endpoints"))]


if __name__ == "__main__":
    from haystack_integrations.common.openrouter._catalogue.command import main

    sys.exit(main(OpenRouterModels))
