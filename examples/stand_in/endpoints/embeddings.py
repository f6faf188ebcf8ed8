# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/embeddings`: hashed bags of words, so that strings with common words lie close together."""

import hashlib
import json
import math

from stand_in.answer import Answer
from stand_in.costs import dollars
from stand_in.request import Request
from stand_in.words import words_of


def embed(request: Request) -> Answer:
    """
    Embed one string or several.

    :param request: A request with `input`.
    :returns: One vector for each input.
    """
    body = request.body
    given = body.get("input") or []
    inputs = [given] if isinstance(given, str) else given
    texts = [text if isinstance(text, str) else json.dumps(text) for text in inputs]
    size = body.get("dimensions") or 64
    data = [{"object": "embedding", "index": i, "embedding": _vector(text, size)} for i, text in enumerate(texts)]
    tokens = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens, "cost": dollars(tokens)}
    model = str(body.get("model") or "stand-in/search")
    headers = {"x-generation-id": f"gen-emb-standin-{request.number}"}
    return Answer.json({"object": "list", "data": data, "model": model, "usage": usage}, headers=headers)


def _vector(text: str, size: int) -> list[float]:
    vector = [0.0] * size
    for word in words_of(text) or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        vector[int.from_bytes(digest[:4]) % size] += 1.0 if digest[4] % 2 else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
