# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Numbers the content blocks of a streamed reply. A block is a run of one kind; each tool call is a block of its own.
"""

from __future__ import annotations

from haystack_integrations.components.generators.openrouter.chat._stream.tool_calls import ToolCallFragments

TEXT, REASONING = "text", "reasoning"


class Blocks:
    """
    Gives each payload its block, numbered from 0.
    """

    def __init__(self) -> None:
        self.kind: object = None
        """What the last payload was: TEXT, REASONING or a `ToolCallFragments`."""
        self.index = 0
        """The number of the last payload's block."""
        self._next = 0

    def place(self, kind: object) -> tuple[int, bool]:
        """
        Find or begin the block of the next payload.

        :param kind: What the payload is.
        :returns: The number of the block, and whether this is its first payload.
        """
        if kind is self.kind:
            return self.index, False
        self.kind = kind
        if type(kind) is ToolCallFragments and kind.block is not None:  # interleaved calls
            self.index = kind.block
            return self.index, False
        self.index = self._next
        self._next += 1
        if type(kind) is ToolCallFragments:
            kind.block = self.index
        return self.index, True
