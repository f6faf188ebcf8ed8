# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The two ways of reading a stream: its bytes, and whatever else a tool makes of it, chunk by chunk."""

import asyncio
import copy
from typing import Any

import openai
import pytest
from haystack.dataclasses import ChatMessage, ToolCall
from haystack.tools import Tool
from modes import Mode
from openai.resources.chat import AsyncCompletions, Completions
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from stand_in import CUT, Answer, StandIn
from wire import BYTES, DELTAS, answer, chunk_list, comparable, completion, events, folded, proxied, with_streams

from haystack_integrations.components.generators.openrouter import OpenRouterStreamError


class Closing:
    """What some tool makes of a stream: it counts how often it is closed."""

    def __init__(self, sent: list[Any], *, broken: bool) -> None:
        self._sent, self._broken, self.closed = sent, broken, 0

    def __iter__(self) -> Any:
        yield from self._sent
        if self._broken:
            raise ConnectionResetError

    async def __aiter__(self) -> Any:
        for one in self:
            yield one

    def close(self) -> None:
        self.closed += 1


class ClosingLater(Closing):
    """One whose `close` is a coroutine function, as that of the SDK's own."""

    async def close(self) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self.closed += 1


class ClosingOtherwise(Closing):
    """An asynchronous generator, more or less."""

    close = None  # type: ignore[assignment]

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        self.closed += 1


class TestFeeders:
    def test_a_proxy_gives_the_same_reply_and_chunks(self, streaming: Mode, stand_in: StandIn, monkeypatch):
        stand_in.script(*[Answer.sse([BYTES, b"data: [DONE]\n\n"], done=False)] * 2)
        fast, fast_chunks = streaming(), chunk_list(streaming.chunks)
        proxies = proxied(monkeypatch, streaming)
        slow = streaming()
        assert proxies[0].seen == len(DELTAS) + 2
        assert comparable(slow) == comparable(fast)
        assert chunk_list(streaming.chunks) == fast_chunks

    @pytest.mark.parametrize("as_models", [True, False])
    def test_a_list_of_chunks(self, streaming: Mode, as_models):
        sent: list[Any] = events(*DELTAS)
        expected = comparable(folded(events(*DELTAS))[0])
        if as_models:
            sent = [ChatCompletionChunk.construct(**one) for one in sent]
        generator = streaming.generator()
        if streaming.is_async:
            (reply,) = asyncio.run(generator._handle_async_stream_response(sent, streaming.callback()))
        else:
            (reply,) = generator._handle_stream_response(sent, streaming.callback())
        assert comparable(reply)["content"] == expected["content"]
        assert reply.meta["usage"] == expected["meta"]["usage"]

    def test_a_whole_completion_where_a_stream_should_be(self, streaming: Mode):
        whole = openai.types.chat.ChatCompletion.construct(**completion({"content": "Good"}))
        generator = streaming.generator()
        if streaming.is_async:
            (reply,) = asyncio.run(generator._handle_async_stream_response(whole, streaming.callback()))
        else:
            (reply,) = generator._handle_stream_response(whole, streaming.callback())
        assert reply.text == "Good"

    @pytest.mark.parametrize("broken", [True, False])
    def test_a_stream_is_closed(self, streaming: Mode, broken):
        sent = events({"content": "a"})
        before, stream, generator = copy.deepcopy(sent), Closing(sent, broken=broken), streaming.generator()
        try:
            if streaming.is_async:
                asyncio.run(generator._handle_async_stream_response(stream, streaming.callback()))
            else:
                generator._handle_stream_response(stream, streaming.callback())
        except OpenRouterStreamError:
            assert broken
        assert stream.closed == 1
        assert sent == before

    @pytest.mark.parametrize("kind", [ClosingLater, ClosingOtherwise])
    def test_an_asynchronous_stream_is_closed(self, stand_in: StandIn, kind):
        stream, mode = kind(events({"content": "a"}), broken=False), Mode("async-stream", stand_in.url)
        asyncio.run(mode.generator()._handle_async_stream_response(stream, mode.callback()))
        assert stream.closed == 1

    def test_a_subclass_of_the_sdks_stream_is_iterated_as_it_is(self, streaming: Mode, monkeypatch):
        base, seen = (openai.AsyncStream if streaming.is_async else openai.Stream), []

        class Watched(base):
            def __iter__(self) -> Any:
                for chunk in super().__iter__():
                    seen.append(chunk)
                    yield chunk

            async def __aiter__(self) -> Any:
                async for chunk in super().__aiter__():
                    seen.append(chunk)
                    yield chunk

        def watched(stream: Any) -> Any:
            stream.__class__ = Watched
            return stream

        with_streams(monkeypatch, streaming, watched)
        assert streaming().text
        assert len(seen) >= len(streaming.chunks) > 1

    def test_from_a_client_of_the_users_without_the_guard(self, streaming: Mode, stand_in: StandIn):
        generator = streaming.generator(api_base_url="http://127.0.0.1:1")
        stand_in.script(Answer.json(completion({"content": "Good"})))
        settings = {"base_url": stand_in.url, "api_key": "mine"}
        if streaming.is_async:

            async def run() -> Any:
                async with openai.AsyncOpenAI(**settings) as generator.async_client:
                    return await generator.run_async("hi", streaming_callback=streaming.callback())

            result = asyncio.run(run())
        else:
            with openai.OpenAI(**settings) as generator.client:
                result = generator.run("hi", streaming_callback=streaming.callback())
        assert result["replies"][0].text == "Good"
        assert streaming.chunks[0].content == "Good"


# Names that the SDK's `create` has an argument for, and others
SENT: dict[str, Any] = {
    "top_p": 0.5,
    "provider": {"sort": "price", "order": ["b", "a"]},
    "temperature": 0.1,
    "models": ["b/c"],
    "service_tier": "flex",
    "seed": 3,
    "extra_body": {"zeta": None, "max_tokens": 9, "alpha": {"d": 1, "c": 2}},
    "extra_headers": {"X-Own": "1"},
    "extra_query": {"q": "1"},
    "timeout": 20.0,
}


TOOL = Tool("look", "Look.", {"type": "object", "properties": {"for": {"type": "string"}}}, print)


def see(monkeypatch, mode: Mode) -> list[dict[str, Any]]:
    """Patch the SDK's `create`, as a tracing tool does. What it is called with is in the list."""
    kind = AsyncCompletions if mode.is_async else Completions
    seen, create = [], kind.create

    def watching(self: Any, **arguments: Any) -> Any:
        seen.append(arguments)
        return create(self, **arguments)

    monkeypatch.setattr(kind, "create", watching)
    return seen


class TestRequests:
    def test_a_tool_sees_each_argument_by_its_name_and_the_bytes_stay_the_same(
        self, mode: Mode, stand_in: StandIn, monkeypatch
    ):
        stand_in.script(*[answer(mode, {"content": "a"})] * 2)
        made = ToolCall("look", {"for": "ü"}, id="call_1")
        history = [ChatMessage.from_user("ü"), ChatMessage.from_assistant(tool_calls=[made])]
        history.append(ChatMessage.from_tool("found", origin=made))
        asked = {"messages": history, "run": SENT, "tools": [TOOL]}
        fast, expected = mode(**asked), copy.deepcopy(SENT)
        seen = see(monkeypatch, mode)
        slow = mode(**asked)
        assert comparable(slow) == comparable(fast)
        first, second = stand_in.requests
        assert (first.raw, first.path) == (second.raw, second.path)
        assert {first.headers[name] for name in ("x-own", "x-stainless-read-timeout")} == {"1", "20.0"}
        assert {second.headers[name] for name in ("x-own", "x-stainless-read-timeout")} == {"1", "20.0"}
        assert set(seen[0]) == {
            *("model", "messages", "stream", "tools", "temperature", "top_p", "seed", "max_tokens", "service_tier"),
            *("extra_body", "extra_headers", "extra_query", "timeout"),
            *(("stream_options",) if mode.streams else ()),
        }
        assert list(seen[0]["extra_body"]) == ["alpha", "models", "provider", "zeta"]
        assert expected == SENT

    def test_the_sdks_walk_and_models_are_left_out_where_nothing_watches(
        self, mode: Mode, stand_in: StandIn, monkeypatch
    ):
        stand_in.script(answer(mode, {"content": "a"}))
        for name in ("maybe_transform", "async_maybe_transform"):
            monkeypatch.setattr(f"openai.resources.chat.completions.completions.{name}", None)
        monkeypatch.setattr(ChatCompletion, "construct", None)
        assert mode().text == "a"

    def test_a_stream_asks_for_its_usage_unless_told_otherwise(self, streaming: Mode, stand_in: StandIn):
        streaming()
        streaming(run={"stream_options": {"include_usage": False}})
        sent = [request.body["stream_options"] for request in stand_in.requests]
        assert sent == [{"include_usage": True}, {"include_usage": False}]


class Peeking:
    """What a tracing tool puts in the place of a stream's iterator, as Sentry does."""

    def __init__(self, stream: Any) -> None:
        self.seen, self.ended = 0, False
        stream._iterator = (
            self.read_async(stream._iterator) if hasattr(stream, "__aiter__") else self.read(stream._iterator)
        )

    def read(self, chunks: Any) -> Any:
        for chunk in chunks:
            self.seen += 1
            yield chunk
        self.ended = True

    async def read_async(self, chunks: Any) -> Any:
        async for chunk in chunks:
            self.seen += 1
            yield chunk
        self.ended = True


class TestUntouched:
    def test_an_iterator_that_a_tool_replaced_is_read_to_its_end(self, streaming: Mode, stand_in: StandIn, monkeypatch):
        stand_in.script(*[Answer.sse([BYTES, b"data: [DONE]\n\n"], done=False)] * 2)
        fast, fast_chunks, tools = streaming(), chunk_list(streaming.chunks), []
        with_streams(monkeypatch, streaming, lambda stream: tools.append(Peeking(stream)) or stream)
        assert comparable(streaming()) == comparable(fast)
        assert chunk_list(streaming.chunks) == fast_chunks
        assert (tools[0].seen, tools[0].ended) == (len(DELTAS) + 2, True)

    def test_a_failure_of_the_network_under_a_tool_reads_as_without(
        self, streaming: Mode, stand_in: StandIn, monkeypatch
    ):
        stand_in.script(*[Answer.sse([*events({"content": "a"})[:1], CUT], done=False)] * 2)
        with pytest.raises(OpenRouterStreamError, match="The stream was cut") as plain:
            streaming()
        with_streams(monkeypatch, streaming, lambda stream: Peeking(stream) and stream)
        with pytest.raises(OpenRouterStreamError) as watched:
            streaming()
        assert str(watched.value) == str(plain.value)
        assert type(watched.value.__cause__) is type(plain.value.__cause__)

    def test_a_whole_completion_under_a_tool(self, streaming: Mode, stand_in: StandIn, monkeypatch):
        stand_in.script(Answer.json(completion({"content": "Good"})))
        with_streams(monkeypatch, streaming, lambda stream: Peeking(stream) and stream)
        assert streaming().text == "Good"

    @pytest.mark.parametrize("method", ["iter", "stream"])
    @pytest.mark.parametrize("proxy", [True, False])
    def test_a_method_that_a_tool_patched_is_called(self, streaming: Mode, monkeypatch, method, proxy):
        kind = openai.AsyncStream if streaming.is_async else openai.Stream
        name = f"__{'a' if streaming.is_async and method == 'iter' else ''}{method}__"
        original, seen = getattr(kind, name), []

        class Wrapper:
            __code__ = original.__code__

            def __get__(self, stream: Any, owner: Any) -> Any:
                return lambda: seen.append(1) or original(stream)

        monkeypatch.setattr(kind, name, Wrapper() if proxy else lambda stream: seen.append(1) or original(stream))
        assert streaming().text
        assert seen

    def test_a_stream_that_a_tool_began_is_continued(self, stand_in: StandIn, monkeypatch):
        mode = Mode("sync-stream", stand_in.url)
        stand_in.script(Answer.sse(events({"content": "Good "}, {"content": "morning"})))
        with_streams(monkeypatch, mode, lambda stream: next(stream) and stream)
        assert mode().text == "morning"

    def test_an_untouched_stream_builds_no_models(self, streaming: Mode, monkeypatch):
        streams: list[Any] = []
        with_streams(monkeypatch, streaming, lambda stream: streams.append(stream) or stream)
        assert streaming().text
        iterator = streams[0]._iterator
        assert (iterator.ag_frame if streaming.is_async else iterator.gi_frame) is not None  # None once it has begun


class TestClosing:
    @pytest.mark.parametrize("broken", [True, False])
    def test_a_stream_without_a_response(self, streaming: Mode, broken):
        base = openai.AsyncStream if streaming.is_async else openai.Stream

        class WithoutResponse(base):
            def __init__(self) -> None:
                self.response = None

            def __iter__(self) -> Any:
                return iter(Closing(events({"content": "Good"}), broken=broken))

            async def __aiter__(self) -> Any:
                for chunk in self.__iter__():
                    yield chunk

        generator, stream = streaming.generator(), WithoutResponse()
        handle = generator._handle_async_stream_response if streaming.is_async else generator._handle_stream_response

        def read() -> Any:
            handled = handle(stream, streaming.callback())
            return asyncio.run(handled) if streaming.is_async else handled

        if broken:
            with pytest.raises(OpenRouterStreamError, match="ConnectionResetError"):
                read()
        else:
            assert read()[0].text == "Good"

    def test_a_connection_that_can_not_be_closed(self, streaming: Mode, monkeypatch):
        class Response:
            def __init__(self, response: Any) -> None:
                self._response = response

            def __getattr__(self, name: str) -> Any:
                return getattr(self._response, name)

            @property
            def request(self) -> Any:
                raise RuntimeError

            async def aiter_bytes(self) -> Any:
                try:
                    async for piece in self._response.aiter_bytes():
                        yield piece
                finally:
                    raise OSError

            def close(self) -> None:
                self._response.close()
                raise OSError

            async def aclose(self) -> None:
                await self._response.aclose()
                raise OSError

        def with_response(stream: Any) -> Any:
            stream.response = Response(stream.response)
            return stream

        with_streams(monkeypatch, streaming, with_response)
        assert streaming().text
        with pytest.raises(OpenRouterStreamError, match="Provider disconnected"):
            streaming(model="stand-in/error-in-stream")
