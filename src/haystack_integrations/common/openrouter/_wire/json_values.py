# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
JSON values and strings that are safe to keep, to serialize, to send and to show.

JSON can escape half a surrogate pair, and UTF-8 can't encode it. So `plain_json` makes whatever comes in whole, once,
where it is decoded, and `sendable_json` whatever goes out, once, where a request is made.
"""

from collections import deque
from collections.abc import Callable, Container, Mapping
from itertools import chain, islice
from math import isfinite
from typing import Any
from unicodedata import category

# The most of anyone's words that an error or a log shows.
LONGEST_SHOWN = 1000
# More than the JSON parser allows, and few enough for whatever walks the copy recursively.
_MOST_LEVELS = 250
# Beyond this, a number is infinite for what reads it as a float. The sums of Haystack's Agent raise an OverflowError.
_LARGEST = 10**308
# What is kept of a body that someone may look at after an error: no error body that is meant well has more.
_MOST_KEPT_LEVELS, _MOST_KEPT_ENTRIES, _MOST_KEPT_VALUES, _MOST_KEPT_CHARACTERS = 50, 100, 1000, 20_000
LONGEST_KEPT = 2000
# The others follow, by the alphabet.
_FIRST_KEYS = {name: place for place, name in enumerate(("type", "name", "description", "strict", "properties"))}


def mapping(value: object) -> Mapping[str, Any]:
    """An object, or `{}`."""
    return value if isinstance(value, Mapping) else {}


def plain_json(value: Any) -> Any:
    """
    Copy a decoded JSON value as one that can be kept: no string holds half a surrogate pair.

    NaN and infinity, which JSON does not have, become None.
    """
    return copied_json(value, _plain, rename=_sendable)


def sendable_json(value: Any) -> Any:
    """Copy what is to be sent, with strings that UTF-8 can encode. Anything that is not JSON stays as it is."""
    return copied_json(value, _sendable, rename=_sendable)


def whole_json(value: Any) -> Any:
    """Return a value as it is if UTF-8 can encode all its strings, and else what `sendable_json` makes of it."""
    repaired = sendable_json(value)
    return value if repaired == copied_json(value, lambda item: item) else repaired


def copied_json(
    value: Any,
    change: Callable[[Any], Any],
    *,
    rename: Callable[[str], str] | None = None,
    left_out: Container[str] = (),
) -> Any:
    """
    Copy a JSON value level by level, without recursion: the caller may be deep in a stack already.

    :param value: The value.
    :param change: Is called with everything other than dictionaries, lists and tuples, and returns what to copy.
    :param rename: Is called with the names in dictionaries, and returns what to copy.
    :param left_out: Names in dictionaries that are not copied.
    :returns: The copy.
    :raises ValueError: If it is nested too deep.
    """
    root: list[Any] = [value]
    level: list[Any] = [root]
    for _ in range(_MOST_LEVELS):
        deeper: list[Any] = []
        for container in level:
            for key, item in container.items() if isinstance(container, dict) else enumerate(container):
                if isinstance(item, dict):
                    kept = {name: field for name, field in item.items() if name not in left_out} if left_out else item
                    container[key] = {rename(name): field for name, field in kept.items()} if rename else dict(kept)
                    deeper.append(container[key])
                elif isinstance(item, list | tuple):
                    container[key] = list(item)
                    deeper.append(container[key])
                else:
                    container[key] = change(item)
        if not deeper:
            return root[0]
        level = deeper
    msg = "JSON nested too deep"
    raise ValueError(msg)


def in_stable_order(value: Any, *, are_names: bool = False) -> Any:
    """
    Copy what is to be sent with its keys sorted: OpenRouter's cache hashes the body.

    The properties of JSON schemas keep their order, in which a model writes them.
    """
    if isinstance(value, Mapping):
        keys = value if are_names else sorted(value, key=lambda key: (_FIRST_KEYS.get(key, len(_FIRST_KEYS)), str(key)))
        return {key: in_stable_order(value[key], are_names=key == "properties" and not are_names) for key in keys}
    return [in_stable_order(item) for item in value] if isinstance(value, list | tuple) else value


def check_depth(value: Any, *, brackets: int) -> None:
    """
    Raise a ValueError if a JSON value is nested too deep for `copied_json`.

    :param value: The value.
    :param brackets: How many brackets it was written with. A few can't be deep.
    """
    level: list[Any] = [[value]]
    for _ in range(_MOST_LEVELS if brackets > _MOST_LEVELS else 0):
        items = chain.from_iterable(item.values() if isinstance(item, dict) else item for item in level)
        if not (level := [item for item in items if isinstance(item, dict | list)]):
            return
    if brackets > _MOST_LEVELS:
        msg = "JSON nested too deep"
        raise ValueError(msg)


def shortened_json(value: Any, *, left_out: Container[str] = ()) -> Any:
    """
    Copy the beginning of a foreign JSON value, however large it is: what is nested deeper is dropped before the rest.

    :param value: The value.
    :param left_out: Names in dictionaries that are not copied.
    :returns: A copy with at most 1,000 values and 20,000 characters, of which 100 are in one list or dictionary, and
        2,000 in one string.
    """
    values, characters = _MOST_KEPT_VALUES, _MOST_KEPT_CHARACTERS
    root: list[Any] = []
    waiting: deque[tuple[Any, Any, int]] = deque([([value], root, 0)])
    while waiting:
        source, copy, depth = waiting.popleft()
        entries = source.items() if isinstance(source, dict) else enumerate(source)
        for key, item in islice(entries, min(values, _MOST_KEPT_ENTRIES)):
            values -= 1
            if key in left_out:
                continue
            kept = _finite(item)
            if isinstance(item, str):
                kept = sendable(item[: min(LONGEST_KEPT, characters)])
                characters -= len(kept)
            elif isinstance(item, dict | list):
                kept = {} if isinstance(item, dict) else []
                waiting.append((item if depth < _MOST_KEPT_LEVELS else [], kept, depth + 1))
            if isinstance(copy, list):
                copy.append(kept)
            else:
                copy[sendable(str(key)[:LONGEST_KEPT])] = kept
    return root[0]


def _finite(value: Any) -> Any:
    if isinstance(value, int):
        return value if -_LARGEST < value < _LARGEST else None
    return value if not isinstance(value, float) or isfinite(value) else None


def _plain(value: Any) -> Any:
    return sendable(value) if isinstance(value, str) else _finite(value)


def _sendable(value: Any) -> Any:
    return sendable(value) if isinstance(value, str) else value


def sendable(text: str) -> str:
    """Join the halves of surrogate pairs that stand side by side, and replace each half that stands alone."""
    return text if is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def printable(text: str, limit: int = LONGEST_SHOWN) -> str:
    """
    Make a foreign text safe to show: it is cut first, and stays on its line.

    What is neither printable nor a space (new lines, other control and format characters, halves of surrogate pairs) is
    written as Python escapes it: a new line is `\\n`.

    :param text: Text from a server, a file name, or any other text that someone else wrote.
    :param limit: How many characters of it are kept. "…" follows where there were more.
    :returns: The text to show.
    """
    shown = text[:limit]
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() or category(char) == "Zs" else _escaped(char) for char in shown)
    return shown if len(shown) <= limit and len(text) <= limit else f"{shown[:limit]}…"


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def is_whole(text: str) -> bool:
    """Whether UTF-8 can encode a string: it holds no half of a surrogate pair."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
