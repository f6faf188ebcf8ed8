# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Checks whether JSON that arrives in pieces is complete.
"""

from __future__ import annotations

import json
import re
from io import StringIO

_TOKEN = re.compile(r'\\.|["{}\[\]]', re.DOTALL)


class GrowingObject:
    """
    A JSON object that arrives in pieces. Each character is read once or twice, however often it is checked.

    :param pieces: The pieces so far. More may be written to it at any time.
    """

    def __init__(self, pieces: StringIO) -> None:
        self._pieces = pieces
        self._read = 0
        self._depth = 0
        self._in_string = False
        self._is_valid: bool | None = None

    def is_complete(self) -> bool:
        """
        Read what was written since the last call.

        :returns: Whether the pieces are one JSON object, and nothing but white space follows it.
        """
        self._pieces.seek(self._read)
        text = self._pieces.read()
        self._read += len(text)
        if self._is_valid is None:
            end = self._end(text)
            if end is None:
                self._read -= (len(text) - len(text.rstrip("\\"))) % 2  # half an escape: read it again with its rest
                return False
            self._is_valid = _is_object(self._pieces.getvalue()[: self._read - len(text) + end])
            text = text[end:]
        self._is_valid = self._is_valid and not text.strip(" \t\r\n")
        return self._is_valid

    def _end(self, text: str) -> int | None:
        """
        Find where the outermost bracket closes.
        """
        for token in _TOKEN.finditer(text):
            if token[0] == '"':
                self._in_string = not self._in_string
            elif not self._in_string and token[0] in "{[":
                self._depth += 1
            elif not self._in_string and token[0] in "}]":
                self._depth -= 1
                if self._depth <= 0:
                    return token.end()
        return None


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
