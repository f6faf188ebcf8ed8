# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Agents whose last reply has no text: with the hook they end, and without it they don't go on forever."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from haystack.version import __version__ as haystack_version
from modes import Mode
from stand_in import Answer, StandIn
from wire import answer, call, completion

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.hooks.openrouter import OpenRouterFinalReplyHook, cost_budget

IS_OLD = tuple(map(int, haystack_version.split(".")[:2])) < (3, 4)
needs_34 = pytest.mark.skipif(IS_OLD, reason="the Agent of haystack-ai 3.4 is the first that the hook supports")

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
LINK = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}
EMPTY = {"content": ""}
THOUGHTS = {"content": None, "reasoning": "Hm"}
QUESTION = [ChatMessage.from_user("Draw.")]


@tool
def search(query: Annotated[str, "What to search for"]) -> str:
    """Search."""
    return f"Nothing about {query}"


Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(mode: Mode, stand_in: StandIn) -> Run:
    """Run an Agent in one of the four ways, with these replies."""

    def run(*replies: dict[str, Any], messages: Any = QUESTION, **parameters: Any) -> dict[str, Any]:
        stand_in.script(*(answer(mode, reply) for reply in replies))
        agent = Agent(chat_generator=mode.generator(), tools=[search], **parameters)
        callback = mode.callback() if mode.streams else None
        if mode.is_async:
            return asyncio.run(agent.run_async(messages, streaming_callback=callback))
        return agent.run(messages, streaming_callback=callback)

    return run


def hooked(*arguments: Any) -> dict[str, Any]:
    return {"hooks": {"before_llm": [OpenRouterFinalReplyHook(*arguments)]}}


@needs_34
class TestFinalReply:
    @pytest.mark.parametrize(
        ("reply", "reason"),
        [
            ({"content": None, "images": [IMAGE]}, "image"),
            ({"content": None, "images": [LINK]}, "image"),
            ({"content": None, "audio": {"data": "UklGRgAAAABXQVZF", "format": "wav"}}, "audio"),
            (EMPTY, "empty_reply"),
            (THOUGHTS, "empty_reply"),
        ],
    )
    def test_it_ends_the_run(self, run: Run, stand_in: StandIn, reply, reason):
        result = run({"tool_calls": [call("search", '{"query": "x"}', index=0)]}, reply, **hooked())
        assert (result["exit_reason"], len(stand_in.requests)) == (reason, 2)

    def test_a_refusal_ends_the_run_as_text(self, run: Run, stand_in: StandIn):
        result = run({"content": None, "refusal": "No."}, **hooked())
        assert (result["exit_reason"], result["last_message"].text, len(stand_in.requests)) == ("text", "No.", 1)

    def test_as_many_empty_replies_as_you_choose(self, run: Run, stand_in: StandIn):
        assert run(EMPTY, THOUGHTS, **hooked(2))["exit_reason"] == "empty_reply"
        assert len(stand_in.requests) == 2
        assert [message["role"] for message in stand_in.requests[1].body["messages"]] == ["user"]
        assert run(EMPTY, {"content": "Now."}, **hooked(2))["last_message"].text == "Now."

    @pytest.mark.parametrize("more", [{}, {"images": [IMAGE]}])
    def test_malformed_calls_still_heal(self, run: Run, stand_in: StandIn, more):
        result = run({"tool_calls": [call("search", "oops", index=0)], **more}, {"content": "Done."}, **hooked())
        assert (result["exit_reason"], len(stand_in.requests)) == ("text", 2)

    def test_replies_of_earlier_runs_do_not_count(self, run: Run):
        history = [*QUESTION, ChatMessage.from_assistant()]
        assert run({"content": "Done."}, messages=history, **hooked())["last_message"].text == "Done."
        assert run(EMPTY, {"content": "Now."}, messages=history, **hooked(2))["last_message"].text == "Now."


@pytest.mark.parametrize("reply", [EMPTY, THOUGHTS])
def test_without_the_hook_three_empty_replies_are_an_error(run: Run, stand_in: StandIn, reply):
    with pytest.raises(ValueError, match="last 3 of `messages` are replies with neither text .*'stop'.*FinalReplyHook"):
        run(*[reply] * 4)
    assert len(stand_in.requests) == 3


def test_without_the_hook_a_refusal_ends_the_run(run: Run, stand_in: StandIn):
    assert run({"content": None, "refusal": "No."})["last_message"].text == "No."
    assert len(stand_in.requests) == 1


@needs_34
class TestHook:
    def test_the_refusal_of_another_generator(self, sync: Mode, stand_in: StandIn):
        class Other:
            def run(self, messages: list[ChatMessage], tools: Any = None) -> dict[str, Any]:
                return {"replies": [ChatMessage.from_assistant(meta={"refusal": "No."})]}

            def to_dict(self) -> dict[str, Any]:
                return {}

        result = Agent(chat_generator=Other(), tools=[search], **hooked()).run(QUESTION)
        assert result["exit_reason"] == "refusal"

    def test_yaml(self, sync: Mode, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-x")
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url)
        pipeline = Pipeline()
        pipeline.add_component("agent", Agent(chat_generator=generator, tools=[search], **hooked(2)))
        loaded = Pipeline.loads(pipeline.dumps())
        (hook,) = loaded.get_component("agent").hooks["before_llm"]
        assert (type(hook), hook.max_empty_replies) == (OpenRouterFinalReplyHook, 2)
        stand_in.script(Answer.json(completion({"content": None, "images": [IMAGE]})))
        assert loaded.run({"agent": {"messages": QUESTION}})["agent"]["exit_reason"] == "image"

    def test_only_before_a_call(self, sync: Mode):
        with pytest.raises(ValueError, match="before_llm"):
            Agent(chat_generator=sync.generator(), hooks={"on_exit": [OpenRouterFinalReplyHook()]})

    @pytest.mark.parametrize("odd", [0, -1, True, 1.5, "2", None])
    def test_a_number_that_can_not_be(self, odd):
        with pytest.raises(ValueError, match="`max_empty_replies` must be a whole number of at least 1"):
            OpenRouterFinalReplyHook(odd)


def test_an_old_haystack(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cost_budget, "haystack_version", "3.3.1")
    with pytest.raises(ImportError, match=r"OpenRouterFinalReplyHook needs haystack-ai 3\.4 or newer"):
        OpenRouterFinalReplyHook()
