# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Reads a stream and calls the callback, and repeats a request whose stream failed early. Both sync and async.

The openai SDK does all other retries.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import openai
from haystack.dataclasses import ChatMessage, ComponentInfo, StreamingCallbackT, SyncStreamingCallbackT

from haystack_integrations.common.openrouter._transport.run import (
    CallbackFailure,
    deadline_of_run,
    last_headers,
    retries_of,
    warn_once,
)
from haystack_integrations.common.openrouter._wire.responses import header_fields
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError
from haystack_integrations.components.generators.openrouter.chat._reply import says_nothing
from haystack_integrations.components.generators.openrouter.chat._stream.chunks import StreamedReply
from haystack_integrations.components.generators.openrouter.chat._stream.events import EventReader


def deliver(
    stream: Any, callback: SyncStreamingCallbackT, component_info: ComponentInfo, audio_format: str | None
) -> ChatMessage:
    """
    Read a stream to its end, chunk by chunk, and close it in any case.
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
        error.request = reader.request
        reply.add_to(error, audio_format)
        raise
    finally:
        reply.note_cost()
        reader.close()
    return reply.message(audio_format)


async def deliver_async(
    stream: Any, callback: StreamingCallbackT, component_info: ComponentInfo, audio_format: str | None
) -> ChatMessage:
    """
    Read an asynchronous stream to its end, chunk by chunk, and close it in any case.
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
        error.request = reader.request
        reply.add_to(error, audio_format)
        raise
    finally:
        reply.note_cost()
        await reader.aclose()
    return reply.message(audio_format)


def with_retries(attempt: Callable[[], list[ChatMessage]], max_retries: int) -> list[ChatMessage]:
    """
    Repeat a request whose stream fails before it has more than reasoning.
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
    Repeat a request whose asynchronous stream fails before it has more than reasoning.
    """
    retries = Retries(max_retries)
    while True:
        try:
            return await attempt()
        except OpenRouterStreamError as error:
            wait = retries.seconds_to_wait(error)
        await asyncio.sleep(wait)


class Retries:
    """
    Counts the retries of one run, including those of the openai SDK, and computes the wait before the next one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._done = 0

    def seconds_to_wait(self, error: OpenRouterStreamError) -> float:
        """
        Count one more retry and return the wait before it, or raise the error if it is final.
        """
        # the openai SDK says in a header how many times it had sent the request again before its stream failed
        self._done += retries_of(error.request)
        if not _is_before_content(error.partial_reply) or not error.retryable or self._done >= self._limit:
            raise error
        told = error.failure.wait if error.failure else None
        usual = min(0.5 * 2.0**self._done, 8.0) * (1 - 0.25 * random.random())  # noqa: S311
        self._done += 1
        wait = usual if told is None else told
        if (deadline := deadline_of_run()) is not None and deadline.left <= wait:
            partial = error.partial_reply
            raise OpenRouterStreamError(
                deadline.text, request=error.request, partial_reply=partial, retryable=False
            ) from error
        provider = f" (provider {error.provider_name})" if error.provider_name else ""
        warn_once(f"{error.message.rstrip('.')}{provider}", wait, self._limit, error.request)
        return wait


def _is_before_content(received: ChatMessage | None) -> bool:
    """Whether the callback has received nothing but reasoning, and no usage, which tells what was billed."""
    return received is None or (says_nothing(received) and not received.meta["usage"])
