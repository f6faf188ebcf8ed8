# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""How the stand-in reads a string: as a bag of words."""

import re

STOP_WORDS = frozenset(
    "a an and are as at be by can do does for from get how i in is it me my of on or that the this to was what when "
    "where which who will with you your".split()
)


def words_of(text: str) -> list[str]:
    """
    Split a string into the words that carry its meaning: lower case, no stop words, no plural "s".

    :param text: Any string.
    :returns: The words, in order.
    """
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words if word not in STOP_WORDS]
