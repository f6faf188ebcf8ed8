# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Connections that are used again, by streams too."""

import asyncio
import ctypes
import itertools
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import openai
import pytest
from modes import Mode
from stand_in import STALL, Answer, StandIn
from wire import event, events

from haystack_integrations.common.openrouter._transport import kept_connections
from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.components.generators.openrouter.chat._stream import sse

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def connections(stand_in: StandIn) -> int:
    return len({request.connection for request in stand_in.requests})


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def read_request(connection: socket.socket) -> bytes:
    """
    Read one request, in however many packets it comes.
    """
    received, missing = b"", 1
    while missing > 0:
        if not (packet := connection.recv(65_536)):
            return b""
        received += packet
        head, _, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        missing = int(length[1]) - len(body) if length else 1
    return received


@contextmanager
def raw_server(*writes: bytes, pause: float = 0.0) -> Iterator[tuple[str, list[Any]]]:
    """
    A server that sends a response in these writes to every request, `pause` seconds apart, and counts its connections.
    """
    accepted: list[Any] = []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):
            while read_request(connection):
                for data in writes:
                    connection.sendall(data)
                    time.sleep(pause)

    def accept() -> None:
        while True:
            try:
                accepted.append(listener.accept()[0])
            except OSError:
                return
            threading.Thread(target=serve, args=(accepted[-1],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1", accepted
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def test_fifty_streams_use_one_connection(stand_in: StandIn):
    generator = Mode("sync-stream", stand_in.url).generator()
    for _ in range(50):
        assert generator.run("hi", streaming_callback=lambda _: None)["replies"][0].text
    assert connections(stand_in) == 1


def test_streams_and_calls_share_a_connection(stand_in: StandIn):
    generator = Mode("sync", stand_in.url).generator()
    for _ in range(3):
        generator.run("hi")
        generator.run("hi", streaming_callback=lambda _: None)
    assert connections(stand_in) == 1


def test_asynchronous_streams_too(stand_in: StandIn):
    generator = Mode("async", stand_in.url).generator()

    async def several() -> None:
        for _ in range(3):
            await generator.run_async("hi")
            await generator.run_async("hi", streaming_callback=lambda _: None)

    asyncio.run(several())
    assert connections(stand_in) == 1


def test_in_haystacks_http_client(stand_in: StandIn):
    generator = Mode("sync-stream", stand_in.url).generator(http_client_kwargs={"headers": {"x-mine": "1"}})
    for _ in range(3):
        generator.run("hi", streaming_callback=lambda _: None)
    assert connections(stand_in) == 1


@pytest.mark.parametrize("done", [b"data: [DONE]\n\n", b"data: [DONE]\n"])
@pytest.mark.parametrize("end", ["in the same packet", "later"])
def test_wherever_the_last_bytes_are(streaming: Mode, monkeypatch: pytest.MonkeyPatch, done, end):
    monkeypatch.setattr(sse, "_LONGEST", 10)  # for a busy machine, on which the last bytes take their time
    body = chunked(b"data: " + event_bytes() + b"\n\n" + done)
    writes = [HEAD + body + b"0\r\n\r\n"] if end == "in the same packet" else [HEAD + body, b"0\r\n\r\n"]
    with raw_server(*writes, pause=0.01) as (url, accepted):
        generator = Mode(streaming.name, url).generator()

        async def several() -> list[Any]:
            return [await generator.run_async("hi", streaming_callback=lambda _: None) for _ in range(3)]

        if streaming.is_async:
            results = asyncio.run(several())
        else:
            results = [generator.run("hi", streaming_callback=lambda _: None) for _ in range(3)]
        assert [result["replies"][0].text for result in results] == ["Hello"] * 3
        generator.close()
    assert len(accepted) == 1


def event_bytes() -> bytes:
    return Answer.sse([event({"content": "Hello"}, "stop")], comments=0).body[0].removeprefix(b"data: ").strip()


def test_a_body_that_stays_open_costs_a_moment(streaming: Mode, stand_in: StandIn):
    stand_in.script(Answer.sse([*events({"content": "Hello"}), b"data: [DONE]\n\n", STALL], done=False))
    started = time.monotonic()
    assert streaming().text == "Hello"
    assert time.monotonic() - started < 2
    assert streaming().text


def test_a_body_that_trickles_costs_a_moment():
    body = chunked(b"data: " + event_bytes() + b"\n\ndata: [DONE]\n\n")
    with raw_server(HEAD + body, *[chunked(b": still here\n\n")] * 400, pause=0.01) as (url, _):
        generator = Mode("sync-stream", url).generator()
        started = time.monotonic()
        assert generator.run("hi", streaming_callback=lambda _: None)["replies"][0].text == "Hello"
        assert time.monotonic() - started < 2


def test_threads_do_not_disturb_each_other(stand_in: StandIn):
    generator = Mode("sync-stream", stand_in.url).generator()

    def several(_: int) -> list[str]:
        return [generator.run("hi", streaming_callback=lambda _: None)["replies"][0].text for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        assert all(all(texts) for texts in pool.map(several, range(8)))
    assert connections(stand_in) <= 8


class TestRestOfAResponse:
    """
    What is hard to meet on a real connection.
    """

    class Network:
        def read(self, _: int, timeout: float | None = None) -> bytes:
            return str(timeout).encode()

    def response(self, network: Any, version: str = "HTTP/1.1") -> httpx.Response:
        return httpx.Response(200, extensions={"network_stream": network, "http_version": version.encode()})

    def test_another_thread_waits_as_long_as_it_wants(self):
        network, read = self.Network(), []

        def pieces() -> Iterator[bytes]:
            yield network.read(1, timeout=30.0)
            thread = threading.Thread(target=lambda: read.append(network.read(1, timeout=30.0)))
            thread.start()
            thread.join()
            read.append(network.read(1, timeout=30.0))

        sse.read_rest(self.response(network), pieces())
        assert read[0] == b"30.0"
        assert 0 < float(read[1]) <= 0.1
        assert network.read(1, timeout=30.0) == b"30.0"

    def test_a_shared_connection_is_left_alone(self):
        sse.read_rest(self.response(self.Network(), "HTTP/2"), iter(pytest.fail, None))

    def test_a_transport_without_a_network(self):
        sse.read_rest(httpx.Response(200), iter(pytest.fail, None))

    def test_a_body_without_an_end(self):
        sse.read_rest(self.response(self.Network()), itertools.repeat(b": still here"))


@pytest.mark.parametrize(
    ("kwargs", "package"), [({"proxy": "socks5h://127.0.0.1:1"}, "httpx[socks]"), ({"http2": True}, "httpx[http2]")]
)
def test_what_httpx_needs_for_an_argument(kwargs, package, monkeypatch):
    for name in ("socksio", "h2"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    with pytest.raises(ImportError, match=re.escape(f"pip install {package}")):
        OpenRouterChatGenerator(http_client_kwargs=kwargs)


def swallow_packets(connection: socket.socket) -> None:
    """
    Let the system drop each packet that arrives here without a word, as a NAT does that forgot a connection.
    """
    drop_all = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # one instruction: return 0
    connection.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 1, ctypes.addressof(drop_all)))  # SO_ATTACH_FILTER


def socket_of_last_response() -> Any:
    return list(kept_connections.CONNECTIONS.values())[-1].get_extra_info("socket")


def options_of(connection: Any) -> list[int]:
    levels = {"SO_KEEPALIVE": socket.SOL_SOCKET}
    names = ("SO_KEEPALIVE", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
    known = [name for name in names if hasattr(socket, name)]
    return [connection.getsockopt(levels.get(name, socket.IPPROTO_TCP), getattr(socket, name)) for name in known]


class TestAPathThatIsGone:
    @pytest.mark.skipif(sys.platform != "linux", reason="Other systems have other names")
    @pytest.mark.parametrize("kwargs", [None, {"headers": {"x-mine": "1"}}, {"transport": None}])
    def test_tcp_looks_after_connections(self, plain: Mode, stand_in: StandIn, kwargs: Any):
        generator, found = plain.generator(http_client_kwargs=kwargs), []
        if plain.is_async:

            async def main() -> None:
                await generator.run_async("hi")
                found.extend(options_of(socket_of_last_response()))

            asyncio.run(main())
        else:
            generator.run("hi")
            found.extend(options_of(socket_of_last_response()))
        assert found == [1, 10, 5, 2, 20_000]

    def test_options_of_the_users_transport_stay(self, stand_in: StandIn):
        options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 77)]
        kwargs = {"transport": httpx.HTTPTransport(socket_options=options)}
        generator = Mode("sync", stand_in.url).generator(http_client_kwargs=kwargs)
        generator.run("hi")
        assert options_of(socket_of_last_response())[2] == 77

    @pytest.mark.skipif(sys.platform != "linux", reason="Other systems have other names")
    def test_an_option_that_the_system_does_not_take(self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(socket, "TCP_KEEPINTVL", 9999)
        generator = Mode("sync", stand_in.url).generator()
        assert generator.run("hi")["replies"]
        monkeypatch.undo()
        assert options_of(socket_of_last_response())[3:] == [2, 20_000]

    @pytest.mark.skipif(sys.platform != "linux", reason="Needs a packet filter on a socket")
    def test_costs_a_new_connection_and_no_timeout(self, pair: Mode, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(kept_connections._OPTIONS, "TCP_USER_TIMEOUT", 100)
        body = chunked(b"data: " + event_bytes() + b"\n\ndata: [DONE]\n\n") + b"0\r\n\r\n"
        with raw_server(HEAD + body) as (url, accepted):
            generator = Mode(pair.name, url).generator(max_retries=1, timeout=20)
            arguments = {"streaming_callback": pair.callback()}

            async def main() -> None:
                await generator.run_async("hi", **arguments)
                swallow_packets(accepted[0])
                await generator.run_async("hi", **arguments)

            started = time.monotonic()
            if pair.is_async:
                asyncio.run(main())
            else:
                generator.run("hi", **arguments)
                swallow_packets(accepted[0])
                generator.run("hi", **arguments)
            assert time.monotonic() - started < 10
            assert len(accepted) == 2
            generator.close()
            accepted[0].shutdown(socket.SHUT_RDWR)

    @pytest.mark.skipif(sys.platform != "linux", reason="Needs a packet filter on a socket")
    @pytest.mark.parametrize("is_async", [False, True])
    def test_does_not_send_again_what_may_be_billed_twice(self, is_async: bool, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(kept_connections._OPTIONS, "TCP_USER_TIMEOUT", 100)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 3\r\n\r\n"
        with raw_server(head + b"ID3") as (url, accepted):
            synthesizer = OpenRouterSpeechSynthesizer(api_base_url=url, max_retries=2)

            async def main() -> None:
                await synthesizer.run_async("hi") if is_async else synthesizer.run("hi")
                swallow_packets(accepted[0])
                with pytest.raises(openai.APITimeoutError):
                    await synthesizer.run_async("hi") if is_async else synthesizer.run("hi")

            asyncio.run(main())
            assert len(accepted) == 1
            synthesizer.close()
            accepted[0].shutdown(socket.SHUT_RDWR)
