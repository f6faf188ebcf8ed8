# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns the deltas of a stream into payloads of chunks at once and into one message at the end.

This runs for every token.
"""

from io import StringIO
from typing import Any

from haystack.dataclasses import ReasoningContent, ToolCallDelta

from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.components.generators.openrouter.chat._fields import (
    content_text,
    listed,
    mapping,
    other_parts,
    reasoning_text,
    string,
    thinking_text,
)
from haystack_integrations.components.generators.openrouter.chat._stream.fragments import (
    FieldFragments,
    ObjectFragments,
    ReasoningDetails,
    ReasoningText,
    carries_something,
)
from haystack_integrations.components.generators.openrouter.chat._stream.tool_calls import ToolCallFragments, ToolCalls

_PLAIN_DELTA = {"role", "content"}
_REASONING_FIELDS = {"reasoning", "reasoning_content", "reasoning_details"}
_PAYLOAD_FIELDS = {"role", "content", "tool_calls", *_REASONING_FIELDS}

_TEXT, _REASONING = "text", "reasoning"

# content, index, tool_calls, start and reasoning of a StreamingChunk
Payload = tuple[str, int | None, list[ToolCallDelta] | None, bool, ReasoningContent | None]


class StreamedMessage:
    """
    Joins the deltas of one message.
    """

    def __init__(self) -> None:
        self._text, self._reasoning = StringIO(), ReasoningText()
        self._other_parts: list[Any] = []
        self._details, self._calls = ReasoningDetails(), ToolCalls()
        self._audio, self._other_fields = ObjectFragments(), FieldFragments()
        self._blocks = _ContentBlocks()

    def add(self, delta: dict[str, Any], extra: dict[str, Any]) -> list[Payload]:
        """
        Turn a delta into payloads: reasoning, text, then tool calls. `extra` gets the fields that are none.
        """
        content = delta.get("content")
        if type(content) is str and _PLAIN_DELTA.issuperset(delta):
            self._text.write(content)
            return [self._text_payload(content)] if content else []
        payloads: list[Payload] = []
        thinking = thinking_text(content) if content and type(content) is not str else ""
        if thinking or not _REASONING_FIELDS.isdisjoint(delta):
            payloads += self._reasoning_payloads(delta, thinking)
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
        Join everything that came to a message without streaming. Fields that did not come are empty.
        """
        text = self._text.getvalue()
        message = {
            "role": "assistant",
            "content": [{"type": "text", "text": text}, *self._other_parts] if self._other_parts else text,
            "audio": self._audio.joined(),
            "reasoning": self._reasoning.joined(),
            "reasoning_details": self._details.joined(),
            "tool_calls": [call.joined() for call in self._calls.calls],
        }
        # a field of an unexpected type stays, unless it came in the expected one too
        return message | {n: value for n, value in self._other_fields.joined().items() if not message.get(n)}

    def _text_payload(self, text: str) -> Payload:
        blocks = self._blocks
        if blocks.kind is _TEXT:
            return text, blocks.index, None, False, None
        if type(blocks.kind) is ToolCallFragments and text.isspace():
            return text, None, None, False, None
        index, start = blocks.place(_TEXT)
        return text, index, None, start, None

    def _content_payloads(self, content: object) -> list[Payload]:
        text = content_text(content)
        self._text.write(text)
        if not isinstance(content, str):
            self._other_parts += other_parts(plain_json(content))
        return [self._text_payload(text)] if text else []

    def _reasoning_payloads(self, delta: dict[str, Any], thinking: str) -> list[Payload]:
        text, details = delta.get("reasoning"), delta.get("reasoning_details") or []
        texts = [("reasoning", text)] if text else []
        if type(text) is not str or "reasoning_content" in delta:
            texts = self._reasoning_of(delta)
        if not isinstance(details, list):
            details = listed(plain_json(details))
        for fragment in details:
            self._details.add(fragment)
        if thinking:
            texts.append(("content", thinking))
        if details and (repeated := reasoning_text(details)):
            texts.append(("reasoning_details", repeated))
        text = self._reasoning.add(texts)
        if not text and not any(map(carries_something, details)):
            return []
        index, start = self._blocks.place(_REASONING)
        extra = {"reasoning_details": details} if details else {}
        return [("", index, None, start, ReasoningContent(text, extra))]

    def _reasoning_of(self, delta: dict[str, Any]) -> list[tuple[str, str]]:
        """
        Read `reasoning` and its alias, and keep the one that does not count.
        """
        given: dict[str, Any] = {name: delta.get(name) for name in ("reasoning", "reasoning_content")}
        chosen = next((name for name, value in given.items() if string(value)), "")
        for name, value in given.items():
            if name != chosen:
                self._other_fields.add(name, value)
        return [(name, value) for name, value in given.items() if string(value)]

    def _tool_call_payloads(self, entries: object) -> list[Payload]:
        payloads: list[Payload] = []
        for sent in listed(entries):
            entry = sent if type(sent) is dict else {"function": {"arguments": sent}}
            function = mapping(entry.get("function"))
            call = self._calls.call_of(entry, function)
            call_id, name, arguments = call.add(entry, function)
            if call_id or name or arguments:
                index, start = self._blocks.place(call)
                if start:  # they may have come with a fragment that seemed to repeat the call before
                    call_id, name = call.id or None, call.name or None
                delta = ToolCallDelta(call.number, name, arguments, call_id)
                payloads.append(("", index, [delta], start, None))
        return payloads

    def _other_payloads(self, name: str, value: Any, extra: dict[str, Any]) -> list[Payload]:
        """
        Note a field that is not a payload of a chunk. A refusal and a transcript are shown until there is text.
        """
        if value not in (None, "", [], {}):
            extra[name] = plain_json(value)
        if name == "audio" and isinstance(value, dict):
            self._audio.add(value)
            text = string(value.get("transcript"))
        else:
            self._other_fields.add(name, value)
            text = string(value) if name == "refusal" else ""
        return [self._text_payload(text)] if text and not self._text.tell() else []


class _ContentBlocks:
    """
    Numbers content blocks from 0. A block is a run of payloads of one kind; each tool call is a block of its own.
    """

    def __init__(self) -> None:
        self.kind: object = None
        """What the last payload was: _TEXT, _REASONING or a `ToolCallFragments`."""
        self.index = 0
        """The number of the last payload's block."""
        self._next = 0

    def place(self, kind: object) -> tuple[int, bool]:
        """
        Find or begin the block of the next payload, and say whether this is its first.
        """
        if kind is self.kind:
            return self.index, False
        self.kind = kind
        if type(kind) is ToolCallFragments and kind.block is not None:  # interleaved calls
            self.index = kind.block
            return self.index, False
        self.index = self._next
        self._next += 1
        if type(kind) is ToolCallFragments:
            kind.block = self.index
        return self.index, True
