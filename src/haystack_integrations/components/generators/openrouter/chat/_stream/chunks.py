# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns the events of a stream, as dicts, into `StreamingChunk`s at once and into one completion at the end.

This runs for every token: it builds each chunk once and keeps none of them.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from haystack.dataclasses import ChatMessage, ComponentInfo, StreamingChunk

from haystack_integrations.common.openrouter._transport.run import note_cost
from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.common.openrouter._wire.responses import find_error, with_header_fields
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError
from haystack_integrations.components.generators.openrouter.chat._fields import string
from haystack_integrations.components.generators.openrouter.chat._reply import chat_messages
from haystack_integrations.components.generators.openrouter.chat._stream.fragments import FieldFragments
from haystack_integrations.components.generators.openrouter.chat._stream.message import Payload, StreamedMessage

_NO_PAYLOAD: Payload = ("", None, None, False, None)
# Comes once for each provider that was tried. Source: https://openrouter.ai/docs/api/reference/errors-and-debugging.
_DEBUG = "debug"


class StreamedReply:
    """
    One streamed reply. It turns events into chunks, and has the whole reply at the end.
    """

    def __init__(
        self, component_info: ComponentInfo | None = None, header_fields: Mapping[str, Any] | None = None
    ) -> None:
        self._component_info = component_info
        self._header_fields = header_fields or {}
        self._top: dict[str, Any] = {}
        self._last_top: dict[str, Any] = {}
        self._top_lists = FieldFragments()
        self._choice: dict[str, Any] = {}
        self._logprobs = FieldFragments()
        self._message = StreamedMessage()
        self._whole: dict[str, Any] | None = None
        self._clock_read_at = 0.0
        # what the meta of the next chunk begins with: to look it up for each chunk takes three times as long
        self._meta: dict[str, Any] = dict.fromkeys(
            ("model", "index", "finish_reason", "received_at", "usage", "id", "provider")
        )
        self._first_chunk_at: str | None = None

    def check_whole(self, *, done: bool) -> None:
        """
        Raise if the stream ended too early.
        """
        if not self._choice:
            raise OpenRouterStreamError("The stream ended without a reply")
        if not done and not self._choice.get("finish_reason"):
            raise OpenRouterStreamError("The stream was cut: it ended with neither a finish reason nor a [DONE]")

    def chunks(self, event: dict[str, Any]) -> list[StreamingChunk]:
        """
        Turn the next event into chunks: at most one for each payload, none if it has nothing. The event is changed.
        """
        choices = event.pop("choices", None)
        if event != self._last_top:  # most events differ in their choices only
            event = self._last_top = self._take_top(event)
        self._read_clock()
        usage = event.get("usage")
        if not choices:
            return [self._chunk(_NO_PAYLOAD, usage=usage)] if usage else []
        choice = choices[0] if type(choices) is list and len(choices) == 1 else None
        delta = choice.pop("delta", None) if type(choice) is dict else None
        if delta is None and type(choice) is dict:
            delta = choice.pop("message", None) or {}
            if delta:  # of a whole completion, unless other messages follow
                self._whole = None if self._choice else delta
        if type(choice) is not dict or type(delta) is not dict:
            raise OpenRouterStreamError("An event of the stream has unreadable `choices`")
        extra: dict[str, Any] = {}
        # most choices differ in their delta only
        finish_reason = self._take_choice(choice, extra) if choice != self._choice or not choice else None
        payloads = self._message.add(delta, extra)
        if finish_reason is None and not usage and not extra:
            return [self._chunk(payloads[0])] if len(payloads) == 1 else [*map(self._chunk, payloads)]
        if not payloads or (finish_reason is not None and payloads[-1][-1] is not None):
            payloads.append(_NO_PAYLOAD)
        *first, last = payloads
        return [*map(self._chunk, first), self._chunk(last, extra, finish_reason, usage)]

    def completion(self) -> dict[str, Any]:
        """
        Join everything that came to a completion with one choice, as a request without streaming returns it.
        """
        message = self._message.joined() if self._whole is None else self._whole
        choice = {**self._choice, **self._logprobs.joined(), "message": message}
        lists = self._top_lists.joined()
        if len(debug := lists.get(_DEBUG) or []) == 1:
            lists[_DEBUG] = debug[0]
        joined = plain_json({**self._top, **lists, "object": "chat.completion", "choices": [choice]})
        return with_header_fields(joined, self._header_fields)

    def message(self, audio_format: str | None = None, *, is_cut: bool = False) -> ChatMessage:
        """
        Build the reply so far. `is_cut` says that the stream has failed before its finish reason came.
        """
        (reply,) = chat_messages(self.completion(), audio_format, is_cut=is_cut)
        reply.meta["completion_start_time"] = self._first_chunk_at
        return reply

    def add_to(self, error: OpenRouterStreamError, audio_format: str | None) -> None:
        """
        Add the generation's id to the error of its stream, and the reply so far if the callback has received any.
        """
        error.generation_id = string(self._top.get("id") or self._header_fields.get("id")) or None
        if self._first_chunk_at:
            error.partial_reply = self.message(audio_format, is_cut=not self._choice.get("finish_reason"))

    def note_cost(self) -> None:
        """
        Count what the stream has cost, which is unknown if it broke off before its usage came.
        """
        if self._top or self._header_fields:  # else nothing was generated, as far as one can know
            note_cost(self._top)

    def _read_clock(self) -> None:
        """
        Note the time, as UTC in ISO 8601. Readings within a millisecond are equal, because formatting takes long.
        """
        seconds = time.time()
        if not 0.0 <= seconds - self._clock_read_at < 0.001:
            self._clock_read_at = seconds
            self._meta["received_at"] = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")

    def _take_top(self, event: dict[str, Any]) -> dict[str, Any]:
        """
        Note the fields besides the choices, and return a copy of them.
        """
        if event.get("error") or ("status" in event and find_error(event)):
            self._top.update({name: plain_json(event[name]) for name in ("usage", "model") if event.get(name)})
            raise OpenRouterStreamError.from_event(event)
        event, top = plain_json(event), self._top
        for name, value in event.items():
            if isinstance(value, list) and value != top.get(name):
                self._top_lists.add(name, value)
            elif name == _DEBUG and value:
                self._top_lists.add(name, [value])
        top.update({name: value for name, value in event.items() if value is not None or name not in top})
        self._meta.update({name: top.get(name) for name in ("model", "id", "provider")})
        self._meta["id"] = self._meta["id"] or self._header_fields.get("id")
        return event

    def _take_choice(self, choice: dict[str, Any], extra: dict[str, Any]) -> str | None:
        """
        Note the fields besides the delta, and return the finish reason if it is the first.
        """
        if choice.get("error") or choice.get("finish_reason") == "error":
            raise OpenRouterStreamError.from_event({"choices": [choice], "usage": self._top.get("usage")})
        choice = plain_json(choice)
        own, finish_reason = self._choice, choice.get("finish_reason") or None
        index = self._meta["index"] = choice.get("index") or 0
        if own.setdefault("index", index) != index:
            msg = "The stream holds several choices, which can't be joined to one reply"
            raise OpenRouterStreamError(msg, retryable=False)
        if logprobs := choice.get("logprobs"):
            extra["logprobs"] = logprobs
            self._logprobs.add("logprobs", choice.pop("logprobs"))
        if own.get("finish_reason"):
            finish_reason = None
        for name, value in choice.items():
            if name not in own or (value is not None and own[name] in (None, "")):
                own[name] = value
        return finish_reason

    def _chunk(
        self, payload: Payload, extra: dict[str, Any] | None = None, finish_reason: Any = None, usage: Any = None
    ) -> StreamingChunk:
        meta = self._meta.copy()
        if self._first_chunk_at is None:
            self._first_chunk_at = meta["received_at"]
        if usage or finish_reason is not None:
            meta["usage"], meta["finish_reason"] = usage, finish_reason
        if extra:
            meta = {**extra, **meta}
        content, index, calls, start, reasoning = payload
        # by position: names cost half a microsecond
        return StreamingChunk(content, meta, self._component_info, index, calls, None, start, finish_reason, reasoning)
