# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Every row of the table of failures, caused on a real socket."""

import logging
import time
import traceback
from typing import Any

import httpx
import openai
import pytest
from haystack import Pipeline
from haystack.core.errors import PipelineRuntimeError
from haystack.utils import Secret
from modes import Mode
from stand_in import COMMENT, CUT, RESET, STALL, Answer, StandIn
from wire import SOON, answer, completion, error_body, events

KWARGS = [None, {"trust_env": False}]  # the SDK's own client, and the one that Haystack builds


STATUSES = {
    "authentication": 401,
    "payment_required": 402,
    "permission_denied": 403,
    "content_policy_violation": 403,
    "not_found": 404,
    "timeout": 408,
    "payload_too_large": 413,
    "unprocessable": 422,
    "rate_limit_exceeded": 429,
    "server": 500,
    "server_error": 502,
    "provider_unavailable": 502,
    "provider_overloaded": 529,
    "invalid_request": 400,
    "invalid_prompt": 400,
    "context_length_exceeded": 400,
    "max_tokens_exceeded": 400,
    "token_limit_exceeded": 400,
    "string_too_long": 400,
}


def response_seen(mode: Mode, stand_in: StandIn, answer: Answer) -> httpx.Response:
    """
    The response to a run, as a hook of the user's sees it and keeps it.
    """
    seen: list[httpx.Response] = []
    stand_in.script(answer)
    mode(http_client_kwargs={"event_hooks": {"response": [seen.append]}})
    return seen[0]


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
    def test_the_class_of_the_status(self, sync: Mode, stand_in: StandIn, status, kind, in_body):
        stand_in.script(Answer.error(status, "Provider returned error", status=200 if in_body else status))
        with pytest.raises(kind) as caught:
            sync()
        assert caught.value.status_code == status

    @pytest.mark.parametrize("kwargs", KWARGS)
    @pytest.mark.parametrize("in_body", [False, True])
    def test_retried_then_answered(self, pair: Mode, stand_in: StandIn, kwargs, in_body):
        failing = Answer.json(error_body(), 200 if in_body else 429, {} if in_body else SOON)
        stand_in.script(failing, failing, answer(pair, {"content": "At last"}))
        assert pair(max_retries=2, http_client_kwargs=kwargs).text == "At last"
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
    def test_the_code_names_the_status(self, sync: Mode, stand_in: StandIn, error, status):
        stand_in.script(Answer.json({"id": None, "choices": None, "error": error}))
        with pytest.raises(openai.APIStatusError) as caught:
            sync()
        assert caught.value.status_code == status

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\n\n  \n",
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
    def test_no_completion_is_a_502(self, sync: Mode, stand_in: StandIn, body, content_type):
        stand_in.script(Answer([body] if body else [], headers={"content-type": content_type}))
        with pytest.raises(openai.InternalServerError) as caught:
            sync()
        assert caught.value.status_code == 502
        assert "The response" in str(caught.value)

    def test_no_completion_is_retried(self, mode: Mode, stand_in: StandIn):
        odd = Answer([b"Bad gateway"], headers={"content-type": "text/html", **SOON})
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
    def test_what_is_futile_is_not_retried(self, sync: Mode, stand_in: StandIn, error):
        stand_in.script(*[Answer.json({"error": error}, headers=SOON)] * 3)
        with pytest.raises(openai.APIStatusError):
            sync(max_retries=2)
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

    @pytest.mark.parametrize("unit", [1000, 1], ids=["milliseconds", "seconds"])
    def test_an_exhausted_window_in_the_headers_is_not_retried(self, sync: Mode, stand_in: StandIn, unit):
        reset = {"X-RateLimit-Reset": str(int((time.time() + 3600) * unit))}
        stand_in.script(*[Answer.error(429, "Slow down", headers=reset)] * 2)
        with pytest.raises(openai.RateLimitError):
            sync(max_retries=1)
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize(
        "error",
        [
            {"code": 503, "message": "x", "availability": {"retryable": True, "retry_after": 0.01}},
            {"code": 429, "message": "x", "metadata": {"headers": {"X-RateLimit-Reset": "1"}}},
        ],
    )
    def test_the_body_tells_how_long_to_wait(self, sync: Mode, stand_in: StandIn, error):
        stand_in.script(*[Answer.json({"error": error})] * 2, answer(sync, {"content": "Good"}))
        assert sync(max_retries=2).text == "Good"

    @pytest.mark.parametrize("day", ["21 Oct 99999999999999 07:28:00 GMT", "21 Oct 2030 07:28:00 +" + "9" * 20])
    def test_a_date_that_does_not_exist_says_nothing(self, sync: Mode, stand_in: StandIn, day):
        in_body = {"error": {"code": 429, "message": "x", "metadata": {"headers": {"Retry-After": day}}}}
        stand_in.script(Answer.error(429, "x", headers={"retry-after": day}), Answer.json(in_body))
        for _ in range(2):
            with pytest.raises(openai.RateLimitError):
                sync()

    @pytest.mark.parametrize("as_code", [True, False])
    @pytest.mark.parametrize(("name", "status"), STATUSES.items())
    def test_the_name_of_an_error_names_the_status(self, sync: Mode, stand_in: StandIn, name, status, as_code):
        error = {"code": name} if as_code else {"metadata": {"error_type": name}}
        stand_in.script(Answer.json({"error": {"message": "x", **error}}))
        with pytest.raises(openai.APIStatusError) as caught:
            sync()
        assert caught.value.status_code == status

    @pytest.mark.parametrize(
        ("sent", "left"), [("application/json; charset=utf-8", None), ("text/html", "application/json")]
    )
    def test_the_content_type_is_changed_only_where_it_is_wrong(self, sync: Mode, stand_in: StandIn, sent, left):
        response = response_seen(
            sync, stand_in, Answer.json(completion({"content": "a"}), headers={"content-type": sent})
        )
        assert response.headers["content-type"] == (left or sent)

    def test_a_bad_status_stays_from_400_on(self, sync: Mode, stand_in: StandIn):
        error = {"code": 503, "message": "x", "availability": {"retryable": False}}
        answer = Answer.json({"error": error}, 400, {"content-type": "text/event-stream"})
        with pytest.raises(openai.BadRequestError) as caught:
            response_seen(sync, stand_in, answer)
        assert caught.value.status_code == 400
        headers = caught.value.response.headers
        assert (headers["content-type"], headers["x-should-retry"]) == ("application/json", "false")

    def test_hooks_of_the_user_still_run(self, plain: Mode, stand_in: StandIn):
        seen: list[Any] = []
        hooks = {
            "request": [lambda request: seen.append(request.method)],
            "response": [lambda r: seen.append(r.status_code)],
        }
        kwargs = {"event_hooks": hooks}
        stand_in.script(Answer.json(error_body(503)))
        with pytest.raises(openai.InternalServerError):
            plain(http_client_kwargs=kwargs)
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

    def test_a_stream_to_a_request_without_streaming(self, plain: Mode, stand_in: StandIn):
        stand_in.script(Answer.sse(events({"content": "Good"})))
        with pytest.raises(openai.APIError, match="is a stream, which was not asked for"):
            plain()


class TestExplanations:
    @pytest.mark.parametrize(
        ("status", "message", "metadata", "expected"),
        [
            (429, "Provider returned error", {"raw": "Upstream is busy"}, ["DeepInfra", "Upstream is busy", "models"]),
            (502, "Provider returned error", {"raw": '{"error": {"message": "GPU on fire"}}'}, ["GPU on fire"]),
            (502, "Provider returned error", {"raw": {"detail": [{"msg": "bad tensor"}]}}, ["bad tensor"]),
            (402, "Insufficient credits", {}, ["max_tokens", "credits"]),
            (404, "No endpoints found that support tool use", {}, ["supports=", "tools"]),
            (404, "Model not found", {}, ["test/model"]),
            (403, "Flagged", {"reasons": ["violence"], "flagged_input": "my secret prompt"}, ["violence"]),
            (400, "maximum context length is 8192", {}, ["context-compression"]),
            (503, "x", {"previous_errors": [{"code": 429, "message": "Too busy"}]}, ["Too busy"]),
        ],
    )
    def test_provider_cause_and_remedy(self, sync: Mode, stand_in: StandIn, status, message, metadata, expected):
        stand_in.script(Answer.json(error_body(status, message, **metadata), status))
        with pytest.raises(openai.APIStatusError) as caught:
            sync()
        text = told(caught.value)
        assert message in text
        assert all(part in text for part in expected)
        assert "user_2wT5" not in text
        assert "my secret prompt" not in text + repr(caught.value)

    @pytest.mark.parametrize(
        ("status", "message", "remedy"),
        [
            (
                400,
                "test/model is not a valid model ID",
                "Check the model name `test/model` at https://openrouter.ai/models",
            ),
            (400, "Prompt too long", "add {'id': 'context-compression'} to `plugins` in `generation_kwargs`"),
            (401, "x", "Check the API key in the `api_key` argument"),
            (
                402,
                "x",
                "Lower `max_tokens` (if unset, credits for the model's maximum are reserved), or add credits at https://",
            ),
            (403, "x", "change the input, the key's permissions or the model"),
            (404, "x", "Check the model name `test/model` at https://openrouter.ai/models"),
            (404, "No endpoints found", "Relax `provider` or `require_parameters` in `generation_kwargs`"),
            (404, "No model fits your data policy", "Relax `provider` or `require_parameters` in `generation_kwargs`"),
            (404, "No allowed providers", "Relax `provider` or `require_parameters` in `generation_kwargs`"),
            (408, "x", "Try again, or choose a faster model or provider"),
            (413, "x", "Send less at once"),
            (429, "x", "Try again later, raise `max_retries`, or name fallbacks in `models`"),
            (429, "free-models-per-day", "add credits at https://openrouter.ai/settings/credits or use another model"),
            (500, "x", "Try again, or name fallbacks in `models`"),
            (529, "x", "Try again, or name fallbacks in `models`"),
        ],
    )
    def test_the_remedy(self, sync: Mode, stand_in: StandIn, status, message, remedy):
        stand_in.script(Answer.error(status, message))
        with pytest.raises(openai.APIStatusError) as caught:
            sync()
        assert str(caught.value).startswith(f"Error code: {status} - {message}. ")
        assert remedy in str(caught.value).removeprefix(f"Error code: {status} - {message}. ")

    @pytest.mark.parametrize(("status", "message"), [(400, "x"), (409, "x"), (400, "No endpoints found")])
    def test_no_remedy(self, sync: Mode, stand_in: StandIn, status, message):
        stand_in.script(Answer.error(status, message))
        with pytest.raises(openai.APIStatusError) as caught:
            sync()
        assert str(caught.value) == f"Error code: {status} - {message}."

    def test_a_wrong_key_names_its_secret(self, sync: Mode, stand_in: StandIn):
        stand_in.script(Answer.error(401, "User not found: sk-or-test-key"))
        with pytest.raises(openai.AuthenticationError, match="OPENROUTER_API_KEY") as caught:
            sync(api_key=Secret.from_env_var("OPENROUTER_API_KEY"))
        assert "sk-or-test-key" not in told(caught.value)

    def test_the_generation_id_is_told(self, sync: Mode, stand_in: StandIn):
        stand_in.script(Answer.error(503, "x", headers={"X-Generation-Id": "gen-77"}))
        with pytest.raises(openai.InternalServerError, match="gen-77"):
            sync()

    def test_in_a_pipeline(self, stand_in: StandIn):
        stand_in.script(Answer.json(error_body(402, "Insufficient credits")))
        pipeline = Pipeline()
        pipeline.add_component("llm", Mode("sync", stand_in.url).generator())
        with pytest.raises(PipelineRuntimeError, match="Insufficient credits.*DeepInfra.*max_tokens"):
            pipeline.run({"llm": {"messages": "hi"}})

    @pytest.mark.parametrize("status", [200, 401, 429, 500])
    def test_no_secret_and_no_prompt_anywhere(self, pair: Mode, stand_in: StandIn, status, caplog):
        prompt = " ".join(["my", "prompt"])  # a traceback shows this line too
        stand_in.script(Answer.json(error_body(max(status, 403), "Bad", flagged_input=prompt), status, SOON))
        with caplog.at_level(logging.DEBUG), pytest.raises(openai.APIError) as caught:
            pair(prompt, extra_headers={"X-Own": "own-secret"})
        printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
        assert not [private for private in ("sk-or-secret", prompt, "user_2wT5") if private in printed]

    @pytest.mark.parametrize("deep", ["[" * 100_000, '{"error":' * 3000, '{"message": ' * 600 + "1" + "}" * 600])
    def test_words_of_a_provider_that_are_nested_deep(self, sync: Mode, stand_in: StandIn, deep):
        stand_in.script(Answer.error(400, "Provider returned error", metadata={"raw": deep}))
        with pytest.raises(openai.BadRequestError, match="Provider returned error"):
            sync()
