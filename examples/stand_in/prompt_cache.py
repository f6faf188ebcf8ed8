# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""The prompt cache: what `cache_control` marks is read from it if an earlier prompt began in the same way."""

import json

from stand_in.endpoints.chat_message import parts_of, text_of
from stand_in.request import Json


def prompt_tokens(body: Json) -> int:
    """
    Count the tokens of a prompt.

    :param body: The decoded body of a chat request.
    :returns: A token for each word, and one for each content part.
    """
    return sum(_tokens(part) for message in body["messages"] for part in parts_of(message))


def cached_tokens(body: Json, cache: set[str]) -> tuple[int, int]:
    """
    Look a prompt up in the cache, and add it as far as it is marked: up to the last content part that has a
    `cache_control`, or as a whole if the request has one.

    :param body: The decoded body of a chat request.
    :param cache: The beginnings of prompts that are cached.
    :returns: How many tokens are read from the cache, and how many are written to it.
    """
    beginning, tokens, read, marked = "", 0, 0, 0
    new = set()
    parts = [(message["role"], part) for message in body["messages"] for part in parts_of(message)]
    for number, (role, part) in enumerate(parts, start=1):
        content = {key: value for key, value in part.items() if key != "cache_control"}
        beginning += json.dumps([role, content])
        tokens += _tokens(part)
        if beginning in cache:
            read = tokens
        if "cache_control" in part or ("cache_control" in body and number == len(parts)):
            marked = tokens
            new.add(beginning)
    cache |= new
    return (read, max(marked - read, 0)) if marked else (0, 0)


def _tokens(part: Json) -> int:
    return len(text_of({"content": [part]}).split()) + 1
