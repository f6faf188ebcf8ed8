# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Reads the events of a stream as dicts, and explains why reading failed.

The openai SDK sends the request. The models that it builds take about 90 % of the CPU time of a chunk, so they are
skipped if the stream is the SDK's own. A tracing tool's proxy, or a list of chunks, is iterated as it is.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import openai
from haystack import logging
from openai.types.chat import ChatCompletion
from pydantic_core import from_json

from haystack_integrations.common.openrouter._transport.run import deadline_of_run
from haystack_integrations.common.openrouter._transport.tracing import is_watched
from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.common.openrouter._wire.responses import decode_json
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError
from haystack_integrations.components.generators.openrouter.chat._endpoint import completion_of
from haystack_integrations.components.generators.openrouter.chat._fields import listed, mapping
from haystack_integrations.components.generators.openrouter.chat._stream.fragments import HeldHalves
from haystack_integrations.components.generators.openrouter.chat._stream.sse import (
    SSEParser,
    read_rest,
    read_rest_async,
)

logger = logging.getLogger(__name__)

_DONE = b"[DONE]"

Event = dict[str, Any]


class EventReader:
    """
    Reads the events of one stream once. Every failure to do so is an `OpenRouterStreamError` with its `__cause__`.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._pieces: AsyncGenerator[bytes, None] | None = None
        self._parser = SSEParser()
        self._halves = HeldHalves()
        self.done = False
        """Whether the stream ended with `[DONE]`."""

    @property
    def request(self) -> Any:
        """
        The HTTP request, if it is known.
        """
        with suppress(Exception):  # an HTTP response need not have one
            return self._stream.response.request
        return None

    def read(self) -> Iterator[Event]:
        """
        Read a synchronous stream.
        """
        stream = self._stream
        try:
            if _has_json(stream, openai.Stream):
                yield self._event_of(self._decoded(stream.response.read()))
            elif is_watched(stream):
                for chunk in _whole_or_chunks(stream):
                    yield self._event_of(chunk)
            else:
                pieces = stream.response.iter_bytes()
                for piece in pieces:
                    for data in self._parser.feed(piece):
                        if data.startswith(_DONE):
                            self.done = True
                            read_rest(stream.response, pieces)
                            return
                        yield self._decoded(data)
                yield from self._rest()
        except Exception as error:
            cause = _cause(error)
            raise _stream_error(cause) from cause

    async def read_async(self) -> AsyncGenerator[Event, None]:
        """
        Read an asynchronous stream.
        """
        stream = self._stream
        try:
            if _has_json(stream, openai.AsyncStream):
                yield self._event_of(self._decoded(await stream.response.aread()))
            elif is_watched(stream):
                async for chunk in _as_async(_whole_or_chunks(stream)):
                    yield self._event_of(chunk)
            else:
                self._pieces = stream.response.aiter_bytes()
                async for piece in self._pieces:
                    for data in self._parser.feed(piece):
                        if data.startswith(_DONE):
                            self.done = True
                            await read_rest_async(self._pieces)
                            return
                        yield self._decoded(data)
                for event in self._rest():
                    yield event
        except Exception as error:
            cause = _cause(error)
            raise _stream_error(cause) from cause

    def close(self) -> None:
        """
        Release the connection, even if the stream is not at its end. A failure to do so never hides the reply.
        """
        try:
            if close := getattr(self._stream, "close", None):
                close()
        except Exception:
            logger.debug("A stream could not be closed", exc_info=True)

    async def aclose(self) -> None:
        """
        Release the connection, even if the task is being cancelled. A failure to do so never hides the reply.
        """
        with suppress(Exception):
            if self._pieces is not None:
                await self._pieces.aclose()
        try:
            if close := getattr(self._stream, "close", None) or getattr(self._stream, "aclose", None):
                closing = close()
                if inspect.isawaitable(closing):
                    await asyncio.shield(asyncio.ensure_future(closing))
        except Exception:
            logger.debug("A stream could not be closed", exc_info=True)

    def _rest(self) -> Iterator[Event]:
        """
        Read the stream's last event if no blank line follows it.
        """
        for data in self._parser.end():
            self.done = data.startswith(_DONE)
            if not self.done:
                try:
                    yield self._decoded(data)
                except ValueError as error:
                    msg = "it ended in the middle of an event"
                    raise EOFError(msg) from error

    def _event_of(self, chunk: Any) -> Event:
        """
        Convert a chunk that a library built, or a whole completion, to an event.
        """
        event = completion_of(self._halves.joined(chunk if isinstance(chunk, dict) else chunk.to_dict(warnings=False)))
        self.done = self.done or any("message" in choice for choice in map(mapping, listed(event.get("choices"))))
        return event

    def _decoded(self, data: bytes) -> Event:
        try:
            event = from_json(data)
            if self._halves.held:
                event = self._halves.joined(event)
        except ValueError:
            event = self._halves.joined(decode_json(data.decode(errors="replace")))
        if not isinstance(event, dict):
            msg = f"expected a JSON object, not {type(event).__name__}"
            raise ValueError(msg)
        return event


def _whole_or_chunks(stream: Any) -> Any:
    return [stream] if isinstance(stream, ChatCompletion) else stream


async def _as_async(chunks: Any) -> AsyncIterator[Any]:
    if hasattr(chunks, "__aiter__"):
        async for chunk in chunks:
            yield chunk
    else:
        for chunk in chunks:
            yield chunk


def _has_json(stream: Any, kind: Any) -> bool:
    """
    Whether the response to a streaming request is a whole completion.
    """
    headers = getattr(stream.response, "headers", None) if type(stream) is kind else None
    return headers is not None and "text/event-stream" not in headers.get("content-type", "").lower()


def _cause(error: Exception) -> BaseException:
    # in a stream that a tool watches, the SDK raises its own "Connection error." from the network's
    return (isinstance(error, openai.APIConnectionError) and error.__cause__) or error


def _stream_error(error: BaseException) -> OpenRouterStreamError:
    if isinstance(error, openai.APIError) and error.body:
        with suppress(ValueError):
            return OpenRouterStreamError.from_event({"error": plain_json(error.body)})
    if (deadline := deadline_of_run()) is not None and deadline.is_over:
        return OpenRouterStreamError(deadline.text, retryable=False)
    name, text = type(error).__name__, str(error)
    if "Timeout" in name:
        return OpenRouterStreamError(f"The stream stalled: no bytes came within `timeout` ({name})")
    what = "can't be read" if isinstance(error, ValueError | TypeError | AttributeError) else "was cut"
    return OpenRouterStreamError(f"The stream {what} ({name}{': ' if text else ''}{text})")
