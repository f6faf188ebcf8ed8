# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What only the headers of a response tell: the id of the generation, and OpenRouter's response cache."""

import asyncio
from typing import Any

import openai
import pytest
from modes import Mode
from stand_in import CUT, Answer, StandIn
from wire import SOON, answer, comparable, completion, embedding, embeddings, error_body, event, ranking, scored

from haystack_integrations.common.openrouter._transport.run import last_headers
from haystack_integrations.common.openrouter._wire.responses import header_fields
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder, OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import (
    OpenRouterChatGenerator,
    OpenRouterStreamError,
    reply_cost,
)
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

HEADERS = {
    "X-Generation-Id": "gen-header",
    "X-OpenRouter-Cache-Status": "HIT",
    "X-OpenRouter-Cache-Age": "12",
    "X-OpenRouter-Cache-TTL": "300",
    "X-OpenRouter-Cache-Source-Id": "gen-0",
}
HIT = {"status": "HIT", "age": 12, "ttl": 300, "source_id": "gen-0"}
CACHE = {"extra_headers": {"X-OpenRouter-Cache": "true"}}


def with_headers(sent: Answer, headers: dict[str, str] = HEADERS) -> Answer:
    sent.headers |= headers
    return sent


def without_id(sent: Answer, instead: bytes = b"") -> Answer:
    sent.body = [part.replace(b'"id": "gen-1", ', instead) if isinstance(part, bytes) else part for part in sent.body]
    return sent


class TestChat:
    def test_the_id_is_in_the_headers_only(self, mode, stand_in):
        stand_in.script(with_headers(without_id(answer(mode, {"content": "a"}))))
        reply = mode()
        assert reply.meta["id"] == "gen-header"
        assert {chunk.meta["id"] for chunk in mode.chunks} <= {"gen-header"}

    def test_the_id_in_the_body_goes_before(self, mode, stand_in):
        stand_in.script(with_headers(answer(mode, {"content": "a"})))
        assert mode().meta["id"] == "gen-1"
        assert {chunk.meta["id"] for chunk in mode.chunks} <= {"gen-1"}

    def test_the_id_in_the_body_is_null(self, pair, stand_in):
        stand_in.script(with_headers(without_id(answer(pair, {"content": "a"}), b'"id": null, ')))
        assert pair().meta["id"] == "gen-header"

    def test_the_response_cache(self, mode, stand_in):
        stand_in.script(with_headers(answer(mode, {"content": "a"})), answer(mode, {"content": "a"}))
        cached, other = mode(), mode()
        assert cached.meta.pop("response_cache") == HIT
        assert comparable(cached) == comparable(other)

    def test_a_second_call_is_free(self, mode):
        replies = [mode("hi", run=CACHE) for _ in "ab"]
        first, second = (reply.meta.pop("response_cache") for reply in replies)
        assert first == {"status": "MISS", "age": None, "ttl": 300, "source_id": None}
        assert second == {"status": "HIT", "age": 0, "ttl": 300, "source_id": replies[0].meta["id"]}
        assert replies[0].text == replies[1].text
        assert reply_cost(replies) == replies[0].meta["usage"]["cost"] > 0
        assert replies[1].meta["usage"]["total_tokens"] == 0

    def test_a_completion_in_place_of_a_stream(self, streaming, stand_in):
        stand_in.script(without_id(Answer.json(completion({"content": "a"}), headers=HEADERS)))
        assert (reply := streaming()).meta["id"] == "gen-header"
        assert reply.meta["response_cache"] == HIT

    def test_the_last_try_counts(self, mode, stand_in):
        failed = Answer.error(503, "x", headers={**SOON, "X-Generation-Id": "gen-failed"})
        stand_in.script(failed, without_id(answer(mode, {"content": "a"})))
        assert "id" not in mode(max_retries=1).meta

    def test_a_callback_that_runs_another_generator(self, stand_in):
        mode = Mode("sync-stream", stand_in.url)
        inner = Mode("sync", stand_in.url)
        stand_in.script(with_headers(without_id(answer(mode, {"content": "a"}))))
        generator = mode.generator(streaming_callback=lambda chunk: inner("inside"))
        assert generator.run("hi")["replies"][0].meta["id"] == "gen-header"

    def test_tasks_at_once_do_not_mix_headers(self, stand_in):
        generator = Mode("async", stand_in.url).generator()
        runs = [CACHE if number % 2 else {} for number in range(20)]

        async def main() -> list[Any]:
            return await asyncio.gather(
                *(generator.run_async(f"{n}", generation_kwargs=run) for n, run in enumerate(runs))
            )

        results = asyncio.run(main())
        assert ["response_cache" in result["replies"][0].meta for result in results] == [bool(run) for run in runs]

    def test_a_client_of_your_own(self, plain, stand_in):
        generator = plain.generator()
        kind = openai.AsyncOpenAI if plain.is_async else openai.OpenAI
        setattr(generator, "async_client" if plain.is_async else "client", kind(api_key="x", base_url=stand_in.url))
        stand_in.script(with_headers(answer(plain, {"content": "a"})))
        (reply,) = plain.run(generator)
        assert (reply.meta["id"], "response_cache" in reply.meta) == ("gen-1", False)


class TestErrors:
    @pytest.mark.parametrize(
        "sent",
        [Answer.sse([CUT], done=False), Answer.sse([{"error": error_body(400)["error"], "choices": []}])],
        ids=["cut", "error event"],
    )
    def test_a_stream_that_failed_before_its_first_event(self, streaming, stand_in, sent):
        stand_in.script(Answer(list(sent.body), 200, sent.headers | HEADERS))
        with pytest.raises(OpenRouterStreamError, match=r"Generation id: gen-header\.$") as caught:
            streaming()
        assert caught.value.generation_id == "gen-header"
        assert caught.value.partial_reply is None

    def test_a_stream_that_failed_later(self, streaming, stand_in):
        stand_in.script(Answer.sse([event({"content": "a"}), CUT], headers=HEADERS))
        with pytest.raises(OpenRouterStreamError) as caught:
            streaming()
        assert caught.value.generation_id == caught.value.partial_reply.meta["id"] == "gen-1"

    def test_a_connection_lost_while_the_response_is_read(self, plain, stand_in):
        stand_in.script(Answer([b'{"id": "gen-', CUT], 200, {"content-type": "application/json", **HEADERS}))
        with pytest.raises(openai.APIConnectionError, match="gen-header") as caught:
            plain()
        assert caught.value.generation_id == "gen-header"

    def test_the_generation_of_an_earlier_try_is_not_told(self, plain, stand_in):
        stand_in.script(Answer.error(503, "x", headers=SOON | HEADERS))
        respond = stand_in.answer

        def answer_once(request: Any) -> Answer:
            stand_in.answer = hang_up  # type: ignore[method-assign]
            return respond(request)

        def hang_up(request: Any) -> Answer:
            raise ConnectionResetError

        stand_in.answer = answer_once  # type: ignore[method-assign]
        with pytest.raises(openai.APIConnectionError) as caught:
            plain(max_retries=1)
        assert caught.value.generation_id is None


class TestRetrieval:
    def test_text_embedder(self, stand_in):
        stand_in.script(with_headers(embeddings(embedding(0, 1.0))))
        meta = OpenRouterTextEmbedder(api_base_url=stand_in.url).run("x")["meta"]
        assert (meta["id"], meta["response_cache"]) == ("gen-header", HIT)

    def test_document_embedder(self, stand_in):
        from haystack import Document

        embedder = OpenRouterDocumentEmbedder(
            api_base_url=stand_in.url, progress_bar=False, extra_headers={"X-OpenRouter-Cache": "true"}
        )
        first, second = (embedder.run([Document(content="a b")]) for _ in "ab")
        assert first["documents"] == second["documents"]
        assert first["meta"]["response_cache"]["status"] == "MISS"
        assert second["meta"]["response_cache"] == {
            "status": "HIT",
            "age": 0,
            "ttl": 300,
            "source_id": first["meta"]["id"],
        }
        assert (first["meta"]["usage"]["cost"] > 0, second["meta"]["usage"]["cost"]) == (True, 0)

    def test_ranker(self, stand_in):
        from haystack import Document

        sent = without_id(ranking(scored(0, 0.5)))
        stand_in.script(with_headers(sent, {"X-Generation-Id": "gen-rerank-1"}))
        meta = OpenRouterRanker(api_base_url=stand_in.url).run("x", [Document(content="x")])["meta"]
        assert meta["id"] == "gen-rerank-1"


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({}, {}),
        ({"x-openrouter-cache-age": "1"}, {}),
        (
            {"x-openrouter-cache-status": "HIT", "x-openrouter-cache-age": "soon", "x-openrouter-cache-ttl": "9" * 20},
            {"response_cache": {"status": "HIT", "age": None, "ttl": None, "source_id": None}},
        ),
    ],
)
def test_odd_headers(headers, fields):
    assert header_fields(headers) == fields


def test_outside_of_a_run_nothing_is_kept(stand_in: StandIn):
    generator = OpenRouterChatGenerator(api_base_url=stand_in.url)
    generator.warm_up()
    generator.client.chat.completions.create(model="a/b", messages=[{"role": "user", "content": "x"}])
    stand_in.script(without_id(Answer.json(completion({"content": "a"}))))
    assert "id" not in generator.run("x")["replies"][0].meta
    stand_in.script(with_headers(Answer.json(completion({"content": "a"}))))
    generator.run("x")
    assert last_headers() == {}
