# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Checks of `generation_kwargs`, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from haystack_integrations.common.openrouter._base.generation_kwargs import (
    check_request_options,
    warn_of_typing_mistakes,
)
from haystack_integrations.common.openrouter._base.model_names import check_model_name
from haystack_integrations.components.generators.openrouter.chat.options import OpenRouterGenerationKwargs

# Keys of a JSON schema that OpenRouter's `response_format` does not have.
_SCHEMA_KEYS = {"properties", "$schema", "$defs", "items", "anyOf"}

_EXAMPLES = {
    "provider": '{"sort": "price"}',
    "reasoning": '{"effort": "low"}',
    "plugins": '[{"id": "web"}]',
    "models": '["anthropic/claude-haiku-4.5"]',
}


def check_generation_kwargs(generation_kwargs: object) -> None:
    """
    Raise unless `generation_kwargs` can be sent. Log a warning for a key that looks like a typo.

    :param generation_kwargs: The value from the component or from `run`, or None.
    :raises TypeError: If they are not a dictionary, or the value of a key has the wrong type.
    :raises ValueError: If they hold `messages`, an empty `model`, or a bare JSON schema as `response_format`.
    """
    if generation_kwargs is None:
        return
    if not isinstance(generation_kwargs, Mapping):
        found = type(generation_kwargs).__name__
        msg = f'`generation_kwargs` must be a dictionary such as {{"temperature": 0.5}}, not {found}.'
        raise TypeError(msg)
    if "messages" in generation_kwargs:
        msg = "`generation_kwargs` can't hold `messages`: pass them to `run`."
        raise ValueError(msg)
    if (model := generation_kwargs.get("model")) is not None:
        if not model:
            msg = '`generation_kwargs["model"]` is empty: leave it out to use the component\'s model.'
            raise ValueError(msg)
        check_model_name(model)
    for name, example in _EXAMPLES.items():
        if not _fits(name, generation_kwargs.get(name)):
            msg = f'`generation_kwargs["{name}"]` must look like {example}, not {generation_kwargs[name]!r:.100}.'
            raise TypeError(msg)
    _check_response_format(generation_kwargs.get("response_format"))
    check_request_options(generation_kwargs)
    warn_of_typing_mistakes(generation_kwargs, OpenRouterGenerationKwargs.__annotations__)


def _fits(name: str, value: object) -> bool:
    if value is None:
        return True
    if name in ("provider", "reasoning"):
        return isinstance(value, Mapping)
    kind = str if name == "models" else Mapping
    return isinstance(value, list | tuple) and all(isinstance(item, kind) for item in value)


def _check_response_format(response_format: object) -> None:
    if not isinstance(response_format, Mapping) or "json_schema" in response_format:
        return
    if _SCHEMA_KEYS & response_format.keys() or response_format.get("type") in ("object", "array"):
        msg = (
            '`generation_kwargs["response_format"]` is a bare JSON schema. Wrap it: {"type": "json_schema", '
            '"json_schema": {"name": "reply", "strict": True, "schema": …}}, or pass a Pydantic class.'
        )
        raise ValueError(msg)
