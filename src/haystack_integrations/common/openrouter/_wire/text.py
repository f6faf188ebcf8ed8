# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Strings with half a surrogate pair in them, and tables.

JSON can escape half of a surrogate pair and UTF-8 can't encode it, so it can't be sent.
"""

from collections.abc import Sequence


def with_joined_halves(text: str) -> str:
    """
    Join halves that came in two pieces of a stream, as those of an emoji may. A half without the other one stays.
    """
    return text if _is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def sendable(text: str) -> str:
    """
    Replace each half whose other half is missing, so that the string can be sent.
    """
    return text if _is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def table(lines: Sequence[Sequence[str]], alignments: str) -> str:
    """
    Lines of cells as a table for a fixed-width font. `<` aligns a column on the left, `>` on the right.
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    form = "  ".join(f"{{:{alignment}{width}}}" for alignment, width in zip(alignments, widths, strict=True))
    return "\n".join(form.format(*line).rstrip() for line in lines)
