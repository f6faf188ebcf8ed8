# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns the deltas of a stream into payloads of chunks at once and into one message at the end.

This runs for every token.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

from haystack.dataclasses import ReasoningContent, ToolCallDelta

from haystack_integrations.components.generators.openrouter.chat.reply import content_text, reasoning_text
from haystack_integrations.components.generators.openrouter.chat.stream.blocks import REASONING, TEXT, Blocks
from haystack_integrations.components.generators.openrouter.chat.stream.other_fields import AudioFragments, Fields
from haystack_integrations.components.generators.openrouter.chat.stream.reasoning_details import (
    ReasoningDetails,
    carries_something,
)
from haystack_integrations.components.generators.openrouter.chat.stream.tool_calls import ToolCallFragments, ToolCalls

_PLAIN_DELTA = {"role", "content"}
_PAYLOAD_FIELDS = {"role", "content", "reasoning", "reasoning_content", "reasoning_details", "tool_calls"}

# content, index, tool_calls, start and reasoning of a StreamingChunk
Payload = tuple[str, int | None, list[ToolCallDelta] | None, bool, ReasoningContent | None]


class StreamedMessage:
    """
    Joins the deltas of one message.

    Content blocks are numbered from 0. A block is a run of one kind; each tool call is a block of its own.
    """

    def __init__(self) -> None:
        self._text, self._reasoning = StringIO(), StringIO()
        self._end_of_transcript = 0
        self._other_parts: list[Any] = []
        self._details, self._calls = ReasoningDetails(), ToolCalls()
        self._audio, self._other_fields = AudioFragments(), Fields()
        self._blocks = Blocks()

    def add(self, delta: dict[str, Any], extra: dict[str, Any]) -> list[Payload]:
        """
        Take the next delta.

        :param delta: The delta.
        :param extra: Gets the fields that are not a payload of a chunk.
        :returns: The payloads: reasoning, text, then tool calls.
        """
        content = delta.get("content")
        if type(content) is str and _PLAIN_DELTA.issuperset(delta):
            return [self._text_payload(content)] if content else []
        payloads: list[Payload] = []
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

    def joined(self) -> dict[str, Any]:
        """
        Join everything that came.

        :returns: The message, as a request without streaming returns it. Fields that did not come are empty.
        """
        text = self._text.getvalue()
        return {
            "role": "assistant",
            "content": [{"type": "text", "text": text}, *self._other_parts] if self._other_parts else text,
            "audio": self._audio.joined(),
            "reasoning": self._reasoning.getvalue(),
            "reasoning_details": self._details.joined(),
            "tool_calls": [call.joined() for call in self._calls.calls],
            **self._other_fields.joined(),
        }

    def _text_payload(self, text: str) -> Payload:
        self._text.write(text)
        blocks = self._blocks
        if blocks.kind is TEXT:
            return text, blocks.index, None, False, None
        if type(blocks.kind) is ToolCallFragments and text.isspace():
            return text, None, None, False, None
        index, start = blocks.place(TEXT)
        return text, index, None, start, None

    def _content_payloads(self, content: object) -> list[Payload]:
        text = content_text(content)
        if not isinstance(content, str):
            parts = content if isinstance(content, list) else [content]
            self._other_parts += [part for part in parts if not content_text([part])]
        return [self._text_payload(text)] if text else []

    def _reasoning_payloads(self, reasoning: object, details: object) -> list[Payload]:
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

    def _tool_call_payloads(self, entries: object) -> list[Payload]:
        payloads: list[Payload] = []
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

    def _other_payloads(self, name: str, value: Any, extra: dict[str, Any]) -> list[Payload]:
        """
        Note a field that is not a payload of a chunk. The transcript of audio is the text if there is no other.
        """
        if value is None:
            return []
        if value or value == 0:
            extra[name] = value
        if name != "audio" or not isinstance(value, dict):
            self._other_fields.add(name, value)
            return []
        self._audio.add(value)
        transcript = value.get("transcript")
        if self._text.tell() != self._end_of_transcript or not isinstance(transcript, str) or not transcript:
            return []
        payload = self._text_payload(transcript)
        self._end_of_transcript = self._text.tell()
        return [payload]
