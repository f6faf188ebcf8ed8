# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests and responses of the embeddings endpoint, as plain data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haystack import logging

from haystack_integrations.common.openrouter._wire.json_values import sendable_json
from haystack_integrations.common.openrouter._wire.responses import response_meta, unusable_response
from haystack_integrations.common.openrouter._wire.text import sendable
from haystack_integrations.common.openrouter._wire.vectors import CheckedBody, checked_vector
from haystack_integrations.common.openrouter.errors._advice import COMMON_REMEDIES, Remedies

logger = logging.getLogger(__name__)

EMBEDDING_REMEDIES: Remedies = {
    **COMMON_REMEDIES,
    400: "Check that no text is empty or too long for the model, and check the names in `extra_parameters`",
    404: "Check that `{model}` at https://openrouter.ai/models?output_modalities=embeddings is an embedding model, and "
    "relax `provider` in `extra_parameters`{names}",
    413: "Send fewer or shorter texts at once: lower `batch_size`",
}
"""What to do about the failures of the embeddings endpoint."""

IMAGE_EMBEDDING_REMEDIES: Remedies = {
    **EMBEDDING_REMEDIES,
    400: 'Check that `{model}` takes images: `OpenRouterModels().list(output_modalities="embeddings", '
    'input_modalities="image")` lists the models that do. Also check the size of the images, and the names in '
    "`extra_parameters`",
    404: "Check that `{model}` is an embedding model that takes images: "
    '`OpenRouterModels().list(output_modalities="embeddings", input_modalities="image")` lists the models that do. Or '
    "relax `provider` in `extra_parameters`{names}",
    413: "Send less at once: lower `image_size`, `max_batch_bytes` or `batch_size`",
}
"""What to do about the failures of the embeddings endpoint when images are sent."""

OWN_PARAMETERS = {
    "model": "Pass `model` to the component.",
    "input": "The component fills it with what it is run with.",
    "encoding_format": "It is always 'float': with the openai SDK's base64 some providers return nothing.",
}
"""What the component sends itself, and what to do instead of giving it in `extra_parameters`."""


def image_input(url: str, text: str) -> dict[str, Any]:
    """
    Make the input for an image, or for an image and a text that share one embedding.

    :param url: The image as a data URL.
    :param text: The text, "" if there is none.
    :returns: The input in wire format.
    """
    image = {"type": "image_url", "image_url": {"url": url}}
    return {"content": [image, {"type": "text", "text": sendable(text)}] if text else [image]}


def input_size(one: str | dict[str, Any]) -> int:
    """
    Estimate how many bytes an input takes in a request.

    :param one: A text, or what `image_input` returned.
    :returns: The number of characters, and a few for the JSON around them.
    """
    if isinstance(one, str):
        return len(one)
    return sum(100 + len(part["text"] if "text" in part else part["image_url"]["url"]) for part in one["content"])


def request_arguments(
    inputs: str | list[str] | list[dict[str, Any]],
    *,
    model: str,
    dimensions: int | None,
    extra_parameters: Mapping[str, Any] | None,
    extra_headers: Mapping[str, Any],
) -> dict[str, Any]:
    """
    Make the arguments of `client.embeddings.create`.

    :param inputs: The text or texts to embed, or what `image_input` returned.
    :param model: The name of the model.
    :param dimensions: The length of the embeddings; None leaves it to the model.
    :param extra_parameters: Parameters that are added to the request unchanged.
    :param extra_headers: HTTP headers.
    :returns: Keyword arguments.
    """
    # in the SDK's default format, base64, some providers return nothing (langchain#35252)
    arguments: dict[str, Any] = {"model": model, "input": inputs, "encoding_format": "float"}
    if dimensions is not None:
        arguments["dimensions"] = dimensions
    if extra_parameters:
        arguments["extra_body"] = sendable_json(dict(extra_parameters))
    if extra_headers:
        arguments["extra_headers"] = dict(extra_headers)
    return arguments


def read_response(
    body: Any, count: int, *, model: str, dimensions: int | None
) -> tuple[list[list[float]], dict[str, Any]]:
    """
    Read the body of a response. If their length is not the requested one, a warning is logged.

    :param body: The decoded body.
    :param count: How many inputs were sent.
    :param model: The requested model.
    :param dimensions: The requested length.
    :returns: The embeddings in the order of the inputs, and everything else that was sent.
    :raises openai.APIError: Unless there is exactly one embedding for each input, all of one length. Its `body` is the
        given one.
    """
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        msg = "The response has no embeddings. Check that `model` is an embedding model"
        raise unusable_response(msg, body)
    try:
        embeddings = _in_order(data, count, checked=isinstance(body, CheckedBody))
    except ValueError as error:
        raise unusable_response(str(error), body) from None
    if dimensions is not None and len(embeddings[0]) != dimensions:
        msg = (
            "`dimensions` is {asked}, but {model} returned embeddings of length {length}: the model or its provider "
            "does not support this parameter. Leave it out, or choose another model or `provider`."
        )
        logger.warning(msg, asked=dimensions, model=model, length=len(embeddings[0]))
    return embeddings, response_meta(body, model, ("data", "object"))


def _in_order(data: list[Any], count: int, *, checked: bool) -> list[list[float]]:
    """
    Sort by `index`, which need not be the position. An entry without one is at its position.

    :raises ValueError: Unless there is exactly one embedding for each input, all of one length.
    """
    by_index: dict[int, list[float]] = {}
    for position, entry in enumerate(data):
        index = entry.get("index") if isinstance(entry, dict) else None
        index = position if index is None else index
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count or index in by_index:
            msg = f"The embedding at position {position} of the response has a repeated or invalid index {index!r}"
            raise ValueError(f"{msg}: {count} inputs were sent, and {len(data)} embeddings came back")
        by_index[index] = entry["embedding"] if checked else _vector(entry, index)
    if len(by_index) < count:
        msg = f"The response has {len(by_index)} embeddings for {count} inputs. Try a smaller batch or another model"
        raise ValueError(msg)
    if len(lengths := {len(vector) for vector in by_index.values()}) > 1:
        msg = f"The response has embeddings of different lengths: {sorted(lengths)}"
        raise ValueError(msg)
    return [by_index[index] for index in range(count)]


def _vector(entry: Any, index: int) -> list[float]:
    vector = entry.get("embedding") if isinstance(entry, dict) else None
    try:
        return checked_vector(vector)
    except ValueError:
        msg = f"The embedding with index {index} is not a list of finite numbers"
        raise ValueError(msg) from None
