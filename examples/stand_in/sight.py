# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""How the stand-in sees an image. It has no eyes: it reads the words that the file carries between « and »."""

import base64
import hashlib

from stand_in.files import words_in
from stand_in.request import Json


def words_seen(url: str) -> str:
    """
    Tell the words of an image.

    :param url: A data URL, or any other.
    :returns: The words in the file, for example in the description of a PNG. Without any, a word of its own for every
        image, so that only equal images are alike.
    """
    return words_in(decoded(url)) or hashlib.sha256(url.encode()).hexdigest()


def decoded(url: str) -> bytes:
    """
    Decode a data URL.

    :param url: A data URL, or any other.
    :returns: The data; none of any other URL.
    """
    try:
        return base64.b64decode(url.partition(",")[2])
    except ValueError:
        return b""


def words_of_parts(parts: list[Json]) -> tuple[str, str]:
    """
    Tell the words of content parts.

    :param parts: Parts of type "text" and "image_url".
    :returns: The words of the texts, and those of the images.
    """
    texts = [part["text"] for part in parts if part.get("type") == "text"]
    images = [words_seen(part["image_url"]["url"]) for part in parts if part.get("type") == "image_url"]
    return " ".join(texts), " ".join(images)
