# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What a client of the openai SDK is built from: the settings of a component, checked, as they are when a run begins.
"""

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import httpx
from haystack.utils import Secret
from openai import Omit

from haystack_integrations.common.openrouter._transport.deadline import Deadline
from haystack_integrations.common.openrouter._transport.ledger import Ledger
from haystack_integrations.common.openrouter._transport.run import checked_key, key_of
from haystack_integrations.common.openrouter._wire import checks

# Seconds for which an idle connection is kept. Cloudflare, which OpenRouter is behind, keeps it for 400; with the 5 of
# httpx, each turn of a chat would begin with a new one.
KEPT = {"keepalive_expiry": 120.0}


@dataclass
class ClientSettings:
    """
    What a client is built from. A client is used again as long as these are equal.
    """

    # another Secret with the same key makes no new client
    secret: Secret = field(repr=False, compare=False)
    base_url: str
    timeout: float
    max_retries: int
    http_client_kwargs: dict[str, Any] | None = field(repr=False)
    key_is_optional: bool = False
    # of the run that the settings were read for
    deadline: Deadline | None = field(default=None, repr=False, compare=False)
    ledger: Ledger | None = field(default=None, repr=False, compare=False)
    api_key: str | None = field(init=False, repr=False)
    # what the SDK reads from the environment for OpenAI
    openai_headers: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.http_client_kwargs = _snapshot(self.http_client_kwargs)
        self.api_key, self.openai_headers = key_of(self.secret), os.environ.get("OPENAI_CUSTOM_HEADERS", "")

    def build(self, kind: Callable[..., Any], build_http: Callable[..., Any]) -> Any:
        """Build a client of the openai SDK. A client that the user set needs no key."""
        key = "" if self.key_is_optional and not self.api_key else checked_key(self.secret)
        client = kind(
            api_key=key or "none",
            base_url=self.base_url,
            timeout=self.timeout,
            max_retries=self.max_retries,
            default_headers=_headers_over_openai_environment(key, self.openai_headers),
            http_client=build_http(self.http_client_kwargs, self.base_url, self.max_retries),
        )
        client.api_key = key  # the SDK accepts an empty one only here
        # the SDK takes these from the environment, and they are OpenAI's
        client.organization = client.project = client.admin_api_key = None
        return client


def check_base_url(url: Any, name: str = "`api_base_url`", *, is_used: bool = False) -> None:
    """
    Raise a TypeError unless a value is a string or None, and a ValueError if it can't be a URL.

    :param url: The URL of the API.
    :param name: Where it comes from, for the error.
    :param is_used: Whether a request is about to be sent there, so that httpx must be able to read it.
    """
    if url is None:
        return
    checks.instance(url, name, str, "a str")
    if not url.isprintable() or " " in url or (is_used and not _is_url(url)):  # it may hold a password
        msg = (
            f"{name} can't be read as a URL. Pass one such as 'https://openrouter.ai/api/v1', without spaces, "
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
        httpx.Client(**with_limits(cheap), verify=False, trust_env=False).close()  # noqa: S501
    except ImportError:  # it says what to install
        raise
    except Exception as error:
        # httpx quotes the value, which may be a password
        msg = f"`http_client_kwargs`: httpx.Client does not accept one of the values of {', '.join(kwargs)}."
        raise (ValueError if isinstance(error, ValueError) else TypeError)(msg) from None
    limits = with_limits(kwargs).get("limits")
    for name, value in vars(limits).items() if isinstance(limits, httpx.Limits) else ():
        if value is not None:
            checks.number(value, f'http_client_kwargs["limits"].{name}', "a number or None")


def with_limits(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """
    Make the limits that the user set as a dictionary into those of httpx.
    """
    limits = kwargs.get("limits")
    return {**kwargs, "limits": httpx.Limits(**{**KEPT, **limits})} if isinstance(limits, dict) else dict(kwargs)


def _snapshot(value: Any) -> Any:
    """Copy dictionaries and lists, so that a change inside of them is seen as a change."""
    if isinstance(value, dict):
        return {name: _snapshot(item) for name, item in value.items()}
    return [*map(_snapshot, value)] if type(value) is list else value


def _headers_over_openai_environment(api_key: str, custom: str) -> dict[str, Any]:
    """Headers that override what the SDK reads from the environment for OpenAI, in copies of the client too."""
    undone: dict[str, Any] = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
    named = [line.partition(":")[0].strip() for line in custom.split("\n") if ":" in line]
    if not named:
        return undone
    own = {"accept": "application/json", "content-type": "application/json"}
    undone.update({name: own.get(name.lower(), Omit()) for name in named if name.lower() != "authorization"})
    return {**undone, "Authorization": f"Bearer {api_key}"} if api_key else undone
