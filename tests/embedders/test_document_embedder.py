# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The document embedder's own contract. What it has in common with the others is in `test_retrieval.py`."""

import asyncio
import copy
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import openai
import pytest
from haystack import Document, Pipeline
from haystack.components.embedders import OpenAIDocumentEmbedder
from haystack.components.writers import DocumentWriter
from haystack.dataclasses import ByteStream, SparseEmbedding
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.utils import Secret
from hypothesis import given
from hypothesis import strategies as st
from stand_in import STALL, Answer, Request, StandIn
from strategies import FAST
from wire import SOON, embedding, embeddings

from haystack_integrations.common.openrouter._wire.usage import summed_usage
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder, OpenRouterTextEmbedder


class Picky(StandIn):
    """
    A stand-in that looks at the texts: "refuse" in one is answered with an error, "stall" never, "slow" later.
    """

    def __init__(self) -> None:
        super().__init__()
        self.active = self.most_active = 0
        self.counting = threading.Lock()

    def answer(self, request: Request) -> Answer:
        with self.counting:
            self.active += 1
            self.most_active = max(self.most_active, self.active)
        answer, texts = super().answer(request), " ".join(request.body["input"])
        time.sleep(0.2 if "slow" in texts else 0.03)
        with self.counting:
            self.active -= 1
        if "refuse" in texts:
            raw = f"The text is refused text for {request.headers['authorization']} of user_2abcdefghij"
            metadata = {"provider_name": "DeepInfra", "raw": raw, "flagged_input": "refused text"}
            return Answer.error(400, "Provider returned error", metadata=metadata)
        return Answer([b"{", STALL]) if "stall" in texts else answer


@pytest.fixture
def picky() -> Iterator[Picky]:
    with Picky() as server:
        yield server


Embed = Callable[..., dict[str, Any]]


def embedder(url: str, **parameters: Any) -> OpenRouterDocumentEmbedder:
    parameters = {"max_retries": 0, "progress_bar": False, "timeout": 10.0, **parameters}
    return OpenRouterDocumentEmbedder(api_base_url=url, **parameters)


def embed_sync(server: StandIn, documents: Any, **parameters: Any) -> dict[str, Any]:
    return embedder(server.url, **parameters).run(documents)


def embed_async(server: StandIn, documents: Any, **parameters: Any) -> dict[str, Any]:
    return asyncio.run(embedder(server.url, **parameters).run_async(documents))


@pytest.fixture(params=[embed_sync, embed_async], ids=["sync", "async"])
def embed(request: pytest.FixtureRequest) -> Embed:
    return request.param


def documents_of(*texts: str | None) -> list[Document]:
    return [Document(content=text, meta={"number": number}) for number, text in enumerate(texts)]


class TestRequest:
    def test_defaults(self, stand_in: StandIn):
        embed_sync(stand_in, documents_of("a", "b"))
        expected = {"model": "openai/text-embedding-3-small", "input": ["a", "b"], "encoding_format": "float"}
        assert stand_in.requests[0].body == expected

    def test_batches(self, embed: Embed, stand_in: StandIn):
        result = embed(stand_in, documents_of(*"abcde"), batch_size=2, concurrency=1)
        assert [request.body["input"] for request in stand_in.requests] == [["a", "b"], ["c", "d"], ["e"]]
        assert [document.content for document in result["documents"]] == list("abcde")

    def test_meta_fields(self, stand_in: StandIn):
        documents = [
            Document(content="text", meta={"title": "T", "year": 0, "gone": None}),
            Document(content=None, meta={"title": "T"}),
            Document(content=None),
        ]
        fields = ["year", "title", "gone", "unknown"]
        embed_sync(stand_in, documents, meta_fields_to_embed=fields, embedding_separator=" | ", prefix="<", suffix=">")
        assert stand_in.requests[0].body["input"] == ["<0 | T | text>", "<T | >", "<>"]

    def test_the_same_as_haystacks_embedder_sends(self, stand_in: StandIn):
        documents = [
            Document(content="text", meta={"title": "T", "gone": None}),
            Document(meta={"title": "T"}),
            Document(id="1"),
        ]
        settings = {"model": "m", "dimensions": 8, "prefix": "a", "suffix": "b", "api_base_url": stand_in.url}
        settings |= {"batch_size": 2, "meta_fields_to_embed": ["title", "gone"], "progress_bar": False}
        theirs = OpenAIDocumentEmbedder(api_key=Secret.from_token("key"), **settings).run(documents)
        ours = OpenRouterDocumentEmbedder(concurrency=1, **settings).run(documents)
        bodies = [request.body for request in stand_in.requests]
        assert bodies[:2] == bodies[2:]
        assert ours["documents"] == theirs["documents"]

    def test_no_documents_no_request(self, embed: Embed, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("OPENROUTER_API_KEY")
        result = embed(stand_in, [])
        expected = {"model": "openai/text-embedding-3-small", "usage": {}, "failed": 0}
        assert result == {"documents": [], "meta": expected}
        assert not stand_in.requests


class TestResult:
    def test_documents_are_copies(self, embed: Embed, stand_in: StandIn):
        documents = documents_of("a", "b")
        before = copy.deepcopy(documents)
        result = embed(stand_in, documents, dimensions=8)
        assert documents == before
        for document, given_one in zip(result["documents"], documents, strict=True):
            assert document is not given_one
            assert len(document.embedding) == 8
            assert (document.id, document.content, document.meta) == (given_one.id, given_one.content, given_one.meta)

    def test_matched_by_index(self, stand_in: StandIn):
        stand_in.script(embeddings(embedding(2, 3.0), embedding(0, 1.0), embedding(1, 2.0)))
        result = embed_sync(stand_in, documents_of(*"abc"))
        assert [document.embedding for document in result["documents"]] == [[1.0], [2.0], [3.0]]

    def test_without_index_by_position(self, stand_in: StandIn):
        stand_in.script(embeddings({"embedding": [1]}, embedding(None, 2)))
        result = embed_sync(stand_in, documents_of(*"ab"))
        assert [document.embedding for document in result["documents"]] == [[1.0], [2.0]]

    @pytest.mark.parametrize(
        "data",
        [
            [embedding(0, 1.0), embedding(2, 3.0)],
            [embedding(1, 1.0), embedding(2, 3.0)],
            [embedding(0, 1.0), embedding(0, 2.0), embedding(2, 3.0)],
            [embedding(0, 1.0), embedding(1, 2.0), embedding(2, 3.0), embedding(3, 4.0)],
            [embedding(1, 1.0), embedding(2, 2.0), embedding(3, 3.0)],
            [embedding(0, 1.0), embedding(1), embedding(2, 3.0)],
            [embedding(0, 1.0), embedding(1, "x"), embedding(2, 3.0)],
            [embedding(0, 1.0), embedding(1, 2.0, 2.0), embedding(2, 3.0)],
        ],
    )
    def test_not_one_embedding_for_each_text(self, stand_in: StandIn, data):
        stand_in.script(*[embeddings(*data)] * 3)
        for raises in (True, False):
            with pytest.raises(openai.APIError, match="embedding"):
                embed_sync(stand_in, documents_of(*"abc"), raise_on_failure=raises)
        result = embed_sync(stand_in, documents_of(*"abcd"), batch_size=3, concurrency=1)
        assert [bool(document.embedding) for document in result["documents"]] == [False] * 3 + [True]
        assert result["meta"]["failed"] == 3

    def test_a_limit_in_bytes(self, embed: Embed, stand_in: StandIn):
        texts = ["a" * 10, "ü" * 5, "b" * 25, "c", "€" * 6, "dd"]
        result = embed(stand_in, documents_of(*texts), max_batch_bytes=20, concurrency=1)
        assert [document.content for document in result["documents"] if document.embedding] == texts
        assert [request.body["input"] for request in stand_in.requests] == [
            texts[:2],
            [texts[2]],
            texts[3:5],
            [texts[5]],
        ]

    def test_a_limit_is_written_only_if_it_is_set(self):
        assert "max_batch_bytes" not in OpenRouterDocumentEmbedder().to_dict()["init_parameters"]
        data = OpenRouterDocumentEmbedder(max_batch_bytes=1_000_000).to_dict()
        assert OpenRouterDocumentEmbedder.from_dict(data).max_batch_bytes == 1_000_000
        for value in (0, 1.5, True, "1"):
            with pytest.raises(ValueError, match="`max_batch_bytes` must be a whole number of at least 1"):
                OpenRouterDocumentEmbedder(max_batch_bytes=value)

    def test_usage_is_summed(self, stand_in: StandIn):
        details = {"cached_tokens": 1, "audio_tokens": None}
        first = {"prompt_tokens": 2, "cost": 0.1, "is_byok": False, "prompt_tokens_details": details}
        second = {"prompt_tokens": 3, "cost": 0.2, "is_byok": False, "prompt_tokens_details": details, "images": 1}
        stand_in.script(embeddings(embedding(0, 1.0), usage=first), embeddings(embedding(0, 2.0), usage=second))
        meta = embed_sync(stand_in, documents_of("a", "b"), batch_size=1, concurrency=1)["meta"]
        assert meta["usage"].pop("cost") == pytest.approx(0.3)
        assert meta["usage"] == {
            "prompt_tokens": 5,
            "is_byok": False,
            "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": None},
            "images": 1,
        }
        assert meta["model"] == "test/dated"
        assert meta["failed"] == 0

    def test_a_bill_of_a_provider_counts_where_the_provider_billed(self, stand_in: StandIn):
        def billed(cost: float, *, byok: bool) -> dict[str, Any]:
            return {"cost": cost, "is_byok": byok, "cost_details": {"upstream_inference_cost": 0.5, "other": 1}}

        stand_in.script(embeddings(embedding(0, 1.0), usage=billed(1.0, byok=False)), embeddings(embedding(0, 2.0)))
        stand_in.script(embeddings(embedding(0, 3.0), usage=billed(0.25, byok=True)))
        usage = embed_sync(stand_in, documents_of(*"abc"), batch_size=1, concurrency=1)["meta"]["usage"]
        details = {"upstream_inference_cost": 0.5, "other": 2}
        assert usage == {"cost": 1.25, "is_byok": True, "cost_details": details}
        stand_in.script(*[embeddings(embedding(0, 1.0), usage=billed(1.0, byok=False))] * 2)
        usage = embed_sync(stand_in, documents_of("a", "b"), batch_size=1)["meta"]["usage"]
        assert usage == {"cost": 2.0, "is_byok": False, "cost_details": {"upstream_inference_cost": 1.0, "other": 2}}

    def test_meta_has_what_all_answers_agree_on(self, embed: Embed, stand_in: StandIn):
        agreed = {"provider": "Azure", "usage": {"cost": 0.5}}
        first = embeddings(embedding(0, 1.0), **agreed, id="gen-1", more=1)
        stand_in.script(first, embeddings(embedding(0, 2.0), **agreed, id="gen-2", model="test/other"))
        meta = embed(stand_in, documents_of("a", "b"), batch_size=1, concurrency=1)["meta"]
        assert meta == {
            "model": "test/dated",
            "provider": "Azure",
            "usage": {"cost": 1.0},
            "failed": 0,
        }

    def test_another_length_than_asked_for_is_warned_of(self, stand_in: StandIn, caplog):
        stand_in.script(
            embeddings(embedding(0, 1.0, 2.0), embedding(1, 3.0, 4.0)),
            embeddings(embedding(0, 1.0, 2.0), embedding(1, 3.0, 4.0)),
        )
        embed_sync(stand_in, documents_of("a", "b"), dimensions=2)
        assert not caplog.records
        embed_sync(stand_in, documents_of("a", "b"), dimensions=3)
        assert "`dimensions` is 3, but openai/text-embedding-3-small returned embeddings of length 2" in caplog.text

    def test_everything_else_of_a_document_is_kept(self, stand_in: StandIn):
        document = Document(
            content="a",
            blob=ByteStream(b"b"),
            meta={"c": {"d": 1}},
            score=0.5,
            sparse_embedding=SparseEmbedding(indices=[1], values=[0.5]),
        )
        (copied,) = embed_sync(stand_in, [document])["documents"]
        assert copied is not document
        assert replace(copied, embedding=None) == document

    def test_failed_is_only_in_meta_when_failures_are_not_raised(self, stand_in: StandIn):
        assert set(embed_sync(stand_in, documents_of("a"), raise_on_failure=True)["meta"]) == {"id", "model", "usage"}

    def test_documents_with_the_same_id(self, stand_in: StandIn):
        stand_in.script(embeddings(embedding(0, 1.0), embedding(1, 2.0)))
        result = embed_sync(stand_in, [Document(id="1", content="a"), Document(id="1", content="b")])
        assert [document.embedding for document in result["documents"]] == [[1.0], [2.0]]


class TestFailures:
    def test_a_failed_batch_loses_nothing(self, embed: Embed, picky: Picky, caplog: pytest.LogCaptureFixture):
        documents = documents_of("a", "b", "refuse", "c", "d")
        documents[2:4] = [replace(document, embedding=[9.0]) for document in documents[2:4]]
        with caplog.at_level(logging.ERROR):
            result = embed(picky, documents, batch_size=2)
        assert [document.content for document in result["documents"]] == ["a", "b", "refuse", "c", "d"]
        assert [bool(document.embedding) for document in result["documents"]] == [True, True, False, True, True]
        assert result["documents"][2].embedding is None
        assert documents[2].embedding == [9.0]
        assert result["meta"]["failed"] == 1
        assert result["meta"]["usage"]["prompt_tokens"] == 4
        assert len(picky.requests) == 5
        (record,) = [record for record in caplog.records if "embedded" in record.getMessage()]
        told = record.getMessage()
        assert told.startswith("1 document(s) could not be embedded: Error code: 400")
        assert "Provider: DeepInfra. The provider says: The text is *** for Bearer *** of ***" in told
        assert documents[2].id in told
        for private in ("sk-or-test-key", "refused text", "user_2abcdefghij"):
            assert private not in caplog.text
        assert record.exc_info

    def test_what_an_unusable_answer_cost_is_counted(self, stand_in: StandIn):
        good = embeddings(embedding(0, 1.0), usage={"cost": 0.25}, provider="Azure", id="gen-1")
        stand_in.script(good, embeddings(embedding(5, 1.0), usage={"cost": 0.5}, provider="Azure", id="gen-2"))
        meta = embed_sync(stand_in, documents_of("a", "b"), batch_size=1, concurrency=1)["meta"]
        assert meta == {"model": "test/dated", "usage": {"cost": 0.75}, "provider": "Azure", "id": "gen-1", "failed": 1}

    def test_what_it_used_is_plain_json_in_meta(self, stand_in: StandIn):
        stand_in.script(embeddings(embedding(5, 1.0), usage={"cost": 0.5, "new": [float("nan")]}))
        stand_in.script(embeddings(embedding(0, 1.0), usage={"cost": 0.25}))
        meta = embed_sync(stand_in, documents_of("a", "b"), batch_size=1, concurrency=1)["meta"]
        assert meta["usage"] == {"cost": 0.75, "new": [None]}

    def test_a_partly_failed_run_in_a_pipeline(self, picky: Picky):
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        pipeline = Pipeline()
        pipeline.add_component("embed", embedder(picky.url, batch_size=1))
        pipeline.add_component("write", DocumentWriter(store))
        pipeline.connect("embed.documents", "write.documents")
        outputs = pipeline.run({"embed": {"documents": documents_of("a ferry", "refuse")}}, {"embed"})
        assert outputs["embed"]["meta"]["failed"] == 1
        assert outputs["write"]["documents_written"] == 2
        query = OpenRouterTextEmbedder(api_base_url=picky.url).run("ferry")["embedding"]
        assert [document.content for document in store.embedding_retrieval(query)] == ["a ferry"]

    @pytest.mark.parametrize("texts", [["refuse"], ["refuse", "refuse"]])
    def test_all_batches_fail(self, embed: Embed, picky: Picky, texts):
        with pytest.raises(openai.BadRequestError, match="Provider: DeepInfra"):
            embed(picky, documents_of(*texts), batch_size=1, model="test/model")

    def test_raised(self, embed: Embed, picky: Picky, caplog: pytest.LogCaptureFixture):
        with pytest.raises(openai.BadRequestError, match="The text is"):
            embed(picky, documents_of("a", "refuse", "c"), batch_size=1, raise_on_failure=True)
        assert "could not be embedded" not in caplog.text

    def test_a_synchronous_run_stops_at_the_failure(self, picky: Picky):
        with pytest.raises(openai.BadRequestError):
            embed_sync(picky, documents_of("a", "refuse", "c"), batch_size=1, concurrency=1, raise_on_failure=True)
        assert len(picky.requests) == 2

    def test_each_batch_is_retried(self, embed: Embed, stand_in: StandIn):
        stand_in.script(Answer.error(429, "Slow down", headers=SOON), Answer.error(503, "Busy", headers=SOON))
        result = embed(stand_in, documents_of(*"abc"), batch_size=1, max_retries=2)
        assert all(document.embedding for document in result["documents"])
        assert len(stand_in.requests) == 5

    def test_a_missing_key_is_no_failed_batch(self, embed: Embed, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("OPENROUTER_API_KEY")
        with pytest.raises(ValueError, match="OPENROUTER_API_KEY"):
            embed(stand_in, documents_of("a"))


class TestConcurrency:
    @pytest.mark.parametrize("concurrency", [1, 3])
    def test_bounded(self, embed: Embed, picky: Picky, concurrency):
        result = embed(picky, documents_of(*map(str, range(12))), batch_size=1, concurrency=concurrency)
        assert all(document.embedding for document in result["documents"])
        assert picky.most_active == concurrency
        assert len(picky.requests) == 12

    def test_four_by_default(self, embed: Embed, picky: Picky):
        embed(picky, documents_of(*map(str, range(12))), batch_size=1)
        assert picky.most_active == 4

    def test_results_in_order(self, embed: Embed, picky: Picky):
        texts = ["slow ferry", "lighthouse", "bakery", "puffin"]
        result = embed(picky, documents_of(*texts), batch_size=1)
        assert [document.content for document in result["documents"]] == texts
        query = OpenRouterTextEmbedder(api_base_url=picky.url)
        for document in result["documents"]:
            assert document.embedding == query.run(document.content)["embedding"]

    def test_a_failure_cancels_the_others(self, picky: Picky):
        component = embedder(picky.url, batch_size=1, raise_on_failure=True)

        async def run() -> None:
            with pytest.raises(openai.BadRequestError, match="The text is"):
                await component.run_async(documents_of("stall", "stall", "slow refuse", "stall", "never sent"))
            assert await asyncio.to_thread(picky.wait_for_disconnect, 3)
            assert len(asyncio.all_tasks()) == 1

        started = time.monotonic()
        asyncio.run(run())
        assert time.monotonic() - started < 5
        assert len(picky.requests) == 4

    def test_cancelling_closes_everything(self, picky: Picky):
        component = embedder(picky.url, batch_size=1)

        async def run() -> None:
            task = asyncio.create_task(component.run_async(documents_of(*["stall"] * 6)))
            await asyncio.sleep(0.5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(picky.wait_for_disconnect, 4)
            assert len(asyncio.all_tasks()) == 1

        asyncio.run(run())
        assert len(picky.requests) == 4


class TestProgressBar:
    @pytest.mark.parametrize("shown", [True, False])
    def test_shown(self, embed: Embed, stand_in: StandIn, capsys: pytest.CaptureFixture[str], shown):
        embed(stand_in, documents_of(*"abc"), batch_size=1, progress_bar=shown)
        assert ("Calculating embeddings: 100%" in capsys.readouterr().err) is shown

    def test_a_failed_batch_counts(self, embed: Embed, picky: Picky, capsys: pytest.CaptureFixture[str]):
        embed(picky, documents_of("a", "refuse"), batch_size=1, progress_bar=True)
        assert "2/2" in capsys.readouterr().err


class TestArguments:
    @pytest.mark.parametrize("documents", [None, "text", Document(content="a"), ["text"], [Document(content="a"), 1]])
    def test_only_documents(self, stand_in: StandIn, documents):
        with pytest.raises(TypeError, match="`documents` must be a list of Documents.* not .*OpenRouterTextEmbedder"):
            embed_sync(stand_in, documents)
        assert not stand_in.requests

    @pytest.mark.parametrize("name", ["batch_size", "concurrency", "dimensions"])
    @pytest.mark.parametrize("value", [0, -1, True, 1.5, "2"])
    def test_at_least_one(self, name, value):
        with pytest.raises(ValueError, match=f"`{name}` must be a whole number of at least 1"):
            OpenRouterDocumentEmbedder(**{name: value})


class TestUsage:
    counts = st.dictionaries(st.sampled_from("abc"), st.integers(0, 10**6))

    @FAST
    @given(
        st.lists(
            st.fixed_dictionaries(
                {}, optional={"cost": st.floats(0, 10), "details": counts, "n": st.integers(-(10**14), 10**14)}
            )
        )
    )
    def test_sums(self, usages):
        before = copy.deepcopy(usages)
        total = summed_usage(usages)
        assert usages == before
        assert total.get("cost", 0) == pytest.approx(sum(usage.get("cost", 0) for usage in usages))
        assert total.get("n", 0) == sum(usage.get("n", 0) for usage in usages)
        for name in "abc":
            expected = sum(usage.get("details", {}).get(name, 0) for usage in usages)
            assert total.get("details", {}).get(name, 0) == expected

    @pytest.mark.parametrize(
        "absurd", [1e15, -1e15, 1.5e308, 10**15, 10**400, float("nan"), float("inf"), -float("inf")]
    )
    def test_what_is_absurd_counts_as_not_reported(self, absurd):
        usage = {"cost": absurd, "details": {"tokens": absurd}}
        assert summed_usage([usage, {"cost": 0.5, "details": {"tokens": 7}}, usage]) == {
            "cost": 0.5,
            "details": {"tokens": 7},
        }
        assert summed_usage([usage, usage]) == {"cost": None, "details": {"tokens": None}}

    def test_the_largest_amounts_have_a_sum(self):
        total = summed_usage([{"cost": 9e14, "tokens": 10**15 - 1}] * 1000)
        assert total == {"cost": 9e17, "tokens": 1000 * (10**15 - 1)}

    def test_ten_dimes_are_a_dollar(self):
        total = summed_usage([{"cost": 0.1, "tokens": 1}] * 10)
        assert str(total) == "{'cost': 1.0, 'tokens': 10}"

    def test_odd_values(self):
        assert summed_usage([{"a": "x", "b": None}, {"a": 1, "b": 2, "c": True}, {"c": True}]) == {
            "a": "x",
            "b": 2,
            "c": True,
        }
        assert summed_usage([]) == {}
