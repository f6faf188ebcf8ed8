# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns messages, tools and `generation_kwargs` into the keyword arguments of one request.

Source: `ChatRequest` in OpenRouter's OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import openai
from haystack import logging
from haystack.dataclasses import ChatMessage
from haystack.tools import ToolsType
from pydantic import BaseModel

from haystack_integrations.common.openrouter._base.generation_kwargs import (
    check_request_options,
    serialized_kwargs,
    warn_of_typing_mistakes,
)
from haystack_integrations.common.openrouter._base.headers import merged_headers, sendable_headers
from haystack_integrations.common.openrouter._base.model_names import check_model_name
from haystack_integrations.components.generators.openrouter.chat._request.messages import wire_messages
from haystack_integrations.components.generators.openrouter.chat._request.tools import server_tools, tool_definitions
from haystack_integrations.components.generators.openrouter.chat.options import OpenRouterGenerationKwargs

logger = logging.getLogger(__name__)

# Arguments of the openai SDK's `create` that are not part of the request body.
_SDK_ARGUMENTS = ("extra_query", "timeout")

# Their keys keep their order: a model generates the properties of a schema in the order in which they are listed.
_KEEP_ORDER = ("response_format", "tools")

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


def as_messages(messages: list[ChatMessage] | str) -> list[ChatMessage]:
    """
    Read the `messages` argument of `run`.

    :param messages: Messages, or a string that becomes one user message.
    :returns: A list of messages.
    :raises TypeError: If it is neither.
    """
    if isinstance(messages, str):
        return [ChatMessage.from_user(messages)]
    if isinstance(messages, list) and all(isinstance(message, ChatMessage) for message in messages):
        return messages
    found = type(messages).__name__
    if isinstance(messages, list):
        found = f"a list with {next(type(m).__name__ for m in messages if not isinstance(m, ChatMessage))}"
    msg = f"`messages` must be a string or a list of ChatMessage, not {found}."
    raise TypeError(msg)


def request_arguments(
    *,
    model: str,
    messages: Sequence[ChatMessage],
    tools: ToolsType | None,
    tools_strict: bool,
    streaming: bool,
    generation_kwargs: Mapping[str, Any],
    init_headers: Mapping[str, Any],
) -> dict[str, Any]:
    """
    Build the arguments of `client.chat.completions.create`.

    :param model: The model, unless `generation_kwargs` names one.
    :param messages: The conversation, at least one message.
    :param tools: Haystack tools and toolsets.
    :param tools_strict: Whether to make the schemas of the tools strict.
    :param streaming: Whether there is a callback for chunks.
    :param generation_kwargs: What `merged_kwargs` returned: parameters of OpenRouter's endpoint and options of the SDK.
    :param init_headers: HTTP headers. Those in `generation_kwargs` override them.
    :returns: New dictionaries that share nothing with the arguments.
    :raises ValueError: If an argument has a value that can't be sent.
    :raises TypeError: If an argument has the wrong type.
    """
    body = _body(generation_kwargs, streaming=streaming)
    arguments: dict[str, Any] = {
        "model": body.pop("model", model),
        "messages": wire_messages(messages),
        "stream": streaming,
    }
    if headers := merged_headers(init_headers, sendable_headers(body.pop("extra_headers", None))):
        arguments["extra_headers"] = headers
    arguments.update({name: body.pop(name) for name in _SDK_ARGUMENTS if name in body})
    if definitions := [*tool_definitions(tools, strict=tools_strict), *server_tools(body.pop("tools", None))]:
        arguments["tools"] = definitions
    if "response_format" in body:
        arguments["response_format"] = response_format_schema(body.pop("response_format"))
    extra = _without_stream(body.pop("extra_body", {}))
    if body or extra:
        arguments["extra_body"] = _in_stable_order({**body, **extra})
    return arguments


def response_format_schema(response_format: object) -> dict[str, Any]:
    """
    Convert a response format to the wire format.

    :param response_format: A Pydantic class, or a dictionary, which is not changed.
    :returns: The wire format.
    :raises TypeError: If it is something else.
    """
    if isinstance(response_format, Mapping):
        return dict(response_format)
    if isinstance(response_format, type) and issubclass(response_format, BaseModel):
        schema = openai.pydantic_function_tool(response_format)["function"]["parameters"]
        name = re.sub(r"[^A-Za-z0-9_-]", "_", response_format.__name__)[:64]
        return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}
    msg = (
        '`generation_kwargs["response_format"]` must be a Pydantic class or a dictionary such as '
        f'{{"type": "json_schema", "json_schema": …}}, not {type(response_format).__name__}.'
    )
    raise TypeError(msg)


def serializable_kwargs(generation_kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """
    Copy generation kwargs in a form that can be written to YAML.

    :param generation_kwargs: The component's `generation_kwargs`.
    :returns: A deep copy, in which the JSON schema replaces a Pydantic class.
    """
    response_format = generation_kwargs.get("response_format")
    if isinstance(response_format, type) and issubclass(response_format, BaseModel):
        generation_kwargs = {**generation_kwargs, "response_format": response_format_schema(response_format)}
    return serialized_kwargs(generation_kwargs)


def audio_format(arguments: Mapping[str, Any]) -> str | None:
    """
    Find the audio format in a request, because the response does not name it.

    :param arguments: What `request_arguments` returned.
    :returns: The format's name in OpenRouter's spelling, such as "wav", or None.
    """
    audio = (arguments.get("extra_body") or {}).get("audio")
    name = audio.get("format") if isinstance(audio, Mapping) else None
    return name if isinstance(name, str) else None


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


def _body(generation_kwargs: Mapping[str, Any], *, streaming: bool) -> dict[str, Any]:
    body = dict(generation_kwargs)
    if "stream" in body:
        del body["stream"]
        logger.warning("`stream` in generation_kwargs is ignored: set or leave out `streaming_callback` instead.")
    extra = body.get("extra_body")
    count = {**body, **(extra or {})}.get("n")
    if streaming and isinstance(count, int) and count > 1:
        msg = (
            "Cannot stream multiple responses, please set n=1 in `generation_kwargs` or leave out `streaming_callback`."
        )
        raise ValueError(msg)
    return body


def _without_stream(extra: Mapping[str, Any]) -> dict[str, Any]:
    if "stream" in extra:
        logger.warning("`stream` in extra_body is ignored: set or leave out `streaming_callback` instead.")
    return {name: value for name, value in extra.items() if name != "stream"}


def _in_stable_order(value: Any) -> Any:
    """
    Sort the keys of dictionaries, so that equal calls are equal bytes: OpenRouter's response cache hashes the body.
    """
    if isinstance(value, Mapping):
        return {
            key: value[key] if key in _KEEP_ORDER else _in_stable_order(value[key]) for key in sorted(value, key=str)
        }
    return [_in_stable_order(item) for item in value] if isinstance(value, list | tuple) else value
