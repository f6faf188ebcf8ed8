# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The component where Haystack users put it: in pipelines, agents and fallbacks, each the real one."""

import asyncio
from typing import Annotated, Any

import pytest
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.components.builders import ChatPromptBuilder
from haystack.components.generators.chat import FallbackChatGenerator
from haystack.core.errors import PipelineRuntimeError
from haystack.dataclasses import ChatMessage, StreamingChunk
from haystack.tools import tool
from modes import Mode
from stand_in import Answer, StandIn
from wire import answer, call

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterStreamError


@tool
def weather(city: Annotated[str, "The city"]) -> str:
    """The weather in a city."""
    return f"Sunny in {city}"


def rag_pipeline(mode: Mode) -> Pipeline:
    pipeline = Pipeline()
    template = [ChatMessage.from_system("Answer briefly."), ChatMessage.from_user("About {{ topic }}?")]
    pipeline.add_component("prompt", ChatPromptBuilder(template=template))
    pipeline.add_component("llm", mode.generator())
    pipeline.connect("prompt.prompt", "llm.messages")
    return pipeline


class TestPipeline:
    def test_after_a_prompt_builder(self, stand_in: StandIn):
        result = rag_pipeline(Mode("sync", stand_in.url)).run({"prompt": {"topic": "Rome"}})
        assert "About Rome?" in result["llm"]["replies"][0].text
        assert [m["role"] for m in stand_in.requests[0].body["messages"]] == ["system", "user"]

    def test_streaming_names_the_component(self, stand_in: StandIn):
        chunks: list[StreamingChunk] = []
        data = {"prompt": {"topic": "Rome"}, "llm": {"streaming_callback": chunks.append}}
        rag_pipeline(Mode("sync", stand_in.url)).run(data)
        assert {chunk.component_info.name for chunk in chunks} == {"llm"}

    def test_in_an_async_run(self, stand_in: StandIn):
        pipeline = rag_pipeline(Mode("async", stand_in.url))
        result = asyncio.run(pipeline.run_async({"prompt": {"topic": "Rome"}}))
        assert "About Rome?" in result["llm"]["replies"][0].text

    def test_from_yaml_with_a_key_from_the_environment(self, stand_in: StandIn):
        pipeline = Pipeline()
        pipeline.add_component("llm", OpenRouterChatGenerator(api_base_url=stand_in.url))
        loaded = Pipeline.loads(pipeline.dumps())
        assert loaded.run({"llm": {"messages": "hi"}})["llm"]["replies"][0].text
        assert stand_in.requests[0].headers["authorization"] == "Bearer sk-or-test-key"

    def test_the_error_of_a_broken_stream_is_the_cause(self, stand_in: StandIn):
        pipeline = Pipeline()
        pipeline.add_component("llm", Mode("sync", stand_in.url).generator(model="stand-in/cut-stream"))
        with pytest.raises(PipelineRuntimeError, match="The stream was cut") as caught:
            pipeline.run({"llm": {"messages": "hi", "streaming_callback": lambda chunk: None}})
        assert isinstance(caught.value.__cause__, OpenRouterStreamError)
        assert caught.value.__cause__.partial_reply.text == "This is the stand-in, "

    def test_another_model_for_one_run(self, stand_in: StandIn):
        inputs = {"prompt": {"topic": "Rome"}, "llm": {"generation_kwargs": {"model": "other/model"}}}
        result = rag_pipeline(Mode("sync", stand_in.url)).run(inputs)
        assert result["llm"]["replies"][0].meta["model"] == "other/model"


def details(number: int) -> list[dict[str, Any]]:
    return [{"type": "reasoning.text", "text": f"Step {number}", "signature": f"s{number}", "index": 0}]


class TestAgent:
    def test_several_turns_with_reasoning_going_back(self, mode: Mode, stand_in: StandIn):
        for number, city in enumerate(("Rome", "Bern")):
            arguments = f'{{"city": "{city}"}}'
            message = {"content": None, "tool_calls": [call("weather", arguments, f"call_{number}", index=0)]}
            message |= {"reasoning": f"Step {number}", "reasoning_details": details(number)}
            stand_in.script(answer(mode, message, finish_reason="tool_calls"))
        stand_in.script(answer(mode, {"content": "Sunny in both."}))
        agent = Agent(chat_generator=mode.generator(), tools=[weather])
        question = [ChatMessage.from_user("Weather in Rome and Bern?")]
        callback = mode.callback() if mode.streams else None
        if mode.is_async:
            result = asyncio.run(agent.run_async(messages=question, streaming_callback=callback))
        else:
            result = agent.run(messages=question, streaming_callback=callback)
        assert result["last_message"].text == "Sunny in both."
        sent = stand_in.requests[2].body["messages"]
        assert [m["role"] for m in sent] == ["user", "assistant", "tool", "assistant", "tool"]
        assert [sent[1]["reasoning_details"], sent[3]["reasoning_details"]] == [details(0), details(1)]
        assert [sent[2]["content"], sent[4]["content"]] == ["Sunny in Rome", "Sunny in Bern"]
        if mode.streams:
            assert "".join(chunk.content for chunk in mode.chunks if not chunk.tool_call_result) == "Sunny in both."

    def test_a_malformed_call_is_shown_to_the_model_which_calls_again(self, mode: Mode, stand_in: StandIn):
        for number, arguments in enumerate(('{"city": "Ro', '{"city": "Rome"}')):
            message = {"content": None, "tool_calls": [call("weather", arguments, f"call_{number}", index=0)]}
            stand_in.script(answer(mode, message, finish_reason="tool_calls"))
        stand_in.script(answer(mode, {"content": "Sunny."}), answer(mode, {"content": "Still sunny."}))
        agent = Agent(chat_generator=mode.generator(), tools=[weather], max_agent_steps=5)

        def run(messages: list[ChatMessage]) -> list[ChatMessage]:
            callback = mode.callback() if mode.streams else None
            if mode.is_async:
                return asyncio.run(agent.run_async(messages=messages, streaming_callback=callback))["messages"]
            return agent.run(messages=messages, streaming_callback=callback)["messages"]

        history = run([ChatMessage.from_user("Weather in Rome?")])
        assert history[-1].text == "Sunny."
        assert run([*history, ChatMessage.from_user("And now?")])[-1].text == "Still sunny."
        healed, last = stand_in.requests[1].body["messages"], stand_in.requests[3].body["messages"]
        assert healed[1]["content"] is None
        assert healed[1]["tool_calls"][0]["function"] == {"name": "weather", "arguments": "{}"}
        assert (healed[2]["role"], healed[2]["tool_call_id"]) == ("tool", "call_0")
        assert '{"city": "Ro' in healed[2]["content"]
        assert last[: len(healed)] == healed
        assert [m["role"] for m in last] == ["user", *["assistant", "tool"] * 2, "assistant", "user"]

    @pytest.mark.parametrize("arguments", [" ", None, '{"city": "Ro'])
    def test_a_call_that_the_token_limit_cut_is_not_run(self, mode: Mode, stand_in: StandIn, caplog, arguments):
        deleted = []

        @tool
        def delete(city: Annotated[str, "The city, or all of them"] = "all") -> str:
            """Delete a city."""
            deleted.append(city)
            return "Deleted"

        calls = [call("weather", '{"city": "Rome"}', "call_0", index=0), call("delete", arguments, "call_1", index=1)]
        stand_in.script(
            answer(mode, {"content": None, "tool_calls": calls}, finish_reason="length"),
            answer(mode, {"content": "Done."}),
        )
        agent = Agent(chat_generator=mode.generator(), tools=[weather, delete], max_agent_steps=5)
        question, callback = [ChatMessage.from_user("Delete Rome")], mode.callback() if mode.streams else None
        if mode.is_async:
            result = asyncio.run(agent.run_async(messages=question, streaming_callback=callback))
        else:
            result = agent.run(messages=question, streaming_callback=callback)
        assert (result["last_message"].text, deleted) == ("Done.", [])
        told = {sent["tool_call_id"]: sent["content"] for sent in stand_in.requests[1].body["messages"][2:]}
        assert told["call_0"] == "Sunny in Rome"
        assert "the reply was cut at the token limit before the call was complete" in told["call_1"]
        assert "JSON object" not in told["call_1"]
        assert "max_tokens" in caplog.text
        assert "'delete'" in caplog.text
        assert "tools_strict" not in caplog.text

    def test_against_the_stand_in_as_it_is(self, pair: Mode):
        agent = Agent(chat_generator=pair.generator(), tools=[weather])
        question = [ChatMessage.from_user("What is the weather in Rome?")]
        callback = pair.callback() if pair.streams else None
        if pair.is_async:
            result = asyncio.run(agent.run_async(messages=question, streaming_callback=callback))
        else:
            result = agent.run(messages=question, streaming_callback=callback)
        assert "Sunny in Rome" in result["last_message"].text


class TestFallback:
    @pytest.mark.parametrize("model", ["stand-in/error-503", "stand-in/error-503-in-200"])
    def test_the_second_generator_answers(self, pair: Mode, model):
        fallback = FallbackChatGenerator([pair.generator(model=model), pair.generator()])
        callback = pair.callback() if pair.streams else None
        messages = [ChatMessage.from_user("hi")]
        if pair.is_async:
            result = asyncio.run(fallback.run_async(messages, streaming_callback=callback))
        else:
            result = fallback.run(messages, streaming_callback=callback)
        assert result["replies"][0].text
        assert result["meta"]["successful_chat_generator_index"] == 1

    def test_the_callback_receives_both_texts_with_ids_that_differ(self, streaming: Mode):
        fallback = FallbackChatGenerator([streaming.generator(model="stand-in/cut-stream"), streaming.generator()])
        messages, callback = [ChatMessage.from_user("hi")], streaming.callback()
        if streaming.is_async:
            result = asyncio.run(fallback.run_async(messages, streaming_callback=callback))
        else:
            result = fallback.run(messages, streaming_callback=callback)
        texts: dict[str, str] = {}
        for chunk in streaming.chunks:
            texts[chunk.meta["id"]] = texts.get(chunk.meta["id"], "") + chunk.content
        assert list(texts.values()) == ["This is the stand-in, ", result["replies"][0].text]

    def test_the_last_error_is_told(self, stand_in: StandIn):
        stand_in.script(Answer.error(402, "Insufficient credits"))
        fallback = FallbackChatGenerator([Mode("sync", stand_in.url).generator()])
        with pytest.raises(RuntimeError, match="max_tokens"):
            fallback.run([ChatMessage.from_user("hi")])
