# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Checks of the arguments that components have in common, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haystack import Document


def check_at_least_one(value: object, argument: str) -> None:
    """
    Raise unless a value is a whole number of at least 1.

    :param value: The value of the argument.
    :param argument: The argument's name, for the error.
    :raises ValueError: If it is not.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        msg = f"`{argument}` must be a whole number of at least 1, not {value!r}."
        raise ValueError(msg)


def check_number(value: object, argument: str, unit: str, *, whole: bool = False) -> None:
    """
    Raise unless a value is None or a number of at least 0.

    :param value: The value of the argument.
    :param argument: The argument's name, for the error.
    :param unit: What the number counts, for the error.
    :param whole: Whether it must be a whole number.
    :raises TypeError: If it is not a number.
    :raises ValueError: If it is negative, NaN, or not whole.
    """
    number = int if whole else int | float
    if value is not None and (not isinstance(value, number) or isinstance(value, bool) or not value >= 0):
        kind = "a whole number" if whole else "a number"
        msg = f"`{argument}` must be {kind} ({unit}) of at least 0, or None for the default, not {value!r}."
        raise (ValueError if isinstance(value, int | float) and not isinstance(value, bool) else TypeError)(msg)


def check_seconds(value: object, argument: str) -> None:
    """
    Raise unless a value is a number of seconds.

    :param value: The value of the argument.
    :param argument: The argument's name, for the error.
    :raises TypeError: If it is not a number.
    :raises ValueError: If it is negative.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        msg = f"`{argument}` must be a number of seconds, not {value!r}."
        raise TypeError(msg)
    if not value >= 0:
        msg = f"`{argument}` must be at least 0 seconds, not {value!r}."
        raise ValueError(msg)


def check_token_counts(**arguments: object) -> None:
    """
    Raise unless each value is a whole number of at least 0.

    :param arguments: Values by the names of their arguments.
    :raises TypeError: If one is not a whole number.
    :raises ValueError: If one is negative.
    """
    for argument, value in arguments.items():
        if not isinstance(value, int) or isinstance(value, bool):
            msg = f"`{argument}` must be a whole number of tokens, not {value!r}."
            raise TypeError(msg)
        if value < 0:
            msg = f"`{argument}` must be at least 0, not {value}."
            raise ValueError(msg)


def check_documents(documents: object, remedy: str) -> None:
    """
    Raise unless a value is a list of documents.

    :param documents: The value of the argument.
    :param remedy: What to do instead, for the error.
    :raises TypeError: If it is not.
    """
    odd = [item for item in documents if not isinstance(item, Document)] if isinstance(documents, list) else [documents]
    if odd:
        found = (
            f"a list with a {type(odd[0]).__name__} in it" if isinstance(documents, list) else type(documents).__name__
        )
        msg = f"`documents` must be a list of Documents, not {found}. {remedy}"
        raise TypeError(msg)


def check_strings(**arguments: object) -> None:
    """
    Raise unless all values are strings: None would be embedded as the word "None".

    :param arguments: Values by the names of their arguments.
    :raises TypeError: If one is not.
    """
    for argument, value in arguments.items():
        if not isinstance(value, str):
            msg = f"`{argument}` must be a str, not {type(value).__name__}."
            raise TypeError(msg)


def check_strings_or_none(**arguments: object) -> None:
    """
    Raise unless all values are strings or None.

    :param arguments: Values by the names of their arguments.
    :raises TypeError: If one is not.
    """
    check_strings(**{argument: value for argument, value in arguments.items() if value is not None})


def checked_fields(meta_fields: object) -> list[str]:
    """
    Copy the names of the meta fields that are sent with a document's content.

    :param meta_fields: The value of `meta_fields_to_embed`: a list of names, or None.
    :returns: A new list.
    :raises TypeError: If it is neither. A single string is refused too: it would be read as a list of letters.
    """
    if meta_fields is None:
        return []
    if not isinstance(meta_fields, list | tuple) or not all(isinstance(name, str) for name in meta_fields):
        example = [meta_fields] if isinstance(meta_fields, str) else ["title"]
        msg = f"`meta_fields_to_embed` must be a list of names, such as {example!r}, not {type(meta_fields).__name__}."
        raise TypeError(msg)
    return list(meta_fields)


def check_parameters(extra_parameters: Mapping[str, Any] | None, owned: Mapping[str, str]) -> None:
    """
    Raise if there are extra parameters that the component sets itself.

    :param extra_parameters: The value of `extra_parameters`.
    :param owned: What to do instead, for each name that is not allowed.
    :raises TypeError: If they are not a dictionary.
    :raises ValueError: If there is such a name.
    """
    if extra_parameters is not None and not isinstance(extra_parameters, Mapping):
        msg = f"`extra_parameters` must be a dictionary, not {type(extra_parameters).__name__}."
        raise TypeError(msg)
    for name, remedy in owned.items():
        if name in (extra_parameters or {}):
            msg = f"`extra_parameters` can't hold {name!r}. {remedy}"
            raise ValueError(msg)


def document_text(document: Document, meta_fields: list[str], separator: str) -> str:
    """
    Join a document's meta fields and its content, as Haystack's embedders and rankers do.

    :param document: The document. Without content it is its meta fields, followed by the separator.
    :param meta_fields: Names of the meta fields, in the order in which they are joined. Missing ones are left out.
    :param separator: What stands between the pieces.
    :returns: The text that is sent.
    """
    values = [str(document.meta[name]) for name in meta_fields if document.meta.get(name) is not None]
    return separator.join([*values, document.content or ""])
