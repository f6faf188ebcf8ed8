# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests and answers of the embeddings endpoint, as plain data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import fsum
from typing import Any

from haystack import logging

from haystack_integrations.common.openrouter.errors.remedies import COMMON_REMEDIES, Remedies
from haystack_integrations.common.openrouter.responses import is_number, response_meta, unusable_response

logger = logging.getLogger(__name__)

EMBEDDING_REMEDIES: Remedies = {
    **COMMON_REMEDIES,
    400: "Check that the texts are neither empty nor too long for the model, and the names in `extra_parameters`",
    404: "Check that `{model}` at https://openrouter.ai/models?output_modalities=embeddings is an embedding model, and "
    "loosen `provider` in `extra_parameters`{names}",
    413: "Send fewer or shorter texts at once: lower `batch_size`",
}
"""What to do about the failures of the embeddings endpoint."""

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


def read_answer(
    answer: Any, count: int, *, model: str, dimensions: int | None = None
) -> tuple[list[list[float]], dict[str, Any]]:
    """
    Read what `client.embeddings.create` returned. Embeddings of another length than asked for are warned of.

    :param answer: An `openai.types.CreateEmbeddingResponse`, or the same as a dictionary.
    :param count: How many texts were sent.
    :param model: The model that was asked for.
    :param dimensions: The length that was asked for.
    :returns: The embeddings in the order of the texts, and everything else that was sent.
    :raises openai.APIError: If there is not exactly one embedding for each text, all of one length. Its `body` is the
        answer.
    """
    body = answer.to_dict(warnings=False) if hasattr(answer, "to_dict") else answer
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        msg = "The answer holds no embeddings. Check that `model` is an embedding model"
        raise unusable_response(msg, body)
    try:
        embeddings = _in_order(data, count)
    except ValueError as error:
        raise unusable_response(str(error), body) from None
    if dimensions is not None and len(embeddings[0]) != dimensions:
        msg = (
            "`dimensions` is {asked}, and {model} made embeddings of length {length}: it, or its provider, does not "
            "know this parameter. Leave it out, or choose another model or `provider`."
        )
        logger.warning(msg, asked=dimensions, model=model, length=len(embeddings[0]))
    return embeddings, response_meta(body, model, ("data", "object"))


class Outcome:
    """
    What became of one request for embeddings.

    :param size: How many texts were sent.
    """

    def __init__(self, size: int) -> None:
        self.embeddings: list[list[float]] | list[None] = [None] * size
        """An embedding for each text, or None for each if the request failed."""
        self.meta: dict[str, Any] | None = None
        """What came beside the embeddings, if they came."""
        self.usage: dict[str, Any] = {}
        """What was billed. An answer that can't be used may cost something too."""

    def take(self, answer: Any, model: str, dimensions: int | None) -> None:
        """
        Take an answer.

        :param answer: What `client.embeddings.create` returned.
        :param model: The model that was asked for.
        :param dimensions: The length that was asked for.
        :raises openai.APIError: As `read_answer` does.
        """
        self.embeddings, self.meta = read_answer(answer, len(self.embeddings), model=model, dimensions=dimensions)
        self.usage = self.meta["usage"]

    def take_failure(self, error: Exception) -> None:
        """
        Take what an unusable answer cost.

        :param error: What went wrong.
        """
        body = getattr(error, "body", None)
        usage = body.get("usage") if isinstance(body, dict) else None
        self.usage = usage if isinstance(usage, dict) else {}


def merged_meta(outcomes: Iterable[Outcome], model: str) -> dict[str, Any]:
    """
    Merge what came beside the embeddings of several requests.

    :param outcomes: What became of the requests.
    :param model: The model that was asked for.
    :returns: A new dictionary: the first `model`, the summed `usage`, and other fields on which all answers agree.
    """
    given = list(outcomes)
    first, *others = [outcome.meta for outcome in given if outcome.meta] or [{}]
    agreed = {name: value for name, value in first.items() if all(meta.get(name) == value for meta in others)}
    usage = summed_usage(outcome.usage for outcome in given)
    return {**agreed, "model": first.get("model", model), "usage": usage}


def summed_usage(usages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Add up what several requests used.

    :param usages: The `usage` of each answer: tokens, `cost` in USD, and more, nested or not.
    :returns: A new dictionary. Numbers are sums, a truth is true if it is once; of anything else the first value stays.
        Where some requests were billed by a provider (BYOK), only their `upstream_inference_cost` is counted.
    """
    given = list(usages)
    billed = [bool(usage.get("is_byok")) for usage in given]
    if any(billed):
        given = [usage if own else _without_upstream_cost(usage) for usage, own in zip(given, billed, strict=True)]
    names = dict.fromkeys(name for usage in given for name in usage)
    return {name: _total([usage[name] for usage in given if usage.get(name) is not None]) for name in names}


def _in_order(data: list[Any], count: int) -> list[list[float]]:
    """
    Sort by `index`, which need not be the position. An entry without one is at its position.

    :raises ValueError: If there is not exactly one embedding for each text, all of one length.
    """
    by_index: dict[Any, list[float]] = {}
    for position, entry in enumerate(data):
        index = entry.get("index") if isinstance(entry, dict) else None
        index = position if index is None else index
        if not isinstance(index, int) or not 0 <= index < count or index in by_index:
            msg = f"The answer's embedding number {position} has index {index!r}, which is taken or no text's"
            raise ValueError(f"{msg}: {count} texts were sent and {len(data)} embeddings came")
        by_index[index] = _vector(entry, index)
    if len(by_index) < count:
        msg = f"The answer has {len(by_index)} embeddings for {count} texts. Try fewer texts at once or another model"
        raise ValueError(msg)
    if len(lengths := {len(vector) for vector in by_index.values()}) > 1:
        msg = f"The answer has embeddings of different lengths: {sorted(lengths)}"
        raise ValueError(msg)
    return [by_index[index] for index in range(count)]


def _vector(entry: Any, index: int) -> list[float]:
    vector = entry.get("embedding") if isinstance(entry, dict) else None
    if isinstance(vector, list) and vector and all(map(is_number, vector)):
        return list(map(float, vector))
    msg = f"The embedding with index {index} is no list of numbers"
    raise ValueError(msg)


def _without_upstream_cost(usage: Mapping[str, Any]) -> dict[str, Any]:
    details = usage.get("cost_details")
    if not isinstance(details, Mapping):
        return dict(usage)
    return {**usage, "cost_details": {k: v for k, v in details.items() if k != "upstream_inference_cost"}}


def _total(values: list[Any]) -> Any:
    if values and all(isinstance(value, Mapping) for value in values):
        return summed_usage(values)
    if values and all(isinstance(value, bool) for value in values):
        return any(values)
    if values and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return fsum(values) if any(isinstance(value, float) for value in values) else sum(values)
    return values[0] if values else None
