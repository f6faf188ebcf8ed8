# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Responses that no document describes and that came, or may come, all the same."""

import itertools
import json
import time
from io import StringIO
from typing import Any

import pytest
from conftest import Mode
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_in import StandIn
from test_properties import json_values
from wire import answer, call, comparable, completion, events, folded

from haystack_integrations.components.generators.openrouter.chat.reply import chat_messages
from haystack_integrations.components.generators.openrouter.chat.stream.chunks import StreamedReply
from haystack_integrations.components.generators.openrouter.chat.stream.growing_json import GrowingObject

FAST = settings(max_examples=200, deadline=None)


def streamed_calls(*entries: dict[str, Any]) -> list[tuple[Any, ...]]:
    reply, _ = folded(events(*({"content": None, "tool_calls": [entry]} for entry in entries)))
    return [(c.tool_name, c.arguments) for c in reply.tool_calls]


class TestToolCallFragments:
    @pytest.mark.parametrize("place", [{"index": 0}, {}])
    def test_two_calls_of_one_function_without_ids(self, place):
        sent = [call("f", '{"a": "}"', None, **place), {**place, "function": {"arguments": "}"}}]
        sent += [call("f", '{"a":', None, **place), {**place, "function": {"name": "f", "arguments": " 2}"}}]
        assert streamed_calls(*sent) == [("f", {"a": "}"}), ("f", {"a": 2})]

    def test_two_calls_of_one_function_with_objects_as_arguments(self):
        assert streamed_calls(*(call("f", {"a": n}, None, index=0) for n in (1, 2))) == [
            ("f", {"a": 1}),
            ("f", {"a": 2}),
        ]

    @pytest.mark.parametrize("rest", ["", " \n", None])
    def test_a_name_that_comes_once_more_is_not_a_call(self, rest):
        assert streamed_calls(*(call("f", text, None, index=0) for text in ('{"a": 1}', rest))) == [("f", {"a": 1})]

    @pytest.mark.parametrize("piece", ["}", " "])
    def test_repeated_names_without_an_index_are_joined_in_linear_time(self, piece):
        reply, start = StreamedReply(), time.process_time()
        for arguments in ['{"a": "', *[piece] * 20_000]:
            reply.chunks({"choices": [{"index": 0, "delta": {"tool_calls": [call("f", arguments, None)]}}]})
        (joined,) = reply.completion()["choices"][0]["message"]["tool_calls"]
        assert joined["function"]["arguments"] == '{"a": "' + piece * 20_000
        assert time.process_time() - start < 5  # half a second; half a minute if all is read again each time

    @FAST
    @given(
        text=st.builds(json.dumps, st.dictionaries(st.text(max_size=3), st.text(max_size=5), max_size=3))
        | st.text(alphabet='{}[]"\\ a:1,', max_size=12),
        rest=st.text(alphabet='{}" \n', max_size=3),
        cuts=st.lists(st.integers(0, 40), max_size=8),
    )
    def test_an_object_is_complete_when_json_says_so(self, text, rest, cuts):
        text += rest
        places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
        pieces = StringIO()
        growing = GrowingObject(pieces)
        for start, end in itertools.pairwise(places):
            pieces.write(text[start:end])
            try:
                expected = isinstance(json.loads(text[:end]), dict)
            except ValueError:
                expected = False
            assert growing.is_complete() == expected


def detail(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "text": text, "index": 0, **more}


DELTAS = {
    "a transcript before text": (
        {"content": "Text.", "audio": {"id": "a", "transcript": "Said", "data": "QUJD"}},
        [{"audio": {"id": "a", "transcript": "Said"}}, {"content": "Text."}, {"audio": {"data": "QUJD"}}],
    ),
    "a transcript around text": (
        {"content": "Text.", "audio": {"transcript": "Said", "data": "QUJD"}},
        [{"audio": {"transcript": "Sa"}}, {"content": "Text."}, {"audio": {"transcript": "id", "data": "QUJD"}}],
    ),
    "reasoning before its details": (
        {"content": "a", "reasoning": "Hmmm", "reasoning_details": [detail("Hmmm", signature="s")]},
        [
            {"reasoning": "Hm"},
            {"reasoning": "mm"},
            {"reasoning_details": [detail("Hmmm")]},
            {"reasoning_details": [{**detail(""), "signature": "s"}]},
            {"content": "a"},
        ],
    ),
    "reasoning after its details": (
        {"content": "a", "reasoning": "Hmmm", "reasoning_details": [detail("Hmmm")]},
        [
            {"reasoning_details": [detail("H")]},
            {"reasoning_details": [detail("mmm")]},
            {"reasoning": "Hm"},
            {"reasoning": "mm"},
            {"content": "a"},
        ],
    ),
    "reasoning beside its details": (
        {"content": "a", "reasoning": "Hmmm", "reasoning_details": [detail("Hmmm")]},
        [piece for text in ("Hm", "mm") for piece in ({"reasoning": text}, {"reasoning_details": [detail(text)]})]
        + [{"content": "a"}],
    ),
}


class TestStreamedEqualsNotStreamed:
    @pytest.mark.parametrize("name", DELTAS)
    def test_where_fields_come_apart(self, mode: Mode, stand_in: StandIn, name):
        message, deltas = DELTAS[name]
        stand_in.script(answer(mode, message, *deltas))
        assert comparable(mode()) == comparable(chat_messages(completion(message))[0])
        if mode.streams and "reasoning" in name:
            assert "".join(chunk.reasoning.reasoning_text for chunk in mode.chunks if chunk.reasoning) == "Hmmm"
        if mode.streams and "transcript" in name:
            assert mode.chunks[0].content == message["audio"]["transcript"][: len(mode.chunks[0].content)]

    @FAST
    @given(
        message=st.dictionaries(
            st.sampled_from(
                ["content", "reasoning", "images", "audio", "annotations", "refusal", "new", "index", "id"]
            ),
            json_values | st.text(max_size=3),
            max_size=3,
        ),
        details=st.lists(json_values, max_size=1) | json_values.filter(lambda value: not isinstance(value, list)),
    )
    def test_odd_fields(self, message, details):
        message = {"content": None, **message, "reasoning_details": details}
        whole, (streamed, _) = chat_messages(completion(message))[0], folded(events(message))
        assert comparable(whole) == comparable(streamed)
