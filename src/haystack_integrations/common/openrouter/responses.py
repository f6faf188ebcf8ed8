# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Bodies of good responses: decoded, unwrapped and checked.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, TypeGuard

import openai
from pydantic_core import from_json

from haystack_integrations.common.openrouter.plain_json import plain_json


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


def response_meta(body: dict[str, Any], model: str, payload: tuple[str, ...]) -> dict[str, Any]:
    """
    Take everything from a response body that is not its payload.

    :param body: The decoded body.
    :param model: The model that was asked for, in case the body names none.
    :param payload: Names of the fields that are left out. Those that are null are left out too.
    :returns: A new dictionary; `model` and `usage` are always in it.
    """
    sent = {name: value for name, value in body.items() if name not in payload and value is not None}
    try:
        sent = plain_json(sent)
    except ValueError:
        msg = "The response is nested too deep"
        raise unusable_response(msg, body) from None
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


def unusable_response(message: str, body: object = None) -> openai.APIError:
    """
    Build the error for a response that has a good status and can't be used.

    :param message: What is wrong with it.
    :param body: The decoded body, which may name the provider, the generation and its cost.
    :returns: The error.
    """
    request: Any = None
    fields = body if isinstance(body, dict) else {}
    told = {"Provider": fields.get("provider"), "Generation id": fields.get("id")}
    parts = [message, *(f"{name}: {value}" for name, value in told.items() if isinstance(value, str))]
    return openai.APIError(". ".join(parts), request=request, body=body)
