# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns messages, tools and `generation_kwargs` into the keyword arguments of one request.

Source: `ChatRequest` in OpenRouter's OpenAPI document.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from haystack import logging
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import ToolsType

from haystack_integrations.common.openrouter._base.generation_kwargs import (
    check_kwargs,
    serialized_kwargs,
)
from haystack_integrations.common.openrouter._base.headers import merged_headers, sendable_headers
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import in_stable_order
from haystack_integrations.components.generators.openrouter.chat._endpoint import CHAT, SDK_NAMES
from haystack_integrations.components.generators.openrouter.chat._fields import mapping, string
from haystack_integrations.components.generators.openrouter.chat._request.messages import wire_messages
from haystack_integrations.components.generators.openrouter.chat._request.reasoning import Readers, models_asked
from haystack_integrations.components.generators.openrouter.chat._request.schemas import (
    response_format_schema,
    with_read_order,
    with_written_order,
)
from haystack_integrations.components.generators.openrouter.chat._request.tool_calls import clean_calls
from haystack_integrations.components.generators.openrouter.chat._request.tools import (
    read_tools,
    server_tools,
    tool_definitions,
)
from haystack_integrations.components.generators.openrouter.chat.options import OpenRouterGenerationKwargs

logger = logging.getLogger(__name__)

# Arguments of the openai SDK's `create` that are not part of the request body.
_SDK_ARGUMENTS = ("extra_query", "timeout", "deadline")

# Keys of a JSON schema that OpenRouter's `response_format` does not have.
_SCHEMA_KEYS = {"properties", "$schema", "$defs", "items", "anyOf"}

# Source: https://openrouter.ai/docs/features/prompt-caching.
_MOST_CACHE_POINTS = 4

_EXAMPLES = {
    "provider": '{"sort": "price"}',
    "reasoning": '{"effort": "low"}',
    "plugins": '[{"id": "web"}]',
    "models": '["anthropic/claude-haiku-4.5"]',
}


def check_generation_kwargs(generation_kwargs: Any, noticed: set[str]) -> None:
    """Raise unless `generation_kwargs` can be sent. Warn of names that look odd, and that were not noticed before."""
    if generation_kwargs is None:
        return
    checks.instance(generation_kwargs, "`generation_kwargs`", Mapping, 'a dictionary such as {"temperature": 0.5}')
    for name, example in _EXAMPLES.items():
        if not _fits(name, generation_kwargs.get(name)):
            given = checks.shown(generation_kwargs[name])
            msg = f'`generation_kwargs["{name}"]` must look like {example}, not {given}.'
            raise TypeError(msg)
    _check_response_format(generation_kwargs.get("response_format"))
    check_kwargs(generation_kwargs, OpenRouterGenerationKwargs.__annotations__, CHAT.own_fields, noticed)


def check_callback(callback: object) -> None:
    """Raise a TypeError unless a streaming callback is a function or None."""
    checks.instance(callback, "`streaming_callback`", Callable | None, "a function that takes a chunk, or None")


def as_messages(messages: list[ChatMessage] | str) -> list[ChatMessage]:
    """Return the messages that `run` was given. A string becomes one user message."""
    if isinstance(messages, str):
        return [ChatMessage.from_user(messages)]
    checks.instance(messages, "`messages`", list, "a string or a list of ChatMessage")
    for number, message in enumerate(messages):
        checks.instance(message, f"`messages[{number}]`", ChatMessage, "a ChatMessage")
    return messages


def request_arguments(
    *, messages: Sequence[ChatMessage], streaming: bool, base_url: str, **shared: Any
) -> dict[str, Any]:
    """
    Build the arguments of `client.chat.completions.create`. Nothing that is given is changed.

    :param messages: The conversation.
    :param streaming: Whether the reply is streamed.
    :param base_url: The URL of the API.
    :param shared: What `shared_arguments` takes besides.
    """
    arguments = shared_arguments(streaming=streaming, **shared)
    # those of `extra_body` go first
    arguments = {"messages": request_messages(messages, arguments, base_url), **arguments}
    warn_of_cache_points(arguments)
    return arguments


def shared_arguments(
    *,
    model: str,
    tools: ToolsType | None,
    tools_strict: bool,
    tool_options: Mapping[str, Any] | None = None,
    streaming: bool,
    generation_kwargs: Mapping[str, Any],
    init_headers: Mapping[str, Any],
    noticed: set[str],
) -> dict[str, Any]:
    """Build the arguments that do not depend on a conversation: all but its messages."""
    body = _without_stream(generation_kwargs, "generation_kwargs")
    extra = _without_stream(body.pop("extra_body", {}), "extra_body")
    if streaming:
        _check_count({**body, **extra}.get("n"))
        # OpenRouter always sends the usage; gateways do not, and Datadog's tracer takes it out of the stream
        body.setdefault("stream_options", {"include_usage": True})
    sent = {"model": model, **body, **extra}
    arguments: dict[str, Any] = {"model": body.pop("model", model), "stream": streaming}
    if headers := merged_headers(init_headers, sendable_headers(body.pop("extra_headers", None))):
        arguments["extra_headers"] = headers
    arguments.update({name: body.pop(name) for name in _SDK_ARGUMENTS if name in body})
    definitions = [] if tools is None else tool_definitions(tools, strict=tools_strict, options=tool_options)
    if "tools" in body:
        definitions += in_stable_order(server_tools(body.pop("tools")))
    if definitions:
        arguments["tools"] = definitions
    _warn_of_dropped_reasoning(sent, [string(name) for name in models_asked(sent)], noticed)
    if "response_format" in body:
        arguments["response_format"] = in_stable_order(response_format_schema(body.pop("response_format")))
    rest = in_stable_order({**body, **extra})
    arguments.update({name: rest.pop(name) for name in SDK_NAMES & rest.keys()})
    if rest:
        arguments["extra_body"] = rest
    return arguments


def request_messages(
    messages: Sequence[ChatMessage], arguments: Mapping[str, Any], base_url: str
) -> list[dict[str, Any]]:
    """Build the messages of a request whose other arguments are there."""
    sent = {**arguments, **arguments.get("extra_body", {})}
    wired = wire_messages(messages, Readers.of(sent, base_url))
    names = {string(mapping(tool.get("function")).get("name")) for tool in _dictionaries(arguments.get("tools"))}
    clean_calls(wired, names, [string(name) for name in models_asked(sent)])
    return wired


def serializable_kwargs(generation_kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Copy `generation_kwargs` as they can be written to YAML: JSON schemas for Pydantic classes, strings for keys."""
    written = dict(generation_kwargs or {})
    if isinstance(written.get("response_format"), Mapping | type):
        written["response_format"] = response_format_schema(written["response_format"])
    if isinstance(bias := written.get("logit_bias"), Mapping):  # Haystack refuses to write keys that are numbers
        written["logit_bias"] = {str(token): value for token, value in bias.items()}
    ordered: dict[str, Any] = with_written_order(serialized_kwargs(written))
    return ordered


def own_parameters(parameters: Mapping[str, Any], constructor: Callable[..., None]) -> dict[str, Any]:
    """Leave out what YAML of Haystack's OpenAIChatGenerator has besides, as long as it is not set."""
    own = inspect.signature(constructor).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in own):
        return dict(parameters)
    taken = {parameter.name: parameters[parameter.name] for parameter in own if parameter.name in parameters}
    of_openai = inspect.signature(OpenAIChatGenerator.__init__).parameters
    for name in parameters.keys() - taken.keys():
        unset = of_openai[name].default if name in of_openai else None
        if parameters[name] is not None and parameters[name] != unset:
            msg = f"OpenRouterChatGenerator has no parameter `{name!s:.100}`: remove it from the YAML or dictionary."
            raise TypeError(msg)
    return taken


def read_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Put the properties of all schemas that a YAML writer sorted into their order."""
    read = dict(parameters)
    if "generation_kwargs" in read:
        read["generation_kwargs"] = with_read_order(read["generation_kwargs"])
    if "tools" in read:
        read["tools"] = read_tools(read["tools"])
    return read


def warn_of_cache_points(arguments: Mapping[str, Any]) -> None:
    """Warn of cache points that providers refuse: too many, or one that lasts longer than an earlier one."""
    # providers read the system messages first; `extra_body` may hold anything
    messages = sorted(_dictionaries(arguments["messages"]), key=lambda message: message.get("role") != "system")
    parts = [part for message in messages for part in _dictionaries(message.get("content"))]
    holders = [*_dictionaries(arguments.get("tools")), *parts, arguments.get("extra_body") or {}]
    marks = [mark for holder in holders if (mark := holder.get("cache_control")) is not None]
    if len(marks) > _MOST_CACHE_POINTS:
        msg = (
            "{count} cache points are sent, but providers accept only {limit}. Remove some. Those of messages, of "
            "their parts and of tools are counted together with the `cache_control` in `generation_kwargs`."
        )
        logger.warning(msg, count=len(marks), limit=_MOST_CACHE_POINTS)
    are_long = [isinstance(mark, Mapping) and mark.get("ttl") == "1h" for mark in marks]
    if any(later and not earlier for earlier, later in pairwise(are_long)):
        logger.warning(
            "A cache point with the `ttl` '1h' comes after one of five minutes, which providers refuse. Set '1h' for "
            "the earlier ones as well: tools come first, then system messages, other messages, and `generation_kwargs`."
        )


def _dictionaries(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def audio_format(arguments: Mapping[str, Any]) -> str | None:
    """Find the audio format, such as "wav", in the arguments of a request: the response does not name it."""
    audio = arguments.get("audio")
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


def _without_stream(fields: Mapping[str, Any], argument: str) -> dict[str, Any]:
    if "stream" in fields:
        msg = "`stream` in {argument} is ignored: set or leave out `streaming_callback` instead."
        logger.warning(msg, argument=argument)
    return {name: value for name, value in fields.items() if name != "stream"}


def _check_count(count: object) -> None:
    if isinstance(count, int) and count > 1:
        msg = (
            "Cannot stream multiple responses, please set n=1 in `generation_kwargs` or leave out `streaming_callback`."
        )
        raise ValueError(msg)


def _warn_of_dropped_reasoning(sent: Mapping[str, Any], models: Sequence[str], noticed: set[str]) -> None:
    """Anthropic refuses both together, and OpenRouter leaves out the reasoning without a word (pydantic-ai#6957)."""
    choice, reasoning = sent.get("tool_choice"), sent.get("reasoning")
    forced = choice == "required" or (isinstance(choice, Mapping) and choice.get("type") == "function")
    if not forced or not isinstance(reasoning, Mapping):
        return
    asked = reasoning.get("enabled") or reasoning.get("max_tokens") or reasoning.get("effort") not in (None, "none")
    mark = f"dropped reasoning: {models[0]}"
    if asked and mark not in noticed and any("anthropic/" in model.lower() for model in models):
        noticed.add(mark)
        logger.warning(
            "`tool_choice` forces a call, so OpenRouter drops `reasoning` for Claude models. Set `tool_choice` to "
            '"auto" to keep it.'
        )
