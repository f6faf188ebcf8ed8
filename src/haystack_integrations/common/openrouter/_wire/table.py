# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Tables for people and for pandas.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Literal, NamedTuple, Self

from haystack_integrations.common.openrouter._wire.json_values import printable

_WIDEST = 200


class Column(NamedTuple):
    """
    A column of a table.

    :param name: Its key in the rows.
    :param head: What stands above it.
    :param show: Writes a value.
    :param side: Where its cells are aligned: `<` on the left, `>` on the right.
    """

    name: str
    head: str
    show: Callable[[Any], str] = str
    side: Literal["<", ">"] = "<"

    def cell(self, value: object, missing: str) -> str:
        """A value as text."""
        return printable(missing if value is None else self.show(value), _WIDEST)


class Table(str):
    """
    A table: text when it is printed, HTML in a notebook, and `rows` for pandas.

    It is a string, the lines of the table in a fixed-width font, and can be used as one.

    Attributes: `rows`, a list of a dictionary for each row, whose values are None where they are unknown. A row with
    sums is not among them. `pandas.DataFrame(table.rows)` makes a data frame.
    """

    rows: list[dict[str, Any]]
    _lines: list[list[str]]
    _sides: list[Literal["<", ">"]]

    def __new__(
        cls,
        columns: Sequence[Column],
        rows: Sequence[Mapping[str, Any]],
        sums: Mapping[str, Any] | None = None,
        missing: str = "-",
    ) -> Self:
        """Lay out the columns of these rows, with a row of sums below them."""
        shown = rows if sums is None else [*rows, sums]
        cells = [[column.cell(row[column.name], missing) for column in columns] for row in shown]
        lines = [[column.head for column in columns], *cells]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        sides = [column.side for column in columns]
        form = "  ".join(f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True))
        made = super().__new__(cls, "\n".join(form.format(*line).rstrip() for line in lines))
        made.rows = [dict(row) for row in rows]
        made._lines, made._sides = lines, sides
        return made

    def __repr__(self) -> str:
        """Show the table."""
        return str(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (str(self), vars(self))

    def _repr_html_(self) -> str:
        """Write the table for a notebook."""
        head, *body = self._lines
        rows = "".join(_html_row("td", line, self._sides) for line in body)
        return f"<table><thead>{_html_row('th', head, self._sides)}</thead><tbody>{rows}</tbody></table>"


def _html_row(tag: str, line: list[str], sides: Sequence[str]) -> str:
    styles = ("left" if side == "<" else "right" for side in sides)
    cells = (
        f'<{tag} style="text-align: {style}">{escape(cell)}</{tag}>' for cell, style in zip(line, styles, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _rebuilt(text: str, state: dict[str, Any]) -> Table:
    made = str.__new__(Table, text)
    vars(made).update(state)
    return made
