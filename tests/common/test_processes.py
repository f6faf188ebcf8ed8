# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Errors and clients across threads, processes and event loops."""

import asyncio
import copy
import gc
import multiprocessing
import os
import pickle
import threading
import warnings
import weakref
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import openai
import pytest
from haystack import Document
from haystack.utils import Secret
from modes import Mode
from stand_in import RESET, STALL, Answer, Request, StandIn
from wire import completion, event

from haystack_integrations.components.embedders.openrouter import OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterStreamError
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

KEY = "sk-or-process-key"
PROMPT = "The patient's name is Ada Lovelace."
USER = "user_2wT5abcdefghijklmnop"

RATE_LIMITED = Answer.error(
    429,
    f"Slow down, {USER}",
    metadata={"provider_name": "DeepInfra", "raw": f"you asked: {PROMPT}", "flagged_input": PROMPT},
)


def generator(url: str, **parameters: Any) -> OpenRouterChatGenerator:
    parameters = {"api_key": Secret.from_token(KEY), "max_retries": 0, "timeout": 10.0, **parameters}
    return OpenRouterChatGenerator(api_base_url=url, model="test/model", **parameters)


def run(url: str, prompt: str = PROMPT) -> str:
    return generator(url).run(prompt)["replies"][0].text


def failure(call: Callable[[], Any]) -> openai.APIError:
    with pytest.raises(openai.APIError) as caught:
        call()
    return caught.value


class Echo(StandIn):
    """
    Replies with the prompt, so that a reply that reached the wrong caller can be told.
    """

    def answer(self, request: Request) -> Answer:
        super().answer(request)
        return Answer.json(completion({"content": request.body["messages"][0]["content"]}))


@pytest.fixture
def limited(stand_in: StandIn) -> StandIn:
    stand_in.script(*[RATE_LIMITED] * 8)
    return stand_in


class TestErrors:
    @pytest.fixture(params=["chat", "text embedder", "ranker", "stream"])
    def error(self, request: pytest.FixtureRequest, stand_in: StandIn) -> openai.APIError:
        settings: dict[str, Any] = {"api_key": Secret.from_token(KEY), "api_base_url": stand_in.url, "max_retries": 0}
        if request.param == "stream":
            stand_in.script(Answer.sse([event({"content": "Once"}), {"error": {"code": 429, "message": USER}}]))
            return failure(lambda: generator(stand_in.url).run(PROMPT, streaming_callback=print))
        stand_in.script(RATE_LIMITED)
        if request.param == "chat":
            return failure(lambda: run(stand_in.url))
        if request.param == "ranker":
            ranker = OpenRouterRanker(model="test/rank", **settings)
            return failure(lambda: ranker.run("q", [Document(content=PROMPT)]))
        return failure(lambda: OpenRouterTextEmbedder(model="test/embed", **settings).run(PROMPT))

    @pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
    def test_copies_keep_what_was_said(self, error: openai.APIError, copied: Callable[[Any], Any]):
        for twin in (copied(error), copied(copied(error))):
            assert type(twin) is type(error)
            assert str(twin) == str(error)
            assert twin.message == error.message
            assert twin.code == error.code
            assert twin.generation_id == error.generation_id
            assert twin.request is None
            if isinstance(error, openai.APIStatusError):
                assert twin.status_code == error.status_code == 429
                assert twin.response is None
                assert twin.body["metadata"]["provider_name"] == "DeepInfra"
            if isinstance(error, OpenRouterStreamError):
                assert twin.partial_reply == error.partial_reply
                assert twin.partial_reply.text == "Once"

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_a_pickle_holds_nothing_private(self, error: openai.APIError, protocol: int):
        pickled = pickle.dumps(error, protocol)
        for private in (KEY, PROMPT, USER, "authorization"):
            assert private.encode() not in pickled

    def test_of_a_ranking_that_repeats_the_documents_and_can_not_be_used(self, stand_in: StandIn):
        results = [{"index": 7, "relevance_score": 0.5, "document": {"text": PROMPT}}]
        stand_in.script(Answer.json({"results": results}, headers={"X-Generation-Id": "gen-rerank-1"}))
        ranker = OpenRouterRanker(api_base_url=stand_in.url)
        error = failure(lambda: ranker.run("q", [Document(content=PROMPT)]))
        pickled = pickle.dumps(error)
        assert PROMPT.encode() not in pickled
        assert pickle.loads(pickled).generation_id == "gen-rerank-1"

    def test_the_live_error_keeps_its_connection(self, limited: StandIn):
        error = failure(lambda: run(limited.url))
        assert error.request.url.path.endswith("/chat/completions")
        assert error.response.status_code == 429

    def test_a_process_pool_survives(self, limited: StandIn):
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            for _ in range(2):
                error = pool.submit(run, limited.url).exception(timeout=60)
                assert type(error) is openai.RateLimitError
                assert "DeepInfra" in str(error)

    def test_a_multiprocessing_pool_survives(self, limited: StandIn):
        with multiprocessing.get_context("fork").Pool(1) as pool, pytest.raises(openai.RateLimitError):
            pool.apply_async(run, (limited.url,)).get(timeout=60)


def replies_in_child(component: OpenRouterChatGenerator, prompts: list[str], results: Any) -> None:
    results.put([component.run(prompt)["replies"][0].text for prompt in prompts])


class TestFork:
    def test_children_have_clients_of_their_own(self):
        context = multiprocessing.get_context("fork")
        with Echo() as echo:
            component = generator(echo.url)
            component.run("before the fork")
            client = component.client
            prompts = [[f"{child}/{number}" for number in range(20)] for child in range(4)]
            results = [context.Queue() for _ in prompts]
            children = [
                context.Process(target=replies_in_child, args=(component, asked, queue))
                for asked, queue in zip(prompts, results, strict=True)
            ]
            for child in children:
                child.start()
            assert [queue.get(timeout=60) for queue in results] == prompts
            for child in children:
                child.join(60)
            assert component.client is client
            assert component.run("after the fork")["replies"][0].text == "after the fork"
            assert len({request.connection for request in echo.requests}) == 1 + len(children)

    def test_an_asynchronous_client_is_not_taken_along(self):
        with Echo() as echo:
            component = generator(echo.url)

            async def main() -> None:
                await component.run_async("before")
                assert component.async_client is not None
                reader, writer = os.pipe()
                if (child := os.fork()) == 0:
                    os.write(writer, b"none" if component.async_client is None else b"some")
                    os._exit(0)
                os.waitpid(child, 0)  # noqa: ASYNC222
                assert os.read(reader, 4) == b"none"
                os.close(reader)
                os.close(writer)
                assert (await component.run_async("after"))["replies"][0].text == "after"

            asyncio.run(main())
            assert len({request.connection for request in echo.requests}) == 1

    def test_a_client_of_the_users_stays(self):
        with Echo() as echo:
            component = generator(echo.url)
            component.client = mine = openai.OpenAI(api_key="mine", base_url=echo.url)
            reader, writer = os.pipe()
            if (child := os.fork()) == 0:
                os.write(writer, b"mine" if component.client is mine else b"else")
                os._exit(0)
            os.waitpid(child, 0)
            assert os.read(reader, 4) == b"mine"
            os.close(reader)
            os.close(writer)
            mine.close()


class TestClosing:
    def test_a_call_under_way_ends_in_its_reply_or_a_connection_error(self):
        with Echo() as echo:
            component = generator(echo.url, timeout=1.0)
            outcomes: list[object] = []
            stop = threading.Event()

            def call() -> None:
                while not stop.is_set():
                    try:
                        outcomes.append(component.run("ok")["replies"][0].text)
                    except Exception as error:
                        outcomes.append(error)

            threads = [threading.Thread(target=call) for _ in range(4)]
            for thread in threads:
                thread.start()
            while len(outcomes) < 16:
                component.close()
            stop.set()
            for thread in threads:
                thread.join()
            assert all(isinstance(outcome, str | openai.APIConnectionError) for outcome in outcomes), outcomes
            assert component.run("again")["replies"][0].text == "again"

    def test_a_task_under_way_ends_in_its_reply_or_a_connection_error(self, stand_in: StandIn):
        stand_in.script(Answer.json(completion({"content": "first"})), Answer([b"{", STALL]))

        async def main() -> None:
            component = generator(stand_in.url)
            await component.run_async("warm")
            call = asyncio.create_task(component.run_async("slow"))
            while len(stand_in.requests) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            await component.close_async()
            with pytest.raises(openai.APIConnectionError):
                await call
            assert (await component.run_async("again"))["replies"]

        asyncio.run(main())

    def test_a_stream_under_way_ends_in_its_reply_or_a_stream_error(self, stand_in: StandIn):
        stand_in.script(Answer.sse([event({"content": "first"}), STALL]))

        async def main() -> None:
            component = generator(stand_in.url)

            async def close(chunk: object) -> None:
                await component.close_async()

            with pytest.raises(openai.APIError):
                await component.run_async("slow", streaming_callback=close)
            assert (await component.run_async("again"))["replies"]

        asyncio.run(main())


class TestManyLoops:
    def test_threads_with_loops_of_their_own(self):
        with Echo() as echo:
            component = generator(echo.url)

            def in_a_loop(number: int) -> str:
                async def call() -> str:
                    reply = (await component.run_async(str(number)))["replies"][0].text
                    if number % 2:
                        await component.close_async()
                    return reply

                return asyncio.run(call())

            with ThreadPoolExecutor(8) as pool:
                assert list(pool.map(in_a_loop, range(60))) == [str(number) for number in range(60)]


class TestDropped:
    @pytest.mark.filterwarnings("error::ResourceWarning", "error::pytest.PytestUnraisableExceptionWarning")
    def test_a_component_that_is_dropped_in_a_running_loop_leaves_nothing_open(self, stand_in: StandIn):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()  # what other tests left is not the matter here

        async def main() -> None:
            component = generator(stand_in.url)
            await component.run_async("hi")
            client = weakref.ref(component.async_client)
            del component
            for _ in range(500):
                if client() is not None:  # it is closed in a moment
                    gc.collect()
                    await asyncio.sleep(0.01)
            assert client() is None

        asyncio.run(main())


class TestClientsOfUsers:
    def test_an_asynchronous_client_can_be_set_without_a_loop(self, stand_in: StandIn):
        component = generator(stand_in.url)
        component.async_client = mine = openai.AsyncOpenAI(api_key="mine", base_url=stand_in.url)
        assert component.async_client is mine

        async def main() -> None:
            await component.run_async("hi")
            await component.close_async()
            assert not mine.is_closed()
            await component.run_async("hi")
            await mine.close()

        asyncio.run(main())
        assert [request.headers["authorization"] for request in stand_in.requests] == ["Bearer mine"] * 2

    def test_set_to_none_it_is_built_again(self, stand_in: StandIn):
        async def main() -> None:
            component = generator(stand_in.url)
            component.async_client = None
            await component.run_async("hi")
            built = component.async_client
            component.async_client = None
            assert component.async_client is None
            await component.run_async("hi")
            assert component.async_client is not built

        asyncio.run(main())
        assert {request.headers["authorization"] for request in stand_in.requests} == {f"Bearer {KEY}"}

    def test_a_synchronous_client_is_not_closed(self, stand_in: StandIn):
        component = generator(stand_in.url)
        component.client = mine = openai.OpenAI(api_key="mine", base_url=stand_in.url)
        component.run("hi")
        component.close()
        del component
        assert not mine.is_closed()
        mine.close()


class TestRetries:
    def test_a_wrong_network_is_not_silent(self, plain: Mode, stand_in: StandIn, caplog: pytest.LogCaptureFixture):
        stand_in.script(Answer([RESET]))
        plain(max_retries=2)
        warnings = [record.getMessage() for record in caplog.records if "Trying again" in record.getMessage()]
        assert len(warnings) == 1
        assert "`max_retries` is 2" in warnings[0]

    def test_a_failed_try_names_provider_and_wait(self, plain: Mode, stand_in: StandIn, caplog):
        body = {"error": {"code": 429, "message": f"Busy. {PROMPT}", "metadata": {"provider_name": "DeepInfra"}}}
        stand_in.script(*[Answer.json(body, headers={"retry-after": "0.1"})] * 2)
        plain(PROMPT, max_retries=3)
        warnings = [record.getMessage() for record in caplog.records if "Trying again" in record.getMessage()]
        assert len(warnings) == 1
        assert "HTTP 429 from provider DeepInfra: Busy." in warnings[0]
        assert "in 0.1 s" in warnings[0]
        assert PROMPT not in warnings[0]

    def test_no_word_of_what_is_not_tried_again(self, plain: Mode, stand_in: StandIn, caplog):
        stand_in.script(Answer.error(400, "No"), Answer.error(503, "Down"))
        for _ in range(2):
            with pytest.raises(openai.APIStatusError):
                plain()
        assert "Trying again" not in caplog.text
