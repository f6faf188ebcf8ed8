# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""The response cache: with `X-OpenRouter-Cache: true`, a request that came before gets the same response, free."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

from stand_in.answer import Action, Answer
from stand_in.request import Request


def through_cache(request: Request, respond: Callable[[], Answer]) -> Answer:
    """
    Respond from the cache, if the request wants that and it holds a response; else fill it.

    :param request: Any request.
    :param respond: Makes the response.
    :returns: The response, with headers that tell of the cache if the request wants it.
    """
    if request.headers.get("x-openrouter-cache") != "true":
        return respond()
    seconds = int(request.headers.get("x-openrouter-cache-ttl", 300))
    key = hashlib.sha256(f"{request.path} {request.key} ".encode() + request.raw).hexdigest()
    since, kept = request.memory.responses.get(key, (0.0, None))
    age = int(time.monotonic() - since)
    if kept is None or age >= seconds or request.headers.get("x-openrouter-cache-clear") == "true":
        answer = respond()
        if answer.status == 200:
            request.memory.responses[key] = (time.monotonic(), answer)
        told = {"status": "MISS", "ttl": str(seconds)}
    else:
        source = kept.headers["x-generation-id"]
        number = source.rpartition("-")[0] + f"-{request.number}"
        body = [piece if isinstance(piece, Action) else _free(piece, number) for piece in kept.body]
        answer = Answer(body, kept.status, {**kept.headers, "x-generation-id": number})
        told = {"status": "HIT", "age": str(age), "ttl": str(seconds), "source-id": source}
    return Answer(
        answer.body, answer.status, answer.headers | {f"x-openrouter-cache-{name}": told[name] for name in told}
    )


def _free(piece: bytes, generation: str) -> bytes:
    """
    Set the id and the usage in a part of a response: nothing is billed for a response from the cache.
    """
    start = b"data: " if piece.startswith(b"data: {") else b""
    try:
        body = json.loads(piece[len(start) :])
    except ValueError:
        return piece
    body |= {"id": generation} if "id" in body else {}
    body |= {"usage": _zeros(body["usage"])} if "usage" in body else {}
    return start + json.dumps(body).encode() + (b"\n\n" if start else b"")


def _zeros(usage: Any) -> Any:
    if isinstance(usage, dict):
        return {name: _zeros(value) for name, value in usage.items()}
    return 0 if isinstance(usage, int | float) and not isinstance(usage, bool) else usage
