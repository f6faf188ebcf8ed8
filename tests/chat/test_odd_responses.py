# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Responses that no document describes and that came, or may come, all the same."""

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import openai
import pytest
from haystack.dataclasses import ChatMessage
from hypothesis import given
from hypothesis import strategies as st
from modes import Mode
from stand_in import Answer, StandIn
from strategies import FAST, json_values
from wire import answer, call, comparable, completion, event, events, folded, pieces, proxied

from haystack_integrations.common.openrouter._wire.json_values import sendable
from haystack_integrations.components.generators.openrouter import reply_cost
from haystack_integrations.components.generators.openrouter.chat._endpoint import completion_dict
from haystack_integrations.components.generators.openrouter.chat._reply import chat_messages
from haystack_integrations.components.generators.openrouter.chat._stream.chunks import StreamedReply


def streamed_calls(*entries: dict[str, Any]) -> list[tuple[Any, ...]]:
    reply, _ = folded(events(*({"content": None, "tool_calls": [entry]} for entry in entries)))
    return [(c.tool_name, c.arguments) for c in reply.tool_calls]


def joined_arguments(sent: list[str], **place: Any) -> list[str]:
    """
    The arguments of calls whose fragments have a name each, and no id.
    """
    reply = StreamedReply()
    for arguments in sent:
        reply.chunks({"choices": [{"index": 0, "delta": {"tool_calls": [call("f", arguments, None, **place)]}}]})
    return [call["function"]["arguments"] for call in reply.completion()["choices"][0]["message"]["tool_calls"]]


def is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


class TestToolCallFragments:
    @pytest.mark.parametrize("place", [{"index": 0}, {}])
    def test_two_calls_of_one_function_without_ids(self, place):
        sent = [call("f", '{"a": "}"', None, **place), {**place, "function": {"arguments": "}"}}]
        sent += [call("f", '{"a":', None, **place), {**place, "function": {"name": "f", "arguments": " 2}"}}]
        assert streamed_calls(*sent) == [("f", {"a": "}"}), ("f", {"a": 2})]

    def test_two_calls_of_one_function_with_objects_as_arguments(self):
        assert streamed_calls(*(call("f", {"a": n}, None, index=0) for n in (1, 2))) == [
            ("f", {"a": 1}),
            ("f", {"a": 2}),
        ]

    @pytest.mark.parametrize("rest", ["", " \n", None])
    def test_a_name_that_comes_once_more_is_not_a_call(self, rest):
        assert streamed_calls(*(call("f", text, None, index=0) for text in ('{"a": 1}', rest))) == [("f", {"a": 1})]

    @pytest.mark.parametrize(("first", "piece"), [('{"a": [{}', ", {}"), ('{"a": "', '\\"}')])
    def test_repeated_names_are_joined_in_linear_time(self, first, piece):
        started = time.process_time()
        assert joined_arguments([first, *[piece] * 20_000]) == [first + piece * 20_000]
        assert time.process_time() - started < 3  # a quarter of a second; eight if all is decoded each time

    def test_braces_in_a_text_end_no_call(self):
        sent = ['{"code": "', *["}"] * 4_000, '"}']
        assert joined_arguments(sent * 2) == ["".join(sent)] * 2

    @FAST
    @given(
        texts=st.lists(
            st.builds(json.dumps, st.dictionaries(st.text(max_size=3), st.text(max_size=5), max_size=3))
            | st.text(alphabet='{}[]"\\ a:1,\n', max_size=12),
            max_size=4,
        ),
        rest=st.text(alphabet=" \n}", max_size=2),
        cuts=st.lists(st.integers(0, 40), max_size=8),
        has_index=st.booleans(),
    )
    def test_a_call_of_one_function_ends_when_json_says_so(self, texts, rest, cuts, has_index):
        sent, expected = [piece for text in texts for piece in pieces(text + rest, cuts)], [""]
        for piece in sent:
            if is_object(expected[-1]) and piece.strip():
                expected.append("")
            expected[-1] += piece
        assert joined_arguments(sent, **({"index": 0} if has_index else {})) == (expected if sent else [])


def detail(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "text": text, "index": 0, **more}


def unstreamed(message: dict[str, Any]) -> ChatMessage:
    return chat_messages(completion_dict(completion(message)))[0]


DELTAS = {
    "a transcript before text": (
        {"content": "Text.", "audio": {"id": "a", "transcript": "Said", "data": "QUJD"}},
        [{"audio": {"id": "a", "transcript": "Said"}}, {"content": "Text."}, {"audio": {"data": "QUJD"}}],
    ),
    "a transcript around text": (
        {"content": "Text.", "audio": {"transcript": "Said", "data": "QUJD"}},
        [{"audio": {"transcript": "Sa"}}, {"content": "Text."}, {"audio": {"transcript": "id", "data": "QUJD"}}],
    ),
    "a transcript after null": (
        {"content": None, "audio": {"id": "a", "transcript": "Said", "data": "QUJD"}},
        [
            {"audio": {"id": "a", "transcript": None, "data": None}},
            {"audio": {"transcript": "Sa", "data": "QU"}},
            {"audio": {"transcript": "id", "data": "JD"}},
        ],
    ),
    "reasoning before its details": (
        {"content": "a", "reasoning": "Hmmm", "reasoning_details": [detail("Hmmm", signature="s")]},
        [
            {"reasoning": "Hm"},
            {"reasoning": "mm"},
            {"reasoning_details": [detail("Hmmm")]},
            {"reasoning_details": [{**detail(""), "signature": "s"}]},
            {"content": "a"},
        ],
    ),
    "reasoning after its details": (
        {"content": "a", "reasoning": "Hmmm", "reasoning_details": [detail("Hmmm")]},
        [
            {"reasoning_details": [detail("H")]},
            {"reasoning_details": [detail("mmm")]},
            {"reasoning": "Hm"},
            {"reasoning": "mm"},
            {"content": "a"},
        ],
    ),
    "reasoning beside its details": (
        {"content": "a", "reasoning": "Hmmm", "reasoning_details": [detail("Hmmm")]},
        [piece for text in ("Hm", "mm") for piece in ({"reasoning": text}, {"reasoning_details": [detail(text)]})]
        + [{"content": "a"}],
    ),
}


@pytest.mark.parametrize("generation_id", ["gen-1", "\ud83d"])
def test_a_call_without_an_id_gets_one(pair: Mode, stand_in: StandIn, generation_id):
    message = {"content": None, "tool_calls": [call("f", "{}", None)]}
    stand_in.script(answer(pair, message, id=generation_id))
    assert pair().tool_calls[0].id.startswith("call_")


class TestStreamedEqualsNotStreamed:
    @pytest.mark.parametrize("name", DELTAS)
    def test_where_fields_come_apart(self, mode: Mode, stand_in: StandIn, name):
        message, deltas = DELTAS[name]
        stand_in.script(answer(mode, message, *deltas))
        assert comparable(mode()) == comparable(unstreamed(message))
        if mode.streams and "reasoning" in name:
            assert "".join(chunk.reasoning.reasoning_text for chunk in mode.chunks if chunk.reasoning) == "Hmmm"
        if mode.streams and "transcript" in name:
            assert mode.chunks[0].content == message["audio"]["transcript"][: len(mode.chunks[0].content)]

    @FAST
    @given(
        message=st.dictionaries(
            st.sampled_from(
                ["content", "reasoning", "images", "audio", "annotations", "refusal", "new", "index", "id"]
            ),
            json_values | st.text(max_size=3),
            max_size=3,
        ),
        details=st.lists(json_values, max_size=1) | json_values.filter(lambda value: not isinstance(value, list)),
    )
    def test_odd_fields(self, message, details):
        message = {"content": None, **message, "reasoning_details": details}
        whole, (streamed, _) = unstreamed(message), folded(events(message))
        assert comparable(whole) == comparable(streamed)

    @FAST
    @given(st.lists(st.dictionaries(st.sampled_from(["data", "transcript", "id"]), json_values | st.text(max_size=3))))
    def test_odd_fragments_of_audio(self, fragments):
        reply, _ = folded(events(*({"audio": fragment} for fragment in fragments)))
        said = [fragment.get("transcript") for fragment in fragments]
        joined = sendable("".join(text for text in said if isinstance(text, str)))
        assert reply.text == (joined or None)


def nested(levels: int) -> Any:
    value: Any = "deep"
    for number in range(levels):
        value = [value] if number % 2 else {"deeper": value}
    return value


def linked(url: Any) -> dict[str, Any]:
    return {"images": [{"type": "image_url", "image_url": url}]}


HALF, HUGE, NAN = "\ud83d", 10**400, float("nan")
DEEP = nested(500)
ODD_VALUES = {
    "deep": DEEP,
    "a bit deep": nested(150),
    "huge": HUGE,
    "nan": NAN,
    "half": HALF,
}
PLACES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "content": lambda odd: {"content": odd},
    "content part": lambda odd: {"content": [{"type": "text", "text": odd, "more": odd}, odd]},
    "unknown": lambda odd: {"new": odd, "other": {HALF: odd}},
    "reasoning": lambda odd: {"reasoning": odd, "reasoning_content": odd},
    "details": lambda odd: {
        "reasoning_details": [{"type": "reasoning.text", "text": odd, "index": odd, HALF: odd}, odd]
    },
    "signature": lambda odd: {"reasoning_details": [{"type": odd, "signature": odd, "data": "x", "id": odd}]},
    "tool call": lambda odd: {"tool_calls": [{**call("f", "{}", odd, index=odd), "more": odd}]},
    "tool name": lambda odd: {"tool_calls": [call(odd, odd)]},
    "tool arguments": lambda odd: {"tool_calls": [call("f", json.dumps({"a": odd}))]},
    "image": lambda odd: {"images": [{"type": "image_url", "image_url": {"url": odd}, "index": odd}, odd]},
    "image URL": linked,
    "audio": lambda odd: {"audio": {"data": odd, "transcript": odd, "format": odd, "expires_at": odd}},
    "file": lambda odd: {"annotations": [{"type": "file", "file": odd}, {"type": "file", "file": {"hash": odd}}]},
    "refusal": lambda odd: {"refusal": odd, "cache_control": odd, "invalid_tool_calls": odd},
}
TOPS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "top": lambda odd: {"created": odd, "provider": odd, "model": odd, "id": odd, "new": odd},
    "usage": lambda odd: {"usage": {"cost": odd, "is_byok": True, "cost_details": {"upstream_inference_cost": odd}}},
    "choice": lambda odd: {"choice": {"index": odd, "logprobs": {"content": [odd]}, "new": odd}},
    "finish reason": lambda odd: {"choice": {"finish_reason": odd, "native_finish_reason": odd}},
    "error": lambda odd: {
        "error": {"code": odd, "message": odd, "metadata": {"raw": odd, "headers": odd, "reasons": [odd]}}
    },
    "wait": lambda odd: {
        "error": {
            "code": 429,
            "availability": {"retry_after": odd},
            "metadata": {"headers": {"retry-after": odd, "x-ratelimit-reset": odd}},
        }
    },
    "status": lambda odd: {"error": {"http_status": odd, "metadata": {"error_type": odd, "previous_errors": [odd]}}},
}


class TestOddValues:
    @pytest.mark.parametrize("value", ODD_VALUES)
    def test_a_reply_that_can_go_back_or_an_openai_error(self, pair: Mode, stand_in: StandIn, value):
        with pair.one_loop():
            self.give_a_reply_that_can_go_back_or_an_openai_error(pair, stand_in, ODD_VALUES[value])

    @pytest.mark.parametrize("value", ODD_VALUES)
    def test_through_a_proxy(self, stand_in: StandIn, monkeypatch, value):
        mode = Mode("sync-stream", stand_in.url)
        proxied(monkeypatch, mode)
        self.give_a_reply_that_can_go_back_or_an_openai_error(mode, stand_in, ODD_VALUES[value])

    @pytest.mark.parametrize("value", ODD_VALUES)
    def test_through_a_client_without_the_hook(self, sync: Mode, stand_in: StandIn, value):
        with openai.OpenAI(base_url=stand_in.url, api_key="x", max_retries=0) as client:
            self.give_a_reply_that_can_go_back_or_an_openai_error(sync, stand_in, ODD_VALUES[value], client)

    @pytest.mark.parametrize("value", ODD_VALUES)
    def test_with_a_bad_status(self, pair: Mode, stand_in: StandIn, value):
        odd = ODD_VALUES[value]
        for error in (odd, {"code": odd, "message": odd, "metadata": odd}, {"metadata": {"raw": odd, "headers": odd}}):
            stand_in.script(Answer.json({"error": error, "user_id": odd}, 400))
            with pytest.raises(openai.BadRequestError) as caught:
                pair()
            copy.deepcopy(caught.value)

    def give_a_reply_that_can_go_back_or_an_openai_error(
        self, mode: Mode, stand_in: StandIn, odd: Any, client: Any = None
    ) -> None:
        generator, user = mode.generator(), ChatMessage.from_user("hi")
        generator.client = client
        for place in PLACES | TOPS:
            message = PLACES[place](odd) if place in PLACES else {}
            stand_in.script(answer(mode, {"content": "Text", **message}, **(TOPS[place](odd) if place in TOPS else {})))
            try:
                (reply,) = mode.run(generator)
            except openai.OpenAIError as error:
                assert place in TOPS or odd is DEEP, place
                copy.deepcopy(error)
                continue
            json.dumps([part.meta for part in (reply, *mode.chunks)], allow_nan=False)
            assert reply_cost([reply]) >= 0
            stored = ChatMessage.from_dict(json.loads(json.dumps(reply.to_dict())))
            results = [ChatMessage.from_tool("x", origin=call) for call in reply.tool_calls]
            assert mode.run(generator, [user, reply, *results, user, stored, *results, user]), place


class TestOddParts:
    @pytest.mark.parametrize("url", [{"url": "data:image/png;base64,"}, {"url": {"a": 1}}, {"url": "cid:1"}, "x", None])
    def test_an_odd_image_stays_in_meta_and_does_not_go_back(self, pair: Mode, stand_in: StandIn, url):
        message = {"content": "Look", "images": [{"type": "image_url", "image_url": url}]}
        stand_in.script(answer(pair, message))
        reply = pair()
        assert (reply.images, reply.meta["images"]) == ([], message["images"])
        pair([ChatMessage.from_user("hi"), reply, ChatMessage.from_user("Go on")])
        assert stand_in.requests[1].body["messages"][1] == {"role": "assistant", "content": "Look"}

    @pytest.mark.parametrize(
        ("sent", "name"),
        [("MP3", "mpeg"), ("mp3", "mpeg"), ("../x", "wav"), ("a b", "wav"), ("", "wav"), (5, "wav"), ("é", "wav")],
    )
    def test_an_audio_format_is_a_plain_word(self, pair: Mode, stand_in: StandIn, sent, name):
        stand_in.script(answer(pair, {"content": None, "audio": {"data": "QUJD", "format": sent}}))
        (file,) = pair().files
        assert (file.mime_type, file.filename) == (f"audio/{name}", f"audio.{'mp3' if name == 'mpeg' else name}")

    def test_what_is_not_a_number_is_null(self, pair: Mode, stand_in: StandIn):
        def top(odd: Any) -> dict[str, Any]:
            choice = {"logprobs": {"content": [{"logprob": odd}]}}
            return {"usage": {"cost": odd, "tokens": 1}, "new": [odd], "choice": choice}

        message = {"content": "a", "flag": {"x": NAN}}
        if pair.streams:
            stand_in.script(Answer.sse([event(message, "stop", **top(-float("inf")))]))
        else:
            stand_in.script(Answer.json(completion(message, **top(NAN))))
        reply, expected = pair(), top(None)
        expected |= {"logprobs": expected.pop("choice")["logprobs"], "flag": {"x": None}}
        assert {name: reply.meta[name] for name in expected} == expected
        json.dumps([chunk.meta for chunk in pair.chunks], allow_nan=False)

    def test_fields_that_a_request_would_understand_have_other_names_in_meta(self, pair: Mode, stand_in: StandIn):
        stand_in.script(answer(pair, {"content": "a", "cache_control": "x", "invalid_tool_calls": 5}))
        reply = pair()
        assert (reply.meta["message.cache_control"], reply.meta["message.invalid_tool_calls"]) == ("x", 5)
