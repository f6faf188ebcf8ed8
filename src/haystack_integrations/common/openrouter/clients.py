# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Builds the openai clients that talk to OpenRouter: one for synchronous calls, one for each running event loop.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any

import httpx
from haystack.utils import Secret
from haystack.utils.http_client import init_http_client
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, DefaultHttpxClient, Omit, OpenAI

from haystack_integrations.common.openrouter.errors.error_text import secret_name
from haystack_integrations.common.openrouter.errors.response_hook import check_response, check_response_async

OPENROUTER_API_BASE_URL = "https://openrouter.ai/api/v1"

# What the openai SDK gives its own client; httpx's default of 100 connections makes a busy server wait.
_LIMITS = {"max_connections": 1000, "max_keepalive_connections": 100}


class ClientPool:
    """
    The openai clients of one component, built when they are first used.

    A copy or a pickle of it holds the settings only and builds clients of its own.

    :param api_key: The OpenRouter API key.
    :param api_base_url: The URL that the endpoints' paths are added to; None means OpenRouter.
    :param timeout: Seconds to wait for a connection and for each next piece of an answer.
    :param max_retries: How often a failed request is sent again.
    :param http_client_kwargs: Keyword arguments of `httpx.Client` and `httpx.AsyncClient`.
    """

    def __init__(
        self,
        *,
        api_key: Secret,
        api_base_url: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
    ) -> None:
        if not isinstance(api_key, Secret):
            msg = (
                f"`api_key` must be a Secret, not {type(api_key).__name__}: leave it out to read OPENROUTER_API_KEY, "
                "or pass Secret.from_env_var(...) or Secret.from_token(...)."
            )
            raise TypeError(msg)
        self._api_key = api_key
        self._base_url = api_base_url or OPENROUTER_API_BASE_URL
        self._timeout = timeout
        self._max_retries = max_retries
        self._http_client_kwargs = http_client_kwargs
        self._forget_clients()

    def _forget_clients(self) -> None:
        self._lock = threading.Lock()
        self._sync: OpenAI | None = None
        self._built: OpenAI | None = None
        self._by_loop: dict[asyncio.AbstractEventLoop, AsyncOpenAI] = {}
        self._closers: dict[asyncio.AbstractEventLoop, AsyncGenerator[None, None]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """
        Leave out what can't be copied: clients, loops and the lock.
        """
        own = ("_lock", "_sync", "_built", "_by_loop", "_closers")
        return {name: value for name, value in self.__dict__.items() if name not in own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """
        Start without clients.
        """
        self.__dict__.update(state)
        self._forget_clients()

    def __del__(self) -> None:
        """
        Close the connections of a component that is gone. Those of event loops are closed with their loops.

        A client that somebody else built stays open: another component may have it too.
        """
        with suppress(Exception):
            if self._built is not None:
                self._built.close()

    @property
    def sync_client(self) -> OpenAI | None:
        """
        The synchronous client, if it is built.
        """
        return self._sync

    @sync_client.setter
    def sync_client(self, client: OpenAI | None) -> None:
        self._sync = client

    @property
    def async_client(self) -> AsyncOpenAI | None:
        """
        The client of the running event loop, if there is one and it is built.
        """
        try:
            return self._by_loop.get(asyncio.get_running_loop())
        except RuntimeError:
            return None

    @async_client.setter
    def async_client(self, client: AsyncOpenAI | None) -> None:
        if client is not None:
            self._by_loop[asyncio.get_running_loop()] = client

    @property
    def max_retries(self) -> int:
        """
        How often a failed request is sent again: the setting, `OPENAI_MAX_RETRIES`, or 5, as in Haystack.
        """
        return self._max_retries if self._max_retries is not None else int(os.environ.get("OPENAI_MAX_RETRIES", "5"))

    def get(self) -> OpenAI:
        """
        Build the synchronous client, or return it.

        :returns: The one client that all threads share.
        :raises ValueError: If the API key is missing or blank.
        """
        if self._sync is None:
            with self._lock:
                if self._sync is None:
                    self._sync = self._built = self._build(OpenAI, self._http_client())
        return self._sync

    async def get_async(self) -> AsyncOpenAI:
        """
        Build the client of the running event loop, or return it.

        It is closed with its loop by `asyncio.run` and by everything else that shuts down asynchronous generators.

        :returns: The client of this loop.
        :raises ValueError: If the API key is missing or blank.
        """
        loop = asyncio.get_running_loop()
        if known := self._by_loop.get(loop):
            return known
        with self._lock:
            for closed in [other for other in self._by_loop if other.is_closed()]:
                self._drop(closed)
            client: AsyncOpenAI = self._build(AsyncOpenAI, self._async_http_client())
            self._by_loop[loop] = client
            closer = self._closers[loop] = self._close_with_loop(loop, client)
        await anext(closer)
        return client

    def close(self) -> None:
        """
        Close the synchronous client. The next `get` builds a new one.
        """
        clients = {self._sync, self._built}
        self._sync = self._built = None
        for client in clients:
            if client is not None:
                client.close()

    async def close_async(self) -> None:
        """
        Close the client of the running event loop. The next `get_async` builds a new one.
        """
        loop = asyncio.get_running_loop()
        client, closer = self._by_loop.get(loop), self._closers.get(loop)
        self._drop(loop)
        if closer is not None:
            await closer.aclose()
        if client is not None:
            await client.close()

    def _drop(self, loop: asyncio.AbstractEventLoop) -> None:
        self._by_loop.pop(loop, None)
        self._closers.pop(loop, None)

    async def _close_with_loop(
        self, loop: asyncio.AbstractEventLoop, client: AsyncOpenAI
    ) -> AsyncGenerator[None, None]:
        """
        Wait, as a generator that the loop knows of, until the loop shuts down its generators.
        """
        try:
            yield
        finally:
            if self._by_loop.get(loop) is client:
                self._drop(loop)
            await client.close()

    def _build(self, kind: Callable[..., Any], http_client: Any) -> Any:
        key = _checked_key(self._api_key)
        client = kind(
            api_key=key,
            base_url=self._base_url,
            timeout=self._timeout if self._timeout is not None else float(os.environ.get("OPENAI_TIMEOUT", "30.0")),
            max_retries=self.max_retries,
            default_headers=_headers_over_openai_environment(key),
            http_client=http_client,
        )
        # the SDK takes these from the environment, and they are OpenAI's
        client.organization = client.project = client.admin_api_key = None
        return client

    def _http_client(self) -> Any:
        if not self._http_client_kwargs:
            return DefaultHttpxClient(event_hooks={"response": [check_response]})
        return init_http_client(self._kwargs_with_hook(check_response), async_client=False)

    def _async_http_client(self) -> Any:
        if not self._http_client_kwargs:
            return DefaultAsyncHttpxClient(event_hooks={"response": [check_response_async]})
        kwargs = self._kwargs_with_hook(check_response_async)
        kwargs["event_hooks"] = {
            event: [_as_coroutine(hook) for hook in hooks] for event, hooks in kwargs["event_hooks"].items()
        }
        return init_http_client(kwargs, async_client=True)

    def _kwargs_with_hook(self, hook: Callable[[Any], Any]) -> dict[str, Any]:
        kwargs = {"follow_redirects": True, "limits": httpx.Limits(**_LIMITS), **(self._http_client_kwargs or {})}
        hooks = {event: list(given) for event, given in (kwargs.get("event_hooks") or {}).items()}
        kwargs["event_hooks"] = {**hooks, "response": [*hooks.get("response", []), hook]}
        return kwargs


def _checked_key(api_key: Secret) -> str:
    key = api_key.resolve_value()
    if not isinstance(key, str) or not key.strip():
        msg = (
            f"The OpenRouter API key is missing: {secret_name(api_key)} is not set or blank. "
            "Set OPENROUTER_API_KEY (keys: https://openrouter.ai/settings/keys) or pass `api_key`."
        )
        raise ValueError(msg)
    key = key.strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        msg = f"The OpenRouter API key in {secret_name(api_key)} holds characters that no key has. Copy it once more."
        raise ValueError(msg)
    return key


def _headers_over_openai_environment(api_key: str) -> dict[str, Any] | None:
    """
    Headers that undo `OPENAI_CUSTOM_HEADERS`, which the SDK adds to every request and which is meant for OpenAI.
    """
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    named = [line.partition(":")[0].strip() for line in lines if ":" in line]
    if not named:
        return None
    own = {"accept": "application/json", "content-type": "application/json"}
    undone = {name: own.get(name.lower(), Omit()) for name in named if name.lower() != "authorization"}
    return {**undone, "Authorization": f"Bearer {api_key}"}


def _as_coroutine(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    async def call(subject: Any) -> None:
        result = hook(subject)
        if inspect.isawaitable(result):
            await result

    return call
