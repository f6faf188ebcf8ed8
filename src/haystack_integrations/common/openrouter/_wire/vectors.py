# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Embeddings, checked number by number at the speed of the JSON parser.

A loop in Python would take ten times longer, and a check after the decoding a quarter of its time again.
"""

from __future__ import annotations

from typing import Any, cast

from pydantic_core import SchemaValidator
from pydantic_core.core_schema import float_schema, list_schema, typed_dict_field, typed_dict_schema

# Booleans are not numbers, and integers become floats.
_NUMBER = float_schema(strict=True, allow_inf_nan=False)
_VECTOR = list_schema(_NUMBER, strict=True, min_length=1, fail_fast=True)
_ENTRY = typed_dict_schema({"embedding": typed_dict_field(_VECTOR)}, extra_behavior="allow")
_ENTRIES = list_schema(_ENTRY, fail_fast=True)
_BODY = typed_dict_schema({"data": typed_dict_field(_ENTRIES)}, extra_behavior="allow")

_vector_validator = SchemaValidator(_VECTOR)
_body_validator = SchemaValidator(_BODY)


class CheckedBody(dict[str, Any]):
    """
    A body of the embeddings endpoint in which each `embedding` is a list of finite floats.
    """


def decode_vectors(data: bytes) -> CheckedBody:
    """
    Decode a body of the embeddings endpoint, and check its vectors.

    :param data: The JSON text.
    :returns: The body with everything that is in it.
    :raises ValueError: If it is not the body of a good response, or no JSON that Python's strings can hold.
    """
    return CheckedBody(_body_validator.validate_json(data))


def checked_vector(value: Any) -> list[float]:
    """
    Check one vector.

    :param value: The value, of any type.
    :returns: It as a list of floats.
    :raises ValueError: If it is not a list of finite numbers, or is empty.
    """
    return cast(list[float], _vector_validator.validate_python(value))
