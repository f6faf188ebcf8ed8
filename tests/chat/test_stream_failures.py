# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Everything that can go wrong inside a stream, caused on a real socket."""

import asyncio
import gc
import json
import pickle
import random
import re
from typing import Any
from unittest.mock import Mock

import openai
import pytest
from haystack.dataclasses import ChatMessage, StreamingChunk
from modes import Mode
from stand_in import CUT, RESET, STALL, Answer, StandIn
from wire import SOON, TOP, call, error_body, event, event_bytes, folded, proxied

from haystack_integrations.components.generators.openrouter import OpenRouterStreamError
from haystack_integrations.components.generators.openrouter.chat._stream.delivery import Retries

BUSY = Answer.error(503, "Busy", headers=SOON)
BOOM = {"error": {"code": 502, "message": "Boom"}, "choices": []}


def failure_of(mode: Mode, stand_in: StandIn, *answers: Answer, **parameters: Any) -> OpenRouterStreamError:
    stand_in.script(*answers)
    with pytest.raises(OpenRouterStreamError) as caught:
        mode(**parameters)
    assert isinstance(caught.value, openai.APIError)
    return caught.value


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", lambda: 4.0)  # the jitter that makes every wait 0 s


FAILURES = {
    "event": [{**TOP, "error": {"code": 502, "message": "Provider disconnected"}, "choices": []}],
    "event with choices": [event({}, "error", error={"code": 502, "message": "Provider disconnected"})],
    "choice": [event({}, choice={"error": {"code": 502, "message": "Provider disconnected"}})],
    "finish reason": [event({}, "error")],
    "cut": [CUT],
    "reset": [RESET],
    "end": [],
    "not JSON": [b"data: {oops\n\n"],
    "not an object": [b"data: 5\n\n"],
    "odd choices": [{**TOP, "choices": 5}],
    "odd delta": [{**TOP, "choices": [{"delta": "x"}]}],
    "two choices": [{**TOP, "choices": [{"index": 0, "delta": {}}, {"index": 1, "delta": {}}]}],
}
READ_TWICE = ("event", "cut", "reset", "end")  # by a synchronous and by an asynchronous loop; the rest is the same code
WAYS = [(n, way) for n in FAILURES for way in ("sync-stream", "async-stream")[: 2 if n in READ_TWICE else 1]]


@pytest.mark.parametrize(
    "started",
    [
        {"refusal": "No"},
        {"images": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]},
        {"tool_calls": [call("weather", "", index=0)]},
    ],
)
def test_what_is_content(stand_in: StandIn, started):
    failing = Answer.sse([event({"reasoning": "Hm"}), event(started), *FAILURES["event"]], done=False)
    error = failure_of(Mode("sync-stream", stand_in.url), stand_in, failing, max_retries=2)
    assert len(stand_in.requests) == 1
    assert error.partial_reply is not None


def test_what_was_thought_before_the_deadline_is_kept(stand_in: StandIn):
    late = {"error": {"code": 502, "message": "Boom", "metadata": {"headers": {"Retry-After": "30"}}}, "choices": []}
    failing = Answer.sse([event({"reasoning": "Hm"}), late], done=False)
    error = failure_of(Mode("sync-stream", stand_in.url), stand_in, failing, max_retries=2, deadline=20)
    assert "deadline" in str(error)
    assert error.partial_reply.reasoning.reasoning_text == "Hm"


def test_a_stream_that_told_what_was_billed_is_not_sent_again(stand_in: StandIn):
    failing = Answer.sse([event({"reasoning": "Hm"}), event({}, usage={"cost": 0.5}), CUT], done=False)
    failure_of(Mode("sync-stream", stand_in.url), stand_in, failing, max_retries=2)
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize(("name", "streaming"), WAYS, indirect=["streaming"])
class TestFailures:
    def test_before_content_it_is_retried(self, streaming: Mode, stand_in: StandIn, name, no_wait):
        failing = Answer.sse([event({}), *FAILURES[name]], done=False)
        error = failure_of(streaming, stand_in, *[failing] * 3, max_retries=2)
        assert len(stand_in.requests) == 3
        assert error.partial_reply is None
        assert streaming.chunks == []
        stand_in.script(failing, failing)
        assert streaming(max_retries=2).text
        assert len({chunk.meta["id"] for chunk in streaming.chunks}) == 1

    def test_after_reasoning_it_is_retried(self, streaming: Mode, stand_in: StandIn, name, no_wait):
        failing = Answer.sse([event({"reasoning": "Hm"}), *FAILURES[name]], done=False)
        error = failure_of(streaming, stand_in, *[failing] * 2, max_retries=1)
        assert len(stand_in.requests) == 2
        assert error.partial_reply.reasoning.reasoning_text == "Hm"  # of the last try
        assert [chunk.reasoning.reasoning_text for chunk in streaming.chunks] == ["Hm", "Hm"]
        stand_in.script(failing)
        reply = streaming(max_retries=1)
        assert (reply.reasoning, bool(reply.text)) == (None, True)

    def test_after_content_it_raises_at_once(self, streaming: Mode, stand_in: StandIn, name, caplog):
        start = [event({"reasoning": "Hm"}), event({"content": "Good "}), event({"content": "mor"})]
        calls = [event({"tool_calls": [call("weather", '{"city": "Ro', index=0)]})]
        failing = Answer.sse([*start, *calls, *FAILURES[name]], done=False)
        error = failure_of(streaming, stand_in, failing, max_retries=5)
        assert len(stand_in.requests) == 1
        partial = error.partial_reply
        assert (partial.text, partial.reasoning.reasoning_text) == ("Good mor", "Hm")
        assert partial.meta["invalid_tool_calls"][0]["arguments"] == '{"city": "Ro'
        assert "malformed" not in caplog.text  # that is not the model's fault
        assert partial.meta["provider"] == "Groq"
        assert [c.content for c in streaming.chunks] == ["", "Good ", "mor", ""]


class TestCutCalls:
    @pytest.mark.parametrize(("finish_reason", "is_cut"), [(None, True), ("tool_calls", False)])
    def test_a_call_whose_arguments_did_not_come(self, streaming: Mode, stand_in: StandIn, finish_reason, is_cut):
        sent = [event({"tool_calls": [call("now", "", index=0)]}), event({}, finish_reason), BOOM]
        partial = failure_of(streaming, stand_in, Answer.sse(sent, done=False)).partial_reply
        assert len(partial.tool_calls) == (not is_cut)
        assert partial.meta.get("invalid_tool_calls", []) == [{"id": "call_1", "name": "now", "arguments": ""}] * is_cut
        streaming([ChatMessage.from_user("hi"), partial, ChatMessage.from_user("go on")])
        told = [message["content"] for message in stand_in.requests[-1].body["messages"] if message["role"] == "tool"]
        assert [text[: text.index(". ")] for text in told] == [
            "The tool was not called, because the arguments of 'now' are missing"
        ] * is_cut


class TestEvents:
    def test_an_error_event_tells_what_openrouter_said(self, streaming: Mode, stand_in: StandIn):
        body = error_body("server_error", raw='{"error": {"message": "GPU fell off"}}')
        error = failure_of(streaming, stand_in, Answer.sse([event({"content": "a"}), {**body, "choices": []}]))
        assert (error.code, error.provider_name) == ("server_error", "DeepInfra")
        assert error.metadata == body["error"]["metadata"]
        assert "GPU fell off" in str(error)
        assert "user_2wT5" not in str(error)

    def test_the_code_may_be_an_http_status(self, streaming: Mode, stand_in: StandIn):
        error = failure_of(streaming, stand_in, Answer.sse([{"error": {"http_status": 403, "message": "No"}}]))
        assert error.code == 403

    def test_the_event_says_how_long_to_wait(self, streaming: Mode, stand_in: StandIn, caplog):
        error = {"code": 503, "message": "x", "availability": {"retryable": True, "retry_after": 0.01}}
        error["metadata"] = {"provider_name": "Groq"}
        stand_in.script(Answer.sse([{**TOP, "error": error, "choices": []}]))
        assert streaming(max_retries=1).text
        assert "x (provider Groq). Trying again in 0.0 s" in caplog.text

    def test_a_final_error_event_is_not_retried(self, streaming: Mode, stand_in: StandIn):
        failing = Answer.sse([{"error": {"code": 400, "message": "Token limit reached"}, "choices": []}])
        error = failure_of(streaming, stand_in, *[failing] * 2, max_retries=3)
        assert (error.code, len(stand_in.requests)) == (400, 1)

    def test_an_error_as_the_last_event(self, streaming: Mode, stand_in: StandIn):
        sent = [event_bytes({"content": "a"}, finish_reason="length"), b"data: " + json.dumps(BOOM).encode() + b"\n"]
        error = failure_of(streaming, stand_in, Answer.sse(sent, done=False))
        assert "Boom" in str(error)
        assert error.partial_reply.text == "a"

    def test_an_error_through_a_proxy(self, streaming: Mode, stand_in: StandIn, monkeypatch):
        proxied(monkeypatch, streaming)
        body = error_body("server_error", raw="GPU fell off")
        error = failure_of(streaming, stand_in, Answer.sse([event({"content": "a"}), {**body, "choices": []}]))
        assert (error.code, error.provider_name) == ("server_error", "DeepInfra")
        assert error.metadata == body["error"]["metadata"]
        assert "GPU fell off" in str(error)
        assert error.partial_reply.text == "a"

    @pytest.mark.parametrize(
        ("last", "told"),
        [
            (b"data: {oops\n\n", r"The stream can't be read \(\w+Error: .+\)"),
            (b"data: {oops", r"The stream was cut \(EOFError: it ended in the middle of an event\)"),
            (RESET, r"The stream was cut \(\w+Error.*\)"),
        ],
    )
    def test_what_happened_is_told(self, streaming: Mode, stand_in: StandIn, last, told):
        error = failure_of(streaming, stand_in, Answer.sse([event({"content": "a"}), last], done=False))
        assert re.match(told, str(error))

    def test_a_cut_through_a_proxy(self, streaming: Mode, stand_in: StandIn, monkeypatch):
        proxied(monkeypatch, streaming)
        error = failure_of(streaming, stand_in, Answer.sse([event({"content": "a"})], done=False))
        assert "cut" in str(error)
        assert error.partial_reply.text == "a"

    def test_a_stream_error_can_be_pickled_without_the_key(self, streaming: Mode, stand_in: StandIn):
        error = failure_of(streaming, stand_in, model="stand-in/error-in-stream")
        pickled = pickle.dumps(error)
        assert b"sk-or-secret" not in pickled
        twin = pickle.loads(pickled)
        assert str(twin) == str(error)
        assert twin.partial_reply == error.partial_reply
        assert twin.code == 502


class TestCuts:
    @pytest.mark.parametrize("action", [CUT, RESET])
    def test_a_dropped_stream_tells_its_cause_once(self, streaming: Mode, stand_in: StandIn, action):
        error = failure_of(streaming, stand_in, Answer.sse([event({"content": "a"}), action]))
        assert error.__cause__ is not None
        assert str(error).count(type(error.__cause__).__name__) == 1

    def test_a_stall(self, streaming: Mode, stand_in: StandIn):
        error = failure_of(streaming, stand_in, Answer.sse([event({"content": "a"}), STALL]), timeout=0.1)
        assert "stalled" in str(error)
        assert error.partial_reply.text == "a"
        assert stand_in.wait_for_disconnect()

    def test_an_empty_stream(self, streaming: Mode, stand_in: StandIn):
        assert "without a reply" in str(failure_of(streaming, stand_in, Answer.sse([])))

    @pytest.mark.parametrize("length", [7, 20, 100])
    def test_half_an_event_after_the_finish_reason_is_a_cut(self, streaming: Mode, stand_in: StandIn, length):
        sent = [event_bytes({"content": "a"}, finish_reason="stop"), event_bytes({"content": " not"})[:length]]
        error = failure_of(streaming, stand_in, Answer.sse(sent, done=False))
        assert re.search("cut .*in the middle of an event", str(error))
        assert error.partial_reply.text == "a"

    def test_an_empty_finish_reason_is_none(self, streaming: Mode, stand_in: StandIn):
        sent = [event({"content": "a"}, ""), event({"content": "b"}, "")]
        assert "cut" in str(failure_of(streaming, stand_in, Answer.sse(sent, done=False)))
        reply, chunks = folded([event({"content": "a"}, ""), event({"content": "b"}, "stop"), event({}, "")])
        assert reply.meta["finish_reason"] == "stop"
        assert [chunk.finish_reason for chunk in chunks] == [None, "stop"]


class TestRetries:
    def test_the_retries_of_the_sdk_count(self, streaming: Mode, stand_in: StandIn, no_wait):
        error = failure_of(streaming, stand_in, *[BUSY, BUSY, Answer.sse([BOOM])] * 3, max_retries=2)
        assert "Boom" in str(error)
        assert len(stand_in.requests) == 3

    def test_an_error_event_that_tells_how_long_to_wait(self, streaming: Mode, stand_in: StandIn, monkeypatch):
        monkeypatch.setattr(random, "random", lambda: -1000.0)  # any other wait would be minutes
        metadata = {"headers": {"Retry-After": "0.01"}}
        error = {"error": {"code": 429, "message": "Slow down", "metadata": metadata}, "choices": []}
        stand_in.script(Answer.sse([error]))
        assert streaming(max_retries=1).text
        assert len(stand_in.requests) == 2

    @pytest.mark.parametrize(("jitter", "share"), [(0.0, 1.0), (1.0, 0.75)])
    def test_other_waits_grow_to_eight_seconds_less_a_quarter(self, monkeypatch, jitter, share):
        monkeypatch.setattr(random, "random", lambda: jitter)
        retries = Retries(6)
        waits = [retries.seconds_to_wait(OpenRouterStreamError("x")) for _ in range(6)]
        assert waits == [seconds * share for seconds in (0.5, 1, 2, 4, 8, 8)]
        with pytest.raises(OpenRouterStreamError):
            retries.seconds_to_wait(OpenRouterStreamError("x"))

    def test_a_mocked_request_does_not_hide_the_error(self):
        request = Mock(headers={"x-stainless-retry-count": Mock()})
        with pytest.raises(OpenRouterStreamError, match="Boom"):
            Retries(0).seconds_to_wait(OpenRouterStreamError("Boom", request=request))

    def test_one_of_each(self, streaming: Mode, stand_in: StandIn, no_wait):
        stand_in.script(BUSY, Answer.sse([BOOM]))
        assert streaming(max_retries=2).text
        assert len(stand_in.requests) == 3


class TestCallbacks:
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

    def test_a_raising_callback_closes_the_connection_at_once(self, streaming: Mode, stand_in: StandIn):
        class Stopped(Exception):  # noqa: N818
            pass

        def stop(chunk: Any) -> None:
            raise Stopped

        stand_in.script(Answer.sse([event({"content": "a"}), STALL]))
        gc.disable()
        try:
            with pytest.raises(Stopped) as caught:
                streaming.run(streaming.generator(max_retries=3), streaming_callback=stop)
            assert stand_in.wait_for_disconnect()
        finally:
            gc.enable()
        assert caught.value is not None
        assert len(stand_in.requests) == 1

    def test_a_cancelled_task_closes_the_connection_at_once(self, stand_in: StandIn):
        stand_in.script(Answer.sse([event({"content": "a"}), STALL]))

        async def cancelled() -> None:
            started = asyncio.Event()

            async def callback(chunk: Any) -> None:
                started.set()

            generator = Mode("async-stream", stand_in.url).generator()
            task = asyncio.create_task(generator.run_async("hi", streaming_callback=callback))
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(stand_in.wait_for_disconnect)

        asyncio.run(cancelled())
