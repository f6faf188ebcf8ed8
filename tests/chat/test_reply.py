# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What arrives: every row of the reply contract and of the chunk contract."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage, ReasoningContent, StreamingChunk
from modes import Mode
from stand_in import Answer, StandIn
from wire import USAGE, answer, call, comparable, completion, event, events, folded

from haystack_integrations.components.generators.openrouter.chat._fields import tool_arguments
from haystack_integrations.components.generators.openrouter.chat._reply import chat_messages, warn_of_flaws
from haystack_integrations.components.generators.openrouter.chat._request.messages import wire_messages
from haystack_integrations.components.generators.openrouter.chat._request.reasoning import Readers
from haystack_integrations.components.generators.openrouter.chat._stream.chunks import StreamedReply

PNG = "data:image/png;base64,iVBORw0KGgo="


def plain_reply(message: dict[str, Any], finish_reason: str = "stop") -> ChatMessage:
    return chat_messages(completion(message, finish_reason))[0]


class TestFields:
    def test_every_field_that_is_not_null_is_in_meta(self, pair: Mode, stand_in: StandIn):
        more = {"service_tier": "default", "system_fingerprint": "fp", "openrouter_metadata": {"attempt": 1}, "new": 0}
        choice = {"native_finish_reason": "end_turn", "stop_sequence": "END", "empty": None}
        message = {"content": "Hi", "annotations": [{"type": "url_citation"}], "phase": "final", "flag": False}
        stand_in.script(answer(pair, message, choice=choice, **more))
        meta = pair().meta
        expected = {**more, "created": 1760000000, "native_finish_reason": "end_turn", "stop_sequence": "END"}
        expected |= {"annotations": [{"type": "url_citation"}], "phase": "final", "flag": False}
        assert {name: meta.get(name) for name in expected} == expected
        assert "empty" not in meta

    def test_empty_citations_refusals_and_logprobs_are_nothing(self, pair: Mode, stand_in: StandIn):
        stand_in.script(
            answer(pair, {"content": "Hi", "annotations": [], "refusal": ""}, choice={"logprobs": {}, "new": []})
        )
        meta = pair().meta
        assert not {"annotations", "refusal", "logprobs"} & set(meta)
        assert meta["new"] == []

    def test_a_refusal_is_the_text_too(self, mode: Mode, stand_in: StandIn):
        stand_in.script(
            answer(mode, {"content": None, "refusal": "I won't."}, {"refusal": "I "}, {"refusal": "won't."})
        )
        reply = mode()
        assert (reply.text, reply.meta["refusal"]) == ("I won't.", "I won't.")
        if mode.streams:
            assert [chunk.content for chunk in mode.chunks if chunk.content] == ["I ", "won't."]
        mode([ChatMessage.from_user("hi"), reply, ChatMessage.from_user("more")])
        wire = stand_in.requests[1].body["messages"][1]
        assert wire == {"role": "assistant", "content": None, "refusal": "I won't."}

    def test_a_refusal_beside_text(self, mode: Mode, stand_in: StandIn):
        stand_in.script(answer(mode, {"content": "Part", "refusal": "Not all"}))
        assert mode().text == "Part"
        assert not mode.streams or "".join(chunk.content for chunk in mode.chunks) == "Part"

    @pytest.mark.parametrize(
        ("message", "reason", "told"),
        [
            ({"content": ""}, "stop", "Reply 0 has nothing in it: no text, tool call, image or audio (finish reason: 'stop')"),
            ({"content": None, "reasoning": "Hm"}, "stop", "Reply 0 has only reasoning: no text"),
            ({"content": ""}, "tool_calls", "nothing in it: no text, tool call, image or audio (finish reason: 'tool_calls')"),
            ({"content": "Calling."}, "tool_calls", 'has the finish reason "tool_calls", but no tool call'),
            ({"content": ""}, "length", "cut at the token limit"),
            ({"content": "", "images": [{"type": "image_url", "image_url": {"url": "https://x/y"}}]}, "stop", None),
            ({"content": None, "refusal": "No"}, "stop", None),
            ({"content": None, "tool_calls": [call("f", "{}", index=0)]}, "tool_calls", None),
            ({"content": None, "audio": {"data": "QUJD"}}, "stop", None),
        ],
    )  # fmt: skip
    def test_what_a_reply_lacks_is_warned_of(self, mode: Mode, stand_in: StandIn, caplog, message, reason, told):
        stand_in.script(answer(mode, message, finish_reason=reason))
        mode()
        assert [told in record.getMessage() for record in caplog.records] == ([] if told is None else [True])

    def test_usage_is_exactly_what_was_sent(self, pair: Mode, stand_in: StandIn):
        stand_in.script(answer(pair, {"content": "Hi"}))
        assert json.dumps(pair().meta["usage"], sort_keys=True) == json.dumps(USAGE, sort_keys=True)

    def test_haystacks_keys_are_always_there(self):
        (reply,) = chat_messages({"choices": [{"message": {"content": "Hi"}}]})
        assert reply.meta == {"model": None, "index": 0, "finish_reason": None, "usage": None}

    def test_one_name_at_two_levels(self):
        reply = plain_reply({"content": "Hi", "id": "msg_1", "provider": "Inner"})
        assert (reply.meta["id"], reply.meta["message.id"]) == ("gen-1", "msg_1")
        assert reply.meta["message.provider"] == "Inner"

    @pytest.mark.parametrize(
        "message",
        [
            {"content": "Hi"},
            {"content": None, "refusal": "No."},
            {
                "content": "Hi",
                "reasoning": "Hm",
                "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}],
            },
            {"content": None, "reasoning": "Only thoughts"},
            {"content": None, "reasoning_details": [{"type": "reasoning.summary", "summary": "Sum", "index": 0}]},
            {"content": None, "reasoning_details": [{"type": "reasoning.encrypted", "data": "abc", "id": "r1"}]},
            {"content": "", "images": [{"type": "image_url", "image_url": {"url": PNG}}]},
            {"content": "Hi", "images": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]},
            {"content": None, "tool_calls": [call("f", "{}", index=0), call("g", '{"a": 1}', "call_2", index=1)]},
            {"content": "Hi", "tool_calls": [call("f", "nonsense", index=0), call("g", "", "call_2", index=1)]},
            {"content": "Hi", "tool_calls": [call("f", "{}", None, index=0)]},
            {"content": "Hi", "annotations": [{"type": "file", "file": {"hash": "h"}}]},
            {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, {"type": "other", "x": 1}]},
            {"content": None, "audio": {"id": "a", "data": "QUJD", "transcript": "Said", "expires_at": 5}},
        ],
    )
    def test_streamed_equals_not_streamed(self, stand_in: StandIn, message):
        logprobs = {"content": [{"token": "Hi", "logprob": -0.5}], "refusal": None}
        replies = []
        for name in ("sync", "sync-stream", "async", "async-stream"):
            mode = Mode(name, stand_in.url)
            if mode.streams:
                sent = [event(message), event({}, "stop", choice={"logprobs": logprobs}), event({}, usage=dict(USAGE))]
                stand_in.script(Answer.sse(sent))
            else:
                stand_in.script(Answer.json(completion(message, choice={"logprobs": logprobs})))
            replies.append(comparable(mode()))
        assert replies[0] == replies[1] == replies[2] == replies[3]
        assert replies[0]["meta"]["logprobs"] == logprobs

    def test_streamed_logprobs_have_the_shape_of_others(self):
        tokens = [{"token": "a", "logprob": 0}, {"token": "b", "logprob": 0}]
        reply = StreamedReply()
        for token in tokens:
            reply.chunks(event({"content": token["token"]}, choice={"logprobs": {"content": [token], "refusal": None}}))
        assert reply.message().meta["logprobs"] == {"content": tokens, "refusal": None}

    def test_completion_start_time_has_a_time_zone(self, streaming: Mode):
        start = streaming().meta["completion_start_time"]
        assert start == streaming.chunks[0].meta["received_at"]
        assert start.endswith("+00:00")

    def test_chunks_tell_when_they_came(self, streaming: Mode):
        before = datetime.now(UTC) - timedelta(milliseconds=1)
        streaming()
        times = [datetime.fromisoformat(chunk.meta["received_at"]) for chunk in streaming.chunks]
        assert before <= times[0] <= times[-1] <= datetime.now(UTC)
        assert times == sorted(times)

    def test_a_completion_nested_under_provider(self, pair: Mode, stand_in: StandIn):
        body = {"id": None, "choices": None, "model": None, "provider": completion({"content": "Deep"})}
        stand_in.script(Answer.json(body))
        reply = pair()
        assert (reply.text, reply.meta["provider"], reply.meta["id"]) == ("Deep", "Groq", "gen-1")


class TestReasoning:
    def test_text_is_rebuilt_from_the_details(self):
        details = [
            {"type": "reasoning.text", "text": "A"},
            {"type": "reasoning.summary", "summary": "B"},
            {"type": "x"},
        ]
        reply = plain_reply({"content": "Hi", "reasoning": None, "reasoning_details": details})
        assert reply.reasoning.reasoning_text == "AB"
        assert reply.reasoning.extra == {"reasoning_details": details}

    def test_encrypted_details_alone_are_kept(self, pair: Mode, stand_in: StandIn):
        details = [{"type": "reasoning.encrypted", "data": "xyz", "index": 0}]
        stand_in.script(answer(pair, {"content": "Hi", "reasoning_details": details}))
        assert pair().reasoning == ReasoningContent("", {"reasoning_details": details})

    def test_the_alias(self):
        assert plain_reply({"content": "Hi", "reasoning_content": "Hm"}).reasoning == ReasoningContent("Hm", {})
        assert folded(events({"reasoning_content": "Hm"}))[0].reasoning.reasoning_text == "Hm"

    @pytest.mark.parametrize("message", [{"reasoning": ""}, {"reasoning": None, "reasoning_details": []}, {}])
    def test_none_when_there_is_none(self, message):
        assert plain_reply({"content": "Hi", **message}).reasoning is None

    def test_one_detail_where_a_list_should_be(self, pair: Mode, stand_in: StandIn):
        detail = {"type": "reasoning.text", "text": "Hm", "signature": "s"}
        stand_in.script(answer(pair, {"content": "Hi", "reasoning_details": detail}))
        reasoning = pair().reasoning
        assert (reasoning.reasoning_text, reasoning.extra) == ("Hm", {"reasoning_details": [detail]})

    @pytest.mark.parametrize("first", ["reasoning_details", "reasoning"])
    def test_other_text_in_the_other_field_is_shown_too(self, streaming: Mode, stand_in: StandIn, first):
        deltas = [
            {"reasoning_details": [{"type": "reasoning.text", "text": "Detailed thought", "index": 0}]},
            {"reasoning": "Some other thought"},
        ]
        stand_in.script(Answer.sse(events(*(deltas if first == "reasoning_details" else deltas[::-1]))))
        reply = streaming()
        shown = [chunk.reasoning.reasoning_text for chunk in streaming.chunks if chunk.reasoning]
        assert sorted(shown) == ["Detailed thought", "Some other thought"]
        assert reply.reasoning.reasoning_text == "".join(shown)

    def test_what_differs_in_one_delta_is_as_without_streaming(self, mode: Mode, stand_in: StandIn):
        message = {"reasoning": "A", "reasoning_content": "B", "reasoning_details": [{"type": "x", "text": "C"}]}
        stand_in.script(answer(mode, message))
        reply = mode()
        assert (reply.reasoning.reasoning_text, reply.meta["reasoning_content"]) == ("A", "B")

    def test_thinking_parts_of_mistral(self, mode: Mode, stand_in: StandIn):
        # https://docs.mistral.ai/studio-api/conversations/reasoning/native, and `ThinkChunk` in mistralai/client-ts:
        # `thinking` is a list of texts and references. A stream ends it with an empty one; text follows as a string.
        reference = {"type": "reference", "reference_ids": [1]}
        whole = [
            {
                "type": "thinking",
                "thinking": [{"type": "text", "text": "17 * 23"}, {"type": "text", "text": " is 391."}],
            },
            {"type": "thinking", "thinking": [reference], "closed": True},
            {"type": "text", "text": "It is 391."},
        ]
        deltas: list[Any] = [[{"type": "thinking", "thinking": [{"type": "text", "text": "17 * 23"}]}]]
        deltas += [[{"type": "thinking", "thinking": [{"type": "text", "text": " is 391."}, reference]}]]
        deltas += [[{"type": "thinking", "thinking": []}], "It ", [{"type": "text", "text": "is 391."}]]
        stand_in.script(answer(mode, {"content": whole}, *({"content": content} for content in deltas)))
        reply = mode()
        assert (reply.text, reply.reasoning) == ("It is 391.", ReasoningContent("17 * 23 is 391.", {}))
        assert reply.meta["content"] == [{"type": "thinking", "thinking": [reference]}]
        if mode.streams:
            assert [(c.index, c.start, c.content or c.reasoning.reasoning_text) for c in mode.chunks[:4]] == [
                (0, True, "17 * 23"),
                (0, False, " is 391."),
                (1, True, "It "),
                (1, False, "is 391."),
            ]

    @pytest.mark.parametrize(
        ("part", "text", "rest"),
        [
            ({"thinking": "Hm", "signature": "s", "closed": True}, "Hm", {"signature": "s"}),
            ({"text": "Hm"}, "Hm", None),
            ({"thinking": {"type": "text", "text": "Hm"}, "text": 5}, "Hm", {"text": [5]}),
            ({"thinking": [], "closed": False}, None, None),
        ],
    )
    def test_other_thinking_parts(self, pair: Mode, stand_in: StandIn, part, text, rest):
        stand_in.script(answer(pair, {"content": [{"type": "thinking", **part}, {"type": "text", "text": "Hi"}]}))
        reply = pair()
        assert (reply.text, reply.reasoning and reply.reasoning.reasoning_text) == ("Hi", text)
        assert reply.meta.get("content") == (rest and [{"type": "thinking", **rest}])

    def test_thinking_that_is_in_another_field_too(self, mode: Mode, stand_in: StandIn):
        thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]
        stand_in.script(answer(mode, {"content": thinking, "reasoning": "Hm"}))
        assert mode().reasoning.reasoning_text == "Hm"
        if mode.streams:
            assert [chunk.reasoning.reasoning_text for chunk in mode.chunks if chunk.reasoning] == ["Hm"]

    def test_a_different_alias_is_kept(self):
        reply = plain_reply({"content": "Hi", "reasoning": "A", "reasoning_content": "B"})
        assert reply.reasoning.reasoning_text == "A"
        assert reply.meta["reasoning_content"] == "B"


class TestToolCalls:
    @pytest.mark.parametrize("raw", ["", " \n", None, "null", "{}", {}, '"{}"'])
    def test_no_arguments(self, raw):
        assert tool_arguments(raw) == {}

    @pytest.mark.parametrize("raw", [{"a": 1}, '{"a": 1}', '"{\\"a\\": 1}"'])
    def test_an_object(self, raw):
        assert tool_arguments(raw) == {"a": 1}

    @pytest.mark.parametrize("raw", ['{"a": "x\n\ty\x01"}', json.dumps('{"a": "x\n\ty\x01"}')])
    def test_control_characters_as_they_are(self, raw):
        # kimi-cli#1460, rhesis#2488
        assert tool_arguments(raw) == {"a": "x\n\ty\x01"}

    def test_raw_new_lines_in_pieces(self, mode: Mode, stand_in: StandIn):
        text = '{"code": "if x:\n\treturn"}'
        fragments = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in text]
        begin = {"tool_calls": [call("write", "", index=0)]}
        stand_in.script(answer(mode, {"tool_calls": [call("write", text)]}, begin, *fragments))
        reply = mode()
        assert reply.tool_call.arguments == {"code": "if x:\n\treturn"}
        assert "invalid_tool_calls" not in reply.meta

    @pytest.mark.parametrize("raw", ["{a", "[1]", "5", "true", '"text"', [1], 5, True, "[" * 100_000])
    def test_anything_else(self, raw):
        with pytest.raises(ValueError):  # noqa: PT011
            tool_arguments(raw)

    def test_a_malformed_call_is_kept_and_the_others_stay(self, pair: Mode, stand_in: StandIn, caplog):
        calls = [call("bad", '{"city": "Par', "call_1", index=0), call("good", '{"city": "Rome"}', "call_2", index=1)]
        stand_in.script(answer(pair, {"content": None, "tool_calls": calls}, finish_reason="tool_calls"))
        with caplog.at_level(logging.WARNING):
            reply = pair()
        assert [c.tool_name for c in reply.tool_calls] == ["good"]
        assert reply.meta["invalid_tool_calls"] == [{"id": "call_1", "name": "bad", "arguments": '{"city": "Par'}]
        assert "bad" in caplog.text
        assert "tools_strict" in caplog.text

    @pytest.mark.parametrize(
        ("reason", "raw", "cut"),
        [
            ("length", "", True),
            ("length", None, True),
            ("content_filter", '{"a": "b', True),
            ("length", "[1]", False),
            ("length", [1], False),
            ("tool_calls", '{"a": "b', False),
        ],
    )
    def test_what_a_cut_is_to_blame_for(self, caplog, reason, raw, cut):
        reply = plain_reply({"tool_calls": [call("f", raw, "call_1"), call("g", "{}", "call_2")]}, reason)
        assert reply.meta["invalid_tool_calls"] == [{"id": "call_1", "name": "f", "arguments": raw}]
        assert [c.tool_name for c in reply.tool_calls] == ["g"]
        with caplog.at_level(logging.WARNING):
            warn_of_flaws([reply])
        assert ("tools_strict" in caplog.text) is not cut
        assert ("in 1 tool call(s)" in caplog.text) is cut
        assert "'f'" in caplog.text
        correction = wire_messages([reply], Readers((), ""))[1]["content"]
        assert ("the reply was cut" in correction) is cut
        assert ("short enough" in correction) is (cut and reason == "length")

    @pytest.mark.parametrize(
        "entry", [5, "x", None, [], {}, {"function": None}, {"function": {"name": 5}}, {"id": 7, "function": {}}]
    )
    def test_odd_entries_never_cost_the_reply(self, entry):
        reply = plain_reply({"content": "Hi", "tool_calls": [entry, call("good", "{}", "call_2")]})
        assert reply.text == "Hi"
        assert [c.tool_name for c in reply.tool_calls] == ["good"]
        assert len(reply.meta["invalid_tool_calls"]) == 1

    def test_a_call_without_id_gets_a_unique_one(self):
        reply = plain_reply({"content": None, "tool_calls": [call("a", "{}", ""), call("b", "{}", None)]})
        ids = [c.id for c in reply.tool_calls]
        assert len(set(ids)) == 2
        assert all(i.startswith("call_") and len(i) <= 40 for i in ids)
        unnamed = [chat_messages({"choices": [{"message": {"tool_calls": [call("a", "{}", None)]}}]})[0] for _ in "ab"]
        assert unnamed[0].tool_call.id != unnamed[1].tool_call.id

    def call_deltas(self, *entries: dict[str, Any]) -> tuple[list[tuple[Any, ...]], list[StreamingChunk]]:
        reply, chunks = folded(events(*({"content": None, "tool_calls": [entry]} for entry in entries)))
        return [(c.id, c.tool_name, c.arguments) for c in reply.tool_calls], chunks

    def fragment(self, arguments: Any, index: int | None = 0, **more: Any) -> dict[str, Any]:
        place = {} if index is None else {"index": index}
        return {**place, **more, "function": {"arguments": arguments, **more.pop("function", {})}}

    def test_repeated_name_and_empty_id(self):
        calls, chunks = self.call_deltas(
            call("f", "", index=0),
            {"index": 0, "id": "", "function": {"name": "f", "arguments": '{"a":'}},
            {"index": 0, "id": "", "function": {"name": "f", "arguments": " 1}"}},
        )
        assert calls == [("call_1", "f", {"a": 1})]
        assert [c.tool_calls[0].tool_name for c in chunks if c.tool_calls] == ["f", None, None]

    def test_missing_index(self):
        fragment = {"function": {"arguments": '{"a": 1}'}}
        calls, _ = self.call_deltas(call("f", ""), fragment, call("g", "", "call_2"), fragment)
        assert calls == [("call_1", "f", {"a": 1}), ("call_2", "g", {"a": 1})]

    def test_an_id_finds_its_call_again(self):
        calls, _ = self.call_deltas(
            call("f", "", "x"),
            call("g", "", "y"),
            self.fragment('{"a": 1}', None, id="x"),
            self.fragment('{"b": 2}', None, id="y"),
        )
        assert calls == [("x", "f", {"a": 1}), ("y", "g", {"b": 2})]

    @pytest.mark.parametrize("call_id", ["x", "f"])  # some providers use the name of the function
    @pytest.mark.parametrize("index", [0, 1, None])
    @pytest.mark.parametrize("second", ["f", "g"])
    @pytest.mark.parametrize("size", [1, 4, 100])
    def test_two_calls_share_an_id(self, call_id, index, second, size):
        first = [call("f", "", call_id, index=0 if index is not None else None)]
        other = [call(second, "", call_id, index=index)]
        for fragments, arguments in ((first, '{"a": 1}'), (other, '{"b": 2}')):
            fragments += [
                {
                    "index": fragments[0]["index"],
                    "id": call_id,
                    "function": {"arguments": arguments[start : start + size]},
                }
                for start in range(0, len(arguments), size)
            ]
        calls, _ = self.call_deltas(*first, *other)
        assert [c[1:] for c in calls] == [("f", {"a": 1}), (second, {"b": 2})]
        assert calls[0][0] == call_id
        assert len({c[0] for c in calls}) == 2

    @pytest.mark.parametrize("index", [0, 1])
    def test_two_whole_calls_share_an_id(self, mode: Mode, stand_in: StandIn, index):
        sent = [call("f", '{"a": 1}', "x", index=0), call("f", '{"a": 2}', "x", index=index)]
        stand_in.script(answer(mode, {"tool_calls": sent}, *({"tool_calls": [one]} for one in sent)))
        calls = mode().tool_calls
        assert [(one.tool_name, one.arguments) for one in calls] == [("f", {"a": 1}), ("f", {"a": 2})]
        assert len({one.id for one in calls}) == 2

    def test_chunks_name_each_of_two_calls_that_share_an_id(self):
        _, chunks = self.call_deltas(
            *[call("f", "", "x"), self.fragment('{"a": 1}', None), call("f", "", "x"), self.fragment('{"b": 2}', None)]
        )
        deltas = [delta for chunk in chunks for delta in chunk.tool_calls or []]
        assert [(d.index, d.id, d.tool_name, d.arguments) for d in deltas] == [
            (0, "x", "f", None),
            (0, None, None, '{"a": 1}'),
            (1, "x", "f", '{"b": 2}'),
        ]

    def test_interleaved_calls_share_an_id(self):
        calls, _ = self.call_deltas(
            call("f", "", "x", index=0),
            call("g", "", "x", index=1),
            self.fragment('{"a":', 0, id="x"),
            self.fragment('{"b":', 1, id="x"),
            self.fragment(" 1}", 0, id="x"),
            self.fragment(" 2}", 1, id="x"),
        )
        assert [c[1:] for c in calls] == [("f", {"a": 1}), ("g", {"b": 2})]

    def test_a_blank_piece_between_two_calls_of_one_function(self):
        sent = [call("f", arguments, None, index=0) for arguments in ('{"a": 1}', " ", '{"a": 2}')]
        calls, _ = self.call_deltas(*sent)
        assert [c[1:] for c in calls] == [("f", {"a": 1}), ("f", {"a": 2})]

    def test_a_name_in_pieces_with_its_id(self):
        calls, _ = self.call_deltas(
            call("get_", "", "x", index=0), call("weather", "", "x", index=0), self.fragment('{"a": 1}', id="x")
        )
        assert calls == [("x", "get_weather", {"a": 1})]

    def test_a_name_that_is_repeated_with_its_id(self):
        calls, _ = self.call_deltas(
            call("f", '{"a":', "x", index=0), call("f", " 1}", "x", index=0), call("f", "", "x", index=0)
        )
        assert calls == [("x", "f", {"a": 1})]

    def test_two_calls_share_an_index(self):
        calls, _ = self.call_deltas(call("f", '{"a": 1}', "x", index=0), call("f", '{"a": 2}', "y", index=0))
        assert calls == [("x", "f", {"a": 1}), ("y", "f", {"a": 2})]

    def test_two_calls_share_an_index_without_ids(self):
        calls, _ = self.call_deltas(call("f", '{"a": 1}', None, index=0), call("g", '{"a": 2}', None, index=0))
        assert [c[1:] for c in calls] == [("f", {"a": 1}), ("g", {"a": 2})]

    @pytest.mark.parametrize("arguments", ['{"a": 1}', '{"a"'])
    def test_another_name_at_the_same_index_begins_a_call(self, arguments):
        sent = [call("f", arguments, None, index=0), call("g", "", None, index=0), self.fragment('{"b": 2}')]
        reply, _ = folded(events({"tool_calls": sent}))
        assert [(c.tool_name, c.arguments) for c in reply.tool_calls][-1] == ("g", {"b": 2})

    def test_an_id_may_come_late_and_repeatedly(self):
        calls, chunks = self.call_deltas(
            call("f", "{", None, index=0), self.fragment("}", id="x"), self.fragment("", id="x")
        )
        assert calls == [("x", "f", {})]
        assert [c.tool_calls[0].id for c in chunks if c.tool_calls] == [None, "x"]

    def test_a_name_that_is_repeated_with_neither_index_nor_id(self):
        calls, _ = self.call_deltas(*(call("f", arguments, None) for arguments in ('{"a":', " 1}", "")))
        assert [c[1:] for c in calls] == [("f", {"a": 1})]

    def test_whole_calls_with_neither_index_nor_id(self):
        calls, _ = self.call_deltas(call("f", '{"a": 1}', None), call("f", '{"a": 2}', None))
        assert [c[1:] for c in calls] == [("f", {"a": 1}), ("f", {"a": 2})]

    def test_interleaved_calls(self):
        calls, chunks = self.call_deltas(
            call("f", "", "x", index=0),
            call("g", "", "y", index=1),
            self.fragment('{"a":', 0),
            self.fragment('{"b":', 1),
            self.fragment(" 1}", 0),
            self.fragment(" 2}", 1),
        )
        assert calls == [("x", "f", {"a": 1}), ("y", "g", {"b": 2})]
        payload = [c for c in chunks if c.tool_calls]
        assert [(c.index, c.start) for c in payload] == [
            (0, True),
            (1, True),
            (0, False),
            (1, False),
            (0, False),
            (1, False),
        ]

    def test_an_object_as_arguments(self):
        calls, chunks = self.call_deltas({"index": 0, "id": "x", "function": {"name": "f", "arguments": {"a": "ü"}}})
        assert calls == [("x", "f", {"a": "ü"})]
        assert chunks[0].tool_calls[0].arguments == '{"a": "ü"}'

    def test_odd_fragments(self):
        reply, _ = folded(events({"tool_calls": [5, {}, {"index": [1], "function": {"name": "f", "arguments": 5}}]}))
        assert reply.tool_calls == []
        assert len(reply.meta["invalid_tool_calls"]) >= 1

    @pytest.mark.parametrize(
        ("text", "warns"),
        [
            ('Wait. <｜DSML｜invoke name="f">\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>', True),  # noqa: RUF001
            ("<‖DSML‖tool_calls>", True),
            ("<｜tool▁calls▁begin｜>f<｜tool▁sep｜>{}", True),  # noqa: RUF001
            ("<|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{}<|tool_call_end|>", True),
            ("<|tool_call>call:f{}<tool_call|>", True),
            ('<tool_call>\n{"name": "f"}\n</tool_call>', True),
            ('[TOOL_CALLS]f{"a": 1}', True),
            ("<tool_call> begins a call of Qwen. " + "More of it. " * 30, False),
            ("Use <tool> and a | b.", False),
        ],
    )
    def test_a_call_that_stayed_in_the_text_is_warned_of(self, caplog, text, warns):
        reply = plain_reply({"content": text})
        with caplog.at_level(logging.WARNING):
            warn_of_flaws([reply])
        assert reply.text == text
        assert ("own markup for a tool call" in caplog.text) is warns


class TestMedia:
    def test_images(self, pair: Mode, stand_in: StandIn):
        plain_url = {"type": "image_url", "image_url": {"url": "https://x.example/size=8,8/a.png"}}
        svg = {"type": "image_url", "image_url": {"url": "data:image/svg+xml,%3Csvg/%3E"}}
        data = {"type": "image_url", "image_url": {"url": PNG}, "index": 3}
        stand_in.script(answer(pair, {"content": None, "images": [data, plain_url, svg]}))
        reply = pair()
        assert [(i.mime_type, i.base64_image) for i in reply.images] == [
            ("image/png", "iVBORw0KGgo="),
            ("image/svg+xml", "PHN2Zy8+"),
        ]
        assert reply.images[0].meta == {"index": 3}
        assert reply.meta["images"] == [plain_url]
        assert "base64" not in json.dumps(reply.meta)

    @pytest.mark.parametrize(
        ("name", "media_type"), [("wav", "audio/wav"), ("mp3", "audio/mpeg"), ("pcm16", "audio/pcm")]
    )
    def test_audio(self, pair: Mode, stand_in: StandIn, name, media_type):
        pieces = [
            {"id": "a1", "transcript": "Good "},
            {"transcript": "day", "data": "QU"},
            {"data": "JD", "expires_at": 9},
        ]
        whole = {"id": "a1", "transcript": "Good day", "data": "QUJD", "expires_at": 9}
        stand_in.script(
            answer(pair, {"content": None, "audio": whole}, *({"content": None, "audio": piece} for piece in pieces))
        )
        reply = pair(run={"modalities": ["text", "audio"], "audio": {"format": name, "voice": "x"}})
        (file,) = reply.files
        assert (file.base64_data, file.mime_type) == ("QUJD", media_type)
        assert reply.text == "Good day"
        assert reply.meta["audio"] == {"id": "a1", "transcript": "Good day", "expires_at": 9}
        if pair.streams:
            assert "".join(c.content for c in pair.chunks) == "Good day"
        assert ChatMessage.from_dict(json.loads(json.dumps(reply.to_dict()))) == reply

    @pytest.mark.parametrize(
        ("asked", "sent", "media_type", "filename"),
        [
            ("mp3", None, "audio/mpeg", "audio.mp3"),
            ("m4a", None, "audio/mp4", "audio.m4a"),
            ("pcm16", None, "audio/pcm", "audio.pcm16"),
            ("pcm24", None, "audio/pcm", "audio.pcm24"),
            ("flac", "wav", "audio/flac", "audio.flac"),
            (None, "mp3", "audio/mpeg", "audio.mp3"),
            (None, "", "audio/wav", "audio.wav"),
            (None, None, "audio/wav", "audio.wav"),
            (None, 5, "audio/wav", "audio.wav"),
        ],
    )
    def test_audio_formats(self, asked, sent, media_type, filename):
        body = completion({"content": None, "audio": {"data": "QUJD", "format": sent}})
        ((file,),) = (reply.files for reply in chat_messages(body, asked))
        assert (file.mime_type, file.filename) == (media_type, filename)

    @pytest.mark.parametrize("data", [None, "", 5])
    def test_audio_without_data_is_no_file(self, data):
        reply = plain_reply({"content": None, "audio": {"transcript": "Said", "data": data}})
        assert (reply.text, reply.files) == ("Said", [])

    def test_parts_in_the_content(self, pair: Mode, stand_in: StandIn):
        other = {"type": "other", "x": 1}
        image = {"type": "image_url", "image_url": {"url": PNG}}
        stand_in.script(answer(pair, {"content": [{"type": "text", "text": "Hi"}, other, image]}))
        reply = pair()
        assert (reply.text, reply.meta["content"]) == ("Hi", [other])
        assert [found.mime_type for found in reply.images] == ["image/png"]

    @pytest.mark.parametrize(
        ("content", "text", "other"),
        [
            (["Good ", {"type": "text", "text": "day"}, {"x": 1}], "Good day", [{"x": 1}]),
            ({"type": "text", "text": "Good day"}, "Good day", None),
            ({"text": "Good day"}, "Good day", None),
            ({"x": 1}, None, [{"x": 1}]),
        ],
    )
    def test_odd_content(self, pair: Mode, stand_in: StandIn, content, text, other):
        stand_in.script(answer(pair, {"content": content}))
        reply = pair()
        assert (reply.text, reply.meta.get("content")) == (text, other)

    def test_text_beside_a_transcript(self):
        assert plain_reply({"content": "Text", "audio": {"transcript": "Said", "data": "QUJD"}}).text == "Text"


class TestChunks:
    def test_three_payloads_in_one_delta(self):
        details = [{"type": "reasoning.text", "text": "Hm", "index": 0}]
        delta = {
            "reasoning": "Hm",
            "reasoning_details": details,
            "content": "Hi",
            "tool_calls": [call("f", "{}", index=0)],
        }
        _, chunks = folded(events(delta))
        assert chunks[0].reasoning.reasoning_text == "Hm"
        assert chunks[0].reasoning.extra == {"reasoning_details": details}
        assert chunks[1].content == "Hi"
        assert (chunks[2].tool_calls[0].tool_name, chunks[2].tool_calls[0].id) == ("f", "call_1")
        assert [(c.index, c.start) for c in chunks[:3]] == [(0, True), (1, True), (2, True)]

    def test_blocks_are_runs_of_one_kind(self):
        kinds = [{"content": "a"}, {"content": "b"}, {"reasoning": "c"}, {"content": "d"}, {"reasoning": "e"}]
        _, chunks = folded(events(*kinds))
        assert [(c.index, c.start) for c in chunks if c.index is not None] == [
            (0, True),
            (0, False),
            (1, True),
            (2, True),
            (3, True),
        ]

    def test_white_space_between_tool_calls_opens_no_block(self):
        deltas = [
            {"tool_calls": [call("f", "{}", "x", index=0)]},
            {"content": "\n"},
            {"tool_calls": [call("g", "{}", "y", index=1)]},
            {"content": "Done"},
        ]
        reply, chunks = folded(events(*deltas))
        assert [(c.index, c.start) for c in chunks[:4]] == [(0, True), (None, False), (1, True), (2, True)]
        assert reply.text == "\nDone"

    @pytest.mark.parametrize(
        "last", [{"reasoning": "Hm"}, {"content": "Hi"}, {"tool_calls": [call("f", "{}", index=0)]}, {}]
    )
    def test_one_finish_reason_and_never_on_reasoning(self, last):
        reply = StreamedReply()
        sent = [
            event({"content": "a"}),
            event(last, "stop"),
            event({"content": "b"}, "length"),
            event({}, "stop", usage=USAGE),
        ]
        chunks = [chunk for one in sent for chunk in reply.chunks(one)]
        (finish,) = [c for c in chunks if c.finish_reason]
        assert finish.finish_reason == "stop"
        assert finish.reasoning is None
        assert [c.meta["finish_reason"] for c in chunks if c.meta["finish_reason"]] == ["stop"]
        assert reply.message().meta["finish_reason"] == "stop"
        assert sum(c.meta["usage"] is not None for c in chunks) == 1

    @pytest.mark.parametrize(("sent", "index"), [(1, 1), (0, 0), (None, 0)])
    def test_the_index_of_the_choice(self, sent, index):
        reply, (chunk, _) = folded(
            [event({"content": "a"}, choice={"index": sent}), event({}, "stop", choice={"index": sent})]
        )
        assert reply.meta["index"] == chunk.meta["index"] == index

    def test_usage_in_an_event_without_choices(self):
        reply = StreamedReply()
        (chunk,) = [*reply.chunks(event({"content": "a"}, "stop")), *reply.chunks({"choices": [], "usage": USAGE})][1:]
        assert (chunk.index, chunk.content, chunk.meta["usage"]) == (None, "", USAGE)
        assert reply.message().meta["usage"] == USAGE

    @pytest.mark.parametrize(
        "delta", [{}, {"content": None}, {"reasoning_details": []}, {"refusal": None}, {"tool_calls": []}]
    )
    def test_a_delta_with_nothing_makes_no_chunk(self, delta):
        assert StreamedReply().chunks(event(delta)) == []

    @pytest.mark.parametrize("text", ["", None])
    def test_an_empty_fragment_makes_no_chunk_and_no_block(self, text):
        empty = [{"type": "reasoning.text", "text": text, "signature": "", "index": 0}]
        _, chunks = folded(events({"reasoning": "Hm"}, {"content": "a", "reasoning_details": empty}, {"content": "b"}))
        assert [(c.content, c.index) for c in chunks[1:3]] == [("a", 1), ("b", 1)]

    def test_a_signature_is_a_reasoning_chunk(self):
        detail = {"type": "reasoning.text", "index": 0}
        deltas = [{"reasoning": "Hm", "reasoning_details": [{**detail, "text": "Hm"}]}]
        reply, chunks = folded(events(*deltas, {"reasoning_details": [{**detail, "signature": "s"}]}))
        assert chunks[1].reasoning.extra == {"reasoning_details": [{**detail, "signature": "s"}]}
        assert reply.reasoning.extra["reasoning_details"] == [{**detail, "text": "Hm", "signature": "s"}]

    def test_meta_is_json_with_the_promised_keys(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse(events({"content": "a"}, {"tool_calls": [call("f", "{}", index=0)]})))
        streaming()
        assert len(streaming.chunks) == 4
        for chunk in streaming.chunks:
            assert {"model", "index", "finish_reason", "received_at", "usage", "id", "provider"} <= set(chunk.meta)
            assert (chunk.meta["id"], chunk.meta["provider"]) == ("gen-1", "Groq")
            assert StreamingChunk.from_dict(json.loads(json.dumps(chunk.to_dict()))) == chunk
            assert chunk.component_info.type.endswith("OpenRouterChatGenerator")

    def test_payloads_are_not_repeated_in_meta(self):
        delta = {
            "reasoning": "Hm",
            "reasoning_content": "Hm",
            "content": "Hi",
            "tool_calls": [call("f", "{}", index=0)],
        }
        delta |= {"reasoning_details": [{"type": "reasoning.text", "text": "Hm"}], "note": 1}
        _, chunks = folded(events(delta))
        promised = {"model", "index", "finish_reason", "received_at", "usage", "id", "provider"}
        assert [set(chunk.meta) - promised for chunk in chunks] == [set(), set(), {"note"}, set(), set()]

    def test_citations_reach_the_callback(self):
        notes = [{"type": "url_citation", "n": n} for n in range(2)]
        reply, chunks = folded(events({"annotations": notes[:1]}, {"annotations": notes[1:]}, {"content": "x"}))
        assert [c.meta.get("annotations") for c in chunks[:2]] == [notes[:1], notes[1:]]
        assert reply.meta["annotations"] == notes

    def test_refusal_comes_in_pieces(self):
        assert folded(events({"refusal": "I "}, {"refusal": "won't."}))[0].meta["refusal"] == "I won't."
