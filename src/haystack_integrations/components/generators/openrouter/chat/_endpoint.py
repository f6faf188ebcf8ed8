# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The chat completions endpoint: how a completion is requested, and what the openai SDK returns if it is not streamed.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import openai
from openai import HttpxBinaryResponseContent
from openai.resources.chat import Completions
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._transport.run import last_headers
from haystack_integrations.common.openrouter._transport.tracing import is_watched
from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.common.openrouter._wire.responses import (
    body_of_model,
    decode_plain,
    decoded_body,
    header_fields,
    unusable_response,
    with_header_fields,
)
from haystack_integrations.common.openrouter.errors._advice import COMMON_ADVICE


class ChatEndpoint(Endpoint):
    """
    Its good responses are completions with a message in each choice, or streams.
    """

    def about(self, body: Any) -> Any:
        """The completion."""
        return completion_of(body) if isinstance(body, dict) else body

    def is_good(self, body: Any, response: Any) -> bool:  # noqa: ARG002
        """Whether a completion has at least one choice, and a message in each."""
        choices = completion_of(body).get("choices") if isinstance(body, dict) else None
        if not isinstance(choices, list) or not choices:
            return False
        return all(isinstance(choice, dict) and isinstance(choice.get("message"), dict) for choice in choices)


CHAT = ChatEndpoint(
    "/chat/completions",
    what="message",
    decode=decode_plain,
    streams=True,
    operation="chat",
    own_fields={"messages": "Pass them to `run`."},
    advice={
        **COMMON_ADVICE,
        "no result": "Try again, or name fallbacks in `models`",
        "no endpoint": "Relax `provider` or `require_parameters` in `generation_kwargs`, or choose another `model`",
        "too long": "Shorten the messages, or add {{'id': 'context-compression'}} to `plugins` in `generation_kwargs`",
        402: "Lower `max_tokens` (if unset, credits for the model's maximum are reserved), or add credits at "
        "https://openrouter.ai/settings/credits",
        408: "Try again, or choose a faster model or provider",
        429: "Try again later, raise `max_retries`, or name fallbacks in `models`",
        "server": "Try again, or name fallbacks in `models`",
    },
)


SDK_NAMES = frozenset(CompletionCreateParamsStreaming.__annotations__)
"""The fields of a request that are arguments of the SDK's `create`. All others go into its `extra_body`."""


def request_completion(client: Any, arguments: dict[str, Any]) -> Any:
    """
    Call `client.chat.completions.create`, past the SDK's walk through the messages and its models of the response.

    The walk takes 150 µs for each message of the history. A tool that watches finds every argument and the response
    where the SDK has them, and the bytes that are sent are the same.

    :param client: The client, synchronous or not.
    :param arguments: The arguments of `create`.
    :returns: A stream, or a response for `completion_dict`. Awaitable from an asynchronous client.
    """
    create = client.chat.completions.create
    if is_watched(client, create):
        return create(**arguments)
    body = completion_body(arguments)
    options = {
        option: arguments[name]
        for option, name in (("headers", "extra_headers"), ("params", "extra_query"), ("timeout", "timeout"))
        if name in arguments
    }
    if not arguments["stream"]:
        return client.post(CHAT.path, cast_to=HttpxBinaryResponseContent, body=body, options=options)
    kind: Any = openai.AsyncStream if isinstance(client, openai.AsyncOpenAI) else openai.Stream
    stream_cls = kind[ChatCompletionChunk]
    return client.post(
        CHAT.path, cast_to=ChatCompletion, body=body, options=options, stream=True, stream_cls=stream_cls
    )


def completion_body(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Make the body of a request from the arguments of `create`, in the SDK's order."""
    named: dict[str, Any] = {name: arguments[name] for name in _order_of_the_sdk() if name in arguments}
    named |= arguments.get("extra_body", {})
    return named


@cache
def _order_of_the_sdk() -> tuple[str, ...]:
    """The order in which `create` writes the fields: OpenRouter's response cache hashes the bytes of a request."""
    completions: Any = Completions(cast(Any, _Recorder()))
    body: Mapping[str, Any] = completions.create(**dict.fromkeys(SDK_NAMES))
    return tuple(body)


class _Recorder:
    """Stands in for a client: its methods return the body that they are given."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, body=None, **__: body


def completion_of(body: dict[str, Any]) -> dict[str, Any]:
    """Unwrap a completion that OpenRouter nested under `provider`, with null in its place (pydantic-ai#3994)."""
    nested = body.get("provider")
    if isinstance(nested, dict) and not body.get("choices") and nested.get("choices"):
        return nested
    return body


def completion_dict(sent: Any, client: Any = None, arguments: Any = None) -> dict[str, Any]:
    """
    Read what `request_completion` returned for a request without streaming.

    :param sent: A response, an `openai.types.chat.ChatCompletion`, or what a proxy made of it.
    :param client: The client, and the arguments of its `create`: a failure tells what was sent.
    :returns: The completion as plain JSON, with fields from the headers of its response.
    :raises openai.APIError: If it is not a completion, or reports an error.
    """
    response = sent.response if isinstance(sent, HttpxBinaryResponseContent) else None
    try:
        body = plain_json(body_of_model(sent)) if response is None else decoded_body(response, decode_plain)
    except (ValueError, RecursionError):
        msg = "The response is nested too deep"
        raise unusable_response(msg, None) from None
    CHAT.check(body, response, client, arguments)
    return with_header_fields(completion_of(body), header_fields(last_headers()))
