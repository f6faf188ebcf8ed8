# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The HTTP clients of the openai SDK's clients, with a hook that looks at each response before the SDK does.

Once a provider has begun to work, OpenRouter responds with HTTP 200 and reports later failures in the body. The hook
corrects the status and the retry headers, so that the SDK retries them or raises errors as for any other failure.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from http import HTTPStatus
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.request import Request

import httpx
import httpx2
import openai
from openai import DefaultAsyncHttpxClient, DefaultHttpxClient

from haystack_integrations.common.openrouter._transport.client_settings import (
    KEPT,
    check_http_client_kwargs,
    with_limits,
)
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._transport.run import (
    deadline_of_run,
    endpoint_of,
    note_cost,
    note_response,
    refuse_if_over,
    retries_of_run,
    retries_timeouts,
    warn_of_retry,
)
from haystack_integrations.common.openrouter._transport.shared import (
    SHARED,
    ConnectionKey,
    LazyContext,
    SharesConnections,
)
from haystack_integrations.common.openrouter._wire.responses import decoded_body
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded, Failure
from haystack_integrations.common.openrouter.errors._reading import failure_of_response

# How many bytes of a large body are written at once.
_PIECE = 2**18
# What the openai SDK gives its own client; httpx's default of 100 connections makes a busy server wait.
_LIMITS = {"max_connections": 1000, "max_keepalive_connections": 100}


def build_http_client(kwargs: Mapping[str, Any] | None, base_url: str, max_retries: int) -> Any:
    """
    Build the `httpx` client of a synchronous openai client: the SDK's own kind if there are no arguments.

    :param kwargs: The value of `http_client_kwargs`.
    :param base_url: Where the requests go. Clients with the same arguments share their connections to it.
    :param max_retries: How many times the openai client sends a request again.
    :returns: The client.
    """
    check_http_client_kwargs(kwargs)  # they may have been set after init
    kind = _LegacyClient if kwargs else _Client
    key = ConnectionKey(kind, kwargs, base_url)
    return SHARED.client(key, lambda: kind(**_arguments(kwargs, base_url, check_response)), max_retries)


def build_async_http_client(kwargs: Mapping[str, Any] | None, base_url: str, max_retries: int) -> Any:
    """Build the same for an asynchronous client in the running loop. Event hooks may be functions or coroutines."""
    check_http_client_kwargs(kwargs)
    kind = _LegacyAsyncClient if kwargs else _AsyncClient

    def build() -> Any:
        complete = _arguments(kwargs, base_url, check_response_async)
        hooks = {event: [_as_coroutine(hook) for hook in given] for event, given in complete["event_hooks"].items()}
        return kind(**{**complete, "event_hooks": hooks})

    return SHARED.client(ConnectionKey(kind, kwargs, base_url, asyncio.get_running_loop()), build, max_retries)


class _TakesNoCookies(DefaultCookiePolicy):
    """
    A client serves many runs, perhaps of many users: what one response sets must not be sent with the next request.
    """

    def set_ok(self, cookie: Cookie, request: Request) -> bool:  # noqa: ARG002
        return False


class _OwnClient(SharesConnections):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        cookies: Any = self.cookies  # type: ignore[attr-defined]
        given, cookies.jar = cookies.jar, CookieJar(_TakesNoCookies())
        for cookie in given:
            cookies.jar.set_cookie(cookie)


class _Sends(_OwnClient):
    def send(self, request: Any, **kwargs: Any) -> Any:
        refuse_if_over(request, is_async=False)
        max_retries = retries_of_run(self.max_retries)
        with _failure_named(self, request, max_retries):
            response = super().send(request, **kwargs)  # type: ignore[misc]
        warn_of_retry(request, response, max_retries)
        return response

    def close(self) -> None:
        if self.leave():
            super().close()  # type: ignore[misc]


class _SendsAsync(_OwnClient):
    async def send(self, request: Any, **kwargs: Any) -> Any:
        _send_in_pieces(request)
        refuse_if_over(request, is_async=True)
        max_retries = retries_of_run(self.max_retries)
        with _failure_named(self, request, max_retries):
            response = await super().send(request, **kwargs)  # type: ignore[misc]
        warn_of_retry(request, response, max_retries)
        return response

    async def aclose(self) -> None:
        if self.leave():
            await super().aclose()  # type: ignore[misc]


def _send_in_pieces(request: Any) -> None:
    """Let a large body be written piece by piece: asyncio copies what a socket does not take at once, and TLS all."""
    if type(request.stream).__name__ == "ByteStream" and len(request.content) > _PIECE:
        kind: Any = type(request.stream)
        request.stream = _stream_of_pieces(kind)(request.content)


@lru_cache(maxsize=2)
def _stream_of_pieces(kind: Any) -> Any:
    """Make the class for httpx or httpx2, which both ask for a stream of their own."""

    class Pieces(kind):
        def __init__(self, body: bytes) -> None:
            super().__init__(body)
            self._body = body

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for start in range(0, len(self._body), _PIECE):
                yield self._body[start : start + _PIECE]

    return Pieces


class _Client(_Sends, DefaultHttpxClient): ...


class _LegacyClient(_Sends, httpx.Client): ...


class _AsyncClient(_SendsAsync, DefaultAsyncHttpxClient): ...


class _LegacyAsyncClient(_SendsAsync, httpx.AsyncClient): ...


@contextmanager
def _failure_named(client: Any, request: Any, max_retries: int) -> Iterator[None]:
    """Log a failed request that will be sent again. If it must not be sent again, raise openai's error."""
    try:
        if client.is_closed:
            msg = "The client has been closed"
            raise RuntimeError(msg)
        yield
    except openai.APIError as error:
        error.request = error.request or request
        raise
    except Exception as error:
        if client.is_closed:
            msg = "The client was closed while the request was under way"
            raise openai.APIConnectionError(message=msg, request=request) from error
        if (deadline := deadline_of_run()) is not None and deadline.is_over:
            raise DeadlineExceeded(deadline.text, request) from error
        if _timed_out(error) and not retries_timeouts():
            raise openai.APITimeoutError(request=request) from error
        warn_of_retry(request, error, max_retries)
        raise


def _timed_out(error: Exception) -> bool:
    """Whether no response came in time. Where TCP gave up, an asynchronous client calls that an error of reading."""
    name, cause = type(error).__name__, error.__cause__ or error.__context__
    while cause is not None and name in ("ReadError", "WriteError"):
        if isinstance(cause, TimeoutError):
            return True
        cause = cause.__cause__ or cause.__context__
    return "Timeout" in name


def _arguments(kwargs: Mapping[str, Any] | None, base_url: str, hook: Callable[[Any], Any]) -> dict[str, Any]:
    """Complete what the user set. The openai SDK's own client has the types of httpx2."""
    library: Any = httpx if kwargs else httpx2
    given = with_limits({"follow_redirects": True, "limits": library.Limits(**_LIMITS, **KEPT), **(kwargs or {})})
    if not given.keys() & {"verify", "cert", "http2", "transport"}:  # a context knows which protocol to ask for
        find = partial(SHARED.context, library.create_ssl_context, trust_env=bool(given.get("trust_env", True)))
        given["verify"] = LazyContext.finding(find) if base_url.lower().startswith("http:") else find()
    hooks = {event: list(hooks) for event, hooks in (given.get("event_hooks") or {}).items()}
    given["event_hooks"] = {**hooks, "response": [*hooks.get("response", []), hook]}
    return given


def _as_coroutine(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    async def call(subject: Any) -> None:
        result = hook(subject)
        if inspect.isawaitable(result):
            await result

    return call


def check_response(response: Any) -> None:
    """Look at a response before the openai SDK does: an `event_hooks["response"]` hook for a synchronous client."""
    if endpoint := _to_be_read(response):
        response.read()
        _correct(response, endpoint)


async def check_response_async(response: Any) -> None:
    """Look at a response before the openai SDK does: the hook for an asynchronous client."""
    if endpoint := _to_be_read(response):
        await response.aread()
        _correct(response, endpoint)


def _to_be_read(response: Any) -> Endpoint | None:
    note_response(response)
    if response.has_redirect_location:
        _refuse_other_origin(response)
        return None
    if (
        response.status_code < HTTPStatus.BAD_REQUEST
        and "text/event-stream" in response.headers.get("content-type", "").lower()
    ):
        return None
    endpoint: Endpoint | None = endpoint_of(response)
    return endpoint


def _refuse_other_origin(response: Any) -> None:
    """Refuse a redirect that would send the prompt and the headers anywhere else: to another scheme, host or port."""
    here = response.request.url
    try:
        named = type(here)(response.headers["location"])
        there = here.join(named)
    except Exception as error:  # httpx and httpx2 each have an InvalidURL
        msg = f"{here.scheme}://{here.host} redirects to something that is not a URL ({error})"
        raise openai.APIConnectionError(message=msg, request=response.request) from error
    if named.scheme and not named.host:  # httpx takes the host of the request, with the port of such a URL
        there = named.copy_with(host=here.host)
    is_upgrade = (here.scheme, there.scheme) == ("http", "https") and here.port is there.port is None
    if there.host == here.host and (is_upgrade or (there.scheme, there.port) == (here.scheme, here.port)):
        return
    msg = (
        f"{_origin(here)} redirects to {_origin(there)}. The request was not sent there, "
        "because it holds your messages and headers. If you trust that address, use it as `api_base_url`"
    )
    raise openai.APIConnectionError(message=msg, request=response.request)


def _origin(url: Any) -> str:
    return f"{url.scheme}://{url.netloc.decode()}"


def _correct(response: Any, endpoint: Endpoint) -> None:
    failed = response.status_code >= HTTPStatus.BAD_REQUEST
    body = decoded_body(response) if failed else decoded_body(response, endpoint.decode)
    if not failed and endpoint.streams and response.content.lstrip().startswith((b"data:", b":", b"event:")):
        response.headers["content-type"] = "text/event-stream"
        return
    failed = failed or endpoint.correct(body, response)
    if failed and "charset" in response.headers.get("content-type", ""):
        # it names what decodes the text: UTF-8 never fails, and others take hours or raise anything
        response.headers["content-type"] = response.headers["content-type"].partition(";")[0]
    if isinstance(body, dict) and "json" not in response.headers.get("content-type", ""):
        # the SDK hands over a string instead of a completion when this header is wrong
        response.headers["content-type"] = "application/json"
    if failed:
        failure = failure_of_response(response)
        if failure.cost:
            note_cost(body, response)
        _set_retry_headers(response, failure, endpoint)


def _set_retry_headers(response: Any, failure: Failure, endpoint: Endpoint) -> None:
    again = failure.is_transient and (endpoint.retries_timeouts or not failure.timed_out)
    response.headers["x-should-retry"] = "true" if again else "false"
    if again and failure.wait is not None:
        response.headers["retry-after"] = f"{failure.wait:.3f}"
        response.headers.pop("retry-after-ms", None)  # which the SDK looks at first
