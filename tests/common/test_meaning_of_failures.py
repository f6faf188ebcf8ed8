# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What a failure means: whether it is sent again, after how long, and what the text advises.

Sources of the shapes: `availability`, 402 and `limit_source`, `previous_errors` as OpenRouter's documentation has them
(errors-and-debugging, limits); others as the issues that are named beside them.
"""

import asyncio
import pickle
import time
from typing import Any

import openai
import pytest
from components import COMPONENTS, INPUTS, RECORDINGS, SENDS_AGAIN, build
from haystack.utils import Secret
from hypothesis import given
from hypothesis import strategies as st
from modes import Mode
from stand_in import Answer, StandIn
from strategies import FAST
from wire import SOON, answer

from haystack_integrations.common.openrouter.errors._failure import LONGEST_WAIT, Failure
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError
from haystack_integrations.components.audio.openrouter import OpenRouterTranscriber
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterImageGenerator

IN_FLIGHT = {
    "limit_source": "openrouter_in_flight_budget",
    "reason": "in_flight_budget_exhausted",
    "remedy_hint": "Wait for Retry-After and retry",
}
PAGE = b"<!DOCTYPE html><html><head><title>Not here</title></head></html>"


def failed(code: Any, message: str = "x", availability: Any = None, status: int | None = None, **metadata: Any) -> Any:
    error = {"code": code, "message": message, "metadata": metadata}
    if availability is not None:
        error["availability"] = availability
    return Answer.json({"error": error}, status if status is not None else code, headers=SOON)


def error_of(mode: Mode, **parameters: Any) -> openai.APIError:
    with pytest.raises(openai.APIError) as caught:
        mode(**parameters)
    return caught.value


def made(kind: type[Any], url: str, **parameters: Any) -> Any:
    return build(kind, api_key=Secret.from_token("sk-or-secret"), api_base_url=url, **parameters)


class TestSentAgain:
    def test_a_402_of_a_budget_of_requests_under_way(self, mode: Mode, stand_in: StandIn):  # hermes-agent#102517
        stand_in.script(failed(402, "In-flight budget exhausted", **IN_FLIGHT), answer(mode, {"content": "Good"}))
        assert mode(max_retries=1).text == "Good"

    @pytest.mark.parametrize("is_async", [False, True])
    @pytest.mark.parametrize("kind", SENDS_AGAIN)
    def test_in_every_component(self, stand_in: StandIn, kind, is_async):
        stand_in.script(*[failed(402, **IN_FLIGHT)] * 2)
        component, inputs = made(kind, stand_in.url, max_retries=2), INPUTS[kind.__name__]
        assert asyncio.run(component.run_async(*inputs)) if is_async else component.run(*inputs)

    def test_inside_a_stream(self, streaming: Mode, stand_in: StandIn):
        error = {"code": 402, "message": "x", "metadata": {**IN_FLIGHT, "headers": {"Retry-After": "0.001"}}}
        stand_in.script(Answer.sse([{"error": error}]), answer(streaming, {"content": "Good"}))
        assert streaming(max_retries=1).text == "Good"

    @pytest.mark.parametrize(
        ("availability", "tries"),
        [
            ({"code": "model_unavailable_upstream", "retryable": True}, 2),
            ({"code": "temporarily_unavailable", "retryable": False}, 1),
            ({"code": "of_next_year", "retryable": True}, 2),
            ({"code": "of_next_year", "retryable": False}, 1),
        ],
    )
    def test_what_is_called_retryable_whatever_its_status(self, mode: Mode, stand_in: StandIn, availability, tries):
        generator, good = mode.generator(max_retries=1), [answer(mode, {"content": "Good"})]
        with mode.one_loop():
            for code in (400, 404, 503):
                stand_in.requests.clear()
                stand_in.script(failed(code, availability=availability), *good * (tries - 1))
                if tries == 2:
                    assert mode.run(generator)[0].text == "Good"
                else:
                    with pytest.raises(openai.APIError):
                        mode.run(generator)
                assert len(stand_in.requests) == tries, code

    @pytest.mark.parametrize("odd", [None, 5, "no", [True], {"x": {"y": [None]}}, {"retryable": "yes", "code": [1]}])
    def test_odd_values_do_no_harm(self, mode: Mode, stand_in: StandIn, odd):
        stand_in.script(failed(503, availability=odd), answer(mode, {"content": "Good"}))
        assert mode(max_retries=1).text == "Good"

    @pytest.mark.parametrize("wait", [LONGEST_WAIT + 3, 0.001])
    def test_a_clock_that_is_some_seconds_slow(self, wait):
        reset = {"headers": {"X-RateLimit-Reset": str((time.time() + wait) * 1000)}}
        failure = Failure.read({"code": 429, "message": "x", "metadata": reset})
        assert failure.is_transient
        assert failure.wait <= LONGEST_WAIT

    def test_it_waits_as_long_as_the_sdk(self):
        version = tuple(map(int, openai.__version__.split(".")[:2]))
        assert (120 if version >= (3, 57) else 60) == LONGEST_WAIT

    def test_what_takes_longer_says_until_when(self, mode: Mode, stand_in: StandIn):
        stand_in.script(Answer.error(429, "Slow down", headers={"retry-after": "7200"}))
        error = error_of(mode, max_retries=3)
        assert len(stand_in.requests) == 1
        assert f"Try again after {time.strftime('%Y-%m-%d', time.gmtime(time.time() + 7200))}" in str(error)

    @pytest.mark.parametrize("is_async", [False, True])
    def test_what_was_billed_is_not(self, stand_in: StandIn, is_async):
        empty = Answer.json({"data": [], "usage": {"cost": 0.04}}, headers=SOON)
        stand_in.script(*[empty] * 3)
        generator = made(OpenRouterImageGenerator, stand_in.url, max_retries=2)
        with pytest.raises(openai.InternalServerError, match=r"Billed: 0\.04"):
            asyncio.run(generator.run_async("A panda")) if is_async else generator.run("A panda")
        assert len(stand_in.requests) == 1

    def test_a_completion_that_was_billed_is_not(self, plain: Mode, stand_in: StandIn):
        stand_in.script(Answer.json({"choices": None, "usage": {"cost": 0.5}}, headers=SOON))
        assert "Billed: 0.5" in str(error_of(plain, max_retries=2))
        assert len(stand_in.requests) == 1

    def test_a_recording_that_takes_the_provider_too_long_is_not(self, stand_in: StandIn):
        stand_in.script(*[failed(502, "The operation was aborted due to timeout")] * 3)
        transcriber = made(OpenRouterTranscriber, stand_in.url, max_retries=2, raise_on_failure=True)
        with pytest.raises(openai.InternalServerError, match="Split the recording"):
            transcriber.run(*INPUTS["OpenRouterTranscriber"])
        assert len(stand_in.requests) <= 2  # two recordings at once

    @pytest.mark.parametrize(
        ("code", "message", "metadata"),
        [
            (502, "Provider returned error", {"raw": "timeout of 60000ms exceeded"}),
            (504, "Gateway Timeout", {}),
            (408, "Request timed out", {}),
            (504, "Provider returned error", {"error_type": "timeout"}),
        ],
    )
    def test_a_recording_is_not_however_the_timeout_is_named(self, stand_in: StandIn, code, message, metadata):
        stand_in.script(*[failed(code, message, **metadata)] * 6)
        with pytest.raises(openai.APIStatusError, match="Split the recording"):
            made(OpenRouterTranscriber, stand_in.url, max_retries=5).run([RECORDINGS[0]])
        assert len(stand_in.requests) == 1

    def test_a_choice_that_failed_and_was_billed_is_not(self, mode: Mode, stand_in: StandIn):
        choice = {
            "index": 0,
            "delta": {},
            "message": None,
            "finish_reason": "error",
            "error": {"code": 502, "message": "x"},
        }
        body = {"choices": [choice], "usage": {"cost": 0.5}}
        stand_in.script(Answer.sse([body]) if mode.streams else Answer.json(body))
        assert "Billed: 0.5" in str(error_of(mode, max_retries=1))
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize("name", ["refusal", "invalid_image", "image_download_failed", "image_not_found"])
    def test_newer_types_without_a_code(self, mode: Mode, stand_in: StandIn, name):
        error = {"message": "x", "metadata": {"error_type": name}}
        stand_in.script(Answer.json({"error": error}, headers=SOON))
        caught = error_of(mode, max_retries=2)
        assert caught.status_code == (404 if name == "image_not_found" else 400)
        assert len(stand_in.requests) == 1


class TestWebPages:
    @pytest.mark.parametrize("status", [200, 404])
    def test_one_in_place_of_the_api(self, mode: Mode, stand_in: StandIn, status):
        stand_in.script(*[Answer([PAGE], status, {"content-type": "text/html", **SOON})] * 2)
        error = error_of(mode, max_retries=1)
        assert isinstance(error, openai.NotFoundError)
        assert "Check `api_base_url`" in str(error)
        assert "'Not here'" in str(error)
        assert "model name" not in str(error)
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize("kind", COMPONENTS)
    def test_in_every_component(self, stand_in: StandIn, kind):
        stand_in.script(*[Answer([PAGE], 200, {"content-type": "text/html", **SOON})] * 2)
        with pytest.raises(openai.NotFoundError, match="Check `api_base_url`"):
            made(kind, stand_in.url, max_retries=3).run(*INPUTS[kind.__name__])
        assert len(stand_in.requests) <= 2  # of those that are sent at once, none is sent again

    @pytest.mark.parametrize("status", [200, 400, 403, 405, 410])
    @pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"<!-- x -->\n", b"<?xml version='1.0'?>"])
    def test_whatever_its_status_and_its_first_bytes(self, sync: Mode, stand_in: StandIn, status, start):
        stand_in.script(*[Answer([start + PAGE], status, {"content-type": "text/html", **SOON})] * 2)
        assert "Check `api_base_url`" in str(error_of(sync, max_retries=1))
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize(("status", "expected"), [(401, "Check the API key"), (413, "Send less"), (429, "later")])
    def test_one_of_a_proxy_says_what_is_wrong(self, sync: Mode, stand_in: StandIn, status, expected):
        stand_in.script(Answer([PAGE], status, {"content-type": "text/html"}))
        error = error_of(sync, max_retries=0)
        assert expected in str(error)
        assert "api_base_url" not in str(error)

    def test_one_of_a_provider_is_tried_again(self, mode: Mode, stand_in: StandIn):
        page = Answer([PAGE], 502, {"content-type": "text/html", **SOON})
        stand_in.script(page, answer(mode, {"content": "Good"}))
        assert mode(max_retries=1).text == "Good"


CAUSES: list[tuple[int, str, Any, dict[str, Any], list[str], list[str]]] = [
    (402, "x", None, IN_FLIGHT, ["send fewer at once"], []),
    (402, "x", None, {"limit_source": "weight_exceeds_budget"}, ["Lower `max_tokens`"], []),
    (402, "x", None, {"limit_source": "openrouter_key_limit"}, ["settings/keys"], ["credits"]),
    (
        402,
        "x",
        None,
        {"limit_source": "of_next_year", "remedy_hint": "Do a dance"},
        ["Do a dance."],
        ["credits"],
    ),
    (
        403,
        "Budget exceeded",
        None,
        {"limit_source": "openrouter_workspace_budget", "limit_usd": 5, "resets_at": "2026-12-01T00:00:00Z"},
        ["5 USD", "2026-12-01"],
        ["change the input"],
    ),
    (
        404,
        "x",
        {"code": "model_deprecated", "retryable": False, "fallback_models": ["a/new", "b/new"]},
        {},
        ["a/new, b/new", "Use another model"],
        ["Check the model name"],
    ),
    (
        404,
        "x",
        {
            "code": "constraint_filtered",
            "retryable": False,
            "excluded_by": ["data_policy:zdr", "max_price"],
            "constraint": {"field": "provider.max_price", "detail": "no provider is that cheap"},
        },
        {},
        ["data_policy:zdr, max_price", "provider.max_price: no provider is that cheap", "Relax `provider`"],
        ["Check the model name"],
    ),
    (
        400,
        "x",
        {"code": "wrong_endpoint", "retryable": False, "constraint": {"detail": "/api/v1/embeddings"}},
        {},
        ["/api/v1/embeddings", "OpenRouterTextEmbedder"],
        ["Check the model name"],
    ),
    (
        400,
        "x",
        {
            "code": "wrong_endpoint",
            "retryable": False,
            "constraint": {"detail": "Use /api/v1/systemone, not /api/v1/chat/completions"},
        },
        {},
        ["use OpenRouterTextRouter or OpenRouterDocumentClassifier."],
        ["OpenRouterChatGenerator"],
    ),
    (
        400,
        "a/b is a decisions model and cannot be used with the chat/completions endpoint",
        None,
        {},
        ["`test/model` is served at another endpoint: use OpenRouterTextRouter or OpenRouterDocumentClassifier."],
        ["Check the model name"],
    ),
    (
        404,
        "a/b is an image model and cannot be used with the chat/completions endpoint",
        None,
        {},
        ["use OpenRouterImageGenerator."],
        ["Check the model name"],
    ),
    (400, "x", {"code": "model_not_found", "retryable": False}, {}, ["Check the model name"], []),
    (404, "No endpoints found that support tool use", None, {}, ['supports="tools"'], ["Relax"]),
    (404, "No endpoints found that support image input", None, {}, ['takes="image"'], ["Relax"]),
    (
        404,
        "Encrypted reasoning was produced under a different model endpoint",
        None,
        {},
        ["Another model made the reasoning"],
        ["Relax", "Check the model name"],
    ),
    (422, "x", None, {}, ["Check the names and values of the parameters"], []),
]
"""Status, message, availability and metadata of a failure; what its text says, and what it doesn't."""


class TestAdvice:
    def test_it_follows_the_cause(self, mode: Mode, stand_in: StandIn):
        generator = mode.generator()
        with mode.one_loop():
            for status, message, availability, metadata, expected, never in CAUSES:
                stand_in.script(failed(status, message, availability, **metadata))
                with pytest.raises(openai.APIError) as caught:
                    mode.run(generator)
                said = str(caught.value)
                assert [part for part in expected if part not in said] == []
                assert [part for part in never if part in said] == []

    @pytest.mark.parametrize("code", ["Unauthorized", "invalid_thing", None])
    def test_the_http_status_speaks_where_the_body_does_not(self, sync: Mode, stand_in: StandIn, code):
        generator = sync.generator()
        for status in (401, 402, 403, 404, 413, 422, 429):
            odd = {"error": {"code": code, "message": "x", "type": "y", "param": None}}
            stand_in.script(Answer.json(odd, status), Answer.error(status, "x"))
            said = []
            for _ in range(2):
                with pytest.raises(openai.APIError) as caught:
                    sync.run(generator)
                said.append(str(caught.value))
            assert said[0] == said[1], status

    @pytest.mark.parametrize(
        ("key", "expected"),
        [
            ("sk-proj-abcdefghijkl", "one of OpenAI's"),
            ("sk-ant-abcdefghijkl", "one of Anthropic's"),
            ("sk-or-abcdefghijkl", "https://openrouter.ai/settings/keys"),
        ],
    )
    def test_a_key_of_somebody_else(self, sync: Mode, stand_in: StandIn, key, expected):
        stand_in.script(Answer.error(401, "No auth credentials found"))
        said = str(error_of(sync, api_key=Secret.from_token(key)))
        assert expected in said
        assert key not in said

    @pytest.mark.parametrize(
        ("entry", "expected"),
        [
            (
                {"code": 429, "message": "Provider returned error", "provider_name": "Google", "raw": "Exhausted"},
                "Google 429: Exhausted",
            ),
            ({"provider": "Azure", "code": "overloaded", "status": 503}, "Azure overloaded"),
            ({"provider": "Azure", "status": 503}, "Azure 503"),
        ],
    )
    def test_who_failed_before(self, mode: Mode, stand_in: StandIn, entry, expected):  # oh-my-pi#3399
        stand_in.script(failed(503, previous_errors=[entry, entry]))
        assert f"Tried before: {expected}; {expected}." in str(error_of(mode))

    @pytest.mark.parametrize("status", [400, 200])
    def test_problem_json(self, mode: Mode, stand_in: StandIn, status):
        body = {"type": "about:blank", "title": "Bad request", "detail": "No such thing", "status": 400}
        stand_in.script(Answer.json(body, status))
        error = error_of(mode)
        assert isinstance(error, openai.BadRequestError)
        assert "No such thing" in str(error)

    def test_a_warning_ends_in_one_full_stop(self, mode: Mode, stand_in: StandIn, caplog):
        stand_in.script(failed(503, "Try later."), answer(mode, {"content": "Good"}))
        mode(max_retries=1)
        assert "Try later. Trying again" in caplog.text

    def test_a_warning_of_a_stream_that_names_the_provider(self, streaming: Mode, stand_in: StandIn, caplog):
        metadata = {"provider_name": "Groq", "headers": {"Retry-After": "0.001"}}
        error = {"code": 503, "message": "Try later.", "metadata": metadata}
        stand_in.script(Answer.sse([{"error": error}]), answer(streaming, {"content": "Good"}))
        streaming(max_retries=1)
        assert "Try later (provider Groq). Trying again" in caplog.text


class TestAvailability:
    AVAILABILITY = {"code": "no_endpoints", "retryable": False, "requested_models": ["a/b"]}

    def test_on_the_error(self, mode: Mode, stand_in: StandIn):
        stand_in.script(failed(404, availability=self.AVAILABILITY))
        error = error_of(mode)
        assert error.availability == self.AVAILABILITY
        assert pickle.loads(pickle.dumps(error)).availability == self.AVAILABILITY

    def test_in_a_stream(self, streaming: Mode, stand_in: StandIn):
        error = {"code": 404, "message": "x", "availability": self.AVAILABILITY}
        stand_in.script(Answer.sse([{"error": error}]))
        error = error_of(streaming)
        assert isinstance(error, OpenRouterStreamError)
        assert error.availability == self.AVAILABILITY
        assert pickle.loads(pickle.dumps(error)).availability == self.AVAILABILITY

    def test_without_one(self, mode: Mode, stand_in: StandIn):
        stand_in.script(failed(404))
        assert error_of(mode).availability == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("code", "message", "metadata", "availability", "http_status", "type")
INNER = ("retryable", "code", "constraint", "excluded_by", "retry_after", "limit_source", "raw", "headers", "reasons")


@FAST
@given(st.dictionaries(st.sampled_from(NAMES), JSON | st.dictionaries(st.sampled_from(INNER), JSON)))
def test_any_shape_is_read(error):
    failure = Failure.read(error)
    assert 400 <= failure.status <= 599
    assert not (failure.is_transient and failure.ends_run)
    assert not (failure.is_about_inputs and failure.ends_run)
    assert list(failure.situations)


def test_the_generator_of_another_key(stand_in: StandIn):
    stand_in.script(Answer.error(401, "x"))
    with pytest.raises(openai.AuthenticationError, match="one of Groq's"):
        OpenRouterChatGenerator(api_key=Secret.from_token("gsk_1234567890"), api_base_url=stand_in.url).run("Hi")


def test_problem_json_inside_a_stream(streaming: Mode, stand_in: StandIn):
    stand_in.script(Answer.sse([{"title": "Bad request", "detail": "No such thing", "status": 400}]))
    error = error_of(streaming, max_retries=2)
    assert isinstance(error, OpenRouterStreamError)
    assert "No such thing" in str(error)
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize("code", ["model_not_found", None])
def test_an_unknown_model_as_gateways_name_it(sync: Mode, stand_in: StandIn, code):
    error = {"message": "m", "type": "invalid_request_error", "param": None, "code": code}
    stand_in.script(Answer.json({"error": error}, 404))
    assert "Check the model name" in str(error_of(sync))


@pytest.mark.parametrize("where", ["error_type", "type"])
def test_an_image_that_was_not_found_is_no_unknown_model(sync: Mode, stand_in: StandIn, where):
    error = {
        "message": "m",
        **({"type": "image_not_found"} if where == "type" else {"metadata": {where: "image_not_found"}}),
    }
    stand_in.script(Answer.json({"error": error}))
    error = error_of(sync)
    assert "URLs of the images" in str(error)
    assert "model name" not in str(error)
    failure = Failure.read({"message": "m", "code": 404, "metadata": {"error_type": "image_not_found"}})
    assert failure.is_about_inputs
    assert not failure.ends_run


def test_a_model_that_can_is_advised_whatever_availability_says(sync: Mode, stand_in: StandIn):
    known = {"code": "no_endpoints", "retryable": False}
    stand_in.script(failed(404, "No endpoints found that support image input", known))
    text = str(error_of(sync))
    assert "Use a model that can" in text
    assert "Relax" not in text


def test_an_availability_without_a_code_is_no_unknown_model(sync: Mode, stand_in: StandIn):
    stand_in.script(failed(404, availability={"retryable": False}))
    assert "model name" not in str(error_of(sync))


def test_a_spent_key_in_a_403(sync: Mode, stand_in: StandIn):
    stand_in.script(failed(403, "Key limit exceeded (total limit)"))
    text = str(error_of(sync))
    assert "Raise the limit of the key" in text
    assert "change the input" not in text


@pytest.mark.parametrize(
    "body",
    [
        {"detail": [{"loc": ["body", "x"], "msg": "Too odd", "type": "extra_forbidden"}]},
        {"error": {"detail": "Too odd"}},
        {"error": {"message": {"message": "Too odd"}}},
        {"errors": [{"message": "Too odd"}]},
    ],
)
def test_a_message_in_another_place(sync: Mode, stand_in: StandIn, body):
    stand_in.script(Answer.json(body, 422))
    assert str(error_of(sync)).startswith("Error code: 422 - Too odd.")


def test_the_body_of_a_gateway_with_a_good_status(mode: Mode, stand_in: StandIn):
    stand_in.script(Answer.json({"message": "Unauthorized", "code": 401}))
    error = error_of(mode, max_retries=1)
    assert isinstance(error, openai.AuthenticationError)
    assert len(stand_in.requests) == 1


def test_a_wait_in_milliseconds_is_one():  # the SDK looks there first
    failure = Failure.read({"code": 429, "message": "x"}, headers={"retry-after-ms": "4000", "retry-after": "1"})
    assert failure.wait == 4.0
