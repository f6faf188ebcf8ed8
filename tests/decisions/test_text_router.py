# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The router's own contract: a text goes where the answer says, or nowhere."""

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import openai
import pytest
from haystack import Pipeline
from haystack.components.joiners import BranchJoiner
from modes import KEY
from stand_in import Answer, StandIn
from wire import choice, decided

from haystack_integrations.components.routers.openrouter import OpenRouterTextRouter

Route = Callable[..., dict[str, Any]]

LABELS = {"billing": "Payments and invoices", "technical": None}
TEXT = "I was charged twice for my subscription"


@pytest.fixture(params=["sync", "async"])
def route(request: pytest.FixtureRequest, stand_in: StandIn) -> Route:
    def run(text: Any = TEXT, labels: Any = LABELS, **parameters: Any) -> dict[str, Any]:
        router = OpenRouterTextRouter(labels, **{"api_base_url": stand_in.url, "max_retries": 0, **parameters})
        return asyncio.run(router.run_async(text)) if request.param == "async" else router.run(text)

    return run


class TestRequest:
    def test_what_is_sent(self, route: Route, stand_in: StandIn):
        labels, more = copy.deepcopy(LABELS), {"provider": {"zdr": True}, "user": "u"}
        stand_in.script(decided(route=choice("billing")))
        route(labels=labels, instructions="Which team?", extra_parameters=more, extra_headers={"X-Title": "T"})
        (request,) = stand_in.requests
        question = {"type": "choice", "instructions": "Which team?", "criteria": LABELS}
        assert (request.method, request.path) == ("POST", "/api/v1/systemone")
        assert request.body == {
            "model": "typesafe/jev-1.13",
            "state": TEXT,
            "questions": {"route": question},
            "provider": {"zdr": True},
            "user": "u",
        }
        assert request.headers["x-title"] == "T"
        assert (labels, more) == (LABELS, {"provider": {"zdr": True}, "user": "u"})

    @pytest.mark.parametrize("labels", [["a", "b"], ("a", "b")])
    def test_labels_without_descriptions(self, route: Route, stand_in: StandIn, labels):
        stand_in.script(decided(route=choice("b")))
        assert "b" in route(labels=labels)
        question = stand_in.requests[0].body["questions"]["route"]
        assert question["criteria"] == {"a": None, "b": None}
        assert question["instructions"] == "Which category does this text belong to?"

    def test_as_many_labels_as_can_be(self, route: Route, stand_in: StandIn):
        labels = [str(number) for number in range(255)]
        stand_in.script(decided(route=choice("254")))
        assert route(labels=labels)["254"] == TEXT


class TestResult:
    def test_the_text_and_everything_that_was_sent(self, route: Route, stand_in: StandIn):
        usage = {"input_tokens": 70, "output_tokens": 0, "cost": 0.00000294}
        answer = choice("billing", 0.93, probabilities={"technical": 0.02, "billing": 0.97}, of_tomorrow=[1])
        stand_in.script(decided(usage, route=answer))
        assert route() == {
            "billing": TEXT,
            "meta": {
                "id": "gen-1",
                "model": "test/dated",
                "provider": "TypeSafe",
                "usage": usage,
                "answers": {"route": answer},
            },
        }

    def test_meta_has_its_keys_always(self, route: Route, stand_in: StandIn):
        stand_in.script(Answer.json({"answers": {"route": choice("technical")}}))
        meta = route()["meta"]
        assert {**meta, "answers": None} == {
            "id": None,
            "model": "typesafe/jev-1.13",
            "provider": None,
            "usage": {},
            "answers": None,
        }

    @pytest.mark.parametrize(
        ("confidence", "output"), [(0.59, "low_confidence"), (0.6, "billing"), (1, "billing"), (0, "low_confidence")]
    )
    def test_confidence(self, route: Route, stand_in: StandIn, confidence, output):
        stand_in.script(decided(route=choice("billing", confidence)))
        result = route(min_confidence=0.6)
        assert result[output] == TEXT
        assert result.keys() == {output, "meta"}

    def test_without_a_minimum_none_is_too_low(self, route: Route, stand_in: StandIn):
        stand_in.script(decided(route=choice("billing", 0)))
        assert route()["billing"] == TEXT

    def test_a_confidence_that_was_left_out(self, route: Route, stand_in: StandIn):
        answer = {"type": "choice", "choice": "billing"}
        stand_in.script(*[decided(route=answer)] * 2)
        assert route()["billing"] == TEXT
        with pytest.raises(openai.APIError, match="no confidence, so `min_confidence` can't be applied"):
            route(min_confidence=0.0)

    @pytest.mark.parametrize(
        ("answers", "told"),
        [
            ({}, "has no answer to question 'route'"),
            ({"route": None}, "has no answer to question 'route'"),
            ({"other": choice("billing")}, "has no answer to question 'route'"),
            ({"route": choice("billing"), "other": choice("billing")}, "that was not asked: 'other'"),
            ({"route": {**choice("billing"), "type": "noul"}}, "has the type 'noul', but 'choice' was asked for"),
            ({"route": {"choice": "billing", "confidence": 1}}, "has the type None, but 'choice' was asked for"),
            ({"route": "billing"}, "has the type None"),
            ({"route": choice("sales")}, "is 'sales', which is none of its labels"),
            ({"route": choice("Billing")}, "is 'Billing', which is none of its labels"),
            ({"route": choice("low_confidence")}, "which is none of its labels"),
            ({"route": {**choice("x"), "choice": ["billing"]}}, "which is none of its labels"),
            ({"route": {"type": "choice", "confidence": 1}}, "is None, which is none of its labels"),
            ({"route": choice("billing", None)}, "has None as its confidence"),
            ({"route": choice("billing", "0.9")}, "has '0.9' as its confidence"),
            ({"route": choice("billing", True)}, "has True as its confidence"),
            ({"route": choice("billing", float("nan"))}, "has nan as its confidence"),
        ],
        ids=str,
    )
    def test_an_answer_that_can_not_be_used_is_no_route(self, route: Route, stand_in: StandIn, answers, told):
        stand_in.script(decided(**answers))
        with pytest.raises(openai.APIError, match=told) as caught:
            route(max_retries=2)
        assert "Provider: TypeSafe" in str(caught.value)
        assert caught.value.generation_id == "gen-1"
        assert len(stand_in.requests) == 1  # it was billed

    @pytest.mark.parametrize("answers", [None, [], "billing"])
    def test_a_body_without_answers(self, route: Route, stand_in: StandIn, answers):
        stand_in.script(Answer.json({"answers": answers}))
        with pytest.raises(openai.InternalServerError, match="has no answers.*is a decision model"):
            route()

    def test_an_error_with_a_good_status(self, route: Route, stand_in: StandIn):
        stand_in.script(Answer.error(402, "No credits", status=200))
        with pytest.raises(openai.APIStatusError, match="Add credits") as caught:
            route()
        assert caught.value.status_code == 402

    def test_a_model_of_another_endpoint(self, route: Route, stand_in: StandIn):
        detail = "/api/v1/systemone serves decisions models only: use /api/v1/chat/completions"
        error = {
            "code": 400,
            "message": "x",
            "availability": {"code": "wrong_endpoint", "constraint": {"detail": detail}},
        }
        stand_in.script(Answer.json({"error": error}, 400))
        with pytest.raises(openai.BadRequestError, match="served at another endpoint: use OpenRouterChatGenerator"):
            route()


BAD_LABELS = [
    ([], ValueError, "from 1 to 255 labels, not 0"),
    ({}, ValueError, "from 1 to 255 labels, not 0"),
    ([str(number) for number in range(256)], ValueError, "from 1 to 255 labels, not 256"),
    (["a", ""], ValueError, "`labels` has an empty label"),
    ({" ": "x"}, ValueError, "`labels` has an empty label"),
    (["a", "b", "a"], ValueError, "`labels` has the label 'a' twice"),
    (["a", "low_confidence"], ValueError, "`labels` can't have 'low_confidence'"),
    ({"meta": None}, ValueError, "`labels` can't have 'meta'"),
    (["self"], ValueError, "`labels` can't have 'self'"),
    (["instance"], ValueError, "`labels` can't have 'instance'"),
    ([True, False], TypeError, "must be a string, not bool. In YAML, write yes, no"),
    (["a", 5], TypeError, "must be a string, not int"),
    ([["a"]], TypeError, "must be a string, not list"),
    ("yes", TypeError, "`labels` must be a list of labels"),
    (None, TypeError, "`labels` must be a list of labels"),
    ({"a": 5}, ValueError, "the description of 'a' must be a text or None, not 5"),
    ({"a": " "}, ValueError, "the description of 'a' must be a text or None"),
    ([f"a{chr(0xD83D)}"], ValueError, "half of a surrogate pair"),
]


class TestArguments:
    @pytest.mark.parametrize(("labels", "kind", "told"), BAD_LABELS)
    def test_labels_are_refused_before_anything_is_sent(self, stand_in: StandIn, labels, kind, told):
        with pytest.raises(kind, match=told):
            OpenRouterTextRouter(labels)
        router = OpenRouterTextRouter(["a"], api_base_url=stand_in.url)
        router.labels = labels
        with pytest.raises(kind, match=told):
            router.run(TEXT)
        assert not stand_in.requests

    @pytest.mark.parametrize(
        ("parameters", "kind", "told"),
        [
            ({"min_confidence": 1.1}, ValueError, "`min_confidence` must be at most 1"),
            ({"min_confidence": -0.1}, ValueError, "`min_confidence` must be at least 0"),
            ({"min_confidence": "0.5"}, TypeError, "`min_confidence` must be a number from 0 to 1 or None"),
            ({"instructions": " "}, ValueError, "`instructions` is empty"),
            ({"instructions": None}, TypeError, "`instructions` must be a str"),
            ({"extra_parameters": {"questions": {}}}, ValueError, "can't hold 'questions'"),
            ({"extra_parameters": {"state": "x"}}, ValueError, "can't hold 'state'"),
        ],
    )
    def test_others(self, parameters, kind, told):
        with pytest.raises(kind, match=told):
            OpenRouterTextRouter(LABELS, **parameters)

    @pytest.mark.parametrize(
        ("text", "kind"), [("", ValueError), (" \n", ValueError), (None, TypeError), (["x"], TypeError)]
    )
    def test_the_text(self, route: Route, stand_in: StandIn, text, kind):
        with pytest.raises(kind, match="`text`"):
            route(text)
        assert not stand_in.requests


class TestInAPipeline:
    def test_outputs(self):
        with_minimum, without = (OpenRouterTextRouter(LABELS, min_confidence=least) for least in (0.5, None))
        assert list(without.__haystack_output__._sockets_dict) == ["billing", "technical", "meta"]
        assert list(with_minimum.__haystack_output__._sockets_dict) == [*LABELS, "low_confidence", "meta"]

    def test_yaml(self):
        pipeline = Pipeline()
        pipeline.add_component("router", OpenRouterTextRouter(LABELS, min_confidence=0.5, instructions="Which?"))
        pipeline.add_component("join", BranchJoiner(str))
        for output in (*LABELS, "low_confidence"):
            pipeline.connect(f"router.{output}", "join")
        written = pipeline.dumps()
        loaded = Pipeline.loads(written)
        assert loaded.dumps() == written
        assert loaded.get_component("router").labels == LABELS

    @pytest.mark.parametrize("is_async", [False, True])
    @pytest.mark.parametrize(
        ("text", "output"), [("My invoices", "billing"), ("A crash", "technical"), ("Good morning", "low_confidence")]
    )
    def test_one_branch_runs(self, stand_in: StandIn, text, output, is_async):
        labels = {"billing": "Payments and invoices", "technical": "A crash"}
        pipeline = Pipeline()
        pipeline.add_component("router", OpenRouterTextRouter(labels, api_base_url=stand_in.url, min_confidence=0.5))
        for name in (*labels, "low_confidence"):
            pipeline.add_component(name, BranchJoiner(str))
            pipeline.connect(f"router.{name}", name)
        data = {"router": {"text": text}}
        result = asyncio.run(pipeline.run_async(data)) if is_async else pipeline.run(data)
        assert result[output] == {"value": text}
        assert result.keys() == {output, "router"}
        assert result["router"]["meta"]["usage"]["cost"] > 0

    def test_the_key_is_not_shown(self, route: Route, stand_in: StandIn):
        stand_in.script(decided(route=choice(KEY)))
        with pytest.raises(openai.APIError) as caught:
            route()
        assert TEXT not in str(caught.value)
