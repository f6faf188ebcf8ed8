# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""How streams end, what stands in their place, and what must hold while their chunks are handed out."""

import asyncio
import copy
import tracemalloc
from typing import Any

import openai
import pytest
from conftest import Mode
from haystack.dataclasses import ChatMessage, StreamingChunk, ToolCall
from stand_in import CUT, Answer, StandIn
from wire import TOP, call, comparable, completion, event, events, folded

from haystack_integrations.components.generators.openrouter import OpenRouterStreamError
from haystack_integrations.components.generators.openrouter.chat.stream import clock
from haystack_integrations.components.generators.openrouter.chat.stream.chunks import StreamedReply

NO_WAIT = "haystack_integrations.components.generators.openrouter.chat.stream.retry.random.random"
BUSY = Answer.error(503, "Busy", headers={"retry-after": "0.01"})
DETAIL = {"type": "reasoning.text", "index": 0}


def raw(*deltas: Any, finish_reason: str | None = None) -> bytes:
    sent = [event(delta) for delta in deltas] + ([event({}, finish_reason)] if finish_reason else [])
    return b"".join(Answer.sse([one], done=False, comments=0).body[0] for one in sent)


class TestEnd:
    @pytest.mark.parametrize("end", [b"data: [DONE]", b"data: [DONE]\n", b"data: [DONE]\r", b"data: [DONE]\r\n"])
    def test_done_needs_no_blank_line(self, streaming: Mode, stand_in: StandIn, end):
        stand_in.script(Answer.sse([raw({"content": "a"}), end], done=False))
        assert streaming().text == "a"

    @pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
    def test_the_last_event_needs_no_blank_line(self, streaming: Mode, stand_in: StandIn, end):
        usage = raw({}).strip().replace(b'"choices"', b'"usage": {"cost": 0.5}, "choices"') + end
        stand_in.script(Answer.sse([raw({"content": "a"}, finish_reason="stop"), usage], done=False))
        assert streaming().meta["usage"] == {"cost": 0.5}

    def test_an_error_as_the_last_event(self, streaming: Mode, stand_in: StandIn):
        end = b'data: {"error": {"code": 502, "message": "Boom"}, "choices": []}\n'
        stand_in.script(Answer.sse([raw({"content": "a"}, finish_reason="length"), end], done=False))
        with pytest.raises(OpenRouterStreamError, match="Boom") as caught:
            streaming()
        assert caught.value.partial_reply.text == "a"

    @pytest.mark.parametrize("length", [7, 20, 100])
    def test_half_an_event_after_the_finish_reason_is_a_cut(self, streaming: Mode, stand_in: StandIn, length):
        stand_in.script(
            Answer.sse([raw({"content": "a"}, finish_reason="stop"), raw({"content": " not"})[:length]], done=False)
        )
        with pytest.raises(OpenRouterStreamError, match="cut .*in the middle of an event") as caught:
            streaming()
        assert caught.value.partial_reply.text == "a"

    @pytest.mark.parametrize("end", [b": OPENROUTER PROC", b"event: x", b"\n"])
    def test_half_a_comment_is_nothing(self, streaming: Mode, stand_in: StandIn, end):
        stand_in.script(Answer.sse([raw({"content": "a"}, finish_reason="stop"), end], done=False))
        assert streaming().text == "a"

    def test_an_empty_finish_reason_is_none(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse([event({"content": "a"}, ""), event({"content": "b"}, "")], done=False))
        with pytest.raises(OpenRouterStreamError, match="cut"):
            streaming()
        reply, chunks = folded([event({"content": "a"}, ""), event({"content": "b"}, "stop"), event({}, "")])
        assert reply.meta["finish_reason"] == "stop"
        assert [chunk.finish_reason for chunk in chunks] == [None, "stop"]


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

    def test_pieces_that_are_called_messages_are_joined(self):
        pieces = [{**TOP, "choices": [{"index": 0, "message": {"content": text}}]} for text in ("Good ", "morning")]
        reply, chunks = folded([*pieces, event({}, "stop")])
        assert reply.text == "Good morning" == "".join(chunk.content for chunk in chunks)

    def test_each_call_is_a_block(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.json(completion({"content": None, **WHOLE["calls at one index"]})))
        streaming()
        assert [(c.index, c.start) for c in streaming.chunks if c.tool_calls] == [(0, True), (1, True)]

    def test_from_a_client_of_the_users_without_the_guard(self, streaming: Mode, stand_in: StandIn):
        generator = streaming.generator(api_base_url="http://127.0.0.1:1")
        stand_in.script(Answer.json(completion({"content": "Good"})))
        settings = {"base_url": stand_in.url, "api_key": "mine"}
        if streaming.is_async:

            async def run() -> Any:
                async with openai.AsyncOpenAI(**settings) as generator.async_client:
                    return await generator.run_async("hi", streaming_callback=streaming.callback())

            result = asyncio.run(run())
        else:
            with openai.OpenAI(**settings) as generator.client:
                result = generator.run("hi", streaming_callback=streaming.callback())
        assert result["replies"][0].text == "Good"
        assert streaming.chunks[0].content == "Good"


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
        assert folded(events(*sent))[0].meta["note"] == {"a": "xy", "b": [1, 2], "c": None, "d": 2}
        assert folded(events({"note": {"a": 1}}, {"note": "x"}))[0].meta["note"] == "x"

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

    def test_what_stands_beside_name_and_arguments_is_kept_and_goes_back(self, mode: Mode, stand_in: StandIn):
        start = call("f", "{", index=0)
        sent = [start, {"index": 0, "function": {"arguments": "}", "note": "n", "none": None}}]
        whole = call("f", "{}", function={"name": "f", "arguments": "{}", "note": "n"})
        deltas = events(*({"tool_calls": [fragment]} for fragment in sent))
        message = {"content": None, "tool_calls": [whole]}
        stand_in.script(Answer.sse(deltas) if mode.streams else Answer.json(completion(message)))
        reply = mode()
        assert reply.tool_calls[0].extra == {"function": {"note": "n"}}
        mode.run(mode.generator(), [ChatMessage.from_user("hi"), reply])
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


class TestSurrogates:
    def test_halves_in_two_pieces_are_joined(self, streaming: Mode, stand_in: StandIn):
        deltas = [{"content": half, "reasoning_details": [{**DETAIL, "text": half}]} for half in ("\ud83d", "\ude00")]
        stand_in.script(Answer.sse(events(*deltas)))
        reply = streaming()
        assert reply.text == reply.reasoning.reasoning_text == "\U0001f600"
        assert reply.reasoning.extra["reasoning_details"] == [{**DETAIL, "text": "\U0001f600"}]
        streaming.run(streaming.generator(), [ChatMessage.from_user("hi"), reply])

    def test_a_half_alone_is_replaced_where_it_goes_back(self, mode: Mode, stand_in: StandIn):
        delta = {"content": "a\ud83d"}
        stand_in.script(Answer.sse(events(delta)) if mode.streams else Answer.json(completion(delta)))
        reply, half = mode(), "b\udc00"
        result = ChatMessage.from_tool(half, origin=ToolCall(tool_name="f", arguments={}, id="x"))
        mode.run(
            mode.generator(),
            [ChatMessage.from_user(half), reply, result, ChatMessage.from_user(content_parts=[half, "c"])],
        )
        sent = [message["content"] for message in stand_in.requests[1].body["messages"]]
        parts = [{"type": "text", "text": "b\ufffd"}, {"type": "text", "text": "c"}]
        assert sent == ["b\ufffd", "a\ufffd", "b\ufffd", parts]


class TestCallbackErrors:
    @pytest.mark.parametrize("kind", [openai.APIConnectionError, OpenRouterStreamError])
    def test_an_error_of_the_callbacks_own_is_not_touched(self, streaming: Mode, stand_in: StandIn, kind):
        inner = ChatMessage.from_assistant("inner")
        own = (
            OpenRouterStreamError("inner failed", partial_reply=inner)
            if kind is OpenRouterStreamError
            else openai.APIConnectionError(message="inner failed", request=None)
        )

        def fail(chunk: StreamingChunk) -> None:
            raise own

        async def fail_async(chunk: StreamingChunk) -> None:
            raise own

        with pytest.raises(kind) as caught:
            streaming.run(streaming.generator(), streaming_callback=fail_async if streaming.is_async else fail)
        assert caught.value is own
        assert str(own) == "inner failed"
        assert getattr(own, "partial_reply", inner) is inner
        assert len(stand_in.requests) == 1


class TestRetries:
    def test_the_retries_of_the_sdk_count(self, streaming: Mode, stand_in: StandIn, monkeypatch):
        monkeypatch.setattr(NO_WAIT, lambda: 4.0)
        failing = Answer.sse([{"error": {"code": 502, "message": "Boom"}, "choices": []}])
        stand_in.script(*[BUSY, BUSY, failing] * 3)
        with pytest.raises(OpenRouterStreamError, match="Boom"):
            streaming(max_retries=2)
        assert len(stand_in.requests) == 3

    def test_an_error_event_that_tells_how_long_to_wait(self, streaming: Mode, stand_in: StandIn, monkeypatch):
        monkeypatch.setattr(NO_WAIT, lambda: -1000.0)  # any other wait would be minutes
        metadata = {"headers": {"Retry-After": "0.01"}}
        error = {"error": {"code": 429, "message": "Slow down", "metadata": metadata}, "choices": []}
        stand_in.script(Answer.sse([error]))
        assert streaming(max_retries=1).text
        assert len(stand_in.requests) == 2

    def test_one_of_each(self, streaming: Mode, stand_in: StandIn, monkeypatch):
        monkeypatch.setattr(NO_WAIT, lambda: 4.0)
        failing = Answer.sse([{"error": {"code": 502, "message": "Boom"}, "choices": []}])
        stand_in.script(BUSY, failing)
        assert streaming(max_retries=2).text
        assert len(stand_in.requests) == 3


class TestExplanations:
    def test_the_cause_is_told_once(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse([event({"content": "a"}), CUT]))
        with pytest.raises(OpenRouterStreamError) as caught:
            streaming()
        assert str(caught.value).count(type(caught.value.__cause__).__name__) == 1

    @pytest.mark.parametrize("deep", ["[" * 100_000, '{"error":' * 3000, '{"message": ' * 600 + "1" + "}" * 600])
    def test_words_of_a_provider_that_are_nested_deep(self, mode: Mode, stand_in: StandIn, deep):
        stand_in.script(Answer.error(400, "Provider returned error", metadata={"raw": deep}))
        with pytest.raises(openai.BadRequestError, match="Provider returned error"):
            mode()


class Closing:
    """What some tool makes of a stream: it counts how often it is closed."""

    def __init__(self, sent: list[Any], *, broken: bool) -> None:
        self._sent, self._broken, self.closed = sent, broken, 0

    def __iter__(self) -> Any:
        yield from self._sent
        if self._broken:
            raise ConnectionResetError

    async def __aiter__(self) -> Any:
        for one in self:
            yield one

    def close(self) -> None:
        self.closed += 1


class TestFeeders:
    @pytest.mark.parametrize("broken", [True, False])
    def test_a_stream_is_closed(self, streaming: Mode, broken):
        sent = events({"content": "a"})
        before, stream, generator = copy.deepcopy(sent), Closing(sent, broken=broken), streaming.generator()
        try:
            if streaming.is_async:
                asyncio.run(generator._handle_async_stream_response(stream, streaming.callback()))
            else:
                generator._handle_stream_response(stream, streaming.callback())
        except OpenRouterStreamError:
            assert broken
        assert stream.closed == 1
        assert sent == before

    def test_a_subclass_of_the_sdks_stream_is_iterated_as_it_is(self, streaming: Mode, monkeypatch):
        completions = (
            openai.resources.chat.AsyncCompletions if streaming.is_async else openai.resources.chat.Completions
        )
        base, create, seen = (openai.AsyncStream if streaming.is_async else openai.Stream), completions.create, []

        class Watched(base):
            def __iter__(self) -> Any:
                for chunk in super().__iter__():
                    seen.append(chunk)
                    yield chunk

            async def __aiter__(self) -> Any:
                async for chunk in super().__aiter__():
                    seen.append(chunk)
                    yield chunk

        def watched(stream: Any) -> Any:
            stream.__class__ = Watched
            return stream

        async def create_async(*args: Any, **kwargs: Any) -> Any:
            return watched(await create(*args, **kwargs))

        monkeypatch.setattr(
            completions, "create", create_async if streaming.is_async else lambda *a, **k: watched(create(*a, **k))
        )
        assert streaming().text
        assert len(seen) >= len(streaming.chunks) > 1


def test_the_clock_is_a_millisecond_exact_and_follows_the_system(monkeypatch: pytest.MonkeyPatch):
    readings = iter([100.0, 100.0005, 100.0015, 99.0, 99.0005])
    monkeypatch.setattr(clock.time, "time", lambda: next(readings))
    ours = clock.Clock()
    told = [ours.now()[17:] for _ in range(5)]
    assert told == ["40.000000+00:00", "40.000000+00:00", "40.001500+00:00", "39.000000+00:00", "39.000000+00:00"]


@pytest.mark.parametrize("kind", ["content", "reasoning"])
def test_a_long_stream_keeps_its_text_and_no_chunks(kind: str):
    reply, count = StreamedReply(), 20_000
    tracemalloc.start()
    try:
        for _ in range(count):
            reply.chunks({**TOP, "usage": None, "choices": [{"index": 0, "delta": {kind: " word"}}]})
        assert tracemalloc.get_traced_memory()[0] < count * 75  # 15 MB for 200,000 chunks
    finally:
        tracemalloc.stop()
