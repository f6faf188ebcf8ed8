# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""What the stand-in answers to embedding and rerank requests: hashed bags of words."""

import hashlib
import json
import math
import re
from typing import Any

Json = dict[str, Any]

DOLLARS_PER_TOKEN = 1e-6
STOP_WORDS = frozenset(
    "a an and are as at be by can do does for from get how i in is it me my of on or that the this to was what when "
    "where which who will with you your".split()
)


def embed(request: Json) -> Json:
    """
    Embed texts as hashed bags of words, so that texts with common words lie close together.

    :param request: The decoded request body.
    :returns: The reply of `/embeddings`.
    """
    given = request.get("input") or []
    texts = [
        text if isinstance(text, str) else json.dumps(text) for text in ([given] if isinstance(given, str) else given)
    ]
    size = request.get("dimensions") or 64
    data = [{"object": "embedding", "index": i, "embedding": _vector(text, size)} for i, text in enumerate(texts)]
    tokens = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens, "cost": _dollars(tokens)}
    return {"object": "list", "data": data, "model": _model(request), "usage": usage}


def rerank(request: Json, number: int) -> Json:
    """
    Rank documents by the share of the query's words that they hold.

    :param request: The decoded request body.
    :param number: Makes the id of the reply unique.
    :returns: The reply of `/rerank`.
    """
    query = set(words_of(request.get("query") or ""))
    given = request.get("documents") or []
    texts = [text if isinstance(text, str) else text.get("text") or "" for text in given]
    scores = [_overlap(query, set(words_of(text))) for text in texts]
    best = sorted(range(len(texts)), key=lambda i: -scores[i])[: request.get("top_n")]
    tokens = sum(len(text.split()) for text in texts)
    return {
        "id": f"gen-standin-{number}",
        "provider": "Stand-in",
        "model": _model(request),
        "results": [{"index": i, "relevance_score": scores[i], "document": {"text": texts[i]}} for i in best],
        "usage": {"cost": _dollars(tokens), "search_units": 1, "total_tokens": tokens},
    }


def words_of(text: str) -> list[str]:
    """
    Cut a text into the words that carry its meaning: lower case, no stop words, no plural "s".

    :param text: Any text.
    :returns: The words, in order.
    """
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words if word not in STOP_WORDS]


def _vector(text: str, size: int) -> list[float]:
    vector = [0.0] * size
    for word in words_of(text) or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        vector[int.from_bytes(digest[:4]) % size] += 1.0 if digest[4] % 2 else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


def _overlap(query: set[str], document: set[str]) -> float:
    return len(query & document) / len(query) if query else 0.0


def _model(request: Json) -> str:
    return str(request.get("model") or "stand-in/search")


def _dollars(tokens: int) -> float:
    return round(tokens * DOLLARS_PER_TOKEN, 9)
