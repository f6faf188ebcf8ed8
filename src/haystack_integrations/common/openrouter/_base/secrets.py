# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The API key: read, checked, and named without being shown.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from haystack.utils import Secret


def secret_name(api_key: Secret) -> str:
    """
    Name where a key comes from, never its value.

    :param api_key: The key's Secret.
    :returns: The environment variables, or the argument.
    """
    try:
        return " or ".join(f"the environment variable {name}" for name in api_key.to_dict()["env_vars"])
    except ValueError:
        return "the `api_key` argument"


def resolved(api_key: Secret) -> str | None:
    """
    Read a key.

    :param api_key: The key's Secret.
    :returns: The key, or None if it is not set.
    """
    try:
        key = api_key.resolve_value()
    except ValueError:  # a strict environment variable that is not set
        return None
    return key if isinstance(key, str) else None


def checked_key(api_key: Secret) -> str:
    """
    Read a key that can be sent.

    :param api_key: The key's Secret.
    :returns: The key without white space around it.
    :raises ValueError: If it is missing or blank, or can't be a key.
    """
    key = (resolved(api_key) or "").strip()
    if not key:
        msg = (
            f"The OpenRouter API key is missing: {secret_name(api_key)} is not set or blank. "
            "Set OPENROUTER_API_KEY (keys: https://openrouter.ai/settings/keys) or pass `api_key`."
        )
        raise ValueError(msg)
    if not (key.isascii() and key.isprintable()) or " " in key:
        msg = f"The OpenRouter API key in {secret_name(api_key)} has characters that no key has. Copy the key again."
        raise ValueError(msg)
    return key


def shown_url(url: str) -> str:
    """
    Take out of a URL what may be secret.

    :param url: Any URL.
    :returns: The URL without user, password, query and fragment; "?" if it can't be read.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "?"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
