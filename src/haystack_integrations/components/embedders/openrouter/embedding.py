# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests and answers of the embeddings endpoint, as plain data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import fsum, isfinite
from typing import Any

from haystack_integrations.common.openrouter.retrieval import answer_meta, unusable_answer

OWN_PARAMETERS = {
    "model": "Pass `model` to the component.",
    "input": "The component fills it with the texts that it is run with.",
    "encoding_format": "It is always 'float': with the openai SDK's base64 some providers return nothing.",
}
"""What the component sends itself, and what to do instead of giving it in `extra_parameters`."""


def request_arguments(
    texts: str | list[str],
    *,
    model: str,
    dimensions: int | None,
    extra_parameters: Mapping[str, Any] | None,
    extra_headers: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """
    Make the arguments of `client.embeddings.create`.

    :param texts: The text or texts to embed.
    :param model: The name of the model.
    :param dimensions: The length of the embeddings; None leaves it to the model.
    :param extra_parameters: Parameters that are sent as given.
    :param extra_headers: HTTP headers.
    :returns: Keyword arguments.
    """
    # in the SDK's default format, base64, some providers return nothing (langchain#35252)
    arguments: dict[str, Any] = {"model": model, "input": texts, "encoding_format": "float"}
    if dimensions is not None:
        arguments["dimensions"] = dimensions
    if extra_parameters:
        arguments["extra_body"] = dict(extra_parameters)
    if extra_headers:
        arguments["extra_headers"] = dict(extra_headers)
    return arguments


def read_answer(answer: Any, count: int, model: str) -> tuple[list[list[float]], dict[str, Any]]:
    """
    Read what `client.embeddings.create` returned.

    :param answer: An `openai.types.CreateEmbeddingResponse`, or the same as a dictionary.
    :param count: How many texts were sent.
    :param model: The model that was asked for.
    :returns: The embeddings in the order of the texts, and everything else that was sent.
    :raises openai.APIError: If there is not exactly one embedding for each text.
    """
    body = answer.to_dict(warnings=False) if hasattr(answer, "to_dict") else answer
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        msg = "The answer holds no embeddings. Check that `model` is an embedding model"
        raise unusable_answer(msg, body)
    return _in_order(data, count), answer_meta(body, model, ("data", "object"))


def summed_usage(usages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Add up what several requests used.

    :param usages: The `usage` of each answer: tokens, `cost` in USD, and more, nested or not.
    :returns: A new dictionary. Numbers are sums; of anything else the first value stays.
    """
    given = list(usages)
    names = dict.fromkeys(name for usage in given for name in usage)
    return {name: _total([usage[name] for usage in given if usage.get(name) is not None]) for name in names}


def _in_order(data: list[Any], count: int) -> list[list[float]]:
    """
    Sort by `index`, which need not be the position. An entry without one is at its position.
    """
    by_index: dict[Any, list[float]] = {}
    for position, entry in enumerate(data):
        index = entry.get("index") if isinstance(entry, dict) else None
        index = position if index is None else index
        if not isinstance(index, int) or not 0 <= index < count or index in by_index:
            msg = f"The answer's embedding number {position} has index {index!r}, which is taken or no text's"
            raise unusable_answer(f"{msg}: {count} texts were sent and {len(data)} embeddings came")
        by_index[index] = _vector(entry, index)
    if len(by_index) < count:
        msg = f"The answer has {len(by_index)} embeddings for {count} texts. Try a smaller batch or another model"
        raise unusable_answer(msg)
    return [by_index[index] for index in range(count)]


def _vector(entry: Any, index: int) -> list[float]:
    vector = entry.get("embedding") if isinstance(entry, dict) else None
    try:
        if isinstance(vector, list) and vector and all(map(isfinite, vector)):
            return list(map(float, vector))
    except (TypeError, OverflowError):
        pass
    msg = f"The embedding with index {index} is no list of numbers"
    raise unusable_answer(msg)


def _total(values: list[Any]) -> Any:
    if values and all(isinstance(value, Mapping) for value in values):
        return summed_usage(values)
    if values and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return fsum(values) if any(isinstance(value, float) for value in values) else sum(values)
    return values[0] if values else None
