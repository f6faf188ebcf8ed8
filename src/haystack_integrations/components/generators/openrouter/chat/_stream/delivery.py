# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Reads a stream and calls the callback, and repeats a request whose stream failed early. Both sync and async.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import openai
from haystack.dataclasses import ChatMessage, ComponentInfo, StreamingCallbackT, SyncStreamingCallbackT

from haystack_integrations.common.openrouter._transport.run import last_headers
from haystack_integrations.common.openrouter._wire.responses import header_fields
from haystack_integrations.common.openrouter.errors._explanation import CallbackFailure
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError
from haystack_integrations.components.generators.openrouter.chat._stream.chunks import StreamedReply
from haystack_integrations.components.generators.openrouter.chat._stream.events import EventReader
from haystack_integrations.components.generators.openrouter.chat._stream.retry import Retries


def deliver(
    stream: Any, callback: SyncStreamingCallbackT, component_info: ComponentInfo, audio_format: str | None
) -> ChatMessage:
    """
    Read a stream to its end, chunk by chunk.

    :param stream: What `create(stream=True)` returned. It is always closed.
    :param callback: A function that is called with each chunk.
    :param component_info: The component that the chunks name.
    :param audio_format: The `audio.format` that was requested.
    :returns: The whole reply.
    :raises OpenRouterStreamError: If the stream fails or ends too early.
    """
    reply, reader = StreamedReply(component_info, header_fields(last_headers())), EventReader(stream)
    try:
        for event in reader.read():
            for chunk in reply.chunks(event):
                try:
                    callback(chunk)
                except openai.APIError as error:
                    raise CallbackFailure(error) from error
        reply.check_whole(done=reader.done)
    except OpenRouterStreamError as error:
        error.request, error.partial_reply = reader.request, reply.partial_message(audio_format)
        error.generation_id = reply.generation_id
        raise
    finally:
        reader.close()
    return reply.message(audio_format)


async def deliver_async(
    stream: Any, callback: StreamingCallbackT, component_info: ComponentInfo, audio_format: str | None
) -> ChatMessage:
    """
    Read an asynchronous stream to its end, chunk by chunk.

    :param stream: What `create(stream=True)` returned. It is always closed.
    :param callback: A function or coroutine function that is called with each chunk.
    :param component_info: The component that the chunks name.
    :param audio_format: The `audio.format` that was requested.
    :returns: The whole reply.
    :raises OpenRouterStreamError: If the stream fails or ends too early.
    """
    reply, reader = StreamedReply(component_info, header_fields(last_headers())), EventReader(stream)
    try:
        async with aclosing(reader.read_async()) as events:
            async for event in events:
                for chunk in reply.chunks(event):
                    try:
                        called: Any = callback(chunk)
                        if hasattr(called, "__await__"):
                            await called
                    except openai.APIError as error:
                        raise CallbackFailure(error) from error
        reply.check_whole(done=reader.done)
    except OpenRouterStreamError as error:
        error.request, error.partial_reply = reader.request, reply.partial_message(audio_format)
        error.generation_id = reply.generation_id
        raise
    finally:
        await reader.aclose()
    return reply.message(audio_format)


def with_retries(attempt: Callable[[], list[ChatMessage]], max_retries: int) -> list[ChatMessage]:
    """
    Repeat a request whose stream fails before its first content.

    :param attempt: Sends the request and delivers its stream.
    :param max_retries: How many times to repeat it.
    :returns: The replies of the first attempt that succeeds.
    :raises OpenRouterStreamError: If the last attempt fails, or one fails with an error that is final.
    """
    retries = Retries(max_retries)
    while True:
        try:
            return attempt()
        except OpenRouterStreamError as error:
            wait = retries.seconds_to_wait(error)
        time.sleep(wait)


async def with_retries_async(
    attempt: Callable[[], Awaitable[list[ChatMessage]]], max_retries: int
) -> list[ChatMessage]:
    """
    Repeat a request whose asynchronous stream fails before its first content.

    :param attempt: Sends the request and delivers its stream.
    :param max_retries: How many times to repeat it.
    :returns: The replies of the first attempt that succeeds.
    :raises OpenRouterStreamError: If the last attempt fails, or one fails with an error that is final.
    """
    retries = Retries(max_retries)
    while True:
        try:
            return await attempt()
        except OpenRouterStreamError as error:
            wait = retries.seconds_to_wait(error)
        await asyncio.sleep(wait)
