# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Connections and certificates that the components of a process share."""

import asyncio
import gc
import os
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from components import INPUTS, KINDS, METHODS, build
from haystack.utils import Secret
from modes import Mode
from stand_in import STALL, Answer, StandIn
from wire import completion

from haystack_integrations.common.openrouter._transport.shared import LazyContext
from haystack_integrations.common.openrouter.account import OpenRouterAccount
from haystack_integrations.components.embedders.openrouter import OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator


def connections(stand_in: StandIn) -> list[int]:
    return [request.connection for request in stand_in.requests]


class Pair:
    """
    Two components, and one way to run and to close them.
    """

    def __init__(self, is_async: bool, url: str, *, first: Any = None, second: Any = None) -> None:
        self.is_async = is_async
        self.first = OpenRouterTextEmbedder(api_base_url=url, **(first or {}))
        self.second = OpenRouterTextEmbedder(api_base_url=url, **(second or {}))

    async def run(self, component: Any) -> None:
        await component.run_async("hi") if self.is_async else component.run("hi")

    async def close(self, component: Any) -> None:
        await component.close_async() if self.is_async else component.close()


@pytest.fixture(params=["sync", "async"])
def pair(request: pytest.FixtureRequest, stand_in: StandIn) -> Callable[..., Pair]:
    return lambda **settings: Pair(request.param == "async", stand_in.url, **settings)


def with_pair(pair: Pair, test: Callable[[Pair], Awaitable[None]]) -> None:
    asyncio.run(test(pair))


class TestComponents:
    @pytest.mark.parametrize("is_async", [False, True])
    def test_of_all_kinds_share_one(self, is_async: bool, stand_in: StandIn):
        made = [build(kind, api_base_url=stand_in.url, timeout=20 + n) for n, kind in enumerate(KINDS.values())]

        async def main() -> None:
            for component in made:
                name = type(component).__name__
                method = METHODS.get(name, "run")
                inputs = [given[:1] if isinstance(given, list) else given for given in INPUTS[name]]  # one at a time
                if is_async:
                    await getattr(component, f"{method}_async")(*inputs)
                else:
                    getattr(component, method)(*inputs)

        asyncio.run(main())
        assert set(connections(stand_in)) == {1}
        for component in made:
            component.close()
        assert stand_in.wait_for_close(1)

    def test_closed_leave_those_of_others(self, pair: Callable[..., Pair], stand_in: StandIn):
        async def main(pair: Pair) -> None:
            await pair.run(pair.first)
            await pair.run(pair.second)
            await pair.close(pair.first)
            await pair.close(pair.first)
            await pair.run(pair.second)
            assert connections(stand_in) == [1, 1, 1]
            await pair.close(pair.second)
            assert await asyncio.to_thread(stand_in.wait_for_close, 1)
            await pair.run(pair.first)
            assert connections(stand_in)[-1] == 2
            await pair.close(pair.first)

        with_pair(pair(), main)

    def test_closed_send_nothing_more(self, pair: Callable[..., Pair], stand_in: StandIn):
        async def main(pair: Pair) -> None:
            await pair.run(pair.first)
            await pair.run(pair.second)
            client = pair.first.async_client if pair.is_async else pair.first.client
            await pair.close(pair.first)
            assert client.is_closed()

            async def send() -> None:
                sent = client.with_options(max_retries=0).get("/key", cast_to=object)
                await sent if pair.is_async else None

            with pytest.raises(openai.APIConnectionError, match="closed"):
                await send()
            assert len(stand_in.requests) == 2

        with_pair(pair(), main)

    def test_dropped_leave_those_of_others(self, pair: Callable[..., Pair], stand_in: StandIn):
        async def main(pair: Pair) -> None:
            await pair.run(pair.first)
            await pair.run(pair.second)
            del pair.first
            gc.collect()
            await pair.run(pair.second)
            assert connections(stand_in) == [1, 1, 1]
            del pair.second
            gc.collect()
            assert await asyncio.to_thread(stand_in.wait_for_close, 1)

        with_pair(pair(), main)

    def test_keep_their_keys_and_headers(self, pair: Callable[..., Pair], stand_in: StandIn):
        async def main(pair: Pair) -> None:
            for component in (pair.first, pair.second, pair.first):
                await pair.run(component)

        first, second = ({"api_key": Secret.from_token(f"sk-{one}"), "extra_headers": {"x-one": one}} for one in "ab")
        with_pair(pair(first=first, second=second), main)
        assert [(request.key, request.headers["x-one"]) for request in stand_in.requests] == [
            ("sk-a", "a"),
            ("sk-b", "b"),
            ("sk-a", "a"),
        ]
        assert connections(stand_in) == [1, 1, 1]

    def test_with_equal_arguments_share_them(self, pair: Callable[..., Pair], stand_in: StandIn):
        async def main(pair: Pair) -> None:
            for component in (pair.first, pair.second):
                await pair.run(component)

        settings = [{"http_client_kwargs": {"headers": {"x-mine": "1"}, "timeout": 3}} for _ in range(2)]
        with_pair(pair(first=settings[0], second=settings[1]), main)
        assert connections(stand_in) == [1, 1]

    @pytest.mark.parametrize("other", [None, {"headers": {"x-mine": "2"}}, {"limits": {"max_connections": 5}}])
    def test_with_other_arguments_do_not(self, pair: Callable[..., Pair], stand_in: StandIn, other: Any):
        async def main(pair: Pair) -> None:
            for component in (pair.first, pair.second):
                await pair.run(component)

        first = {"http_client_kwargs": {"headers": {"x-mine": "1"}}}
        with_pair(pair(first=first, second={"http_client_kwargs": other}), main)
        assert connections(stand_in) == [1, 2]

    def test_have_headers_as_they_are_when_the_component_is_used(self, pair: Callable[..., Pair], stand_in: StandIn):
        headers = httpx.Headers({"x-mine": "1"})

        async def main(pair: Pair) -> None:
            await pair.run(pair.first)
            headers["x-mine"] = "2"
            await pair.run(pair.second)

        kwargs = {"http_client_kwargs": {"headers": headers}}
        with_pair(pair(first=kwargs, second=kwargs), main)
        assert [request.headers["x-mine"] for request in stand_in.requests] == ["1", "2"]

    def test_see_a_proxy_that_the_environment_names_later(
        self, pair: Callable[..., Pair], stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
    ):
        async def main(pair: Pair) -> None:
            await pair.run(pair.first)
            monkeypatch.setenv("http_proxy", stand_in.url.removesuffix("/api/v1"))
            await pair.run(pair.second)
            await pair.run(pair.first)

        with_pair(pair(), main)
        assert connections(stand_in) == [1, 2, 1]

    def test_closed_while_another_waits_for_its_response(self, stand_in: StandIn):
        stand_in.script(Answer.json(completion({"content": "first"})), Answer([b" ", STALL]))
        first, second = (Mode("sync", stand_in.url).generator(timeout=0.5) for _ in range(2))
        first.run("hi")
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(second.run, "hi")
            while len(stand_in.requests) < 2:
                time.sleep(0.001)
            first.close()
            assert not stand_in.wait_for_close(1, timeout=0.05)
            assert "timed out" in str(waits.exception()).lower()

    def test_transport_of_a_user_is_closed_with_the_last(self, stand_in: StandIn):
        class Transport(httpx.HTTPTransport):
            closed = 0

            def close(self) -> None:
                self.closed += 1
                super().close()

        transport = Transport()
        kwargs = {"transport": transport}
        made = [OpenRouterTextEmbedder(api_base_url=stand_in.url, http_client_kwargs=kwargs) for _ in range(2)]
        made[1].http_client_kwargs = {**kwargs, "headers": {"x-mine": "1"}}
        for component in made:
            component.run("hi")
        made[0].close()
        assert transport.closed == 0
        made[1].run("hi")
        made[1].close()
        assert transport.closed == 1

    def test_in_a_forked_child_open_their_own(self, stand_in: StandIn):
        pair = Pair(False, stand_in.url)
        pair.first.run("hi")
        pair.second.run("hi")
        if (child := os.fork()) == 0:
            pair.first.run("hi")
            pair.second.run("hi")
            os._exit(0)
        os.waitpid(child, 0)
        pair.second.run("hi")
        assert connections(stand_in) == [1, 1, 2, 2, 1]

    def test_threads_build_one_pool(self, stand_in: StandIn):
        made = [OpenRouterTextEmbedder(api_base_url=stand_in.url) for _ in range(8)]
        barrier = threading.Barrier(8)

        def warm_up(component: OpenRouterTextEmbedder) -> None:
            barrier.wait()
            component.warm_up()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(warm_up, made))
        for component in made:
            component.run("hi")
        assert set(connections(stand_in)) == {1}

    def test_one_goes_while_another_looks_for_connections(self, stand_in: StandIn):
        class Auth(httpx.Auth):
            def __eq__(self, other: object) -> bool:
                made.pop("first", None)
                gc.collect()  # which closes it, in a thread that holds a lock
                return True

            __hash__ = httpx.Auth.__hash__

        made: dict[str, Any] = {}
        with ThreadPoolExecutor(1) as pool:
            for name in ("first", "second", "third"):
                made[name] = Mode("sync", stand_in.url).generator(http_client_kwargs={"auth": Auth()})
                assert pool.submit(made[name].run, "hi").result(timeout=10)
        assert connections(stand_in) == [1, 2, 2]

    def test_a_request_that_costs_nothing_opens_the_connection_of_all(self, stand_in: StandIn):
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url)
        generator.warm_up()
        OpenRouterAccount(api_base_url=stand_in.url).key()
        gc.collect()
        generator.run("hi")
        assert connections(stand_in) == [1, 1]


class TestIdleConnections:
    @pytest.mark.parametrize(
        ("kwargs", "most"),
        [
            (None, 120),
            ({"headers": {"x-mine": "1"}}, 120),
            ({"limits": {"max_connections": 5}}, 120),
            ({"limits": {"keepalive_expiry": 300}}, 300),
            ({"limits": httpx.Limits(keepalive_expiry=1)}, 1),
        ],
    )
    def test_are_kept(self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, kwargs: Any, most: float):
        component = OpenRouterTextEmbedder(api_base_url=stand_in.url, http_client_kwargs=kwargs)
        clock, later = time.monotonic, 0.0
        monkeypatch.setattr(time, "monotonic", lambda: clock() + later)
        component.run("hi")
        later += most - 0.5
        component.run("hi")
        assert connections(stand_in) == [1, 1]
        later += most + 0.5
        component.run("hi")
        assert connections(stand_in) == [1, 1, 2]


class TestCertificates:
    @pytest.fixture(autouse=True)
    def read(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
        """What was read since the test began."""
        bundle = shutil.copy(os.environ["SSL_CERT_FILE"], tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", bundle)
        read, create = [], ssl.create_default_context

        def counted(*args: Any, **kwargs: Any) -> ssl.SSLContext:
            read.append(kwargs)
            return create(*args, **kwargs)

        monkeypatch.setattr(ssl, "create_default_context", counted)
        return read

    def test_are_read_once_by_components_in_threads_and_loops(self, read: list[Any]):
        made = [OpenRouterChatGenerator(api_base_url=f"https://localhost:{port}") for port in range(1, 11)]

        def warm_up(component: OpenRouterChatGenerator) -> None:
            component.warm_up()
            asyncio.run(component.warm_up_async())

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(warm_up, made))
        assert len(read) == 1

    def test_are_read_once_for_clients_with_arguments(self, read: list[Any]):
        for number in range(3):
            kwargs = {"headers": {"x-mine": str(number)}}
            OpenRouterChatGenerator(api_base_url="https://localhost:1", http_client_kwargs=kwargs).warm_up()
        assert len(read) == 1

    def test_of_the_user_are_not_read_for_him(self, read: list[Any]):
        for kwargs in ({"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}, {"transport": httpx.HTTPTransport()}):
            read.clear()
            OpenRouterChatGenerator(api_base_url="https://localhost:1", http_client_kwargs=kwargs).warm_up()
            assert read == []

    def test_are_read_again_when_the_environment_names_others(
        self, read: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ):
        OpenRouterChatGenerator().warm_up()
        monkeypatch.setenv("SSL_CERT_FILE", str(shutil.copy(os.environ["SSL_CERT_FILE"], tmp_path / "other.pem")))
        OpenRouterChatGenerator().warm_up()
        assert len(read) == 2

    def test_are_found_by_a_truststore_that_is_put_in_later(self, read: list[Any]):
        OpenRouterChatGenerator().warm_up()
        truststore = pytest.importorskip("truststore")
        truststore.inject_into_ssl()
        try:
            OpenRouterChatGenerator().warm_up()
        finally:
            truststore.extract_from_ssl()
        assert len(read) == 2

    @pytest.mark.parametrize("kwargs", [None, {"headers": {"x-mine": "1"}}])
    def test_are_not_read_without_tls(self, read: list[Any], stand_in: StandIn, kwargs: Any):
        component = OpenRouterTextEmbedder(api_base_url=stand_in.url, http_client_kwargs=kwargs)
        component.run("hi")
        asyncio.run(component.run_async("hi"))
        assert read == []

    def test_are_read_after_all_if_a_redirect_leads_to_tls(self):
        found = ssl.create_default_context()
        lazy = LazyContext.finding(lambda: found)
        assert lazy.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost").context is found
        with socket.socket() as connection, lazy.wrap_socket(connection, server_hostname="localhost") as secure:
            assert secure.context is found
