# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The base of everything that talks to OpenRouter: shared parameters, clients, and errors that explain.
"""

import copy
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar, Self, TypeVar

from haystack import default_from_dict, default_to_dict
from haystack.utils import Secret
from openai import AsyncOpenAI, OpenAI

from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._base.generation_kwargs import (
    check_kwargs,
    merged_kwargs,
    request_of,
    serialized_kwargs,
)
from haystack_integrations.common.openrouter._base.headers import (
    check_headers,
    sendable_headers,
    serialized_headers,
    shown_url,
    warn_of_credentials,
    with_secrets,
)
from haystack_integrations.common.openrouter._transport.client_pool import ClientPool
from haystack_integrations.common.openrouter._transport.client_settings import (
    ClientSettings,
    check_base_url,
    check_http_client_kwargs,
)
from haystack_integrations.common.openrouter._transport.deadline import Deadline
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._transport.run import Run, running
from haystack_integrations.common.openrouter._transport.tracing import current_span
from haystack_integrations.common.openrouter._wire import checks

OPENROUTER_API_BASE_URL = "https://openrouter.ai/api/v1"

Class = TypeVar("Class")


class OpenRouterBase:
    """
    What components, the catalogue and the account have in common.

    The attributes are the settings: they are checked and read when a run starts, so each can be set at any time, and
    holds from the next run on. A run never writes to them: another thread may be setting them.
    """

    _default_timeout: ClassVar[float] = 30.0
    _key_is_optional: ClassVar[bool] = False
    _key_may_be_none: ClassVar[bool] = True
    _is_billed: ClassVar[bool] = False
    deadline: float | None = None
    cost_meter: OpenRouterCostMeter | None = None

    def _set_up_connection(
        self,
        api_key: Secret | None,
        api_base_url: str | None,
        timeout: float | None,
        max_retries: int | None,
        http_client_kwargs: dict[str, Any] | None,
    ) -> None:
        self.api_key: Any = api_key
        self.api_base_url = api_base_url
        self.timeout = timeout
        self.max_retries = max_retries
        self.http_client_kwargs = http_client_kwargs
        self._check_connection()
        check_http_client_kwargs(http_client_kwargs)
        self.api_base_url = api_base_url or OPENROUTER_API_BASE_URL
        self._clients = ClientPool()

    def _secret(self) -> Secret:
        if self.api_key is None and self._key_may_be_none:
            return Secret.from_env_var("OPENROUTER_API_KEY")
        advice = "Leave it out to read OPENROUTER_API_KEY, or pass Secret.from_env_var(...) or Secret.from_token(...)."
        checks.instance(self.api_key, "`api_key`", Secret, "a Secret", advice)
        secret: Secret = self.api_key
        return secret

    def _check_connection(self) -> None:
        self._secret()
        check_base_url(self.api_base_url)
        if self.timeout is not None:
            checks.timeout(self.timeout, "timeout")
        if self.max_retries is not None:
            checks.number(self.max_retries, "max_retries", "a whole number or None", whole=True)

    def _base_url(self) -> str:
        return self.api_base_url or OPENROUTER_API_BASE_URL

    def _settings(self, deadline: float | None = None) -> ClientSettings:
        """Read what a client is built from, as it is now. The call that they are for begins, with its deadline."""
        self._check_connection()
        check_base_url(self.api_base_url, is_used=True)
        secret = self._secret()
        timeout, max_retries = self.timeout, self.max_retries
        seconds = self.deadline if deadline is None else deadline
        return ClientSettings(
            secret,
            self._base_url(),
            _from_environment("OPENAI_TIMEOUT", self._default_timeout, float) if timeout is None else timeout,
            _from_environment("OPENAI_MAX_RETRIES", 5, int) if max_retries is None else max_retries,
            self.http_client_kwargs,
            self._key_is_optional,
            None if seconds is None else Deadline.after(seconds),
            None if self.cost_meter is None else self.cost_meter.ledger,
        )

    @contextmanager
    def _requesting(self, endpoint: Endpoint, settings: ClientSettings, model: str = "") -> Iterator[Run]:
        """Send requests inside this block. Their errors name the cause and a remedy, and the first retry is logged."""
        run = Run(endpoint, settings.secret, settings.base_url, model, settings.deadline)
        run.ledger = settings.ledger
        run.span = current_span() if self._is_billed else None
        run.component = getattr(self, "__component_name__", None) or type(self).__name__
        with running(run):
            yield run

    @contextmanager
    def _calling(self, endpoint: Endpoint, model: str = "", settings: ClientSettings | None = None) -> Iterator[OpenAI]:
        """Send requests inside this block, with the client that it is given."""
        settings = settings or self._settings()
        with self._clients.using(settings) as client, self._requesting(endpoint, settings, model):
            yield client

    @asynccontextmanager
    async def _calling_async(
        self, endpoint: Endpoint, model: str = "", settings: ClientSettings | None = None
    ) -> AsyncIterator[AsyncOpenAI]:
        """Send requests inside this block, with the client that it is given."""
        settings = settings or self._settings()
        async with self._clients.using_async(settings) as client:
            with self._requesting(endpoint, settings, model):
                yield client

    def __repr__(self) -> str:
        model = f"model={self.model!r}, " if hasattr(self, "model") else ""
        return f"{type(self).__name__}({model}api_base_url={shown_url(self._base_url())!r})"

    def _to_dict(self, **own_parameters: Any) -> dict[str, Any]:
        """Serialize the shared parameters, and the given ones that only this class has."""
        headers = getattr(self, "extra_headers", None)
        kwargs = getattr(self, "generation_kwargs", None)
        warn_of_credentials(type(self).__name__, headers, self.api_base_url, self.http_client_kwargs, kwargs)
        serialized: dict[str, Any] = default_to_dict(
            self,
            api_key=self._secret().to_dict(),
            api_base_url=self._base_url(),
            timeout=self.timeout,
            max_retries=self.max_retries,
            http_client_kwargs=copy.copy(self.http_client_kwargs),
            **own_parameters,
        )
        return serialized

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """
        Deserialize the object.

        :param data: What `to_dict` returned. It is not changed.
        :returns: The object.
        """
        return default_from_dict(cls, with_secrets(data))

    def close(self) -> None:
        """
        Close the connections of synchronous calls, unless others use them. The object can be used again.
        """
        self._clients.close()

    async def close_async(self) -> None:
        """
        Close the connections of the running event loop, unless others use them. The object can be used again.
        """
        await self._clients.close_async()


def _from_environment(name: str, default: float, kind: Callable[[Any], Any]) -> Any:
    """Read a number of seconds or retries."""
    try:
        number = kind(os.environ.get(name, default))
    except ValueError:
        msg = f"The environment variable `{name}` must be a number, not {checks.shown(os.environ[name])}."
        raise ValueError(msg) from None
    checks.number(number, name, "a number", most=checks.LONGEST_TIMEOUT)
    return number


class OpenRouterComponent(OpenRouterBase):
    """
    The base of all components.

    A subclass keeps its own parameters under their names, then hands the shared ones to `_set_up`. It lists its
    own in `_check` and in `to_dict`. Each run calls `_check` before it reads them.
    """

    _key_may_be_none: ClassVar[bool] = False
    _is_billed: ClassVar[bool] = True

    def _set_up(  # noqa: PLR0917  # the parameters of every constructor, in one order
        self,
        api_key: Secret,
        model: str,
        api_base_url: str | None,
        extra_headers: dict[str, Any] | None,
        timeout: float | None,
        max_retries: int | None,
        http_client_kwargs: dict[str, Any] | None,
        deadline: float | None = None,
        cost_meter: OpenRouterCostMeter | None = None,
    ) -> None:
        """Keep the parameters that all components share under their names, and check all."""
        self.model = model
        self.extra_headers = extra_headers
        self.deadline = deadline
        self.cost_meter = cost_meter
        self._noticed: set[str] = set()
        self._set_up_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self._check()

    def _check(self) -> None:
        """Raise unless the settings can be used, those of the connection aside. Warn once of a name that looks odd."""
        self._check_model()
        if self.deadline is not None:
            checks.number(self.deadline, "deadline", "a number of seconds or None")
        if self.cost_meter is not None:
            checks.instance(self.cost_meter, "`cost_meter`", OpenRouterCostMeter, "an OpenRouterCostMeter or None")
        check_headers(self.extra_headers, "extra_headers")

    def _check_model(self) -> None:
        checks.model_name(self.model, self._noticed)

    def _to_dict(self, **own_parameters: Any) -> dict[str, Any]:
        headers = serialized_headers(self.extra_headers)
        if self.deadline is not None:
            own_parameters["deadline"] = self.deadline
        if self.cost_meter is not None:
            own_parameters["cost_meter"] = self.cost_meter.to_dict()
        return super()._to_dict(model=self.model, extra_headers=headers, **own_parameters)

    def _sent_headers(self) -> dict[str, str]:
        return sendable_headers(self.extra_headers)

    def _get_telemetry_data(self) -> dict[str, Any]:
        """The data for Haystack's telemetry, if it is on."""
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
        with self._clients.using(self._settings()):
            pass

    async def warm_up_async(self) -> None:
        """
        Build the client of the running event loop. It is closed together with the loop.

        :raises ValueError: If the API key is missing or blank.
        """
        async with self._clients.using_async(self._settings()):
            pass


class OpenRouterMediaComponent(OpenRouterComponent):
    """
    The base of the components for images and audio: they take `generation_kwargs`, and their requests take minutes.

    A subclass names its endpoint and the type of its `generation_kwargs`.
    """

    _endpoint: ClassVar[Endpoint]
    _options: ClassVar[type]
    _default_timeout: ClassVar[float] = 300.0
    generation_kwargs: Any

    def _to_dict(self, **own_parameters: Any) -> dict[str, Any]:
        return super()._to_dict(generation_kwargs=serialized_kwargs(self.generation_kwargs), **own_parameters)

    def _check(self) -> None:
        super()._check()
        self._check_kwargs(self.generation_kwargs)

    def _check_kwargs(self, generation_kwargs: object) -> None:
        check_kwargs(generation_kwargs, self._options.__annotations__, self._endpoint.own_fields, self._noticed)

    def _merged(self, generation_kwargs: Any, **init_parameters: Any) -> dict[str, Any]:
        """Put the parameters of a run over those given at init, and these over the given ones."""
        self._check()
        self._check_kwargs(generation_kwargs)
        return merged_kwargs(init_parameters, self.generation_kwargs, generation_kwargs)

    def _request(self, generation_kwargs: Mapping[str, Any], **own_fields: Any) -> dict[str, Any]:
        """Make the body and the options of a request from what `_merged` returned, over the given fields."""
        return request_of(generation_kwargs, {"model": self.model, **own_fields}, self._sent_headers())


def shows_its_settings(cls: type[Class]) -> type[Class]:
    """
    Decorate a component class: `repr` begins with the model and the URL, in place of an address in memory.

    It goes above `@component`, which sets a `__repr__` of its own on every class.
    """
    haystack_repr = cls.__repr__

    def settings_repr(self: Any) -> str:
        _, newline, sockets = haystack_repr(self).partition("\n")
        return f"{OpenRouterBase.__repr__(self)}{newline}{sockets}"

    cls.__repr__ = settings_repr  # type: ignore[method-assign]
    return cls
