# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What comes back of a batch: replies, embeddings and errors in order of submission, the state, and the cost."""

import json
import logging
import pickle
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openai
import pytest
from batches import Way, batch_object, completed, line
from haystack import Document, tracing
from modes import Mode
from stand_in import Answer, StandIn
from wire import USAGE, call, comparable, completion

from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter, reported_cost
from haystack_integrations.components.generators.openrouter import BatchError, BatchState, OpenRouterBatch

NOTE = {"type": "url_citation", "url_citation": {"url": "https://example.com", "title": "x"}}
RICH = {
    "content": "Hello",
    "reasoning": "Hm",
    "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "signature": "s", "index": 0}],
    "tool_calls": [call("look_up", '{"a": 1}'), call("look_up", "{", "call_2")],
    "annotations": [NOTE],
}
HELLO = completion({"content": "Hello"})
DOCUMENTS = [Document(content="Rome", meta={"n": 1}), Document(content="Bern"), Document(content="Oslo")]


def submitted(way: Way, documents: list[Document], stand_in: StandIn) -> list[str]:
    way(way.batch().submit_documents, documents)
    return [one["custom_id"] for one in stand_in.requests[-1].body["requests"]]


def vector(*numbers: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"index": 0, "embedding": list(numbers)}], "model": "a/b", "usage": {}}


class TestReplies:
    @pytest.mark.parametrize("as_string", [False, True])
    def test_one_equals_that_of_a_single_request(self, way: Way, stand_in: StandIn, as_string: bool):
        body = completion(RICH, "tool_calls", service_tier="batch")
        stand_in.script(
            Answer.json(body), Answer.json(completed(line("c0000", json.dumps(body) if as_string else body)))
        )
        alone = Mode("sync", stand_in.url)()
        (together,) = way(way.batch().results, "batch-1")
        assert comparable(together) == comparable(alone)
        assert together == alone
        assert together.meta["invalid_tool_calls"]
        assert together.reasoning.extra["reasoning_details"] == RICH["reasoning_details"]

    def test_from_the_id_alone(self, way: Way, stand_in: StandIn):
        batch_id = way(way.batch().submit, [f"Boat {number}" for number in range(12)], [f"{n}-x" for n in range(12)])
        another = OpenRouterBatch(api_base_url=stand_in.url)
        way(another.wait, batch_id, poll=0.001, progress_bar=False)
        replies = way(another.results, batch_id)
        assert [reply.text.rpartition("Boat ")[2] for reply in replies] == [str(number) for number in range(12)]
        assert way(another.get, batch_id).custom_ids == [f"{number}-x" for number in range(12)]
        sent = stand_in.memory.batches[batch_id]
        assert sent.raw == stand_in.requests[0].raw

    def test_odd_lines_among_good_ones(self, way: Way, stand_in: StandIn):
        batch = way.batch()
        batch_id = way(batch.submit, ["Hello", "[fail]", "Ho [string]", "Hi [no usage]"], ["a", "b", "c", "d"])
        way(batch.wait, batch_id, poll=0.001, progress_bar=False)
        hello, failed, string, unknown = way(batch.results, batch_id)
        assert hello.text.endswith("Hello")
        assert failed == BatchError(
            "Upstream request failed with status 400. Stand-in: it was asked to.", "invalid_request_error", 1, "b", 400
        )
        assert failed.raw["custom_id"] == "c0001-b"
        assert string.text.endswith("[string]")
        assert unknown.meta["usage"] is None
        assert reported_cost(unknown.meta["usage"]) is None
        assert way(batch.get, batch_id).counts == {"total": 4, "completed": 3, "failed": 1}

    @pytest.mark.parametrize(
        ("one", "expected"),
        [
            (line("c0000", None, error={"type": "timeout", "message": "Too slow"}), ("Too slow", "timeout", None)),
            (line("c0000", None), ("The response has no usable result", "no_result", None)),
            (line("c0000", {"choices": []}), ("The response has no usable result", "no_result", 200)),
            (line("c0000", {"error": {"message": "No", "type": "x"}}, 400), ("No", "x", 400)),
            (line("c0000", "not JSON", 500), ("not JSON", "error", 500)),
            (line("c0000", "not JSON"), ("The response has no usable result", "no_result", 200)),
            (line("c0000", {}, 500), ("HTTP 500 without a word", "error", 500)),
            (line("c0000", {"message": "Odd", "type": "y"}, 422), ("Odd", "y", 422)),
            (line("c0000", completion({"content": "x"}, "error")), ("The provider ended the reply with an error", "error", 200)),
            (line("c0000", HELLO, error={"error_type": "server", "message": "a\nb"}), ("a\\nb", "server", 200)),
        ],
    )  # fmt: skip
    def test_failed_lines(self, way: Way, stand_in: StandIn, one: Any, expected: Any):
        stand_in.script(Answer.json(completed(one, line("c0001", HELLO))))
        failed, good = way(way.batch().results, "batch-1")
        assert isinstance(failed, BatchError)
        assert failed.message.startswith(expected[0])
        assert (failed.type, failed.status, failed.position) == (*expected[1:], 0)
        assert good.text == "Hello"
        assert pickle.loads(pickle.dumps(failed)) == failed

    def test_lines_that_are_missing(self, way: Way, stand_in: StandIn):
        body = completed(line("c0002-x", HELLO))
        body["request_counts"]["total"] = 4
        stand_in.script(Answer.json(body), Answer.json({**body, "status": "expired"}))
        for expected in ("no_result", "expired"):
            results = way(way.batch().results, "batch-1")
            assert [one.type if isinstance(one, BatchError) else one.text for one in results] == [
                expected,
                expected,
                "Hello",
                expected,
            ]

    def test_a_count_that_none_can_have(self, stand_in: StandIn):
        body = completed(line("c0000", HELLO))
        body["request_counts"]["total"] = 10**12
        stand_in.script(Answer.json(body))
        assert len(OpenRouterBatch(api_base_url=stand_in.url).results("batch-1")) == 5000

    def test_a_batch_that_others_submitted(self, way: Way, stand_in: StandIn):
        stand_in.script(Answer.json(completed(line("zebra", HELLO), line("ape", None), line(None, HELLO))))
        first, second, third = way(way.batch().results, "batch-1")
        assert first.text == third.text == "Hello"
        assert (second.custom_id, second.position) == ("ape", None)

    def test_results_in_pages(self, way: Way, stand_in: StandIn):
        batch = way.batch(model="stand-in/paged-batch")
        batch_id = way(batch.submit, ["a", "b", "c", "d", "e"])
        way(batch.wait, batch_id, poll=0.001, progress_bar=False)
        assert [reply.text[-1] for reply in way(batch.results, batch_id)] == ["a", "b", "c", "d", "e"]
        assert [request.query.get("cursor") for request in stand_in.requests[-3:]] == [None, "2", "4"]

    @pytest.mark.parametrize(
        "page",
        [
            {"data": [line("c0000", HELLO)], "has_more": True, "next_cursor": "x"},
            {"data": [], "has_more": True, "next_cursor": "x"},
            {"data": [line("c0000", HELLO)], "has_more": True},
        ],
    )
    def test_pages_without_end(self, way: Way, stand_in: StandIn, page: Any):
        body = batch_object(request_counts={"total": 1})
        stand_in.script(Answer.json(body), *[Answer.json(page)] * 5)
        assert len(way(way.batch().results, "batch-1")) == 1
        assert len(stand_in.requests) <= 3

    def test_flaws_are_told(self, way: Way, stand_in: StandIn, caplog: pytest.LogCaptureFixture):
        stand_in.script(Answer.json(completed(line("c0000", completion({"content": "x"}, "length")))))
        way(way.batch().results, "batch-1")
        assert "was cut at the token limit" in caplog.text

    def test_reasoning_goes_back_to_its_maker(self, stand_in: StandIn):
        sealed = {"type": "reasoning.encrypted", "data": "x", "format": "openai-responses-v1"}
        body = completion({"content": "x", "reasoning_details": [sealed]}, model="served/as-this")
        stand_in.script(Answer.json(completed(line("c0000", body), model="asked/for-that:batch")))
        (reply,) = OpenRouterBatch(api_base_url=stand_in.url).results("batch-1")
        Mode("sync", stand_in.url).generator(model="asked/for-that").run([reply])
        assert stand_in.requests[-1].body["messages"][0]["reasoning_details"] == [sealed]


class TestDocuments:
    def test_all(self, way: Way, stand_in: StandIn):
        batch = way.batch(model="stand-in/search")
        batch_id = way(batch.submit_documents, DOCUMENTS, dimensions=4)
        way(batch.wait, batch_id, poll=0.001, progress_bar=False)
        found = way(OpenRouterBatch(api_base_url=stand_in.url).document_results, batch_id, DOCUMENTS)
        assert [document.id for document in found] == [document.id for document in DOCUMENTS]
        assert [len(document.embedding) for document in found] == [4, 4, 4]
        assert found[0].meta == {"n": 1}
        assert [document.embedding for document in DOCUMENTS] == [None] * 3
        assert way(batch.get, batch_id).custom_ids == ["", "", ""]

    def test_odd_lines(self, way: Way, stand_in: StandIn):
        first, second, third = submitted(way, DOCUMENTS, stand_in)
        lines = (
            line(third, vector(1, 2)),
            line(first, None, error={"message": "Too long", "type": "x"}),
            line(second, vector("x")),
        )
        stand_in.script(Answer.json(completed(*lines, endpoint="/v1/embeddings")))
        results = way(way.batch().document_results, "batch-1", DOCUMENTS)
        assert results[0] == BatchError("Too long", "x", 0)
        assert results[1] == BatchError("The response has no usable result", "no_result", 1, status=200)
        assert results[2].embedding == [1.0, 2.0]

    def test_other_documents(self, way: Way, stand_in: StandIn):
        ids = submitted(way, DOCUMENTS, stand_in)
        answer = Answer.json(completed(*(line(one, vector(1)) for one in ids), endpoint="/v1/embeddings"))
        stand_in.script(answer, answer, answer)
        with pytest.raises(ValueError, match="`documents` has 2 documents, but the batch batch-1 has 3"):
            way(way.batch().document_results, "batch-1", DOCUMENTS[:2])
        with pytest.raises(ValueError, match=r"`documents\[0\]` is not the document that was submitted there"):
            way(way.batch().document_results, "batch-1", DOCUMENTS[::-1])
        with pytest.raises(TypeError, match="`documents` must be a list of Documents"):
            way(way.batch().document_results, "batch-1", "Rome")

    def test_the_wrong_reader(self, way: Way, stand_in: StandIn):
        stand_in.script(Answer.json(completed(endpoint="/v1/embeddings")), Answer.json(completed()))
        with pytest.raises(ValueError, match="read it with `document_results`"):
            way(way.batch().results, "batch-1")
        with pytest.raises(ValueError, match="read it with `results`"):
            way(way.batch().document_results, "batch-1", [])


class TestOtherEnds:
    def test_it_is_not_over(self, way: Way, stand_in: StandIn):
        body = batch_object("in_progress", request_counts={"total": 9, "completed": 3, "failed": 1})
        stand_in.script(Answer.json(body))
        told = r"not over \(in_progress, 3 of 9 requests completed, 1 failed\): `wait`"
        with pytest.raises(ValueError, match=told):
            way(way.batch().results, "batch-1")

    @pytest.mark.parametrize("method", ["results", "wait"])
    def test_it_has_failed(self, way: Way, stand_in: StandIn, method: str):
        said = "Request 'c0003-invoice_7': media as data URL is not supported."
        stand_in.script(Answer.json(batch_object("failed", error={"message": said})))
        with pytest.raises(openai.APIError) as caught:
            way(getattr(way.batch(max_retries=3), method), "batch-1")
        assert len(stand_in.requests) == 1
        assert said.rstrip(".") in str(caught.value)
        assert "That is `conversations[3]`, with the custom id 'invoice_7'" in str(caught.value)
        assert "batch-1" in str(caught.value)
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)

    def test_it_has_failed_without_a_word(self, way: Way, stand_in: StandIn):
        stand_in.script(Answer.json(batch_object("failed")))
        with pytest.raises(openai.APIError, match="The batch batch-1 failed: OpenRouter does not say why"):
            way(way.batch().results, "batch-1")

    def test_the_stand_in_lets_one_fail(self, way: Way, stand_in: StandIn):
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aaaa"}}
        lines = [
            {"custom_id": f"c000{n}", "body": {"messages": [{"role": "user", "content": [image][:n]}]}} for n in (0, 1)
        ]
        body = {"endpoint": "/v1/chat/completions", "model": "a/b", "requests": lines}
        made: Any = openai.OpenAI(base_url=stand_in.url, api_key="x").post("/batches", cast_to=object, body=body)
        with pytest.raises(
            openai.APIError, match=r"data URLs are not supported in batches. That is `conversations\[1\]`"
        ):
            way(way.batch().wait, made["id"], poll=0.001, progress_bar=False)
        state = way(way.batch().get, made["id"])
        assert (state.status, state.is_done, state.error) == (
            "failed",
            True,
            "Request 'c0001': data URLs are not supported in batches.",
        )

    def test_it_is_cancelled(self, way: Way, stand_in: StandIn):
        batch = way.batch(model="stand-in/cancelled-batch")
        batch_id = way(batch.submit, ["a", "b"])
        assert way(batch.wait, batch_id, poll=0.001, progress_bar=False).status == "cancelled"
        assert [one.type for one in way(batch.results, batch_id)] == ["cancelled", "cancelled"]

    def test_its_time_is_over(self, way: Way):
        batch = way.batch(model="stand-in/old-batch")
        batch_id = way(batch.submit, ["a"])
        with pytest.raises(
            openai.APIStatusError, match="OpenRouter keeps the results of a batch for 30 days"
        ) as caught:
            way(batch.results, batch_id)
        assert caught.value.status_code == 410

    def test_nobody_knows_it(self, way: Way):
        with pytest.raises(openai.NotFoundError, match="Check the id of the batch, .* Job id: batch-9"):
            way(way.batch().get, "batch-9")
        for odd in ("", " ", "a\n", 5):
            with pytest.raises((TypeError, ValueError), match="`batch_id`"):
                way(way.batch().get, odd)


class TestState:
    def test_all_of_it(self, way: Way, stand_in: StandIn):
        body = completed(line("c0001", HELLO), line("c0000-b", HELLO), finalized_at=1_790_000_060, new="field")
        stand_in.script(Answer.json(body))
        state = way(way.batch().get, "batch-1")
        assert state == BatchState(
            "batch-1",
            "completed",
            {"total": 2, "completed": 2, "failed": 0},
            0.25,
            None,
            "test/model:batch",
            "Groq",
            datetime.fromtimestamp(1_790_000_000, UTC),
            datetime.fromtimestamp(1_790_000_060, UTC),
            datetime.fromtimestamp(1_790_086_400, UTC),
            ["b", ""],
            {name: value for name, value in body.items() if name != "results"},
        )
        assert state.is_done
        assert pickle.loads(pickle.dumps(state)) == state

    @pytest.mark.parametrize("status", ["validating", "in_progress", "finalizing", "cancelling", "brand_new"])
    def test_it_is_under_way(self, way: Way, stand_in: StandIn, status: str):
        stand_in.script(Answer.json({"id": "x", "status": status}))
        state = way(way.batch().get, "x")
        assert (state.is_done, state.cost, state.counts) == (False, None, {"total": 0, "completed": 0, "failed": 0})

    @pytest.mark.parametrize(
        "odd", [{}, {"id": "x"}, {"id": 5, "status": "completed"}, [], "x", {"error": {"message": "No", "code": 500}}]
    )
    def test_what_is_no_batch(self, way: Way, stand_in: StandIn, odd: Any):
        stand_in.script(Answer.json(odd))
        with pytest.raises(openai.APIError):
            way(way.batch().get, "x")

    def test_odd_values(self, stand_in: StandIn):
        odd = {
            "created_at": 10**14,
            "expires_at": "soon",
            "request_counts": [],
            "usage": 5,
            "error": {"x": 1},
            "results": {},
        }
        stand_in.script(Answer.json({"id": "x", "status": "in_progress", **odd}))
        state = OpenRouterBatch(api_base_url=stand_in.url).get("x")
        assert (state.created_at, state.expires_at, state.cost, state.error) == (None, None, None, "{'x': 1}")


class TestList:
    def test_the_newest_first(self, way: Way, stand_in: StandIn):
        batch = way.batch()
        assert way(batch.list) == []
        ids = [way(batch.submit, ["Hi"]) for _ in range(3)]
        assert [state.id for state in way(batch.list)] == ids[::-1]
        assert [state.id for state in way(batch.list, limit=2)] == ids[:0:-1]
        way(batch.get, ids[0])
        assert [state.id for state in way(batch.list, status="in_progress")] == ids[:1]

    def test_in_pages(self, way: Way, stand_in: StandIn):
        states = [{"id": f"b{number}", "status": "completed"} for number in range(3)]
        pages = [{"data": [state], "has_more": True, "last_id": state["id"]} for state in states]
        stand_in.script(*map(Answer.json, [*pages, {"data": []}]))
        assert [state.id for state in way(way.batch().list)] == ["b0", "b1", "b2"]
        assert [request.query for request in stand_in.requests] == [
            {"limit": "100"},
            {"limit": "99", "after": "b0"},
            {"limit": "98", "after": "b1"},
            {"limit": "97", "after": "b2"},
        ]

    def test_a_list_without_end(self, way: Way, stand_in: StandIn):
        page = {"data": [{"id": "b0", "status": "completed"}], "has_more": True, "last_id": "b0"}
        stand_in.script(*[Answer.json(page)] * 9)
        way(way.batch().list)
        assert len(stand_in.requests) == 2

    @pytest.mark.parametrize("arguments", [{"limit": 0}, {"limit": 1.5}, {"status": 5}])
    def test_arguments(self, way: Way, arguments: Any):
        with pytest.raises((TypeError, ValueError), match=f"`{next(iter(arguments))}`"):
            way(way.batch().list, **arguments)


class TestDelete:
    def test_when_it_is_over(self, way: Way, stand_in: StandIn):
        batch = way.batch(max_retries=3)
        batch_id = way(batch.submit, ["Hi"])
        with pytest.raises(openai.ConflictError, match="Only a batch that is over can be deleted. `wait` for it first"):
            way(batch.delete, batch_id)
        assert [request.method for request in stand_in.requests] == ["POST", "DELETE"]
        way(batch.wait, batch_id, poll=0.001, progress_bar=False)
        way(batch.delete, batch_id)
        assert way(batch.list) == []

    def test_there_is_no_way_to_cancel(self, stand_in: StandIn):
        batch_id = OpenRouterBatch(model="a/b", api_base_url=stand_in.url).submit(["Hi"])
        with pytest.raises(openai.NotFoundError) as caught:
            openai.OpenAI(base_url=stand_in.url, api_key="x").post(f"/batches/{batch_id}/cancel", cast_to=object)
        assert caught.value.response.text == "404 Not Found"


class TestCost:
    def test_byok(self, way: Way, stand_in: StandIn):
        usage = {"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}}
        stand_in.script(Answer.json(batch_object(usage=usage)))
        assert way(way.batch().get, "batch-1").cost == pytest.approx(0.21)

    def test_the_meter_counts_a_batch_once(self, way: Way, stand_in: StandIn):
        meter = OpenRouterCostMeter()
        batch = way.batch(cost_meter=meter, model="test/model:batch")
        batch_id = way(batch.submit, ["Hello", "Bye"])
        way(batch.list)
        assert meter.calls == 0
        with meter.measure("night") as spent:
            state = way(batch.wait, batch_id, poll=0.001, progress_bar=False)
        for _ in range(2):
            way(batch.results, batch_id)
            way(batch.get, batch_id)
        assert (meter.calls, meter.unknown, float(meter.total)) == (1, 0, pytest.approx(state.cost))
        assert state.cost > 0
        assert spent.total == meter.total
        assert set(meter.by_component()) == {"OpenRouterBatch"}
        assert set(meter.by_model()) == {"test/model:batch"}

    @pytest.mark.parametrize(
        ("body", "counted"),
        [
            (completed(line("c0000", {**HELLO, "usage": USAGE})), (1, 0, Decimal("0.25"))),
            (batch_object("expired"), (1, 1, 0)),
            (batch_object("failed"), (0, 0, 0)),
            (batch_object("in_progress"), (0, 0, 0)),
        ],
    )
    def test_what_counts(self, way: Way, stand_in: StandIn, body: Any, counted: Any):
        meter = OpenRouterCostMeter()
        stand_in.script(Answer.json(body))
        way(way.batch(cost_meter=meter).get, "batch-1")
        assert (meter.calls, meter.unknown, meter.total) == counted


def test_no_span_counts_it_each_time_it_is_looked_at(stand_in: StandIn, way: Way):
    class Span(tracing.Span):
        tags: dict[str, Any] = {}

        def set_tag(self, key: str, value: Any) -> None:
            self.tags[key] = value

    class Tracer(tracing.Tracer):
        def trace(self, operation_name: str, tags: Any = None, parent_span: Any = None) -> Any:
            return nullcontext(Span())

        def current_span(self) -> Span:
            return Span()

    stand_in.script(*[Answer.json(completed(line("c0000", HELLO)))] * 2)
    tracing.enable_tracing(Tracer())
    try:
        for _ in range(2):
            way(way.batch().get, "batch-1")
    finally:
        tracing.disable_tracing()
    assert "openrouter.cost" not in Span.tags


def test_no_secret_is_logged(way: Way, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG, "haystack_integrations"):
        batch = way.batch()
        way(batch.wait, way(batch.submit, ["Hi"]), poll=0.001, progress_bar=False)
    assert "sk-or" not in caplog.text + repr(batch)
