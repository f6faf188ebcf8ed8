# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""`deadline` ends a call that keep-alives, retries and waits would keep up."""

import asyncio
import json
import pickle
import re
import socket
import time
from contextlib import suppress
from threading import Thread
from typing import Any

import openai
import pytest
from components import COMPONENTS, INPUTS, SENDS_AGAIN, build
from haystack import Document
from haystack.utils import Secret
from modes import Mode
from stand_in import DRIP, STALL, Answer, StandIn
from wire import completion, embedding, embeddings, event

from haystack_integrations.common.openrouter._transport.deadline import Deadline
from haystack_integrations.common.openrouter._transport.kept_connections import CONNECTIONS
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

# time for a busy machine to send the request
SECONDS = 1.0
SAID = r"The call took longer than `deadline` \(1 s\): raise `deadline` \(seconds\)"
BUSY = Answer.error(429, "Busy", headers={"retry-after": "30"})
BUSY_IN_MILLISECONDS = Answer.error(429, "Busy", headers={"retry-after-ms": "30000", "retry-after": "0"})


def kept_alive(mode: Any) -> Answer:
    return Answer.sse([DRIP]) if mode.streams else Answer([DRIP], headers={"content-type": "application/json"})


def run(kind: type[Any], url: str, is_async: bool, **parameters: Any) -> Any:
    parameters = {"api_key": Secret.from_token("sk-or-secret"), "api_base_url": url, **parameters}
    made, inputs = build(kind, **parameters), INPUTS[kind.__name__]
    return asyncio.run(made.run_async(*inputs)) if is_async else made.run(*inputs)


class TestChat:
    def test_keep_alives(self, mode: Mode, stand_in: StandIn):
        stand_in.script(kept_alive(mode))
        kind = OpenRouterStreamError if mode.streams else openai.APITimeoutError
        with pytest.raises(kind, match=SAID) as caught:
            mode(deadline=SECONDS, max_retries=5)
        assert stand_in.wait_for_disconnect()
        assert len(stand_in.requests) == 1
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)

    def test_silence(self, plain: Mode, stand_in: StandIn):
        stand_in.script(Answer([STALL], headers={"content-type": "application/json"}))
        with pytest.raises(openai.APITimeoutError, match=SAID):
            plain(deadline=SECONDS, timeout=10.0, max_retries=5)
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize("action", [DRIP, STALL])
    def test_a_stream_that_has_begun(self, streaming: Mode, stand_in: StandIn, action):
        stand_in.script(Answer.sse([event({"content": "Once "}), action]))
        with pytest.raises(OpenRouterStreamError, match=SAID) as caught:
            streaming(deadline=SECONDS, max_retries=5)
        assert caught.value.partial_reply.text == "Once "
        assert stand_in.wait_for_disconnect()

    @pytest.mark.parametrize("busy", [BUSY, BUSY_IN_MILLISECONDS])
    def test_a_wait_that_would_last_longer(self, mode: Mode, stand_in: StandIn, busy):
        stand_in.script(busy)
        with pytest.raises(openai.APITimeoutError, match=SAID):
            mode(deadline=SECONDS, max_retries=5)
        assert len(stand_in.requests) == 1

    def test_a_wait_after_a_failed_connection(self, mode: Mode):
        with pytest.raises(openai.APITimeoutError, match=SAID):
            mode(deadline=SECONDS, max_retries=5, api_base_url="http://127.0.0.1:1")

    def test_a_wait_after_a_failed_stream(self, streaming: Mode, stand_in: StandIn):
        busy = {"error": {"code": 429, "message": "Busy", "metadata": {"headers": {"Retry-After": "30"}}}}
        stand_in.script(Answer.sse([busy]))
        with pytest.raises(OpenRouterStreamError, match=SAID):
            streaming(deadline=SECONDS, max_retries=5)

    def test_without_a_retry_the_failure_itself_is_raised(self, mode: Mode, stand_in: StandIn):
        stand_in.script(BUSY)
        with pytest.raises(openai.RateLimitError, match="Busy"):
            mode(deadline=SECONDS, max_retries=0)

    def test_of_one_run(self, mode: Mode, stand_in: StandIn):
        stand_in.script(BUSY)
        with pytest.raises(openai.APITimeoutError, match=SAID):
            mode(deadline=60, max_retries=5, run={"deadline": SECONDS})
        mode(deadline=0.000001, run={"deadline": 60})
        assert "deadline" not in stand_in.requests[-1].body

    def test_a_client_that_keeps_its_connection(self, mode: Mode, stand_in: StandIn):
        generator = mode.generator(deadline=60)
        assert mode.run(generator)
        generator.deadline = None
        assert mode.run(generator)
        generator.deadline = SECONDS
        generator.max_retries = 5
        stand_in.script(BUSY)
        with pytest.raises(openai.APITimeoutError, match=SAID):
            mode.run(generator)


@pytest.mark.parametrize("is_async", [False, True])
class TestComponents:
    @pytest.mark.parametrize("kind", SENDS_AGAIN)
    def test_a_wait_that_would_last_longer(self, stand_in: StandIn, kind, is_async):
        stand_in.script(*[BUSY] * 2)
        with pytest.raises(openai.APITimeoutError, match=SAID):
            run(kind, stand_in.url, is_async, deadline=SECONDS, max_retries=5)
        assert len(stand_in.requests) <= 2  # of those that are sent at the same time, none is sent again

    @pytest.mark.parametrize("kind", COMPONENTS)
    def test_enough_time(self, stand_in: StandIn, kind, is_async):
        assert run(kind, stand_in.url, is_async, deadline=60)


@pytest.mark.parametrize("is_async", [False, True])
def test_documents_that_are_embedded_by_then_come_back(stand_in: StandIn, is_async):
    stand_in.script(embeddings(embedding(0, 1.0)), Answer([DRIP], headers={"content-type": "application/json"}))
    embedder = OpenRouterDocumentEmbedder(
        api_base_url=stand_in.url, batch_size=1, concurrency=1, progress_bar=False, deadline=SECONDS, max_retries=5
    )
    documents = [Document(content=text) for text in "abc"]
    result = asyncio.run(embedder.run_async(documents)) if is_async else embedder.run(documents)
    assert [document.embedding for document in result["documents"]] == [[1.0], None, None]
    assert result["meta"]["failed"] == 2
    assert len(stand_in.requests) == 2


def test_yaml_has_it_only_if_it_is_set():
    assert "deadline" not in OpenRouterChatGenerator().to_dict()["init_parameters"]
    data = OpenRouterChatGenerator(deadline=60).to_dict()
    assert data["init_parameters"]["deadline"] == 60
    assert OpenRouterChatGenerator.from_dict(data).deadline == 60


@pytest.mark.parametrize("kind", COMPONENTS)
def test_odd_ones(kind):
    with pytest.raises(TypeError, match="`deadline` must be a number of seconds or None"):
        build(kind, deadline="soon")
    with pytest.raises(ValueError, match="`deadline` must be at least 0"):
        build(kind, deadline=-1)


def test_an_odd_one_of_a_run(mode: Mode):
    with pytest.raises(TypeError, match=r'`generation_kwargs\["deadline"\]` must be a number of seconds'):
        mode(run={"deadline": "soon"})


def test_it_begins_with_the_run(stand_in: StandIn):
    generator = OpenRouterChatGenerator(api_base_url=stand_in.url, deadline=60)
    assert 59 < generator._settings().deadline.left <= 60


class Network:
    def read(self, max_bytes: int, timeout: float | None = None) -> tuple[int, float | None]:
        return max_bytes, timeout

    def get_extra_info(self, name: str) -> None:
        return None


class Exchange:
    """
    A request and its response.
    """

    def __init__(self, network: Network) -> None:
        self.extensions: dict[str, Any] = {"network_stream": network}
        self.request = self


def test_a_connection_has_the_time_limit_of_the_call_that_reads_from_it():
    network, calls = Network(), [None]
    CONNECTIONS[id(network)] = network  # by a call without a deadline
    for seconds in (60, 5):
        calls.append(Deadline.after(seconds))
        calls[-1].limit(Exchange(network), lambda: calls[-1], is_async=False)
        assert network.read(1, timeout=100)[1] < seconds + 0.1
    calls.append(None)
    assert network.read(1, timeout=100) == (1, 100)
    calls.append(Deadline.after(0))
    with pytest.raises(openai.APITimeoutError):
        network.read(1, timeout=100)
    # what is called is the network's own, however many came before
    assert sum(getattr(cell.cell_contents, "__self__", None) is network for cell in network.read.__closure__) == 1


def drip_second_headers(server: socket.socket) -> None:
    """Serve one connection: a good response, and one whose headers never end."""
    connection, _ = server.accept()
    body = json.dumps(completion({"content": "Good"})).encode()
    start = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    with connection, suppress(OSError):
        read_request(connection)
        connection.sendall(start + b"content-length: %d\r\n\r\n" % len(body) + body)
        read_request(connection)
        connection.sendall(start + b"x: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)


def read_request(connection: socket.socket) -> None:
    head, _, rest = receive_until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
    while len(rest) < length:
        rest += connection.recv(65536)


def receive_until(connection: socket.socket, end: bytes) -> bytes:
    data = b""
    while end not in data:
        data += connection.recv(65536)
    return data


@pytest.mark.parametrize("first", [None, 60])
def test_slow_headers_on_a_connection_that_was_kept(plain: Mode, first):
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=drip_second_headers, args=(server,), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/api/v1"
        generator = plain.generator(api_base_url=url, deadline=first)

        def both() -> None:
            generator.run("hi")
            generator.deadline = 0.3
            generator.run("hi")

        async def both_async() -> None:
            await generator.run_async("hi")
            generator.deadline = 0.3
            await generator.run_async("hi")

        with pytest.raises(openai.APITimeoutError, match="longer than `deadline`"):
            asyncio.run(both_async()) if plain.is_async else both()
