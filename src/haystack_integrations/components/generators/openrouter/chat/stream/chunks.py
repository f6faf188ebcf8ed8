# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The events of a stream, as dicts, become `StreamingChunk`s at once and one completion at the end.

This runs for every token: it walks a delta once, builds each chunk once and keeps none of them.
"""

from __future__ import annotations

import copy
from io import StringIO
from typing import Any

from haystack.dataclasses import ChatMessage, ComponentInfo, ReasoningContent, StreamingChunk, ToolCallDelta

from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError
from haystack_integrations.components.generators.openrouter.chat.reply import (
    chat_message,
    content_text,
    reasoning_text,
)
from haystack_integrations.components.generators.openrouter.chat.stream.blocks import REASONING, TEXT, Blocks
from haystack_integrations.components.generators.openrouter.chat.stream.clock import Clock
from haystack_integrations.components.generators.openrouter.chat.stream.other_fields import AudioFragments, Fields
from haystack_integrations.components.generators.openrouter.chat.stream.reasoning_details import (
    ReasoningDetails,
    carries_something,
)
from haystack_integrations.components.generators.openrouter.chat.stream.tool_calls import (
    ToolCallFragments,
    ToolCalls,
    with_numbered_calls,
)

_PLAIN_DELTA = {"role", "content"}
_PAYLOAD_FIELDS = {"role", "content", "reasoning", "reasoning_content", "reasoning_details", "tool_calls"}
_CHUNK_FINISH_REASONS = {"function_call": "tool_calls"}

# content, index, tool_calls, start and reasoning of a StreamingChunk
_Payload = tuple[str, int | None, list[ToolCallDelta] | None, bool, ReasoningContent | None]
_NO_PAYLOAD: _Payload = ("", None, None, False, None)


class StreamedReply:
    """
    One streamed reply: takes events, gives chunks, and knows the whole reply in the end.

    Content blocks are numbered from 0. A block is a run of one kind; each tool call is a block of its own.

    :param component_info: The component that every chunk names.
    """

    def __init__(self, component_info: ComponentInfo | None = None) -> None:
        self._component_info = component_info
        self._completion: dict[str, Any] = {}
        self._top: dict[str, Any] | None = None
        self._plain_choice: dict[str, Any] | None = None
        self._meta: dict[str, Any] = dict.fromkeys(
            ("model", "index", "finish_reason", "received_at", "usage", "id", "provider")
        )
        self._choice: dict[str, Any] = {}
        self._whole: dict[str, Any] | None = None
        self._fields, self._logprobs, self._audio = Fields(), Fields(), AudioFragments()
        self._text, self._reasoning = StringIO(), StringIO()
        self._details, self._calls = ReasoningDetails(), ToolCalls()
        self._content_parts: list[Any] = []
        self._end_of_transcript = 0
        self._blocks = Blocks()
        self._clock, self._now, self.first_chunk_at = Clock(), "", ""

    def check_whole(self, *, done: bool) -> None:
        """
        Refuse a stream that ended too early.

        :param done: Whether the stream said that it is at its end.
        :raises OpenRouterStreamError: If it held no reply, or ended with neither a finish reason nor a `[DONE]`.
        """
        if "index" not in self._choice:
            raise OpenRouterStreamError("The stream ended without a reply")
        if not done and not self._choice.get("finish_reason"):
            raise OpenRouterStreamError("The stream was cut: it ended with neither a finish reason nor a [DONE]")

    def chunks(self, event: dict[str, Any]) -> list[StreamingChunk]:
        """
        Take the next event.

        :param event: The decoded data of a server-sent event. It is used up.
        :returns: The chunks for the callback: at most one for each payload, none if the event carries nothing.
        :raises OpenRouterStreamError: If the event reports an error.
        """
        choices = event.pop("choices", None)
        if event != self._top:  # most events differ in their choices only
            self._take_top(event)
        self._now, usage = self._clock.now(), event.get("usage")
        if not choices:
            return [self._chunk(_NO_PAYLOAD, usage=usage)] if usage else []
        choice = choices[0] if type(choices) is list and len(choices) == 1 else None
        delta = choice.pop("delta", None) if type(choice) is dict else None
        if delta is None and type(choice) is dict:
            delta = self._take_whole(event, choice)
        if type(choice) is not dict or type(delta) is not dict:
            raise OpenRouterStreamError("An event of the stream has unreadable `choices`")
        extra: dict[str, Any] = {}
        finish_reason = None if choice == self._plain_choice else self._take_choice(choice, extra)
        payloads = self._take_delta(delta, extra)
        if finish_reason is None and not usage and not extra:
            return [self._chunk(payloads[0])] if len(payloads) == 1 else [*map(self._chunk, payloads)]
        if not payloads or (finish_reason is not None and payloads[-1][-1] is not None):
            payloads.append(_NO_PAYLOAD)
        *first, last = payloads
        return [*map(self._chunk, first), self._chunk(last, extra, finish_reason, usage)]

    def completion(self) -> dict[str, Any]:
        """
        Join everything that came.

        :returns: A completion with one choice, as a request without streaming returns it.
        """
        if self._whole is not None:
            return self._whole
        message = {**self._fields.joined(), "role": "assistant", "content": self._text.getvalue()}
        if self._content_parts:
            other = [part for part in self._content_parts if not content_text([part])]
            message["content"] = [{"type": "text", "text": message["content"]}, *other]
        if self._audio.fields:
            message["audio"] = self._audio.joined()
        if details := self._details.joined():
            message["reasoning_details"] = details
        if reasoning := self._reasoning.getvalue():
            message["reasoning"] = reasoning
        if self._calls.calls:
            message["tool_calls"] = [call.joined() for call in self._calls.calls]
        choice = {"index": 0, **self._choice, **self._logprobs.joined(), "message": message}
        return {**self._completion, "object": "chat.completion", "choices": [choice]}

    def message(self, audio_format: str | None = None) -> ChatMessage:
        """
        Build the reply.

        :param audio_format: The `audio.format` that was requested.
        :returns: The reply as far as it has come.
        """
        completion = self.completion()
        reply = chat_message(completion, completion["choices"][0], audio_format)
        reply.meta["completion_start_time"] = self.first_chunk_at or None
        return reply

    def partial_message(self, audio_format: str | None = None) -> ChatMessage | None:
        """
        Build the reply of a stream that failed.

        :param audio_format: The `audio.format` that was requested.
        :returns: The reply as far as it has come, or None if no chunk was handed out.
        """
        return self.message(audio_format) if self.first_chunk_at else None

    def _take_top(self, event: dict[str, Any]) -> None:
        """
        Note the fields beside the choices.
        """
        if event.get("error"):
            raise OpenRouterStreamError.from_event(event)
        self._top = event
        self._completion.update({name: value for name, value in event.items() if value is not None})
        self._meta.update({name: self._completion.get(name) for name in ("model", "id", "provider")})

    def _take_whole(self, event: dict[str, Any], choice: dict[str, Any]) -> Any:
        """
        Note a completion that came in place of a stream: unless more follows, its message is not joined with anything.

        :returns: A delta with all of the message.
        """
        if not choice.get("message"):
            return {}
        is_first = "index" not in self._choice
        self._whole = copy.deepcopy({**event, "choices": [choice]}) if is_first else None
        return with_numbered_calls(choice.pop("message"))

    def _take_choice(self, choice: dict[str, Any], extra: dict[str, Any]) -> str | None:
        """
        Note the fields beside the delta.

        :returns: The finish reason, if it is the first.
        """
        own, finish_reason = self._choice, choice.get("finish_reason") or None
        if choice.get("error") or finish_reason == "error":
            raise OpenRouterStreamError.from_event({"choices": [choice]})
        index = self._meta["index"] = choice.get("index") or 0
        if own.setdefault("index", index) != index:
            msg = "The stream holds several choices, which can't be told apart in one reply"
            raise OpenRouterStreamError(msg, retryable=False)
        if logprobs := choice.get("logprobs"):
            extra["logprobs"] = logprobs
            self._logprobs.add("logprobs", logprobs)
        elif finish_reason is None:
            self._plain_choice = choice  # most choices are like it
        if own.get("finish_reason"):
            finish_reason = None
        for name, value in choice.items():
            if value is not None and own.get(name) in (None, "") and name != "logprobs":
                own[name] = value
        return finish_reason

    def _take_delta(self, delta: dict[str, Any], extra: dict[str, Any]) -> list[_Payload]:
        """
        Find the payloads of a delta: reasoning, text, then tool calls. What else it holds goes into `extra`.
        """
        content = delta.get("content")
        if type(content) is str and _PLAIN_DELTA.issuperset(delta):
            return [self._text_payload(content)] if content else []
        payloads: list[_Payload] = []
        reasoning, details = delta.get("reasoning") or delta.get("reasoning_content"), delta.get("reasoning_details")
        if reasoning or details:
            payloads += self._reasoning_payloads(reasoning, details)
        if content:
            payloads += self._content_payloads(content)
        if calls := delta.get("tool_calls"):
            payloads += self._tool_call_payloads(calls)
        if not _PAYLOAD_FIELDS.issuperset(delta):
            for name in delta.keys() - _PAYLOAD_FIELDS:
                payloads += self._other_payloads(name, delta[name], extra)
        return payloads

    def _text_payload(self, text: str) -> _Payload:
        self._text.write(text)
        blocks = self._blocks
        if blocks.kind is TEXT:
            return text, blocks.index, None, False, None
        if type(blocks.kind) is ToolCallFragments and text.isspace():
            return text, None, None, False, None
        index, start = blocks.place(TEXT)
        return text, index, None, start, None

    def _content_payloads(self, content: object) -> list[_Payload]:
        text = content_text(content)
        if not isinstance(content, str):
            self._content_parts += content if isinstance(content, list) else [content]
        return [self._text_payload(text)] if text else []

    def _reasoning_payloads(self, reasoning: object, details: object) -> list[_Payload]:
        fragments = details if isinstance(details, list) else []
        for fragment in fragments:
            self._details.add(fragment)
        text = reasoning if isinstance(reasoning, str) and reasoning else reasoning_text(fragments)
        if not text and not any(map(carries_something, fragments)):
            return []
        self._reasoning.write(text)
        index, start = self._blocks.place(REASONING)
        extra = {"reasoning_details": fragments} if fragments else {}
        return [("", index, None, start, ReasoningContent(text, extra))]

    def _tool_call_payloads(self, entries: object) -> list[_Payload]:
        payloads: list[_Payload] = []
        for sent in entries if isinstance(entries, list) else [entries]:
            entry = sent if type(sent) is dict else {"function": {"arguments": sent}}
            function = entry.get("function")
            function = function if type(function) is dict else {}
            call = self._calls.call_of(entry, function)
            call_id, name, arguments = call.add(entry, function)
            if call_id or name or arguments:
                index, start = self._blocks.place(call)
                delta = ToolCallDelta(call.number, name, arguments, call_id)
                payloads.append(("", index, [delta], start, None))
        return payloads

    def _other_payloads(self, name: str, value: Any, extra: dict[str, Any]) -> list[_Payload]:
        """
        Note a field that is no payload of a chunk. The transcript of audio is the text as long as there is no other.
        """
        if value is None:
            return []
        if value or value == 0:
            extra[name] = value
        if name != "audio" or not isinstance(value, dict):
            self._fields.add(name, value)
            return []
        self._audio.add(value)
        transcript = value.get("transcript")
        if self._text.tell() != self._end_of_transcript or not isinstance(transcript, str) or not transcript:
            return []
        payload = self._text_payload(transcript)
        self._end_of_transcript = self._text.tell()
        return [payload]

    def _chunk(
        self, payload: _Payload, extra: dict[str, Any] | None = None, finish_reason: Any = None, usage: Any = None
    ) -> StreamingChunk:
        self.first_chunk_at = self.first_chunk_at or self._now
        meta = self._meta.copy()
        meta["received_at"] = self._now
        if usage or finish_reason is not None:
            meta["usage"], meta["finish_reason"] = usage, finish_reason
        if extra:
            meta = {**extra, **meta}
        if finish_reason is not None:
            finish_reason = _CHUNK_FINISH_REASONS.get(str(finish_reason), finish_reason)
        content, index, calls, start, reasoning = payload
        # by position: names cost half a microsecond
        return StreamingChunk(content, meta, self._component_info, index, calls, None, start, finish_reason, reasoning)
