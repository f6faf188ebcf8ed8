# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
What long conversations, many tools and large replies cost in CPU time, and how long they hold up an event loop.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

from contenders import SDK, Haystack, Ours
from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage, ToolCall
from haystack.tools import Tool
from haystack.utils import Secret
from openai import AsyncOpenAI, OpenAI
from rounds import Figures, medians

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

_TEXT = "All the words of a message, of which there are some. " * 4
_KEY = "sk-or-v1-benchmark"
STEPS = 50


def _conversation(count: int) -> list[ChatMessage]:
    roles = (ChatMessage.from_user, ChatMessage.from_assistant)
    return [roles[number % 2](_TEXT) for number in range(count)]


def _with_tool_calls(count: int) -> list[ChatMessage]:
    messages = [ChatMessage.from_user(_TEXT)]
    for number in range(count // 2):
        call = ToolCall("look_up", {"text": _TEXT, "page": number}, id=f"call_{number}")
        messages += [ChatMessage.from_assistant(tool_calls=[call]), ChatMessage.from_tool(_TEXT, origin=call)]
    return messages


def _look_up(text: str, page: int = 1) -> str:
    return f"{page}: {text}"


def _tools(count: int) -> list[Tool]:
    fields = {"text": {"type": "string", "description": _TEXT}, "page": {"type": "integer"}}
    schema = {"type": "object", "properties": fields, "required": ["text"]}
    return [Tool(f"look_up_{number}", _TEXT, schema, function=_look_up) for number in range(count)]


OUT: dict[str, tuple[list[ChatMessage], list[Tool], bool]] = {
    "one message": (_conversation(1), [], False),
    "100 messages": (_conversation(100), [], False),
    "100 messages with tool calls": (_with_tool_calls(100), [], False),
    "1,000 messages": (_conversation(1000), [], False),
    "20 tools": (_conversation(1), _tools(20), False),
    "100 tools, strict": (_conversation(1), _tools(100), True),
}
IN = ("100 KB of text", "1,000 logprobs", "200 tool calls", "5 MB of images")


class Conversations:
    """
    The same request or reply for the SDK, Haystack's own generator and this package.
    """

    def __init__(self, port: int, *, rounds: int) -> None:
        settings: dict[str, Any] = {"api_key": Secret.from_token(_KEY), "api_base_url": f"http://127.0.0.1:{port}"}
        sdk: dict[str, Any] = {"api_key": _KEY, "base_url": settings["api_base_url"]}
        self._client, self._async_client = OpenAI(**sdk), AsyncOpenAI(**sdk)
        self._settings, self._rounds, self._runner = settings, rounds, asyncio.Runner()

    def microseconds_out(self, name: str) -> Figures:
        """
        Of CPU for a call with this request, and a short reply.
        """
        messages, tools, strict = OUT[name]
        return self._microseconds("plain", messages, tools, strict, 10 if len(messages) > 100 else 50)

    def microseconds_in(self, name: str) -> Figures:
        """
        Of CPU for a call with this reply, and a short request.
        """
        return self._microseconds(f"reply/{name}", _conversation(1), [], False, 5)

    def _microseconds(
        self, model: str, messages: list[ChatMessage], tools: list[Tool], strict: bool, calls: int
    ) -> Figures:
        wired = self._wired(messages, tools, strict)
        tasks: dict[str, Callable[[], Any]] = {SDK.name: lambda: self._create(self._client, model, wired)}
        for name, generator in self._generators(model, tools, strict).items():
            tasks[name] = lambda generator=generator: generator.run(messages)
        repeated = {name: lambda task=task: [task() for _ in range(calls)] for name, task in tasks.items()}
        return medians(repeated, calls, self._rounds)

    def agent(self, *, asynchronous: bool) -> Figures:
        """
        Milliseconds of CPU for an Agent of 50 steps with 20 tools.
        """
        tasks: dict[str, Callable[[], Any]] = {}
        for name, generator in self._generators(f"agent/{STEPS}", [], False).items():
            agent = Agent(chat_generator=generator, tools=_tools(20), max_agent_steps=2 * STEPS)
            agent.warm_up()
            tasks[name] = lambda agent=agent: agent.run(messages=_conversation(1))
            if asynchronous:
                tasks[name] = lambda agent=agent: self._runner.run(agent.run_async(messages=_conversation(1)))
        return medians(tasks, 1000, self._rounds)

    def stopped_loop(self) -> Figures:
        """
        Milliseconds for which an asynchronous call with 1,000 messages stops all other tasks.
        """
        messages = _conversation(1000)
        wired = self._wired(messages, [], False)
        calls: dict[str, Callable[[], Any]] = {SDK.name: lambda: self._create(self._async_client, "plain", wired)}
        for name, generator in self._generators("plain", [], False).items():
            calls[name] = lambda generator=generator: generator.run_async(messages)
        gaps: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(self._rounds + 1):
            for name, call in calls.items():
                gaps[name].append(self._runner.run(_longest_gap(call)))
        return {name: statistics.median(found[1:]) * 1000 for name, found in gaps.items()}

    def _generators(self, model: str, tools: list[Tool], strict: bool) -> dict[str, Any]:
        settings = {**self._settings, "model": model, "tools": tools or None, "tools_strict": strict}
        return {Haystack.name: OpenAIChatGenerator(**settings), Ours.name: OpenRouterChatGenerator(**settings)}

    def _wired(self, messages: list[ChatMessage], tools: list[Tool], strict: bool) -> dict[str, Any]:
        """What the SDK sends, made beforehand."""
        wired: dict[str, Any] = {"messages": [message.to_openai_dict_format() for message in messages]}
        if tools:
            more = {"strict": True} if strict else {}
            wired["tools"] = [{"type": "function", "function": {**tool.tool_spec, **more}} for tool in tools]
        return wired

    def _create(self, client: Any, model: str, wired: dict[str, Any]) -> Any:
        return client.chat.completions.create(model=model, **wired)


async def _longest_gap(call: Callable[[], Any]) -> float:
    task, longest, before = asyncio.ensure_future(call()), 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest, before = max(longest, now - before), now
    await task
    return longest
