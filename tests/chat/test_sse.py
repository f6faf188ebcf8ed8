# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Server-sent events cut anywhere, held against a library that implements the standard."""

import itertools
import json

import httpx
import pytest
from httpx_sse import EventSource
from hypothesis import given
from hypothesis import strategies as st
from modes import Mode
from stand_in import Answer, StandIn
from strategies import FAST
from wire import event, events

from haystack_integrations.components.generators.openrouter.chat._stream.sse import SSEParser

LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])
FIELDS = st.sampled_from(["data: ", "data:", "data", "data:  ", ": ", ":", "event: ", "id: ", "retry: ", "datax: ", ""])
TEXTS = st.text(alphabet=st.sampled_from('a:{" \t\u2028\u0085\u00fc🌍'), max_size=6)
LINES = st.tuples(FIELDS, TEXTS, LINE_ENDS).map("".join) | LINE_ENDS
STREAMS = st.lists(LINES, max_size=25).map("".join)


def parsed(*pieces: bytes) -> list[str]:
    parser = SSEParser()
    return [data.decode() for piece in pieces for data in parser.feed(piece)]


def by_the_library(stream: str) -> list[str]:
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=stream.encode())
    return [sse.data for sse in EventSource(response).iter_sse() if sse.data]


@FAST
@given(stream=STREAMS, cuts=st.lists(st.integers(0, 200), max_size=10))
def test_as_the_library(stream: str, cuts: list[int]):
    whole = f"{stream}\n\n".encode()
    places = sorted({*(min(cut, len(whole)) for cut in cuts), 0, len(whole)})
    assert parsed(*(whole[a:b] for a, b in itertools.pairwise(places))) == by_the_library(whole.decode())


def test_bytes_one_by_one():
    stream = (
        '\ufeffdata: {"a":\r\ndata: "ü\u2028"}\r\r: comment\n\ndata\n\nevent: x\ndata:b\n\ndata: unfinished'.encode()
    )
    assert parsed(*(bytes([byte]) for byte in stream)) == ['{"a":\n"ü\u2028"}', "b"]


def test_an_event_is_handed_out_with_its_last_byte():
    parser = SSEParser()
    assert parser.feed(b"data: a\r\n\r") == [b"a"]
    assert parser.feed(b"\n") == []
    assert parser.feed(b"data: b\n\n") == [b"b"]


def test_a_byte_order_mark_begins_the_stream_only():
    assert parsed(b"\xef\xbb", b"\xbfdata: a\n\n") == ["a"]
    assert parsed(b"data: a\n\n\xef\xbb\xbfdata: b\n\n") == ["a"]


def test_a_long_line_in_many_pieces_takes_linear_time():
    parser = SSEParser()
    for _ in range(100_000):  # joined at every piece, this would copy 50 GB
        parser.feed(b"data: aaaa")
    assert len(parser.feed(b"\n\n")[0]) == 1_000_000 - 6


@pytest.mark.parametrize("broken", [b"\xff", b"\xe2\x82", b"\xf0\x9f\x98"])
def test_bytes_that_are_no_utf8_cost_a_character_and_not_the_reply(streaming: Mode, stand_in: StandIn, broken: bytes):
    good = json.dumps(event({"content": "a?b"})).encode()
    stand_in.script(Answer.sse([b"data: " + good.replace(b"?", broken) + b"\n\n", *events({"content": "c"})]))
    assert streaming().text == "a\ufffdbc"
