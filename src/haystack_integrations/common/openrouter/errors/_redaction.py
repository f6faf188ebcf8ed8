# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Removes private data from error texts and logs: keys, account ids, and what the user sent.

Foreign text is cut before anything else is done with it. What was sent, which may be long, is looked through once for
all texts of an error, in steps of a fixed size: the time grows with its length, whatever repeats in it.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from haystack_integrations.common.openrouter._wire.json_values import (
    LONGEST_KEPT,
    copied_json,
    sendable,
    shortened_json,
)
from haystack_integrations.common.openrouter._wire.responses import decode_json
from haystack_integrations.common.openrouter.errors._secrets import (
    SHORTEST_SECRET,
    looks_like_credential,
    secret_pieces,
)

# Account ids are long and hold digits; user_preferences is not one.
_ACCOUNT_ID = re.compile(r"\b(?:user|org)_(?=[A-Za-z]*\d)[A-Za-z0-9]{10,}\b")
_USER_OF_URL = re.compile(r"""(?<=://)[^\s/?#"'<>]+(?=@)""")
_PARAMETER_OF_URL = re.compile(r"""(?<=[?&])([\w.%-]{1,60})=([^\s&#"'<>]{8,})""")
_PRIVATE_FIELDS = {"user_id", "creator_user_id", "flagged_input"}
# Names and types that an error may have to mention. Everything else in a request is the user's data.
_PUBLIC_FIELDS = {
    *("role", "name", "type", "id", "tool_call_id", "format", "model", "models", "filename", "detail", "tools"),
    *("provider", "voice", "language", "timestamp_granularities", "endpoint", "custom_id"),
}
# If one of these is a string, it is a name. An object is a schema from the user.
_PUBLIC_STRINGS = {"response_format"}
# A prompt of fewer characters is not cut out: "hi" is part of many words.
_SHORTEST_SENT = 12
# This many equal characters in a row are a quotation, not a coincidence.
_WINDOW = 24
# Every quotation holds one of the blocks that what was sent is divided into.
_BLOCK = _WINDOW // 2
# Files (base64, without spaces) can be megabytes long, so only their beginning is searched for.
_MOST_OF_A_FILE = 4000


def without_private(value: Any, request: Any, *quoted: object, key: str | None = None) -> Any:
    """
    Copy a foreign text, or a body, with `***` in place of private data.

    :param value: What may be shown, logged or kept: a string, or a decoded JSON value. What is too long is cut off.
    :param request: The failed HTTP request, whose credentials and input are cut out. None if it is unknown.
    :param quoted: More strings to cut out. Anything shorter than 8 characters is left.
    :param key: The API key, which is cut out too.
    :returns: A copy, without the fields that name the account or quote the input.
    """
    kept = shortened_json(value, left_out=_PRIVATE_FIELDS)
    change = _Redactor(_strings(kept, with_names=True), request, quoted, key)
    return copied_json(kept, lambda leaf: change(leaf) if isinstance(leaf, str) else leaf, rename=change)


def without_account_ids(value: Any) -> Any:
    """
    Copy a good response, whole, without the fields and ids that name the account.

    :param value: A decoded JSON value.
    :returns: The copy.
    :raises ValueError: If it is nested too deep.
    """

    def change(leaf: Any) -> Any:
        return _ACCOUNT_ID.sub("***", leaf) if isinstance(leaf, str) else leaf

    return copied_json(value, change, left_out=_PRIVATE_FIELDS)


class _Redactor:
    """
    Cuts out of the texts of one error what is private in them.

    :param texts: All texts that it will be called with, cut to size.
    """

    def __init__(self, texts: Iterable[str], request: Any, quoted: Iterable[object], key: str | None) -> None:
        texts = {text for text in texts if len(text) >= SHORTEST_SECRET}
        # what is cut out, by its length
        self._private: dict[int, set[str]] = {}
        if not texts:
            return
        quotes = [quote[:LONGEST_KEPT].strip() for quote in quoted if isinstance(quote, str)]
        self._add(secret_pieces(request, key))
        self._add(quote for quote in quotes if len(quote) >= SHORTEST_SECRET)
        self._add(_quotations(texts, [*quotes, *_sent_strings(request)]))

    def _add(self, pieces: Iterable[str]) -> None:
        for piece in pieces:
            self._private.setdefault(len(piece), set()).add(piece)

    def __call__(self, text: str) -> str:
        spans = [found.span() for pattern in (_ACCOUNT_ID, _USER_OF_URL) for found in pattern.finditer(text)]
        spans += [found.span(2) for found in _PARAMETER_OF_URL.finditer(text) if looks_like_credential(found[1])]
        for size, pieces in self._private.items():
            places = range(len(text) - size + 1)
            spans += [(place, place + size) for place in places if text[place : place + size] in pieces]
        return sendable(_without(text, spans))


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    parts, end = [], -1
    for start, stop in sorted(spans):
        if start > end:
            parts.append(text[max(end, 0) : start])
        end = max(end, stop)
    return "***".join([*parts, text[max(end, 0) :]])


def _quotations(texts: Collection[str], sent: Collection[str]) -> Iterator[str]:
    """Find in the texts which of the sent strings they quote: whole ones, and each window of a longer quotation."""
    blocks = {text[at : at + _BLOCK] for text in texts for at in range(len(text) - _BLOCK + 1)}
    windows = {text[at : at + _WINDOW] for text in texts for at in range(len(text) - _WINDOW + 1)}
    # only JSON in a text has escapes
    escaped = any("\\" in text for text in texts)
    for string in sent:
        for spelling in _spellings(string) if escaped else (string,):
            whole = spelling.strip()
            if _SHORTEST_SENT <= len(whole) < _WINDOW and whole[:_BLOCK] in blocks:
                yield whole
            yield from _windows_in(spelling, blocks, windows)


def _windows_in(sent: str, blocks: set[str], windows: set[str]) -> Iterator[str]:
    looked_at = set()
    for at in range(0, len(sent) - _BLOCK + 1, _BLOCK):
        if sent[at : at + _BLOCK] in blocks:
            around = sent[max(at - _BLOCK, 0) : at + _WINDOW]
            if around not in looked_at:
                looked_at.add(around)
                found = (around[start : start + _WINDOW] for start in range(len(around) - _WINDOW + 1))
                yield from (window for window in found if window in windows)


def _spellings(text: str) -> set[str]:
    """A string both plain and as JSON."""
    return {text, *(json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))}


def _sent_strings(request: Any) -> list[str]:
    """The user's texts in a request."""
    try:
        content = request.content
    except Exception:  # there is no request, or its body was a stream
        return []
    try:
        body = decode_json(content)
    except ValueError:
        body = content.decode(errors="replace")
    return [
        text[:_MOST_OF_A_FILE] if text.isascii() and " " not in text else text
        for text in _strings(body)
        if len(text) >= _SHORTEST_SENT
    ]


def _strings(value: Any, *, with_names: bool = False) -> Iterator[str]:
    """The strings in a JSON value: all of them, names too, or those that are not public."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            if with_names:
                waiting += [*item, *item.values()]
            else:
                waiting += [field for name, field in item.items() if not _is_public(name, field)]


def _is_public(name: str, field: object) -> bool:
    return name in _PUBLIC_FIELDS or (name in _PUBLIC_STRINGS and isinstance(field, str))
