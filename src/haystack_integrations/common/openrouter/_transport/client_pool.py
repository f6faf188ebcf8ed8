# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The openai clients that talk to OpenRouter: one for synchronous calls, one for each running event loop.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from haystack.utils import Secret
from openai import AsyncOpenAI, Omit, OpenAI

from haystack_integrations.common.openrouter._base.checks import check_number, check_strings_or_none
from haystack_integrations.common.openrouter._base.secrets import checked_key, resolved
from haystack_integrations.common.openrouter._transport.http import (
    RetryPolicy,
    build_async_http_client,
    build_http_client,
    check_http_client_kwargs,
)
from haystack_integrations.common.openrouter._transport.loop_client import LoopClient

OPENROUTER_API_BASE_URL = "https://openrouter.ai/api/v1"
DEFAULT_TIMEOUT = 30.0
DEFAULT_MAX_RETRIES = 5

_POOLS: weakref.WeakSet[ClientPool] = weakref.WeakSet()
# Clients that a forked child has from its parent. They are kept, because to finalize them could close the parent's
# connections.
_INHERITED: list[object] = []


class ClientPool:
    """
    The openai clients of one component. They are built on first use.

    A copy, a pickle and a forked child have their own clients. Only asyncio event loops are supported.

    :param api_key: The OpenRouter API key.
    :param api_base_url: The URL that the endpoints' paths are added to; None means OpenRouter.
    :param timeout: Seconds to wait for a connection and for each next piece of a response. None means the environment
        variable `OPENAI_TIMEOUT`, or `default_timeout` if it is not set.
    :param max_retries: How many times a failed request is sent again. None means the environment variable
        `OPENAI_MAX_RETRIES`, or 5 if it is not set, as in Haystack.
    :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`.
    :param default_timeout: Seconds to wait if neither `timeout` nor the environment sets it.
    :param retry_after_timeout: Whether a request that timed out is sent again.
    :param key_is_optional: Whether clients are built without a key, for public data.
    :raises TypeError: If an argument has the wrong type.
    :raises ValueError: If the value of an argument can't be used.
    """

    def __init__(
        self,
        *,
        api_key: Secret,
        api_base_url: str | None,
        timeout: float | None,
        max_retries: int | None,
        http_client_kwargs: Mapping[str, Any] | None,
        default_timeout: float = DEFAULT_TIMEOUT,
        retry_after_timeout: bool = True,
        key_is_optional: bool = False,
    ) -> None:
        if not isinstance(api_key, Secret):
            msg = (
                f"`api_key` must be a Secret, not {type(api_key).__name__}: leave it out to read OPENROUTER_API_KEY, "
                "or pass Secret.from_env_var(...) or Secret.from_token(...)."
            )
            raise TypeError(msg)
        check_strings_or_none(api_base_url=api_base_url)
        check_number(timeout, "timeout", "seconds")
        check_number(max_retries, "max_retries", "a count", whole=True)
        check_http_client_kwargs(http_client_kwargs)
        self._api_key = api_key
        self._base_url = api_base_url or OPENROUTER_API_BASE_URL
        self._timeout = timeout
        self._max_retries = max_retries
        self._http_client_kwargs = http_client_kwargs
        self._default_timeout = default_timeout
        self._retry_after_timeout = retry_after_timeout
        self._key_is_optional = key_is_optional
        self._forget_clients()

    def _forget_clients(self) -> None:
        self._lock = threading.Lock()
        self._built: OpenAI | None = None
        self._by_loop: dict[asyncio.AbstractEventLoop, LoopClient] = {}
        # what the user set, which is used and never closed
        self._given: OpenAI | None = None
        self._given_async: AsyncOpenAI | None = None
        _POOLS.add(self)

    def leave_to_parent(self) -> None:
        """
        Start without clients in a forked child. Those that a user set stay.
        """
        given, given_async = self._given, self._given_async
        for known in self._by_loop.values():
            known.detach()
        _INHERITED.append((self._built, self._by_loop))
        self._forget_clients()
        self._given, self._given_async = given, given_async

    def __getstate__(self) -> dict[str, Any]:
        """
        Leave out what can't be copied: clients, loops and the lock.
        """
        own = ("_lock", "_built", "_by_loop", "_given", "_given_async")
        return {name: value for name, value in self.__dict__.items() if name not in own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """
        Start without clients.
        """
        self.__dict__.update(state)
        self._forget_clients()

    def __del__(self) -> None:
        """
        Close the connections of a deleted component. Those of event loops are closed with their loops.
        """
        try:  # at the exit of the interpreter, names of this module may be gone
            if self._built is not None:
                self._built.close()
        except Exception:  # noqa: S110
            pass

    @property
    def sync_client(self) -> OpenAI | None:
        """
        The synchronous client: the one that a user set, or the one that was built.
        """
        return self._given or self._built

    @sync_client.setter
    def sync_client(self, client: OpenAI | None) -> None:
        self._given = client
        if client is None:
            self.close()

    @property
    def async_client(self) -> AsyncOpenAI | None:
        """
        The asynchronous client: the one that a user set, or the one that was built for the running event loop.
        """
        if self._given_async is not None:
            return self._given_async
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return None
        known = self._by_loop.get(loop)
        return known.client if known is not None and not known.client.is_closed() else None

    @async_client.setter
    def async_client(self, client: AsyncOpenAI | None) -> None:
        self._given_async = client
        if client is None and self.async_client is not None:
            self.forget(asyncio.get_running_loop())  # the loop closes it

    @property
    def max_retries(self) -> int:
        """
        How many times a failed request is sent again.
        """
        if self._max_retries is not None:
            return self._max_retries
        return int(os.environ.get("OPENAI_MAX_RETRIES", DEFAULT_MAX_RETRIES))

    def get(self) -> OpenAI:
        """
        Build the synchronous client, or return it.

        :returns: The one client that all threads share.
        :raises ValueError: If the API key is missing or blank.
        """
        if client := self.sync_client:
            return client
        with self._lock:
            if self._built is None:
                self._built = self._build(OpenAI, build_http_client)
            return self._built

    async def get_async(self) -> AsyncOpenAI:
        """
        Build the client of the running event loop, or return it.

        It is closed with its loop by `asyncio.run` and by everything else that shuts down asynchronous generators.

        :returns: The client of this loop.
        :raises ValueError: If the API key is missing or blank.
        """
        if client := self.async_client:
            return client
        loop = asyncio.get_running_loop()
        with self._lock:
            for other in [other for other in self._by_loop if other.is_closed()]:
                self._by_loop.pop(other).detach()
            built: AsyncOpenAI = self._build(AsyncOpenAI, build_async_http_client)
            known = self._by_loop[loop] = LoopClient(built, loop, self)
        await known.close_with_loop()
        return built

    def close(self) -> None:
        """
        Close the synchronous client that was built; one that a user set stays open. The next `get` builds a new one.
        """
        with self._lock:
            client, self._built = self._built, None
        if client is not None:
            client.close()

    async def close_async(self) -> None:
        """
        Close the client that was built for the running event loop. The next `get_async` builds a new one.
        """
        known = self.forget(asyncio.get_running_loop())
        if known is not None:
            await known.close()

    def forget(self, loop: asyncio.AbstractEventLoop, client: AsyncOpenAI | None = None) -> LoopClient | None:
        """
        Forget the client of an event loop, without closing it.

        :param loop: The event loop.
        :param client: The client that it must be; None means any.
        :returns: What was forgotten, or None.
        """
        with self._lock:
            known = self._by_loop.get(loop)
            if known is None or client not in (None, known.client):
                return None
            known.detach()
            return self._by_loop.pop(loop)

    def _build(self, kind: Callable[..., Any], build_http: Callable[..., Any]) -> Any:
        key = "" if self._key_is_optional and not resolved(self._api_key) else checked_key(self._api_key)
        timeout = self._timeout
        if timeout is None:
            timeout = float(os.environ.get("OPENAI_TIMEOUT", self._default_timeout))
        retries = RetryPolicy(self.max_retries, after_timeout=self._retry_after_timeout)
        client = kind(
            api_key=key or "none",
            base_url=self._base_url,
            timeout=timeout,
            max_retries=self.max_retries,
            default_headers=_headers_over_openai_environment(key),
            http_client=build_http(self._http_client_kwargs, retries),
        )
        client.api_key = key  # the SDK accepts an empty one only here
        # the SDK takes these from the environment, and they are OpenAI's
        client.organization = client.project = client.admin_api_key = None
        return client


def _leave_clients_to_parent() -> None:
    for pool in list(_POOLS):
        pool.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_clients_to_parent)


def _headers_over_openai_environment(api_key: str) -> dict[str, Any]:
    """
    Headers that override what the SDK reads from the environment for OpenAI, in copies of the client too.
    """
    undone: dict[str, Any] = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    named = [line.partition(":")[0].strip() for line in lines if ":" in line]
    if not named:
        return undone
    own = {"accept": "application/json", "content-type": "application/json"}
    undone.update({name: own.get(name.lower(), Omit()) for name in named if name.lower() != "authorization"})
    return {**undone, "Authorization": f"Bearer {api_key}"} if api_key else undone
