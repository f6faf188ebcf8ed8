# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Tables for people.
"""

from collections.abc import Sequence

from haystack_integrations.common.openrouter._wire.json_values import printable

_WIDEST = 200


def table(lines: Sequence[Sequence[str]], alignments: str) -> str:
    """Lines of cells as a table for a fixed-width font. `<` aligns a column on the left, `>` on the right."""
    lines = [[printable(cell, _WIDEST) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    form = "  ".join(f"{{:{alignment}{width}}}" for alignment, width in zip(alignments, widths, strict=True))
    return "\n".join(form.format(*line).rstrip() for line in lines)
