# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The base of all components: seven shared parameters, clients that are built on first use, and errors that explain.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self, TypeVar

from haystack import default_from_dict, default_to_dict
from haystack.utils import Secret
from openai import AsyncOpenAI, OpenAI

from haystack_integrations.common.openrouter._base.headers import (
    check_headers,
    deserialized_headers,
    sendable_headers,
    serialized_headers,
    warn_of_credentials,
)
from haystack_integrations.common.openrouter._base.model_names import check_model_name
from haystack_integrations.common.openrouter._base.secrets import shown_url
from haystack_integrations.common.openrouter._transport.client_pool import (
    DEFAULT_TIMEOUT,
    OPENROUTER_API_BASE_URL,
    ClientPool,
)
from haystack_integrations.common.openrouter._transport.response_headers import NotingResponses
from haystack_integrations.common.openrouter._transport.retries import one_run
from haystack_integrations.common.openrouter.errors._advice import COMMON_REMEDIES, Remedies
from haystack_integrations.common.openrouter.errors._explanation import explained

Class = TypeVar("Class")


class OpenRouterComponent:
    """
    The base of all components that send requests to OpenRouter.

    A subclass lists the seven shared parameters in its constructor and hands them to `_set_up`, and lists its own in
    `to_dict`. `_remedies` says what to do about the failures of its endpoint.
    """

    _remedies: ClassVar[Remedies] = COMMON_REMEDIES
    _default_timeout: ClassVar[float] = DEFAULT_TIMEOUT
    _retry_after_timeout: ClassVar[bool] = True

    def _set_up(
        self,
        *,
        api_key: Secret,
        model: str,
        api_base_url: str | None,
        extra_headers: dict[str, Any] | None,
        timeout: float | None,
        max_retries: int | None,
        http_client_kwargs: dict[str, Any] | None,
    ) -> None:
        """
        Check the parameters that all components share, and keep them under the same names.

        :param api_key: The OpenRouter API key.
        :param model: The name of the model.
        :param api_base_url: The URL of the API. None means OpenRouter.
        :param extra_headers: HTTP headers of every request. A value may be a `Secret`.
        :param timeout: Seconds to wait for a connection, and for the next bytes of a response.
        :param max_retries: How many times a failed request is sent again.
        :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the value of an argument can't be used.
        """
        self._clients = ClientPool(
            api_key=api_key,
            api_base_url=api_base_url,
            timeout=timeout,
            max_retries=max_retries,
            http_client_kwargs=http_client_kwargs,
            default_timeout=self._default_timeout,
            retry_after_timeout=self._retry_after_timeout,
        )
        check_model_name(model)
        headers = deserialized_headers(extra_headers)
        check_headers(headers, "extra_headers")
        self.api_key = api_key
        self.model = model
        self.api_base_url: str | None = api_base_url or OPENROUTER_API_BASE_URL
        self.extra_headers = headers
        self.timeout = timeout
        self.max_retries = max_retries
        self.http_client_kwargs = http_client_kwargs

    def _to_dict(self, **own_parameters: Any) -> dict[str, Any]:
        """
        Serialize the component: the shared parameters, and the given ones.

        :param own_parameters: The parameters that only this component has.
        :returns: The component as a dictionary.
        :raises ValueError: If a Secret holds a token, which must not be serialized.
        """
        warn_of_credentials(type(self).__name__, self.extra_headers, self.api_base_url, self.http_client_kwargs)
        parameters = {
            "api_key": self.api_key.to_dict(),
            "model": self.model,
            "api_base_url": self.api_base_url,
            "extra_headers": serialized_headers(self.extra_headers),
            "timeout": self.timeout,
            "max_retries": self.max_retries,
            "http_client_kwargs": copy.copy(self.http_client_kwargs),
            **own_parameters,
        }
        in_order = [name for name in inspect.signature(type(self).__init__).parameters if name in parameters]
        serialized: dict[str, Any] = default_to_dict(self, **{name: parameters[name] for name in in_order})
        return serialized

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """
        Deserialize the component.

        :param data: What `to_dict` returned. It is not changed.
        :returns: The component.
        """
        return default_from_dict(cls, copy.deepcopy(data))

    def _sent_headers(self) -> dict[str, str]:
        return sendable_headers(self.extra_headers)

    @contextmanager
    def _requesting(self, model: str | None = None) -> Iterator[None]:
        """
        Send requests inside this block. Their errors name the cause and a remedy, and the first retry is logged.
        """
        with (
            one_run(),
            NotingResponses(),
            explained(self.api_key, model or self.model, self._remedies, self.api_base_url or ""),
        ):
            yield

    def _get_telemetry_data(self) -> dict[str, Any]:
        """
        The data for Haystack's telemetry, if it is on.
        """
        return {"model": self.model}

    @property
    def client(self) -> OpenAI | None:
        """
        The synchronous openai client, or None before warm-up. You can set your own client, which is never closed.
        """
        return self._clients.sync_client

    @client.setter
    def client(self, client: OpenAI | None) -> None:
        self._clients.sync_client = client

    @property
    def async_client(self) -> AsyncOpenAI | None:
        """
        The openai client of the running event loop, or None before warm-up.

        You can set your own client. It is used in every loop, and is never closed.
        """
        return self._clients.async_client

    @async_client.setter
    def async_client(self, client: AsyncOpenAI | None) -> None:
        self._clients.async_client = client

    def warm_up(self) -> None:
        """
        Build the synchronous client.

        :raises ValueError: If the API key is missing or blank.
        """
        self._clients.get()

    async def warm_up_async(self) -> None:
        """
        Build the client of the running event loop. It is closed together with the loop.

        :raises ValueError: If the API key is missing or blank.
        """
        await self._clients.get_async()

    def close(self) -> None:
        """
        Close the synchronous client. The component can be used again.
        """
        self._clients.close()

    async def close_async(self) -> None:
        """
        Close the client of the running event loop. The component can be used again.
        """
        await self._clients.close_async()


def shows_its_settings(cls: type[Class]) -> type[Class]:
    """
    Decorate a component class: `repr` begins with the model and the URL, in place of an address in memory.

    It goes above `@component`, which sets a `__repr__` of its own on every class.

    :param cls: The component class.
    :returns: The same class.
    """
    haystack_repr = cls.__repr__

    def settings_repr(self: Any) -> str:
        settings = f"{type(self).__name__}(model={self.model!r}, api_base_url={shown_url(self.api_base_url)!r})"
        return haystack_repr(self).replace(object.__repr__(self), settings, 1)

    cls.__repr__ = settings_repr  # type: ignore[method-assign]
    return cls
