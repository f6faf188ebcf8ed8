# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The stand-in over a real socket, without the component: what the other tests may take for granted."""

import base64
import http.client
import io
import json
import struct
import wave
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from stand_in import CUT, RESET, STALL, Answer, Request, StandIn, base_url
from stand_in.files import png, wav, words_in
from stand_in.routes import ROUTES, Route

Json = dict[str, Any]
HEADERS = {"authorization": "Bearer test", "content-type": "application/json"}
WEATHER = {
    "name": "weather",
    "description": "Tell the weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["C", "F"]}, "days": {"type": "integer"}},
    },
}


def connect(stand_in: StandIn) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(stand_in.url).netloc, timeout=10)


@pytest.fixture
def connection(stand_in: StandIn) -> Iterator[http.client.HTTPConnection]:
    client = connect(stand_in)
    yield client
    client.close()


def ask(client: Any, path: str, body: Json, headers: Json = HEADERS) -> tuple[int, bytes]:
    client.request("POST", f"/api/v1/{path}", json.dumps(body), headers)
    response = client.getresponse()
    return response.status, response.read()


def chat(client: Any, content: Any = "hi", **more: Any) -> Json:
    status, raw = ask(client, "chat/completions", {"model": "test/model", "messages": user(content), **more})
    assert status == 200, raw
    return json.loads(raw)


def page(words: str) -> str:
    return f"data:image/png;base64,{base64.b64encode(png('white', words=words)).decode()}"


def user(content: Any) -> list[Json]:
    return [{"role": "user", "content": content}]


def stream(client: Any, content: Any = "hi", **more: Any) -> tuple[list[str], list[Json]]:
    body = {"model": "test/model", "messages": user(content), "stream": True, **more}
    status, raw = ask(client, "chat/completions", body)
    assert status == 200
    *blocks, done, end = raw.decode().split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    comments = [block for block in blocks if block.startswith(":")]
    return comments, [json.loads(block.removeprefix("data: ")) for block in blocks if block not in comments]


def deltas(events: list[Json]) -> list[Json]:
    return [event["choices"][0]["delta"] for event in events]


class TestChat:
    def test_plain(self, connection):
        reply = chat(connection, "Hello there")
        choice = reply["choices"][0]
        assert choice["message"]["content"] == "This is the stand-in, not a model. You said: Hello there"
        assert (choice["finish_reason"], reply["provider"], reply["model"]) == ("stop", "Stand-in", "test/model")
        usage = reply["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        assert usage["cost"] > 0

    def test_equal_requests_have_equal_replies(self, connection):
        first, second = chat(connection), chat(connection)
        assert first.pop("id") != second.pop("id")
        assert first.pop("created") <= second.pop("created")
        assert first == second

    def test_parts(self, connection):
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
        file = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}}
        message = chat(connection, [{"type": "text", "text": "Look"}, image, image, file])["choices"][0]["message"]
        assert message["content"].endswith("You said: Look [2 images, 1 file]")
        read = {"type": "image_url", "image_url": {"url": page("Ferry at nine")}}
        content = chat(connection, [{"type": "text", "text": "Look"}, read])["choices"][0]["message"]["content"]
        assert content.endswith("The image says: Ferry at nine [1 image]")
        (note,) = message["annotations"]
        assert (note["type"], note["file"]["name"]) == ("file", "a.pdf")

    @pytest.mark.parametrize(
        "wanted", [{}, {"effort": "none"}, {"enabled": False}, {"effort": "high", "exclude": True}, {"effort": "high"}]
    )
    def test_reasoning(self, connection, wanted):
        reply = chat(connection, reasoning=wanted)
        message = reply["choices"][0]["message"]
        if wanted != {"effort": "high"}:
            assert message["reasoning"] is None
            assert "reasoning_details" not in message
            return
        (detail,) = message["reasoning_details"]
        assert detail["text"] == message["reasoning"]
        assert detail["signature"]
        assert reply["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0

    def test_tool_call_and_result(self, connection):
        tools = [{"type": "function", "function": {"name": "clock"}}, {"type": "function", "function": WEATHER}]
        choice = chat(connection, "What is the weather in Paris?", tools=tools)["choices"][0]
        (call,) = choice["message"]["tool_calls"]
        assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)
        assert call["function"]["name"] == "weather"
        assert json.loads(call["function"]["arguments"]) == {"city": "Paris", "unit": "C", "days": 1}
        result = {"role": "tool", "tool_call_id": call["id"], "content": "21 degrees"}
        messages = [*user("What is the weather in Paris?"), choice["message"], result]
        final = chat(connection, messages=messages, tools=tools)["choices"][0]
        assert final["finish_reason"] == "stop"
        assert "21 degrees" in final["message"]["content"]

    def test_tool_choice(self, connection):
        tools = [{"type": "function", "function": {"name": "clock"}}, {"type": "function", "function": WEATHER}]
        assert "tool_calls" not in chat(connection, tools=tools, tool_choice="none")["choices"][0]["message"]
        named = {"type": "function", "function": {"name": "weather"}}
        first, second = (
            chat(connection, tools=tools, tool_choice=named)["choices"][0]["message"]["tool_calls"][0] for _ in "ab"
        )
        assert first["function"]["name"] == "weather"
        assert first["id"] != second["id"]

    def test_response_format(self, connection):
        schema = {
            "type": "object",
            "properties": {
                "city": {"$ref": "#/$defs/City"},
                "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
                "note": {"anyOf": [{"type": "null"}, {"const": "fixed"}]},
            },
            "$defs": {"City": {"type": "object", "properties": {"name": {"type": "string"}}}},
        }
        wanted = {"type": "json_schema", "json_schema": {"name": "visit", "schema": schema}}
        content = chat(connection, "I go to Rome", response_format=wanted)["choices"][0]["message"]["content"]
        assert json.loads(content) == {"city": {"name": "Rome"}, "tags": ["Rome", "Rome"], "note": "fixed"}
        content = chat(connection, response_format={"type": "json_object"})["choices"][0]["message"]["content"]
        assert list(json.loads(content)) == ["answer"]

    def test_web_search(self, connection):
        reply = chat(connection, tools=[{"type": "openrouter:web_search"}])
        assert [note["type"] for note in reply["choices"][0]["message"]["annotations"]] == ["url_citation"] * 2
        assert reply["usage"]["server_tool_use_details"] == {"web_search_requests": 1}
        for more in ({"plugins": [{"id": "web"}]}, {"model": "test/model:online"}):
            assert len(chat(connection, **more)["choices"][0]["message"]["annotations"]) == 2

    def test_cache(self, connection):
        part = {"type": "text", "text": "a long text", "cache_control": {"type": "ephemeral"}}
        first, second = (chat(connection, [part])["usage"]["prompt_tokens_details"] for _ in "ab")
        assert (first["cached_tokens"], first["cache_write_tokens"]) == (0, 4)
        assert (second["cached_tokens"], second["cache_write_tokens"]) == (4, 0)
        plain = chat(connection, "a long text")["usage"]["prompt_tokens_details"]
        assert (plain["cached_tokens"], plain["cache_write_tokens"]) == (0, 0)

    def test_cache_of_a_growing_conversation(self, connection):
        messages = [{"role": "user", "content": "a b c"}]
        for cached, written in ((0, 4), (4, 5), (9, 5)):
            usage = chat(connection, messages=messages, cache_control={"type": "ephemeral"})["usage"]
            details = usage["prompt_tokens_details"]
            assert (details["cached_tokens"], details["cache_write_tokens"]) == (cached, written)
            assert usage["cost"] == pytest.approx((0.1 * cached + 1.25 * written + usage["completion_tokens"]) / 1e6)
            messages += [{"role": "assistant", "content": "d"}, {"role": "user", "content": "e f"}]

    def test_modalities(self, connection):
        message = chat(connection, modalities=["image", "text"])["choices"][0]["message"]
        (image,) = message["images"]
        assert base64.b64decode(image["image_url"]["url"].partition(",")[2]).startswith(b"\x89PNG")
        message = chat(connection, modalities=["audio", "text"], audio={"format": "mp3"})["choices"][0]["message"]
        assert message["content"] is None
        assert base64.b64decode(message["audio"]["data"])[:3] == b"ID3"
        assert message["audio"]["transcript"].endswith("You said: hi")

    @pytest.mark.parametrize(
        ("names", "used"),
        [
            ({"model": "openrouter/auto"}, "stand-in/auto-choice"),
            ({"model": None, "models": ["a/b", "c/d"]}, "a/b"),
            ({"model": "stand-in/error-503", "models": ["c/d"]}, "c/d"),
        ],
    )
    def test_model(self, connection, names, used):
        assert chat(connection, **names)["model"] == used


class TestStream:
    def test_text(self, connection):
        comments, events = stream(connection, "one two")
        assert comments == [": OPENROUTER PROCESSING"]
        assert all(delta["role"] == "assistant" for delta in deltas(events))
        assert "".join(delta["content"] for delta in deltas(events)).endswith("You said: one two")
        *_, finish, usage = events
        assert [event["choices"][0]["finish_reason"] for event in (finish, usage)] == ["stop", None]
        assert ("usage" in finish, usage["usage"]["cost"] > 0) == (False, True)

    def test_says_what_the_whole_reply_says(self, connection):
        more = {"reasoning": {"effort": "low"}, "tools": [{"type": "function", "function": WEATHER}]}
        message = chat(connection, "The weather in Oslo", **more)["choices"][0]["message"]
        pieces = deltas(stream(connection, "The weather in Oslo", **more)[1])
        assert "".join(piece.get("reasoning") or "" for piece in pieces) == message["reasoning"]
        details = [piece["reasoning_details"][0] for piece in pieces if "reasoning_details" in piece]
        assert "signature" in details[-1]
        assert "text" not in details[-1]
        start, *rest = [piece["tool_calls"][0] for piece in pieces if "tool_calls" in piece]
        assert (start["function"]["name"], start["function"]["arguments"]) == ("weather", "")
        arguments = "".join(call["function"]["arguments"] for call in rest)
        assert arguments == message["tool_calls"][0]["function"]["arguments"]

    def test_annotations_and_images(self, connection):
        pieces = deltas(stream(connection, model="test/model:online", modalities=["image"])[1])
        assert [len(piece["annotations"]) for piece in pieces if "annotations" in piece] == [1, 1]
        assert any("images" in piece for piece in pieces)


class TestFailures:
    def test_no_key(self, connection):
        status, raw = ask(connection, "chat/completions", {"messages": user("hi")}, {})
        assert (status, json.loads(raw)["error"]["code"]) == (401, 401)

    def test_no_messages(self, connection):
        status, raw = ask(connection, "chat/completions", {"messages": []})
        assert (status, json.loads(raw)["error"]["code"]) == (400, 400)

    def test_unknown_path(self, connection):
        assert ask(connection, "nowhere", {})[0] == 404

    @pytest.mark.parametrize(("model", "status"), [("stand-in/error-429", 429), ("stand-in/error-429-in-200", 200)])
    def test_error(self, connection, model, status):
        answered, raw = ask(connection, "chat/completions", {"model": model, "messages": user("hi")})
        error = json.loads(raw)["error"]
        assert (answered, error["code"], error["metadata"]["provider_name"]) == (status, 429, "Stand-in")

    def test_error_in_stream(self, connection):
        *words, error = stream(connection, model="stand-in/error-in-stream")[1]
        assert "".join(delta["content"] for delta in deltas(words))
        assert (error["error"]["code"], error["choices"][0]["finish_reason"]) == (502, "error")

    def test_cut_stream(self, connection):
        with pytest.raises(http.client.IncompleteRead) as caught:
            stream(connection, model="stand-in/cut-stream")
        assert b"data: " in caught.value.partial

    def test_slow(self, connection):
        assert len(stream(connection, model="stand-in/slow")[0]) == 3
        body = {"model": "stand-in/slow", "messages": user("hi")}
        assert ask(connection, "chat/completions", body)[1].startswith(b"\n         \n" * 3 + b"{")


class TestServer:
    def test_connection_is_reused(self, stand_in, connection):
        chat(connection)
        stream(connection)
        other = connect(stand_in)
        chat(other)
        other.close()
        first, second, third = stand_in.requests
        assert first.connection == second.connection != third.connection

    def test_requests_are_kept(self, stand_in, connection):
        chat(connection, "kept")
        (request,) = stand_in.requests
        assert (request.method, request.path) == ("POST", "/api/v1/chat/completions")
        assert request.headers["authorization"] == "Bearer test"
        assert request.body["messages"] == user("kept") == json.loads(request.raw)["messages"]

    def test_script(self, stand_in, connection):
        error = Answer.error(418, "teapot", metadata={"raw": "tea"}, headers={"retry-after": "1"})
        stand_in.script(error, Answer.json({"b": 1}, blanks=2), Answer([b"12", b"34"], headers={"content-length": "4"}))
        status, raw = ask(connection, "chat/completions", {}, {})
        assert status == 418
        assert json.loads(raw)["error"] == {"code": 418, "message": "teapot", "metadata": {"raw": "tea"}}
        assert ask(connection, "nowhere", {}) == (200, b"\n         \n" * 2 + b'{"b": 1}')
        assert ask(connection, "nowhere", {}) == (200, b"1234")
        assert chat(connection)["provider"] == "Stand-in"

    def test_scripted_stream(self, stand_in, connection):
        stand_in.script(Answer.sse([{"a": 1}, b": raw\n\n"], comments=0, done=False))
        assert ask(connection, "chat/completions", {}) == (200, b'data: {"a": 1}\n\n: raw\n\n')

    def test_raw_bytes_and_headers(self, stand_in, connection):
        stand_in.script(*[Answer.raw(data, "audio/mpeg", {"x-generation-id": "gen-1"}) for data in (b"", b"\xff\x00")])
        for data in (b"", b"\xff\x00"):
            connection.request("POST", "/api/v1/audio/speech", "{}", HEADERS)
            response = connection.getresponse()
            assert response.read() == data
            assert (response.headers["content-type"], response.headers["x-generation-id"]) == ("audio/mpeg", "gen-1")
        assert Answer.raw(b"", "audio/mpeg").body == []  # an empty chunk would end the body twice

    def test_cut(self, stand_in, connection):
        stand_in.script(Answer.sse([{"a": 1}, CUT]))
        with pytest.raises(http.client.IncompleteRead):
            ask(connection, "chat/completions", {})
        assert not stand_in.wait_for_disconnect(timeout=0)

    def test_reset(self, stand_in, connection):
        stand_in.script(Answer.sse([{"a": 1}, RESET]))
        with pytest.raises(ConnectionResetError):
            ask(connection, "chat/completions", {})

    def test_stall_until_the_client_goes(self, stand_in, connection):
        stand_in.script(Answer.sse([{"a": 1}, STALL]))
        connection.request("POST", "/api/v1/chat/completions", "{}", HEADERS)
        response = connection.getresponse()
        assert response.readline().startswith(b": ")
        assert not stand_in.wait_for_disconnect(timeout=0)
        response.close()
        connection.close()
        assert stand_in.wait_for_disconnect()

    def test_stall_until_the_server_stops(self):
        with StandIn() as server:
            server.script(Answer.sse([STALL]))
            client = connect(server)
            client.request("POST", "/api/v1/chat/completions", "{}", HEADERS)
            response = client.getresponse()
        with pytest.raises(http.client.IncompleteRead):
            response.read()
        client.close()
        assert not server.wait_for_disconnect(timeout=0)

    def test_many_connections_at_once(self, stand_in):
        clients = [connect(stand_in) for _ in range(100)]
        stand_in.script(*[Answer.sse([STALL])] * len(clients))
        for client in clients:
            client.request("POST", "/api/v1/chat/completions", "{}", HEADERS)
        responses = [client.getresponse() for client in clients]
        for response, client in zip(responses, clients, strict=True):
            response.close()
            client.close()
        assert stand_in.wait_for_disconnect(len(clients))


class TestRoutes:
    @pytest.fixture(autouse=True)
    def routes(self, monkeypatch) -> None:
        def show(request: Request, **arguments: str) -> Answer:
            return Answer.json([request.method, request.query, arguments])

        paths = (("GET", "/things"), ("GET", "/things/{author}/{slug}/parts"), ("POST", "/things"))
        added = [Route(method, path, show, needs_key=method == "POST") for method, path in paths]
        monkeypatch.setattr("stand_in.routes.ROUTES", [*ROUTES, *added])

    def ask(self, connection, method, path, headers=HEADERS) -> tuple[int, Any]:
        connection.request(method, f"/api/v1{path}", headers=headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def test_method(self, connection):
        assert self.ask(connection, "GET", "/things") == (200, ["GET", {}, {}])
        assert self.ask(connection, "POST", "/things") == (200, ["POST", {}, {}])
        assert self.ask(connection, "GET", "/chat/completions")[0] == 404

    def test_query(self, connection):
        assert self.ask(connection, "GET", "/things?q=a%2Cb&n=1")[1][1] == {"q": "a,b", "n": "1"}

    def test_names_in_the_path(self, connection):
        names = {"author": "a", "slug": "b:free"}
        assert self.ask(connection, "GET", "/things/a/b%3Afree/parts")[1][2] == names
        assert self.ask(connection, "GET", "/things/a/b/whole")[0] == 404
        assert self.ask(connection, "GET", "/things/a/b")[0] == 404

    def test_key(self, connection):
        assert self.ask(connection, "GET", "/things", {})[0] == 200
        assert self.ask(connection, "POST", "/things", {})[0] == 401
        assert self.ask(connection, "GET", "/nowhere", {})[0] == 401
        assert self.ask(connection, "GET", "/models", {})[0] == 200

    def test_a_mistake_in_an_endpoint_is_printed(self, connection, monkeypatch, capsys):
        monkeypatch.setattr("stand_in.routes.ROUTES", [Route("GET", "/things", lambda: None)])
        with pytest.raises(http.client.RemoteDisconnected):
            self.ask(connection, "GET", "/things")
        assert "TypeError" in capsys.readouterr().err


class TestSearch:
    def embed(self, connection, given, **more):
        status, raw = ask(connection, "embeddings", {"model": "e", "input": given, **more})
        assert status == 200
        return [item["embedding"] for item in json.loads(raw)["data"]]

    def test_embeddings(self, connection):
        texts = ["Red apples grow here", "the red apple", "A train to Rome", "Red apples grow here"]
        apples, apple, train, again = self.embed(connection, texts, dimensions=256)
        assert len(apples) == 256
        assert sum(x * x for x in apples) == pytest.approx(1)
        assert apples == again
        near, far = (sum(x * y for x, y in zip(apples, other, strict=True)) for other in (apple, train))
        assert near > 0.5 > far
        assert len(self.embed(connection, "one text")[0]) == 64

    def test_rerank(self, connection):
        body = {"model": "r", "query": "apple pie", "documents": ["a train", {"text": "apple pie"}, "an apple"]}
        status, raw = ask(connection, "rerank", {**body, "top_n": 2})
        assert status == 200
        results = json.loads(raw)["results"]
        assert [result["index"] for result in results] == [1, 2]
        assert 1 >= results[0]["relevance_score"] > results[1]["relevance_score"] >= 0
        assert results[0]["document"] == {"text": "apple pie"}

    def test_embeddings_of_images(self, connection):
        def image(words, *parts):
            return {"content": [{"type": "image_url", "image_url": {"url": page(words)}}, *parts]}

        inputs = [image("The ferry"), "ferry", image("The train"), image("", {"type": "text", "text": "ferry"})]
        ferry, text, train, fused = self.embed(connection, inputs, dimensions=256)
        assert ferry == text
        near, far = (sum(x * y for x, y in zip(text, other, strict=True)) for other in (fused, train))
        assert near > 0.5 > far
        assert self.embed(connection, [image("")]) == self.embed(connection, [image("")])

    def test_tokens_of_images(self, connection):
        picture, text = {"type": "image_url", "image_url": {"url": page("")}}, {"type": "text", "text": "two words"}
        usages = []
        for parts in ([picture], [picture, text]):
            _status, raw = ask(connection, "embeddings", {"model": "e", "input": [{"content": parts}]})
            usages.append(json.loads(raw)["usage"])
        assert [usage["prompt_tokens"] for usage in usages] == [258, 260]
        assert "prompt_tokens_details" not in usages[0]
        assert usages[1]["prompt_tokens_details"] == {"text_tokens": 2, "image_tokens": 258}

    def test_a_model_that_takes_no_images(self, connection):
        inputs = [{"content": [{"type": "image_url", "image_url": {"url": page("x")}}]}]
        for model, status in (("stand-in/search", 400), ("stand-in/sees-pages", 200), ("stand-in/error-529", 529)):
            assert ask(connection, "embeddings", {"model": model, "input": inputs})[0] == status

    def test_rerank_of_images(self, connection):
        documents = ["a train", {"image": page("apple pie")}, {"text": "apple", "image": page("x")}]
        _status, raw = ask(connection, "rerank", {"query": "apple pie", "documents": documents})
        results = json.loads(raw)["results"]
        assert [(result["index"], result["relevance_score"]) for result in results] == [(1, 1), (2, 0.5), (0, 0)]
        assert [result["document"] for result in results] == [documents[1], documents[2], {"text": "a train"}]

    def test_decisions(self, connection):
        questions = {
            "yes": {"type": "noul", "instructions": "apple"},
            "no": {"type": "noul", "instructions": "?", "criteria": {"true": "pear", "false": "apple"}},
            "which": {"type": "choice", "instructions": "?", "criteria": {"train": None, "fruit": "An apple"}},
            "only": {"type": "choice", "instructions": "?", "criteria": {"train": None}},
            "scale": {"type": "score", "instructions": "?", "criteria": ["pear", "apple pie"]},
        }
        status, raw = ask(connection, "systemone", {"model": "d", "state": "Apple pie", "questions": questions})
        answers = (reply := json.loads(raw))["answers"]
        assert (status, reply["provider"], reply["usage"]["cost"] > 0) == (200, "Stand-in", True)
        assert (answers["yes"]["noul"], answers["no"]["noul"]) == (0.8, 0.2)
        assert answers["which"]["probabilities"] == {"train": 0.2, "fruit": 0.8}
        assert (answers["which"]["choice"], answers["which"]["confidence"]) == ("fruit", 0.6)
        assert (answers["only"]["choice"], answers["only"]["confidence"]) == ("train", 1)
        assert (answers["scale"]["score"], answers["scale"]["legend"]) == (0.94, {"0": "pear", "1": "apple pie"})

    def test_a_model_that_decides_does_not_chat(self, connection):
        body = {"model": "typesafe/jev-1.13", "messages": [{"role": "user", "content": "Hi"}]}
        status, raw = ask(connection, "chat/completions", body)
        assert (status, "is a decisions model" in json.loads(raw)["error"]["message"]) == (400, True)

    def test_models(self, connection):
        connection.request("GET", "/api/v1/models", headers=HEADERS)
        assert json.loads(connection.getresponse().read())["data"]


class TestImages:
    def draw(self, connection, **more):
        status, raw = ask(connection, "images", {"model": "i", "prompt": "A cat", **more})
        assert status == 200
        return [base64.b64decode(image["b64_json"]) for image in json.loads(raw)["data"]]

    def test_a_real_png(self, connection):
        (png,) = self.draw(connection)
        start, length = 8, 0
        assert png.startswith(b"\x89PNG\r\n\x1a\n")
        chunks = {}
        while start < len(png):
            length, name = struct.unpack(">I4s", png[start : start + 8])
            data, crc = png[start + 8 : start + 8 + length], png[start + 8 + length : start + 12 + length]
            assert zlib.crc32(name + data) == int.from_bytes(crc)
            chunks[name] = data
            start += 12 + length
        assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
        width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
        assert form == [8, 2, 0, 0, 0]
        assert len(zlib.decompress(chunks[b"IDAT"])) == height * (1 + 3 * width)

    def test_a_real_svg(self, connection):
        (svg,) = self.draw(connection, output_format="svg")
        assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"

    def test_what_decides_the_colour(self, connection):
        one, other = self.draw(connection, n=2)
        assert one != other
        assert self.draw(connection) == [one]
        assert self.draw(connection, input_references=[{"type": "image_url"}]) != [one]

    def test_failures(self, connection):
        assert ask(connection, "images", {"prompt": ""})[0] == 400
        assert ask(connection, "images", {"prompt": "x", "model": "stand-in/error-529"})[0] == 529


class TestVideos:
    def ask_for(self, connection, path):
        connection.request("GET", f"/api/v1/videos/{path}", headers=HEADERS)
        response = connection.getresponse()
        return response.status, response.read()

    def test_a_job_moves_with_each_question_and_makes_a_real_mp4(self, connection):
        status, raw = ask(connection, "videos", {"model": "v", "prompt": "Grüße", "duration": 2})
        job = json.loads(raw)
        assert (status, job["status"]) == (202, "pending")
        assert self.ask_for(connection, f"{job['id']}/content")[0] == 404
        states = [json.loads(self.ask_for(connection, job["id"])[1]) for _ in range(3)]
        assert [state["status"] for state in states] == ["in_progress", "completed", "completed"]
        assert states[-1]["usage"]["cost"] == 0.1
        path = states[-1]["unsigned_urls"][0].partition("/videos/")[2]
        file, start, boxes = self.ask_for(connection, path)[1], 0, []
        while start < len(file):
            length, name = struct.unpack(">I4s", file[start : start + 8])
            boxes.append((name, length))
            start += length
        assert start == len(file)
        assert [name for name, _ in boxes] == [b"ftyp", b"moov", b"free"]
        assert boxes[1][1] == 8 + 108  # ISO/IEC 14496-12, 8.2.2: the size of a movie header in version 0
        assert words_in(file) == "Grüße"

    def test_ends_that_a_name_asks_for(self, connection):
        for name in ("failed", "cancelled", "expired", "never-ends"):
            job = json.loads(ask(connection, "videos", {"model": f"stand-in/{name}", "prompt": "x"})[1])
            states = [json.loads(self.ask_for(connection, job["id"])[1]) for _ in range(3)]
            assert states[-1]["status"] == ("in_progress" if name == "never-ends" else name)
            assert ("error" in states[-1]) is (name != "never-ends")

    def test_failures(self, connection):
        assert ask(connection, "videos", {"model": "v", "prompt": ""})[0] == 400
        assert ask(connection, "videos", {"model": "stand-in/error-529", "prompt": "x"})[0] == 529
        assert self.ask_for(connection, "unheard-of")[0] == 404


class TestAudio:
    def speak(self, connection, **more):
        status, raw = ask(connection, "audio/speech", {"model": "s", "input": "Grüße «an» alle", **more})
        assert status == 200
        return raw

    def transcribe(self, connection, audio, **more):
        sent = {"data": base64.b64encode(audio).decode(), "format": "mp3"}
        status, raw = ask(connection, "audio/transcriptions", {"model": "t", "input_audio": sent, **more})
        assert status == 200
        return json.loads(raw)

    def test_a_real_mp3(self, connection):
        mp3 = self.speak(connection, response_format="mp3")
        assert mp3[:6] == b"ID3\x04\0\0"
        frames = mp3[10 + sum(byte << shift for byte, shift in zip(mp3[6:10], (21, 14, 7, 0), strict=True)) :]
        assert len(frames) % 104 == 0
        assert {frames[start : start + 4] for start in range(0, len(frames), 104)} == {b"\xff\xfb\x10\xc4"}

    def test_a_real_wav(self):
        with wave.open(io.BytesIO(wav("Hello", 0.5))) as reader:
            assert reader.getparams()[:4] == (1, 2, 24000, 12000)
        assert words_in(wav("Hello", 0.5)) == "Hello"

    def test_pcm_without_a_format(self, connection):
        assert len(self.speak(connection)) == 2 * 24000 * 1.2

    def test_what_was_spoken_is_heard(self, connection):
        mp3 = self.speak(connection, response_format="mp3")
        assert self.transcribe(connection, mp3)["text"] == "Grüße «an» alle"
        turns = [{"text": "Hello", "voice": "a"}, {"text": "there", "voice": "b"}]
        mp3 = self.speak(connection, response_format="mp3", input=turns)
        assert self.transcribe(connection, mp3)["text"] == "Hello there"
        assert "can't hear" in self.transcribe(connection, b"abc")["text"]

    def test_timestamps(self, connection):
        mp3 = self.speak(connection, response_format="mp3")
        assert set(self.transcribe(connection, mp3)) == {"text", "usage"}
        wanted = {"response_format": "verbose_json", "language": "de"}
        heard = self.transcribe(connection, mp3, **wanted)
        assert heard["segments"] == [{"id": 0, "start": 0.0, "end": 1.2, "text": "Grüße «an» alle"}]
        assert (heard["language"], "words" in heard) == ("de", False)
        heard = self.transcribe(connection, mp3, **wanted, timestamp_granularities=["word"])
        assert [word["word"] for word in heard["words"]] == ["Grüße", "«an»", "alle"]

    def test_usage_is_in_seconds_or_tokens(self, connection):
        assert set(self.transcribe(connection, b"abc")["usage"]) == {
            "input_tokens",
            "output_tokens",
            "total_tokens",
            "cost",
        }
        assert set(self.transcribe(connection, b"abc", model="openai/whisper-1")["usage"]) == {"cost", "seconds"}

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("audio/speech", {"input": ""}, 400),
            ("audio/speech", {"input": "x", "model": "stand-in/error-529"}, 529),
            ("audio/transcriptions", {}, 400),
            ("audio/transcriptions", {"input_audio": {"data": "no base64!"}}, 400),
            ("audio/transcriptions", {"input_audio": {"data": "QUJD"}, "model": "stand-in/error-529"}, 529),
            ("audio/transcriptions", {"input_audio": {"url": "https://example.com/a.mp3"}}, 200),
        ],
    )
    def test_failures(self, connection, path, body, status):
        assert ask(connection, path, body)[0] == status


class TestConnections:
    def test_closing_one_is_noticed(self, stand_in: StandIn):
        first, second = connect(stand_in), connect(stand_in)
        for client in (first, second):
            chat(client)
        assert not stand_in.wait_for_close(1, timeout=0)
        first.close()
        assert stand_in.wait_for_close(1)
        assert not stand_in.wait_for_close(2, timeout=0)
        second.close()


class TestBaseUrl:
    @pytest.fixture(autouse=True)
    def forgotten(self) -> Iterator[None]:
        base_url.cache_clear()
        yield
        base_url.cache_clear()

    def test_with_a_key(self, monkeypatch, capsys):
        monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-mine")
        assert base_url() is None
        assert capsys.readouterr() == ("", "")

    def test_without_a_key(self, monkeypatch, capsys):
        monkeypatch.setenv("OPENROUTER_API_KEY", "")
        url = base_url()
        assert base_url() == url is not None
        assert capsys.readouterr().err.count("\n") == 1
        client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        assert chat(client)["provider"] == "Stand-in"
        client.close()
