# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
The benchmarks' server over TLS, as if it were far away: every byte arrives half a round trip later.
"""

import asyncio
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import trustme
from server import Connection

# Seconds from a request to the first byte of its response, where the server needs no time.
ROUND_TRIP = 0.05


class SlowNetwork:
    """
    A port on which each new connection is counted, and each byte delayed.
    """

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()

    async def serve(self, context: ssl.SSLContext) -> None:
        inner = await self._loop.create_server(Connection, "127.0.0.1", 0, ssl=context)
        far_end = inner.sockets[0].getsockname()[1]
        outer = await self._loop.create_server(lambda: _NearEnd(self, far_end), "127.0.0.1", 0)
        self.port = outer.sockets[0].getsockname()[1]

    def run(self, context: ssl.SSLContext, ready: Callable[[], None]) -> None:
        self._loop.run_until_complete(self.serve(context))
        ready()
        self._loop.run_forever()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)


class _End(asyncio.Protocol):
    """
    One end of a connection: what it receives leaves the other end later.
    """

    transport: asyncio.Transport
    other: "_End"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.open_at = 0.0

    def data_received(self, data: bytes) -> None:
        self._later(self.other.transport.write, data)

    def connection_lost(self, _: Exception | None) -> None:
        self._later(self.other.transport.close)

    def _later(self, function: Callable[..., None], *arguments: bytes) -> None:
        loop = asyncio.get_running_loop()
        loop.call_at(max(loop.time(), self.open_at) + ROUND_TRIP / 2, function, *arguments)


class _NearEnd(_End):
    def __init__(self, network: SlowNetwork, far_end: int) -> None:
        self._network, self._far_end = network, far_end
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._network.connections += 1
        loop = asyncio.get_running_loop()
        self.open_at = loop.time() + ROUND_TRIP  # the handshake of TCP, which is over at once on this machine
        self._connecting = loop.create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        if self._early is None:
            super().data_received(data)
        else:
            self._early.append(data)

    async def _connect(self) -> None:
        _, self.other = await asyncio.get_running_loop().create_connection(_End, "127.0.0.1", self._far_end)
        self.other.other = self
        early, self._early = self._early, None
        for data in early:
            super().data_received(data)


@contextmanager
def slow_network() -> Iterator[SlowNetwork]:
    """
    Serve on a thread of its own, with a certificate that clients built in this block trust.
    """
    authority, network, ready = trustme.CA(), SlowNetwork(), threading.Event()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    with TemporaryDirectory() as folder:
        bundle = Path(folder) / "authority.pem"
        authority.cert_pem.write_to_path(bundle)
        threading.Thread(target=network.run, args=(context, ready.set), daemon=True).start()
        ready.wait()
        with mock.patch.dict(os.environ, {"SSL_CERT_FILE": str(bundle)}):
            yield network
        network.stop()
