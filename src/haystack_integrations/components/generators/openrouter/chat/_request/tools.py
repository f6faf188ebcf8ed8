# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Everything about tools in a request: what describes them, checks, strict schemas, and warming them up.

Lazy toolsets, such as those of MCP servers, list their tools only when they are warm. haystack-ai 3.0 leaves that to
the generator; later versions leave it to the Agent, so that a pipeline without one would send placeholders.

Sources: `ChatRequest.tools` in OpenRouter's OpenAPI document, and for strict schemas
https://platform.openai.com/docs/guides/structured-outputs#supported-schemas.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

import haystack.tools
from haystack.tools import ToolsType, flatten_tools_or_toolsets, warm_up_tools

# Keys of a JSON schema that hold other schemas.
_SCHEMA = ("items", "additionalItems", "contains", "not", "if", "then", "else")
_LIST_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMAS_BY_NAME = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")


def tool_definitions(tools: ToolsType, *, strict: bool) -> list[dict[str, Any]]:
    """Describe Haystack's tools, without toolsets, as OpenRouter takes them."""
    definitions = []
    for tool in checked_tools(tools):
        function = dict(tool.tool_spec)
        if strict:
            function["strict"] = True
            function["parameters"] = strict_schema(function["parameters"])
        definitions.append({"type": "function", "function": function})
    return definitions


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


def strict_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Make a JSON schema strict, on a copy: at every depth, all properties are required and no others are allowed."""
    strict = dict(schema)
    for key, value in schema.items():
        if key in _SCHEMA and isinstance(value, dict):
            strict[key] = strict_schema(value)
        elif (key in _LIST_OF_SCHEMAS or key == "items") and isinstance(value, list):
            strict[key] = [strict_schema(item) if isinstance(item, dict) else item for item in value]
        elif key in _SCHEMAS_BY_NAME and isinstance(value, dict):
            strict[key] = {name: strict_schema(s) if isinstance(s, dict) else s for name, s in value.items()}
    if "properties" in schema or _may_be_object(schema.get("type")):
        strict["additionalProperties"] = False
    if "properties" in schema:
        strict["required"] = list(schema["properties"])
    return strict


def _may_be_object(kind: object) -> bool:
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


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
