# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Vectors of a response, checked number by number at the speed of the JSON parser.

A loop in Python would take ten times longer, and a check after the decoding a quarter of its time again.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from pydantic import FailFast, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

# Booleans are not numbers, and integers become floats.
_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Vector = Annotated[list[_Number], Field(strict=True, min_length=1), FailFast()]


class CheckedBody(dict[str, Any]):
    """
    A body of the embeddings endpoint in which each `embedding` is a list of finite floats.
    """


def decode_vectors(data: bytes) -> CheckedBody:
    """
    Decode a body of the embeddings endpoint, and check its vectors.

    :param data: The JSON text.
    :returns: The body with everything that is in it.
    :raises ValueError: If it is not JSON that Python's strings can hold, or not the body of a good response.
    """
    return CheckedBody(_body_adapter().validate_json(data))


def checked_vector(value: Any) -> list[float]:
    """
    Check one vector.

    :param value: The value, of any type.
    :returns: It as a list of floats.
    :raises ValueError: If it is not a list of finite numbers, or is empty.
    """
    return _vector_adapter().validate_python(value)


@cache
def _vector_adapter() -> TypeAdapter[list[float]]:
    return TypeAdapter(_Vector)


@cache
def _body_adapter() -> TypeAdapter[Any]:
    @with_config(extra="allow")
    class Entry(TypedDict):
        embedding: _Vector

    @with_config(extra="allow")
    class Body(TypedDict):
        data: Annotated[list[Entry], FailFast()]

    return TypeAdapter(Body)
