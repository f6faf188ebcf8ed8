# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
`generation_kwargs`: checked and, for components that send their requests with the SDK's `post`, merged and sent.
"""

import copy
from collections.abc import Collection, Mapping
from typing import Any

import httpx
import openai
from haystack import logging

from haystack_integrations.common.openrouter._base.headers import (
    check_headers,
    merged_headers,
    sendable_headers,
    serialized_headers,
)
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import printable
from haystack_integrations.common.openrouter._wire.model_names import closest

logger = logging.getLogger(__name__)

_SHORTEST_TYPO = 4
_TIMEOUTS = int | float | openai.Timeout | httpx.Timeout


def check_kwargs(
    generation_kwargs: Any, known_keys: Collection[str], own_fields: Mapping[str, str], noticed: set[str]
) -> None:
    """
    Raise unless parameters can be sent. Log a warning for a key that looks like a typo.

    :param generation_kwargs: The value of `generation_kwargs`: a dictionary, or None.
    :param known_keys: The keys that OpenRouter's documentation names. Others are sent as well.
    :param own_fields: What to do instead, for each name that the component fills itself.
    :param noticed: The names that were looked at. There is no second warning about one of them.
    :raises TypeError: If they are not a dictionary, or a value has the wrong type.
    :raises ValueError: If the component fills one of them itself, or a value can't be sent.
    """
    if generation_kwargs is None:
        return
    checks.parameters(generation_kwargs, "generation_kwargs", own_fields)
    if generation_kwargs.get("model") is not None:
        checks.model_name(generation_kwargs["model"], noticed, 'generation_kwargs["model"]')
    check_option(generation_kwargs, "provider", Mapping, "a dictionary")
    check_request_options(generation_kwargs)
    warn_of_typing_mistakes(generation_kwargs, known_keys, noticed)


def check_request_options(generation_kwargs: Mapping[str, Any]) -> None:
    """
    Raise unless the options of the openai SDK can be used: `extra_headers`, `extra_query`, `extra_body`, `timeout`.

    :param generation_kwargs: Parameters, with or without these options.
    :raises TypeError: If one of them has the wrong type.
    :raises ValueError: If a header can't be sent.
    """
    for name in ("extra_body", "extra_query"):
        check_option(generation_kwargs, name, Mapping, "a dictionary")
    check_option(generation_kwargs, "timeout", _TIMEOUTS, "a number of seconds")
    if (deadline := generation_kwargs.get("deadline")) is not None:
        checks.timeout(deadline, 'generation_kwargs["deadline"]', "a number of seconds")
    timeout = generation_kwargs.get("timeout")
    for seconds in timeout.as_dict().values() if isinstance(timeout, openai.Timeout | httpx.Timeout) else (timeout,):
        if seconds is not None:
            checks.timeout(seconds, 'generation_kwargs["timeout"]', "a number of seconds")
    check_headers(generation_kwargs.get("extra_headers"), 'generation_kwargs["extra_headers"]')


def merged_kwargs(*layers: Mapping[str, Any] | None) -> dict[str, Any]:
    """
    Merge parameters, later layers over earlier ones, key by key.

    :param layers: Parameters that are checked, or None.
    :returns: A new dictionary. None leaves a key out, and headers are merged without regard to case.
    """
    given = [layer for layer in layers if layer]
    headers = [layer.get("extra_headers") or {} for layer in given]
    merged = {name: value for layer in given for name, value in layer.items()}
    merged["extra_headers"] = merged_headers(*headers) or None
    return {name: value for name, value in merged.items() if value is not None}


def request_of(
    generation_kwargs: Mapping[str, Any], own_fields: Mapping[str, Any], headers: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Make the body and the options of a request, and its deadline.

    :param generation_kwargs: What `merged_kwargs` returned. `extra_headers`, `extra_query`, `extra_body` and `timeout`
        mean what they mean to the openai SDK, `deadline` ends the call; everything else is part of the body.
    :param own_fields: What the component puts into the body, under all of that.
    :param headers: HTTP headers, under those in `generation_kwargs`.
    """
    fields = dict(generation_kwargs)
    options: dict[str, Any] = {
        "headers": merged_headers(headers, sendable_headers(fields.pop("extra_headers", None))),
        "params": fields.pop("extra_query", {}),
    }
    if "timeout" in fields:
        options["timeout"] = fields.pop("timeout")
    extra = fields.pop("extra_body", {})
    deadline = fields.pop("deadline", None)
    return {"body": {**own_fields, **fields, **extra}, "options": options, "deadline": deadline}


def serialized_kwargs(generation_kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    """
    Copy parameters as they can be written to YAML.

    :param generation_kwargs: The component's `generation_kwargs`.
    :returns: A deep copy, with each `Secret` among the headers as Haystack writes it.
    :raises ValueError: If a Secret holds a token, which must not be serialized.
    """
    written = dict(generation_kwargs or {})
    if isinstance(headers := written.get("extra_headers"), Mapping):
        written["extra_headers"] = serialized_headers(headers)
    return copy.deepcopy(written)


def warn_of_typing_mistakes(
    generation_kwargs: Mapping[Any, Any], known_keys: Collection[str], noticed: set[str]
) -> None:
    """
    Log a warning for each key that is one edit away from a known one, once for a key.
    """
    for key in generation_kwargs:
        if not isinstance(key, str) or key in known_keys or len(key) < _SHORTEST_TYPO or key in noticed:
            continue
        noticed.add(key)
        for meant in closest(key, [known for known in known_keys if _is_one_edit_away(key, known)], 1):
            msg = "`generation_kwargs` has the unknown key '{key}', which is sent unchanged. Did you mean '{meant}'?"
            logger.warning(msg, key=printable(key, 100), meant=meant)


def check_option(generation_kwargs: Mapping[str, Any], name: str, types: Any, what: str) -> None:
    """Raise a TypeError unless a key is left out, None, or of one of these types. True is not a number."""
    value = generation_kwargs.get(name)
    if value is not None:
        checks.instance(value, f'`generation_kwargs["{name}"]`', types, what)
        if isinstance(value, bool):
            checks.instance(value, f'`generation_kwargs["{name}"]`', (), what)


def _is_one_edit_away(word: str, other: str) -> bool:
    """
    Whether one letter was left out, added, changed, or swapped with the next one.
    """
    if abs(len(word) - len(other)) > 1:
        return False
    same = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, other_rest = word[same:], other[same:]
    if rest[1:] == other_rest or rest == other_rest[1:] or rest[1:] == other_rest[1:]:
        return True
    return rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]
