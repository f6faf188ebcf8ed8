# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Advice for each kind of failure: a shared table that each component extends.
"""

from collections.abc import Iterator, Mapping

import openai
from haystack.utils import Secret

from haystack_integrations.common.openrouter._wire.model_names import near_names
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded, Failure

Advice = Mapping[int | str, str]
"""
What to do, by HTTP status or by situation: "timeout", "connection", "futile" (waiting seconds does not help),
"unknown model", "no endpoint" (no provider fits the request), "too long" (the input), "no result" (in a response that
reports no error) and "server" (any 5xx). `{key}`, `{model}` and `{names}` stand for the key's Secret, the model, and
names that are near it.
"""

COMMON_ADVICE: Advice = {
    "timeout": "No data arrived in time: raise `timeout` (seconds), or choose a faster provider",
    "connection": "OpenRouter could not be reached: check the network, the proxy and `api_base_url`",
    "futile": "A short wait does not help: add credits at https://openrouter.ai/settings/credits or use another model",
    "unknown model": "Check the model name `{model}` at https://openrouter.ai/models{names}",
    "no result": "Check that `{model}` is a model for this, or try again",
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

MEDIA_ADVICE: Advice = {
    **COMMON_ADVICE,
    "timeout": "No data arrived in time: raise `timeout` (seconds), or choose a faster model. The request was not sent "
    "again, because each try may be billed",
}
"""What holds for requests that take minutes."""


def advice_for(
    error: openai.APIError,
    failure: Failure | None,
    advice: Advice,
    *,
    api_key: Secret | None,
    model: str,
    base_url: str,
) -> str:
    """Choose the advice that fits: one sentence without a full stop, "" if there is none."""
    found = next((advice[situation] for situation in _situations(error, failure) if situation in advice), "")
    if not found:
        return ""
    near = near_names(model, base_url) if "{names}" in found else []
    names = f". Did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
    return found.format(key=secret_name(api_key), model=model, names=names)


def secret_name(api_key: Secret | None) -> str:
    """Name where a key comes from, never its value: the environment variables, or the argument."""
    names = [f"the environment variable {name}" for name in environment_variables(api_key)]
    return " or ".join(names) or "the `api_key` argument"


def environment_variables(secret: Secret | None) -> tuple[str, ...]:
    """The environment variables that a Secret is read from; none if it holds a token."""
    try:
        return tuple(secret.to_dict()["env_vars"]) if secret else ()
    except ValueError:
        return ()


def _situations(error: openai.APIError, failure: Failure | None) -> Iterator[int | str]:
    """The rows of the table that fit, best first."""
    if isinstance(error, DeadlineExceeded):  # its text says what to do
        return
    if isinstance(error, openai.APITimeoutError):
        yield "timeout"
    elif isinstance(error, openai.APIConnectionError) and error.message == "Connection error.":  # else it says more
        yield "connection"
    if failure is None:
        return
    if failure.lacks_result:
        yield "no result"
    if failure.names_unknown_model:
        yield "unknown model"
    said = failure.said
    if failure.status == 404 and ("endpoint" in said or "data policy" in said or "provider" in said):
        yield "no endpoint"
    if failure.status == 429 and failure.is_futile:
        yield "futile"
    if failure.status == 400 and ("context" in said or "too long" in said):
        yield "too long"
    yield failure.status
    if failure.status >= 500:
        yield "server"
