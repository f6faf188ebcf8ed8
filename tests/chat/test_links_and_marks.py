# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Media that is sent by link, and marks on parts, tools and system messages."""

import copy
import json
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage, FileContent, ImageContent, TextContent, ToolCall
from haystack.tools import Tool, Toolset
from modes import Mode
from stand_in import StandIn

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterImageGenerator

PNG = "iVBORw0KGgo="
PICTURE, REPORT, CLIP = (f"https://cdn.example/a.{suffix}" for suffix in ("png", "pdf", "mp4"))
SIGNED = "https://cdn.example/a.pdf?signature=abc"
YOUTUBE = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
CALL = ToolCall("look", {}, id="call_1")
SHORT, LONG = {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}
LINKED = {
    "image": (ImageContent("", "image/png", meta={"url": PICTURE}), "image_url", {"url": PICTURE}),
    "untyped image": (ImageContent("", detail="low", meta={"url": PICTURE}), "image_url", {"url": PICTURE, "detail": "low"}),
    "pdf": (FileContent("", "application/pdf", "r.pdf", extra={"url": SIGNED}), "file", {"filename": "r.pdf", "file_data": SIGNED}),
    "untyped pdf": (FileContent("", extra={"url": SIGNED}), "file", {"file_data": SIGNED}),
    "video": (FileContent("", "video/mp4", extra={"url": CLIP}), "video_url", {"url": CLIP}),
    "untyped video": (FileContent("", extra={"url": CLIP}), "video_url", {"url": CLIP}),
    "youtube": (FileContent("", extra={"url": YOUTUBE}), "video_url", {"url": YOUTUBE}),
    "image as file": (FileContent("", "image/png", extra={"url": PICTURE}), "image_url", {"url": PICTURE}),
    "uploaded": (FileContent("", "application/pdf", extra={"file_id": "file_01"}), "file", {"file_id": "file_01"}),
    "named upload": (FileContent("", filename="r.pdf", extra={"file_id": "f"}), "file", {"filename": "r.pdf", "file_id": "f"}),
}  # fmt: skip


def sent(mode: Mode, stand_in: StandIn, *messages: ChatMessage, **parameters: Any) -> dict[str, Any]:
    mode([*messages], **parameters)
    body: dict[str, Any] = stand_in.requests[-1].body
    return body


def user(*parts: Any, **meta: Any) -> ChatMessage:
    return ChatMessage.from_user(content_parts=[*parts], meta=meta)


class TestLinks:
    @pytest.mark.parametrize(("part", "kind", "fields"), LINKED.values(), ids=LINKED)
    def test_are_sent_and_survive_storage(self, sync: Mode, stand_in: StandIn, part, kind, fields):
        messages = [user("What is this?", part), ChatMessage.from_tool([TextContent("Here"), part], origin=CALL)]
        stored = [ChatMessage.from_dict(json.loads(json.dumps(message.to_dict()))) for message in messages]
        for message in sent(sync, stand_in, *stored)["messages"]:
            assert message["content"][1] == {"type": kind, kind: fields}
        assert len(stand_in.requests) == 1

    def test_data_goes_first(self, sync: Mode, stand_in: StandIn):
        # Haystack's `from_url` keeps the link of what it has downloaded
        parts = [
            ImageContent(PNG, "image/png", meta={"url": PICTURE}),
            FileContent(PNG, "image/png", extra={"file_id": "f"}),
        ]
        body = sent(sync, stand_in, user(*parts))
        assert body["messages"][0]["content"] == [
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
        ] * 2  # fmt: skip

    @pytest.mark.parametrize(
        ("part", "told"),
        [
            (ImageContent("", "image/png", meta={"url": "http://x.example/a.png?key=hidden"}), r'meta\["url"\] must be an https'),
            (FileContent("", "video/mp4", extra={"url": "file:///etc/passwd?hidden"}), r'extra\["url"\] must be an https'),
            (FileContent("", "video/mp4", extra={"url": "https:///hidden"}), r'extra\["url"\] must be an https'),
            (FileContent("", "video/mp4", extra={"url": "https://x.example/a b?hidden"}), r'extra\["url"\] must be an https'),
            (FileContent("", "video/mp4", extra={"url": ["hidden"]}), r'extra\["url"\] must be an https'),
            (FileContent("", "audio/mpeg", extra={"url": "https://x.example/a.mp3"}), "no audio by link"),
            (FileContent("", "application/pdf", extra={"file_id": " "}), r'extra\["file_id"\]` is empty'),
            (FileContent("", "application/pdf"), "has no data"),
        ],
    )  # fmt: skip
    def test_what_is_no_link_is_refused_by_name(self, sync: Mode, stand_in: StandIn, part, told):
        with pytest.raises(ValueError, match=rf"messages\[0\], part 1.*{told}") as caught:
            sync([user("What is this?", part)])
        assert "hidden" not in str(caught.value)
        assert not stand_in.requests

    def test_an_id_that_is_no_string(self, sync: Mode):
        with pytest.raises(TypeError, match=r'extra\["file_id"\]` must be the id of an uploaded file'):
            sync([user("What?", FileContent("", "application/pdf", extra={"file_id": 5}))])

    def test_an_image_to_edit(self, stand_in: StandIn):
        OpenRouterImageGenerator(api_base_url=stand_in.url).run("Make it blue", [LINKED["image"][0]])
        assert stand_in.requests[0].body["input_references"] == [{"type": "image_url", "image_url": {"url": PICTURE}}]


class TestMarksOfMessages:
    def test_cache_control_of_a_part(self, sync: Mode, stand_in: StandIn):
        picture = ImageContent(PNG, "image/png", meta={"cache_control": SHORT})
        report = FileContent("", "application/pdf", extra={"url": REPORT, "cache_control": LONG})
        messages = [user(report, picture, "a"), ChatMessage.from_tool([picture, TextContent("b")], origin=CALL)]
        before = copy.deepcopy(messages)
        first, second = sent(sync, stand_in, *messages)["messages"]
        assert [part.get("cache_control") for part in first["content"]] == [LONG, SHORT, None]
        assert [part.get("cache_control") for part in second["content"]] == [SHORT, None]
        assert messages == before

    def test_a_mark_that_is_no_dictionary(self, sync: Mode):
        with pytest.raises(ValueError, match=r'messages\[0\], part 0: meta\["cache_control"\] must be a dictionary'):
            sync([user(ImageContent(PNG, "image/png", meta={"cache_control": "ephemeral"}))])

    def test_empty_texts_are_left_out_beside_others(self, sync: Mode, stand_in: StandIn):
        picture = LINKED["image"][0]
        messages = [user("", picture, "", cache_control=SHORT), user("", ""), ChatMessage.from_user("")]
        messages += [ChatMessage.from_tool([TextContent(""), TextContent("b")], origin=CALL)]
        contents = [message["content"] for message in sent(sync, stand_in, *messages)["messages"]]
        empty = {"type": "text", "text": ""}
        assert contents == [
            [{"type": "image_url", "image_url": {"url": PICTURE}, "cache_control": SHORT}],
            [empty, empty],
            "",
            [{"type": "text", "text": "b"}],
        ]

    def test_a_configuration_update(self, sync: Mode, stand_in: StandIn):
        update = {"reasoning": {"effort": "low"}}
        messages = [ChatMessage.from_system("", meta={"configuration_update": update}), ChatMessage.from_user("Hi")]
        assert sent(sync, stand_in, *messages)["messages"] == [
            {"role": "system", "content": "", "configuration_update": update},
            {"role": "user", "content": "Hi"},
        ]
        with pytest.raises(TypeError, match=r'messages\[0\]: meta\["configuration_update"\] must be a dictionary'):
            sync([ChatMessage.from_system("", meta={"configuration_update": "low"})])


def tool(name: str) -> Tool:
    return Tool(name, f"About {name}", {"type": "object", "properties": {}}, print)


class TestToolOptions:
    def test_stand_beside_the_type(self, pair: Mode, stand_in: StandIn):
        options = {"search": {"defer_loading": True, "cache_control": LONG}}
        before = copy.deepcopy(options)
        pair(tools=[tool("look"), Toolset([tool("search")])], tool_options=options)
        look, search = stand_in.requests[0].body["tools"]
        assert look.keys() == {"type", "function"}
        assert search == {**look, "function": {**look["function"], "name": "search", "description": "About search"}, **options["search"]}  # fmt: skip
        assert options == before

    def test_of_a_tool_that_is_not_sent_this_time(self, sync: Mode, stand_in: StandIn, caplog):
        generator = sync.generator(tools=[tool("look")], tool_options={"look": {"defer_loading": True}})
        for tools in ([], [tool("other")], None):
            sync.run(generator, tools=tools)
        assert [b"defer_loading" in request.raw for request in stand_in.requests] == [False, False, True]
        assert "tool_options" not in caplog.text

    def test_of_a_tool_that_is_revealed_later(self, sync: Mode, stand_in: StandIn, caplog):
        generator = sync.generator(tool_options={"serach": {}, "look": {"defer_loading": True}})
        for tools in ([tool("search")], [tool("search")], [tool("search"), tool("look")]):
            sync.run(generator, tools=tools)
        assert [b"defer_loading" in request.raw for request in stand_in.requests] == [False, False, True]
        assert caplog.text.count("`tool_options` has 'serach', but no tool of this run has this name") == 1
        assert caplog.text.count("`tool_options` has 'look'") == 1
        assert "The tools are: 'search'" in caplog.text

    @pytest.mark.parametrize(
        ("options", "error", "told"),
        [
            ([], TypeError, "`tool_options` must be a dictionary such as"),
            ({"search": True}, TypeError, r"`tool_options\['search'\]` must be a dictionary such as"),
            ({"search": {"function": {}}}, ValueError, r"`tool_options\['search'\]` can't hold 'function'"),
        ],
    )
    def test_that_cannot_be_sent(self, options, error, told):
        with pytest.raises(error, match=told):
            OpenRouterChatGenerator(tool_options=options)


def marked(mark: dict[str, Any]) -> ChatMessage:
    return ChatMessage.from_user("x", meta={"cache_control": mark})


class TestCachePoints:
    @pytest.mark.parametrize(("messages", "warns"), [(2, False), (3, True)])
    def test_of_tools_messages_and_the_top_are_counted_together(
        self, sync: Mode, stand_in: StandIn, caplog, messages, warns
    ):
        parameters = {"tools": [tool("look")], "tool_options": {"look": {"cache_control": SHORT}}}
        sent(sync, stand_in, *[marked(SHORT)] * messages, generation_kwargs={"cache_control": SHORT}, **parameters)
        assert ("5 cache points are sent, but providers accept only 4" in caplog.text) == warns
        assert stand_in.requests[0].raw.count(b"cache_control") == messages + 2

    @pytest.mark.parametrize(
        ("messages", "top", "warns"),
        [
            ([marked(LONG), marked(SHORT)], None, False),
            ([marked(SHORT), marked(LONG)], None, True),
            ([marked({**SHORT, "ttl": "5m"}), ChatMessage.from_system("x", meta={"cache_control": LONG})], None, False),
            ([marked(SHORT)], LONG, True),
            ([marked(LONG)], LONG, False),
        ],
    )
    def test_a_long_one_after_a_short_one(self, sync: Mode, stand_in: StandIn, caplog, messages, top, warns):
        sent(sync, stand_in, *messages, generation_kwargs={"cache_control": top})
        assert ("A cache point with the `ttl` '1h' comes after one of five minutes" in caplog.text) == warns

    @pytest.mark.parametrize("odd", [{"tools": ["x", {"cache_control": 5}]}, {"messages": [5, {"content": [5]}]}])
    def test_whatever_an_extra_body_holds(self, sync: Mode, odd):
        sent_arguments = sync.generator(generation_kwargs={"extra_body": odd})._prepare_api_call(
            messages=[marked(SHORT)]
        )
        assert sent_arguments | odd == sent_arguments
