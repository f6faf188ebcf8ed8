# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Many documents: batches that are split, runs that stop, threads, and how a response is read."""

import asyncio
import functools
import itertools
import logging
import signal
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context
from types import SimpleNamespace
from typing import Any

import openai
import pytest
from haystack import Document
from stand_in import STALL, Answer, Request, StandIn
from wire import SOON, embedding, embeddings

from haystack_integrations.common.openrouter._many import workers
from haystack_integrations.common.openrouter._many.workers import each_in_tasks, each_in_threads
from haystack_integrations.common.openrouter._wire import responses
from haystack_integrations.components.embedders.openrouter import (
    OpenRouterDocumentEmbedder,
    OpenRouterTextEmbedder,
    _endpoint,
)

Embed = Callable[..., dict[str, Any]]

GONE = {"metadata": {"provider_name": "DeepInfra"}}


class Scripted(StandIn):
    """
    A stand-in that responds to a batch by the first word of a document: a status, `stall`, or anything else.
    """

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, Answer] = {"stall": Answer([b"{", STALL])}

    def answer(self, request: Request) -> Answer:
        usual, words = super().answer(request), [text.split()[0] for text in request.body["input"]]
        return next((self.errors[word] for word in words if word in self.errors), usual)

    @property
    def sent(self) -> list[list[str]]:
        return [request.body["input"] for request in self.requests]


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


@pytest.fixture(params=["sync", "async"])
def embed(request: pytest.FixtureRequest) -> Embed:
    def run(server: StandIn, texts: list[str], **parameters: Any) -> dict[str, Any]:
        component, documents = embedder(server.url, **parameters), [Document(id="1", content=text) for text in texts]
        return asyncio.run(component.run_async(documents)) if request.param == "async" else component.run(documents)

    return run


def embedder(url: str, **parameters: Any) -> OpenRouterDocumentEmbedder:
    parameters = {"max_retries": 0, "progress_bar": False, "timeout": 10.0, **parameters}
    return OpenRouterDocumentEmbedder(api_base_url=url, **parameters)


def embedded(result: dict[str, Any]) -> list[str]:
    return [document.content for document in result["documents"] if document.embedding]


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


class TestSplitting:
    @pytest.mark.parametrize("status", [400, 413, 422])
    def test_bad_documents_end_up_alone(self, embed: Embed, server: Scripted, caplog, status):
        server.errors["bad"] = Answer.error(status, "Too long")
        texts = ["a", "bad 1", "b", "c", "d", "e", "bad 2", "f"]
        result = embed(server, texts, batch_size=8, concurrency=1)
        assert [document.content for document in result["documents"]] == texts
        assert embedded(result) == list("abcdef")
        assert result["meta"]["failed"] == 2
        # the first document alone shows that it is not the request
        assert [len(sent) for sent in server.sent] == [8, 1, 3, 1, 2, 4, 2, 2, 1, 1]
        assert [line.split(":")[0] for line in logged(caplog)] == ["1 document(s) could not be embedded"] * 2

    def test_a_batch_that_is_too_large_is_embedded_whole(self, embed: Embed, server: Scripted, caplog):
        server.script(Answer.error(413, "Too large"))
        result = embed(server, list("abcde"), concurrency=1)
        assert embedded(result) == list("abcde")
        assert [len(sent) for sent in server.sent] == [5, 1, 2, 2]
        assert not logged(caplog)

    def test_moderation_is_about_one_document(self, embed: Embed, server: Scripted):
        metadata = {"reasons": ["violence"], "flagged_input": "bad 1", "provider_name": "OpenAI"}
        server.errors["bad"] = Answer.error(403, "Your input was flagged", metadata=metadata)
        assert embedded(embed(server, ["a", "bad 1", "b"], concurrency=1)) == ["a", "b"]

    def test_nothing_is_split_when_failures_are_raised(self, embed: Embed, server: Scripted):
        server.errors["bad"] = Answer.error(413, "Too large")
        with pytest.raises(openai.APIStatusError, match="lower `batch_size`"):
            embed(server, ["a", "bad", "b"], raise_on_failure=True)
        assert len(server.requests) == 1

    def test_other_failures_split_nothing(self, embed: Embed, server: Scripted):
        server.errors["bad"] = Answer.error(503, "Busy")
        result = embed(server, ["a", "bad", "b", "c"], batch_size=3, concurrency=1)
        assert result["meta"]["failed"] == 3
        assert len(server.requests) == 2

    def test_many_bad_documents_in_a_row_stop_nothing(self, embed: Embed, server: Scripted):
        server.errors["bad"] = Answer.error(400, "Empty")
        texts = ["a", *["bad"] * 6, "b"]
        result = embed(server, texts, batch_size=1, concurrency=1)
        assert embedded(result) == ["a", "b"]
        assert len(server.requests) == 8

    def test_the_halves_are_sent_at_the_same_time_as_other_batches(self, embed: Embed, server: Scripted):
        server.errors["bad"] = Answer.error(400, "Empty")
        texts = [text for number in range(12) for text in (f"a{number}", "bad", f"b{number}")]
        result = embed(server, texts, batch_size=3, concurrency=4)
        assert embedded(result) == [text for text in texts if text != "bad"]


class TestRefusedRequests:
    """
    A refusal of the request, and not of its documents.
    """

    # vLLM's words (vllm#16331), and those of a gateway that adds an id (llama_index#11696)
    TEXTS = (
        'Model "test/model" does not support matryoshka representation, changing output dimensions will lead to poor',
        "unknown field: parameter 'input_typ' (request id: 2024{})",
    )

    @pytest.fixture
    def refusing(self, server: Scripted) -> Scripted:
        """
        Refuses every request, each with an id of its own.
        """
        usual, numbers = server.answer, itertools.count()

        def answer(request: Request) -> Answer:
            usual(request)
            return Answer.error(self.status, self.text.format(next(numbers)), metadata={"provider_name": "DeepInfra"})

        self.status, self.text = 400, self.TEXTS[0]
        server.answer = answer
        return server

    @pytest.mark.parametrize("concurrency", [1, 4, 20])
    @pytest.mark.parametrize("count", [2, 31, 200])
    def test_it_costs_a_handful_of_requests(self, embed: Embed, refusing: Scripted, caplog, concurrency, count):
        with pytest.raises(openai.BadRequestError, match="matryoshka.*If you set `dimensions`, check that"):
            embed(refusing, [f"text {number}" for number in range(count)], dimensions=7, concurrency=concurrency)
        assert len(refusing.requests) <= 2 + concurrency
        assert [len(sent) for sent in refusing.sent].count(1) == 2
        assert not logged(caplog)

    def test_what_waited_is_not_sent_by_the_clients_of_users_either(self, refusing: Scripted):
        component = embedder(refusing.url, concurrency=4)
        component.client = openai.OpenAI(api_key="k", base_url=refusing.url, max_retries=0)
        with pytest.raises(openai.BadRequestError):
            component.run([Document(content=f"text {number}") for number in range(200)])
        component.client.close()
        assert len(refusing.requests) <= 6

    @pytest.mark.parametrize("status", [400, 413, 422])
    @pytest.mark.parametrize("text", TEXTS)
    def test_whatever_it_says(self, embed: Embed, refusing: Scripted, status, text):
        self.status, self.text = status, text
        with pytest.raises(openai.APIStatusError):
            embed(refusing, list("abcdefgh"), batch_size=4, concurrency=1)
        assert [len(sent) for sent in refusing.sent] == [4, 1, 1]

    def test_one_document_at_a_time(self, embed: Embed, refusing: Scripted):
        with pytest.raises(openai.BadRequestError):
            embed(refusing, ["a"] * 100, batch_size=1, concurrency=1)
        assert len(refusing.requests) == 3

    def test_others_are_embedded_if_one_is(self, embed: Embed, server: Scripted):
        server.errors["bad"] = Answer.error(400, "Empty")
        texts = ["bad", "a long text", "bad one", "b"]
        assert embedded(embed(server, texts, concurrency=1)) == ["a long text", "b"]
        assert server.sent[:3] == [texts, ["bad"], ["b"]]

    def test_others_are_embedded_if_two_fail_in_two_ways(self, embed: Embed, server: Scripted, caplog):
        server.errors |= {"bad": Answer.error(400, "Too long"), "no": Answer.error(400, "No words")}
        texts = ["bad document", "no", "a longer text", "another longer text"]
        result = embed(server, texts, concurrency=1)
        assert embedded(result) == texts[2:]
        assert len(logged(caplog)) == 2

    def test_too_long_or_empty_documents_at_the_beginning(self, embed: Embed, server: Scripted):
        server.errors["bad"] = Answer.error(400, "Too long")
        texts = ["bad " * 99, *["bad " * 90] * 6, "short enough"]
        assert embedded(embed(server, texts, concurrency=1)) == ["short enough"]

    def test_flagged_documents_are_no_refusal_of_the_request(self, embed: Embed, server: Scripted):
        server.errors["bad"] = Answer.error(403, "Your input was flagged", metadata={"reasons": ["violence"]})
        assert embedded(embed(server, ["bad 1", "bad", "a longer text"], concurrency=1)) == ["a longer text"]

    def test_the_trial_may_meet_what_ends_every_run(self, embed: Embed, server: Scripted, caplog):
        server.errors |= {"b": Answer.error(400, "Too many inputs"), "a": Answer.error(402, "Insufficient credits")}
        usual = server.answer
        server.answer = lambda request: usual(request) if len(request.body["input"]) == 1 else refuse(request)

        def refuse(request: Request) -> Answer:
            usual(request)
            return server.errors["b"]

        with pytest.raises(openai.APIStatusError, match="Add credits"):
            embed(server, list("abcdefgh"), batch_size=2, concurrency=1)
        assert server.sent == [["a", "b"], ["a"]]
        assert not logged(caplog)

    def test_it_ends_the_run_while_others_wait(self, embed: Embed, server: Scripted):
        server.errors["bad"] = Answer.error(400, "Not supported")
        server.errors["credits"] = Answer.error(402, "Insufficient credits")
        texts = ["bad", "bad", "bad", "bad", "credits", "credits", *["bad"] * 20]
        with pytest.raises(openai.APIStatusError):
            embed(server, texts, batch_size=2, concurrency=3)
        assert len(server.requests) <= 5

    def test_an_interrupted_trial_leaves_nothing_behind(self, server: Scripted):
        server.errors |= {"bad": Answer.error(400, "Not supported")}
        usual, tried = server.answer, threading.Event()

        def answer(request: Request) -> Answer:
            found = usual(request)
            if len(request.body["input"]) > 1:
                return found
            tried.set()
            return Answer([b"{", STALL])

        server.answer = answer

        async def interrupt() -> set[Any]:
            task = asyncio.create_task(
                embedder(server.url, batch_size=2, timeout=30.0).run_async([Document(content="bad")] * 20)
            )
            assert await asyncio.to_thread(tried.wait, 5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return asyncio.all_tasks() - {asyncio.current_task()}

        assert asyncio.run(interrupt()) == set()


class TestNothingSucceeded:
    @pytest.mark.parametrize("status", [400, 408, 503])
    @pytest.mark.parametrize("count", [1, 2, 31])
    def test_it_is_raised(self, embed: Embed, server: Scripted, status, count):
        server.errors["bad"] = Answer.error(status, "No")
        with pytest.raises(openai.APIStatusError) as caught:
            embed(server, ["bad"] * count)
        assert caught.value.status_code == status

    def test_the_first_error_is_raised(self, embed: Embed, server: Scripted):
        server.errors |= {"a": Answer.error(503, "Busy"), "b": Answer.error(500, "Broken")}
        with pytest.raises(openai.APIStatusError, match="Busy"):
            embed(server, ["a", "b"], batch_size=1, concurrency=1)


class TestBatchSize:
    """
    A run learns how many documents a request may have.
    """

    @pytest.fixture
    def limited(self, server: Scripted) -> Scripted:
        """
        Refuses more than ten documents, or as many as the test says, as the test says.
        """
        usual = server.answer

        def answer(request: Request) -> Answer:
            found = usual(request)
            return found if len(request.body["input"]) <= self.most else Answer.error(self.status, self.text)

        self.most, self.status, self.text = 10, 400, ""
        server.answer = answer
        return server

    # Alibaba (memobase#142), Google (LEANN#214), Cohere (RAGTune#2), text-embeddings-inference (ApeRAG#716), Azure
    # (azure-openai-proxy#7)
    TEXTS = (
        "<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should not be larger than 10.",
        "BatchEmbedContentsRequest.requests: at most 10 requests can be in one batch",
        "invalid request: total number of texts must be at most 10 - received 32",
        "input batch size 32 > maximum allowed batch size 10",
        "Too many inputs. The max number of inputs is 10.",
        "at most 10 inputs",
    )

    @pytest.mark.parametrize("text", TEXTS)
    def test_from_a_number(self, embed: Embed, limited: Scripted, caplog, text):
        self.text = text
        texts = [f"text {number}" for number in range(47)]
        assert embedded(embed(limited, texts, concurrency=1)) == texts
        assert [len(sent) for sent in limited.sent] == [32, 10, 10, 10, 2, 10, 5]
        assert not logged(caplog)

    @pytest.mark.parametrize("status", [400, 413])
    def test_from_what_succeeded(self, embed: Embed, limited: Scripted, status):
        self.status, self.text = status, "Too many inputs in request, split into more batches."  # Mistral's words
        texts = [f"text {number}" for number in range(96)]
        assert embedded(embed(limited, texts, concurrency=1)) == texts
        assert [len(sent) for sent in limited.sent] == [32, 1, 15, 7, 8, 16, 8, 8, *[8] * 8]

    def test_at_the_same_time(self, embed: Embed, limited: Scripted):
        self.text = self.TEXTS[0]
        texts = [f"text {number}" for number in range(320)]
        assert embedded(embed(limited, texts, concurrency=4)) == texts
        assert sum(len(sent) > 10 for sent in limited.sent) <= 8

    def test_the_progress_is_that_of_the_batches_that_were_asked_for(self, embed: Embed, limited: Scripted, capsys):
        self.most, self.text = 3, "at most 3 inputs"
        embed(limited, list("abcdefghijk"), batch_size=4, concurrency=1, progress_bar=True)
        shown = capsys.readouterr().err
        assert [len(sent) for sent in limited.sent] == [4, 3, 1, 3, 3, 1]
        assert "3/3" in shown
        assert "4/3" not in shown

    def test_a_number_that_does_not_help(self, embed: Embed, limited: Scripted):
        self.most, self.text = 3, "at most 10 inputs"
        texts = [f"text {number}" for number in range(40)]
        assert embedded(embed(limited, texts, concurrency=1)) == texts

    def test_a_single_bad_document_teaches_nothing(self, embed: Embed, server: Scripted):
        server.errors["bad"] = Answer.error(
            400, "input[3]: at most 8 tokens, as the maximum context length is 8 tokens"
        )
        texts = [f"text {number}" for number in range(96)]
        texts[5] = "bad"
        assert embedded(embed(server, texts, concurrency=1)) == [text for text in texts if text != "bad"]
        assert [len(sent) for sent in server.sent][-2:] == [32, 32]

    @pytest.mark.parametrize(
        ("said", "most"),
        [
            *((text.lower(), 10) for text in TEXTS),
            ("expected an array with maximum length 20, but got an array with length 32", 20),
            ("too many inputs in request, split into more batches.", None),
            ("this model's maximum context length is 16 tokens, but the inputs have 20 tokens", None),
            ("input[3] is longer than the maximum of 16", None),
            ("at most 64 inputs", None),
            ("at most 0 inputs", None),
            ("the inputs are empty", None),
            ("", None),
        ],
    )
    def test_reading_the_number(self, said, most):
        assert _endpoint.most_inputs(said, 32) == most


class TestStopping:
    @pytest.mark.parametrize(
        "answer",
        [
            Answer.error(401, "User not found"),
            Answer.error(402, "Insufficient credits"),
            Answer.error(403, "Key has no access"),
            Answer.error(404, "No endpoints found"),
            Answer.error(400, "Model test/model does not exist"),
            Answer.error(402, "Insufficient credits", status=200),
        ],
        ids=lambda answer: answer.body[0].decode()[:50],
    )
    def test_an_error_that_every_batch_meets(self, embed: Embed, server: Scripted, caplog, answer):
        server.errors["bad"] = answer
        texts = ["a", "b", "bad", *map(str, range(20))]
        result = embed(server, texts, batch_size=1, concurrency=1)
        assert embedded(result) == ["a", "b"]
        assert [document.content for document in result["documents"]] == texts
        assert result["meta"]["failed"] == 21
        assert result["meta"]["usage"]["prompt_tokens"] == 2
        assert len(server.requests) == 3
        (line,) = logged(caplog)
        assert line.startswith("21 of 23 documents were not embedded, because the run was stopped")
        assert f"Error code: {answer.status if answer.status != 200 else 402}" in line

    def test_it_is_raised_if_nothing_was_embedded(self, embed: Embed, server: Scripted, caplog):
        server.errors["bad"] = Answer.error(402, "Insufficient credits")
        with pytest.raises(openai.APIStatusError, match="Add credits"):
            embed(server, ["bad"] * 100, batch_size=1, concurrency=1)
        assert len(server.requests) == 1
        assert not logged(caplog)

    def test_no_request_is_sent_after_the_stop(self, embed: Embed, server: Scripted):
        server.errors["bad"] = Answer.error(402, "Insufficient credits")
        with pytest.raises(openai.APIStatusError):
            embed(server, ["bad"] * 100, batch_size=1, concurrency=4)
        assert len(server.requests) <= 4

    def test_the_clients_of_users_send_nothing_after_the_stop_either(self, server: Scripted):
        server.errors["bad"] = Answer.error(402, "Insufficient credits")
        component = embedder(server.url, batch_size=1, concurrency=1)
        component.client = openai.OpenAI(api_key="k", base_url=server.url, max_retries=0)
        result = component.run([Document(content=text) for text in ("a", "bad", "b", "c")])
        assert embedded(result) == ["a"]
        assert len(server.requests) == 2
        component.client.close()

    def test_what_is_under_way_is_not_lost(self, embed: Embed, stand_in: StandIn):
        under_way, failed = threading.Event(), threading.Event()
        usual = stand_in.answer

        def answer(request: Request) -> Answer:
            if request.body["input"] == ["bad"]:
                assert under_way.wait(5)
                return Answer.error(402, "Insufficient credits")
            under_way.set()
            assert failed.wait(5)
            return usual(request)

        stand_in.answer = answer
        settings = {"event_hooks": {"response": [lambda response: response.status_code == 402 and failed.set()]}}
        result = embed(stand_in, ["bad", "a", "b", "c"], batch_size=1, concurrency=2, http_client_kwargs=settings)
        assert "a" in embedded(result)

    def test_three_batches_in_a_row(self, embed: Embed, server: Scripted, caplog):
        server.errors["bad"] = Answer.error(503, "Busy", **GONE)
        texts = ["a", "bad", "bad", "b", *["bad"] * 3, "c"]
        result = embed(server, texts, batch_size=1, concurrency=1)
        assert embedded(result) == ["a", "b"]
        assert len(server.requests) == 7
        assert [line.split(",")[0].split(":")[0] for line in logged(caplog)] == [
            *["1 document(s) could not be embedded"] * 4,
            "6 of 8 documents were not embedded",
        ]

    @pytest.mark.parametrize("status", [400, 503])
    def test_three_batches_at_the_start_are_raised(self, embed: Embed, server: Scripted, status):
        server.errors["bad"] = Answer.error(status, "No")
        with pytest.raises(openai.APIStatusError) as caught:
            embed(server, ["bad"] * 100, batch_size=2, concurrency=1)
        assert caught.value.status_code == status
        assert len(server.requests) == 3

    def test_the_network_is_gone(self, embed: Embed, server: Scripted):
        server.stop()
        with pytest.raises(openai.APIConnectionError, match="could not be reached"):
            embed(server, list("abcde"), batch_size=1, concurrency=1)

    def test_a_retry_is_not_sent_after_the_end(self, server: Scripted):
        waiting = threading.Event()
        server.errors["busy"] = Answer.error(503, "Busy", headers={"retry-after": "0.2"})
        server.errors["bad"] = Answer.error(400, "Bad")
        usual = server.answer

        def answer(request: Request) -> Answer:
            if request.body["input"] == ["busy"]:
                waiting.set()
            else:
                assert waiting.wait(5)
            return usual(request)

        server.answer = answer
        before = set(threading.enumerate())
        component = embedder(server.url, batch_size=1, concurrency=2, raise_on_failure=True, max_retries=3)
        with pytest.raises(openai.BadRequestError):
            component.run([Document(content="busy"), Document(content="bad")])
        for thread in set(threading.enumerate()) - before:
            if thread.name.startswith("openrouter"):
                thread.join(5)
        assert sorted(server.sent) == [["bad"], ["busy"]]


class TestLengths:
    def test_both_are_named(self, embed: Embed, stand_in: StandIn, caplog):
        stand_in.script(embeddings(embedding(0, 1.0, 2.0)), embeddings(embedding(0, 1.0, 2.0, 3.0), usage={"cost": 1}))
        stand_in.script(embeddings(embedding(0, 1.0, 2.0), usage={"cost": 2}))
        result = embed(stand_in, list("abc"), batch_size=1, concurrency=1)
        assert embedded(result) == ["a", "c"]
        assert result["meta"]["usage"] == {"cost": 3}
        (line,) = logged(caplog)
        assert "The embeddings of this batch have length 3, but earlier ones of this run have length 2" in line

    def test_raised(self, embed: Embed, stand_in: StandIn):
        stand_in.script(embeddings(embedding(0, 1.0, 2.0)), embeddings(embedding(0, 1.0)))
        with pytest.raises(openai.APIError, match="have length 1, but earlier ones of this run have length 2"):
            embed(stand_in, list("ab"), batch_size=1, concurrency=1, raise_on_failure=True)

    def test_one_warning_a_run_about_dimensions(self, embed: Embed, stand_in: StandIn, caplog):
        stand_in.script(*[embeddings(embedding(0, 1.0, 2.0))] * 3)
        embed(stand_in, list("abc"), batch_size=1, concurrency=1, dimensions=3)
        assert caplog.text.count("`dimensions` is 3") == 1

    def test_any_length_is_right_if_none_is_asked_for(self, embed: Embed, stand_in: StandIn, caplog):
        embed(stand_in, ["a"])
        assert not caplog.records


class TestTotals:
    def test_meta_does_not_depend_on_the_order_of_the_responses(self, embed: Embed, stand_in: StandIn):
        first_may_go = threading.Event()

        def answer(request: Request) -> Answer:
            (text,) = request.body["input"]
            if text == "a":
                assert first_may_go.wait(5)
            else:
                first_may_go.set()
            return embeddings(embedding(0, 1.0), model=f"of-{text}", usage={"cost": 0.5})

        stand_in.answer = answer
        meta = embed(stand_in, ["a", "b"], batch_size=1, concurrency=2)["meta"]
        assert meta == {"model": "of-a", "usage": {"cost": 1.0}, "failed": 0}

    def test_a_usage_that_is_nested_too_deep_counts_nothing(self, embed: Embed, stand_in: StandIn):
        deep = '{"usage": ' + '{"a": ' * 400 + "1" + "}" * 401
        stand_in.script(Answer.raw(deep.encode(), "application/json"))
        result = embed(stand_in, ["a", "b"], batch_size=1, concurrency=1)
        assert embedded(result) == ["b"]
        assert list(result["meta"]["usage"]) == ["prompt_tokens", "total_tokens", "cost"]

    def test_a_cost_that_no_request_has_counts_as_not_reported(self, embed: Embed, stand_in: StandIn):
        costs = (1e308, 0.25, 10**400, 0.5, -1e15)
        stand_in.script(*(embeddings(embedding(0, 1.0), usage={"cost": cost}) for cost in costs))
        usage = embed(stand_in, list("abcde"), batch_size=1, concurrency=1)["meta"]["usage"]
        assert usage["cost"] == 0.75

    def test_nothing_else_grows(self, stand_in: StandIn):
        documents = [Document(content=str(number)) for number in range(25)]
        note = "x" * 20_000
        stand_in.answer = lambda _: embeddings(embedding(0, 1.0), note=note, id="gen")
        component = embedder(stand_in.url, batch_size=1, concurrency=1)
        component.run(documents[:1])
        peaks = []
        for count in (5, 25):
            tracemalloc.start()
            component.run(documents[:count])
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] - peaks[0] < 5 * len(note)


class TestThreads:
    def test_no_thread_for_one_at_a_time(self, server: Scripted, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(workers, "Thread", None)
        for settings in ({"batch_size": 1, "concurrency": 1}, {"batch_size": 2}):
            documents = [Document(content="a"), Document(content="b")]
            assert embedded(embedder(server.url, **settings).run(documents)) == ["a", "b"]

    def test_the_callers_context_is_seen(self):
        variable: ContextVar[str] = ContextVar("variable")
        seen: list[str] = []
        context = copy_context()
        context.run(variable.set, "of the caller")
        context.run(each_in_threads, lambda _: seen.append(variable.get()), range(8), 4)
        assert seen == ["of the caller"] * 8

    def test_one_warning_about_retries(self, embed: Embed, server: Scripted, caplog):
        server.script(*[Answer.error(429, "Slow down", headers=SOON)] * 4)
        embed(server, list("abcdefgh"), batch_size=1, concurrency=4, max_retries=5)
        assert caplog.text.count("Trying again") == 1

    def test_a_failure_does_not_wait_for_the_others(self, server: Scripted):
        server.errors["bad"] = Answer.error(400, "Bad")
        component = embedder(server.url, batch_size=1, raise_on_failure=True, timeout=30.0)
        with pytest.raises(openai.BadRequestError):
            component.run([Document(content=text) for text in ("stall", "stall", "bad", "stall")])
        left = [thread for thread in threading.enumerate() if thread.name.startswith("openrouter")]
        assert all(thread.daemon for thread in left)
        component.close()

    @pytest.fixture
    def interruptible(self) -> Iterator[None]:
        """
        Let Ctrl-C mean what it usually does: what a shell runs in the background ignores it.
        """
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, before)

    @pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
    @pytest.mark.usefixtures("interruptible")
    def test_ctrl_c_ends_the_run_at_once(self, server: Scripted):
        usual = server.answer

        def answer(request: Request) -> Answer:
            if len(server.requests) == 1:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            return usual(request)

        server.answer = answer
        component = embedder(server.url, batch_size=1, concurrency=2, timeout=30.0)
        with pytest.raises(KeyboardInterrupt):
            component.run([Document(content="stall") for _ in range(10)])
        component.close()
        assert len(server.requests) <= 3

    @pytest.mark.parametrize("concurrency", [1, 3])
    def test_an_exception_of_any_kind_is_raised(self, concurrency):
        def fail(number: int) -> None:
            if number == 2:
                raise SystemExit(3)

        with pytest.raises(SystemExit):
            each_in_threads(fail, range(10), concurrency)

    def test_after_a_failure_no_other_call_begins(self):
        failed, calls = threading.Event(), []

        def call(number: int) -> None:
            calls.append(number)
            if number == 0:
                raise LookupError
            assert failed.wait(5)

        before = set(threading.enumerate())
        with pytest.raises(LookupError):
            each_in_threads(call, range(100), 2)
        others = set(threading.enumerate()) - before
        failed.set()
        for thread in others:
            thread.join(5)
        assert len(calls) <= 2

    def test_no_items(self):
        each_in_threads(pytest.fail, [], 2)
        asyncio.run(each_in_tasks(pytest.fail, [], 2))

    def test_nothing_goes_on_after_an_error_was_raised(self, server: Scripted):
        server.errors["bad"] = Answer.error(400, "Bad")
        component = embedder(server.url, batch_size=1, concurrency=3, raise_on_failure=True)

        async def tasks_that_are_left() -> set[Any]:
            with pytest.raises(openai.BadRequestError):
                await component.run_async([Document(content=text) for text in ("stall", "bad", "stall")])
            return asyncio.all_tasks() - {asyncio.current_task()}

        assert asyncio.run(tasks_that_are_left()) == set()


class TestReading:
    """
    The SDK's models are built only for those who replaced its `create`.
    """

    @pytest.fixture
    def built(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        built: list[Any] = []
        construct = openai.types.CreateEmbeddingResponse.construct
        counted = classmethod(lambda cls, *a, **k: built.append(cls) or construct(*a, **k))
        monkeypatch.setattr(openai.types.CreateEmbeddingResponse, "construct", counted)
        return built

    @pytest.fixture
    def decoded(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        decoded: list[Any] = []
        from_json, validator = responses.from_json, _endpoint._body_validator
        monkeypatch.setattr(responses, "from_json", lambda data: decoded.append(data) or from_json(data))
        counted = SimpleNamespace(validate_json=lambda data: decoded.append(data) or validator.validate_json(data))
        monkeypatch.setattr(_endpoint, "_body_validator", counted)
        return decoded

    def test_no_model_is_built_and_the_body_is_decoded_once(self, embed: Embed, stand_in: StandIn, built, decoded):
        assert embedded(embed(stand_in, ["a", "b"])) == ["a", "b"]
        assert not built
        assert len(decoded) == 1

    def test_a_client_of_the_users_is_read_in_the_same_way(self, stand_in: StandIn, built):
        component = OpenRouterTextEmbedder(api_base_url=stand_in.url)
        component.client = openai.OpenAI(api_key="k", base_url=stand_in.url)
        stand_in.script(embeddings(embedding(0, 1, 0.5)))
        assert component.run("a")["embedding"] == [1.0, 0.5]
        assert not built
        stand_in.script(Answer([b"no JSON"], 200, {"content-type": "text/html"}))
        with pytest.raises(openai.APIError, match="not from OpenRouter's API: no JSON"):
            component.run("a")
        component.client.close()

    def test_what_replaced_create_gets_the_usual_response(self, embed: Embed, stand_in: StandIn, monkeypatch, built):
        seen: list[Any] = []

        def patched(create: Any, keep: Callable[[Any], Any]) -> Any:
            return lambda *args, **kwargs: keep(create(*args, **kwargs))

        async def keep_async(response: Any) -> Any:
            seen.append(await response)
            return seen[-1]

        def keep(response: Any) -> Any:
            seen.append(response)
            return response

        plain = embed(stand_in, ["a", "b"], extra_parameters={"user": "u"})
        for kind, kept in ((openai.resources.Embeddings, keep), (openai.resources.AsyncEmbeddings, keep_async)):
            monkeypatch.setattr(kind, "create", patched(kind.create, kept))
        traced = embed(stand_in, ["a", "b"], extra_parameters={"user": "u"})
        assert stand_in.requests[0].body == stand_in.requests[1].body
        assert isinstance(seen[0], openai.types.CreateEmbeddingResponse)
        assert traced["meta"].pop("id") != plain["meta"].pop("id")
        assert traced == plain
        assert built

    def test_a_wrapper_that_says_so_gets_the_usual_response(self, stand_in: StandIn, built, monkeypatch):
        create = openai.resources.Embeddings.create

        @functools.wraps(create)
        def traced(*arguments: Any, **keywords: Any) -> Any:
            return create(*arguments, **keywords)

        monkeypatch.setattr(openai.resources.Embeddings, "create", traced)
        assert embedded(embedder(stand_in.url).run([Document(content="a")])) == ["a"]
        assert built

    @pytest.mark.parametrize("method", ["request", "post"])
    def test_what_replaced_a_method_of_the_client_sees_the_texts(
        self, embed: Embed, stand_in: StandIn, monkeypatch, built, method
    ):
        seen: list[Any] = []

        def patched(send: Any) -> Any:
            @functools.wraps(send)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                seen.append(kwargs["body"] if method == "post" else args[-1].json_data)
                return send(*args, **kwargs)

            return wrapper

        plain = embed(stand_in, ["a", "b"])
        for kind in (openai.OpenAI, openai.AsyncOpenAI):
            monkeypatch.setattr(kind, method, patched(getattr(kind, method)))
        traced = embed(stand_in, ["a", "b"])
        assert [body["input"] for body in seen] == [["a", "b"]]
        assert stand_in.requests[0].body == stand_in.requests[1].body
        assert embedded(traced) == embedded(plain)
        assert built

    def test_a_proxy_of_the_client(self, stand_in: StandIn, built):
        class Proxy:
            def __init__(self, inner: Any) -> None:
                self._inner = inner

            def __getattr__(self, name: str) -> Any:
                found = getattr(self._inner, name)
                return Proxy(found) if name == "embeddings" else found

        component = OpenRouterTextEmbedder(api_base_url=stand_in.url)
        client = openai.OpenAI(api_key="k", base_url=stand_in.url)
        component.client = Proxy(client)
        assert component.run("a")["embedding"]
        assert built
        client.close()

    def test_a_fake_that_returns_a_dictionary(self):
        assert self.faked([3]).run("abc") == {"embedding": [3.0], "meta": {"model": "fake", "usage": {}}}

    @pytest.mark.parametrize("odd", [{0.5, 1.0}, {0.5: 1}, "12", [], None])
    def test_a_fake_whose_vector_is_no_list_of_numbers(self, odd):
        with pytest.raises(openai.APIError, match="index 0 is not a list of finite numbers"):
            self.faked(odd).run("abc")

    def faked(self, vector: object) -> OpenRouterTextEmbedder:
        class Fake:
            embeddings: Any

            def create(self, **arguments: Any) -> dict[str, Any]:
                return {"data": [{"embedding": vector}], "model": "fake"}

        fake = Fake()
        fake.embeddings = fake
        component = OpenRouterTextEmbedder()
        component.client = fake
        return component

    @pytest.mark.parametrize("odd", [True, False, None, "1", float("nan"), float("inf"), 10**400, [1.0], {}])
    def test_what_is_not_a_number_among_the_last(self, embed: Embed, stand_in: StandIn, odd):
        stand_in.script(embeddings(embedding(0, *[0.5] * 1000, odd)))
        with pytest.raises(openai.APIError, match="index 0 is not a list of finite numbers"):
            embed(stand_in, ["a"], raise_on_failure=True)

    def test_integers_become_floats(self, embed: Embed, stand_in: StandIn):
        stand_in.script(embeddings(embedding(0, 1, -2, 10**20, 0.5)))
        (document,) = embed(stand_in, ["a"])["documents"]
        assert type(document.embedding) is list
        assert document.embedding == [1.0, -2.0, 1e20, 0.5]
        assert {type(number) for number in document.embedding} == {float}

    def test_half_an_emoji_beside_the_vectors(self, embed: Embed, stand_in: StandIn):
        stand_in.script(Answer.json({"data": [embedding(0, 1, 0.5)], "provider": chr(0xD83D)}))
        result = embed(stand_in, ["a"])
        assert result["documents"][0].embedding == [1.0, 0.5]
        assert result["meta"]["provider"] == "\ufffd"

    def test_a_boolean_is_not_an_index(self, embed: Embed, stand_in: StandIn):
        stand_in.script(embeddings(embedding(0, 1.0), embedding(True, 1.0)))
        with pytest.raises(openai.APIError, match="index True"):
            embed(stand_in, ["a", "b"], raise_on_failure=True)

    def test_halves_of_emoji_are_replaced(self, embed: Embed, stand_in: StandIn):
        text = f"{chr(0xD83D)} and {chr(0xD83D)}{chr(0xDE00)}"
        embed(stand_in, [text], prefix=f"{chr(0xDE00)} ", extra_parameters={"user": chr(0xDE00)})
        OpenRouterTextEmbedder(api_base_url=stand_in.url).run(text)
        documents, query = (request.body["input"] for request in stand_in.requests)
        assert stand_in.requests[0].body["user"] == "\ufffd"
        assert documents == ["\ufffd \ufffd and \U0001f600"]
        assert query == "\ufffd and \U0001f600"
