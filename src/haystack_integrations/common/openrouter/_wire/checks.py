# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Checks of arguments, before anything is sent. Each error names the argument, and says what it must be.
"""

from collections.abc import Mapping
from typing import Any

from haystack import Document

from haystack_integrations.common.openrouter._wire.model_names import warn_of_missing_author


def instance(value: object, argument: str, types: Any, what: str, advice: str = "") -> None:
    """Raise a TypeError unless a value is of one of these types."""
    if not isinstance(value, types):
        msg = f"{argument} must be {what}, not {type(value).__name__}. {advice}".rstrip()
        raise TypeError(msg)


def text(value: object, argument: str, what: str, if_blank: str, advice: str = "") -> None:
    """Raise a TypeError unless a value is a string, and a ValueError if it is blank."""
    instance(value, f"`{argument}`", str, what, advice)
    if not str(value).strip():
        msg = f"`{argument}` is empty: {if_blank}."
        raise ValueError(msg)


def strings(**arguments: object) -> None:
    """Raise a TypeError unless all values are strings: None would be embedded as the word "None"."""
    for argument, value in arguments.items():
        instance(value, f"`{argument}`", str, "a str")


def strings_or_none(**arguments: object) -> None:
    strings(**{argument: value for argument, value in arguments.items() if value is not None})


def number(value: Any, argument: str, what: str, *, whole: bool = False) -> None:
    """Raise a TypeError unless a value is a number, and a ValueError unless it is at least 0."""
    if not isinstance(value, int if whole else int | float) or isinstance(value, bool):
        msg = f"`{argument}` must be {what}, not {value!r:.100}."
        raise TypeError(msg)
    if not value >= 0:
        msg = f"`{argument}` must be at least 0, not {value!r}."
        raise ValueError(msg)


def token_counts(**arguments: object) -> None:
    for argument, value in arguments.items():
        number(value, argument, "a whole number of tokens", whole=True)


def at_least_one(**arguments: object) -> None:
    """Raise a ValueError unless all values are whole numbers of at least 1."""
    for argument, value in arguments.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            msg = f"`{argument}` must be a whole number of at least 1, not {value!r:.100}."
            raise ValueError(msg)


def at_least_one_or_none(**arguments: object) -> None:
    at_least_one(**{argument: value for argument, value in arguments.items() if value is not None})


def documents(documents: object, advice: str) -> None:
    """Raise a TypeError unless a value is a list of documents."""
    instance(documents, "`documents`", list, "a list of Documents", advice)
    for item in documents if isinstance(documents, list) else ():
        instance(item, "`documents` must be a list of Documents. Each item", Document, "a Document", advice)


def meta_fields(meta_fields: object) -> None:
    """Raise a TypeError unless a value is a list of names, or None. A string would be read as a list of letters."""
    names = [] if meta_fields is None else meta_fields
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        example = [names] if isinstance(names, str) else ["title"]
        msg = f"`meta_fields_to_embed` must be a list of names, such as {example!r}, not {type(names).__name__}."
        raise TypeError(msg)


def parameters(parameters: Any, argument: str, own_fields: Mapping[str, str]) -> None:
    """Raise a TypeError unless these are a dictionary, and a ValueError if the component sets one of them itself."""
    instance(parameters, f"`{argument}`", Mapping, "a dictionary")
    for name in own_fields.keys() & parameters.keys():
        msg = f"`{argument}` can't hold {name!r}. {own_fields[name]}"
        raise ValueError(msg)


def model_name(model: object, noticed: set[str], argument: str = "model") -> None:
    """Raise unless `model` can be the name of a model. Warn, once for those noticed, of a name without its author."""
    example = "a name such as 'openai/gpt-4o-mini'"
    text(model, argument, example, f"pass {example}")
    if "/" not in str(model):
        warn_of_missing_author(str(model), noticed)
