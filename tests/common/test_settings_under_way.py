# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Settings that change while calls are under way: what becomes of these calls, of old clients and their connections."""

import asyncio
import copy
import gc
import inspect
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest
from components import COMPONENTS, FILES, INPUTS, KINDS, METHODS, build
from haystack import Document
from haystack.dataclasses import ByteStream
from haystack.utils import Secret
from stand_in import STALL, Answer, Request, StandIn

from haystack_integrations.components.audio.openrouter import OpenRouterTranscriber
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder

OLD, NEW = Secret.from_env_var("OLD_KEY"), Secret.from_env_var("NEW_KEY")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD_KEY", "sk-or-the-old-one")
    monkeypatch.setenv("NEW_KEY", "sk-or-the-new-one")


class Gate(StandIn):
    """
    Keeps the first request waiting until it is let go.
    """

    def __init__(self) -> None:
        super().__init__()
        self.arrived, self.let_go = threading.Event(), threading.Event()

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        if request.number == 1:
            self.arrived.set()
            self.let_go.wait(5)
        return answer

    def is_open(self, connection: int) -> bool:
        return not self.wait_for_close(connection, timeout=0)


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as gate:
        yield gate
        gate.let_go.set()


def make(kind: str, server: StandIn, **parameters: Any) -> Any:
    usual = {"api_key": OLD, "api_base_url": server.url, "max_retries": 0, "raise_on_failure": True, "timeout": 10.0}
    usual |= {"progress_bar": False, "concurrency": 1, "max_workers": 1, "cache_seconds": 0, **parameters}
    possible = inspect.signature(KINDS[kind].__init__).parameters
    return build(KINDS[kind], **{name: value for name, value in usual.items() if name in possible})


def call(made: Any, *inputs: Any) -> Any:
    kind = type(made).__name__
    return getattr(made, METHODS.get(kind, "run"))(*(inputs or INPUTS[kind]))


async def call_async(made: Any, *inputs: Any) -> Any:
    kind = type(made).__name__
    return await getattr(made, f"{METHODS.get(kind, 'run')}_async")(*(inputs or INPUTS[kind]))


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 5)


async def closed(server: StandIn, connection: int) -> bool:
    return await asyncio.to_thread(server.wait_for_close, connection)


def keys_of(server: StandIn) -> list[str]:
    return [request.key.removeprefix("sk-or-the-").removesuffix("-one") for request in server.requests]


def connections(server: StandIn) -> set[int]:
    return {request.connection for request in server.requests}


def connections_by_key(server: StandIn) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for key, request in zip(keys_of(server), server.requests, strict=True):
        found.setdefault(key, set()).add(request.connection)
    return found


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


class TestCallsUnderWay:
    """
    They end on the old client, with the old settings, while new calls have the new ones.
    """

    @pytest.mark.parametrize("kind", KINDS)
    def test_end_on_the_old_client(self, kind: str, gate: Gate, pool: ThreadPoolExecutor):
        made = make(kind, gate)
        under_way = pool.submit(call, made)
        assert gate.arrived.wait(5)
        made.api_key = NEW
        assert call(made)
        assert gate.is_open(1)
        gate.let_go.set()
        assert under_way.result()
        assert connections_by_key(gate) == {"old": {1}, "new": {2}}
        assert call(made)
        assert len(connections(gate)) == 2  # which all keys share
        made.close()
        assert gate.wait_for_close(1)
        assert gate.wait_for_close(2)

    @pytest.mark.parametrize("kind", KINDS)
    def test_in_an_event_loop(self, kind: str, gate: Gate):
        async def main() -> None:
            made = make(kind, gate)
            under_way = asyncio.create_task(call_async(made))
            await until(gate.arrived)
            made.api_key = NEW
            assert await call_async(made)
            assert gate.is_open(1)
            gate.let_go.set()
            assert await under_way
            assert connections_by_key(gate) == {"old": {1}, "new": {2}}
            assert await call_async(made)
            assert len(connections(gate)) == 2

        asyncio.run(main())
        assert gate.wait_for_close(1)
        assert gate.wait_for_close(2)

    def test_a_stream_too(self, stand_in: StandIn):
        made, texts = make("OpenRouterChatGenerator", stand_in), []

        def callback(chunk: Any) -> None:
            if not texts:
                made.api_key = NEW
                assert made.run("inside")["replies"][0].text
                assert not stand_in.wait_for_close(1, timeout=0)
            texts.append(chunk.content)

        reply = made.run("outside", streaming_callback=callback)["replies"][0]
        assert reply.text == "".join(texts)
        made.close()
        assert stand_in.wait_for_close(1)
        assert keys_of(stand_in) == ["old", "new"]

    def test_a_stream_in_an_event_loop(self, stand_in: StandIn):
        made, texts = make("OpenRouterChatGenerator", stand_in), []

        async def callback(chunk: Any) -> None:
            if not texts:
                made.api_key = NEW
                assert (await made.run_async("inside"))["replies"][0].text
                assert not stand_in.wait_for_close(1, timeout=0)
            texts.append(chunk.content)

        async def main() -> None:
            reply = (await made.run_async("outside", streaming_callback=callback))["replies"][0]
            assert reply.text == "".join(texts)
            await made.close_async()
            assert await closed(stand_in, 1)

        asyncio.run(main())
        assert keys_of(stand_in) == ["old", "new"]

    @pytest.mark.parametrize(
        ("kind", "inputs"),
        [
            (OpenRouterDocumentEmbedder, [Document(content=str(number)) for number in range(5)]),
            (OpenRouterTranscriber, [ByteStream(b"sound", mime_type="audio/wav") for _ in range(5)]),
        ],
    )
    @pytest.mark.parametrize("concurrency", [1, 2])
    def test_all_requests_of_a_long_run_have_the_old_settings(
        self, kind: Any, inputs: list[Any], concurrency: int, gate: Gate, pool: ThreadPoolExecutor
    ):
        inside = "extra_parameters" if kind is OpenRouterDocumentEmbedder else "generation_kwargs"
        more = {inside: {"provider": {"sort": "price"}}}
        made = make(kind.__name__, gate, batch_size=1, concurrency=concurrency, **more)
        under_way = pool.submit(made.run, inputs)
        assert gate.arrived.wait(5)
        made.api_key, made.model, made.concurrency = NEW, "test/new", 1
        getattr(made, inside)["provider"]["sort"] = "latency"
        made.run(inputs[:1])
        gate.let_go.set()
        assert len(under_way.result()["documents"]) == 5
        old = [request for request in gate.requests if request.body["model"] != "test/new"]
        assert {(request.key, request.body["provider"]["sort"]) for request in old} == {("sk-or-the-old-one", "price")}
        assert len(old) == 5
        made.close()
        assert all(map(gate.wait_for_close, connections(gate)))

    @pytest.mark.parametrize("concurrency", [1, 2])
    def test_also_in_an_event_loop(self, concurrency: int, gate: Gate):
        documents = [Document(content=str(number)) for number in range(5)]

        async def main() -> None:
            made = make("OpenRouterDocumentEmbedder", gate, batch_size=1, concurrency=concurrency)
            under_way = asyncio.create_task(made.run_async(documents))
            await until(gate.arrived)
            made.api_key, made.model, made.concurrency = NEW, "test/new", 1
            await made.run_async(documents[:1])
            gate.let_go.set()
            assert len((await under_way)["documents"]) == 5
            old = [request for request in gate.requests if request.body["model"] != "test/new"]
            assert {request.key for request in old} == {"sk-or-the-old-one"}

        asyncio.run(main())
        assert all(map(gate.wait_for_close, connections(gate)))

    def test_a_cancelled_one_leaves_no_connection_open(self, gate: Gate):
        async def main() -> None:
            made = make("OpenRouterChatGenerator", gate)
            under_way = asyncio.create_task(made.run_async("first"))
            await until(gate.arrived)
            made.api_key = NEW
            await made.run_async("second")
            under_way.cancel()
            with pytest.raises(asyncio.CancelledError):
                await under_way
            gate.let_go.set()
            assert await closed(gate, 1)
            assert (await made.run_async("third"))["replies"]

        asyncio.run(main())

    @pytest.mark.parametrize("is_async", [False, True])
    @pytest.mark.parametrize("kind", ["OpenRouterDocumentEmbedder", "OpenRouterTranscriber"])
    def test_an_error_names_the_old_key_and_does_not_show_it(self, kind: str, is_async: bool):
        class Echo(StandIn):
            def answer(self, request: Request) -> Answer:
                made.api_key = NEW
                usual = super().answer(request)
                return usual if request.number == 1 else Answer.error(401, f"Who is {request.key}?")

        with Echo() as echo:
            made = make(kind, echo, batch_size=1)
            with pytest.raises(openai.AuthenticationError, match=r"Who is \*\*\*\?.*OLD_KEY") as caught:
                asyncio.run(call_async(made)) if is_async else call(made)
        assert "NEW_KEY" not in str(caught.value)

    @pytest.mark.parametrize("is_async", [False, True])
    @pytest.mark.parametrize(
        "kind", ["OpenRouterRanker", "OpenRouterDocumentEmbedder", "OpenRouterDocumentImageEmbedder"]
    )
    def test_one_that_still_prepares_its_request_has_the_old_settings(
        self, kind: str, is_async: bool, stand_in: StandIn
    ):
        class Field:
            def __str__(self) -> str:
                made.api_key, made.model, made.extra_headers = NEW, "test/new", {"X-Title": "new"}
                made.meta_fields_to_embed, made.extra_parameters, made.prefix = ["another"], {"user": "new"}, "new"
                return "field"

        made = make(kind, stand_in, meta_fields_to_embed=["field"], image_meta_field="file_path", embed_content=True)
        meta = {"field": Field(), "another": "new", "file_path": str(FILES / "rome.png")}
        document = Document(id="with an id, Haystack need not read the meta", meta=meta)
        inputs = ("Rome", [document]) if kind == "OpenRouterRanker" else ([document],)
        asyncio.run(call_async(made, *inputs)) if is_async else call(made, *inputs)
        assert b"new" not in stand_in.requests[0].raw
        assert "x-title" not in stand_in.requests[0].headers
        assert keys_of(stand_in) == ["old"]


class TestOldConnections:
    @pytest.mark.parametrize("kwargs", [{"headers": {"x-mine": "1"}}, {"transport": httpx.HTTPTransport()}])
    def test_are_closed_with_the_last_call_of_other_http_settings(
        self, kwargs: Any, gate: Gate, pool: ThreadPoolExecutor
    ):
        made = make("OpenRouterChatGenerator", gate)
        under_way = pool.submit(call, made)
        assert gate.arrived.wait(5)
        made.http_client_kwargs = kwargs
        assert call(made)
        assert gate.is_open(1)
        gate.let_go.set()
        assert under_way.result()
        assert gate.wait_for_close(1)
        assert gate.is_open(2)
        made.close()

    def test_also_in_an_event_loop(self, gate: Gate):
        async def main() -> None:
            made = make("OpenRouterChatGenerator", gate)
            under_way = asyncio.create_task(call_async(made))
            await until(gate.arrived)
            made.http_client_kwargs = {"headers": {"x-mine": "1"}}
            assert await call_async(made)
            assert gate.is_open(1)
            gate.let_go.set()
            assert await under_way
            assert await closed(gate, 1)
            assert gate.is_open(2)

        asyncio.run(main())

    def test_are_used_on_when_a_key_was_rotated(self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        made = make("OpenRouterChatGenerator", stand_in)
        made.run("Hi")
        monkeypatch.setenv("OLD_KEY", "sk-or-the-rotated-one")
        made.run("Hi")
        assert keys_of(stand_in) == ["old", "rotated"]
        assert connections(stand_in) == {1}

    def test_the_old_client_goes(self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        made = make("OpenRouterChatGenerator", stand_in)

        async def main() -> None:
            await made.run_async("Hi")
            old = weakref.ref(made.async_client)
            monkeypatch.setenv("OLD_KEY", "sk-or-the-rotated-one")
            await made.run_async("Hi")
            assert connections(stand_in) == {1}
            while old() is not None:  # it is closed in a moment
                await asyncio.sleep(0.01)
                gc.collect()
            assert not stand_in.wait_for_close(1, timeout=0)

        asyncio.run(main())
        assert keys_of(stand_in) == ["old", "rotated"]

    def test_stay_if_nothing_changed(self, stand_in: StandIn):
        made = make("OpenRouterChatGenerator", stand_in, http_client_kwargs={"headers": {"x-mine": "1"}})
        for _ in range(3):
            made.api_key = Secret.from_env_var("OLD_KEY")
            made.api_base_url, made.timeout, made.model = f"{stand_in.url}", 10, f"test/{len(stand_in.requests)}"
            made.http_client_kwargs = {"headers": {"x-mine": "1"}}
            made.extra_headers, made.generation_kwargs = {"X-Title": made.model}, {"seed": len(stand_in.requests)}
            made.run("Hi")
        assert {request.connection for request in stand_in.requests} == {1}

    @pytest.mark.parametrize("is_async", [False, True])
    def test_a_stalled_response_ends_after_the_new_timeout(self, is_async: bool, stand_in: StandIn):
        for kind in KINDS:
            made = make(kind, stand_in, timeout=60.0)
            made.timeout = 0.05
            stand_in.script(Answer([b" ", STALL]))
            with pytest.raises(openai.APITimeoutError):
                asyncio.run(call_async(made)) if is_async else call(made)


class TestManyAtOnce:
    """
    While settings change, nothing is lost, and no connection stays open.
    """

    def change(self, made: Any, number: int, timeout: float = 10.0) -> None:
        made.api_key = (OLD, NEW)[number % 2]
        made.timeout = timeout + number % 3 / 100
        made.extra_headers = {"X-Number": str(number)}

    def test_threads(self, stand_in: StandIn):
        made = make("OpenRouterTextEmbedder", stand_in)

        def several(first: int) -> list[Any]:
            found = []
            for number in range(first, first + 20):
                self.change(made, number)
                found.append(made.run("Hi")["embedding"])
            return found

        with ThreadPoolExecutor(4) as threads:
            assert all(all(found) for found in threads.map(several, range(4)))
        made.close()
        assert len(stand_in.requests) == 80
        assert all(stand_in.wait_for_close(request.connection) for request in stand_in.requests)

    def test_tasks(self, stand_in: StandIn):
        made = make("OpenRouterTextEmbedder", stand_in)

        async def several(first: int) -> list[Any]:
            found = []
            for number in range(first, first + 20):
                self.change(made, number)
                found.append((await made.run_async("Hi"))["embedding"])
            return found

        async def main() -> None:
            assert all(map(all, await asyncio.gather(*map(several, range(4)))))
            await made.close_async()
            for request in stand_in.requests:
                assert await closed(stand_in, request.connection)

        asyncio.run(main())
        assert len(stand_in.requests) == 80

    def test_closing_at_the_same_time_ends_calls_in_a_result_or_a_connection_error(self, stand_in: StandIn):
        made, stop, outcomes = make("OpenRouterTextEmbedder", stand_in, timeout=0.3), threading.Event(), []

        def several() -> None:
            while not stop.is_set():
                try:
                    outcomes.append(made.run("Hi")["embedding"])
                except openai.APIConnectionError as error:
                    outcomes.append(error)

        with ThreadPoolExecutor(4) as threads:
            running = [threads.submit(several) for _ in range(4)]
            number = 0
            while len(outcomes) < 40:
                self.change(made, number := number + 1, timeout=0.3)
                made.close()
            stop.set()
            for one in running:
                one.result()
        assert made.run("again")["embedding"]


class TestAClientOfTheUsers:
    """
    It is used whatever is set, and never closed.
    """

    CHANGES = {"api_key": NEW, "api_base_url": "http://127.0.0.1:1/", "timeout": 3.0, "max_retries": 2}
    CHANGES |= {"http_client_kwargs": {"headers": {"x-mine": "1"}}}

    @pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.__name__)
    def test_stays(self, kind: Any, stand_in: StandIn):
        made = make(kind.__name__, stand_in)
        call(made)
        stand_in.requests.clear()
        with openai.OpenAI(api_key="mine", base_url=stand_in.url) as mine:
            made.client = mine
            for name, value in self.CHANGES.items():
                setattr(made, name, value)
            assert call(made)
            made.close()
            assert made.client is mine
            assert not mine.is_closed()
        assert {request.key for request in stand_in.requests} == {"mine"}

    @pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.__name__)
    def test_stays_in_an_event_loop(self, kind: Any, stand_in: StandIn):
        made = make(kind.__name__, stand_in)

        async def main() -> None:
            await call_async(made)
            stand_in.requests.clear()
            async with openai.AsyncOpenAI(api_key="mine", base_url=stand_in.url) as mine:
                made.async_client = mine
                for name, value in self.CHANGES.items():
                    setattr(made, name, value)
                assert await call_async(made)
                await made.close_async()
                assert made.async_client is mine
                assert not mine.is_closed()

        asyncio.run(main())
        assert {request.key for request in stand_in.requests} == {"mine"}

    def test_needs_no_key_of_ours(self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("OLD_KEY")
        made = make("OpenRouterChatGenerator", stand_in)
        with openai.OpenAI(api_key="mine", base_url=stand_in.url) as made.client:
            made.warm_up()
            assert made.run("Hi")["replies"]
        made.client = None
        with pytest.raises(ValueError, match="OLD_KEY is not set"):
            made.run("Hi")

    def test_set_to_none_the_settings_hold_again(self, stand_in: StandIn):
        made = make("OpenRouterChatGenerator", stand_in)
        with openai.OpenAI(api_key="mine", base_url=stand_in.url) as made.client:
            made.run("Hi")
        made.api_key = NEW
        made.client = None
        made.run("Hi")
        assert [request.key for request in stand_in.requests] == ["mine", "sk-or-the-new-one"]


class TestNoClient:
    """
    `client = None` asks for a new client, and takes nothing from the calls that are under way.
    """

    def test_calls_under_way_end(self, gate: Gate, pool: ThreadPoolExecutor):
        made = make("OpenRouterChatGenerator", gate)
        under_way = pool.submit(call, made)
        assert gate.arrived.wait(5)
        made.client = None
        assert made.client is None
        assert call(made)
        gate.let_go.set()
        assert under_way.result()
        assert [request.connection for request in gate.requests] == [1, 2]
        made.close()
        assert gate.wait_for_close(1)

    def test_tasks_under_way_end(self, gate: Gate):
        async def main() -> None:
            made = make("OpenRouterChatGenerator", gate)
            under_way = asyncio.create_task(call_async(made))
            await until(gate.arrived)
            made.async_client = None
            assert made.async_client is None
            assert await call_async(made)
            gate.let_go.set()
            assert await under_way
            assert gate.is_open(2)

        asyncio.run(main())
        assert gate.wait_for_close(1)

    def test_the_connections_of_a_client_that_rests_are_closed(self, stand_in: StandIn):
        made = make("OpenRouterChatGenerator", stand_in)
        made.run("Hi")
        made.client = None
        assert stand_in.wait_for_close(1)

    def test_also_in_an_event_loop(self, stand_in: StandIn):
        async def main() -> None:
            made = make("OpenRouterChatGenerator", stand_in)
            await made.run_async("Hi")
            made.async_client = None
            assert await closed(stand_in, 1)

        asyncio.run(main())


class TestATransportOfTheUsers:
    """
    The old and the new client share it: it is closed with the last one.
    """

    class Transport(httpx.HTTPTransport):
        closed = 0

        def close(self) -> None:
            self.closed += 1
            super().close()

    class AsyncTransport(httpx.AsyncHTTPTransport):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1
            await super().aclose()

    @pytest.mark.parametrize("place", ["transport", "mounts"])
    def test_goes_on(self, place: str, gate: Gate, pool: ThreadPoolExecutor):
        transport = self.Transport()
        kwargs = {"transport": transport} if place == "transport" else {"mounts": {"http://": transport}}
        made = make("OpenRouterChatGenerator", gate, http_client_kwargs=kwargs)
        under_way = pool.submit(call, made)
        assert gate.arrived.wait(5)
        made.timeout = 5.0
        assert call(made)
        gate.let_go.set()
        assert under_way.result()
        assert call(made)
        assert transport.closed == 0
        made.http_client_kwargs = None
        assert call(made)
        assert transport.closed == 1
        assert gate.wait_for_close(1)

    def test_goes_on_in_an_event_loop(self, gate: Gate):
        async def main() -> None:
            transport = self.AsyncTransport()
            made = make("OpenRouterChatGenerator", gate, http_client_kwargs={"transport": transport})
            under_way = asyncio.create_task(call_async(made))
            await until(gate.arrived)
            made.timeout = 5.0
            assert await call_async(made)
            gate.let_go.set()
            assert await under_way
            made.timeout = 6.0
            assert await call_async(made)
            assert transport.closed == 0
            made.http_client_kwargs = None
            assert await call_async(made)
            assert await closed(gate, 1)
            assert transport.closed == 1

        asyncio.run(main())


class TestTheCatalogue:
    def test_what_was_under_way_is_kept_for_the_old_url(self, gate: Gate, pool: ThreadPoolExecutor):
        with StandIn() as other:
            models = make("OpenRouterModels", gate, cache_seconds=60)
            other.script(Answer.json({"data": [{"id": "evil/gpt-4o-mimi"}]}))
            under_way = pool.submit(models.list)
            assert gate.arrived.wait(5)
            models.api_base_url = other.url
            gate.let_go.set()
            assert len(under_way.result()) > 1
            with pytest.raises(ValueError, match="not 'sharp-eyes'") as nothing_near:
                models.get("sharp-eyes")
            assert "stand-in/" not in str(nothing_near.value)
            assert [model.id for model in models.list()] == ["evil/gpt-4o-mimi"]
            models.api_base_url = gate.url
            assert models.list() == under_way.result()
            assert (len(gate.requests), len(other.requests)) == (1, 1)

    def test_one_that_waits_for_another_call_asks_the_old_url(self, gate: Gate):
        gate.script(Answer.error(400, "No"))

        async def main() -> None:
            models = make("OpenRouterModels", gate, cache_seconds=60)
            first, second = (asyncio.create_task(models.list_async()) for _ in range(2))
            await until(gate.arrived)  # and the second waits for what the first loads
            models.api_base_url = "http://127.0.0.1:1/nobody"
            gate.let_go.set()
            with pytest.raises(openai.BadRequestError):
                await first
            assert await second

        asyncio.run(main())


class TestCopies:
    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
    def test_have_settings_of_their_own(self, duplicate: Callable[[Any], Any], stand_in: StandIn):
        made = make("OpenRouterChatGenerator", stand_in, generation_kwargs={"seed": 1})
        made.run("Hi")
        made.generation_kwargs["seed"] = 2
        twin = duplicate(made)
        twin.api_key, twin.generation_kwargs["seed"] = NEW, 3
        twin.run("Hi")
        made.run("Hi")
        assert keys_of(stand_in) == ["old", "new", "old"]
        assert [request.body["seed"] for request in stand_in.requests] == [1, 3, 2]
        assert connections(stand_in) == {1}


class TestWarnings:
    def test_an_odd_name_that_is_set_later_is_told_once(self, stand_in: StandIn, caplog: pytest.LogCaptureFixture):
        made = make("OpenRouterChatGenerator", stand_in)
        made.model, made.generation_kwargs = "gpt-4o", {"temprature": 1}
        for _ in range(3):
            made.run("Hi")
        assert caplog.text.count("Did you mean 'openai/gpt-4o'?") == 1
        assert caplog.text.count("Did you mean 'temperature'?") == 1
        made.model = "gpt-5"
        made.run("Hi")
        assert caplog.text.count("Did you mean 'openai/gpt-5'?") == 1

    def test_one_that_was_there_at_init_is_not_told_again(self, stand_in: StandIn, caplog: pytest.LogCaptureFixture):
        made = make("OpenRouterImageGenerator", stand_in, model="gpt-4o", generation_kwargs={"aspect_ration": "1:1"})
        assert len(caplog.records) == 2
        made.run("A panda")
        made.run("A panda")
        assert len(caplog.records) == 2
