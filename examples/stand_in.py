# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
A local stand-in for OpenRouter: it speaks the same bytes, and no model is behind it.

The demo, the examples, the tests and the benchmarks use it. `python examples/stand_in.py [PORT]` runs it alone.
"""

import json
import os
import re
import select
import socket
import struct
import sys
import threading
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stand_in_replies as replies
import stand_in_search as search

COMMENT = b": OPENROUTER PROCESSING\n\n"


class Action(Enum):
    """
    What an answer can do besides sending bytes.
    """

    CUT = "close the connection in the middle of the answer"
    RESET = "reset the connection"
    STALL = "send nothing more until the client goes away"


CUT, RESET, STALL = Action


@dataclass
class Answer:
    """
    One HTTP answer: its body's pieces are sent one after the other.
    """

    body: list[bytes | Action]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(
        cls, payload: Any, status: int = 200, headers: dict[str, str] | None = None, *, blanks: int = 0
    ) -> "Answer":
        """
        A JSON body, after `blanks` of the blank lines that keep a slow answer's connection alive.
        """
        body = [b"\n         \n"] * blanks + [json.dumps(payload).encode()]
        return cls([*body], status, {"content-type": "application/json", **(headers or {})})

    @classmethod
    def sse(
        cls, events: list[Any], *, done: bool = True, comments: int = 1, headers: dict[str, str] | None = None
    ) -> "Answer":
        """
        A stream: dicts as events, bytes and actions as they are, and `[DONE]` at the end.
        """
        body: list[bytes | Action] = [COMMENT] * comments
        body += [b"data: " + json.dumps(e).encode() + b"\n\n" if isinstance(e, dict) else e for e in events]
        end = [b"data: [DONE]\n\n"] if done else []
        return cls([*body, *end], 200, {"content-type": "text/event-stream", **(headers or {})})

    @classmethod
    def error(
        cls,
        code: Any,
        message: str,
        *,
        status: int | None = None,
        metadata: Any = None,
        headers: dict[str, str] | None = None,
    ) -> "Answer":
        """
        An error in OpenRouter's shape.
        """
        error = {"code": code, "message": message, **({"metadata": metadata} if metadata is not None else {})}
        body = {"error": error, "user_id": "user_2standinstandin"}
        return cls.json(body, status or int(code), headers)


@dataclass
class Request:
    """
    One request as it came.
    """

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    connection: int

    @property
    def body(self) -> dict[str, Any]:
        """
        The decoded JSON body.
        """
        decoded = json.loads(self.raw or b"{}")
        return decoded if isinstance(decoded, dict) else {}


class StandIn:
    """
    The server. As a context manager it runs on a port of its own.
    """

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.cached: set[str] = set()
        self.closing, self._wake = socket.socketpair()
        self._script: list[Answer] = []
        self._gone = 0
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
        Give these answers to the next requests, in order, instead of the usual ones.
        """
        with self._changed:
            self._script += answers

    def wait_for_disconnect(self, n: int = 1, timeout: float = 5) -> bool:
        """
        Wait until `n` clients have closed their connection before their answer was at its end.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._gone >= n, timeout)

    def client_gone(self) -> None:
        """
        Count a client that did not wait for the end.
        """
        with self._changed:
            self._gone += 1
            self._changed.notify_all()

    def answer(self, request: Request) -> Answer:
        """
        Find the answer to a request.
        """
        with self._changed:
            self.requests.append(request)
            number = len(self.requests)
            if self._script:
                return self._script.pop(0)
        if not request.headers.get("authorization", "").removeprefix("Bearer").strip():
            return Answer.error(401, "No auth credentials found")
        if request.path.endswith("/chat/completions"):
            return _chat_answer(request.body, number, self.cached)
        if request.path.endswith("/embeddings"):
            return Answer.json(search.embed(request.body))
        if request.path.endswith("/rerank"):
            return Answer.json(search.rerank(request.body, number))
        return Answer.json(replies.models()) if request.path.endswith("/models") else Answer.error(404, "Not found")


def _chat_answer(body: dict[str, Any], number: int, cached: set[str]) -> Answer:
    if complaint := replies.complaint(body):
        return Answer.error(400, complaint)
    completion, model = replies.complete(body, number, cached), str(body.get("model"))
    failing = re.fullmatch(r"stand-in/error-(\d+)(-in-200)?", model)
    if failing and not body.get("models"):
        metadata = {"provider_name": "Stand-in", "raw": "The model's name asks the stand-in to fail."}
        status = 200 if failing[2] else None
        return Answer.error(int(failing[1]), "Provider returned error", status=status, metadata=metadata)
    waits = 3 if model == "stand-in/slow" else 1
    if not body.get("stream"):
        return Answer.json(completion, blanks=waits)
    events: list[Any] = replies.stream_events(completion)
    if model == "stand-in/cut-stream":
        events = [*events[:4], CUT]
    elif model == "stand-in/error-in-stream":
        events = [*events[:4], replies.error_event(completion)]
    return Answer.sse(events, comments=waits)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    stand_in: StandIn
    connections = 0

    def handle_error(self, *_: object) -> None:
        """
        Stay silent about clients that go away.
        """


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 0
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1
        self.number = self.server.connections

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        stand_in = self.server.stand_in
        answer = stand_in.answer(Request(self.command, self.path.partition("?")[0], headers, raw, self.number))
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
        elif action is STALL:
            ready, _, _ = select.select([self.connection, self.server.stand_in.closing], [], [])
            if self.connection in ready:
                raise ConnectionResetError


@cache
def base_url() -> str | None:
    """
    Where the examples send their requests: None, which means OpenRouter, or the stand-in if there is no key.
    """
    if os.environ.get("OPENROUTER_API_KEY"):
        return None
    print("OPENROUTER_API_KEY is not set: the local stand-in answers, no model does.", file=sys.stderr, flush=True)
    os.environ["OPENROUTER_API_KEY"] = "sk-or-v1-no-key"
    return StandIn().start().url


if __name__ == "__main__":
    server = StandIn(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"The stand-in serves at {server.url} until Ctrl-C.", flush=True)
    server.start()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()
