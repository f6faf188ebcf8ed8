# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The classifier's own contract: questions, answers, and what becomes of documents that fail."""

import asyncio
import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import openai
import pytest
from haystack import Document, Pipeline
from haystack.components.routers import MetadataRouter
from stand_in import Answer, Request, StandIn
from wire import SOON, choice, decided

from haystack_integrations.components.classifiers.openrouter import OpenRouterDocumentClassifier

Classify = Callable[..., dict[str, Any]]

REFUND = {"type": "noul", "instructions": "A refund?", "criteria": {"true": "It is asked for", "false": "It is not"}}
TEAM = {"type": "choice", "instructions": "Which team?", "criteria": {"billing": "Payments", "sales": None}}
URGENCY = {"type": "score", "instructions": "How urgent?", "criteria": ["can wait", "this week", "today"]}
QUESTIONS = {"refund": REFUND, "team": TEAM, "urgency": URGENCY}
LEGEND = {"0": "can wait", "1": "this week", "2": "today"}
SCORE = {
    "type": "score",
    "score": 1.95,
    "legend": LEGEND,
    "probabilities": {"0": 0.01, "1": 0.03, "2": 0.97},
    "confidence": 0.94,
}
ANSWERS = {"urgency": SCORE, "refund": {"type": "noul", "noul": 0.82}, "team": choice("billing")}  # in another order


@pytest.fixture(params=["sync", "async"])
def classify(request: pytest.FixtureRequest, stand_in: StandIn) -> Classify:
    def run(documents: Any, questions: Any = QUESTIONS, **parameters: Any) -> dict[str, Any]:
        usual = {"api_base_url": stand_in.url, "max_retries": 0, "progress_bar": False, "max_workers": 1}
        classifier = OpenRouterDocumentClassifier(questions, **{**usual, **parameters})
        if request.param == "async":
            return asyncio.run(classifier.run_async(documents))
        return classifier.run(documents)

    return run


class Script(StandIn):
    """
    Answers as usual, or with an error where the text begins with a status.
    """

    def answer(self, request: Request) -> Answer:
        words = request.body["state"].split()
        if not words[0].isdigit():
            return super().answer(request)
        self.requests.append(request)
        return Answer.error(int(words[0]), " ".join(["Not this one", *words[1:]]), headers=SOON)


@pytest.fixture
def script() -> Any:
    with Script() as server:
        yield server


def documents_of(*texts: str | None) -> list[Document]:
    return [Document(content=text, meta={"number": number}) for number, text in enumerate(texts)]


def numbers(documents: list[Document]) -> list[int]:
    return [document.meta["number"] for document in documents]


def error_in(document: Document) -> str:
    return document.meta["classification_error"]


class TestRequest:
    def test_what_is_sent(self, classify: Classify, stand_in: StandIn):
        questions, more = copy.deepcopy(QUESTIONS), {"provider": {"zdr": True}}
        classify(documents_of("One", "Two"), questions, extra_parameters=more, extra_headers={"X-Title": "T"})
        assert [(request.method, request.path) for request in stand_in.requests] == [("POST", "/api/v1/systemone")] * 2
        assert [request.body for request in stand_in.requests] == [
            {"model": "typesafe/jev-1.13", "state": text, "questions": QUESTIONS, "provider": {"zdr": True}}
            for text in ("One", "Two")
        ]
        assert stand_in.requests[0].headers["x-title"] == "T"
        assert (questions, more) == (QUESTIONS, {"provider": {"zdr": True}})

    def test_criteria_as_yaml_reads_them(self, classify: Classify, stand_in: StandIn):
        classify(documents_of("One"), {"a": {**REFUND, "criteria": {True: "Yes", False: "No"}}})
        assert stand_in.requests[0].body["questions"]["a"]["criteria"] == {"true": "Yes", "false": "No"}

    def test_what_is_none_is_left_out(self, classify: Classify, stand_in: StandIn):
        classify(documents_of("One"), {"a": {"type": "noul", "instructions": "A?", "criteria": None, "new": 1}})
        assert stand_in.requests[0].body["questions"] == {"a": {"type": "noul", "instructions": "A?", "new": 1}}

    def test_a_meta_field(self, classify: Classify, stand_in: StandIn):
        metas = [
            {"title": "One"},
            {"title": {"de": "Zwei"}},
            {"title": ["Three"]},
            {"title": 4},
            {"title": [date.min]},
            {},
        ]
        documents = [Document(content="x", meta={**meta, "number": number}) for number, meta in enumerate(metas)]
        result = classify(documents, classification_field="title")
        assert [request.body["state"] for request in stand_in.requests] == ["One", {"de": "Zwei"}, ["Three"]]
        assert numbers(result["failed_documents"]) == [3, 4, 5]
        assert [error_in(document) for document in result["failed_documents"]] == [
            "What the document has to classify can't be sent: it is of the type int.",
            "What the document has to classify can't be sent: it is of the type list.",
            "The document has no text to classify.",
        ]

    def test_no_text_no_request(self, classify: Classify, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("OPENROUTER_API_KEY")
        result = classify(documents_of(None, "", " \n"), raise_on_failure=True)
        assert not stand_in.requests
        assert (result["documents"], numbers(result["failed_documents"])) == ([], [0, 1, 2])
        assert result["meta"] == {"model": "typesafe/jev-1.13", "ids": [None] * 3, "usage": {}}
        assert classify([])["meta"] == {"model": "typesafe/jev-1.13", "ids": [], "usage": {}, "failed": 0}


class TestResult:
    def test_answers_as_they_were_sent_on_copies(self, classify: Classify, stand_in: StandIn):
        (document,) = documents = [Document(content="x", meta={"a": 1, "classification_error": "old"}, score=0.5)]
        before = copy.deepcopy(documents)
        stand_in.script(decided(**ANSWERS))
        result = classify(documents, metadata_field="found")
        (classified,) = result["documents"]
        assert classified.meta == {"a": 1, "found": ANSWERS}
        assert (classified.id, classified.content, classified.score) == (document.id, "x", 0.5)
        assert documents == before
        assert result["failed_documents"] == []

    def test_meta(self, classify: Classify, stand_in: StandIn):
        one, two = {"input_tokens": 20, "cost": 0.5}, {"input_tokens": 30, "cost": 0.25}
        stand_in.script(decided(one, **ANSWERS), decided(two, **ANSWERS))
        meta = classify(documents_of("One", None, "Two"))["meta"]
        assert meta == {
            "model": "test/dated",
            "provider": "TypeSafe",
            "ids": ["gen-1", None, "gen-1"],
            "usage": {"input_tokens": 50, "cost": 0.75},
            "failed": 1,
        }

    def test_what_differs_from_response_to_response(self, classify: Classify, stand_in: StandIn):
        bodies = [{"provider": name, "model": name, "id": name, "answers": ANSWERS} for name in ("first", "second")]
        stand_in.script(*map(Answer.json, bodies))
        meta = classify(documents_of("One", "Two"), raise_on_failure=True)["meta"]
        assert meta == {"model": "first", "ids": ["first", "second"], "usage": {}}

    def test_many_in_their_order(self, classify: Classify):
        result = classify(documents_of(*(f"Number {number}" for number in range(20))), max_workers=4)
        assert numbers(result["documents"]) == [*range(20)]
        assert result["meta"]["usage"]["cost"] > 0

    @pytest.mark.parametrize(
        ("answers", "told"),
        [
            ({name: answer for name, answer in ANSWERS.items() if name != "team"}, "no answer to question 'team'"),
            ({**ANSWERS, "mood": choice("good")}, "was not asked: 'mood'"),
            ({**ANSWERS, "refund": {**SCORE}}, "'refund' has the type 'score', but 'noul' was asked for"),
            ({**ANSWERS, "refund": {"type": "noul", "noul": None}}, "'refund' has None as its noul"),
            ({**ANSWERS, "refund": {"type": "noul"}}, "'refund' has None as its noul"),
            ({**ANSWERS, "urgency": {**SCORE, "score": "1.95"}}, "'urgency' has '1.95' as its score"),
            ({**ANSWERS, "urgency": {**SCORE, "confidence": None}}, "'urgency' has None as its confidence"),
            ({**ANSWERS, "team": choice("marketing")}, "'team' is 'marketing', which is none of its labels"),
        ],
        ids=str,
    )
    def test_an_answer_that_can_not_be_used(self, classify: Classify, stand_in: StandIn, answers, told):
        stand_in.script(decided({"cost": 0.5}, **answers), decided({"cost": 0.25}, **ANSWERS))
        result = classify(documents_of("One", "Two"))
        assert (numbers(result["documents"]), numbers(result["failed_documents"])) == ([1], [0])
        assert told in error_in(result["failed_documents"][0])
        assert result["failed_documents"][0].meta.keys() == {"number", "classification_error"}
        assert (result["meta"]["usage"]["cost"], result["meta"]["ids"]) == (0.75, ["gen-1", "gen-1"])


class TestFailures:
    def test_a_document_that_fails_does_not_cost_the_others(self, classify: Classify, script: StandIn, caplog):
        documents = documents_of("One", "413", "Three")
        result = classify(documents, api_base_url=script.url)
        assert numbers(result["documents"]) == [0, 2]
        (failed,) = result["failed_documents"]
        assert error_in(failed).startswith("Error code: 413 - Not this one. Send a shorter text.")
        assert result["meta"]["failed"] == 1
        assert (
            f"could not be classified: Error code: 413 - Not this one. Send a shorter text. Id: {failed.id}"
            in caplog.text
        )

    def test_it_is_raised_if_asked_for(self, classify: Classify, script: StandIn):
        with pytest.raises(openai.BadRequestError):
            classify(documents_of("400", "One"), api_base_url=script.url, raise_on_failure=True)
        assert len(script.requests) == 1

    @pytest.mark.parametrize("texts", [["503"], ["503", "503"], ["400", None]])
    def test_it_is_raised_if_nothing_was_classified(self, classify: Classify, script: StandIn, texts):
        with pytest.raises(openai.APIStatusError, match="Not this one"):
            classify(documents_of(*texts), api_base_url=script.url)

    @pytest.mark.parametrize(
        "failure",
        [
            "401",
            "402",
            "403",
            "404",
            "400 x is not a valid model ID",
            "400 x is a text model and cannot be used with it",
        ],
    )
    def test_what_every_later_one_would_meet_ends_the_run(self, classify: Classify, script: StandIn, failure, caplog):
        with pytest.raises(openai.APIStatusError, match=f"Error code: {failure[:3]}"):
            classify(documents_of(failure, "Two"), api_base_url=script.url)
        assert len(script.requests) == 1
        result = classify(documents_of("One", failure, "Three"), api_base_url=script.url)
        assert (numbers(result["documents"]), numbers(result["failed_documents"])) == ([0], [1, 2])
        assert error_in(result["failed_documents"][0]).startswith(f"Error code: {failure[:3]}")
        assert error_in(result["failed_documents"][1]).startswith("The run was stopped after this error: Error code: ")
        assert len(script.requests) == 3
        assert "2 of 3 documents were not classified, because" in caplog.text

    def test_one_that_is_under_way_then_says_why_it_ended(self, classify: Classify, script: StandIn):
        parameters = {"api_base_url": script.url, "max_workers": 2, "max_retries": 1000}
        result = classify(documents_of("429", "One", "401"), **parameters)  # the first is sent again until the run ends
        assert (numbers(result["documents"]), numbers(result["failed_documents"])) == ([1], [0, 2])
        assert error_in(result["failed_documents"][0]).startswith(
            "The run was stopped after this error: Error code: 401"
        )

    def test_three_failures_in_a_row_end_the_run(self, classify: Classify, script: StandIn):
        with pytest.raises(openai.InternalServerError):
            classify(documents_of(*["500"] * 5), api_base_url=script.url)
        assert len(script.requests) == 3
        texts = ("500", "500", "One", "500", "500", "Two")
        assert classify(documents_of(*texts), api_base_url=script.url)["meta"]["failed"] == 4

    def test_documents_that_are_refused_end_no_run_that_works(self, classify: Classify, script: StandIn):
        texts = ("One", "400", "413", "400", "400", "Two")
        result = classify(documents_of(*texts), api_base_url=script.url)
        assert numbers(result["documents"]) == [0, 5]

    def test_it_is_sent_again(self, classify: Classify, stand_in: StandIn):
        stand_in.script(Answer.error(429, "Slow down", headers=SOON), decided(**ANSWERS))
        assert classify(documents_of("One"), max_retries=1)["meta"]["failed"] == 0

    def test_no_text_of_a_document_is_shown(self, classify: Classify, stand_in: StandIn):
        text = "A secret that nobody may read in a log"
        stand_in.script(Answer.error(400, f"Bad text: {text}"), decided(**ANSWERS))
        result = classify(documents_of(text, "Two"))
        assert "Bad text: ***" in error_in(result["failed_documents"][0])


def noul(**more: Any) -> dict[str, Any]:
    return {"q": {"type": "noul", "instructions": "A?", **more}}


def pick(criteria: Any) -> dict[str, Any]:
    return {"q": {"type": "choice", "instructions": "Which?", "criteria": criteria}}


def scale(*levels: Any) -> dict[str, Any]:
    return {"q": {"type": "score", "instructions": "How?", "criteria": [*levels]}}


BAD_QUESTIONS = [
    ({}, ValueError, "`questions` is empty"),
    ([REFUND], TypeError, "`questions` must be a dictionary, not list"),
    ({"": REFUND}, ValueError, "`questions` has an empty id"),
    ({True: REFUND}, TypeError, "Each id in `questions` must be a string, not bool. In YAML"),
    ({"q": "A?"}, TypeError, r"`questions\['q'\]` must be a dictionary"),
    ({"q": {"instructions": "A?"}}, ValueError, "`type` must be 'noul' .* not None"),
    ({"q": {"type": "box", "instructions": "A?"}}, ValueError, "`type` must be 'noul' .* not 'box'"),
    ({"q": {"type": ["noul"], "instructions": "A?"}}, ValueError, "`type` must be"),
    ({"q": {"type": "noul"}}, ValueError, "must have `instructions`"),
    (noul(instructions=" "), ValueError, "must have `instructions`"),
    (noul(instructions=5), ValueError, "must have `instructions`"),
    (noul(criteria={"maybe": "x"}), ValueError, "must have the keys 'true' and 'false'"),
    (noul(criteria={}), ValueError, "must have the keys 'true' and 'false'"),
    (noul(criteria=["x"]), TypeError, "must be a dictionary with the keys"),
    (noul(new=float("nan")), ValueError, "must hold only finite numbers"),
    (pick(None), TypeError, "must be a dictionary of labels"),
    (pick(["a", "b"]), TypeError, "must be a dictionary of labels"),
    (pick({}), ValueError, "from 1 to 255 labels, not 0"),
    (pick(dict.fromkeys(map(str, range(256)))), ValueError, "from 1 to 255 labels, not 256"),
    (pick({"a": None, " ": None}), ValueError, "has an empty label"),
    (pick({"a": None, False: None}), TypeError, "must be a string, not bool"),
    (scale(), ValueError, "from 2 to 10 levels, not 0"),
    (scale("low"), ValueError, "from 2 to 10 levels, not 1"),
    (scale(*map(str, range(11))), ValueError, "from 2 to 10 levels, not 11"),
    (scale("low", ""), ValueError, "each level must be a text, not ''"),
    (scale(1, 2), ValueError, "each level must be a text, not 1. In YAML"),
    ({"q": {**URGENCY, "criteria": "low"}}, TypeError, "must be a list of levels"),
    ({"q": {"type": "score", "instructions": "How?"}}, TypeError, "must be a list of levels"),
]


class TestArguments:
    @pytest.mark.parametrize(("questions", "kind", "told"), BAD_QUESTIONS)
    def test_questions_are_refused_before_anything_is_sent(self, stand_in: StandIn, questions, kind, told):
        with pytest.raises(kind, match=told):
            OpenRouterDocumentClassifier(questions)
        classifier = OpenRouterDocumentClassifier(QUESTIONS, api_base_url=stand_in.url)
        classifier.questions = questions
        with pytest.raises(kind, match=told):
            classifier.run(documents_of("One"))
        assert not stand_in.requests

    @pytest.mark.parametrize(
        ("parameters", "kind", "told"),
        [
            ({"max_workers": 0}, ValueError, "`max_workers` must be a whole number of at least 1"),
            ({"metadata_field": ""}, ValueError, "`metadata_field` is empty"),
            ({"metadata_field": None}, TypeError, "`metadata_field` must be the name of a meta field"),
            ({"classification_field": 5}, TypeError, "`classification_field` must be the name of a meta field or None"),
            ({"extra_parameters": {"state": "x"}}, ValueError, "can't hold 'state'"),
        ],
    )
    def test_others(self, parameters, kind, told):
        with pytest.raises(kind, match=told):
            OpenRouterDocumentClassifier(QUESTIONS, **parameters)

    @pytest.mark.parametrize("documents", ["One", ["One"], None])
    def test_what_is_no_list_of_documents(self, classify: Classify, documents):
        with pytest.raises(TypeError, match="Use OpenRouterTextRouter for a string"):
            classify(documents)


class TestInAPipeline:
    def test_yaml(self):
        pipeline = Pipeline()
        pipeline.add_component("it", OpenRouterDocumentClassifier(QUESTIONS, classification_field="title"))
        written = pipeline.dumps()
        loaded = Pipeline.loads(written)
        assert loaded.dumps() == written
        assert loaded.get_component("it").questions == QUESTIONS

    def test_documents_are_routed_by_an_answer(self, stand_in: StandIn):
        rules = {"billing": {"field": "meta.openrouter.team.choice", "operator": "==", "value": "billing"}}
        pipeline = Pipeline()
        pipeline.add_component("classify", OpenRouterDocumentClassifier({"team": TEAM}, api_base_url=stand_in.url))
        pipeline.add_component("route", MetadataRouter(rules))
        pipeline.connect("classify.documents", "route.documents")
        found = pipeline.run({"classify": {"documents": documents_of("My payments", "sales figures")}})["route"]
        assert (numbers(found["billing"]), numbers(found["unmatched"])) == ([0], [1])
