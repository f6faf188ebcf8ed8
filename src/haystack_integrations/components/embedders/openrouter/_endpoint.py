# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests and responses of the embeddings endpoint, as plain data.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from haystack import logging
from pydantic_core import SchemaValidator
from pydantic_core.core_schema import float_schema, list_schema, typed_dict_field, typed_dict_schema

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._transport.run import last_headers
from haystack_integrations.common.openrouter._transport.tracing import is_watched
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import mapping
from haystack_integrations.common.openrouter._wire.responses import (
    body_of_model,
    decoded_body,
    response_meta,
    unusable_response,
)
from haystack_integrations.common.openrouter.errors._advice import COMMON_ADVICE

logger = logging.getLogger(__name__)

# Booleans are not numbers, and integers become floats.
_NUMBER = float_schema(strict=True, allow_inf_nan=False)
_VECTOR = list_schema(_NUMBER, strict=True, min_length=1, fail_fast=True)
_ENTRY = typed_dict_schema({"embedding": typed_dict_field(_VECTOR)}, extra_behavior="allow")
_ENTRIES = list_schema(_ENTRY, fail_fast=True)
_BODY = typed_dict_schema({"data": typed_dict_field(_ENTRIES)}, extra_behavior="allow")

# What is limited, and to which number. Other numbers, of tokens or characters, are about a single text.
_INPUTS = re.compile(r"\b(batch|inputs|texts|requests|documents|images|items|array)\b")
_MOST = re.compile(
    r"(?:at most|no more than|(?:larg|great)er than|max(?:imum)?\b|limit)\D{0,30}?(\d{1,5})\b"
    r"(?!\s?(?:token|char|byte|[km]i?b))"
)

_vector_validator = SchemaValidator(_VECTOR)
_body_validator = SchemaValidator(_BODY)


class CheckedBody(dict[str, Any]):
    """
    A body of the embeddings endpoint in which each `embedding` is a list of finite floats.
    """


def decode_vectors(data: bytes) -> CheckedBody:
    """
    Decode a body of the embeddings endpoint, and check its vectors number by number at the speed of the JSON parser.

    A loop in Python would take ten times longer, and a check after the decoding a quarter of its time again.

    :raises ValueError: If it is not the body of a good response, or no JSON that Python's strings can hold.
    """
    return CheckedBody(_body_validator.validate_json(data))


_BAD_REQUEST = (
    "Check that no text is empty or too long for the model, and check the names in `extra_parameters`. If you set "
    "`dimensions`, check that the model supports this length"
)

EMBEDDINGS = Endpoint(
    "/embeddings",
    what="embeddings",
    decode=decode_vectors,
    operation="embeddings",
    advice={
        **COMMON_ADVICE,
        "no result": "Check that `{model}` is an embedding model, or try again",
        400: _BAD_REQUEST,
        404: "Check that `{model}` at https://openrouter.ai/models?output_modalities=embeddings is an embedding model, "
        "and relax `provider` in `extra_parameters`{names}",
        413: "Send fewer or shorter texts at once: lower `batch_size` or `max_batch_bytes`",
        422: _BAD_REQUEST,
    },
    own_fields={
        "model": "Pass `model` to the component.",
        "input": "The component fills it with what it is run with.",
        "encoding_format": "It is always 'float': with the openai SDK's base64 some providers return nothing.",
    },
)

IMAGE_EMBEDDINGS = replace(
    EMBEDDINGS,
    advice={
        **EMBEDDINGS.advice,
        **dict.fromkeys(
            (400, 422),
            'Check that `{model}` takes images: `OpenRouterModels().list(output_modalities="embeddings", '
            'input_modalities="image")` lists the models that do. Also check the size of the images, and the names in '
            "`extra_parameters`. If you set `dimensions`, check that the model supports this length",
        ),
        404: "Check that `{model}` is an embedding model that takes images: "
        '`OpenRouterModels().list(output_modalities="embeddings", input_modalities="image")` lists the models that '
        "do. Or relax `provider` in `extra_parameters`{names}",
        413: "Send less at once: lower `image_size`, `max_batch_bytes` or `batch_size`",
    },
)
"""The same endpoint, with advice for those who send images."""


def request_embeddings(client: Any, arguments: dict[str, Any]) -> Any:
    """
    Call `client.embeddings.create`, past the SDK's models and its walk through the texts, unless a tool watches.

    The walk takes longer than to encode and to send the texts, and the models 97 % of the CPU time of a response. Tools
    that watch look for both where the SDK has them.

    :returns: The SDK's response, awaitable from an asynchronous client, for `body_and_headers`.
    """
    create = client.embeddings.create
    if is_watched(client, create):
        return create(**arguments)
    extra = {**arguments.get("extra_body", {}), "input": arguments["input"]}
    return client.embeddings.with_raw_response.create(**{**arguments, "input": [], "extra_body": extra})


def body_and_headers(sent: Any, client: Any, arguments: dict[str, Any]) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Take body and headers out of what `request_embeddings` returned, or raise an `openai.APIError`."""
    response = getattr(sent, "http_response", None)
    headers = last_headers() if response is None else response.headers
    body = body_of_model(sent) if response is None else decoded_body(response, decode_vectors)
    EMBEDDINGS.check(body, response, client, arguments)
    return body, headers


def image_input(url: str, text: str) -> dict[str, Any]:
    """Make the input for an image as a data URL, or for an image and a text that share one embedding."""
    image = {"type": "image_url", "image_url": {"url": url}}
    return {"content": [image, {"type": "text", "text": text}] if text else [image]}


def is_blank(one: str | dict[str, Any]) -> bool:
    """Whether an input is a text without any words."""
    return isinstance(one, str) and not one.strip()


def input_size(one: str | dict[str, Any]) -> int:
    """Estimate how many bytes a text or an `image_input` takes in a request."""
    if isinstance(one, str):
        return len(one) if one.isascii() else len(one.encode(errors="surrogatepass"))
    return sum(
        100 + (input_size(part["text"]) if "text" in part else len(part["image_url"]["url"])) for part in one["content"]
    )


def most_inputs(said: str, count: int) -> int | None:
    """
    Find in the text of a refusal, in lower case, how many inputs a request may have, if there were too many.

    :param said: The text. Shapes of providers: "batch size is invalid, it should not be larger than 10" (Alibaba),
        "at most 100 requests can be in one batch" (Google), "total number of texts must be at most 96 - received 131"
        (Cohere), "input batch size 136 > maximum allowed batch size 64" (text-embeddings-inference).
    :param count: How many were sent.
    """
    if not _INPUTS.search(said):
        return None
    found = (int(number) for number in _MOST.findall(said))
    return next((number for number in found if 0 < number < count), None)


def read_response(
    body: dict[str, Any], headers: Mapping[str, str], count: int, *, model: str, dimensions: int | None
) -> tuple[list[list[float]], dict[str, Any]]:
    """Read the embeddings in the order of the inputs, and everything else. Log a warning about an unasked length."""
    try:
        embeddings = _in_order(body["data"], count, checked=isinstance(body, CheckedBody))
    except ValueError as error:
        raise unusable_response(str(error), body) from None
    if dimensions is not None and len(embeddings[0]) != dimensions:
        msg = (
            "`dimensions` is {asked}, but {model} returned embeddings of length {length}: the model or its provider "
            "does not support this parameter. Leave it out, or choose another model or `provider`."
        )
        logger.warning(msg, asked=dimensions, model=model, length=len(embeddings[0]))
    return embeddings, response_meta(body, model, EMBEDDINGS.payload, headers)


def _in_order(data: list[Any], count: int, *, checked: bool) -> list[list[float]]:
    """Sort by `index`, which need not be the position. An entry without one is at its position."""
    by_index: dict[int, list[float]] = {}
    for position, entry in enumerate(data):
        index = mapping(entry).get("index")
        index = position if index is None else index
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count or index in by_index:
            odd = checks.shown(index)
            msg = f"The embedding at position {position} of the response has a repeated or invalid index {odd}"
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
    try:
        return cast(list[float], _vector_validator.validate_python(mapping(entry).get("embedding")))
    except ValueError:
        msg = f"The embedding with index {index} is not a list of finite numbers"
        raise ValueError(msg) from None
