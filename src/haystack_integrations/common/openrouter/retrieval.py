# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What embedders and ranker have in common: checks of their arguments, the text of a document, the meta of an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeGuard

import openai
from haystack import Document


def check_at_least_one(value: object, argument: str) -> None:
    """
    Refuse what is no positive whole number.

    :param value: The value that was given.
    :param argument: The argument's name, for the error.
    :raises ValueError: If it is anything else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        msg = f"`{argument}` must be a whole number of at least 1, not {value!r}."
        raise ValueError(msg)


def check_documents(documents: object, remedy: str) -> None:
    """
    Refuse what is no list of documents.

    :param documents: The value that was given.
    :param remedy: What to do instead, for the error.
    :raises TypeError: If it is anything else.
    """
    odd = [item for item in documents if not isinstance(item, Document)] if isinstance(documents, list) else [documents]
    if odd:
        found = (
            f"a list with a {type(odd[0]).__name__} in it" if isinstance(documents, list) else type(documents).__name__
        )
        msg = f"`documents` must be a list of Documents, not {found}. {remedy}"
        raise TypeError(msg)


def check_texts(**arguments: object) -> None:
    """
    Refuse what is no text: None would be embedded as the word "None".

    :param arguments: Values by the names of their arguments.
    :raises TypeError: If one is anything else.
    """
    for argument, value in arguments.items():
        if not isinstance(value, str):
            msg = f"`{argument}` must be a str, not {type(value).__name__}."
            raise TypeError(msg)


def checked_fields(meta_fields: object) -> list[str]:
    """
    Copy the names of the meta fields that are sent with a document's content.

    :param meta_fields: `meta_fields_to_embed` as given: a list of names, or None.
    :returns: A new list.
    :raises TypeError: If it is anything else, or one text, which would be taken for its letters.
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
    Refuse extra parameters that the component sets itself.

    :param extra_parameters: `extra_parameters` as given.
    :param owned: What to do instead, for each name that is not allowed.
    :raises TypeError: If they are no dictionary.
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


def answer_meta(body: dict[str, Any], model: str, payload: tuple[str, ...]) -> dict[str, Any]:
    """
    Take everything from an answer that is not its payload.

    :param body: The decoded answer.
    :param model: The model that was asked for, in case the answer names none.
    :param payload: Names of the fields that are left out. Those that are null are left out too.
    :returns: A new dictionary; `model` and `usage` are always in it.
    """
    sent = {name: value for name, value in body.items() if name not in payload and value is not None}
    usage = sent.pop("usage", None)
    return {"model": model, **sent, "usage": usage if isinstance(usage, dict) else {}}


def is_number(value: object) -> TypeGuard[int | float]:
    """
    Whether a value of an answer is a number that a float can hold.

    :param value: The value, of any type.
    :returns: Whether it is; True and False are none.
    """
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    except OverflowError:
        return False


def unusable_answer(message: str, body: object = None) -> openai.APIError:
    """
    Make the error for an answer that came with a good status and can't be used.

    :param message: What is wrong with it.
    :param body: The answer: it may say itself what went wrong, who gave it, and what it cost.
    :returns: The error.
    """
    request: Any = None
    fields = body if isinstance(body, dict) else {}
    told = {"Provider": fields.get("provider"), "Generation id": fields.get("id")}
    parts = [message, *(f"{name}: {value}" for name, value in told.items() if isinstance(value, str))]
    return openai.APIError(". ".join(parts), request=request, body=body)
