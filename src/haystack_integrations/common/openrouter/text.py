# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Halves of surrogate pairs: JSON escapes may hold them, and UTF-8 can't, so that a text with one can't be sent.
"""


def with_joined_halves(text: str) -> str:
    """
    Join halves that came in two pieces of a stream, as those of an emoji may.

    :param text: Any text.
    :returns: The text. Halves whose other half is missing stay.
    """
    return text if _is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def sendable(text: str) -> str:
    """
    Replace halves whose other half is missing.

    :param text: Any text.
    :returns: A text that can be sent.
    """
    return text if _is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
