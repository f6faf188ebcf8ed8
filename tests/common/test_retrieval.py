# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What embedders and ranker promise alike, over a real socket; and the three together in a RAG pipeline."""

import asyncio
import copy
import inspect
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.core.serialization import component_from_dict, component_to_dict
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.utils import Secret
from modes import KEY, Case, wait_for_requests
from stand_in import RESET, STALL, Answer, StandIn
from wire import SOON

from haystack_integrations.components.embedders.openrouter import (
    OpenRouterDocumentEmbedder,
    OpenRouterDocumentImageEmbedder,
    OpenRouterTextEmbedder,
)
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

DOCUMENTS = [Document(content="Rome is in Italy", meta={"tags": ["city"]}), Document(content="Bern is in Switzerland")]
PAGES = [
    Document(meta={"file_path": str(Path(__file__).parents[1] / "files" / f"{city}.png")}) for city in ("rome", "bern")
]


KINDS = {
    "text": (OpenRouterTextEmbedder, "/api/v1/embeddings", ("Which city is in Italy?",)),
    "documents": (OpenRouterDocumentEmbedder, "/api/v1/embeddings", (DOCUMENTS,)),
    "images": (OpenRouterDocumentImageEmbedder, "/api/v1/embeddings", (PAGES,)),
    "ranker": (OpenRouterRanker, "/api/v1/rerank", ("Which city is in Italy?", DOCUMENTS)),
}


@pytest.fixture(params=[(name, way) for name in KINDS for way in ("sync", "async")], ids="-".join)
def case(request: pytest.FixtureRequest, stand_in: StandIn) -> Case:
    name, way = request.param
    return Case(*KINDS[name], is_async=way == "async", url=stand_in.url)


@pytest.fixture(params=KINDS)
def plain(request: pytest.FixtureRequest, stand_in: StandIn) -> Case:
    return Case(*KINDS[request.param], is_async=False, url=stand_in.url)


REMEDIES = {
    400: "no text is empty or too long for the model, and check the names in `extra_parameters`",
    401: "Check the API key in the `api_key` argument",
    402: "Add credits at https://openrouter.ai/settings/credits",
    403: "The input or the key is not allowed here",
    404: "`test/model` at https://openrouter.ai/models?output_modalities=embeddings is an embedding model",
    408: "Try again, or use another model",
    413: "Send fewer or shorter texts at once",
    429: "Try again later, raise `max_retries`, or use another model",
    500: "Try again, or use another model",
    529: "Try again, or use another model",
}
BATCH_REMEDIES = {413: "Send fewer or shorter texts at once: lower `batch_size`"}
IMAGE_REMEDIES = {
    400: 'Check that `test/model` takes images: `OpenRouterModels().list(output_modalities="embeddings", input_mod',
    404: "Check that `test/model` is an embedding model that takes images: `OpenRouterModels().list(",
    413: "Send less at once: lower `image_size`, `max_batch_bytes` or `batch_size`",
}
RANKER_REMEDIES = {
    404: "`test/model` at https://openrouter.ai/models?output_modalities=rerank is a rerank model",
    413: "Send fewer or shorter documents at once",
}


class TestRequest:
    def test_what_is_sent(self, case: Case, stand_in: StandIn):
        headers, parameters = {"X-OpenRouter-Title": "Tests"}, {"provider": {"order": ["a"]}, "user": "u"}
        result = case(extra_headers=headers, extra_parameters=parameters)
        (request,) = stand_in.requests
        assert (request.method, request.path) == ("POST", case.path)
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["x-openrouter-title"] == "Tests"
        assert request.body["model"] == "test/model"
        assert request.body["provider"] == {"order": ["a"]}
        assert request.body["user"] == "u"
        assert headers == {"X-OpenRouter-Title": "Tests"}
        assert parameters == {"provider": {"order": ["a"]}, "user": "u"}
        assert result["meta"]["model"] == "test/model"
        assert result["meta"]["usage"]["cost"] > 0

    def test_equal_calls_have_equal_bytes(self, plain: Case, stand_in: StandIn):
        plain()
        plain()
        assert stand_in.requests[0].raw == stand_in.requests[1].raw

    def test_in_haystacks_http_client(self, case: Case, stand_in: StandIn):
        stand_in.script(Answer.error(429, "Slow down", status=200, metadata={"headers": {"Retry-After": "0.01"}}))
        assert case(http_client_kwargs={"headers": {"x-mine": "1"}}, max_retries=1)
        assert [request.headers["x-mine"] for request in stand_in.requests] == ["1", "1"]

    def test_nothing_of_openai_is_sent(self, plain: Case, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
        monkeypatch.setenv("OPENAI_ORG_ID", "org-openai")
        monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-openai")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Custom: of-openai\nAuthorization: Bearer sk-openai")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/openai")
        plain()
        (request,) = stand_in.requests
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert "openai" not in str({name: v for name, v in request.headers.items() if name != "user-agent"}).lower()

    def test_no_base_url_means_openrouter(self, plain: Case):
        assert plain.component(api_base_url=None).api_base_url == "https://openrouter.ai/api/v1"
        assert plain.kind().api_base_url == "https://openrouter.ai/api/v1"


class TestKey:
    def test_missing(self, case: Case, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("OPENROUTER_API_KEY")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
        component = case.component(api_key=Secret.from_env_var("OPENROUTER_API_KEY", strict=False))
        with pytest.raises(ValueError, match="OPENROUTER_API_KEY"):
            case.run(component)
        with pytest.raises(ValueError, match="OPENROUTER_API_KEY"):
            component.warm_up()
        assert not stand_in.requests

    def test_from_the_environment(self, plain: Case, stand_in: StandIn):
        plain(api_key=Secret.from_env_var("OPENROUTER_API_KEY"))
        assert stand_in.requests[0].headers["authorization"] == "Bearer sk-or-test-key"

    def test_a_token_is_never_written_down(self, plain: Case):
        with pytest.raises(ValueError, match="token"):
            plain.component().to_dict()


class TestFailures:
    def test_rate_limit_is_retried(self, case: Case, stand_in: StandIn):
        stand_in.script(Answer.error(429, "Slow down", headers=SOON), Answer.error(429, "Slow down", headers=SOON))
        assert case(max_retries=2)["meta"]["usage"]["cost"] > 0
        assert [r.headers["x-stainless-retry-count"] for r in stand_in.requests] == ["0", "1", "2"]

    def test_rate_limit_is_raised_in_the_end(self, plain: Case, stand_in: StandIn):
        stand_in.script(*[Answer.error(429, "Slow down", headers=SOON)] * 2)
        with pytest.raises(openai.RateLimitError, match="Slow down"):
            plain(max_retries=1)
        assert len(stand_in.requests) == 2

    @pytest.mark.parametrize("status", [200, None])
    def test_the_class_and_the_text_tell_the_cause(self, plain: Case, stand_in: StandIn, status):
        metadata = {"provider_name": "DeepInfra", "raw": '{"error": {"message": "Input is too odd"}}'}
        component = plain.component()
        for code, kind in (
            (400, openai.BadRequestError),
            (402, openai.APIStatusError),
            (503, openai.InternalServerError),
        ):
            stand_in.script(Answer.error(code, f"Provider failed {KEY}", status=status, metadata=metadata))
            with pytest.raises(kind) as caught:
                plain.run(component)
            assert caught.value.status_code == code
            assert "DeepInfra" in str(caught.value)
            assert "Input is too odd" in str(caught.value)
            assert KEY not in str(caught.value)
            assert "user_2standinstandin" not in str(caught.value)

    def test_remedies_are_those_of_the_endpoint(self, plain: Case, stand_in: StandIn):
        own = {"text": {}, "documents": BATCH_REMEDIES, "images": IMAGE_REMEDIES, "ranker": RANKER_REMEDIES}
        name = next(name for name, (kind, *_) in KINDS.items() if kind is plain.kind)
        component = plain.component()
        for code, remedy in (REMEDIES | own[name]).items():
            stand_in.script(Answer.error(code, "Context too long for this provider"))
            with pytest.raises(openai.APIStatusError) as caught:
                plain.run(component)
            said = f"Error code: {code} - Context too long for this provider. "
            assert str(caught.value).startswith(said)
            text = str(caught.value).removeprefix(said)
            assert remedy in text
            for foreign in ("max_tokens", "generation_kwargs", "`models`", "messages", "plugins"):
                assert foreign not in text

    def test_the_daily_cap_is_not_waited_for(self, plain: Case, stand_in: StandIn):
        stand_in.script(Answer.error(429, "Rate limit exceeded: free-models-per-day"))
        with pytest.raises(openai.RateLimitError, match="add credits"):
            plain(max_retries=3)
        assert len(stand_in.requests) == 1

    def test_an_answer_that_is_none_is_retried(self, plain: Case, stand_in: StandIn):
        patient, hasty = plain.component(max_retries=1), plain.component()
        for body in (b"Bad gateway", b"{}", b" ", b"[]", b"null"):
            stand_in.script(Answer([body], 200, {"content-type": "application/json", **SOON}))
            assert plain.run(patient)["meta"]["model"] == "test/model", body
            stand_in.script(Answer([body], 200, {"content-type": "text/html"}))
            with pytest.raises(openai.InternalServerError):
                plain.run(hasty)

    def test_nothing_in_the_answer_is_retried(self, plain: Case, stand_in: StandIn):
        empty = Answer.json({"data": [], "results": [], "model": "test/dated"}, headers=SOON)
        stand_in.script(empty)
        assert plain(max_retries=1)["meta"]["model"] == "test/model"
        assert len(stand_in.requests) == 2
        stand_in.script(empty)
        with pytest.raises(openai.InternalServerError, match="The response has no (embeddings|results): {"):
            plain()

    def test_an_unusable_answer_tells_who_gave_it(self, plain: Case, stand_in: StandIn):
        entry = {"index": 7, "embedding": [1.0], "relevance_score": 1.0}
        stand_in.script(Answer.json({"data": [entry], "results": [entry], "provider": "DeepInfra", "id": "gen-77"}))
        with pytest.raises(openai.APIError, match=r"index 7.*Provider: DeepInfra\. Generation id: gen-77"):
            plain()

    def test_a_client_of_the_users_outlives_the_component(self, plain: Case, stand_in: StandIn):
        shared = openai.OpenAI(api_key=KEY, base_url=stand_in.url)
        one, other = plain.component(), plain.component()
        one.client = other.client = shared
        del one
        assert plain.run(other)["meta"]["model"] == "test/model"
        shared.close()

    def test_the_network(self, case: Case, stand_in: StandIn):
        stand_in.script(Answer([b'{"da', RESET], 200, {"content-type": "application/json"}))
        with pytest.raises(openai.APIConnectionError, match="check the network"):
            case()
        stand_in.script(Answer([b"{", STALL], 200, {"content-type": "application/json"}))
        with pytest.raises(openai.APITimeoutError, match="`timeout`"):
            case(timeout=0.2)

    def test_slow_answers_start_with_blank_lines(self, plain: Case, stand_in: StandIn):
        count = 2 if isinstance(plain.inputs[-1], list) else 1
        name, value = ("relevance_score", 0.5) if plain.path.endswith("/rerank") else ("embedding", [1.0, 0.0])
        entries = [{"index": index, name: value} for index in range(count)]
        body = {"results": entries, "data": entries, "model": "test/dated", "usage": {"cost": 0.5}}
        stand_in.script(Answer.json(body, blanks=3))
        meta = plain()["meta"]
        assert (meta["model"], meta["usage"]) == ("test/dated", {"cost": 0.5})

    def test_cancelling_closes_the_connection(self, plain: Case, stand_in: StandIn):
        stand_in.script(Answer([b"{", STALL]))

        async def start_and_cancel() -> None:
            task = asyncio.create_task(plain.component().run_async(*plain.inputs))
            await asyncio.to_thread(wait_for_requests, stand_in, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(stand_in.wait_for_disconnect)

        asyncio.run(start_and_cancel())


class TestLifetime:
    def test_many_event_loops(self, plain: Case, stand_in: StandIn):
        component = plain.component()
        results = [asyncio.run(component.run_async(*plain.inputs)) for _ in range(3)]
        assert len(results) == len(stand_in.requests) == 3
        assert component.run(*plain.inputs)
        assert {request.connection for request in stand_in.requests} == {1, 2, 3, 4}

    def test_many_threads_share_one_client(self, plain: Case, stand_in: StandIn):
        component, clients = plain.component(), set()

        def work() -> None:
            component.run(*plain.inputs)
            clients.add(component.client)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(clients) == 1
        assert len(stand_in.requests) == 8

    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda component: pickle.loads(pickle.dumps(component))])
    def test_copies(self, plain: Case, duplicate: Callable[[Any], Any]):
        component = plain.component()
        first = plain.run(component)
        copied = duplicate(component)
        assert copied.client is None
        assert plain.run(copied)["meta"]["usage"] == first["meta"]["usage"]

    def test_closing_and_using_again(self, plain: Case, stand_in: StandIn):
        component = plain.component()
        component.warm_up()
        assert component.client is not None
        component.close()
        assert component.client is None
        plain.run(component)

        async def close_and_use_again() -> None:
            await component.warm_up_async()
            assert component.async_client is not None
            await component.close_async()
            assert component.async_client is None
            await component.run_async(*plain.inputs)

        asyncio.run(close_and_use_again())
        assert len(stand_in.requests) == 2


class TestSerialization:
    def test_every_parameter_is_written(self, plain: Case):
        component = plain.kind(extra_headers={"X-Title": "T"}, extra_parameters={"provider": {"order": ["a"]}})
        data = component_to_dict(component, "name")
        parameters = set(inspect.signature(plain.kind.__init__).parameters)
        only_if_set = {"cost_meter", "deadline", "max_batch_bytes"} & parameters
        assert {"self", *only_if_set, *data["init_parameters"]} == parameters
        assert data["init_parameters"]["api_key"]["env_vars"] == ["OPENROUTER_API_KEY"]
        before = copy.deepcopy(data)
        again = component_from_dict(plain.kind, data, "name")
        assert data == before
        assert component_to_dict(again, "name") == data
        data["init_parameters"]["extra_parameters"]["provider"]["order"].append("b")
        assert component.extra_parameters == again.extra_parameters == {"provider": {"order": ["a"]}}

    def test_module(self, plain: Case):
        name = plain.kind.__name__
        assert plain.kind().to_dict()["type"] == f"{plain.kind.__module__}.{name}"
        assert plain.kind.__module__.startswith("haystack_integrations.components.")

    def test_yaml(self, plain: Case, stand_in: StandIn):
        pipeline = Pipeline()
        pipeline.add_component("it", plain.kind(api_base_url=stand_in.url, extra_parameters={"user": "u"}))
        loaded = Pipeline.loads(pipeline.dumps())
        assert loaded.dumps() == pipeline.dumps()
        names = ("query", "documents") if len(plain.inputs) == 2 else None
        names = names or (("text",) if isinstance(plain.inputs[0], str) else ("documents",))
        result = loaded.run({"it": dict(zip(names, plain.inputs, strict=True))})
        assert result["it"]["meta"]["usage"]["cost"] > 0
        assert stand_in.requests[0].body["user"] == "u"


class TestArguments:
    def test_only_by_name(self, plain: Case):
        with pytest.raises(TypeError):
            plain.kind(Secret.from_token(KEY))

    @pytest.mark.parametrize("name", ["model", "input", "encoding_format", "query", "documents", "top_n"])
    def test_parameters_of_the_component(self, plain: Case, name):
        mine = {"model", "query", "documents", "top_n"}
        if name in (mine if plain.kind is OpenRouterRanker else {"model", "input", "encoding_format"}):
            with pytest.raises(ValueError, match=rf"`extra_parameters` can't hold '{name}'\. [A-Z][a-z]+ "):
                plain.component(extra_parameters={name: "x"})
        else:
            plain.component(extra_parameters={name: "x"})

    def test_headers(self, plain: Case):
        with pytest.raises(TypeError, match="extra_headers"):
            plain.component(extra_headers={"X-Title": 1})

    def test_meta_fields(self, stand_in: StandIn):
        for kind in (OpenRouterDocumentEmbedder, OpenRouterDocumentImageEmbedder, OpenRouterRanker):
            with pytest.raises(TypeError, match=r"such as \['title'\], not str"):
                kind(meta_fields_to_embed="title")
            for odd in (5, [5], {"title": 1}):
                with pytest.raises(TypeError, match="`meta_fields_to_embed` must be a list of names"):
                    kind(meta_fields_to_embed=odd)

    @pytest.mark.parametrize("value", ["a", ["provider"], 5])
    def test_extra_parameters(self, plain: Case, value):
        with pytest.raises(TypeError, match="`extra_parameters` must be a dictionary"):
            plain.component(extra_parameters=value)

    @pytest.mark.parametrize("name", ["prefix", "suffix", "embedding_separator", "meta_data_separator"])
    def test_texts(self, plain: Case, name):
        if name in inspect.signature(plain.kind.__init__).parameters:
            with pytest.raises(TypeError, match=f"`{name}` must be a str, not NoneType"):
                plain.component(**{name: None})


FACTS = [
    "The ferry to Gull Island leaves the harbour at nine.",
    "The lighthouse on Gull Island is of granite.",
    "The bakery sells bread with seaweed.",
    "Puffins nest on the cliffs until August.",
]


class TestRag:
    @pytest.mark.parametrize("is_async", [False, True])
    def test_index_retrieve_rerank(self, stand_in: StandIn, is_async):
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        indexing, answering = Pipeline(), Pipeline()
        embedder = OpenRouterDocumentEmbedder(api_base_url=stand_in.url, batch_size=2, progress_bar=False)
        indexing.add_component("embed", embedder)
        indexing.add_component("write", DocumentWriter(store))
        indexing.connect("embed.documents", "write.documents")
        answering.add_component("embed", OpenRouterTextEmbedder(api_base_url=stand_in.url))
        answering.add_component("retrieve", InMemoryEmbeddingRetriever(store, top_k=3))
        answering.add_component("rerank", OpenRouterRanker(api_base_url=stand_in.url, top_k=2))
        answering.connect("embed.embedding", "retrieve.query_embedding")
        answering.connect("retrieve.documents", "rerank.documents")
        question = "When does the ferry to Gull Island leave?"
        inputs = {"embed": {"text": question}, "rerank": {"query": question}}
        documents = {"embed": {"documents": [Document(content=fact) for fact in FACTS]}}
        if is_async:
            written = asyncio.run(indexing.run_async(documents))
            result = asyncio.run(answering.run_async(inputs))
        else:
            written, result = indexing.run(documents), answering.run(inputs)
        assert written["write"]["documents_written"] == 4
        assert written["embed"]["meta"]["failed"] == 0
        assert all(document.embedding for document in store.filter_documents())
        best, second = result["rerank"]["documents"]
        assert (best.content, second.content) == (FACTS[0], FACTS[1])
        assert best.score > second.score
        assert result["embed"]["meta"]["usage"]["cost"] > 0
        assert result["rerank"]["meta"]["usage"]["cost"] > 0
