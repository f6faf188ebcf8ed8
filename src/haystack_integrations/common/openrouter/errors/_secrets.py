# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What is secret in a request, and in which spellings it may come back.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

# Keys of OpenRouter begin with this, which is no secret.
_PUBLIC = "sk-or-v1-"
# A shorter part is left: it would be part of many words.
SHORTEST_SECRET = 8
# A piece of it that may be a word is left, too, unless it has this many letters.
_LONGEST_WORD = 12

_CREDENTIAL = re.compile(
    r"(^|[-_.])(authorization|auth|cookie|(api|access)?-?key(-?id)?|token|secret|password|passwd|signature|sig|"
    r"credentials?|jwt)$",
    re.IGNORECASE,
)
_SCHEMES = ("basic", "bearer", "digest", "negotiate", "token", "apikey")
# A part of a secret, and whether it names what follows, as in a cookie: `session=tok-…`.
_PART = re.compile(r"""([^\s=;,:&|?@"'()<>\[\]{}\\]+)(=(?=[^\s=;,&]))?""")
_WORD = re.compile("[A-Za-z_-]+")
# Names of other headers that were given as a `Secret`, in lower case. The names themselves are no secrets.
_SECRET_HEADERS: set[str] = set()


def looks_like_credential(name: str) -> bool:
    """
    Whether a header, or a parameter of a URL, usually holds a secret.

    :param name: Its name, such as `Authorization`, `X-Api-Key`, `Cookie` or `X-Amz-Signature`.
    :returns: Whether its value should not be shown.
    """
    return _CREDENTIAL.search(name) is not None


def keep_secret(name: str) -> None:
    """
    Cut the values of a header out of texts, whatever its name looks like.

    :param name: The name of an HTTP header.
    """
    _SECRET_HEADERS.add(name.lower())


def secret_pieces(request: Any, key: str | None) -> set[str]:
    """
    Find what must not show of the credentials of a request.

    :param request: An HTTP request, or None.
    :param key: The API key, or None.
    :returns: Each secret as a whole, and every piece of 8 characters of each of its parts of 8 and more, as they are,
        percent-encoded and in base64.
    """
    secrets = {key or "", *_in_headers(request), *_in_url(request)}
    return {piece for secret in secrets for piece in _pieces(secret.strip())}


def _in_headers(request: Any) -> Iterator[str]:
    for name, value in request.headers.items() if request is not None else ():
        if looks_like_credential(name) or name.lower() in _SECRET_HEADERS:
            scheme, _, rest = value.partition(" ")
            yield rest if scheme.lower() in _SCHEMES else value
            if scheme.lower() == "basic":
                yield from _decoded(rest)


def _decoded(encoded: str) -> Iterator[str]:
    try:
        yield b64decode(f"{encoded.strip()}==").decode()
    except ValueError:  # it was no base64
        return


def _in_url(request: Any) -> Iterator[str]:
    try:
        parts = urlsplit(str(getattr(request, "url", "")))
        yield unquote(parts.password or "")
    except ValueError:
        return
    yield from (value for name, value in parse_qsl(parts.query) if looks_like_credential(name))


def _pieces(secret: str) -> Iterator[str]:
    if len(secret) < SHORTEST_SECRET:
        return
    yield secret
    for part, names_more in _PART.findall(secret):
        if len(part) < SHORTEST_SECRET or (names_more and _WORD.fullmatch(part)):
            continue
        yield part
        for spelling in (part, *_encoded(part)):
            yield from _windows(spelling, _LONGEST_WORD)
            windows = _windows(spelling, SHORTEST_SECRET)
            yield from (window for window in windows if not window.isalpha() and window not in _PUBLIC)


def _encoded(part: str) -> Iterator[str]:
    percent = quote(part, safe="")
    if percent != part:
        yield percent
        yield re.sub("%..", lambda code: code[0].lower(), percent)
    if "/" in part:
        yield part.replace("/", r"\/")  # as PHP writes it in JSON
    for before in range(3):
        encoded = b64encode(bytes(before) + part.encode()).decode().rstrip("=")
        # the first characters also depend on what stands before the part, and the last one on what follows
        inside = encoded[-(-before * 4 // 3) : None if (before + len(part)) % 3 == 0 else -1]
        yield inside
        yield inside.replace("+", "-").replace("/", "_")


def _windows(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(len(text) - size + 1))
