# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The HTTP clients of the openai SDK's clients, with a hook that looks at each response before the SDK does.

Once a provider has begun to work, OpenRouter responds with HTTP 200 and reports later failures in the body. The hook
corrects the status and the retry headers, so that the SDK retries them or raises errors as for any other failure.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.request import Request

import httpx
import openai
from openai import DefaultAsyncHttpxClient, DefaultHttpxClient

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
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.responses import decoded_body
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded, Failure
from haystack_integrations.common.openrouter.errors._reading import failure_of_response

# What the openai SDK gives its own client; httpx's default of 100 connections makes a busy server wait.
_LIMITS = {"max_connections": 1000, "max_keepalive_connections": 100}


def check_base_url(url: Any, *, is_used: bool = False) -> None:
    """
    Raise a TypeError unless a value is a string or None, and a ValueError if it can't be a URL.

    :param url: The value of `api_base_url`.
    :param is_used: Whether a request is about to be sent there, so that httpx must be able to read it.
    """
    if url is None:
        return
    checks.instance(url, "`api_base_url`", str, "a str")
    if not url.isprintable() or " " in url or (is_used and not _is_url(url)):  # it may hold a password
        msg = (
            "`api_base_url` can't be read as a URL. Pass one such as 'https://openrouter.ai/api/v1', without spaces, "
            "line breaks and other characters that can't be seen."
        )
        raise ValueError(msg)


@lru_cache(maxsize=16)
def _is_url(url: str) -> bool:
    try:
        httpx.URL(url).host.encode("idna")
    except (httpx.InvalidURL, ValueError):
        return False
    return True


def check_http_client_kwargs(kwargs: Any) -> None:
    """
    Raise unless `httpx.Client` takes these keyword arguments.

    :param kwargs: The value of `http_client_kwargs`.
    :raises TypeError: If they are not a dictionary, or hold a name or a value that httpx does not take.
    :raises ValueError: If httpx does not take a value.
    :raises ImportError: If a value needs a package that is not installed.
    """
    if kwargs is None:
        return
    checks.instance(kwargs, "`http_client_kwargs`", Mapping, "a dictionary of arguments of httpx.Client")
    known = inspect.signature(httpx.Client).parameters
    if unknown := [name for name in kwargs if name not in known]:
        msg = (
            f"`http_client_kwargs` has {unknown[0]!r}, which is not an argument of httpx.Client. Its arguments: "
            f"{', '.join(known)}."
        )
        raise TypeError(msg)
    # certificates are read when they are needed: reading them takes 20 ms, and they may be on another machine. A client
    # that is closed closes its transports, which may be in use
    cheap = {name: kwargs[name] for name in kwargs if name not in ("verify", "cert", "trust_env", "transport")}
    try:
        cheap["mounts"] = dict.fromkeys(cheap.get("mounts") or ())
        httpx.Client(**_with_limits(cheap), verify=False, trust_env=False).close()  # noqa: S501
    except ImportError:  # it says what to install
        raise
    except Exception as error:
        # httpx quotes the value, which may be a password
        msg = f"`http_client_kwargs`: httpx.Client does not accept one of the values of {', '.join(kwargs)}."
        raise (ValueError if isinstance(error, ValueError) else TypeError)(msg) from None
    limits = _with_limits(kwargs).get("limits")
    for name, value in vars(limits).items() if isinstance(limits, httpx.Limits) else ():
        if value is not None:
            checks.number(value, f'http_client_kwargs["limits"].{name}', "a number or None")


def build_http_client(kwargs: Mapping[str, Any] | None, max_retries: int) -> Any:
    """Build the `httpx` client of a synchronous openai client: the SDK's own kind if there are no arguments."""
    check_http_client_kwargs(kwargs)  # they may have been set after init
    if not kwargs:
        return _Client(max_retries, event_hooks={"response": [check_response]})
    return _LegacyClient(max_retries, **_with_hook(kwargs, check_response))


def build_async_http_client(kwargs: Mapping[str, Any] | None, max_retries: int) -> Any:
    """Build the same for an asynchronous client. Event hooks may be functions or coroutine functions."""
    check_http_client_kwargs(kwargs)
    if not kwargs:
        return _AsyncClient(max_retries, event_hooks={"response": [check_response_async]})
    hooked = _with_hook(kwargs, check_response_async)
    hooks = {event: [_as_coroutine(hook) for hook in given] for event, given in hooked["event_hooks"].items()}
    return _LegacyAsyncClient(max_retries, **{**hooked, "event_hooks": hooks})


class _TakesNoCookies(DefaultCookiePolicy):
    """
    A client serves many runs, perhaps of many users: what one response sets must not be sent with the next request.
    """

    def set_ok(self, cookie: Cookie, request: Request) -> bool:  # noqa: ARG002
        return False


class _OwnClient:
    def __init__(self, max_retries: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._max_retries = max_retries
        cookies: Any = self.cookies  # type: ignore[attr-defined]
        given, cookies.jar = cookies.jar, CookieJar(_TakesNoCookies())
        for cookie in given:
            cookies.jar.set_cookie(cookie)


class _Sends(_OwnClient):
    def send(self, request: Any, **kwargs: Any) -> Any:
        refuse_if_over(request, is_async=False)
        max_retries = retries_of_run(self._max_retries)
        with _failure_named(self, request, max_retries):
            response = super().send(request, **kwargs)  # type: ignore[misc]
        warn_of_retry(request, response, max_retries)
        return response


class _SendsAsync(_OwnClient):
    async def send(self, request: Any, **kwargs: Any) -> Any:
        refuse_if_over(request, is_async=True)
        max_retries = retries_of_run(self._max_retries)
        with _failure_named(self, request, max_retries):
            response = await super().send(request, **kwargs)  # type: ignore[misc]
        warn_of_retry(request, response, max_retries)
        return response


class _Client(_Sends, DefaultHttpxClient): ...


class _LegacyClient(_Sends, httpx.Client): ...


class _AsyncClient(_SendsAsync, DefaultAsyncHttpxClient): ...


class _LegacyAsyncClient(_SendsAsync, httpx.AsyncClient): ...


@contextmanager
def _failure_named(client: Any, request: Any, max_retries: int) -> Iterator[None]:
    """Log a failed request that will be sent again. If it must not be sent again, raise openai's error."""
    try:
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
        if "Timeout" in type(error).__name__ and not retries_timeouts():
            raise openai.APITimeoutError(request=request) from error
        warn_of_retry(request, error, max_retries)
        raise


def _with_limits(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    limits = kwargs.get("limits")
    return {**kwargs, "limits": httpx.Limits(**limits)} if isinstance(limits, dict) else dict(kwargs)


def _with_hook(kwargs: Mapping[str, Any], hook: Callable[[Any], Any]) -> dict[str, Any]:
    complete = _with_limits({"follow_redirects": True, "limits": _LIMITS, **kwargs})
    hooks = {event: list(given) for event, given in (complete.get("event_hooks") or {}).items()}
    complete["event_hooks"] = {**hooks, "response": [*hooks.get("response", []), hook]}
    return complete


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
    if response.status_code < 400 and "text/event-stream" in response.headers.get("content-type", "").lower():
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
    failed = response.status_code >= 400
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
