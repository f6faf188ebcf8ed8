# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The ranker's own contract. What it has in common with the embedders is in `test_retrieval.py`."""

import asyncio
import base64
import copy
import io
import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import openai
import pytest
from haystack import Document
from haystack.components.converters.image import DocumentToImageContent
from PIL import Image
from stand_in import Answer, Request, StandIn
from stand_in.files import png
from stand_in.sight import decoded
from wire import ranking, scored

from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

Rank = Callable[..., dict[str, Any]]

TEXTS = ["Bern is in Switzerland", "The ferry leaves at nine", "The ferry to Bern leaves at ten"]


@pytest.fixture
def documents() -> list[Document]:
    return [Document(content=text, meta={"number": number}, score=9.0) for number, text in enumerate(TEXTS)]


def rank_with(
    url: str, query: Any, documents: Any, init: dict[str, Any] | None = None, *, is_async: bool, **inputs: Any
) -> dict[str, Any]:
    ranker = OpenRouterRanker(**{"api_base_url": url, "max_retries": 0, **(init or {})})
    if is_async:
        return asyncio.run(ranker.run_async(query, documents, **inputs))
    return ranker.run(query, documents, **inputs)


@pytest.fixture(params=["sync", "async"])
def rank(request: pytest.FixtureRequest, stand_in: StandIn) -> Rank:
    return partial(rank_with, stand_in.url, is_async=request.param == "async")


@pytest.fixture
def rank_sync(stand_in: StandIn) -> Rank:
    return partial(rank_with, stand_in.url, is_async=False)


def numbers(result: dict[str, Any]) -> list[tuple[int, float]]:
    return [(document.meta["number"], document.score) for document in result["documents"]]


class TestRequest:
    def test_defaults(self, rank: Rank, stand_in: StandIn, documents):
        rank("When?", documents)
        assert stand_in.requests[0].body == {"model": "cohere/rerank-v3.5", "query": "When?", "documents": TEXTS}

    def test_meta_fields(self, rank_sync: Rank, stand_in: StandIn):
        documents = [Document(content="text", meta={"title": "T", "gone": None}), Document(meta={"title": "U"})]
        documents.append(Document(content=None))
        rank_sync("When?", documents, {"meta_fields_to_embed": ["title", "gone", "unknown"]})
        rank_sync("When?", documents, {"meta_fields_to_embed": ["title"], "meta_data_separator": " | "})
        assert stand_in.requests[0].body["documents"] == ["T\ntext", "U\n", ""]
        assert stand_in.requests[1].body["documents"] == ["T | text", "U | ", ""]

    def test_duplicates_are_ranked_once(self, rank_sync: Rank, stand_in: StandIn, documents):
        again = Document(id=documents[0].id, content="another text", meta={"number": 7})
        result = rank_sync("Bern?", [*documents, documents[1], again])
        assert stand_in.requests[0].body["documents"] == TEXTS
        assert sorted(document.meta["number"] for document in result["documents"]) == [0, 1, 2]

    def test_halves_of_emoji_are_replaced(self, rank: Rank, stand_in: StandIn):
        half = chr(0xD83D)
        rank(f"When{half}?", [Document(id="1", content=f"{half} and {half}{chr(0xDE00)}")])
        body = stand_in.requests[0].body
        assert (body["query"], body["documents"]) == ("When\ufffd?", ["\ufffd and \U0001f600"])

    def test_what_is_nested_too_deep_is_not_sent(self, rank_sync: Rank, stand_in: StandIn, documents):
        deep: list[Any] = []
        for _ in range(300):
            deep = [deep]
        with pytest.raises(ValueError, match="nested too deep"):
            rank_sync("When?", documents, {"extra_parameters": {"trace": deep}})
        assert not stand_in.requests

    def test_no_documents_no_request(self, rank: Rank, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("OPENROUTER_API_KEY")
        expected = {"model": "cohere/rerank-v3.5", "provider": None, "usage": {}}
        assert rank("When?", []) == {"documents": [], "meta": expected}
        assert not stand_in.requests


class TestResult:
    def test_scores_on_copies_best_first(self, rank: Rank, stand_in: StandIn, documents):
        before = copy.deepcopy(documents)
        stand_in.script(ranking(scored(0, 0.1), scored(2, 1), scored(1, 0.5)))
        result = rank("When?", documents)
        assert numbers(result) == [(2, 1.0), (1, 0.5), (0, 0.1)]
        assert documents == before
        assert not {id(document) for document in result["documents"]} & {id(document) for document in documents}
        assert all(type(document.score) is float for document in result["documents"])

    def test_meta(self, rank_sync: Rank, stand_in: StandIn, documents):
        usage = {"cost": 0.002, "search_units": 1, "total_tokens": 20}
        stand_in.script(ranking(scored(0, 1), scored(1, 1), scored(2, 1), usage=usage, note=None))
        meta = rank_sync("When?", documents)["meta"]
        assert meta == {"id": "gen-1", "model": "test/dated", "provider": "Cohere", "usage": usage}

    def test_meta_has_its_keys_always(self, rank_sync: Rank, stand_in: StandIn, documents):
        stand_in.script(Answer.json({"results": [scored(0, 1)]}))
        meta = rank_sync("When?", documents[:1], {"model": "test/asked"})["meta"]
        assert meta == {"model": "test/asked", "provider": None, "usage": {}}

    def test_negative_and_equal_scores(self, rank_sync: Rank, stand_in: StandIn, documents):
        stand_in.script(ranking(scored(2, -3.5), scored(1, 0), scored(0, 0)))
        assert numbers(rank_sync("When?", documents)) == [(1, 0.0), (0, 0.0), (2, -3.5)]

    def test_against_the_stand_in_as_it_is(self, rank: Rank, documents):
        result = rank("When does the ferry to Bern leave?", documents)
        assert result["documents"][0].content == TEXTS[2]
        assert result["meta"]["provider"] == "Stand-in"

    @pytest.mark.parametrize(
        "results",
        [
            [scored(3, 0.5)],
            [scored(-1, 0.5)],
            [scored(None, 0.5)],
            [scored("0", 0.5)],
            [scored(True, 0.5)],
            [scored(1.0, 0.5)],
            [scored(0, None)],
            [scored(0, "0.5")],
            [scored(0, True)],
            [scored(0, float("nan"))],
            [scored(0, [0.5])],
            [scored(0, 10**400)],
            [scored(0, 0.5), scored(0, 0.6)],
            ["text"],
            [None],
        ],
    )
    def test_results_that_mean_nothing(self, rank_sync: Rank, stand_in: StandIn, documents, results):
        stand_in.script(ranking(*results))
        with pytest.raises(openai.APIError, match="The response (has|scores)"):
            rank_sync("When?", documents)

    def test_fewer_results_than_asked_for_are_told(
        self, rank_sync: Rank, stand_in: StandIn, documents, caplog: pytest.LogCaptureFixture
    ):
        stand_in.script(ranking(scored(1, 0.5)), ranking(scored(1, 0.5)))
        with caplog.at_level(logging.WARNING):
            assert numbers(rank_sync("When?", documents, top_k=1)) == [(1, 0.5)]
            assert not caplog.records
            assert numbers(rank_sync("When?", documents)) == [(1, 0.5)]
        assert "ranked only 1 of 3 documents" in caplog.text


class TestTopK:
    @pytest.mark.parametrize(
        ("init", "run", "sent"), [(None, None, None), (2, None, 2), (2, 1, 1), (1, 2, 2), (9, None, 3)]
    )
    def test_run_goes_over_init(self, rank_sync: Rank, stand_in: StandIn, documents, init, run, sent):
        result = rank_sync("Bern?", documents, {"top_k": init}, top_k=run)
        assert stand_in.requests[0].body.get("top_n") == sent
        assert len(result["documents"]) == (sent or 3)

    def test_more_results_than_asked_for(self, rank_sync: Rank, stand_in: StandIn, documents):
        stand_in.script(ranking(scored(0, 0.1), scored(1, 0.2), scored(2, 0.3)))
        assert numbers(rank_sync("When?", documents, top_k=2)) == [(2, 0.3), (1, 0.2)]

    @pytest.mark.parametrize("top_k", [0, -1, True, 1.5, "2"])
    def test_at_least_one(self, rank_sync: Rank, stand_in: StandIn, documents, top_k):
        with pytest.raises(ValueError, match="`top_k` must be a whole number of at least 1"):
            OpenRouterRanker(top_k=top_k)
        with pytest.raises(ValueError, match="`top_k` must be a whole number of at least 1"):
            rank_sync("When?", documents, top_k=top_k)
        assert not stand_in.requests


class TestScoreThreshold:
    @pytest.mark.parametrize(
        ("init", "run", "kept"),
        [(None, None, 3), (0.5, None, 2), (0.5, 0.6, 1), (0.9, 0.5, 2), (0.9, 0, 3), (1, None, 0)],
    )
    def test_run_goes_over_init(self, rank_sync: Rank, stand_in: StandIn, documents, init, run, kept):
        stand_in.script(ranking(scored(0, 0.1), scored(1, 0.5), scored(2, 0.8)))
        result = rank_sync("When?", documents, {"score_threshold": init}, score_threshold=run)
        assert numbers(result) == [(2, 0.8), (1, 0.5), (0, 0.1)][:kept]

    def test_no_number(self, rank_sync: Rank, stand_in: StandIn, documents):
        with pytest.raises(TypeError, match="`score_threshold` must be a finite number"):
            OpenRouterRanker(score_threshold="high")
        with pytest.raises(TypeError, match="`score_threshold` must be a finite number"):
            rank_sync("When?", documents, score_threshold="high")
        assert not stand_in.requests


class TestArguments:
    @pytest.mark.parametrize("query", ["", "  \n"])
    def test_an_empty_query(self, rank_sync: Rank, stand_in: StandIn, documents, query):
        with pytest.raises(ValueError, match="`query` is empty"):
            rank_sync(query, documents)
        with pytest.raises(ValueError, match="`query` is empty"):
            rank_sync(query, [])
        assert not stand_in.requests

    def test_types(self, rank_sync: Rank, stand_in: StandIn, documents):
        with pytest.raises(TypeError, match="`query` must be a str, not list"):
            rank_sync(["When?"], documents)
        for odd in (None, "text", documents[0], ["text"], [*documents, None]):
            with pytest.raises(TypeError, match="`documents` must be a list of Documents"):
                rank_sync("When?", odd)
        assert not stand_in.requests


class TestRefusals:
    @pytest.fixture
    def picky(self, stand_in: StandIn) -> StandIn:
        """
        Refuses empty texts in Voyage's words (OmniRoute#7811), and more than four documents in Baidu's (FastGPT#1968).
        """
        usual = stand_in.answer

        def answer(request: Request) -> Answer:
            ranked = usual(request)
            if "" in request.body["documents"]:
                return Answer.error(
                    400, "Provider returned error", metadata={"raw": "Input cannot contain empty strings"}
                )
            if len(request.body["documents"]) > 4:
                return Answer.error(400, "Provider returned error", metadata={"raw": "max number of documents is 4"})
            return ranked

        stand_in.answer = answer
        return stand_in

    def test_empty_documents_are_left_out(self, rank: Rank, picky: StandIn, documents, caplog):
        empty = [Document(id="e1", content=None), Document(id="e2", content="", meta={"number": 9})]
        result = rank("When does the ferry to Bern leave?", [empty[0], documents[0], empty[1], *documents[1:]], top_k=5)
        (document, *others) = result["documents"]
        assert (document.content, len(others)) == (TEXTS[2], 2)
        assert [request.body["documents"] for request in picky.requests] == [["", TEXTS[0], "", *TEXTS[1:]], TEXTS]
        assert picky.requests[1].body["top_n"] == 3
        assert "2 documents without a text are left out of it. Ids: e1, e2" in caplog.text

    def test_they_stay_where_a_provider_takes_them(self, rank: Rank, stand_in: StandIn, documents, caplog):
        result = rank("Bern?", [Document(content=None, meta={"number": 9}), *documents])
        assert len(result["documents"]) == 4
        assert len(stand_in.requests) == 1
        assert not caplog.records

    @pytest.mark.parametrize("content", [None, "", " \n"])
    def test_nothing_but_empty_documents(self, rank: Rank, stand_in: StandIn, content, caplog):
        result = rank("Bern?", [Document(id=number, content=content) for number in "12"])
        assert result == {"documents": [], "meta": {"model": "cohere/rerank-v3.5", "provider": None, "usage": {}}}
        assert not stand_in.requests
        assert "None of the 2 documents has a text" in caplog.text

    def test_what_is_refused_without_them_is_raised(self, rank: Rank, picky: StandIn, documents):
        with pytest.raises(openai.BadRequestError, match="max number of documents is 4") as caught:
            rank("Bern?", [Document(content=str(number)) for number in range(5)] + [Document(content=None)])
        assert not isinstance(caught.value.__context__, openai.APIError)
        assert len(picky.requests) == 2

    def test_other_failures_are_raised_at_once(self, rank: Rank, stand_in: StandIn, documents):
        stand_in.script(Answer.error(402, "Insufficient credits"))
        with pytest.raises(openai.APIStatusError, match="Add credits"):
            rank("Bern?", [*documents, Document(content=None)])
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize("status", [400, 413, 422])
    def test_too_many_documents(self, rank: Rank, stand_in: StandIn, documents, status):
        stand_in.script(Answer.error(status, "max number of documents is 2"))
        with pytest.raises(openai.APIStatusError, match="(rank|Send) fewer.*: lower `top_k` of the retriever"):
            rank("Bern?", documents)
        assert len(stand_in.requests) == 1


class TestImages:
    @pytest.fixture
    def pages(self, tmp_path: Path) -> list[Document]:
        for name, words in (("ferry", "The ferry leaves at nine"), ("bread", "Bread with seaweed")):
            (tmp_path / f"{name}.png").write_bytes(png(name, words=words))
        paths = [str(tmp_path / f"{name}.png") for name in ("bread", "ferry")]
        return [
            Document(meta={"page": paths[0]}),
            Document(content="A poster", meta={"page": paths[1]}),
            Document(content="The museum"),
        ]

    def test_they_are_sent_with_the_text(self, rank: Rank, stand_in: StandIn, pages):
        before = copy.deepcopy(pages)
        result = rank("When does the ferry leave?", pages, {"image_meta_field": "page"})
        urls = [
            f"data:image/png;base64,{base64.b64encode(Path(page.meta['page']).read_bytes()).decode()}"
            for page in pages[:2]
        ]
        sent = [{"image": urls[0]}, {"text": "A poster", "image": urls[1]}, "The museum"]
        assert stand_in.requests[0].body["documents"] == sent
        assert result["documents"][0].id == pages[1].id
        assert pages == before

    def test_the_echo_is_dropped(self, rank: Rank, stand_in: StandIn, pages, caplog: pytest.LogCaptureFixture):
        data = base64.b64encode(Path(pages[0].meta["page"]).read_bytes()).decode()
        with caplog.at_level(logging.DEBUG, logger="haystack_integrations"):
            result = rank("When does the ferry leave?", pages, {"image_meta_field": "page"})
            stand_in.script(ranking({"index": 9, "relevance_score": 1, "document": {"image": data}}))
            with pytest.raises(openai.APIError) as caught:
                rank("When does the ferry leave?", pages, {"image_meta_field": "page"})
        assert set(result["meta"]) == {"id", "model", "provider", "usage"}
        assert data[:40] not in f"{result}{caught.value}{caplog.text}"

    def test_the_event_loop_is_not_blocked(self, stand_in: StandIn, pages, monkeypatch: pytest.MonkeyPatch):
        read, threads = DocumentToImageContent.run, set()

        def watch(*args: Any) -> Any:
            threads.add(threading.current_thread())
            return read(*args)

        monkeypatch.setattr(DocumentToImageContent, "run", watch)
        rank_with(stand_in.url, "When?", pages, {"image_meta_field": "page"}, is_async=True)
        assert threads
        assert threading.main_thread() not in threads

    def test_without_the_field_only_texts_are_sent(self, rank_sync: Rank, stand_in: StandIn, pages):
        rank_sync("When?", pages)
        assert stand_in.requests[0].body["documents"] == ["", "A poster", "The museum"]

    def test_size_and_root(self, rank: Rank, stand_in: StandIn, pages):
        root = Path(pages[0].meta["page"]).parent
        init = {"image_meta_field": "page", "image_size": (16, 16), "root_path": str(root)}
        rank("When?", [Document(meta={"page": "ferry.png"})], init)
        (sent,) = stand_in.requests[0].body["documents"]
        assert Image.open(io.BytesIO(decoded(sent["image"]))).size == (16, 16)

    def test_an_image_that_can_not_be_read(self, rank: Rank, stand_in: StandIn, tmp_path: Path):
        document = Document(id="bad", meta={"page": str(tmp_path / "gone.png")})
        with pytest.raises(ValueError, match=r"The image of document bad, '.*gone\.png', can't be read"):
            rank("When?", [document], {"image_meta_field": "page"})
        assert not stand_in.requests

    @pytest.mark.parametrize(("name", "meta"), [("secret.png", {}), ("secret.pdf", {"page_number": 1})])
    def test_a_file_that_is_no_image(self, rank: Rank, stand_in: StandIn, tmp_path: Path, name, meta):
        (tmp_path / name).write_bytes(b"root:x:0:0:root:/root:/bin/bash")
        document = Document(id="bad", meta={"page": name, **meta})
        with pytest.raises(ValueError, match=rf"The image of document bad, '{name}'.*(is not an image|can't be read)"):
            rank("When?", [document], {"image_meta_field": "page", "root_path": str(tmp_path)})
        assert not stand_in.requests

    def test_arguments(self):
        for name in ("image_meta_field", "root_path"):
            with pytest.raises(TypeError, match=f"`{name}` must be a str, not int"):
                OpenRouterRanker(**{name: 5})
        with pytest.raises(TypeError, match="`image_size` must be a width and a height"):
            OpenRouterRanker(image_size=512)
        assert OpenRouterRanker(image_size=(9, 8)).to_dict()["init_parameters"]["image_size"] == [9, 8]
