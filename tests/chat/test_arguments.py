# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Arguments that are refused before anything is sent, signatures that tools read, and tools that are lazy."""

import asyncio
import copy
import gc
import inspect
import pickle
import sys
import threading
import typing
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from components import COMPONENTS, build
from haystack import Pipeline, component
from haystack.dataclasses import ChatMessage
from haystack.tools import ComponentTool, PipelineTool, Tool, Toolset
from modes import Mode
from pydantic import TypeAdapter
from stand_in import StandIn

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
SERVER_TOOL = {"type": "openrouter:web_search"}


class TestRefused:
    @pytest.mark.parametrize(
        ("kwargs", "named"),
        [
            ([("temperature", 1)], "`generation_kwargs` must be a dictionary"),
            ("temperature", "`generation_kwargs` must be a dictionary"),
            ({"provider": "groq"}, r'\["provider"\].*"sort"'),
            ({"reasoning": "high"}, r'\["reasoning"\].*"effort"'),
            ({"plugins": {"id": "web"}}, r'\["plugins"\].*\[\{"id"'),
            ({"plugins": ["web"]}, r'\["plugins"\]'),
            ({"models": "a/b"}, r'\["models"\].*\["'),
            ({"models": [1]}, r'\["models"\]'),
            ({"model": ""}, r'\["model"\]'),
            ({"messages": []}, "can't hold 'messages'. Pass them to `run`"),
            ({"response_format": SCHEMA}, "bare JSON schema. Wrap it"),
            ({"response_format": {"anyOf": [SCHEMA]}}, "bare JSON schema. Wrap it"),
        ],
    )
    def test_generation_kwargs(self, plain: Mode, stand_in: StandIn, kwargs, named):
        with pytest.raises((TypeError, ValueError), match=named):
            OpenRouterChatGenerator(generation_kwargs=kwargs)
        with pytest.raises((TypeError, ValueError), match=named):
            plain(run=kwargs)
        assert not stand_in.requests

    def test_a_callback_that_can_not_be_called(self, plain: Mode, stand_in: StandIn):
        with pytest.raises(TypeError, match="`streaming_callback` must be a function.*, not bool"):
            OpenRouterChatGenerator(streaming_callback=True)
        with pytest.raises(TypeError, match="`streaming_callback` must be a function.*, not bool"):
            plain.run(plain.generator(), streaming_callback=True)
        assert not stand_in.requests

    @pytest.mark.parametrize("tools", [SERVER_TOOL, [SERVER_TOOL]])
    def test_dictionaries_as_tools(self, plain: Mode, stand_in: StandIn, tools):
        with pytest.raises(TypeError, match=r'`generation_kwargs\["tools"\]`'):
            OpenRouterChatGenerator(tools=tools)
        with pytest.raises(TypeError, match=r'`generation_kwargs\["tools"\]`'):
            plain.run(plain.generator(), tools=tools)
        assert not stand_in.requests

    @pytest.mark.parametrize(
        "kwargs",
        [
            None,
            {},
            {"provider": None, "models": None, "plugins": ()},
            {"models": ("a/b", "c/d"), "reasoning": {"effort": "low"}},
            {"response_format": {"type": "json_object"}},
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}},
            {"response_format": {"type": "something new"}},
        ],
    )
    def test_what_can_be_sent_is_sent(self, plain: Mode, kwargs):
        assert plain(run=kwargs).text is not None


class TestTypingMistakes:
    @pytest.mark.parametrize(
        ("key", "meant"),
        [
            ("temprature", "temperature"),
            ("temperatur", "temperature"),
            ("tempreature", "temperature"),
            ("max_token", "max_tokens"),
            ("provider_", "provider"),
            ("reasonimg", "reasoning"),
        ],
    )
    def test_one_edit_away_is_sent_with_a_warning(self, plain: Mode, stand_in: StandIn, caplog, key, meant):
        plain(run={key: "1"})
        assert stand_in.requests[0].body[key] == "1"
        assert f"'{key}', which is sent unchanged. Did you mean '{meant}'?" in caplog.text

    @pytest.mark.parametrize("key", ["temperature", "a_new_key", "tmprtur", "min_p", "m", "verbosity"])
    def test_others_are_not_warned_of(self, plain: Mode, caplog, key):
        plain(run={key: "1"})
        assert "Did you mean" not in caplog.text


@component
class Options:
    """
    Gives what other components give: an optional dictionary.
    """

    @component.output_types(options=dict[str, Any] | None)
    def run(self) -> dict[str, Any]:
        return {"options": {"max_tokens": 5}}


class TestSignatures:
    @pytest.mark.parametrize("kind", COMPONENTS)
    @pytest.mark.parametrize("method", ["run", "run_async", "__init__"])
    def test_pydantic_reads_them(self, kind, method):
        hints = typing.get_type_hints(getattr(kind, method))
        for name in inspect.signature(getattr(kind, method)).parameters:
            if name in (
                "generation_kwargs",
                "extra_parameters",
                "documents",
                "messages",
                "query",
                "text",
                "prompt",
                "images",
                "sources",
            ):
                TypeAdapter(hints[name])
        if "generation_kwargs" in hints:
            assert hints["generation_kwargs"] == dict[str, Any] | None

    @pytest.mark.parametrize("kind", COMPONENTS)
    def test_component_tool(self, kind):
        tool = ComponentTool(component=build(kind), name="use_it", description="Uses it")
        assert tool.parameters["properties"]

    def test_component_tool_runs(self, stand_in: StandIn):
        tool = ComponentTool(OpenRouterChatGenerator(api_base_url=stand_in.url), name="ask", description="Asks")
        assert tool.parameters["properties"]["generation_kwargs"]
        replies = tool.invoke(messages=[ChatMessage.from_user("hi").to_dict()], generation_kwargs={"max_tokens": 5})
        assert replies["replies"][0].text
        assert stand_in.requests[0].body["max_tokens"] == 5

    def test_pipeline_tool(self, stand_in: StandIn):
        pipeline = Pipeline()
        pipeline.add_component("llm", OpenRouterChatGenerator(api_base_url=stand_in.url))
        tool = PipelineTool(
            pipeline,
            name="ask",
            description="Asks",
            input_mapping={"messages": ["llm.messages"], "options": ["llm.generation_kwargs"]},
            output_mapping={"llm.replies": "replies"},
        )
        assert tool.parameters["properties"].keys() == {"messages", "options"}

    def test_connect_from_an_optional_dictionary(self, stand_in: StandIn):
        pipeline = Pipeline()
        pipeline.add_component("options", Options())
        pipeline.add_component("llm", OpenRouterChatGenerator(api_base_url=stand_in.url))
        pipeline.connect("options.options", "llm.generation_kwargs")
        assert pipeline.run({"llm": {"messages": [ChatMessage.from_user("hi")]}})["llm"]["replies"]
        assert stand_in.requests[0].body["max_tokens"] == 5


def look_up(city: str) -> str:
    return city


class Lazy(Toolset):
    """
    A toolset that lists its tool only when it is warm, as those of MCP servers do.
    """

    def __init__(self) -> None:
        super().__init__(tools=[])
        self.times = 0
        self.began = threading.Event()

    def warm_up(self) -> None:
        self.times += 1
        self.tools = [Tool(name="look_up", description="Looks up", parameters=SCHEMA, function=look_up)]

    def __deepcopy__(self, memo: dict[int, Any]) -> "Lazy":
        return Lazy()

    def __reduce__(self) -> Any:
        return Lazy, ()


def test_a_chat_without_tools_does_not_run_through_what_prepares_them(mode: Mode, stand_in: StandIn):
    generator, paths = mode.generator(), set()
    sys.setprofile(lambda frame, event, argument: paths.add(frame.f_code.co_filename))
    try:
        mode.run(generator)
        asyncio.run(generator.warm_up_async()) if mode.is_async else generator.warm_up()
    finally:
        sys.setprofile(None)
    used = {path.stem for path in map(Path, paths) if path.parent.name == "_request"}
    assert used == {"arguments", "messages", "reasoning", "tool_calls"}


class TestLazyTools:
    def test_warm_at_the_first_run(self, mode: Mode, stand_in: StandIn):
        generator = mode.generator(tools=Lazy())
        for _ in range(2):
            mode.run(generator)
        for request in stand_in.requests:
            assert [tool["function"]["name"] for tool in request.body["tools"]] == ["look_up"]
        assert generator.tools.times == 1

    @pytest.mark.parametrize("listed", [True, False])
    def test_warm_in_warm_up(self, plain: Mode, stand_in: StandIn, listed):
        lazy = Lazy()  # it is empty, and false, until then
        generator = plain.generator(tools=[lazy] if listed else lazy)
        if plain.is_async:
            asyncio.run(generator.warm_up_async())
        else:
            generator.warm_up()
        assert lazy.times == 1
        plain.run(generator)
        assert lazy.times == 1

    def test_once_for_many_threads_and_tasks(self, stand_in: StandIn):
        generator = Mode("sync", stand_in.url).generator(tools=Lazy())
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: generator.run("hi"), range(16)))
        assert generator.tools.times == 1

        async def many(generator: OpenRouterChatGenerator) -> None:
            await asyncio.gather(*(generator.run_async("hi") for _ in range(8)))

        other = Mode("async", stand_in.url).generator(tools=Lazy())
        asyncio.run(many(other))
        assert other.tools.times == 1

    def test_of_a_run(self, mode: Mode, stand_in: StandIn):
        generator, lazy, other = mode.generator(tools=Lazy()), Lazy(), Lazy()
        for tools in (lazy, [lazy], [other]):
            mode.run(generator, tools=tools)
        for request in stand_in.requests:
            assert [tool["function"]["name"] for tool in request.body["tools"]] == ["look_up"]
        assert (lazy.times, other.times, generator.tools.times) == (1, 1, 0)
        kept = weakref.ref(lazy)
        del lazy, tools
        gc.collect()
        assert kept() is None

    def test_only_what_was_not_warm_is_warmed_up_again(self, plain: Mode, stand_in: StandIn):
        class Broken(Lazy):
            def warm_up(self) -> None:
                self.times += 1
                if self.times == 1:
                    raise ConnectionError

        generator, lazy, broken = plain.generator(), Lazy(), Broken()
        with pytest.raises(ConnectionError):
            plain.run(generator, tools=[lazy, broken])
        plain.run(generator, tools=[lazy, broken])
        assert (lazy.times, broken.times) == (1, 2)

    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda generator: pickle.loads(pickle.dumps(generator))])
    def test_a_copy_warms_up_its_own(self, stand_in: StandIn, copied):
        generator = Mode("sync", stand_in.url).generator(tools=Lazy())
        generator.run("hi")
        twin = copied(generator)
        twin.run("hi")
        assert twin.tools.times == 1
