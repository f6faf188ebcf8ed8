# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Every row of the table of failures, caused on a real socket."""

import asyncio
import gc
import json
import logging
import threading
import time
import traceback
import warnings
from typing import Any

import httpx
import openai
import pytest
from conftest import Mode
from haystack import Pipeline
from haystack.core.errors import PipelineRuntimeError
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret
from stand_in import COMMENT, CUT, RESET, STALL, Answer, StandIn
from wire import TOP, answer, call, completion, event, events

from haystack_integrations.components.generators.openrouter import OpenRouterStreamError

SOON = {"retry-after": "0.01"}
KWARGS = [None, {"trust_env": False}]  # the SDK's own client, and the one that Haystack builds


def error_body(code: Any = 429, message: str = "Provider returned error", **metadata: Any) -> dict[str, Any]:
    metadata = {"provider_name": "DeepInfra", "headers": {"Retry-After": "0.01"}, **metadata}
    return {"error": {"code": code, "message": message, "metadata": metadata}, "user_id": "user_2wT5ElBE4Es3R4QrNLp"}


def told(error: BaseException) -> str:
    return " ".join([str(error), *getattr(error, "__notes__", [])])


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, openai.BadRequestError),
            (401, openai.AuthenticationError),
            (402, openai.APIStatusError),
            (403, openai.PermissionDeniedError),
            (404, openai.NotFoundError),
            (422, openai.UnprocessableEntityError),
            (429, openai.RateLimitError),
            (503, openai.InternalServerError),
            (529, openai.InternalServerError),
        ],
    )
    @pytest.mark.parametrize("in_body", [False, True])
    def test_the_class_of_the_status(self, mode: Mode, stand_in: StandIn, status, kind, in_body):
        stand_in.script(Answer.error(status, "Provider returned error", status=200 if in_body else status))
        with pytest.raises(kind) as caught:
            mode()
        assert caught.value.status_code == status

    @pytest.mark.parametrize("kwargs", KWARGS)
    @pytest.mark.parametrize("in_body", [False, True])
    def test_retried_then_answered(self, mode: Mode, stand_in: StandIn, kwargs, in_body):
        failing = Answer.json(error_body(), 200 if in_body else 429, {} if in_body else SOON)
        stand_in.script(failing, failing, answer(mode, {"content": "At last"}))
        assert mode(max_retries=2, http_client_kwargs=kwargs).text == "At last"
        assert len(stand_in.requests) == 3

    def test_retried_no_more_than_max_retries(self, mode: Mode, stand_in: StandIn):
        stand_in.script(*[Answer.json(error_body())] * 9)
        with pytest.raises(openai.RateLimitError):
            mode(max_retries=2)
        assert len(stand_in.requests) == 3

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            ({"code": 503, "message": "x"}, 503),
            ({"code": "429", "message": "x"}, 429),
            ({"code": "server_error", "message": "x"}, 502),
            ({"http_status": 403, "message": "x"}, 403),
            ({"message": "x", "metadata": {"error_type": "context_length_exceeded"}}, 400),
            ({"code": 200, "message": "x"}, 502),
            ({"code": 1e400, "message": ["odd"]}, 502),
            ("just a text", 502),
            ([1], 502),
        ],
    )
    def test_the_code_names_the_status(self, mode: Mode, stand_in: StandIn, error, status):
        stand_in.script(Answer.json({"id": None, "choices": None, "error": error}))
        with pytest.raises(openai.APIStatusError) as caught:
            mode()
        assert caught.value.status_code == status

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\n\n  \n",
            b"<html>Bad gateway</html>",
            b'{"id": "gen-1", "choi',
            b"[1]",
            b"null",
            b"{}",
            b'{"choices": null}',
            b'{"choices": []}',
            b'{"choices": [{"index": 0}]}',
            b'{"choices": [{"index": 0, "message": null}]}',
            b'{"choices": [5]}',
            b"[" * 5000,
        ],
    )
    @pytest.mark.parametrize("content_type", ["application/json", "text/html"])
    def test_no_completion_is_a_502(self, mode: Mode, stand_in: StandIn, body, content_type):
        stand_in.script(Answer([body] if body else [], headers={"content-type": content_type}))
        with pytest.raises(openai.InternalServerError) as caught:
            mode()
        assert caught.value.status_code == 502
        assert "The response" in str(caught.value)

    def test_no_completion_is_retried(self, mode: Mode, stand_in: StandIn):
        odd = Answer([b"<html>"], headers={"content-type": "text/html", **SOON})
        stand_in.script(odd, answer(mode, {"content": "Good"}))
        assert mode(max_retries=1).text == "Good"

    @pytest.mark.parametrize("choice", [{"error": {"code": 503, "message": "Boom"}}, {"finish_reason": "error"}])
    def test_a_failed_choice(self, plain: Mode, stand_in: StandIn, choice):
        stand_in.script(Answer.json(completion({"content": "Hal"}, choice=choice)))
        with pytest.raises(openai.InternalServerError, match="Boom|ended the reply with an error"):
            plain()

    @pytest.mark.parametrize(
        "error",
        [
            {"code": 429, "message": "Rate limit exceeded: free-models-per-day"},
            {"code": 429, "message": "x", "metadata": {"limit_source": "openrouter_free_tier_daily"}},
            {"code": 503, "message": "x", "availability": {"retryable": False}},
        ],
    )
    def test_what_is_futile_is_not_retried(self, mode: Mode, stand_in: StandIn, error):
        stand_in.script(*[Answer.json({"error": error}, headers=SOON)] * 3)
        with pytest.raises(openai.APIStatusError):
            mode(max_retries=2)
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize("headers", [None, SOON])
    def test_an_explicit_retry_after_goes_before_the_end_of_a_window(self, plain: Mode, stand_in: StandIn, headers):
        window = {"code": 429, "message": "x", "metadata": {"headers": {"X-RateLimit-Reset": "4102444800000"}}}
        stand_in.script(Answer.json({"error": window}, headers=headers), Answer.json(completion({"content": "ok"})))
        if headers:
            assert plain(max_retries=1).text == "ok"
        else:
            with pytest.raises(openai.RateLimitError):
                plain(max_retries=1)
        assert len(stand_in.requests) == (2 if headers else 1)

    def test_an_exhausted_window_in_the_headers_is_not_retried(self, mode: Mode, stand_in: StandIn):
        reset = {"X-RateLimit-Reset": str(int((time.time() + 3600) * 1000))}
        stand_in.script(*[Answer.error(429, "Slow down", headers=reset)] * 2)
        with pytest.raises(openai.RateLimitError):
            mode(max_retries=1)
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize(
        "error",
        [
            {"code": 503, "message": "x", "availability": {"retryable": True, "retry_after": 0.01}},
            {"code": 429, "message": "x", "metadata": {"headers": {"X-RateLimit-Reset": "1"}}},
        ],
    )
    def test_the_body_tells_how_long_to_wait(self, mode: Mode, stand_in: StandIn, error):
        stand_in.script(*[Answer.json({"error": error})] * 2, answer(mode, {"content": "Good"}))
        assert mode(max_retries=2).text == "Good"

    def test_hooks_of_the_user_still_run(self, mode: Mode, stand_in: StandIn):
        seen: list[Any] = []
        hooks = {
            "request": [lambda request: seen.append(request.method)],
            "response": [lambda r: seen.append(r.status_code)],
        }
        kwargs = {"event_hooks": hooks}
        stand_in.script(Answer.json(error_body(503)))
        with pytest.raises(openai.InternalServerError):
            mode(http_client_kwargs=kwargs)
        assert seen == ["POST", 200]
        assert len(hooks["response"]) == 1

    def test_coroutine_hooks_of_the_user(self, stand_in: StandIn):
        seen = []

        async def hook(response: httpx.Response) -> None:
            seen.append(response.status_code)

        assert Mode("async", stand_in.url)(http_client_kwargs={"event_hooks": {"response": [hook]}}).text
        assert seen == [200]

    def test_a_refused_connection(self, mode: Mode):
        with pytest.raises(openai.APIConnectionError, match="api_base_url"):
            mode(api_base_url="http://127.0.0.1:1")

    @pytest.mark.parametrize("action", [CUT, RESET])
    def test_a_dropped_body(self, plain: Mode, stand_in: StandIn, action):
        stand_in.script(Answer([b'{"id":', action], headers={"content-type": "application/json"}))
        with pytest.raises(openai.APIConnectionError):
            plain()

    def test_a_stalled_body(self, plain: Mode, stand_in: StandIn):
        stand_in.script(Answer([b"\n", STALL], headers={"content-type": "application/json"}))
        with pytest.raises(openai.APITimeoutError, match="timeout"):
            plain(timeout=0.1)
        assert stand_in.wait_for_disconnect()

    def test_keep_alive_is_life(self, mode: Mode, stand_in: StandIn):
        if mode.streams:
            stand_in.script(Answer.sse([*[COMMENT, b"\n"] * 500, *events({"content": "Good"})]))
        else:
            stand_in.script(Answer.json(completion({"content": "Good"}), blanks=1000))
        assert mode().text == "Good"


class TestStreams:
    def fail(self, mode: Mode, stand_in: StandIn, *answers: Answer, **parameters: Any) -> OpenRouterStreamError:
        stand_in.script(*answers)
        with pytest.raises(OpenRouterStreamError) as caught:
            mode(**parameters)
        assert isinstance(caught.value, openai.APIError)
        return caught.value

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

    @pytest.mark.parametrize("name", FAILURES)
    def test_before_content_it_is_retried(self, streaming: Mode, stand_in: StandIn, name, monkeypatch):
        monkeypatch.setattr(
            "haystack_integrations.components.generators.openrouter.chat.stream.retry.random.random", lambda: 4.0
        )  # wait 0 s
        failing = Answer.sse([event({}), *self.FAILURES[name]], done=False)
        error = self.fail(streaming, stand_in, *[failing] * 3, max_retries=2)
        assert len(stand_in.requests) == 3
        assert error.partial_reply is None
        assert streaming.chunks == []
        stand_in.script(failing, failing)
        assert streaming(max_retries=2).text
        assert len({chunk.meta["id"] for chunk in streaming.chunks}) == 1

    @pytest.mark.parametrize("name", FAILURES)
    def test_after_content_it_raises_at_once(self, streaming: Mode, stand_in: StandIn, name):
        start = [event({"reasoning": "Hm"}), event({"content": "Good "}), event({"content": "mor"})]
        calls = [event({"tool_calls": [call("weather", '{"city": "Ro', index=0)]})]
        failing = Answer.sse([*start, *calls, *self.FAILURES[name]], done=False)
        error = self.fail(streaming, stand_in, failing, max_retries=5)
        assert len(stand_in.requests) == 1
        partial = error.partial_reply
        assert (partial.text, partial.reasoning.reasoning_text) == ("Good mor", "Hm")
        assert partial.meta["invalid_tool_calls"][0]["arguments"] == '{"city": "Ro'
        assert partial.meta["provider"] == "Groq"
        assert [c.content for c in streaming.chunks] == ["", "Good ", "mor", ""]

    def test_an_error_event_tells_what_openrouter_said(self, streaming: Mode, stand_in: StandIn):
        body = error_body("server_error", raw='{"error": {"message": "GPU fell off"}}')
        error = self.fail(streaming, stand_in, Answer.sse([event({"content": "a"}), {**body, "choices": []}]))
        assert (error.code, error.provider_name) == ("server_error", "DeepInfra")
        assert error.metadata == body["error"]["metadata"]
        assert "GPU fell off" in str(error)
        assert "user_2wT5" not in str(error)

    def test_a_final_error_event_is_not_retried(self, streaming: Mode, stand_in: StandIn):
        failing = Answer.sse([{"error": {"code": 400, "message": "Token limit reached"}, "choices": []}])
        error = self.fail(streaming, stand_in, *[failing] * 2, max_retries=3)
        assert (error.code, len(stand_in.requests)) == (400, 1)

    @pytest.mark.parametrize("action", [CUT, RESET])
    def test_a_dropped_stream_has_its_cause(self, streaming: Mode, stand_in: StandIn, action):
        error = self.fail(streaming, stand_in, Answer.sse([event({"content": "a"}), action]))
        assert error.__cause__ is not None
        assert type(error.__cause__).__name__ in str(error)

    def test_a_stall(self, streaming: Mode, stand_in: StandIn):
        error = self.fail(streaming, stand_in, Answer.sse([event({"content": "a"}), STALL]), timeout=0.1)
        assert "stalled" in str(error)
        assert error.partial_reply.text == "a"
        assert stand_in.wait_for_disconnect()

    def test_an_empty_stream(self, streaming: Mode, stand_in: StandIn):
        assert "without a reply" in str(self.fail(streaming, stand_in, Answer.sse([])))

    def test_an_end_after_the_finish_reason_needs_no_done(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse(events({"content": "Good"}), done=False))
        assert streaming().text == "Good"

    def test_done_is_the_end_even_if_the_connection_stays_open(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse([*events({"content": "Good"}), b"data: [DONE]\n\n", STALL], done=False))
        assert streaming(timeout=60).text == "Good"
        assert stand_in.wait_for_disconnect()

    def test_a_completion_instead_of_a_stream(self, streaming: Mode, stand_in: StandIn):
        message = {"content": "Good", "reasoning": "Hm", "tool_calls": [call("f", "{}")]}
        stand_in.script(Answer.json(completion(message, "tool_calls"), blanks=2))
        reply = streaming()
        assert (reply.text, reply.reasoning.reasoning_text, reply.tool_call.tool_name) == ("Good", "Hm", "f")
        assert "".join(c.content for c in streaming.chunks) == "Good"
        assert sum(c.finish_reason is not None for c in streaming.chunks) == 1

    def test_a_stream_with_the_wrong_content_type(self, streaming: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse(events({"content": "Good"}), headers={"content-type": "text/plain"}))
        assert streaming().text == "Good"

    def test_a_stream_to_a_request_without_streaming(self, plain: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse(events({"content": "Good"})))
        with pytest.raises(openai.APIError, match="not a completion"):
            plain()

    def test_a_byte_order_mark_and_other_line_ends(self, streaming: Mode, stand_in: StandIn):
        text = "a\u2028b\u2029c\u0085d"
        body = "\ufeffdata: " + json.dumps(event({"content": text}, "stop"), ensure_ascii=False) + "\r\n\r\n"
        stand_in.script(Answer.sse([body.encode(), b"data: [DONE]\r\r"], done=False, comments=0))
        assert streaming().text == text

    def test_half_a_surrogate_pair_is_no_failure(self, mode: Mode, stand_in: StandIn):
        stand_in.script(answer(mode, {"content": "a\ud83d"}))
        assert mode().text == "a\ud83d"

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


class TestExplanations:
    @pytest.mark.parametrize(
        ("status", "message", "metadata", "expected"),
        [
            (429, "Provider returned error", {"raw": "Upstream is busy"}, ["DeepInfra", "Upstream is busy", "models"]),
            (502, "Provider returned error", {"raw": '{"error": {"message": "GPU on fire"}}'}, ["GPU on fire"]),
            (502, "Provider returned error", {"raw": {"detail": [{"msg": "bad tensor"}]}}, ["bad tensor"]),
            (402, "Insufficient credits", {}, ["max_tokens", "credits"]),
            (404, "No endpoints found that support tool use", {}, ["require_parameters", "provider"]),
            (404, "Model not found", {}, ["test/model"]),
            (403, "Flagged", {"reasons": ["violence"], "flagged_input": "my secret prompt"}, ["violence"]),
            (400, "maximum context length is 8192", {}, ["context-compression"]),
            (503, "x", {"previous_errors": [{"code": 429, "message": "Too busy"}]}, ["Too busy"]),
        ],
    )
    def test_provider_cause_and_remedy(self, mode: Mode, stand_in: StandIn, status, message, metadata, expected):
        stand_in.script(Answer.json(error_body(status, message, **metadata), status))
        with pytest.raises(openai.APIStatusError) as caught:
            mode()
        text = told(caught.value)
        assert message in text
        assert all(part in text for part in expected)
        assert "user_2wT5" not in text
        assert "my secret prompt" not in text + repr(caught.value)

    def test_a_wrong_key_names_its_secret(self, mode: Mode, stand_in: StandIn):
        stand_in.script(Answer.error(401, "User not found: sk-or-test-key"))
        with pytest.raises(openai.AuthenticationError, match="OPENROUTER_API_KEY") as caught:
            mode(api_key=Secret.from_env_var("OPENROUTER_API_KEY"))
        assert "sk-or-test-key" not in told(caught.value)

    def test_the_generation_id_is_told(self, mode: Mode, stand_in: StandIn):
        stand_in.script(Answer.error(503, "x", headers={"X-Generation-Id": "gen-77"}))
        with pytest.raises(openai.InternalServerError, match="gen-77"):
            mode()

    def test_in_a_pipeline(self, stand_in: StandIn):
        stand_in.script(Answer.json(error_body(402, "Insufficient credits")))
        pipeline = Pipeline()
        pipeline.add_component("llm", Mode("sync", stand_in.url).generator())
        with pytest.raises(PipelineRuntimeError, match="Insufficient credits.*DeepInfra.*max_tokens"):
            pipeline.run({"llm": {"messages": "hi"}})

    @pytest.mark.parametrize("status", [200, 401, 429, 500])
    def test_no_secret_and_no_prompt_anywhere(self, mode: Mode, stand_in: StandIn, status, caplog):
        prompt = " ".join(["my", "prompt"])  # a traceback shows this line too
        stand_in.script(Answer.json(error_body(max(status, 403), "Bad", flagged_input=prompt), status, SOON))
        with caplog.at_level(logging.DEBUG), pytest.raises(openai.APIError) as caught:
            mode(prompt, extra_headers={"X-Own": "own-secret"})
        printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
        assert not [private for private in ("sk-or-secret", prompt, "user_2wT5") if private in printed]


class TestManyLoops:
    def test_threads_with_loops_of_their_own(self, stand_in: StandIn, caplog):
        generator = Mode("async", stand_in.url).generator()
        texts: list[str | None] = []

        async def five() -> None:
            done = await asyncio.gather(*(generator.run_async("hi") for _ in range(5)))
            texts.extend(result["replies"][0].text for result in done)

        def three_rounds() -> None:
            for _ in range(3):
                asyncio.run(five())
                texts.append(generator.run("hi")["replies"][0].text)

        gc.collect()  # what other tests left is not the matter here
        with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
            warnings.simplefilter("error")
            threads = [threading.Thread(target=three_rounds) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            gc.collect()
        assert len(texts) == 4 * 3 * 6
        assert all(texts)
        assert not [r for r in caplog.records if r.name.startswith(("asyncio", "openai", "haystack"))]

    def test_clients_go_with_their_loops(self, stand_in: StandIn, caplog, recwarn):
        generator = Mode("async", stand_in.url).generator()
        closed = []

        async def once() -> None:
            await generator.run_async("hi")
            closed.append(generator.async_client)

        for _ in range(3):
            asyncio.run(once())
        loop = asyncio.new_event_loop()
        loop.run_until_complete(once())
        loop.close()  # without shutting down its generators: the client is dropped at the next use
        asyncio.run(once())
        assert [client.is_closed() for client in closed] == [True, True, True, False, True]
        assert not generator._clients._by_loop
        assert "Event loop is closed" not in caplog.text

    def test_three_hundred_streams_at_once(self, stand_in: StandIn):
        generator = Mode("async-stream", stand_in.url).generator(timeout=60)
        counts = [0] * 300

        async def stream(number: int) -> ChatMessage:
            def count(chunk: Any) -> None:
                counts[number] += 1

            return (await generator.run_async("hi", streaming_callback=count))["replies"][0]

        async def all_of_them() -> list[ChatMessage]:
            return await asyncio.gather(*map(stream, range(300)))

        replies = asyncio.run(all_of_them())
        assert len({reply.meta["id"] for reply in replies}) == 300
        assert min(counts) == max(counts) > 10

    def test_connections_are_used_again(self, stand_in: StandIn):
        generator = Mode("async", stand_in.url).generator()

        async def several() -> None:
            for _ in range(3):
                await generator.run_async("hi")
                await generator.run_async("hi", streaming_callback=lambda chunk: None)

        asyncio.run(several())
        assert len({request.connection for request in stand_in.requests}) == 1
