# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What submits a batch: its bytes, what is refused before it is sent, and that it is sent once."""

import json
import pickle
from typing import Any

import openai
import pytest
from batches import Way, batch_object
from haystack import Document
from haystack.dataclasses import ChatMessage, FileContent, ImageContent
from haystack.tools import Tool
from haystack.utils import Secret
from modes import Mode
from stand_in import CUT, RESET, STALL, Answer, StandIn
from wire import call, completion, error_body

from haystack_integrations.components.generators.openrouter import OpenRouterBatch
from haystack_integrations.components.generators.openrouter.batch import _submission

LOOK = Tool("look_up", "Look something up", {"type": "object", "properties": {"b": {"type": "string"}, "a": {}}}, print)


class TestBytes:
    def test_the_requests_come_last(self, way: Way, stand_in: StandIn):
        batch = way.batch(generation_kwargs={"provider": {"only": ["openai"]}, "temperature": 0.5})
        way(batch.submit, ["Hello", "Bye"], ["a", "b"], "https://example.com/hook")
        (request,) = stand_in.requests
        assert request.raw == (
            b'{"endpoint":"/v1/chat/completions","model":"test/model","callback_url":"https://example.com/hook",'
            b'"provider":{"only":["openai"]},"requests":['
            b'{"custom_id":"c0000-a","body":{"messages":[{"role":"user","content":"Hello"}],"temperature":0.5}},'
            b'{"custom_id":"c0001-b","body":{"messages":[{"role":"user","content":"Bye"}],"temperature":0.5}}]}'
        )
        assert request.headers["content-type"] == "application/json"

    def test_documents(self, way: Way, stand_in: StandIn):
        documents = [Document(id="x", content="Rome", meta={"title": "A city"}), Document(id="y", content="Bern")]
        texts = {"prefix": "passage: ", "meta_fields_to_embed": ["title"], "embedding_separator": " | "}
        way(way.batch().submit_documents, documents, dimensions=3, **texts)
        body = stand_in.requests[0].body
        assert list(body) == ["endpoint", "model", "requests"]
        assert body["endpoint"] == "/v1/embeddings"
        assert [line["body"] for line in body["requests"]] == [
            {"input": "passage: A city | Rome", "encoding_format": "float", "dimensions": 3},
            {"input": "passage: Bern", "encoding_format": "float", "dimensions": 3},
        ]
        assert [line["custom_id"][:6] for line in body["requests"]] == ["d0000-", "d0001-"]

    def test_a_line_is_what_the_chat_generator_sends(self, stand_in: StandIn):
        parameters: dict[str, Any] = {
            "generation_kwargs": {
                "max_tokens": 5,
                "reasoning": {"effort": "low"},
                "response_format": {"type": "json_object"},
            },
            "tools": [LOOK],
            "tools_strict": True,
            "tool_options": {"look_up": {"defer_loading": True}},
            "extra_headers": {"X-Title": "mine"},
        }
        stand_in.script(Answer.json(completion({"reasoning_details": [{"type": "reasoning.text", "text": "Hm"}],
                                                "tool_calls": [call("look<up", '{"b": "x"}')]})))  # fmt: skip
        generator = Mode("sync", stand_in.url).generator(**parameters)
        reply = generator.run("Hello")["replies"][0]
        conversation = [
            ChatMessage.from_user("Hello"),
            reply,
            ChatMessage.from_tool("Yes", origin=reply.tool_calls[0]),
            ChatMessage.from_user("And?", meta={"cache_control": {"type": "ephemeral"}}),
        ]
        generator.run(conversation)
        batch = OpenRouterBatch(model="test/model", api_base_url=stand_in.url, **parameters)
        batch.submit(["Hi", conversation])
        _, alone, together = stand_in.requests
        sent = {name: value for name, value in alone.body.items() if name not in ("model", "stream")}
        assert together.body["requests"][1]["body"] == sent
        assert list(together.body["requests"][1]["body"]) == list(sent)
        assert together.headers["x-title"] == "mine"

    def test_halves_of_surrogate_pairs_are_replaced(self, stand_in: StandIn, way: Way):
        way(way.batch().submit, ["a\ud800b"])
        assert stand_in.requests[0].body["requests"][0]["body"]["messages"][0]["content"] == "a\ufffdb"

    def test_options_of_the_request(self, stand_in: StandIn, way: Way):
        kwargs = {
            "extra_headers": {"X-Run": "1"},
            "extra_query": {"q": "x"},
            "extra_body": {"top_k": 3},
            "model": "a/b",
        }
        way(way.batch(generation_kwargs=kwargs).submit, ["Hi"])
        (request,) = stand_in.requests
        assert (request.headers["x-run"], request.query) == ("1", {"q": "x"})
        assert request.body["model"] == "a/b"
        assert request.body["requests"][0]["body"] == {"messages": [{"role": "user", "content": "Hi"}], "top_k": 3}

    def test_what_json_can_not_hold(self, stand_in: StandIn, way: Way):
        with pytest.raises(ValueError, match=r"conversations\[0\] can't be sent as JSON: "):
            way(way.batch(generation_kwargs={"metadata": {"a": object()}}).submit, ["Hi"])
        assert not stand_in.requests

    def test_a_warning_comes_once(self, stand_in: StandIn, caplog: pytest.LogCaptureFixture):
        batch = OpenRouterBatch(model="a/b", api_base_url=stand_in.url, generation_kwargs={"stream": True})
        batch.submit(["a", "b", "c"])
        assert caplog.text.count("`stream` in generation_kwargs is ignored") == 1

    def test_the_stand_in_insists_on_the_order(self, stand_in: StandIn):
        line = {"custom_id": "a", "body": {"messages": []}}
        for names in (["requests", "endpoint", "model"], ["endpoint", "requests", "model"], ["model", "requests"]):
            fields = {"endpoint": "/v1/chat/completions", "model": "a/b", "requests": [line]}
            body = {name: fields[name] for name in names}
            with pytest.raises(openai.BadRequestError, match="must come before 'requests'"):
                openai.OpenAI(base_url=stand_in.url, api_key="x").post("/batches", cast_to=object, body=body)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("conversations", "told"),
        [
            ([], "`conversations` is empty"),
            ("Hello", "`conversations` must be a list of conversations, not str"),
            ([["Hi"]], r"`conversations\[0\]`: .*`messages\[0\]` must be a ChatMessage, not str"),
            (["a", ChatMessage.from_user("x")], r"`conversations\[1\]`: .* not ChatMessage"),
            (["a", "b", []], r"`conversations\[2\]`: it is empty"),
            (["a", [ChatMessage.from_assistant("")]], r"`conversations\[1\]`: `messages` has only assistant"),
            (
                ["a", [ChatMessage.from_user(content_parts=["x", ImageContent("aaaa", mime_type="image/png")])]],
                r"`conversations\[1\]` has image_url with its data, .* only by URL",
            ),
            (
                [[ChatMessage.from_user(content_parts=["x", FileContent("aaaa", mime_type="application/pdf")])]],
                r"`conversations\[0\]` has file with its data",
            ),
            (
                [[ChatMessage.from_user(content_parts=["x", FileContent("aaaa", mime_type="audio/wav")])]],
                r"`conversations\[0\]` has input_audio with its data",
            ),
            (
                ["a"] * 5001,
                r"`conversations\[5000\]` is one too many: .* at most 5,000 .* `conversations\[:5000\]` first",
            ),
        ],
    )
    def test_conversations(self, stand_in: StandIn, conversations: Any, told: str):
        with pytest.raises((TypeError, ValueError), match=told):
            OpenRouterBatch(model="a/b", api_base_url=stand_in.url).submit(conversations)
        assert not stand_in.requests

    def test_media_by_url_are_sent(self, stand_in: StandIn, way: Way):
        image = ImageContent("", mime_type="image/png", meta={"url": "https://example.com/a.png"}, validation=False)
        way(way.batch().submit, [[ChatMessage.from_user(content_parts=["x", image])]])
        parts = stand_in.requests[0].body["requests"][0]["body"]["messages"][0]["content"]
        assert parts[1]["image_url"] == {"url": "https://example.com/a.png"}

    @pytest.mark.parametrize(
        ("kwargs", "told"),
        [
            ({"plugins": [{"id": "web"}]}, "`plugins` can't be sent, for a batch does not search the web"),
            ({"tools": [{"type": "openrouter:web_search"}]}, "`tools` can't be sent, for a batch does not search"),
            ({"extra_body": {"web_search_options": {}}}, "`web_search_options` can't be sent"),
            ({"model": "a/b:online"}, "`model` can't be sent, for a batch does not search the web"),
            ({"modalities": ["text", "image"]}, "`modalities` can't be sent, for the replies of a batch are text"),
            ({"audio": {"voice": "x"}}, "`audio` can't be sent"),
            ({"max_tokens": 0}, "`max_tokens` can't be sent, for a batch needs at least 1"),
            ({"n": 2}, "`n` can't be sent, for each conversation of a batch has one reply"),
            ({"provider": {"only": ["x"], "sort": "price"}}, "has 'sort', .* It can have: only, allow_fallbacks"),
        ],
    )
    def test_parameters(self, stand_in: StandIn, kwargs: Any, told: str):
        with pytest.raises(ValueError, match=told):
            OpenRouterBatch(model="a/b", api_base_url=stand_in.url, generation_kwargs=kwargs).submit(["Hi"])
        assert not stand_in.requests

    def test_a_streaming_callback(self, stand_in: StandIn):
        with pytest.raises(ValueError, match="`streaming_callback` must be None"):
            OpenRouterBatch(model="a/b", streaming_callback=print)  # type: ignore[arg-type]
        batch = OpenRouterBatch(model="a/b", api_base_url=stand_in.url)
        batch.streaming_callback = print  # type: ignore[assignment]
        with pytest.raises(ValueError, match="`streaming_callback` must be None"):
            batch.submit(["Hi"])
        assert not stand_in.requests

    @pytest.mark.parametrize(
        ("ids", "told"),
        [
            (["a"], "`custom_ids` has 1 ids for 2 conversations"),
            (["a", "a"], r"`custom_ids\[1\]` is the same as `custom_ids\[0\]`: 'a'"),
            (["a", ""], r"`custom_ids\[1\]` is empty"),
            (["a", 5], r"`custom_ids\[1\]` must be a string"),
            (["a", "\n"], r"`custom_ids\[1\]`"),
            (["a", "x" * 59], r"`custom_ids\[1\]` is too long: it may have 58 characters"),
            ("ab", "`custom_ids` must be a list of strings or None"),
        ],
    )
    def test_custom_ids(self, stand_in: StandIn, ids: Any, told: str):
        with pytest.raises((TypeError, ValueError), match=told):
            OpenRouterBatch(model="a/b", api_base_url=stand_in.url).submit(["Hi", "Ho"], ids)
        assert not stand_in.requests

    @pytest.mark.parametrize(
        ("parameters", "arguments", "told"),
        [
            ({"model": None}, {}, "`model` is needed to submit a batch"),
            ({}, {"callback_url": "http://example.com"}, "`callback_url` must begin with https://"),
            ({}, {"callback_url": 5}, "`callback_url` must be a str"),
            ({"model": ""}, {}, "`model` is empty"),
        ],
    )
    def test_more(self, way: Way, stand_in: StandIn, parameters: Any, arguments: Any, told: str):
        with pytest.raises((TypeError, ValueError), match=told):
            way(way.batch(**parameters).submit, ["Hi"], **arguments)
        assert not stand_in.requests

    @pytest.mark.parametrize(
        ("documents", "texts", "told"),
        [
            ([], {}, "`documents` is empty"),
            (["x"], {}, "must be a list of Documents. Each item"),
            ([Document(content="x")], {"dimensions": 0}, "`dimensions`"),
            ([Document(content="x")], {"prefix": None}, "`prefix`"),
            ([Document(content="x")], {"meta_fields_to_embed": "title"}, "`meta_fields_to_embed`"),
            ([Document(content="x")], {"praefix": "x"}, "praefix"),
        ],
    )
    def test_documents(self, way: Way, stand_in: StandIn, documents: Any, texts: Any, told: str):
        with pytest.raises((TypeError, ValueError), match=told):
            way(way.batch().submit_documents, documents, **texts)
        assert not stand_in.requests

    def test_too_many_bytes(self, way: Way, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(_submission, "MOST_BYTES", 1_000_000)
        told = r"`conversations\[2\]` makes the batch larger than 1 MB, .* Submit `conversations\[:2\]` first"
        with pytest.raises(ValueError, match=told):
            way(way.batch().submit, ["a", "b" * 500_000, "c" * 500_000, "d"])
        with pytest.raises(ValueError, match=r"`documents\[0\]` makes the batch larger than 1 MB, .* Shorten it"):
            way(way.batch().submit_documents, [Document(content="b" * 1_000_000)])
        assert not stand_in.requests


ODD_ANSWERS = {
    "reset": Answer([RESET]),
    "cut": Answer([b'{"id": "batch-', CUT], 202, {"content-type": "application/json"}),
    "429": Answer.error(429, "Slow down", headers={"retry-after": "0.01"}),
    "409": Answer.error(409, "Busy"),
    "500": Answer.error(500, "Oops"),
    "503": Answer.error(503, "Oops", headers={"x-should-retry": "true", "retry-after": "0.01"}),
    "408": Answer.error(408, "Slow"),
    "error in 200": Answer.json(error_body(503), 200),
    "no batch": Answer.json({}, 202),
    "redirect": Answer([], 307, {"location": "http://localhost:1/"}),
    "page": Answer.raw(b"<html><title>Bad</title></html>", "text/html"),
}
UNCLEAR = ("reset", "cut", "500", "503", "408", "error in 200", "no batch")


class TestSentOnce:
    @pytest.mark.parametrize("name", ODD_ANSWERS)
    def test_whatever_comes(self, way: Way, stand_in: StandIn, name: str, caplog: pytest.LogCaptureFixture):
        stand_in.script(*[ODD_ANSWERS[name]] * 3)
        with pytest.raises(openai.APIError) as caught:
            way(way.batch(max_retries=5).submit, ["Hi", "Ho"], ["mine", "yours"])
        assert len(stand_in.requests) == 1
        assert caught.value.custom_ids == ["mine", "yours"]
        assert pickle.loads(pickle.dumps(caught.value)).custom_ids == ["mine", "yours"]
        assert ("`list()` shows whether it is there" in str(caught.value)) is (name in UNCLEAR)
        assert "Trying again" not in caplog.text

    def test_silence(self, way: Way, stand_in: StandIn):
        stand_in.script(Answer([STALL]), Answer([STALL]))
        with pytest.raises(openai.APITimeoutError, match=r"`list\(\)` shows whether it is there") as caught:
            way(way.batch(max_retries=5, timeout=0.05).submit, ["Hi"])
        assert len(stand_in.requests) == 1
        assert caught.value.custom_ids == ["c0000"]

    def test_at_the_deadline(self, way: Way, stand_in: StandIn):
        stand_in.script(Answer([STALL]))
        told = r"longer than `deadline` .* `list\(\)` shows whether it is there"
        with pytest.raises(openai.APITimeoutError, match=told):
            way(way.batch(generation_kwargs={"deadline": 0.05}).submit, ["Hi"])
        assert len(stand_in.requests) == 1

    def test_nobody_there(self, way: Way):
        with pytest.raises(openai.APIConnectionError, match="could not be reached") as caught:
            way(way.batch(api_base_url="http://127.0.0.1:9/api/v1", max_retries=5).submit, ["Hi"])
        assert "list()" not in str(caught.value)

    def test_with_a_client_of_the_users_own(self, stand_in: StandIn):
        stand_in.script(*[ODD_ANSWERS["503"]] * 3)
        batch = OpenRouterBatch(model="a/b", api_base_url=stand_in.url)
        batch.client = openai.OpenAI(base_url=stand_in.url, api_key="x", max_retries=5)
        with pytest.raises(openai.InternalServerError):
            batch.submit(["Hi"])
        assert len(stand_in.requests) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("model", "told"),
        [
            ("stand-in/no-batch", "does not have a :batch endpoint. Choose a model .* end in `:batch` .* no promise"),
            ("stand-in/error-402", "Add credits"),
        ],
    )
    def test_advice(self, way: Way, model: str, told: str):
        with pytest.raises(openai.APIStatusError, match=told):
            way(way.batch(model=model).submit, ["Hi"])

    def test_a_custom_id_is_not_cut_out(self, way: Way, stand_in: StandIn):
        stand_in.script(Answer.error(422, "Duplicate custom_id 'c0000-invoice-2026-0001'"))
        with pytest.raises(openai.UnprocessableEntityError, match="'c0000-invoice-2026-0001'. Check `custom_ids`"):
            way(way.batch().submit, ["Hi"], ["invoice-2026-0001"])

    def test_the_prompt_and_the_key_are(self, way: Way, stand_in: StandIn):
        stand_in.script(Answer.error(400, "Bad: The keeper of the lighthouse sleeps, sk-or-secret-key"))
        batch = way.batch(api_key=Secret.from_token("sk-or-secret-key"))
        with pytest.raises(openai.BadRequestError) as caught:
            way(batch.submit, ["The keeper of the lighthouse sleeps"])
        assert "lighthouse" not in str(caught.value)
        assert "secret" not in str(caught.value)


def test_settings_hold_from_the_next_call_on(way: Way, stand_in: StandIn):
    batch = way.batch(generation_kwargs={"seed": 1})
    way(batch.submit, ["Hi"])
    batch.model, batch.generation_kwargs, batch.tools = "test/other", {"seed": 2}, [LOOK]
    way(batch.submit, ["Hi"])
    first, second = (request.body for request in stand_in.requests)
    assert (first["model"], first["requests"][0]["body"]["seed"]) == ("test/model", 1)
    assert (second["model"], second["requests"][0]["body"]["seed"]) == ("test/other", 2)
    assert second["requests"][0]["body"]["tools"][0]["function"]["name"] == "look_up"


def test_nothing_that_was_passed_in_is_changed(stand_in: StandIn):
    conversations, ids, kwargs = [[ChatMessage.from_user("Hi")]], ["a"], {"provider": {"only": ["x"]}, "stop": ["x"]}
    before = json.dumps([[message.to_dict() for message in conversations[0]], ids, kwargs])
    OpenRouterBatch(model="a/b", api_base_url=stand_in.url, generation_kwargs=kwargs).submit(conversations, ids)
    assert json.dumps([[message.to_dict() for message in conversations[0]], ids, kwargs]) == before


def test_serialization():
    batch = OpenRouterBatch(
        model="a/b", generation_kwargs={"seed": 1}, tools=[LOOK], extra_headers={"X-A": Secret.from_env_var("TOKEN")}
    )
    data = json.loads(json.dumps(batch.to_dict()))
    loaded = OpenRouterBatch.from_dict(data)
    assert loaded.to_dict() == batch.to_dict()
    assert loaded.tools[0].name == "look_up"
    assert repr(loaded) == "OpenRouterBatch(model='a/b', api_base_url='https://openrouter.ai/api/v1')"


def test_both_paths_lead_to_one_class():
    from haystack_integrations.common.openrouter import batch

    assert batch.OpenRouterBatch is OpenRouterBatch
    with pytest.raises(AttributeError):
        _ = batch.Missing
    assert batch_object()["id"]
