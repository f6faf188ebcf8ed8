# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The base of the catalogue and the account: GET requests, with the same clients and errors as the components.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from haystack import default_from_dict, default_to_dict
from haystack.utils import Secret
from openai import AsyncOpenAI, Omit, OpenAI

from haystack_integrations.common.openrouter._base.headers import warn_of_credentials
from haystack_integrations.common.openrouter._base.secrets import shown_url
from haystack_integrations.common.openrouter._transport.client_pool import OPENROUTER_API_BASE_URL, ClientPool
from haystack_integrations.common.openrouter._transport.retries import one_run
from haystack_integrations.common.openrouter._wire.responses import unusable_response
from haystack_integrations.common.openrouter.errors._advice import COMMON_REMEDIES, Remedies
from haystack_integrations.common.openrouter.errors._explanation import explained


class OpenRouterReader:
    """
    Reads data about models and the account from OpenRouter. Instances can be pickled and serialized.

    :param api_key: The OpenRouter API key. None means the environment variable `OPENROUTER_API_KEY`.
    :param api_base_url: The URL of the API. None means OpenRouter.
    :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the environment
        variable `OPENAI_TIMEOUT`, or 30 if it is not set.
    :param max_retries: How many times a failed request is sent again. None means the environment variable
        `OPENAI_MAX_RETRIES`, or 5 if it is not set.
    :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`.
    :raises TypeError: If an argument has the wrong type.
    :raises ValueError: If the value of an argument can't be used.
    """

    _remedies: ClassVar[Remedies] = COMMON_REMEDIES
    _key_is_optional: ClassVar[bool] = False

    def __init__(
        self,
        *,
        api_key: Secret | None = None,
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.api_key = Secret.from_env_var("OPENROUTER_API_KEY") if api_key is None else api_key
        self.api_base_url = api_base_url or OPENROUTER_API_BASE_URL
        self.timeout = timeout
        self.max_retries = max_retries
        self.http_client_kwargs = http_client_kwargs
        self._clients = ClientPool(
            api_key=self.api_key,
            api_base_url=api_base_url,
            timeout=timeout,
            max_retries=max_retries,
            http_client_kwargs=http_client_kwargs,
            key_is_optional=self._key_is_optional,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(api_base_url={shown_url(self.api_base_url)!r})"

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the parameters.

        :returns: A dictionary with the class and its parameters.
        :raises ValueError: If the key is a token, which must not be serialized.
        """
        warn_of_credentials(type(self).__name__, None, self.api_base_url, self.http_client_kwargs)
        serialized: dict[str, Any] = default_to_dict(self, **self._parameters())
        return serialized

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """
        Deserialize the object.

        :param data: A dictionary with the class and its parameters. It is not changed.
        :returns: The object.
        """
        return default_from_dict(cls, copy.deepcopy(data))

    def close(self) -> None:
        """
        Close the connections of synchronous calls. The object can be used again.
        """
        self._clients.close()

    async def close_async(self) -> None:
        """
        Close the connections of the running event loop. The object can be used again.
        """
        await self._clients.close_async()

    def _parameters(self) -> dict[str, Any]:
        return {
            "api_key": self.api_key.to_dict(),
            "api_base_url": self.api_base_url,
            "timeout": self.timeout,
            "max_retries": self.max_retries,
            "http_client_kwargs": copy.copy(self.http_client_kwargs),
        }

    @contextmanager
    def _requesting(self, remedies: Remedies | None = None, model: str = "") -> Iterator[None]:
        """
        Send requests inside this block. Their errors name the cause and a remedy, and the first retry is logged.
        """
        base_url = self.api_base_url or OPENROUTER_API_BASE_URL
        with one_run(), explained(self.api_key, model, remedies or self._remedies, base_url):
            yield

    def _read(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """
        Send a GET request, and return the `data` of the response.
        """
        client = self._clients.get()
        return _data(client.get(path, cast_to=object, options=_options(client, query)))

    async def _read_async(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """
        Send a GET request, and return the `data` of the response.
        """
        client = await self._clients.get_async()
        return _data(await client.get(path, cast_to=object, options=_options(client, query)))


def _options(client: OpenAI | AsyncOpenAI, query: Mapping[str, str] | None) -> Any:
    without_key = {} if client.api_key else {"headers": {"Authorization": Omit()}}
    return {"params": query or {}, **without_key}


def _data(body: object) -> Any:
    if isinstance(body, dict) and isinstance(body.get("data"), dict | list):
        return body["data"]
    raise unusable_response("OpenRouter's response has no `data`", body)
