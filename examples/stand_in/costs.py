# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""What the stand-in charges."""

DOLLARS_PER_TOKEN = 1e-6


def dollars(tokens: float) -> float:
    """
    Price a number of tokens.

    :param tokens: The number of tokens; a part of one counts as that part.
    :returns: The price in USD.
    """
    return round(tokens * DOLLARS_PER_TOKEN, 9)
