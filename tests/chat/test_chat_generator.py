# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

import asyncio
import copy
import logging
import pickle

import httpx
import openai
import pytest
import yaml
from haystack import Pipeline
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.components.generators.utils import print_streaming_chunk
from haystack.dataclasses import ChatMessage
from haystack.tools import Tool, Toolset
from haystack.utils import Secret
from modes import Mode
from pydantic import BaseModel
from stand_in import Answer, StandIn
from wire import USAGE, answer, call, completion, events

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

TYPE = "haystack_integrations.components.generators.openrouter.chat.chat_generator.OpenRouterChatGenerator"


def weather(city: str) -> str:
    return f"Sunny in {city}"


def weather_tool(name: str = "weather") -> Tool:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return Tool(name=name, description="The weather in a city", parameters=schema, function=weather)


def hook(response: httpx.Response) -> None: ...


class Event(BaseModel):
    name: str
    day: str | None = None


class TestInit:
    def test_defaults(self):
        generator = OpenRouterChatGenerator()
        assert generator.model == "openai/gpt-4o-mini"
        assert generator.api_base_url == "https://openrouter.ai/api/v1"
        assert generator.api_key == Secret.from_env_var("OPENROUTER_API_KEY")
        assert generator.generation_kwargs == {}
        assert generator.client is None
        assert generator.async_client is None

    def test_supported_models_are_openrouter_names(self):
        assert len(OpenRouterChatGenerator.SUPPORTED_MODELS) >= 12
        assert all("/" in name for name in OpenRouterChatGenerator.SUPPORTED_MODELS)

    def test_positional_arguments_are_refused(self):
        with pytest.raises(TypeError):
            OpenRouterChatGenerator(Secret.from_token("x"))

    @pytest.mark.parametrize(
        ("headers", "error"),
        [({"X": 1}, TypeError), ({1: "x"}, TypeError), (["x"], TypeError), ({"X Y": "z"}, ValueError)],
    )
    def test_bad_headers_name_the_argument(self, headers, error):
        with pytest.raises(error, match="extra_headers"):
            OpenRouterChatGenerator(extra_headers=headers)

    def test_header_values_are_not_told(self):
        with pytest.raises(ValueError, match="X-Secret") as caught:
            OpenRouterChatGenerator(extra_headers={"X-Secret": "hidden\nvalue"})
        assert "hidden" not in str(caught.value)

    def test_duplicate_tools_are_refused(self):
        with pytest.raises(ValueError, match="Duplicate tool names"):
            OpenRouterChatGenerator(tools=[weather_tool(), weather_tool()])


class TestSerialization:
    def test_default_has_the_ten_published_keys(self):
        assert OpenRouterChatGenerator().to_dict() == {
            "type": TYPE,
            "init_parameters": {
                "api_key": {"env_vars": ["OPENROUTER_API_KEY"], "strict": True, "type": "env_var"},
                "model": "openai/gpt-4o-mini",
                "streaming_callback": None,
                "api_base_url": "https://openrouter.ai/api/v1",
                "generation_kwargs": {},
                "tools": None,
                "timeout": None,
                "extra_headers": None,
                "max_retries": None,
                "http_client_kwargs": None,
            },
        }

    def test_every_parameter_survives_yaml(self):
        generator = OpenRouterChatGenerator(
            api_key=Secret.from_env_var("OTHER_KEY"),
            model="a/b",
            streaming_callback=print_streaming_chunk,
            api_base_url="http://localhost/v1",
            generation_kwargs={"provider": {"sort": "price"}, "models": ["c/d"]},
            tools=[weather_tool(), Toolset([weather_tool("other")])],
            timeout=3.5,
            extra_headers={"HTTP-Referer": "https://example.com"},
            max_retries=2,
            http_client_kwargs={"verify": False},
            tools_strict=True,
        )
        pipeline = Pipeline()
        pipeline.add_component("llm", generator)
        loaded = Pipeline.loads(pipeline.dumps()).get_component("llm")
        assert loaded.to_dict() == generator.to_dict()
        assert loaded.streaming_callback is print_streaming_chunk
        assert loaded.tools_strict is True
        assert loaded.tools[0].name == "weather"

    def test_a_pydantic_response_format_becomes_its_schema(self):
        data = OpenRouterChatGenerator(generation_kwargs={"response_format": Event}).to_dict()
        written = data["init_parameters"]["generation_kwargs"]["response_format"]
        assert written["type"] == "json_schema"
        assert written["json_schema"]["name"] == "Event"
        assert written["json_schema"]["schema"]["additionalProperties"] is False
        assert yaml.safe_load(yaml.safe_dump(data)) == data

    def test_the_key_is_not_written(self):
        with pytest.raises(ValueError, match="Cannot serialize token-based secret"):
            OpenRouterChatGenerator(api_key=Secret.from_token("sk-or-secret")).to_dict()

    def test_no_base_url_means_openrouter(self):
        data = OpenRouterChatGenerator().to_dict()
        data["init_parameters"]["api_base_url"] = None
        assert OpenRouterChatGenerator.from_dict(data).api_base_url == "https://openrouter.ai/api/v1"

    def test_yaml_of_haystacks_openai_generator_with_another_type(self, stand_in: StandIn, monkeypatch):
        monkeypatch.setenv("OPENROUTER_API_BASE", stand_in.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-or-in-another-variable")
        settings = {"tools": [weather_tool()], "generation_kwargs": {"max_tokens": 9}}
        pipeline = Pipeline()
        pipeline.add_component("llm", OpenAIChatGenerator(model="openai/gpt-5-mini", **settings))
        loaded = Pipeline.loads(
            pipeline.dumps().replace("haystack.components.generators.chat.openai.OpenAIChatGenerator", TYPE)
        )
        loaded.run({"llm": {"messages": "Hi"}})
        (request,) = stand_in.requests
        assert request.headers["authorization"] == "Bearer sk-or-in-another-variable"
        assert (request.body["model"], request.body["max_tokens"]) == ("openai/gpt-5-mini", 9)
        assert request.body["tools"][0]["function"]["name"] == "weather"

    @pytest.mark.parametrize(("name", "value"), [("organization", "org-1"), ("modle", "a/b"), ("azure", False)])
    def test_an_unknown_parameter_is_refused_by_name(self, name, value):
        data = OpenRouterChatGenerator().to_dict()
        data["init_parameters"][name] = value
        with pytest.raises(TypeError, match=f"OpenRouterChatGenerator has no parameter `{name}`: remove it"):
            OpenRouterChatGenerator.from_dict(data)

    def test_a_subclass_with_parameters_of_its_own(self):
        class Named(OpenRouterChatGenerator):
            def __init__(self, name: str = "", **parameters):
                self.name = name
                super().__init__(**parameters)

        parameters = {**OpenRouterChatGenerator().to_dict()["init_parameters"], "name": "mine"}
        data = {"type": f"{Named.__module__}.Named", "init_parameters": parameters}
        assert Named.from_dict(data).name == "mine"

    def test_dictionaries_are_neither_changed_nor_shared(self):
        data = OpenRouterChatGenerator(tools=[weather_tool()], generation_kwargs={"a": {"b": 1}}).to_dict()
        before = copy.deepcopy(data)
        loaded = OpenRouterChatGenerator.from_dict(data)
        assert data == before
        loaded.to_dict()["init_parameters"]["generation_kwargs"]["a"]["b"] = 2
        assert loaded.generation_kwargs == {"a": {"b": 1}}


class TestRun:
    def test_reply_has_the_promised_meta(self, mode: Mode, stand_in: StandIn):
        stand_in.script(answer(mode, {"content": "Hello"}))
        reply = mode()
        assert reply.text == "Hello"
        expected = {"model": "test/model-2026", "index": 0, "finish_reason": "stop", "id": "gen-1", "provider": "Groq"}
        assert {key: reply.meta[key] for key in expected} == expected
        assert reply.meta["usage"] == USAGE

    def test_string_and_list(self, sync: Mode, stand_in: StandIn):
        sync("Question")
        sync([ChatMessage.from_system("Be brief"), ChatMessage.from_user("Question")])
        assert stand_in.requests[0].body["messages"] == [{"role": "user", "content": "Question"}]
        assert stand_in.requests[1].body["messages"][0] == {"role": "system", "content": "Be brief"}

    @pytest.mark.parametrize("messages", [5, None, ["text"], [ChatMessage.from_user("x"), {}]])
    def test_other_messages_are_a_type_error(self, sync: Mode, messages):
        with pytest.raises(TypeError, match="messages"):
            sync(messages)

    def test_no_messages_make_no_request(self, plain: Mode, stand_in: StandIn):
        assert plain.run(plain.generator(), []) == []
        assert stand_in.requests == []

    def test_a_callback_given_at_init(self, streaming: Mode):
        generator = streaming.generator(streaming_callback=streaming.callback())
        (reply,) = streaming.run(generator, streaming_callback=None)
        assert "".join(chunk.content for chunk in streaming.chunks) == reply.text

    def test_a_sync_callback_in_an_async_run(self, stand_in: StandIn):
        mode, seen = Mode("async", stand_in.url), []
        (reply,) = mode.run(mode.generator(), streaming_callback=seen.append)
        assert "".join(chunk.content for chunk in seen) == reply.text

    def test_an_async_callback_in_a_sync_run_is_refused(self, stand_in: StandIn):
        async def callback(chunk): ...

        with pytest.raises(ValueError, match="coroutine"):
            Mode("sync", stand_in.url).generator().run("hi", streaming_callback=callback)

    def test_several_replies(self, plain: Mode, stand_in: StandIn):
        body = completion({"content": "A"})
        body["choices"].append({"index": 1, "message": {"content": "B"}, "finish_reason": "length"})
        stand_in.script(Answer.json(body))
        replies = plain.run(plain.generator(), generation_kwargs={"n": 2})
        assert [reply.text for reply in replies] == ["A", "B"]
        assert [reply.meta["index"] for reply in replies] == [0, 1]
        assert stand_in.requests[0].body["n"] == 2

    @pytest.mark.parametrize(("reason", "word"), [("length", "max_tokens"), ("content_filter", "content filter")])
    def test_a_cut_reply_warns_once(self, pair: Mode, stand_in: StandIn, caplog, reason, word):
        stand_in.script(answer(pair, {"content": "Hal"}, finish_reason=reason))
        with caplog.at_level(logging.WARNING):
            assert pair().meta["finish_reason"] == reason
        assert [word in record.getMessage() for record in caplog.records if "Reply" in record.getMessage()] == [True]

    def test_print_streaming_chunk_shows_separate_blocks(self, stand_in: StandIn, capsys):
        deltas = ({"reasoning": "Hm"}, {"reasoning": "m."}, {"content": "Let me"}, {"content": " look."})
        calls = ({"tool_calls": [call("weather", "", index=0)]}, {"content": "\n"})
        calls += ({"tool_calls": [{"index": 0, "function": {"arguments": '{"city": "Rome"}'}}]},)
        stand_in.script(Answer.sse(events(*deltas, *calls, finish_reason="tool_calls")))
        Mode("sync", stand_in.url).generator().run("hi", streaming_callback=print_streaming_chunk)
        assert capsys.readouterr().out == (
            "[REASONING]\nHmm.\n\n[ASSISTANT]\nLet me look.\n\n"
            '[TOOL CALL]\nTool: weather \nArguments: \n{"city": "Rome"}\n\n'
        )


class TestKeyAndEnvironment:
    @pytest.mark.parametrize("value", [None, "", "   "])
    def test_a_missing_key_is_told_before_any_request(self, plain: Mode, stand_in: StandIn, monkeypatch, value):
        monkeypatch.delenv("OPENROUTER_API_KEY")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
        if value is not None:
            monkeypatch.setenv("OPENROUTER_API_KEY", value)
        with pytest.raises(ValueError, match="OPENROUTER_API_KEY"):
            plain(api_key=Secret.from_env_var("OPENROUTER_API_KEY"))
        with pytest.raises(ValueError, match="OPENROUTER_API_KEY"):
            plain(api_key=Secret.from_env_var("OPENROUTER_API_KEY", strict=False))
        assert stand_in.requests == []

    def test_a_key_with_a_line_end_works(self, sync: Mode, stand_in: StandIn):
        sync(api_key=Secret.from_token("sk-or-key\n"))
        assert stand_in.requests[0].headers["authorization"] == "Bearer sk-or-key"

    def test_an_impossible_key_is_refused_without_telling_it(self, sync: Mode):
        with pytest.raises(ValueError, match="api_key") as caught:
            sync(api_key=Secret.from_token("sk-or-\nkey"))
        assert "sk-or" not in str(caught.value)

    def test_nothing_of_openai_reaches_openrouter(self, pair: Mode, stand_in: StandIn, monkeypatch):
        for name in ("API_KEY", "ORG_ID", "PROJECT_ID", "BASE_URL", "ADMIN_KEY"):
            monkeypatch.setenv(f"OPENAI_{name}", "http://openai-value.invalid")
        named = (
            "Authorization: openai-value\nX-Custom: openai-value\nContent-Type: openai-value\nUser-Agent: openai-value\n"
            "Accept: openai-value"
        )
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", named)
        pair()
        (request,) = stand_in.requests
        assert "openai-value" not in str(request.headers)
        assert request.headers["authorization"] == "Bearer sk-or-secret"
        assert request.headers["content-type"] == request.headers["accept"] == "application/json"
        assert not {"openai-organization", "openai-project", "x-custom"} & set(request.headers)

    def test_headers_of_the_run_go_over_those_of_init(self, sync: Mode, stand_in: StandIn):
        init = {"HTTP-Referer": "https://a.example", "X-OpenRouter-Title": "A"}
        sync(extra_headers=init, generation_kwargs={"extra_headers": {"x-openrouter-title": "B"}})
        headers = stand_in.requests[0].headers
        assert (headers["http-referer"], headers["x-openrouter-title"]) == ("https://a.example", "B")
        assert init == {"HTTP-Referer": "https://a.example", "X-OpenRouter-Title": "A"}

    def test_timeouts_and_retries_come_from_the_environment_as_in_haystack(self, monkeypatch):
        monkeypatch.setenv("OPENAI_TIMEOUT", "7.5")
        monkeypatch.setenv("OPENAI_MAX_RETRIES", "3")
        generator = OpenRouterChatGenerator()
        generator.warm_up()
        assert (generator.client.timeout, generator.client.max_retries) == (7.5, 3)
        explicit = OpenRouterChatGenerator(timeout=1, max_retries=0)
        explicit.warm_up()
        assert (explicit.client.timeout, explicit.client.max_retries) == (1, 0)


class TestCopies:
    @pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda g: pickle.loads(pickle.dumps(g))])
    def test_before_and_after_use(self, pair: Mode, stand_in: StandIn, copied):
        generator = pair.generator()
        for _ in range(2):
            twin = copied(generator)
            assert pair.run(twin)
            assert pair.run(generator)
        assert twin.client is None or twin.client is not generator.client or copied is copy.copy

    def test_repr_tells_no_secret(self, stand_in: StandIn):
        mode = Mode("sync", stand_in.url)
        generator = mode.generator()
        mode.run(generator)
        assert "sk-or-secret" not in repr(generator) + str(vars(generator))


class TestClients:
    def test_close_and_use_again(self, plain: Mode):
        generator = plain.generator()
        assert plain.run(generator)
        generator.close()
        assert generator.client is None
        assert plain.run(generator)

    def test_close_async_and_use_again(self, stand_in: StandIn):
        generator = Mode("async", stand_in.url).generator()

        async def twice() -> None:
            await generator.run_async("hi")
            first = generator.async_client
            await generator.close_async()
            assert generator.async_client is None
            await generator.close_async()
            await generator.run_async("hi")
            assert generator.async_client is not first

        asyncio.run(twice())
        assert generator.async_client is None

    def test_warm_up_builds_real_clients_once(self, stand_in: StandIn):
        generator = Mode("sync", stand_in.url).generator()
        generator.warm_up()
        client = generator.client
        generator.warm_up()
        assert type(client) is openai.OpenAI
        assert generator.client is client

    def test_set_to_none_the_client_is_closed(self, stand_in: StandIn):
        generator = Mode("sync", stand_in.url).generator()
        generator.warm_up()
        client = generator.client
        generator.client = None
        assert client.is_closed()
        assert generator.client is None

    def test_clients_can_be_replaced(self, stand_in: StandIn):
        generator = Mode("sync", stand_in.url).generator(api_base_url="http://127.0.0.1:1")
        generator.client = openai.OpenAI(base_url=stand_in.url, api_key="mine")
        assert generator.run("hi")["replies"]
        assert stand_in.requests[0].headers["authorization"] == "Bearer mine"

        async def replaced() -> None:
            generator.async_client = openai.AsyncOpenAI(base_url=stand_in.url, api_key="mine")
            assert (await generator.run_async("hi"))["replies"]
            await generator.close_async()

        asyncio.run(replaced())
