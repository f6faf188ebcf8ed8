# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Everything about tools in a request: what describes them, checks, and warming them up.

Lazy toolsets, such as those of MCP servers, list their tools only when they are warm. haystack-ai 3.0 leaves that to
the generator; later versions leave it to the Agent, so that a pipeline without one would send placeholders.

Source: `ChatFunctionTool` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

import haystack.tools
from haystack import logging
from haystack.tools import ToolsType, flatten_tools_or_toolsets, serialize_tools_or_toolset, warm_up_tools

from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import in_stable_order
from haystack_integrations.common.openrouter._wire.model_names import closest
from haystack_integrations.components.generators.openrouter.chat._request.schemas import (
    sendable_schema,
    with_read_order,
    with_written_order,
)

logger = logging.getLogger(__name__)


def tool_definitions(
    tools: ToolsType, *, strict: bool, options: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """
    Describe Haystack's tools, without toolsets, as OpenRouter takes them.

    :param tools: Tools and toolsets.
    :param strict: Whether to make their schemas strict.
    :param options: What stands beside a tool's `type`, by the name of the tool.
    """
    definitions = []
    for tool in checked_tools(tools):
        function = dict(tool.tool_spec)
        what = f"the tool {checks.shown(tool.name)}" if strict else None
        function["parameters"], is_strict = sendable_schema(function["parameters"], what, may_be_sorted=True)
        if is_strict:
            function["strict"] = True
        beside = in_stable_order(options[tool.name]) if options and tool.name in options else {}
        definitions.append({"type": "function", "function": function, **beside})
    return definitions


def check_tool_options(options: object) -> None:
    """Raise unless these are options that can stand beside the `type` of tools."""
    example = 'a dictionary such as {"search": {"defer_loading": True}}'
    checks.instance(options, "`tool_options`", Mapping, example)
    for name, fields in options.items() if isinstance(options, Mapping) else ():
        argument = f"tool_options[{checks.shown(name)}]"
        checks.instance(fields, f"`{argument}`", Mapping, 'a dictionary such as {"defer_loading": True}')
        own = "It comes from the tool itself."
        checks.parameters(fields, argument, {"type": own, "function": own})


def warn_of_unknown_tools(options: Mapping[str, Any], *tools: ToolsType | None, noticed: set[str]) -> None:
    """Log a warning for each tool with options that is not there, once for a name: an Agent may reveal it later."""
    names = [tool.name for some in tools if some is not None for tool in flatten_tools_or_toolsets(some)]
    for name in options if names else ():
        if name in names or (mark := f"tool_options: {name}") in noticed:
            continue
        noticed.add(mark)
        logger.warning(
            "`tool_options` has {unknown}, but no tool of this run has this name. The tools are: {tools}.",
            unknown=checks.shown(name),
            tools=", ".join(checks.shown(known) for known in closest(str(name), names, 3) or names[:10]),
        )


def server_tools(tools: object) -> list[dict[str, Any]]:
    """Copy OpenRouter's own tools, which are in `generation_kwargs["tools"]`."""
    if not isinstance(tools, list | tuple) or not all(isinstance(tool, Mapping) for tool in tools):
        msg = (
            '`generation_kwargs["tools"]` takes a list of dictionaries, such as {"type": "openrouter:web_search"}. '
            "Pass Haystack tools as `tools`."
        )
        raise TypeError(msg)
    return [dict(tool) for tool in tools]


def checked_tools(tools: ToolsType) -> list[Any]:
    """List the tools, those of toolsets too, or raise if they can't be used. OpenRouter's own are dictionaries."""
    listed = tools if isinstance(tools, list | tuple) else [tools]
    if any(isinstance(tool, Mapping) for tool in listed):
        msg = (
            "`tools` takes Haystack's Tool and Toolset objects, not dictionaries. OpenRouter's server tools, such as "
            '{"type": "openrouter:web_search"}, go into `generation_kwargs["tools"]`.'
        )
        raise TypeError(msg)
    flat = flatten_tools_or_toolsets(tools)
    if duplicates := sorted(name for name, count in Counter(tool.name for tool in flat).items() if count > 1):
        msg = f"Duplicate tool names found: {duplicates}. Give each tool in `tools` a name of its own."
        raise ValueError(msg)
    return flat


def written_tools(tools: ToolsType | None) -> Any:
    """Serialize tools, so that the order of their arguments survives YAML."""
    return _with_schemas(serialize_tools_or_toolset(tools), with_written_order)


def read_tools(serialized: Any) -> Any:
    """Put the arguments of serialized tools into their order."""
    return _with_schemas(serialized, with_read_order)


def _with_schemas(serialized: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(serialized, list):
        return [_with_schemas(tool, change) for tool in serialized]
    if not isinstance(serialized, dict) or not isinstance(data := serialized.get("data"), dict):
        return serialized
    changed = {"parameters": change(data.get("parameters")), "tools": _with_schemas(data.get("tools"), change)}
    return {**serialized, "data": {**data, **{name: value for name, value in changed.items() if name in data}}}


class ToolWarmUp:
    """Warms up each tool and toolset once, whichever thread or task comes first. A copy or a pickle starts anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._warm: WeakValueDictionary[int, Any] = WeakValueDictionary()  # by id: a tool has no hash

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the lock behind, and what was warmed up."""
        return ToolWarmUp, ()

    def run(self, tools: ToolsType) -> None:
        """Warm up those tools that are not warm."""
        if not self._cold(tools):
            return
        checked_tools(tools)
        with self._lock:
            for tool in self._cold(tools):
                warm_up_tools([tool])
                self._warm[id(tool)] = tool

    async def run_async(self, tools: ToolsType) -> None:
        """Warm up those tools that are not warm, without blocking the event loop if possible."""
        if not self._cold(tools):
            return
        checked_tools(tools)
        while not self._lock.acquire(blocking=False):  # noqa: ASYNC110
            await asyncio.sleep(0.005)  # a waiting thread could not be cancelled with its task
        try:
            for tool in self._cold(tools):
                await _warm_up_async([tool])
                self._warm[id(tool)] = tool
        finally:
            self._lock.release()

    def _cold(self, tools: ToolsType) -> list[Any]:
        listed = tools if isinstance(tools, list | tuple) else [tools]
        return [tool for tool in listed if self._warm.get(id(tool)) is not tool]


async def _warm_up_async(tools: ToolsType) -> None:
    warm_up = getattr(haystack.tools, "warm_up_tools_async", None)  # newer than haystack-ai 3.0
    if warm_up is None:
        warm_up_tools(tools)
    else:
        await warm_up(tools)
