# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Responses as plain data: bodies are decoded once, and joined with what only the headers say.

Source of the headers: https://openrouter.ai/docs/guides/features/response-caching.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import openai
from pydantic_core import from_json

from haystack_integrations.common.openrouter._wire.json_values import check_depth, mapping, plain_json, sendable

# Where a response keeps its decoded body.
_DECODED = "openrouter_decoded_body"
_LARGE = 1_000_000
# From so many characters on, samples tell how long values are.
_LONG, _SAMPLES, _SAMPLE = 10_000, 50, 50
# Every digit is a 0, the sign of an exponent too (so "e+99" may be large), and every exponent an e.
_DIGITS = bytes.maketrans(b"123456789E+", b"000000000e0")
_MANY_DIGITS = b"0" * 300
# More choices than a request can ask for.
_MOST_CHOICES = 1000
_MOST_DIGITS = 15


def decode_json(data: str | bytes, *, strict: bool = True) -> Any:
    """
    Decode JSON fast, and JSON that only Python's own decoder accepts (half a surrogate pair) slowly.

    :param data: The JSON.
    :param strict: Whether control characters in strings have to be escaped, as JSON demands.
    :returns: The value.
    :raises ValueError: If it is not JSON.
    """
    data = data.strip()  # the decoders are slow to find that there is nothing but white space
    if len(data) < _LARGE or not _has_surrogates(data):  # else it takes long to find out that they are halves
        try:
            return from_json(data)
        except (ValueError, TypeError):  # a string with half a surrogate pair is a TypeError
            pass
    return _slowly_decoded(data, strict=strict)


def decode_plain(data: str | bytes, *, strict: bool = True) -> Any:
    """Decode JSON to what `plain_json` makes of it, without its walk through values that need no change."""
    try:
        value = from_json(data, allow_inf_nan=False)  # it takes no half of a surrogate pair either
    except (ValueError, TypeError):
        return plain_json(decode_json(data, strict=strict))
    return plain_json(value) if _has_few_values(data) or _may_have_large_numbers(data) else value


def _has_few_values(data: str | bytes) -> bool:
    """Whether JSON is mostly large strings, such as images: a walk is faster than a search for large numbers."""
    comma: Any = "," if isinstance(data, str) else b","
    if len(data) < _LONG:
        return False
    return sum(data.count(comma, at, at + _SAMPLE) for at in range(0, len(data), len(data) // _SAMPLES)) < _SAMPLES


def _may_have_large_numbers(data: str | bytes) -> bool:
    """Whether JSON has so many digits in a row, or so large an exponent, that a float can't hold the number."""
    digits = data.encode(errors="replace") if isinstance(data, str) else data
    digits = digits.translate(_DIGITS)
    return b"0e000" in digits or _MANY_DIGITS in digits


def _has_surrogates(data: str | bytes) -> bool:
    """Whether JSON has escapes of surrogate pairs, or of halves."""
    # most have no escape, or none of "\\u"; and one character is found ten times as fast as two
    escapes: Any = ("\\", "\\u") if isinstance(data, str) else (b"\\", b"\\u")
    halves: Any = ("\\ud", "\\uD") if isinstance(data, str) else (b"\\ud", b"\\uD")
    return all(escape in data for escape in escapes) and any(half in data for half in halves)


def _slowly_decoded(data: str | bytes, *, strict: bool) -> Any:
    if isinstance(data, bytes):  # the decoder would let bytes pass that are halves of surrogate pairs
        data = sendable(data.decode(json.detect_encoding(data), "surrogatepass"))
    try:
        value = json.loads(data, strict=strict, parse_constant=lambda name: None)  # noqa: ARG005  # NaN and infinity
    except RecursionError as error:
        msg = "JSON nested too deep"
        raise ValueError(msg) from error
    check_depth(value, brackets=sum(map(data.count, "[{")))
    return value


def decoded_body(response: Any, decode: Callable[[bytes], Any] = decode_json) -> Any:
    """
    Decode the body of an HTTP response once: an earlier call's result is kept. None if the body is not JSON.

    :param decode: What its endpoint decodes bodies with. If that fails, plain JSON is tried.
    """
    extensions: dict[str, Any] = response.extensions
    if _DECODED not in extensions:
        extensions[_DECODED] = None
        for decoder in dict.fromkeys((decode, decode_json)):
            with suppress(ValueError):
                extensions[_DECODED] = decoder(response.content)
                break
    return extensions[_DECODED]


def body_of_model(sent: Any) -> Any:
    """Turn the SDK's model of a response back into the body, if it is a model."""
    try:
        return sent.to_dict(warnings=False) if hasattr(sent, "to_dict") else sent
    except UnicodeError:
        msg = "The response has a field whose name holds half of a surrogate pair"
        raise unusable_response(msg, None) from None


def make_whole(response: Any) -> None:
    """Replace halves of surrogate pairs in the decoded body of a good response."""
    content = response.content.replace(b"\0", b"")  # of UTF-16
    if response.extensions[_DECODED] is not None and _has_surrogates(content):
        response.extensions[_DECODED] = plain_json(response.extensions[_DECODED])


def forget_body(response: Any) -> None:
    """Let go of the decoded body of a failed response: the openai SDK decodes it, too, and may keep it for long."""
    response.extensions.pop(_DECODED, None)


def find_error(body: Any) -> Any:
    """What a body or a stream event reports as an error, at the top or in one of its choices; None if nothing."""
    if not isinstance(body, dict):
        return None
    if error := body.get("error"):
        return error
    choices = body.get("choices")
    for choice in choices[:_MOST_CHOICES] if isinstance(choices, list) else ():
        if not isinstance(choice, dict):
            continue
        if error := choice.get("error"):
            return error
        if choice.get("finish_reason") == "error":
            native = choice.get("native_finish_reason")
            native = native if isinstance(native, str) else None
            return {"message": f"The provider ended the reply with an error (native_finish_reason: {native})"}
    if not choices and "status" in body and (said := body.get("detail") or body.get("title")):  # problem+json
        return {"message": said, "code": body["status"]}
    return None


def header_fields(headers: Mapping[str, str]) -> dict[str, Any]:
    """
    Read the headers of a response as fields of the response.

    :param headers: The headers, by names in any case.
    :returns: `id` and `response_cache`, if they were sent. The latter has the `status` ("HIT" or "MISS"), the `age` and
        the `ttl` in seconds, and the `source_id`, which is the generation that was cached; each is None if it was not
        sent.
    """
    fields: dict[str, Any] = {}
    if generation := headers.get("x-generation-id"):
        fields["id"] = generation
    if "x-openrouter-cache-status" in headers:
        names = ("status", "age", "ttl", "source-id")
        status, age, ttl, source = (headers.get(f"x-openrouter-cache-{name}") for name in names)
        fields["response_cache"] = {"status": status, "age": _seconds(age), "ttl": _seconds(ttl), "source_id": source}
    return fields


def with_header_fields(body: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Add fields from the headers of a response to a copy of its body, whose own id takes precedence."""
    return {**body, **fields, "id": body["id"]} if body.get("id") else {**body, **fields}


def response_meta(
    body: dict[str, Any], model: str, payload: tuple[str, ...], headers: Mapping[str, str]
) -> dict[str, Any]:
    """
    Take everything from a response that is not its payload.

    :param model: The requested model, used if the body names none.
    :param payload: Names of the fields that are left out. Those that are null are left out too.
    :returns: A new dictionary; `model` and `usage` are always in it.
    """
    sent = plain_json({name: value for name, value in body.items() if name not in payload and value is not None})
    sent = with_header_fields(sent, header_fields(headers))
    return {"model": model, **sent, "usage": mapping(sent.get("usage"))}


def unusable_response(message: str, body: object, response: Any = None) -> openai.APIError:
    """
    Build the error for a response that has a good status and can't be used.

    :param message: What is wrong with it.
    :param body: The decoded body, which may name the provider, the generation and its cost.
    :param response: The HTTP response, if it is at hand: its headers may name the generation, and nothing of its
        request is shown.
    """
    provider, found = mapping(body).get("provider"), mapping(body).get("id")
    text = f"{message}. Provider: {provider}" if isinstance(provider, str) else message
    request: Any = None if response is None else response.request
    error = openai.APIError(text, request=request, body=body)
    in_headers = {} if response is None else header_fields(response.headers)
    error.generation_id = in_headers.get("id") or (found if isinstance(found, str) else None)  # type: ignore[attr-defined]
    return error


def _seconds(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) <= _MOST_DIGITS else None
