# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Warms up the tools of a generator. Lazy toolsets, such as those of MCP servers, list their tools only after that.

haystack-ai 3.0 leaves this to the generator; later versions leave it to the Agent, so that a pipeline without one would
send placeholders.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import haystack.tools
from haystack.tools import ToolsType, warm_up_tools


class ToolWarmUp:
    """
    Warms up the same tools once, whichever thread or task comes first. A copy or a pickle of it starts anew.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._warm: ToolsType | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """
        Leave the lock behind, and what was warmed up.
        """
        return ToolWarmUp, ()

    def run(self, tools: ToolsType | None) -> None:
        """
        Warm up tools, unless they already are.

        :param tools: Tools and toolsets, or None.
        """
        if tools is self._warm:
            return
        with self._lock:
            if tools is not self._warm:
                warm_up_tools(tools)
                self._warm = tools

    async def run_async(self, tools: ToolsType | None) -> None:
        """
        Warm up tools, unless they already are, without blocking the event loop if possible.

        :param tools: Tools and toolsets, or None.
        """
        if tools is self._warm:
            return
        while not self._lock.acquire(blocking=False):  # noqa: ASYNC110
            await asyncio.sleep(0.005)  # a waiting thread could not be cancelled with its task
        try:
            if tools is not self._warm:
                await _warm_up_async(tools)
                self._warm = tools
        finally:
            self._lock.release()


async def _warm_up_async(tools: ToolsType | None) -> None:
    warm_up = getattr(haystack.tools, "warm_up_tools_async", None)  # newer than haystack-ai 3.0
    if warm_up is None:
        warm_up_tools(tools)
    else:
        await warm_up(tools)
