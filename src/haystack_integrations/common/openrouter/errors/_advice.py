# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Advice for each kind of failure: a shared table that each component extends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import openai

from haystack_integrations.common.openrouter._base.model_names import near_names
from haystack_integrations.common.openrouter._base.secrets import secret_name
from haystack_integrations.common.openrouter.errors._failure import Failure

if TYPE_CHECKING:
    from haystack.utils import Secret

Remedies = Mapping[int | str, str]
"""
What to do, by HTTP status or by situation: "timeout", "connection", "futile" (waiting seconds does not help),
"unknown model", "no endpoint" (no provider fits the request), "too long" (the input) and "server" (any 5xx).
`{key}`, `{model}` and `{names}` stand for the key's Secret, the model and names that are near it.
"""

COMMON_REMEDIES: Remedies = {
    "timeout": "No data arrived in time: raise `timeout` (seconds), or choose a faster provider",
    "connection": "OpenRouter could not be reached: check the network, the proxy and `api_base_url`",
    "futile": "A short wait does not help: add credits at https://openrouter.ai/settings/credits or use another model",
    "unknown model": "Check the model name `{model}` at https://openrouter.ai/models{names}",
    401: "Check the API key in {key}",
    402: "Add credits at https://openrouter.ai/settings/credits",
    403: "The input or the key is not allowed here: change the input, the key's permissions or the model",
    404: "Check the model name `{model}` at https://openrouter.ai/models{names}",
    408: "Try again, or use another model",
    413: "Send less at once",
    429: "Try again later, raise `max_retries`, or use another model",
    "server": "Try again, or use another model",
}
"""What holds for every endpoint."""

CATALOGUE_REMEDIES: Remedies = {
    "timeout": "No data arrived in time: raise `timeout` (seconds)",
    "connection": COMMON_REMEDIES["connection"],
    400: "Check the values of the filters",
    401: "Check the API key in {key}. The public lists need no key",
    404: "Check `api_base_url`: there is no such list",
    429: "Try again later, raise `max_retries`, or keep lists for longer with `cache_seconds`",
    "server": "Try again later",
}
"""For lists of models."""

MODEL_REMEDIES: Remedies = {**CATALOGUE_REMEDIES, 404: COMMON_REMEDIES[404]}
"""For one model of the list."""

ACCOUNT_REMEDIES: Remedies = {
    "timeout": CATALOGUE_REMEDIES["timeout"],
    "connection": COMMON_REMEDIES["connection"],
    401: COMMON_REMEDIES[401],
    404: "Check the id, and that the key in {key} belongs to the account that made the generation. OpenRouter may need "
    "more time to list a new one: raise `timeout` (seconds)",
    429: "Try again later, or raise `max_retries`",
    "server": "Try again later",
}
"""For what OpenRouter knows of a key and of generations."""

MEDIA_REMEDIES: Remedies = {
    **COMMON_REMEDIES,
    "timeout": "No data arrived in time: raise `timeout` (seconds), or choose a faster model. The request was not sent "
    "again, because each try may be billed",
}
"""What holds for requests that take minutes."""

_UNKNOWN_MODEL = re.compile(r"not a valid model|model\b.* (does not exist|not found)|(unknown|no such) model")


def remedy(
    error: openai.APIError,
    failure: Failure | None,
    remedies: Remedies,
    *,
    api_key: Secret,
    model: str,
    base_url: str = "",
) -> str:
    """
    Choose the advice for an error.

    :param error: The error.
    :param failure: What OpenRouter reported, if anything.
    :param remedies: The component's table.
    :param api_key: The key's Secret, which may be named.
    :param model: The requested model.
    :param base_url: The URL of the API whose list of models has names that are near.
    :returns: One sentence without a full stop, "" if the table has none.
    """
    found = next((remedies[situation] for situation in _situations(error, failure) if situation in remedies), "")
    if not found:
        return ""
    near = near_names(model, base_url) if "{names}" in found else []
    names = f". Did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
    return found.format(key=secret_name(api_key), model=model, names=names)


def names_unknown_model(failure: Failure) -> bool:
    """
    Whether a failure says that OpenRouter does not know the model. The status may be 400 or 404.

    :param failure: What OpenRouter reported.
    :returns: Whether it does.
    """
    return failure.status in (400, 404) and bool(_UNKNOWN_MODEL.search(_said(failure)))


def _situations(error: openai.APIError, failure: Failure | None) -> Iterator[int | str]:
    """
    The rows of the table that fit, best first.
    """
    if isinstance(error, openai.APITimeoutError):
        yield "timeout"
    elif isinstance(error, openai.APIConnectionError) and error.message == "Connection error.":  # else it says more
        yield "connection"
    if failure is None:
        return
    if names_unknown_model(failure):
        yield "unknown model"
    said = _said(failure)
    if failure.status == 404 and ("endpoint" in said or "data policy" in said or "provider" in said):
        yield "no endpoint"
    if failure.status == 429 and failure.is_futile:
        yield "futile"
    if failure.status == 400 and ("context" in said or "too long" in said):
        yield "too long"
    yield failure.status
    if failure.status >= 500:
        yield "server"


def _said(failure: Failure) -> str:
    return f"{failure.message} {failure.provider_message}".lower()
