# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Advice for each kind of failure: a shared table that each component extends.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import openai
from haystack.utils import Secret

from haystack_integrations.common.openrouter._wire.json_values import printable
from haystack_integrations.common.openrouter._wire.model_names import near_names
from haystack_integrations.common.openrouter.errors._budgets import known_budget
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded, Failure
from haystack_integrations.common.openrouter.errors._values import LONGEST_NAME, number_in, text_in

Advice = Mapping[int | str, str]
"""
What to do, by HTTP status or by situation: "timeout", "connection", "unanswered" (sent, and no response came), "server"
(any 5xx), and those of `Failure.situations`. `{key}`, `{model}`, `{names}`, `{until}`, `{resets}` and `{component}`
stand for the key's Secret, the model, names that are near it, the moment of the next try, the reset of a budget, and
the component for the endpoint that OpenRouter names.
"""

COMMON_ADVICE: Advice = {
    "timeout": "No data arrived in time: raise `timeout` (seconds), or choose a faster provider",
    "connection": "OpenRouter could not be reached: check the network, the proxy and `api_base_url`",
    "web page": "Check `api_base_url`: there is a web page in place of the API. OpenRouter's is https://openrouter.ai/api/v1",
    "later": "Try again after {until}, or use another model",
    "futile": "A short wait does not help: add credits at https://openrouter.ai/settings/credits or use another model",
    "in flight": "Your balance is too low for the requests that are under way: send fewer at once, or add credits at "
    "https://openrouter.ai/settings/credits",
    "weight": "Lower `max_tokens`, or add credits at https://openrouter.ai/settings/credits",
    "key limit": "Raise the limit of the key in {key} at https://openrouter.ai/settings/keys, or wait for its reset",
    "budget": "A budget of your workspace is spent{resets}: raise it, or wait for its reset",
    "unknown model": "Check the model name `{model}` at https://openrouter.ai/models{names}",
    "wrong endpoint": "`{model}` is served at another endpoint{component}",
    "privacy": "Allow more providers at https://openrouter.ai/settings/privacy, or use another model",
    "other model": "Use another model",
    "image": "Check the URLs of the images: one of them was not found",
    "capability": 'Use a model that can: `OpenRouterModels().cheapest(supports="tools")` finds one that takes tools, '
    'and `takes="image"` one that takes images',
    "foreign reasoning": "Another model made the reasoning in the conversation: stay with that model, or leave out the "
    "reasoning",
    "no result": "Check that `{model}` is a model for this, or try again",
    401: "Check the API key in {key}: keys of OpenRouter begin with `sk-or-` and are made at "
    "https://openrouter.ai/settings/keys",
    402: "Add credits at https://openrouter.ai/settings/credits",
    403: "The input or the key is not allowed here: change the input, the key's permissions or the model",
    404: "Check the model name `{model}` at https://openrouter.ai/models{names}",
    408: "Try again, or use another model",
    413: "Send less at once",
    422: "Check the names and values of the parameters",
    429: "Try again later, raise `max_retries`, or use another model",
    "server": "Try again, or use another model",
}
"""What holds for every endpoint."""

MEDIA_ADVICE: Advice = {
    **COMMON_ADVICE,
    "timeout": "No data arrived in time: raise `timeout` (seconds), or choose a faster model. The request was not sent "
    "again, because each try may be billed",
    "provider timeout": "The provider took too long: send less at once, or choose a faster model. The request was not "
    "sent again, because each try may be billed",
}
"""What holds for requests that take minutes."""

# How the keys of others begin.
_FOREIGN_KEYS = {"sk-proj-": "OpenAI", "sk-svcacct-": "OpenAI", "sk-ant-": "Anthropic", "gsk_": "Groq"}
# What serves an endpoint, by a part of its path, or by what its models make.
_COMPONENTS = {
    "embedding": "OpenRouterTextEmbedder or OpenRouterDocumentEmbedder",
    "rerank": "OpenRouterRanker",
    "image": "OpenRouterImageGenerator",
    "video": "OpenRouterVideoGenerator",
    "speech": "OpenRouterSpeechSynthesizer",
    "transcription": "OpenRouterTranscriber",
    **dict.fromkeys(("systemone", "decision"), "OpenRouterTextRouter or OpenRouterDocumentClassifier"),
    "chat": "OpenRouterChatGenerator",
}


def advice_for(
    error: openai.APIError,
    failure: Failure | None,
    advice: Advice,
    *,
    api_key: Secret | None,
    key: str | None,
    model: str,
    base_url: str,
) -> str:
    """Choose the advice that fits: one sentence without a full stop, "" if there is none."""
    situation = next((one for one in _situations(error, failure) if one in advice), None)
    if situation is None:
        return ""
    if situation == 401 and (owner := _owner_of(key)):
        return f"The API key in {secret_name(api_key)} is one of {owner}'s: make one at https://openrouter.ai/settings/keys"
    found = advice[situation]
    near = near_names(model, base_url) if "{names}" in found else []
    names = f". Did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
    advised = found.format(
        key=secret_name(api_key),
        model=model,
        names=names,
        until=_until(failure),
        resets=_resets(failure),
        component=_component(error, failure),
    )
    return advised + known_budget(base_url, key, situation)


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
    if isinstance(error, openai.APIConnectionError) and _may_have_arrived(error):
        yield "unanswered"
    if isinstance(error, DeadlineExceeded):  # its text says what to do
        return
    if isinstance(error, openai.APITimeoutError):
        yield "timeout"
    elif isinstance(error, openai.APIConnectionError) and error.message == "Connection error.":  # else it says more
        yield "connection"
    if failure is not None:
        yield from failure.situations


def _may_have_arrived(error: openai.APIConnectionError) -> bool:
    """Whether a request without a response was sent. One that could not be connected, or was refused here, was not."""
    return error.__cause__ is not None and not type(error.__cause__).__name__.startswith(("Connect", "Pool", "Proxy"))


def _owner_of(key: str | None) -> str:
    """Whose key it is, if it is not OpenRouter's. OpenRouter's own begin with `sk-or-`."""
    return next((owner for start, owner in _FOREIGN_KEYS.items() if (key or "").startswith(start)), "")


def _until(failure: Failure | None) -> str:
    with suppress(OverflowError):
        moment = datetime.now(UTC) + timedelta(seconds=(failure.wait if failure else None) or 0)
        return f"{moment:%Y-%m-%d %H:%M} UTC"
    return "a very long time"


def _resets(failure: Failure | None) -> str:
    metadata = failure.metadata if failure else {}
    spent, moment = number_in(metadata.get("limit_usd")), printable(text_in(metadata.get("resets_at")), LONGEST_NAME)
    known = [f"{spent:g} USD" if spent is not None else "", f"it is reset at {moment}" if moment else ""]
    return f" ({', '.join(filter(None, known))})" if any(known) else ""


def _component(error: openai.APIError, failure: Failure | None) -> str:
    """Name the component for an endpoint, and not that of the endpoint that was asked, which may be named as well."""
    asked = _components_in(error.request.url.path if error.request else "")
    named = [name for name in _components_in(failure.right_endpoint if failure else "") if name not in asked]
    return f": use {named[0]}" if named else ""


def _components_in(text: str) -> list[str]:
    return [name for part, name in _COMPONENTS.items() if part in text]
