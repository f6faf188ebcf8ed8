# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The user's headers, and what may be secret in them and in URLs.

Headers are checked early, merged case-insensitively, and serialized without secrets.
"""

import copy
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from haystack import logging
from haystack.utils import Secret
from openai import Omit

from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import mapping, printable
from haystack_integrations.common.openrouter.errors._secrets import keep_secret, looks_like_credential

logger = logging.getLogger(__name__)

# `pathlib` makes one slash of two. One letter is a drive of Windows.
_URL = re.compile(r"\s*[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def shown_url(url: str) -> str:
    """
    Take out of a URL what may be secret.

    :param url: Any URL.
    :returns: The URL without user, password, query and fragment; "?" if it can't be read.
    """
    try:
        parts = urlsplit(str(url))
        parts.port  # noqa: B018  # what is no port may be a part of a password
    except ValueError:
        return "?"
    if not parts.netloc and "@" in parts.path:
        return "?"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def is_url(name: object) -> bool:
    """Whether what names a file is a URL, also as a path."""
    return "://" in str(name) or _URL.match(str(name)) is not None


def shown_source(name: object) -> str:
    """
    Name a file or a URL in a log or an error, without what may be secret.

    :param name: The path of a file, or a URL, which may be signed.
    :returns: The name to show.
    """
    text = str(name)
    return printable(shown_url(re.sub(":/+", "://", text, count=1)) if is_url(text) else text)


def check_headers(headers: Any, argument: str) -> None:
    """
    Raise unless these headers can be sent.

    :param headers: Header names and values, or None. A value may be a string, a `Secret`, or `openai.Omit()`, which
        takes a header away.
    :param argument: The argument's name, for the error.
    :raises TypeError: If they are not a mapping of strings to strings or Secrets.
    :raises ValueError: If a name or a value can't be part of an HTTP header.
    """
    if headers is None:
        return
    checks.instance(headers, f"`{argument}`", Mapping, "a dictionary of header names and strings")
    for name, value in headers.items():
        # a dictionary that was read as a Secret would let whoever writes it send any environment variable anywhere
        checks.instance(
            value, f"`{argument}`: the value of header {name!r}", str | Secret | Omit, "a string or a Secret"
        )
        checks.instance(name, f"`{argument}`: the name of header {name!r}", str, "a string")
        if not _HEADER_NAME.fullmatch(name):
            msg = f"`{argument}`: {name!r} is not a valid HTTP header name."
            raise ValueError(msg)
        if isinstance(value, str) and not (value.isascii() and value.isprintable()):
            msg = f"`{argument}`: the value of header {name!r} must be printable ASCII text. Percent-encode the rest."
            raise ValueError(msg)


def merged_headers(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """
    Merge headers, later layers over earlier ones, without regard to the case of their names.

    :param layers: Dictionaries of headers.
    :returns: A new dictionary, with each name as the last layer spells it.
    """
    merged: dict[str, tuple[str, Any]] = {}
    for layer in layers:
        for name, value in layer.items():
            merged[name.lower()] = (name, value)
    return dict(merged.values())


def sendable_headers(headers: Mapping[str, Any] | None) -> dict[str, Any]:
    """
    Resolve the Secrets among headers, and keep them out of errors and logs.

    :param headers: Header names and values, or None.
    :returns: A new dictionary without Secrets.
    :raises ValueError: If a Secret is not set, or its value can't be part of an HTTP header.
    """
    resolved = dict(headers or {})
    for name, value in resolved.items():
        if isinstance(value, Secret):
            resolved[name] = secret = value.resolve_value()
            if not isinstance(secret, str) or not (secret.isascii() and secret.isprintable()):
                msg = f"`extra_headers`: the Secret of header {name!r} must be set, to printable ASCII text."
                raise ValueError(msg)
            keep_secret(name)
    return resolved


def serialized_headers(headers: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """
    Write headers down, a `Secret` as Haystack writes it.

    :param headers: Header names and values, or None.
    :returns: A new dictionary, or None.
    :raises ValueError: If a Secret holds a token, which must not be serialized.
    """
    if headers is None:
        return None
    return {name: value.to_dict() if isinstance(value, Secret) else value for name, value in headers.items()}


def with_secrets(data: Mapping[str, Any]) -> dict[str, Any]:
    """
    Read the Secrets that `serialized_headers` wrote. Only `from_dict` does: what comes later is sent as it is.

    :param data: What `to_dict` of a component returned. It is not changed.
    :returns: A deep copy, with each `Secret` among the headers.
    """
    read: dict[str, Any] = copy.deepcopy(dict(data))
    parameters = mapping(read.get("init_parameters"))
    for holder in (parameters, mapping(parameters.get("generation_kwargs"))):
        headers: Any = mapping(holder.get("extra_headers"))
        for name in [name for name, value in headers.items() if _is_secret(value)]:
            headers[name] = Secret.from_dict(headers[name])
    return read


def warn_of_credentials(
    component: str,
    headers: Mapping[str, Any] | None,
    url: str | None,
    http_client_kwargs: Mapping[str, Any] | None,
    generation_kwargs: Mapping[str, Any] | None = None,
) -> None:
    """
    Log a warning for each credential that a serialized component holds in plain text.

    :param component: The name of the component's class.
    :param headers: Its headers. Those that are a `Secret` are safe.
    :param url: The URL of the API, which may hold a password, or a key in its query.
    :param http_client_kwargs: Arguments of the HTTP client; `proxy`, `auth` and `params` may hold a credential.
    :param generation_kwargs: Parameters, of which `extra_headers` and `extra_query` may hold one.
    """
    kwargs, parameters = http_client_kwargs or {}, generation_kwargs or {}
    named = {
        "extra_headers": headers,
        "generation_kwargs['extra_headers']": parameters.get("extra_headers"),
        "generation_kwargs['extra_query']": parameters.get("extra_query"),
        "http_client_kwargs['params']": kwargs.get("params"),
        "api_base_url": _query(url),
    }
    places = [f"{place}[{name!r}]" for place, fields in named.items() for name in _credentials_in(fields)]
    places += [f"http_client_kwargs[{name!r}]" for name in ("auth", "cookies", "headers") if kwargs.get(name)]
    places += [f"http_client_kwargs[{name!r}]" for name in ("proxy", "base_url") if _has_password(kwargs.get(name))]
    places += ["api_base_url"] if _has_password(url) else []
    for place in places:
        logger.warning(
            "{component} is serialized with a credential in plain text: {place}. In `extra_headers`, use a Secret such "
            "as Secret.from_env_var('MY_TOKEN'); set other credentials after the pipeline is loaded.",
            component=component,
            place=place,
        )


def _credentials_in(fields: Any) -> list[str]:
    """The names of credentials among headers or parameters of a URL, in any form that httpx takes."""
    if isinstance(fields, bytes):
        fields = fields.decode(errors="replace")
    if isinstance(fields, str):
        fields = parse_qsl(fields.lstrip("?"))
    pairs = fields.items() if isinstance(fields, Mapping) else fields or ()
    in_clear = [str(name) for name, value in pairs if value and not isinstance(value, Secret | Omit)]
    return [name for name in in_clear if looks_like_credential(name)]


def _is_secret(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("type") == "env_var" and "env_vars" in value


def _query(url: object) -> str:
    try:
        return urlsplit(str(url or "")).query
    except ValueError:
        return ""


def _has_password(url: object) -> bool:
    try:
        return urlsplit(str(url or "")).password is not None
    except ValueError:
        return False
