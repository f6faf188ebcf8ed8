# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What is sent: every row of the request contract."""

import copy
import json
import logging
import re
from typing import Any

import pytest
from haystack.dataclasses import (
    ChatMessage,
    ChatRole,
    FileContent,
    ImageContent,
    ReasoningContent,
    TextContent,
    ToolCall,
)
from haystack.tools import Tool, Toolset
from modes import Mode
from pydantic import BaseModel
from stand_in import StandIn
from wire import answer, call

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

AUDIO_FORMATS = {
    "aac": "aac",
    "aiff": "aiff",
    "x-aiff": "aiff",
    "flac": "flac",
    "x-flac": "flac",
    "m4a": "m4a",
    "mp4": "m4a",
    "x-m4a": "m4a",
    "mp3": "mp3",
    "mpeg": "mp3",
    "ogg": "ogg",
    "pcm": "pcm16",
    "L16": "pcm16",
    "pcm16": "pcm16",
    "L24": "pcm24",
    "pcm24": "pcm24",
    "wav": "wav",
    "wave": "wav",
    "x-wav": "wav",
    "vnd.wave": "wav",
}
PNG, PDF = "iVBORw0KGgo=", "JVBERi0xLjQ="
WEATHER = ToolCall("weather", {"city": "Zürich"}, id="call_1")


def tool(name: str = "weather", parameters: dict[str, Any] | None = None) -> Tool:
    schema = parameters or {"type": "object", "properties": {"city": {"type": "string"}}}
    return Tool(name=name, description=f"About {name}", parameters=schema, function=print)


def sent(mode: Mode, stand_in: StandIn, messages: Any = "hi", run: Any = None, **parameters: Any) -> dict[str, Any]:
    mode(messages, run, **parameters)
    return stand_in.requests[-1].body


def sent_message(stand_in: StandIn, message: ChatMessage) -> dict[str, Any]:
    mode = Mode("sync", stand_in.url)
    return sent(mode, stand_in, [message, ChatMessage.from_user("next")])["messages"][0]


class City(BaseModel):
    name: str
    country: str | None = None


class TestGenerationKwargs:
    def test_known_and_unknown_reach_openrouter_as_given(self, mode: Mode, stand_in: StandIn):
        kwargs = {
            "temperature": 0.5,
            "provider": {"sort": "throughput", "max_price": {"prompt": 1}},
            "models": ["a/b", "c/d"],
            "reasoning": {"effort": "high"},
            "plugins": [{"id": "file-parser", "pdf": {"engine": "native"}}],
            "something_new": [1, {"x": None}],
        }
        before = copy.deepcopy(kwargs)
        body = sent(mode, stand_in, run=kwargs, model="openrouter/auto")
        assert {name: body[name] for name in kwargs} == kwargs == before
        assert body["model"] == "openrouter/auto"

    def test_run_goes_over_init_and_none_leaves_a_key_out(self, sync: Mode, stand_in: StandIn):
        init = {"temperature": 0.1, "top_p": 0.2, "seed": None}
        body = sent(sync, stand_in, run={"temperature": 0.9, "top_p": None}, generation_kwargs=init)
        assert body["temperature"] == 0.9
        assert not {"top_p", "seed", "n"} & set(body)
        assert init == {"temperature": 0.1, "top_p": 0.2, "seed": None}

    def test_request_options_of_the_sdk(self, pair: Mode, stand_in: StandIn):
        run = {"extra_body": {"session_id": "s"}, "extra_query": {"trace": "1"}, "extra_headers": {"X-A": "b"}}
        body = sent(pair, stand_in, run={**run, "timeout": 9.0})
        assert body["session_id"] == "s"
        assert not {"extra_body", "extra_query", "extra_headers", "timeout"} & set(body)
        headers = stand_in.requests[-1].headers
        assert headers["x-a"] == "b"
        assert headers["x-stainless-read-timeout"] == "9.0"

    def test_headers_of_a_run_go_over_those_of_init_name_by_name(self, sync: Mode, stand_in: StandIn):
        init = {"extra_headers": {"X-A": "1", "X-B": "1"}}
        sent(
            sync,
            stand_in,
            run={"extra_headers": {"x-b": "2"}},
            generation_kwargs=init,
            extra_headers={"x-a": "0", "X-C": "0"},
        )
        headers = stand_in.requests[-1].headers
        assert (headers["x-a"], headers["x-b"], headers["x-c"]) == ("1", "2", "0")

    def test_the_callback_decides_on_stream(self, mode: Mode, stand_in: StandIn, caplog):
        with caplog.at_level(logging.WARNING):
            body = sent(mode, stand_in, run={"stream": not mode.streams, "extra_body": {"stream": not mode.streams}})
        assert body["stream"] is mode.streams
        for argument in ("generation_kwargs", "extra_body"):
            assert caplog.text.count(f"`stream` in {argument} is ignored") == 1

    @pytest.mark.parametrize(
        ("kwargs", "error", "named"),
        [
            ({"messages": []}, ValueError, "messages"),
            ({"model": ""}, ValueError, "model"),
            ({"extra_body": 5}, TypeError, "extra_body"),
            ({"extra_query": "a=b"}, TypeError, "extra_query"),
            ({"timeout": "5"}, TypeError, "timeout"),
            ({"extra_headers": {"X": 5}}, TypeError, "extra_headers"),
            ({"tools": "web"}, TypeError, "tools"),
            ({"tools": [tool()]}, TypeError, "tools"),
            ({"response_format": "json"}, TypeError, "response_format"),
        ],
    )
    def test_bad_values_name_the_argument(self, sync: Mode, stand_in: StandIn, kwargs, error, named):
        with pytest.raises(error, match=named):
            sync(generation_kwargs=kwargs)
        assert stand_in.requests == []

    def test_n_with_a_callback_is_refused(self, streaming: Mode):
        with pytest.raises(ValueError, match="n=1"):
            streaming(generation_kwargs={"n": 2})
        with pytest.raises(ValueError, match="n=1"):
            streaming(generation_kwargs={"n": 1, "extra_body": {"n": 2}})
        assert streaming(generation_kwargs={"n": 1}).text

    def test_a_model_for_one_run(self, sync: Mode, stand_in: StandIn):
        assert sent(sync, stand_in, run={"model": "other/model"})["model"] == "other/model"
        assert sent(sync, stand_in, run={"model": None}, model="its/own")["model"] == "its/own"

    def test_equal_calls_are_equal_bytes(self, pair: Mode, stand_in: StandIn):
        one = {"temperature": 0, "provider": {"order": ["A"], "sort": "price"}, "seed": 1}
        other = {"seed": 1, "provider": {"sort": "price", "order": ["A"]}, "temperature": 0}
        pair("hi", one)
        pair("hi", {"temperature": 0}, generation_kwargs={**other, "temperature": 1})
        assert stand_in.requests[0].raw == stand_in.requests[1].raw


class TestTools:
    def test_tools_and_toolsets(self, sync: Mode, stand_in: StandIn):
        body = sent(sync, stand_in, tools=[tool("a"), Toolset([tool("b"), tool("c")])])
        assert [entry["function"]["name"] for entry in body["tools"]] == ["a", "b", "c"]
        assert body["tools"][0] == {"type": "function", "function": tool("a").tool_spec}

    def test_server_tools_join_them(self, sync: Mode, stand_in: StandIn):
        search = {"type": "openrouter:web_search", "parameters": {"max_results": 2}}
        body = sent(sync, stand_in, run={"tools": [search]}, tools=[tool()])
        assert [entry["type"] for entry in body["tools"]] == ["function", "openrouter:web_search"]
        assert body["tools"][1] == search
        assert sent(sync, stand_in, run={"tools": [search]})["tools"] == [search]

    def test_tools_of_the_run_go_over_those_of_init(self, pair: Mode, stand_in: StandIn):
        generator = pair.generator(tools=[tool("a")])
        pair.run(generator, tools=[tool("b")])
        pair.run(generator, tools=Toolset([tool("c")]))
        pair.run(generator, tools=[])
        names = [[t["function"]["name"] for t in request.body.get("tools", [])] for request in stand_in.requests]
        assert names == [["b"], ["c"], []]
        assert "tools" not in stand_in.requests[2].body

    def test_strict_at_every_depth_on_a_copy(self, sync: Mode, stand_in: StandIn):
        inner = {"type": "object", "properties": {"x": {"type": "integer"}}}
        schema = {
            "type": "object",
            "properties": {"list": {"type": "array", "items": inner}, "any": {"anyOf": [inner, {"type": "null"}]}},
            "$defs": {"D": inner},
            "required": ["list"],
        }
        before = copy.deepcopy(schema)
        body = sent(sync, stand_in, tools=[tool("deep", schema)], tools_strict=True)
        function = body["tools"][0]["function"]
        strict = {**inner, "additionalProperties": False, "required": ["x"]}
        assert function["strict"] is True
        assert function["parameters"]["required"] == ["list", "any"]
        assert function["parameters"]["properties"]["list"]["items"] == strict
        assert function["parameters"]["properties"]["any"]["anyOf"][0] == strict
        assert function["parameters"]["$defs"]["D"] == strict
        assert schema == before

    def test_duplicate_names_are_refused(self, plain: Mode, stand_in: StandIn):
        with pytest.raises(ValueError, match="[Dd]uplicate tool names.*weather"):
            plain.run(plain.generator(), tools=[tool(), Toolset([tool()])])
        assert stand_in.requests == []

    @pytest.mark.parametrize("kind", [{}, {"type": "object"}, {"type": ["object", "null"]}])
    def test_an_object_schema_may_have_properties_and_no_type(self, sync: Mode, stand_in: StandIn, kind):
        schema = {**kind, "properties": {"a": {"type": "string"}}}
        body = sent(sync, stand_in, tools=[tool("f", schema)], tools_strict=True)
        strict = {**schema, "additionalProperties": False, "required": ["a"]}
        assert body["tools"][0]["function"]["parameters"] == strict

    def test_strict_at_run_time(self, pair: Mode, stand_in: StandIn):
        generator = pair.generator(tools=[tool()], tools_strict=True)
        pair.run(generator, tools_strict=False)
        pair.run(generator)
        assert ["strict" in request.body["tools"][0]["function"] for request in stand_in.requests] == [False, True]


class TestResponseFormat:
    @pytest.mark.parametrize("tools", [None, [tool()]])
    @pytest.mark.parametrize("text", ['{"name": "Rome"}', "no JSON", '```json\n{"name": "Rome"}\n```'])
    def test_a_class_is_sent_as_schema_and_any_text_comes_back(self, pair: Mode, stand_in: StandIn, tools, text):
        stand_in.script(answer(pair, {"content": text}, finish_reason="length"))
        reply = pair(generation_kwargs={"response_format": City}, tools=tools)
        assert reply.text == text
        sent_format = stand_in.requests[0].body["response_format"]
        assert sent_format["json_schema"]["name"] == "City"
        assert sent_format["json_schema"]["strict"] is True
        assert set(sent_format["json_schema"]["schema"]["required"]) == {"name", "country"}

    def test_the_order_of_properties_is_kept_in_the_extra_body_too(self, sync: Mode, stand_in: StandIn):
        schema = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}}
        given = {
            "response_format": {"type": "json_schema", "json_schema": {"name": "X", "schema": schema}},
            "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}],
        }
        body = sent(sync, stand_in, run={"extra_body": given})
        assert json.dumps({name: body[name] for name in given}) == json.dumps(given)

    def test_a_dictionary_is_sent_as_it_is(self, sync: Mode, stand_in: StandIn):
        schema = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}}
        given = {"type": "json_schema", "json_schema": {"name": "X", "schema": schema}}
        body = sent(sync, stand_in, run={"response_format": given})
        assert json.dumps(body["response_format"]) == json.dumps(given)


class TestContentParts:
    def test_every_kind_of_part(self, sync: Mode, stand_in: StandIn):
        parts = [
            TextContent("Look"),
            ImageContent(PNG, "image/png", detail="low"),
            FileContent(PDF, "application/pdf", filename="a.pdf"),
            FileContent("QUJD", "audio/mpeg"),
            FileContent("QUJD", "audio/x-wav; rate=16000"),
            FileContent("QUJD", "video/mp4"),
            FileContent(PNG, "image/png"),
            FileContent("QUJD", "text/csv", filename="t.csv"),
        ]
        body = sent(sync, stand_in, [ChatMessage.from_user(content_parts=parts)])
        image = f"data:image/png;base64,{PNG}"
        assert body["messages"][0]["content"] == [
            {"type": "text", "text": "Look"},
            {"type": "image_url", "image_url": {"url": image, "detail": "low"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}},
            {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
            {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}},
            {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,QUJD"}},
            {"type": "image_url", "image_url": {"url": image}},
            {"type": "file", "file": {"filename": "t.csv", "file_data": "data:text/csv;base64,QUJD"}},
        ]

    @pytest.mark.parametrize(("subtype", "name"), AUDIO_FORMATS.items())
    def test_audio_formats(self, sync: Mode, stand_in: StandIn, subtype, name):
        message = ChatMessage.from_user(content_parts=[FileContent("QUJD", f"audio/{subtype}")])
        (part,) = sent(sync, stand_in, [message])["messages"][0]["content"]
        assert part["input_audio"] == {"data": "QUJD", "format": name}

    def test_media_types_that_are_missing(self, sync: Mode, stand_in: StandIn):
        parts = [
            ImageContent("QUJD", validation=False),
            FileContent("QUJD", validation=False),
            FileContent("QUJD", filename="t.csv", validation=False),
            FileContent("QUJD", filename="t.mp3", validation=False),
        ]
        body = sent(sync, stand_in, [ChatMessage.from_user(content_parts=parts)])
        assert body["messages"][0]["content"] == [
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,QUJD"}},
            {"type": "file", "file": {"filename": "file.pdf", "file_data": "data:application/pdf;base64,QUJD"}},
            {"type": "file", "file": {"filename": "t.csv", "file_data": "data:text/csv;base64,QUJD"}},
            {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
        ]

    def test_parts_in_a_tool_result(self, stand_in: StandIn):
        parts = [TextContent("Chart"), ImageContent(PNG, "image/png"), FileContent(PDF, "application/pdf")]
        wire = sent_message(stand_in, ChatMessage.from_tool(parts, origin=WEATHER))
        assert [part["type"] for part in wire["content"]] == ["text", "image_url", "file"]
        assert (wire["role"], wire["tool_call_id"]) == ("tool", "call_1")

    @pytest.mark.parametrize(
        ("part", "told"),
        [
            (ImageContent("", "image/png", validation=False), "no data"),
            (FileContent("", "application/pdf", validation=False), "no data"),
            (FileContent("", "audio/wav", validation=False), "no data"),
            (FileContent("QUJD", "audio/midi"), "audio/midi.*Accepted"),
        ],
    )
    def test_what_cannot_be_sent_names_message_and_part(self, sync: Mode, stand_in: StandIn, part, told):
        messages = [ChatMessage.from_user("x"), ChatMessage.from_user(content_parts=["text", part])]
        with pytest.raises(ValueError, match=rf"messages\[1\], part 1.*{told}"):
            sync(messages)
        assert stand_in.requests == []

    @pytest.mark.parametrize(
        "message",
        [
            ChatMessage(_role=ChatRole.USER, _content=[]),
            ChatMessage(_role=ChatRole.SYSTEM, _content=[ImageContent(PNG, "image/png")]),
            ChatMessage(_role=ChatRole.TOOL, _content=[TextContent("x")]),
            ChatMessage(_role=ChatRole.USER, _content=[WEATHER]),
            ChatMessage.from_assistant(tool_calls=[ToolCall("weather", {})]),
            ChatMessage.from_tool("Sunny", origin=ToolCall("weather", {})),
            ChatMessage.from_tool(5, origin=WEATHER),
            ChatMessage.from_user("x", meta={"cache_control": "ephemeral"}),
            ChatMessage.from_assistant(tool_calls=[WEATHER], meta={"cache_control": {"type": "ephemeral"}}),
        ],
    )
    def test_messages_that_cannot_be_sent(self, sync: Mode, stand_in: StandIn, message):
        with pytest.raises(ValueError, match=r"messages\[0\]"):
            sync([message])
        assert stand_in.requests == []

    def test_cache_control_goes_on_the_last_part(self, sync: Mode, stand_in: StandIn):
        cache = {"type": "ephemeral", "ttl": "1h"}
        messages = [
            ChatMessage.from_system("Rules", meta={"cache_control": cache}),
            ChatMessage.from_user(content_parts=["a", "b"], meta={"cache_control": cache}),
            ChatMessage.from_assistant(tool_calls=[WEATHER]),
            ChatMessage.from_tool("Sunny", origin=WEATHER, meta={"cache_control": cache}),
        ]
        wire = sent(sync, stand_in, messages)["messages"]
        assert wire[0]["content"] == [{"type": "text", "text": "Rules", "cache_control": cache}]
        assert wire[1]["content"] == [
            {"type": "text", "text": "a"},
            {"type": "text", "text": "b", "cache_control": cache},
        ]
        assert wire[3]["content"] == [{"type": "text", "text": "Sunny", "cache_control": cache}]

    def test_names_are_sent(self, stand_in: StandIn):
        assert sent_message(stand_in, ChatMessage.from_user("x", name="ann"))["name"] == "ann"


def kept(*entries: Any) -> dict[str, Any]:
    return {"invalid_tool_calls": list(entries)}


class TestMalformedCalls:
    def test_beside_a_good_call_and_its_result(self, sync: Mode, stand_in: StandIn):
        calls = [call("bad", "{" * 1000, "call_1"), call("weather", "{}", "call_2"), call("", "{}", "call_3")]
        stand_in.script(answer(sync, {"content": None, "tool_calls": calls}))
        reply = sync()
        sync([ChatMessage.from_user("hi"), reply, ChatMessage.from_tool("Sunny", origin=reply.tool_call)])
        _, assistant, bad, unnamed, good = stand_in.requests[1].body["messages"]
        assert [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in assistant["tool_calls"]] == [
            ("call_2", "weather", "{}"),
            ("call_1", "bad", "{}"),
            ("call_3", "unnamed", "{}"),
        ]
        assert [m["tool_call_id"] for m in (bad, unnamed, good)] == ["call_1", "call_3", "call_2"]
        assert "the arguments of 'bad' are not a JSON object (" in bad["content"]
        assert bad["content"].endswith("{" * 300 + "…")
        assert "{" * 301 not in bad["content"]
        assert "does not name a tool" in unnamed["content"]

    @pytest.mark.parametrize(
        ("meta", "name", "told"),
        [
            (kept({"id": "x", "name": "my tool!" * 10, "arguments": [1]}), "my_tool_" * 8, "[1]"),
            (kept({"id": "x", "name": {"a": 1}, "arguments": None}), "unnamed", "null"),
            (kept({"id": "x", "name": "f", "arguments": "{}"}), "f", "malformed"),
            (kept({"id": "x"}, {"id": "x", "name": "again"}), "unnamed", "null"),
        ],
    )
    def test_odd_ones(self, stand_in: StandIn, meta, name, told):
        mode = Mode("sync", stand_in.url)
        messages = sent(mode, stand_in, [ChatMessage.from_assistant(meta=meta), ChatMessage.from_user("next")])[
            "messages"
        ]
        assert [m["role"] for m in messages] == ["assistant", "tool", "user"]
        assert messages[0]["tool_calls"][0]["function"]["name"] == name
        assert told in messages[1]["content"]

    @pytest.mark.parametrize(
        "meta", [{"invalid_tool_calls": "x"}, kept("x", {}, {"id": 5}, {"id": "call_1"}, {"id": "", "name": "f"})]
    )
    def test_what_has_no_id_of_its_own_is_not_sent(self, sync: Mode, stand_in: StandIn, meta):
        message = ChatMessage.from_assistant(tool_calls=[WEATHER], meta=meta)
        result = ChatMessage.from_tool("Sunny", origin=WEATHER)
        assert len(sent(sync, stand_in, [message, result])["messages"]) == 2


def called(name: str, call_id: str, **message: Any) -> list[ChatMessage]:
    one = ToolCall(name, {}, id=call_id)
    return [ChatMessage.from_assistant(tool_calls=[one], **message), ChatMessage.from_tool("x", origin=one)]


def ids_and_names(stand_in: StandIn, messages: list[ChatMessage], **parameters: Any) -> list[tuple[str, str]]:
    """
    The ids and names of the calls that are sent, whose results have the same ids.
    """
    wire = sent(Mode("sync", stand_in.url), stand_in, messages, **parameters)["messages"]
    calls = [one for message in wire for one in message.get("tool_calls", [])]
    assert [m["tool_call_id"] for m in wire if m["role"] == "tool"] == [one["id"] for one in calls]
    return [(one["id"], one["function"]["name"]) for one in calls]


class TestNamesAndIdsThatProvidersRefuse:
    def test_they_are_cleaned(self, mode: Mode, stand_in: StandIn):
        name, call_id = "look<|channel|>commentary", "functions.f:0"
        calls = [call(name, "{}", call_id), call("f.g", "{", "functions.g:1")]
        stand_in.script(answer(mode, {"content": None, "tool_calls": calls}))
        reply = mode()
        assert (reply.tool_call.id, reply.tool_call.tool_name) == (call_id, name)
        assert reply.meta["invalid_tool_calls"][0]["id"] == "functions.g:1"
        before = copy.deepcopy(reply)
        mode([reply, ChatMessage.from_tool("Sunny", origin=reply.tool_call)])
        assert reply == before
        wire = stand_in.requests[1].body["messages"]
        assert [(one["id"], one["function"]["name"]) for one in wire[0]["tool_calls"]] == [
            ("functions_f_0", "look__channel__commentary"),
            ("functions_g_1", "f_g"),
        ]
        assert [message["tool_call_id"] for message in wire[1:]] == ["functions_g_1", "functions_f_0"]

    def test_two_ids_stay_two(self, stand_in: StandIn):
        ids = ["f.0", "f:0", "f_0", "f:0", "x" * 70, "x" * 80]
        found = [one[0] for one in ids_and_names(stand_in, [m for one in ids for m in called("f", one)])]
        assert all(re.fullmatch("[A-Za-z0-9_-]{1,64}", one) for one in found)
        assert len(set(found)) == len(ids)

    def test_an_id_that_another_turn_has_too(self, stand_in: StandIn):
        turns = [message for name in ("a", "b", "c") for message in called(name, "call_0")]
        found = ids_and_names(stand_in, turns)
        assert (found[0], [name for _, name in found]) == (("call_0", "a"), ["a", "b", "c"])
        assert len(set(found)) == len({one for one, _ in found}) == 3
        assert ids_and_names(stand_in, turns[:4]) == found[:2]  # what was sent before stays the same

    def test_an_id_that_two_calls_of_a_turn_have(self, stand_in: StandIn):
        calls = [ToolCall("f", {"n": n}, id="x") for n in range(2)]
        results = [ChatMessage.from_tool(f"{one.arguments['n']}", origin=one) for one in calls]
        wire = sent(Mode("sync", stand_in.url), stand_in, [ChatMessage.from_assistant(tool_calls=calls), *results])
        made, *answers = wire["messages"]
        ids = [one["id"] for one in made["tool_calls"]]
        assert len(set(ids)) == 2
        assert [(one["tool_call_id"], one["content"]) for one in answers] == [(ids[0], "0"), (ids[1], "1")]

    def test_a_result_without_its_call(self, stand_in: StandIn):
        wire = sent(Mode("sync", stand_in.url), stand_in, called("f", "f.0")[1:])
        assert wire["messages"][0]["tool_call_id"] == "f_0"

    def test_the_name_of_a_tool_stays(self, stand_in: StandIn):
        history = [*called("server.look", "1"), *called("server.find", "2")]
        tools = [tool("server.look")]
        assert ids_and_names(stand_in, history, tools=tools) == [("1", "server.look"), ("2", "server_find")]

    def test_kimi_gets_its_own_ids_back(self, stand_in: StandIn):
        history, kimi = called("look", "functions.look:0"), "moonshotai/kimi-k2.5"
        assert ids_and_names(stand_in, history, model=kimi) == [("functions.look:0", "look")]
        kwargs = {"models": ["anthropic/claude-haiku-4.5"]}
        assert ids_and_names(stand_in, history, model=kimi, generation_kwargs=kwargs) == [("functions_look_0", "look")]

    def test_the_id_of_a_signature_stays(self, stand_in: StandIn):
        signature = {"type": "reasoning.encrypted", "data": "QUJD", "id": "tool_0_a.b"}
        reasoning = ReasoningContent("", {"reasoning_details": [signature]})
        assert ids_and_names(stand_in, called("b", "tool_0_a.b", reasoning=reasoning)) == [("tool_0_a.b", "b")]


class TestForcedCallsOfClaude:
    @pytest.mark.parametrize(
        ("kwargs", "dropped"),
        [
            ({"tool_choice": "required", "reasoning": {"effort": "low"}}, True),
            ({"tool_choice": {"type": "function", "function": {"name": "f"}}, "reasoning": {"max_tokens": 9}}, True),
            ({"extra_body": {"tool_choice": "required", "reasoning": {"enabled": True}}}, True),
            ({"tool_choice": "auto", "reasoning": {"effort": "low"}}, False),
            ({"tool_choice": "required", "reasoning": {"effort": "none"}}, False),
            ({"tool_choice": "required", "reasoning": {"effort": "low"}, "model": "google/gemini-2.5-pro"}, False),
            ({"tool_choice": "required"}, False),
        ],
    )
    def test_a_warning_says_that_reasoning_is_dropped(self, sync: Mode, caplog, kwargs, dropped):
        generator = sync.generator(model="anthropic/claude-haiku-4.5")
        for _ in range(2):
            sync.run(generator, generation_kwargs=kwargs)
        assert caplog.text.count("OpenRouter drops `reasoning`") == dropped


class TestRepeatedReasoning:
    def sent_details(self, stand_in: StandIn, *details: list[dict[str, Any]], calls: Any = None) -> list[Any]:
        messages = [
            ChatMessage.from_assistant(
                "x", tool_calls=calls, reasoning=ReasoningContent("", {"reasoning_details": one})
            )
            for one in details
        ]
        before = copy.deepcopy(messages)
        body = sent(Mode("sync", stand_in.url), stand_in, [*messages, ChatMessage.from_user("next")])
        assert messages == before
        return [message.get("reasoning_details") for message in body["messages"][:-1]]

    def test_an_item_is_sent_once(self, stand_in: StandIn):
        item, summary = ({"type": f"reasoning.{kind}", "id": "rs_1"} for kind in ("encrypted", "summary"))
        other = {"type": "reasoning.encrypted", "id": "rs_2"}
        assert self.sent_details(stand_in, [item, summary], [dict(item), other], [item]) == [
            [item, summary],
            [other],
            None,
        ]

    def test_an_id_that_other_items_have_too(self, stand_in: StandIn):
        first, second = ([{"type": "reasoning.text", "id": "reasoning-text-1", "text": text}] for text in "ab")
        assert self.sent_details(stand_in, first, second, first) == [first, second, None]

    def test_what_one_message_holds_and_what_has_no_id_stays(self, stand_in: StandIn):
        item, nameless = (
            {"type": "reasoning.summary", "id": "rs_1"},
            {"type": "reasoning.text", "text": "a", "id": None},
        )
        details = [{**item, "index": 0}, {**item, "index": 1}, nameless]
        assert self.sent_details(stand_in, details, [nameless], [{"id": "x"}]) == [details, [nameless], [{"id": "x"}]]

    def test_signatures_of_tool_calls_stay(self, stand_in: StandIn):
        first, second = ([{"type": "reasoning.encrypted", "id": "call_1", "data": data}] for data in "ab")
        assert self.sent_details(stand_in, first, second, first, calls=[WEATHER]) == [first, second, None]


@pytest.mark.parametrize(("count", "warns"), [(4, False), (5, True)])
def test_many_cache_controls_are_warned_of(sync: Mode, stand_in: StandIn, caplog, count, warns):
    cached = ChatMessage.from_user("x", meta={"cache_control": {"type": "ephemeral"}})
    sync([*[cached] * count, ChatMessage.from_user("y")])
    assert ("providers accept only 4" in caplog.text) == warns
    assert stand_in.requests[0].raw.count(b"cache_control") == count


class TestAssistantTurns:
    def test_reasoning_details_go_back_untouched(self, pair: Mode, stand_in: StandIn):
        details = [
            {"type": "reasoning.text", "text": "Hm", "signature": "s1", "index": 0, "format": None},
            {"type": "reasoning.encrypted", "data": "xyz", "id": "call_1", "index": 0},
            {"type": "reasoning.future", "value": [1]},
        ]
        message = {
            "content": None,
            "reasoning": "Hm",
            "reasoning_details": details,
            "tool_calls": [call("weather", "{}")],
        }
        deltas = [{"reasoning": "Hm", "reasoning_details": [d]} for d in details]
        stand_in.script(answer(pair, message, *deltas, {"tool_calls": message["tool_calls"]}))
        reply = pair()
        pair([ChatMessage.from_user("hi"), reply, ChatMessage.from_tool("Sunny", origin=reply.tool_call)])
        wire = stand_in.requests[1].body["messages"][1]
        assert wire["reasoning_details"] == details
        assert wire["content"] is None
        assert "reasoning" not in wire
        assert wire["tool_calls"][0] == {
            "id": "call_1",
            "type": "function",
            "function": {"name": "weather", "arguments": "{}"},
        }

    def test_plain_reasoning_without_details(self, stand_in: StandIn):
        wire = sent_message(stand_in, ChatMessage.from_assistant("Yes", reasoning="Hm"))
        assert wire == {"role": "assistant", "content": "Yes", "reasoning": "Hm"}

    def test_details_of_several_parts(self, stand_in: StandIn):
        parts = [ReasoningContent("", {"reasoning_details": [{"type": "a"}]}) for _ in range(2)]
        message = ChatMessage(_role=ChatRole.ASSISTANT, _content=[*parts, TextContent("x")])
        assert sent_message(stand_in, message)["reasoning_details"] == [{"type": "a"}, {"type": "a"}]

    def test_several_texts_in_order(self, stand_in: StandIn):
        message = ChatMessage(_role=ChatRole.ASSISTANT, _content=[TextContent("a"), TextContent(""), TextContent("b")])
        assert sent_message(stand_in, message)["content"] == [
            {"type": "text", "text": "a"},
            {"type": "text", "text": "b"},
        ]

    @pytest.mark.parametrize(
        ("message", "content"),
        [
            (ChatMessage.from_assistant("", tool_calls=[WEATHER]), None),
            (ChatMessage.from_assistant(meta={"refusal": "No"}), None),
            (ChatMessage.from_assistant("No", meta={"refusal": "No"}), None),
            (ChatMessage.from_assistant("Not this", meta={"refusal": "No"}), "Not this"),
        ],
    )
    def test_content_is_null_beside_tool_calls_and_refusals(self, stand_in: StandIn, message, content):
        assert sent_message(stand_in, message)["content"] == content

    @pytest.mark.parametrize(
        "parts", [{}, {"text": ""}, {"reasoning": "Hm"}, {"text": "", "meta": {"cache_control": {"type": "ephemeral"}}}]
    )
    def test_an_assistant_message_with_nothing_in_it_is_not_sent(self, stand_in: StandIn, parts):
        message = ChatMessage.from_assistant(**parts)
        assert sent_message(stand_in, message) == {"role": "user", "content": "next"}

    def test_nothing_to_send(self, sync: Mode, stand_in: StandIn):
        with pytest.raises(ValueError, match="`messages` has only assistant messages without text"):
            sync([ChatMessage.from_assistant()])
        assert stand_in.requests == []

    def test_after_three_empty_replies_the_model_is_not_asked_again(self, mode: Mode, stand_in: StandIn):
        question, silent = ChatMessage.from_user("hi"), ChatMessage.from_assistant(meta={"finish_reason": "stop"})
        heard = ChatMessage.from_assistant(
            meta={"images": [{"type": "image_url", "image_url": {"url": "https://x/y"}}]}
        )
        for messages in ([question, *[silent] * 2], [*[silent] * 3, question], [question, silent, heard, silent]):
            mode(messages)
        with pytest.raises(ValueError, match=r"The last 3 of `messages` .*'stop'.* Add a message, choose another"):
            mode([question, *[silent] * 3])
        assert len(stand_in.requests) == 3

    def test_images_file_annotations_and_refusal_go_back(self, pair: Mode, stand_in: StandIn):
        file_note = {"type": "file", "file": {"hash": "h", "name": "a.pdf", "content": []}}
        message = {
            "content": "See",
            "refusal": "Not all of it",
            "images": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}],
            "annotations": [{"type": "url_citation", "url_citation": {"url": "https://x.example"}}, file_note],
        }
        stand_in.script(answer(pair, message))
        pair([ChatMessage.from_user("hi"), pair(), ChatMessage.from_user("more")])
        wire = stand_in.requests[1].body["messages"][1]
        assert wire["images"] == message["images"]
        assert wire["annotations"] == [file_note]
        assert wire["refusal"] == "Not all of it"

    def test_a_stored_conversation_is_sent_identically(self, pair: Mode, stand_in: StandIn):
        details = [{"type": "reasoning.text", "text": "Hm", "signature": "s", "index": 0}]
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}, "index": 0}
        odd = call("weather", '{"city": "Rome"}', id="call_7", index=0, signature="g")
        message = {"content": "A", "reasoning_details": details, "images": [image], "tool_calls": [odd]}
        stand_in.script(answer(pair, message))
        first = pair()
        again = ChatMessage.from_dict(json.loads(json.dumps(first.to_dict())))
        assert again == first
        result = ChatMessage.from_tool("Sunny", origin=first.tool_call)
        for reply in (first, again):
            pair([ChatMessage.from_user("hi"), reply, result])
        assert stand_in.requests[1].raw == stand_in.requests[2].raw
        assert stand_in.requests[1].body["messages"][1]["tool_calls"][0]["signature"] == "g"

    def test_nothing_the_user_passed_in_is_changed(self, sync: Mode):
        reply = ChatMessage.from_assistant(
            "A", meta={"annotations": [{"type": "file"}], "cache_control": {"type": "e"}}
        )
        messages = [ChatMessage.from_user("hi"), reply, ChatMessage.from_user(content_parts=["a", "b"])]
        tools, kwargs = [tool()], {"tools": [{"type": "openrouter:datetime"}], "extra_headers": {"A": "b"}}
        before = copy.deepcopy((messages, kwargs, tools[0].parameters))
        sync.run(sync.generator(tools_strict=True), messages, generation_kwargs=kwargs, tools=tools)
        assert (messages, kwargs, tools[0].parameters) == before


def test_the_hook_of_the_parent_keeps_its_shape():
    arguments = OpenRouterChatGenerator()._prepare_api_call(messages=[ChatMessage.from_user("x")])
    assert arguments["openai_endpoint"] == "create"
    assert arguments["messages"] == [{"role": "user", "content": "x"}]
    assert arguments["stream"] is False
