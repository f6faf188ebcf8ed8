# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests for lists of models, for models and for their endpoints, and what is kept of the responses.
"""

import re
from collections.abc import Hashable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

import openai

from haystack_integrations.common.openrouter._base.component import OpenRouterBase
from haystack_integrations.common.openrouter._catalogue.cache import SharedCache
from haystack_integrations.common.openrouter._catalogue.choosing import Selection
from haystack_integrations.common.openrouter._catalogue.entries import OpenRouterEndpoint, mappings, string
from haystack_integrations.common.openrouter._catalogue.filters import ACCOUNT_FILTERS, ModelFilters, Query, query_of
from haystack_integrations.common.openrouter._catalogue.model import ListedModels, OpenRouterModel
from haystack_integrations.common.openrouter._many.workers import each_in_tasks, each_in_threads
from haystack_integrations.common.openrouter._transport.client_settings import ClientSettings
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._transport.run import checked_key
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.model_names import learn_names, near_names
from haystack_integrations.common.openrouter._wire.responses import decoded_body
from haystack_integrations.common.openrouter.errors._advice import COMMON_ADVICE, Advice

Endpoints = list[OpenRouterEndpoint]

_ADVICE: Advice = {
    "timeout": "No data arrived in time: raise `timeout` (seconds)",
    "connection": COMMON_ADVICE["connection"],
    400: "Check the values of the filters",
    401: "Check the API key in {key}. The public lists need no key",
    404: "Check `api_base_url`: there is no such list",
    429: "Try again later, raise `max_retries`, or keep lists for longer with `cache_seconds`",
    "server": "Try again later",
}
_OF_A_MODEL: Advice = {**_ADVICE, 404: COMMON_ADVICE[404]}
_PUBLIC, _OF_ACCOUNT = (Endpoint(path, may_be_empty=True, advice=_ADVICE) for path in ("/models", "/models/user"))
_MODEL = Endpoint("/model/{}/{}", shape=dict, advice=_OF_A_MODEL)
_ENDPOINTS = Endpoint("/models/{}/{}/endpoints", shape=dict, advice=_OF_A_MODEL)
_WHOLE = query_of({})
_NAME = re.compile(r"([~@\w][^/\s]{,200})/(\w[^/\s]{,200})")
# How many models are asked for their endpoints at the same time.
_AT_ONCE = 8


class Catalogue(OpenRouterBase):
    """
    Loads what is not in memory. The public methods say what for.
    """

    _key_is_optional: ClassVar[bool] = True
    cache_seconds: float

    def _set_up_memory(self) -> None:
        self._lists: SharedCache[ListedModels] = SharedCache()
        self._offers: SharedCache[Endpoints] = SharedCache()

    def _check_connection(self) -> None:
        super()._check_connection()
        checks.number(self.cache_seconds, "cache_seconds", "a number of seconds")

    def _models(self, for_account: bool, filters: ModelFilters) -> ListedModels:
        settings, endpoint, query = self._list_request(for_account, filters)
        key = _cache_key(settings, endpoint, query)
        return self._lists.get(key, self.cache_seconds, lambda: self._load_list(settings, endpoint, query))

    async def _models_async(self, for_account: bool, filters: ModelFilters) -> ListedModels:
        settings, endpoint, query = self._list_request(for_account, filters)
        key = _cache_key(settings, endpoint, query)
        return await self._lists.get_async(
            key, self.cache_seconds, lambda: self._load_list_async(settings, endpoint, query)
        )

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

    def _model(self, name: str) -> OpenRouterModel:
        parts, settings = self._parts_of(name), self._settings()

        def load() -> ListedModels:
            return ListedModels([OpenRouterModel(self._load(settings, _MODEL, parts))])

        key = _cache_key(settings, _MODEL, parts)
        return self._listed(settings, name) or self._lists.get(key, self.cache_seconds, load)[0]

    async def _model_async(self, name: str) -> OpenRouterModel:
        parts, settings = self._parts_of(name), self._settings()

        async def load() -> ListedModels:
            return ListedModels([OpenRouterModel(await self._load_async(settings, _MODEL, parts))])

        key = _cache_key(settings, _MODEL, parts)
        return self._listed(settings, name) or (await self._lists.get_async(key, self.cache_seconds, load))[0]

    def _endpoints(self, name: str) -> Endpoints:
        return _endpoints(self._load(self._settings(), _ENDPOINTS, self._parts_of(name)))

    async def _endpoints_async(self, name: str) -> Endpoints:
        return _endpoints(await self._load_async(self._settings(), _ENDPOINTS, self._parts_of(name)))

    def _load(self, settings: ClientSettings, endpoint: Endpoint, parts: Sequence[str]) -> dict[str, Any]:
        """Request one model. If it does not exist, load the list, so that the error can suggest similar names."""
        with self._calling(endpoint, "/".join(parts), settings) as client:
            try:
                return dict(_data(endpoint.send(client, *parts)))
            except openai.NotFoundError:
                with suppress(openai.APIError):
                    self._models(for_account=False, filters={})
                raise

    async def _load_async(self, settings: ClientSettings, endpoint: Endpoint, parts: Sequence[str]) -> dict[str, Any]:
        async with self._calling_async(endpoint, "/".join(parts), settings) as client:
            try:
                return dict(_data(await endpoint.send_async(client, *parts)))
            except openai.NotFoundError:
                with suppress(openai.APIError):
                    await self._models_async(for_account=False, filters={})
                raise

    def _ranked(self, selection: Selection, limit: int | None, for_account: bool) -> list[OpenRouterModel]:
        """The best models that fit. If a condition is about their endpoints, these are looked up, a few at a time."""
        self._check_choice(selection, limit)
        ranked = selection.ranked(self._models(for_account, {}))
        if not selection.is_about_endpoints:
            return ranked[:limit]
        found: list[OpenRouterModel] = []
        offers: dict[str, Endpoints] = {}

        def look_up(model: OpenRouterModel) -> None:
            key = _cache_key(self._settings(), _ENDPOINTS, model.id)
            offers[model.id] = self._offers.get(key, self.cache_seconds, lambda: self._offers_of(model.id))

        while ranked and (limit is None or len(found) < limit):
            some, ranked = ranked[:_AT_ONCE], ranked[_AT_ONCE:]
            each_in_threads(look_up, some, len(some))
            found += [model for model in some if selection.is_fast(offers[model.id])]
        return found[:limit]

    async def _ranked_async(self, selection: Selection, limit: int | None, for_account: bool) -> list[OpenRouterModel]:
        self._check_choice(selection, limit)
        ranked = selection.ranked(await self._models_async(for_account, {}))
        if not selection.is_about_endpoints:
            return ranked[:limit]
        found: list[OpenRouterModel] = []
        offers: dict[str, Endpoints] = {}

        async def look_up(model: OpenRouterModel) -> None:
            key = _cache_key(self._settings(), _ENDPOINTS, model.id)
            load = partial(self._offers_of_async, model.id)
            offers[model.id] = await self._offers.get_async(key, self.cache_seconds, load)

        while ranked and (limit is None or len(found) < limit):
            some, ranked = ranked[:_AT_ONCE], ranked[_AT_ONCE:]
            await each_in_tasks(look_up, some, len(some))
            found += [model for model in some if selection.is_fast(offers[model.id])]
        return found[:limit]

    def _check_choice(self, selection: Selection, limit: int | None) -> None:
        checks.at_least_one_or_none(limit=limit)
        if selection.is_about_endpoints:  # they have no figures without a key
            checked_key(self._secret())

    def _offers_of(self, name: str) -> Endpoints:
        """The endpoints of a listed model; none if it has no page of its own, or no author, as a gateway's."""
        try:
            return self._endpoints(name)
        except (openai.NotFoundError, ValueError):
            return []

    async def _offers_of_async(self, name: str) -> Endpoints:
        try:
            return await self._endpoints_async(name)
        except (openai.NotFoundError, ValueError):
            return []

    def _listed(self, settings: ClientSettings, name: str) -> OpenRouterModel | None:
        listed = self._lists.peek(_cache_key(settings, _PUBLIC, _WHOLE), self.cache_seconds)
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
    """What is loaded with one base URL is never given to another, nor what depends on an API key to another key."""
    of_account = hash(settings.api_key) if endpoint in (_OF_ACCOUNT, _ENDPOINTS) else None
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
