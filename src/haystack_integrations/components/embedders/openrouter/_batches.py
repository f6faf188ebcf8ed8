# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The documents of one request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from haystack import Document


@dataclass(slots=True)
class Item:
    """
    One document of a run.
    """

    position: int
    document: Document
    sent: Any = None
    """The input for it, once it is made."""


@dataclass(slots=True)
class Whole:
    """
    A batch before it was split.
    """

    parts: int = 1
    """How many parts of it are still to be embedded."""
    embedded: bool = False
    """Whether any of its documents was embedded."""


@dataclass(slots=True)
class Batch:
    """
    The documents of one request: a batch, or a part of one that was refused or did not fit into a request.
    """

    items: list[Item]
    whole: Whole

    @property
    def inputs(self) -> list[Any]:
        """
        The inputs that are sent for the documents.
        """
        return [item.sent for item in self.items]

    def parts(self, length: int) -> tuple[Batch, Batch]:
        """
        Split the batch in two.

        :param length: How many documents the first part has.
        :returns: The two parts.
        """
        return Batch(self.items[:length], self.whole), Batch(self.items[length:], self.whole)
