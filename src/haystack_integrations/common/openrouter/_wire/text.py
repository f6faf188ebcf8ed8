# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Strings with half a surrogate pair in them. JSON can escape such a half and UTF-8 can't encode it, so it can't be sent.
"""


def with_joined_halves(text: str) -> str:
    """
    Join halves that came in two pieces of a stream, as those of an emoji may.

    :param text: Any string.
    :returns: The string. A half whose other half is missing stays.
    """
    return text if _is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def sendable(text: str) -> str:
    """
    Replace each half whose other half is missing.

    :param text: Any string.
    :returns: A string that can be sent.
    """
    return text if _is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
