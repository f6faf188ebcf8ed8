# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""The server of the stand-in. It knows HTTP and no endpoint; what it responds is in `routes.py`."""

import itertools
import select
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from stand_in.answer import DRIP, RESET, STALL, Action, Answer
from stand_in.request import Memory, Request
from stand_in.routes import respond


class StandIn:
    """
    The server. As a context manager it runs on a port of its own.
    """

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.memory = Memory()
        self.closing, self._wake = socket.socketpair()
        self._script: list[Answer] = []
        self._gone = 0
        self._closed: set[int] = set()
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.stand_in = self
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/v1"

    def __enter__(self) -> "StandIn":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> "StandIn":
        """
        Serve on a thread of its own.
        """
        threading.Thread(target=self._server.serve_forever, args=(0.004,), daemon=True).start()
        return self

    def stop(self) -> None:
        """
        Stop serving, and let go of clients that are kept waiting.
        """
        self._wake.close()
        self._server.shutdown()
        self._server.server_close()
        self.closing.close()

    def script(self, *answers: Answer) -> None:
        """
        Send these responses to the next requests, in order, instead of the usual ones.
        """
        with self._changed:
            self._script += answers

    def wait_for_disconnect(self, n: int = 1, timeout: float = 5) -> bool:
        """
        Wait until `n` clients have closed their connection before their response was complete.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._gone >= n, timeout)

    def wait_for_close(self, connection: int, timeout: float = 5) -> bool:
        """
        Wait until a connection is closed. Its number is that of the requests that came on it.
        """
        with self._changed:
            return self._changed.wait_for(lambda: connection in self._closed, timeout)

    def connection_closed(self, connection: int) -> None:
        """
        Note that a connection was closed.
        """
        with self._changed:
            self._closed.add(connection)
            self._changed.notify_all()

    def client_gone(self) -> None:
        """
        Count a client that did not wait for the whole response.
        """
        with self._changed:
            self._gone += 1
            self._changed.notify_all()

    def answer(self, request: Request) -> Answer:
        """
        Keep a request, and find the response: the next one of the script, or else that of the endpoint.
        """
        with self._changed:
            self.requests.append(request)
            request.number, request.memory = len(self.requests), self.memory
            if self._script:
                return self._script.pop(0)
        return respond(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    stand_in: StandIn

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.numbers = itertools.count(1)

    def handle_error(self, *arguments: Any) -> None:
        """
        Stay silent about clients that go away, and print any other error.
        """
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*arguments)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 0
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.number = next(self.server.numbers)

    def finish(self) -> None:
        super().finish()
        self.server.stand_in.connection_closed(self.number)

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        stand_in = self.server.stand_in
        answer = stand_in.answer(Request(self.command, path, headers, raw, self.number, dict(parse_qsl(query))))
        try:
            self._send(answer)
        except ConnectionError:
            self.close_connection = True
            stand_in.client_gone()

    def _send(self, answer: Answer) -> None:
        sized = "content-length" in {name.lower() for name in answer.headers}
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if not sized:
            self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in answer.body:
            if isinstance(piece, Action):
                self._act(piece)
                return
            self.wfile.write(piece if sized else b"%x\r\n%s\r\n" % (len(piece), piece))
        if not sized:
            self.wfile.write(b"0\r\n\r\n")

    def _act(self, action: Action) -> None:
        self.close_connection = True
        if action is RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif action in (STALL, DRIP):
            ends, interval = [self.connection, self.server.stand_in.closing], 0.02 if action is DRIP else None
            while not (ready := select.select(ends, [], [], interval)[0]):
                self.wfile.write(b"1\r\n\n\r\n")
            if self.connection in ready:
                raise ConnectionResetError
