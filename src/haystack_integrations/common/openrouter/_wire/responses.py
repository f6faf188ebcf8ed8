# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Bodies of good responses: decoded, unwrapped and checked.
"""

from __future__ import annotations

import json
from contextlib import suppress
from math import isfinite
from typing import Any, TypeGuard, cast

import openai
from pydantic_core import from_json

from haystack_integrations.common.openrouter._transport.response_headers import (
    header_fields,
    last_header_fields,
    with_header_fields,
)
from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.common.openrouter._wire.vectors import decode_vectors

# Where a response keeps its decoded body.
_DECODED = "openrouter_decoded_body"


def decode_json(data: str | bytes) -> Any:
    """
    Decode JSON fast, and JSON that only Python's own decoder accepts (half a surrogate pair) slowly.

    :param data: The JSON text.
    :returns: The decoded value.
    :raises ValueError: If it is not JSON, or is nested too deep.
    """
    try:
        return from_json(data)
    except (ValueError, TypeError):  # a string with half a surrogate pair is a TypeError
        try:
            return plain_json(json.loads(data))
        except RecursionError as error:
            msg = "JSON nested too deep"
            raise ValueError(msg) from error


def decoded_body(response: Any) -> Any:
    """
    Decode the body of an HTTP response, or return what an earlier call decoded: vectors take long to decode.

    :param response: An `httpx` or `httpx2` response whose body was read.
    :returns: The decoded value, None if the body is not JSON. A `CheckedBody`, if it has good vectors.
    """
    if _DECODED not in response.extensions:
        response.extensions[_DECODED] = _decode(response)
    return response.extensions[_DECODED]


def _decode(response: Any) -> Any:
    if response.request.url.path.endswith("/embeddings"):
        with suppress(ValueError):
            return decode_vectors(response.content)
    with suppress(ValueError):
        return decode_json(response.content)
    return None


def completion_of(body: dict[str, Any]) -> dict[str, Any]:
    """
    Unwrap a completion that OpenRouter nested under `provider`, with null in its place (pydantic-ai#3994).

    :param body: A decoded response body.
    :returns: The completion in it, or `body` itself.
    """
    nested = body.get("provider")
    if isinstance(nested, dict) and not body.get("choices") and nested.get("choices"):
        return nested
    return body


def has_messages(completion: dict[str, Any]) -> bool:
    """
    Whether a completion has at least one choice, and a message in each.

    :param completion: A decoded completion.
    :returns: Whether replies can be made of it.
    """
    choices = completion.get("choices")
    if not isinstance(choices, list) or not choices:
        return False
    return all(isinstance(choice, dict) and isinstance(choice.get("message"), dict) for choice in choices)


def response_meta(body: dict[str, Any], model: str, payload: tuple[str, ...], response: Any = None) -> dict[str, Any]:
    """
    Take everything from a response body that is not its payload.

    :param body: The decoded body.
    :param model: The requested model, used if the body names none.
    :param payload: Names of the fields that are left out. Those that are null are left out too.
    :param response: The HTTP response, if its endpoint sends the `id` of the generation only in the headers. None means
        the last response of this run.
    :returns: A new dictionary; `model` and `usage` are always in it, and so is `id` where a response is given.
    """
    sent = {name: value for name, value in body.items() if name not in payload and value is not None}
    try:
        sent = plain_json(sent)
    except ValueError:
        msg = "The response is nested too deep"
        raise unusable_response(msg, body) from None
    fields = last_header_fields() if response is None else {"id": None, **header_fields(response.headers)}
    sent = with_header_fields(sent, fields)
    usage = sent.pop("usage", None)
    return {"model": model, **sent, "usage": usage if isinstance(usage, dict) else {}}


def is_number(value: object) -> TypeGuard[int | float]:
    """
    Whether a value is a finite number that a float can hold.

    :param value: The value, of any type.
    :returns: Whether it is. True and False are not numbers.
    """
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    except OverflowError:
        return False


def unusable_response(message: str, body: object, response: Any = None) -> openai.APIError:
    """
    Build the error for a response that has a good status and can't be used.

    :param message: What is wrong with it.
    :param body: The decoded body, which may name the provider, the generation and its cost.
    :param response: The HTTP response, if it is at hand: its headers may name the generation, and nothing of its
        request is shown.
    :returns: The error.
    """
    fields = body if isinstance(body, dict) else {}
    provider, found = fields.get("provider"), fields.get("id")
    text = f"{message}. Provider: {provider}" if isinstance(provider, str) else message
    request: Any = None if response is None else response.request
    error = openai.APIError(text, request=request, body=body)
    found = found if isinstance(found, str) else None
    in_headers = {} if response is None else header_fields(response.headers)
    error.generation_id = in_headers.get("id") or found  # type: ignore[attr-defined]
    return error


def json_object(response: Any) -> dict[str, Any]:
    """
    Decode the body of a response. NaN and infinity, which JSON does not have, become None.

    :param response: An HTTP response whose body was read.
    :returns: The JSON object in it.
    :raises openai.APIError: If it is something else, or nested too deep.
    """
    body = decoded_body(response)
    if not isinstance(body, dict):
        msg = "The response is not a JSON object"
        raise unusable_response(msg, body, response)
    try:
        return cast(dict[str, Any], plain_json(body))
    except ValueError:
        msg = "The response is nested too deep"
        raise unusable_response(msg, None, response) from None
