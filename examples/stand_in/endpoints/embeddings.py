# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/embeddings`: hashed bags of words, so that texts and images with common words lie close together."""

import hashlib
import math
from typing import Any

from stand_in.answer import Answer
from stand_in.catalogue import MODELS
from stand_in.costs import dollars
from stand_in.faults import error_by_name
from stand_in.request import Json, Request
from stand_in.sight import words_of_parts
from stand_in.words import words_of

TOKENS_PER_IMAGE = 258
BLIND = {model["id"] for model in MODELS if "image" not in model["architecture"]["input_modalities"]}


def embed(request: Request) -> Answer:
    """
    Embed one input or several. An input is a string, or an object with content parts, which share one vector.

    :param request: A request with `input`.
    :returns: One vector for each input.
    """
    body = request.body
    given = body.get("input") or []
    inputs = [_words(one) for one in ([given] if isinstance(given, str) else given)]
    model = str(body.get("model") or "stand-in/search")
    if model in BLIND and any(images for _, images in inputs):
        return Answer.error(400, f"Stand-in: {model} does not take images")
    if failure := error_by_name(model):
        return failure
    size = body.get("dimensions") or 64
    vectors = [_vector(f"{text} {images}", size) for text, images in inputs]
    data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
    headers = {"x-generation-id": f"gen-emb-standin-{request.number}"}
    return Answer.json({"object": "list", "data": data, "model": model, "usage": _usage(inputs)}, headers=headers)


def _words(given: Any) -> tuple[str, str]:
    return words_of_parts(given["content"]) if isinstance(given, dict) else (str(given), "")


def _usage(inputs: list[tuple[str, str]]) -> Json:
    text = sum(len(words.split()) for words, _ in inputs)
    image = TOKENS_PER_IMAGE * sum(bool(words) for _, words in inputs)
    usage = {"prompt_tokens": text + image, "total_tokens": text + image, "cost": dollars(text + image)}
    fused = any(all(words) for words in inputs)
    return {**usage, "prompt_tokens_details": {"text_tokens": text, "image_tokens": image}} if fused else usage


def _vector(text: str, size: int) -> list[float]:
    vector = [0.0] * size
    for word in words_of(text) or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        vector[int.from_bytes(digest[:4]) % size] += 1.0 if digest[4] % 2 else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
