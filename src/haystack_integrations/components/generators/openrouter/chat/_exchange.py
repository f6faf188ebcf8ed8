# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A request and its replies: sent, tried again, sent once more without what was refused, and looked at. Sync and async.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from haystack.dataclasses import ChatMessage

from haystack_integrations.common.openrouter._transport.client_settings import ClientSettings
from haystack_integrations.common.openrouter._transport.endpoint import sent, sent_async
from haystack_integrations.components.generators.openrouter.chat._endpoint import completion_dict, request_completion
from haystack_integrations.components.generators.openrouter.chat._reply import chat_messages, warn_of_flaws
from haystack_integrations.components.generators.openrouter.chat._request.arguments import audio_format
from haystack_integrations.components.generators.openrouter.chat._request.reasoning import (
    learn_makers,
    with_healing,
    with_healing_async,
)
from haystack_integrations.components.generators.openrouter.chat._stream.delivery import (
    with_retries,
    with_retries_async,
)


def replies_to(
    arguments: dict[str, Any],
    client: Any,
    settings: ClientSettings,
    deliver: Callable[..., list[ChatMessage]] | None,
) -> list[ChatMessage]:
    """
    Send a request and return the replies.

    :param arguments: The arguments of the SDK's `create`.
    :param client: The client.
    :param settings: What it was built from.
    :param deliver: Reads a stream and calls the callback. None if the reply is not streamed.
    """
    audio = audio_format(arguments)

    def ask(arguments: dict[str, Any]) -> list[ChatMessage]:
        request = {"client": client, "arguments": arguments}
        if deliver is None:
            # a name for the response would keep its bytes while images are copied out of it
            return chat_messages(completion_dict(sent(request_completion, **request), client, arguments), audio)
        return with_retries(
            lambda: deliver(sent(request_completion, **request), audio_format=audio), settings.max_retries
        )

    return _looked_at(with_healing(ask, arguments), arguments, settings)


async def replies_to_async(
    arguments: dict[str, Any],
    client: Any,
    settings: ClientSettings,
    deliver: Callable[..., Awaitable[list[ChatMessage]]] | None,
) -> list[ChatMessage]:
    """Do as `replies_to` does, without blocking the event loop."""
    audio = audio_format(arguments)

    async def ask(arguments: dict[str, Any]) -> list[ChatMessage]:
        request = {"client": client, "arguments": arguments}
        if deliver is None:
            completion = completion_dict(await sent_async(request_completion, **request), client, arguments)
            return chat_messages(completion, audio)

        async def attempt() -> list[ChatMessage]:
            return await deliver(await sent_async(request_completion, **request), audio_format=audio)

        return await with_retries_async(attempt, settings.max_retries)

    return _looked_at(await with_healing_async(ask, arguments), arguments, settings)


def _looked_at(replies: list[ChatMessage], arguments: dict[str, Any], settings: ClientSettings) -> list[ChatMessage]:
    learn_makers(replies, arguments, settings.base_url)
    warn_of_flaws(replies)
    return replies
