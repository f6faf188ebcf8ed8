# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/rerank`: documents are ranked by the share of the query's words that they contain, as text or in an image."""

from typing import Any

from stand_in.answer import Answer
from stand_in.costs import dollars
from stand_in.request import Json, Request
from stand_in.sight import words_seen
from stand_in.words import words_of


def rerank(request: Request) -> Answer:
    """
    Rank documents.

    :param request: A request with `query` and `documents`.
    :returns: The best documents first, with scores from 0 to 1.
    """
    body = request.body
    query = set(words_of(body.get("query") or ""))
    documents = [_document(given) for given in body.get("documents") or []]
    texts = [_words(document) for document in documents]
    scores = [_overlap(query, set(words_of(text))) for text in texts]
    best = sorted(range(len(texts)), key=lambda i: -scores[i])[: body.get("top_n")]
    tokens = sum(len(text.split()) for text in texts)
    reply = {
        "id": f"gen-standin-{request.number}",
        "provider": "Stand-in",
        "model": str(body.get("model") or "stand-in/search"),
        "results": [{"index": i, "relevance_score": scores[i], "document": documents[i]} for i in best],
        "usage": {"cost": dollars(tokens), "search_units": 1, "total_tokens": tokens},
    }
    return Answer.json(reply, headers={"x-generation-id": str(reply["id"])})


def _document(given: Any) -> Json:
    return {"text": given} if isinstance(given, str) else given


def _words(document: Json) -> str:
    seen = words_seen(document["image"]) if document.get("image") else ""
    return f"{document.get('text') or ''} {seen}"


def _overlap(query: set[str], document: set[str]) -> float:
    return len(query & document) / len(query) if query else 0.0
