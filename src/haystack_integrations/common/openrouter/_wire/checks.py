# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Checks of arguments, before anything is sent. Each error names the argument, and says what it must be.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from haystack import Document

from haystack_integrations.common.openrouter._wire.model_names import warn_of_missing_author
from haystack_integrations.common.openrouter._wire.usage import ABSURD

LONGEST_TIMEOUT = 2_147_483
"""In seconds, about 24 days. The sockets of the operating system take no more milliseconds."""


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


def name(value: object, argument: str, what: str, if_blank: str) -> None:
    """Raise unless a value is a string that can be a name: not blank, and printable."""
    text(value, argument, what, if_blank)
    if not str(value).isprintable():
        odd = next(char for char in str(value) if not char.isprintable())
        msg = f"`{argument}` has a character that can't be part of a name: {odd!r}. It must be {what}."
        raise ValueError(msg)


def strings(**arguments: object) -> None:
    """Raise a TypeError unless all values are strings: None would be embedded as the word "None"."""
    for argument, value in arguments.items():
        instance(value, f"`{argument}`", str, "a str")


def strings_or_none(**arguments: object) -> None:
    strings(**{argument: value for argument, value in arguments.items() if value is not None})


def number(value: Any, argument: str, what: str, *, whole: bool = False, most: int = ABSURD) -> None:
    """Raise a TypeError unless a value is a number, and a ValueError unless it is in a range that makes sense."""
    if not isinstance(value, int if whole else int | float) or isinstance(value, bool):
        msg = f"`{argument}` must be {what}, not {shown(value)}."
        raise TypeError(msg)
    if not 0 <= value <= most:
        limit = f"at most {most}" if value > most else "at least 0"
        msg = f"`{argument}` must be {limit}, not {shown(value)}."
        raise ValueError(msg)


def timeout(seconds: Any, argument: str, what: str = "a number of seconds or None") -> None:
    number(seconds, argument, what, most=LONGEST_TIMEOUT)


def shown(value: object) -> str:
    """Show the beginning of any value in an error. Python refuses to write integers of many digits."""
    try:
        return f"{value!r:.100}"
    except ValueError:
        return f"a {type(value).__name__} that is too large to be shown"


def token_counts(**arguments: object) -> None:
    for argument, value in arguments.items():
        number(value, argument, "a whole number of tokens", whole=True)


def at_least_one(most: int = ABSURD, /, **arguments: object) -> None:
    """Raise a ValueError unless all values are whole numbers of at least 1, and of a size that makes sense."""
    for argument, value in arguments.items():
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            limit = f"at most {most}" if isinstance(value, int) and value > most else "at least 1"
            msg = f"`{argument}` must be a whole number of {limit}, not {shown(value)}."
            raise ValueError(msg)


def at_least_one_or_none(most: int = ABSURD, /, **arguments: object) -> None:
    at_least_one(most, **{argument: value for argument, value in arguments.items() if value is not None})


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
    for name, value in parameters.items():
        for leaf in _leaves(value):
            if isinstance(leaf, Decimal) or (isinstance(leaf, int | float) and not is_finite(leaf)):
                what = "be a finite number" if leaf is value else "hold only finite numbers"
                msg = f'`{argument}["{name}"]` must {what} of the types int and float, not {shown(leaf)}.'
                raise ValueError(msg)


def _leaves(value: object) -> Iterator[object]:
    """What is in dictionaries and lists, however deep."""
    waiting, seen = [value], set()
    while waiting:
        item = waiting.pop()
        if not isinstance(item, Mapping | list | tuple):
            yield item
        elif id(item) not in seen:
            seen.add(id(item))
            waiting += item.values() if isinstance(item, Mapping) else item


def is_finite(value: object) -> bool:
    """Whether a value is a number that JSON can hold."""
    try:
        return isinstance(value, int | float | Decimal) and isfinite(value)
    except (OverflowError, ValueError):  # an integer that is larger than any float; a signaling NaN
        return False


def model_name(model: object, noticed: set[str], argument: str = "model") -> None:
    """Raise unless `model` can be the name of a model. Warn, once for those noticed, of a name without its author."""
    example = "a name such as 'openai/gpt-4o-mini'"
    name(model, argument, example, f"pass {example}")
    if "/" not in str(model):
        warn_of_missing_author(str(model), noticed)
