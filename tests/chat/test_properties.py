# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Wide input spaces: TCP segments, fragments, odd JSON, and joins that take linear time."""

import copy
import itertools
import json
import time
from typing import Any

import openai
import pytest
from haystack.dataclasses import ChatMessage
from hypothesis import given
from hypothesis import strategies as st
from modes import Mode
from stand_in import Answer, StandIn
from strategies import FAST, SLOW, json_objects, json_values
from wire import BYTES, DELTAS, DETAIL, TOP, call, chunk_list, comparable, completion, event, events, folded, pieces

from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.common.openrouter._wire.responses import decode_json, decode_plain
from haystack_integrations.components.generators.openrouter.chat._endpoint import completion_dict
from haystack_integrations.components.generators.openrouter.chat._reply import chat_messages
from haystack_integrations.components.generators.openrouter.chat._stream.chunks import StreamedReply
from haystack_integrations.components.generators.openrouter.chat._stream.fragments import ReasoningDetails

optional_texts = st.sampled_from(["", "a", None])
DETAIL_FRAGMENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["reasoning.text", "other"])},
    optional=dict.fromkeys(("text", "summary", "signature", "format"), optional_texts),
)


short = st.text("ab", max_size=3)
REASONING_DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "reasoning": short | st.none(),
        "reasoning_content": short | st.integers(0, 1),
        "reasoning_details": st.lists(
            st.builds(lambda text, place: {**DETAIL, "text": text, "index": place}, short, st.integers(0, 1)),
            max_size=2,
        ),
        "content": st.lists(
            st.builds(lambda text: {"type": "thinking", "thinking": [{"type": "text", "text": text}]}, short),
            max_size=2,
        ),
    },
)


class TestSegments:
    @SLOW
    @given(cuts=st.lists(st.integers(1, len(BYTES)), max_size=30))
    def test_any_split_gives_the_same_chunks_and_reply(self, streaming: Mode, stand_in: StandIn, cuts):
        places = sorted({*cuts, 0, len(BYTES)})
        segments = [BYTES[a:b] for a, b in itertools.pairwise(places)]
        stand_in.script(Answer.sse([*segments, b"data: [DONE]\n\n"], done=False))
        generator = self.generators.setdefault(streaming.name + streaming.url, streaming.generator())
        (reply,) = streaming.run(generator)
        expected, chunks = folded(events(*DELTAS))
        assert comparable(reply) == comparable(expected)
        assert [c["content"] for c in chunk_list(streaming.chunks)] == [c["content"] for c in chunk_list(chunks)]
        assert [(c.index, c.start, c.tool_calls) for c in streaming.chunks] == [
            (c.index, c.start, c.tool_calls) for c in chunks
        ]

    generators: dict[str, Any] = {}


class TestFragments:
    @FAST
    @given(text=st.text(min_size=1), cuts=st.lists(st.integers(0, 50)), other=st.text(max_size=5))
    def test_reasoning_details(self, text, cuts, other):
        sent = [{"reasoning_details": [{**DETAIL, "text": piece}]} for piece in pieces(text, cuts)]
        sent += [{"reasoning_details": [{**DETAIL, "signature": "s"}]}]
        sent += [{"reasoning_details": [{"type": "reasoning.encrypted", "data": other, "index": 0, "id": "e"}]}]
        reply, chunks = folded(events(*sent))
        assert reply.reasoning.reasoning_text == text
        assert reply.reasoning.extra["reasoning_details"] == [
            {**DETAIL, "text": text, "signature": "s"},
            {"type": "reasoning.encrypted", "data": other, "index": 0, "id": "e"},
        ]
        assert "".join(c.reasoning.reasoning_text for c in chunks if c.reasoning) == text

    @FAST
    @given(sent=st.lists(REASONING_DELTAS, max_size=8))
    def test_the_reasoning_shown_is_that_of_the_reply(self, sent):
        reply, chunks = folded(events(*copy.deepcopy(sent)))
        shown = "".join(chunk.reasoning.reasoning_text for chunk in chunks if chunk.reasoning)
        assert (reply.reasoning.reasoning_text if reply.reasoning else "") == shown
        if len(sent) == 1:
            (whole,) = chat_messages(completion_dict(completion({"content": None, **sent[0]})))
            assert (whole.reasoning.reasoning_text if whole.reasoning else "") == shown

    @FAST
    @given(st.data())
    def test_the_same_reasoning_in_several_fields_is_shown_once(self, data):
        text = data.draw(st.text("ab", min_size=1, max_size=12))
        cuts = st.lists(st.integers(0, len(text)), max_size=4)
        fields = ("reasoning", "reasoning_content", "reasoning_details")
        left = {name: pieces(text, data.draw(cuts)) for name in fields}
        deltas = []
        for name in data.draw(st.permutations([field for field in fields for _ in left[field]])):
            piece = left[name].pop(0)
            deltas.append({name: [{**DETAIL, "text": piece}] if name == "reasoning_details" else piece})
        reply, chunks = folded(events(*deltas))
        assert reply.reasoning.reasoning_text == text
        assert "".join(chunk.reasoning.reasoning_text for chunk in chunks if chunk.reasoning) == text

    @FAST
    @given(st.data())
    def test_interleaved_entries_are_never_joined(self, data):
        whole = {"a": ("reasoning.text", 0), "b": ("reasoning.summary", 0), "c": ("reasoning.text", 1)}
        queue = [(name, str(n)) for name in whole for n in range(data.draw(st.integers(1, 4)))]
        order = data.draw(st.permutations(queue))
        sent = []
        for name, piece in order:
            kind, index = whole[name]
            field = "summary" if kind == "reasoning.summary" else "text"
            sent.append({"reasoning_details": [{"type": kind, "index": index, "id": name, field: piece}]})
        merged = folded(events(*sent))[0].reasoning.extra["reasoning_details"]
        assert len(merged) == 3
        for entry in merged:
            expected = "".join(piece for name, piece in order if name == entry["id"])
            assert (entry.get("text") or entry.get("summary")) == expected

    @FAST
    @given(fragments=st.lists(DETAIL_FRAGMENTS, max_size=12))
    def test_odd_reasoning_details_follow_the_contract(self, fragments):
        expected: list[dict[str, Any]] = []
        for fragment in fragments:
            known = [entry for entry in expected if entry["type"] == fragment["type"]]
            if not known or (known[-1].get("signature") and (fragment.get("text") or fragment.get("summary"))):
                known = [{}]
                expected += known
            entry = known[-1]
            for name, value in fragment.items():
                if name in ("text", "summary") and value is not None:
                    entry[name] = (entry.get(name) or "") + value
                elif entry.get(name) is None or (entry[name] == "" and value is not None):
                    entry[name] = value
        details = ReasoningDetails()
        for fragment in fragments:
            details.add(fragment)
        assert details.joined() == expected

    @FAST
    @given(
        arguments=st.dictionaries(st.text(max_size=4), st.text(max_size=6) | st.integers(), max_size=3),
        cuts=st.lists(st.integers(0, 60)),
        has_index=st.booleans(),
        repeats_name=st.booleans(),
    )
    def test_tool_arguments(self, arguments, cuts, has_index, repeats_name):
        place = {"index": 0} if has_index else {}
        name = {"name": "f"} if repeats_name and has_index else {}
        text = json.dumps(arguments)
        sent = [{"tool_calls": [call("f", "", "call_1", **place)]}]
        sent += [
            {"tool_calls": [{**place, "id": "", "function": {**name, "arguments": p}}]} for p in pieces(text, cuts)
        ]
        (only,) = folded(events(*sent))[0].tool_calls
        assert (only.id, only.tool_name, only.arguments) == ("call_1", "f", arguments)

    def test_interleaved_entries_at_one_place_with_ids(self):
        sent = [{"reasoning_details": [{**DETAIL, "id": i, "text": text}]} for i, text in ("a1", "b2", "a3", "b4")]
        merged = folded(events(*sent))[0].reasoning.extra["reasoning_details"]
        assert [(d["id"], d["text"]) for d in merged] == [("a", "13"), ("b", "24")]

    @pytest.mark.parametrize(("first", "second"), [({}, {"id": "a"}), ({"id": "a"}, {})])
    def test_an_entry_may_have_its_id_in_some_fragments_only(self, first, second):
        sent = [{"reasoning_details": [{**DETAIL, **own, "text": text}]} for own, text in ((first, "1"), (second, "2"))]
        merged = folded(events(*sent))[0].reasoning.extra["reasoning_details"]
        assert merged == [{**DETAIL, "text": "12", "id": "a"}]

    def test_two_signed_entries_at_one_index(self):
        sent = [
            {"reasoning_details": [{**DETAIL, **part}]}
            for part in ({"text": "A"}, {"signature": "1"}, {"text": "B"}, {"signature": "2"})
        ]
        merged = folded(events(*sent))[0].reasoning.extra["reasoning_details"]
        assert [(d["text"], d["signature"]) for d in merged] == [("A", "1"), ("B", "2")]


class TestOddJson:
    @SLOW
    @given(body=json_objects)
    def test_as_a_response(self, pair: Mode, stand_in: StandIn, body):
        self.give_a_reply_or_an_openai_error(pair, stand_in, Answer.json(body))

    @SLOW
    @given(message=json_objects, choice=json_objects, top=json_objects)
    def test_inside_a_response(self, pair: Mode, stand_in: StandIn, message, choice, top):
        body = {**top, "choices": [{**choice, "message": message}]}
        self.give_a_reply_or_an_openai_error(pair, stand_in, Answer.json(body))

    @SLOW
    @given(sent=st.lists(json_objects, min_size=1, max_size=3), deltas=st.lists(json_objects, max_size=3))
    def test_as_events(self, streaming: Mode, stand_in: StandIn, sent, deltas):
        wrapped = [{**TOP, "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        self.give_a_reply_or_an_openai_error(streaming, stand_in, Answer.sse([*wrapped, *sent, event({}, "stop")]))

    @FAST
    @given(message=json_objects, top=json_objects)
    def test_replies_survive_json(self, message, top):
        body = json.loads(json.dumps({**top, "choices": [{"message": message}], "error": None}))
        (reply,) = chat_messages(completion_dict(body))
        assert ChatMessage.from_dict(json.loads(json.dumps(reply.to_dict()))) == reply

    def give_a_reply_or_an_openai_error(self, mode: Mode, stand_in: StandIn, answer: Answer) -> None:
        stand_in.script(answer)
        generator = TestSegments.generators.setdefault(mode.name + mode.url, mode.generator())
        try:
            replies = mode.run(generator)
        except openai.OpenAIError:
            return
        json.dumps([chunk.to_dict() for chunk in mode.chunks])
        json.dumps([part.meta for part in (*replies, *mode.chunks)], allow_nan=False)
        for reply in replies:
            assert mode.run(generator, [ChatMessage.from_user("hi"), reply, ChatMessage.from_user("Go on")])


@pytest.mark.parametrize("field", ["reasoning_details", "tool_calls"])
def test_joins_are_linear(field):
    text, count = "abcd" * 500, 5_000
    fragments = {
        "reasoning_details": {"type": "reasoning.text", "index": 0, "text": text},
        "tool_calls": {"index": 0, "function": {"name": "f", "arguments": text}},
    }
    reply, started = StreamedReply(), time.process_time()
    for _ in range(count):
        reply.chunks({"choices": [{"index": 0, "delta": {field: [fragments[field]]}}]})
    message = reply.completion()["choices"][0]["message"]
    joined = message[field][0]["text"] if field == "reasoning_details" else message[field][0]["function"]["arguments"]
    assert joined == text * count
    assert time.process_time() - started < 1.5  # joined at every fragment, this would copy 25 GB


class TestDecoding:
    @FAST
    @given(json_values, st.booleans(), st.sampled_from(["", "1e400", "-1E+999", "1" + "0" * 400, "NaN", "-Infinity"]))
    def test_what_is_decoded_at_once_is_what_is_decoded_and_made_plain(self, value, escaped, number):
        text = json.dumps([value, 0], ensure_ascii=escaped)
        text = f"{text[:-2]}{number}]" if number else text
        data = text.encode(errors="surrogatepass")
        for one in (data, text):
            expected = plain_json(decode_json(one))
            assert decode_plain(one) == expected
            json.dumps(expected, allow_nan=False).encode()
