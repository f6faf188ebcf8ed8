# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""How streams end, what stands in their place, and what must hold while their chunks are handed out."""

import json
import time
import tracemalloc
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage, ToolCall
from modes import Mode
from stand_in import STALL, Answer, StandIn
from wire import TOP, answer, call, comparable, completion, event, event_bytes, events, folded, proxied

from haystack_integrations.components.generators.openrouter import OpenRouterStreamError
from haystack_integrations.components.generators.openrouter.chat._stream.chunks import StreamedReply

DETAIL = {"type": "reasoning.text", "index": 0}


class TestEnd:
    @pytest.mark.parametrize("end", [b"data: [DONE]", b"data: [DONE]\n", b"data: [DONE]\r", b"data: [DONE]\r\n"])
    def test_done_needs_no_blank_line(self, streaming: Mode, stand_in: StandIn, end):
        stand_in.script(Answer.sse([event_bytes({"content": "a"}), end], done=False))
        assert streaming().text == "a"

    @pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
    def test_the_last_event_needs_no_blank_line(self, streaming: Mode, stand_in: StandIn, end):
        usage = event_bytes({}).strip().replace(b'"choices"', b'"usage": {"cost": 0.5}, "choices"') + end
        stand_in.script(Answer.sse([event_bytes({"content": "a"}, finish_reason="stop"), usage], done=False))
        assert streaming().meta["usage"] == {"cost": 0.5}

    @pytest.mark.parametrize("end", [b": OPENROUTER PROC", b"event: x", b"\n"])
    def test_half_a_comment_is_nothing(self, streaming: Mode, stand_in: StandIn, end):
        stand_in.script(Answer.sse([event_bytes({"content": "a"}, finish_reason="stop"), end], done=False))
        assert streaming().text == "a"

    def test_an_end_after_the_finish_reason_needs_no_done(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse(events({"content": "Good"}), done=False))
        assert streaming().text == "Good"

    def test_done_needs_no_finish_reason(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse([event({"content": "Good"})]))
        reply = streaming()
        assert (reply.text, reply.meta["finish_reason"]) == ("Good", None)

    def test_done_is_the_end_even_if_the_connection_stays_open(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse([*events({"content": "Good"}), b"data: [DONE]\n\n", STALL], done=False))
        assert streaming(timeout=60).text == "Good"
        assert stand_in.wait_for_disconnect()

    @pytest.mark.parametrize("white_space", [b"", b"\n", b"\r\n \t\n"])
    @pytest.mark.parametrize("start", [b": OPENROUTER PROCESSING\n\n", b"event: message\n", b""])
    def test_a_stream_with_the_wrong_content_type(self, streaming: Mode, stand_in: StandIn, start, white_space):
        sent = [white_space + start, *events({"content": "Good"})]
        stand_in.script(Answer.sse([one for one in sent if one], comments=0, headers={"content-type": "text/plain"}))
        assert streaming().text == "Good"

    def test_a_content_type_in_capitals_is_streamed_too(self, streaming: Mode, stand_in: StandIn):
        headers = {"content-type": "Text/Event-Stream"}
        stand_in.script(Answer.sse([event_bytes({"content": "a"}), STALL], headers=headers))
        with pytest.raises(OpenRouterStreamError, match="stalled"):
            streaming(timeout=0.3)
        assert [chunk.content for chunk in streaming.chunks] == ["a"]

    def test_a_byte_order_mark_and_other_line_ends(self, streaming: Mode, stand_in: StandIn):
        text = "a\u2028b\u2029c\u0085d"
        body = "\ufeffdata: " + json.dumps(event({"content": text}, "stop"), ensure_ascii=False) + "\r\n\r\n"
        stand_in.script(Answer.sse([body.encode(), b"data: [DONE]\r\r"], done=False, comments=0))
        assert streaming().text == text


WHOLE = {
    "two encrypted": {
        "reasoning_details": [{"type": "reasoning.encrypted", "data": data, "index": 0} for data in ("AAA", "BBB")]
    },
    "two summaries": {
        "reasoning_details": [{"type": "reasoning.summary", "summary": text, "index": 0} for text in ("A", "B")]
    },
    "calls without ids": {"tool_calls": [call("now", "", None), call("now", "", None), call("now", "{}", None)]},
    "calls at one index": {"tool_calls": [call("now", "{}", None, index=0), call("now", "{}", None, index=0)]},
    "calls with one id": {"tool_calls": [call("now", "{}", "x"), call("now", "{}", "x")]},
    "text and transcript": {"content": "Text.", "audio": {"transcript": "Said", "data": "QUJD"}},
    "everything": {"content": "Text.", "reasoning": "Hm", "refusal": "No", "annotations": [{"type": "x"}], "new": 1},
}


class TestWholeCompletions:
    @pytest.mark.parametrize("name", WHOLE)
    def test_the_same_reply_as_without_streaming(self, streaming: Mode, stand_in: StandIn, name):
        body = completion({"content": None, **WHOLE[name]})
        stand_in.script(Answer.json(body), Answer.json(body))
        streamed = streaming()
        (plain,) = streaming.generator().run("hi")["replies"]
        assert comparable(streamed) == comparable(plain)
        assert "".join(chunk.content for chunk in streaming.chunks) == (plain.text or "")

    def test_a_completion_instead_of_a_stream(self, streaming: Mode, stand_in: StandIn):
        message = {"content": "Good", "reasoning": "Hm", "tool_calls": [call("f", "{}")]}
        stand_in.script(Answer.json(completion(message, "tool_calls"), blanks=2))
        reply = streaming()
        assert (reply.text, reply.reasoning.reasoning_text, reply.tool_call.tool_name) == ("Good", "Hm", "f")
        assert "".join(c.content for c in streaming.chunks) == "Good"
        assert sum(c.finish_reason is not None for c in streaming.chunks) == 1

    def test_usage_may_follow(self):
        whole = {**TOP, "choices": [{"index": 0, "message": {"content": "Good"}, "finish_reason": "stop"}]}
        reply, chunks = folded([whole, {**TOP, "choices": [], "usage": {"cost": 0.5}}])
        assert (reply.text, reply.meta["usage"], chunks[-1].meta["usage"]) == ("Good", {"cost": 0.5}, {"cost": 0.5})

    def test_pieces_that_are_called_messages_are_joined(self):
        pieces = [{**TOP, "choices": [{"index": 0, "message": {"content": text}}]} for text in ("Good ", "morning")]
        reply, chunks = folded([*pieces, event({}, "stop")])
        assert reply.text == "Good morning" == "".join(chunk.content for chunk in chunks)

    def test_each_call_is_a_block(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.json(completion({"content": None, **WHOLE["calls at one index"]})))
        streaming()
        assert [(c.index, c.start) for c in streaming.chunks if c.tool_calls] == [(0, True), (1, True)]


def nested(levels: int, leaf: str) -> Any:
    value: Any = leaf
    for _ in range(levels):
        value = {"deeper": value}
    return value


class TestJoinedFields:
    def test_text_before_a_transcript(self):
        sent = [{"content": "Text. "}, {"content": "More."}, {"audio": {"transcript": "Said", "data": "QUJD"}}]
        reply, chunks = folded(events(*sent))
        assert reply.text == "Text. More." == "".join(chunk.content for chunk in chunks)

    def test_pieces_that_are_alike(self):
        assert folded(events(*({"refusal": text} for text in ("ha", "ha", "!"))))[0].meta["refusal"] == "haha!"
        assert folded(events({"refusal": "ha"}, {"refusal": "ha"}))[0].meta["refusal"] == "haha"
        assert folded(events({"phase": "answer"}, {"phase": "answer"}))[0].meta["phase"] == "answer"

    def test_objects_field_by_field(self):
        sent = [{"note": {"a": "x", "b": [1], "c": None, "d": 1}}, {"note": {"a": "y", "b": [2], "c": None, "d": 2}}]
        assert folded(events(*sent))[0].meta["note"] == {"a": "y", "b": [1, 2], "c": None, "d": 2}
        assert folded(events({"note": {"a": 1}}, {"note": "x"}))[0].meta["note"] == "x"

    def test_of_a_string_the_last_value_counts(self, mode: Mode, stand_in: StandIn):
        sent = [{"phase": "commentary"}, {"content": "a"}, {"phase": "final_answer", "content": "b"}]
        stand_in.script(answer(mode, {"content": "ab", "phase": "final_answer"}, *sent))
        assert mode().meta["phase"] == "final_answer"
        if mode.streams:
            assert [c.meta.get("phase") for c in mode.chunks][:3] == ["commentary", None, "final_answer"]

    @pytest.mark.parametrize(
        ("pieces", "joined"),
        [
            ([[1], [1], [2]], [1, 1, 2]),
            ([[{"n": 1}], [{"n": 2}]], [{"n": 1}, {"n": 2}]),
            ([[{"index": 0, "n": 1}], [{"n": 2}]], [{"index": 0, "n": 1}, {"n": 2}]),
            (
                [
                    [{"index": 1, "text": "a", "state": "begun"}, {"index": 0}],
                    [{"index": 1, "text": "b", "state": "done"}],
                ],
                [{"index": 1, "text": "ab", "state": "done"}, {"index": 0}],
            ),
            (
                [[{"index": 0, "id": "x"}], [{"index": 0, "id": "y"}], [{"index": 0, "more": 1}]],
                [{"index": 0, "id": "x"}, {"index": 0, "id": "y", "more": 1}],
            ),
            ([[{"index": 0, "n": 1}], [{"index": 0, "n": 1}]], [{"index": 0, "n": 1}]),
            ([["a"], "b"], "b"),
        ],
    )
    def test_lists_are_joined_by_index(self, pieces, joined):
        assert folded(events(*({"new": piece} for piece in pieces)))[0].meta["new"] == joined

    def test_images_come_whole_whatever_their_index_is(self):
        images = [{"type": "image_url", "image_url": {"url": f"https://x.example/{n}"}, "index": 0} for n in range(2)]
        assert folded(events(*({"images": [image]} for image in images)))[0].meta["images"] == images

    def test_objects_that_differ_deep_down(self):
        deep = [nested(200, leaf) for leaf in "ab"]

        def joined(frames: int) -> Any:
            return joined(frames - 1) if frames else folded(events(*({"new": value} for value in deep)))[0].meta["new"]

        assert joined(500) == deep[1]

    def test_a_list_at_the_top_that_comes_an_entry_an_event(self, streaming: Mode, stand_in: StandIn):
        sent = events({"content": "a"}, {"content": "b"}, {"content": "c"})
        results = [{"type": "dangerous_tool_use", "status": {"type": kind}} for kind in ("available", "unsupported")]
        for one, values in zip(sent, ([results[0]], [results[1]], [results[1]]), strict=False):
            one["safeguard_results"] = values
        stand_in.script(Answer.sse(sent))
        reply = streaming()
        assert (reply.text, reply.meta["safeguard_results"]) == ("abc", results)

    @pytest.mark.parametrize("providers", [["A"], ["A", "B", "B"]])
    def test_debug_chunks_of_all_providers(self, streaming: Mode, stand_in: StandIn, providers):
        # https://openrouter.ai/docs/api/reference/errors-and-debugging
        debug = [{"echo_upstream_body": {"model": name, "stream": True}} for name in providers]
        first = [{**TOP, "created": number, "choices": [], "debug": one} for number, one in enumerate(debug)]
        stand_in.script(Answer.sse([*first, *events({"content": "a"}, {"content": "b"})]))
        reply = streaming()
        assert (reply.text, reply.meta["debug"]) == ("ab", debug if len(debug) > 1 else debug[0])

    def test_a_chunk_that_was_handed_out_does_not_change(self):
        tokens = [{"token": text, "logprob": 0} for text in "abc"]
        reply = StreamedReply()
        chunks = [
            chunk
            for token in tokens
            for chunk in reply.chunks(
                event({"content": token["token"], "list": [token]}, choice={"logprobs": {"content": [token]}})
            )
        ]
        assert reply.message().meta["logprobs"] == {"content": tokens}
        assert reply.message().meta["list"] == tokens
        assert [chunk.meta["logprobs"]["content"] for chunk in chunks] == [[token] for token in tokens]
        assert [chunk.meta["list"] for chunk in chunks] == [[token] for token in tokens]

    def test_promised_meta_is_not_overwritten(self):
        _, (chunk, *_) = folded(events({"content": "a", "id": "x", "provider": "y", "received_at": 5, "other": 1}))
        assert (chunk.meta["id"], chunk.meta["provider"], chunk.meta["other"]) == ("gen-1", "Groq", 1)
        assert isinstance(chunk.meta["received_at"], str)

    def test_later_values_of_the_top(self):
        reply, chunks = folded([event({"content": "a"}), {**event({"content": "b"}, "stop"), "model": "test/other"}])
        assert [chunk.meta["model"] for chunk in chunks] == [TOP["model"], "test/other"]
        assert reply.meta["model"] == "test/other"


class TestFragmentShortcuts:
    def test_an_entry_that_was_signed_takes_no_more_text(self):
        sent = [{**DETAIL, "text": "A", "signature": "s"}, {**DETAIL, "text": ""}, {**DETAIL, "text": "B"}]
        reply, _ = folded(events(*({"reasoning_details": [fragment]} for fragment in sent)))
        assert [detail["text"] for detail in reply.reasoning.extra["reasoning_details"]] == ["A", "B"]

    def test_what_stands_beside_arguments_is_kept(self):
        sent = [call("f", "{", index=0), {"index": 0, "function": {"arguments": "}"}, "signature": "s"}]
        reply, _ = folded(events(*({"tool_calls": [fragment]} for fragment in sent)))
        assert reply.tool_calls[0].extra == {"signature": "s"}

    def test_what_stands_beside_name_and_arguments_is_kept_and_goes_back(self, pair: Mode, stand_in: StandIn):
        start = call("f", "{", index=0)
        sent = [start, {"index": 0, "function": {"arguments": "}", "note": "n", "none": None}}]
        whole = call("f", "{}", function={"name": "f", "arguments": "{}", "note": "n"})
        message = {"content": None, "tool_calls": [whole]}
        stand_in.script(answer(pair, message, *({"tool_calls": [fragment]} for fragment in sent)))
        reply = pair()
        assert reply.tool_calls[0].extra == {"function": {"note": "n"}}
        pair.run(pair.generator(), [ChatMessage.from_user("hi"), reply])
        function = {"note": "n", "name": "f", "arguments": "{}"}
        assert stand_in.requests[1].body["messages"][1]["tool_calls"][0]["function"] == function

    def test_a_fragment_that_is_no_object_is_kept_as_it_is(self):
        reply, _ = folded(events({"reasoning_details": [None, "x"]}, {"reasoning": "Hm"}))
        assert reply.reasoning.extra["reasoning_details"] == [None, "x"]

    def test_interleaved_calls_and_what_follows(self):
        a, b = ({"index": index, "function": {"arguments": " "}} for index in (0, 1))
        sent = [{"tool_calls": [one]} for one in (call("f", "", "a", index=0), call("g", "", "b", index=1), a, a, b)]
        _, chunks = folded(events(*sent, {"content": "Done"}))
        assert [(c.index, c.start) for c in chunks if c.index is not None] == [
            (0, True),
            (1, True),
            (0, False),
            (0, False),
            (1, False),
            (2, True),
        ]


HALVES = ("\ud83d", "\ude00")
EMOJI = "".join(HALVES).encode("utf-16", "surrogatepass").decode("utf-16")


class TestSurrogates:
    @pytest.fixture(params=["sync", "async", "sync-stream", "async-stream", "proxied"])
    def any_mode(self, request: pytest.FixtureRequest, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> Mode:
        mode = Mode("sync-stream" if request.param == "proxied" else request.param, stand_in.url)
        if request.param == "proxied":
            proxied(monkeypatch, mode)
        return mode

    @pytest.mark.parametrize("odd", [f"a{HALVES[0]}", f"a{HALVES[1]}", HALVES[0], HALVES[1] + HALVES[0]])
    def test_a_half_alone_is_replaced(self, any_mode: Mode, stand_in: StandIn, odd: str):
        message = {
            "content": odd,
            "reasoning": odd,
            "reasoning_details": [{"type": "reasoning.text", "text": odd, odd: odd}],
            "tool_calls": [call("f", json.dumps({"a": odd}), more={odd: odd})],
            "annotations": [{"type": "file", "file": {odd: [odd]}}],
            "images": [{"type": "image_url", "image_url": {"url": f"data:,{odd}"}}],
            "audio": {"data": "QUJD", "transcript": odd, "more": odd},
            "new": odd,
        }
        stand_in.script(answer(any_mode, message, provider=odd, new={odd: odd}))
        reply = any_mode()
        told = [json.dumps(one.to_dict(), ensure_ascii=False).encode() for one in (reply, *any_mode.chunks)]
        assert "\ufffd" in told[0].decode()
        assert reply.tool_calls[0].arguments == {"a": odd.encode("utf-16", "surrogatepass").decode("utf-16", "replace")}
        assert reply.text == odd.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if any_mode.streams:
            assert reply.text == "".join(chunk.content for chunk in any_mode.chunks)

    def test_in_a_whole_completion(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.json(completion({"content": f"a{HALVES[0]}"}, None)))
        assert streaming().text == streaming.chunks[0].content == "a\ufffd"

    def test_halves_in_two_pieces_are_joined(self, streaming: Mode, stand_in: StandIn):
        deltas = [
            {
                "content": half,
                "audio": {"transcript": half},
                "reasoning_details": [{**DETAIL, "text": half}],
                "tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": piece}}],
            }
            for half, piece in zip(HALVES, ('{"a": "\ud83d', '\ude00"}'), strict=True)
        ]
        stand_in.script(Answer.sse(events(*deltas)))
        reply = streaming()
        assert reply.text == reply.reasoning.reasoning_text == reply.meta["audio"]["transcript"] == EMOJI
        assert reply.reasoning.extra["reasoning_details"] == [{**DETAIL, "text": EMOJI}]
        assert reply.tool_calls[0].arguments == {"a": EMOJI}
        assert "".join(chunk.content for chunk in streaming.chunks) == EMOJI
        assert "".join(chunk.reasoning.reasoning_text for chunk in streaming.chunks if chunk.reasoning) == EMOJI
        json.dumps([chunk.to_dict() for chunk in streaming.chunks], ensure_ascii=False).encode()
        streaming.run(streaming.generator(), [ChatMessage.from_user("hi"), reply])

    def test_what_comes_between_two_halves(self, any_mode: Mode, stand_in: StandIn):
        if not any_mode.streams:
            pytest.skip("there is one piece only")
        deltas = [{"content": "a\ud83d"}, {"reasoning": "b"}, {"content": "\ude00c\ud83d"}, {"content": "d"}]
        stand_in.script(Answer.sse(events(*deltas)))
        reply = any_mode()
        assert reply.text == f"a{EMOJI}c\ufffdd" == "".join(chunk.content for chunk in any_mode.chunks)

    def test_halves_of_reasoning_without_details_are_joined(self):
        reply, _ = folded(events({"reasoning": "\ud83d"}, {"reasoning": "\ude00"}))
        assert reply.reasoning.reasoning_text == EMOJI

    def test_a_half_alone_is_replaced_where_it_goes_out(self, pair: Mode, stand_in: StandIn):
        half = "b\udc00"
        result = ChatMessage.from_tool(half, origin=ToolCall(tool_name="f", arguments={}, id="x"))
        reply = ChatMessage.from_assistant("a\ud83d")
        pair.run(
            pair.generator(),
            [ChatMessage.from_user(half), reply, result, ChatMessage.from_user(content_parts=[half, "c"])],
        )
        sent = [message["content"] for message in stand_in.requests[0].body["messages"]]
        parts = [{"type": "text", "text": "b\ufffd"}, {"type": "text", "text": "c"}]
        assert sent == ["b\ufffd", "a\ufffd", "b\ufffd", parts]
        assert reply.text == "a\ud83d"


def test_the_time_of_a_chunk_is_a_millisecond_exact_and_follows_the_system(monkeypatch: pytest.MonkeyPatch):
    readings = iter([100.0, 100.0005, 100.0015, 99.0, 99.0005])
    monkeypatch.setattr(time, "time", lambda: next(readings))
    reply = StreamedReply()
    told = [reply.chunks(event({"content": "a"}))[0].meta["received_at"][17:] for _ in range(5)]
    assert told == ["40.000000+00:00", "40.000000+00:00", "40.001500+00:00", "39.000000+00:00", "39.000000+00:00"]


@pytest.mark.parametrize("kind", ["content", "reasoning"])
def test_a_long_stream_keeps_its_text_and_no_chunks(kind: str):
    reply, count = StreamedReply(), 5_000
    tracemalloc.start()
    try:
        for _ in range(count):
            reply.chunks({**TOP, "usage": None, "choices": [{"index": 0, "delta": {kind: " word"}}]})
        assert tracemalloc.get_traced_memory()[0] < count * 75  # 15 MB for 200,000 chunks
    finally:
        tracemalloc.stop()
