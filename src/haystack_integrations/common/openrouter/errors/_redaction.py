# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Removes private data from error texts and logs: keys, account ids, and what the user sent.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from haystack_integrations.common.openrouter._wire.json_values import copied_json
from haystack_integrations.common.openrouter._wire.responses import decode_json

# Account ids are long and hold digits; user_preferences is not one.
_ACCOUNT_ID = re.compile(r"\b(?:user|org)_(?=[A-Za-z]*\d)[A-Za-z0-9]{10,}\b")
_CREDENTIAL = re.compile(r"(^|[-_])(authorization|cookie|key|token|secret|password)$", re.IGNORECASE)
# Names of other headers that were given as a `Secret`, in lower case. The names themselves are no secrets.
_SECRET_HEADERS: set[str] = set()
_PRIVATE_FIELDS = {"user_id", "creator_user_id", "flagged_input"}
# Names and types that an error may have to mention. Everything else in a request is the user's data.
_PUBLIC_FIELDS = {
    *("role", "name", "type", "id", "tool_call_id", "format", "model", "models", "filename", "detail", "tools"),
    *("provider", "voice", "language", "timestamp_granularities"),
}
# If one of these is a string, it is a name. An object is a schema from the user.
_PUBLIC_STRINGS = {"response_format"}
# A prompt of fewer characters is not cut out: "hi" is part of many words.
_SHORTEST_SENT = 12
# This many equal characters in a row are a quotation, not a coincidence.
_WINDOW = 24
_MOST_CHARACTERS = 4000
# Files (base64, without spaces) can be megabytes long, so only their beginning is searched for.
_MOST_OF_A_FILE = 4000
# The same few words can stand in many places of a long prompt.
_MOST_PLACES = 50


def looks_like_credential(name: str) -> bool:
    """
    Whether a header of this name usually holds a secret.

    :param name: The name of an HTTP header, such as `Authorization`, `X-Api-Key` or `Cookie`.
    :returns: Whether its value should not be shown.
    """
    return _CREDENTIAL.search(name) is not None


def keep_secret(name: str) -> None:
    """
    Cut the values of a header out of texts, whatever its name looks like.

    :param name: The name of an HTTP header.
    """
    _SECRET_HEADERS.add(name.lower())


def without_private(text: str, request: Any, *secrets: object) -> str:
    """
    Replace private data in a text with `***`.

    :param text: Text that may be shown or logged. What follows its first 4,000 characters is dropped.
    :param request: The failed HTTP request, whose credentials and input are cut out. None if it is unknown.
    :param secrets: More strings to cut out. Anything shorter than 8 characters is left.
    :returns: The text without them.
    """
    text = text[:_MOST_CHARACTERS]
    for secret in (*secrets, *_credentials(request)):
        if isinstance(secret, str) and len(secret.strip()) >= 8:
            text = text.replace(secret.strip(), "***")
    sent_texts = _sent_texts(request)
    for sent in sent_texts:
        text = text.replace(sent.strip(), "***")
    for sent in sent_texts:
        text = _without_quotations(text, sent)
    return _ACCOUNT_ID.sub("***", text)


def without_private_fields(value: Any, request: Any = None, *secrets: object) -> Any:
    """
    Copy a response body without private data.

    :param value: A decoded JSON value.
    :param request: The HTTP request that failed, or None.
    :param secrets: More strings to cut out.
    :returns: A copy, without user ids and quoted input. None if it is nested too deep.
    """

    def change(leaf: Any) -> Any:
        return without_private(leaf, request, *secrets) if isinstance(leaf, str) else leaf

    try:
        return copied_json(value, change, left_out=_PRIVATE_FIELDS)
    except ValueError:
        return None


def _credentials(request: Any) -> Iterator[str]:
    for name, value in request.headers.items() if request is not None else ():
        if looks_like_credential(name) or name.lower() in _SECRET_HEADERS:
            yield value.removeprefix("Bearer ")


def _sent_texts(request: Any) -> Iterable[str]:
    """
    The user's texts in a request, longest first, both plain and as JSON.
    """
    try:
        body = decode_json(request.content)
    except Exception:  # there is no request, or its body was a stream
        return []
    texts = {text for text in _strings(body) if len(text.strip()) >= _SHORTEST_SENT}
    spelled = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for text in texts for ascii_only in (True, False)}
    return sorted(texts | spelled, key=len, reverse=True)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:_MOST_OF_A_FILE] if value.isascii() and " " not in value else value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for name, field in value.items():
            is_public = name in _PUBLIC_FIELDS or (name in _PUBLIC_STRINGS and isinstance(field, str))
            if not is_public:
                yield from _strings(field)


def _without_quotations(text: str, sent: str) -> str:
    """
    Cut out the longer parts of a sent string.
    """
    # every quotation of _WINDOW characters holds one of these pieces whole, and they are few enough to look for
    size = _WINDOW // 2
    quoted = [span for start in range(0, len(text) - size + 1, size) for span in _quotations(text, sent, start, size)]
    end = len(text)
    for start, stop in sorted(quoted, reverse=True):
        if start < end:
            text, end = f"{text[:start]}***{text[min(stop, end) :]}", start
    return text


def _quotations(text: str, sent: str, start: int, size: int) -> Iterator[tuple[int, int]]:
    """
    Find where a piece of the text stands in a sent string, as part of a longer quotation.
    """
    piece, found = text[start : start + size], -1
    for _ in range(_MOST_PLACES):
        found = sent.find(piece, found + 1)
        if found < 0:
            return
        before, after = 0, size
        while before < min(start, found) and text[start - before - 1] == sent[found - before - 1]:
            before += 1
        while after < min(len(text) - start, len(sent) - found) and text[start + after] == sent[found + after]:
            after += 1
        if before + after >= _WINDOW:
            yield start - before, start + after
