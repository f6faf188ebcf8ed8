# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The cost of replies as a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum

from haystack.dataclasses import ChatMessage

from haystack_integrations.common.openrouter.cost import figures
from haystack_integrations.components.generators.openrouter.chat._cost import one_for_each_request

_HEAD = ("model", "provider", "in", "cached", "out", "reasoning", "USD")


def cost_table(messages: Iterable[ChatMessage]) -> str:
    """
    Make a table of costs, with a row for each request and a row with the sum.

    The columns are the model, the provider, input tokens, those of them that were read from a cache, output tokens,
    those of them that were reasoning, and the cost in USD as in `reply_cost`. A `-` means that OpenRouter did not
    report the value.

    :param messages: Messages, such as those of an agent. Those without `meta["usage"]` are left out.
    :returns: The table as text, for a fixed-width font.
    :raises TypeError: If they are not messages.
    """
    metas = [message.meta for message in one_for_each_request(messages, "messages")]
    metas = [meta for meta in metas if isinstance(meta.get("usage"), dict)]
    rows = [list(figures(meta["usage"]).values()) for meta in metas]
    lines = [_line(meta.get("model"), meta.get("provider"), row) for meta, row in zip(metas, rows, strict=True)]
    sums = [_sum(column) for column in zip(*rows, strict=True)] or [0.0] * 5
    return _aligned([_HEAD, *lines, _line("total", "", sums)])


def _sum(column: Sequence[float | None]) -> float | None:
    known = [number for number in column if number is not None]
    return fsum(known) if known else None


def _line(model: object, provider: object, numbers: Sequence[float | None]) -> list[str]:
    formats = ("{:.0f}",) * 4 + ("{:.6f}",)
    cells = ["-" if number is None else form.format(number) for form, number in zip(formats, numbers, strict=True)]
    return [*("-" if name is None else str(name) for name in (model, provider)), *cells]


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    alignments = "<<" + ">" * (len(widths) - 2)
    form = "  ".join(f"{{:{alignment}{width}}}" for alignment, width in zip(alignments, widths, strict=True))
    return "\n".join(form.format(*line) for line in lines)
