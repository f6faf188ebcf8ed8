# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""An error must not stop the process, whatever a body holds; and nothing of it may be more than a line of text."""

import json
import pickle
import sys
from types import FrameType
from typing import Any

import openai
import pytest
from haystack.utils import Secret
from hypothesis import given
from modes import Mode
from stand_in import Answer, StandIn
from strategies import FAST, json_values
from wire import SOON, event

from benchmarks.hostile import FAILURES, PHRASE
from haystack_integrations.common.openrouter._wire.json_values import printable, shortened_json
from haystack_integrations.common.openrouter.errors import OpenRouterStreamError
from haystack_integrations.common.openrouter.errors._redaction import without_private
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator


class Steps:
    """
    Counts the lines of the package that run inside this block: the same number however busy the machine is.
    """

    def __enter__(self) -> "Steps":
        self.count, self._before = 0, sys.gettrace()  # what measures the coverage
        sys.settrace(self._of_a_call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _of_a_call(self, frame: FrameType, *_: object) -> Any:
        return self._of_a_line if "haystack_integrations" in frame.f_code.co_filename else None

    def _of_a_line(self, *_: object) -> Any:
        self.count += 1
        return self._of_a_line


class Sent:
    """
    A request with this prompt, for the pure function.
    """

    headers: dict[str, str] = {}

    def __init__(self, prompt: str) -> None:
        self.content = json.dumps({"prompt": prompt}).encode()


@pytest.fixture
def generator(stand_in: StandIn) -> OpenRouterChatGenerator:
    key = Secret.from_token("sk-or-v1-0123456789")
    return OpenRouterChatGenerator(api_key=key, api_base_url=stand_in.url, max_retries=0)


class TestLargeBodies:
    @pytest.mark.parametrize("name", FAILURES)
    def test_ten_times_the_body_are_no_more_steps(self, generator, stand_in: StandIn, name: str):
        generator.warm_up()
        steps = []
        for size in (50_000, 50_000, 500_000):  # the first one fills caches
            content_type, status, body = FAILURES[name](size)
            stand_in.script(Answer([body], status, {"content-type": content_type}))
            with pytest.raises(openai.APIStatusError) as caught, Steps() as counted:
                generator.run(PHRASE * 500)
            steps.append(counted.count)
            assert len(str(caught.value)) < 5000
            assert len(pickle.dumps(caught.value)) < 60_000
            assert str(caught.value).isprintable()
        assert steps[2] < 1.3 * steps[1] + 1000

    def test_a_stream(self, generator, stand_in: StandIn):
        metadata = {"provider_name": "Groq" * 1000, "raw": "x" * 1_000_000, "list": [[1] * 10] * 100_000}
        error = {"code": "odd" * 1000, "message": "so long " * 100_000, "metadata": metadata}
        stand_in.script(Answer.sse([event({"content": "a"}), {"error": error, "choices": []}]))
        with pytest.raises(OpenRouterStreamError) as caught:
            generator.run("hi", streaming_callback=print)
        assert len(str(caught.value)) < 5000
        assert len(caught.value.code) < 200
        assert len(caught.value.provider_name) < 200
        assert len(json.dumps(caught.value.metadata)) < 30_000
        assert len(pickle.dumps(caught.value)) < 60_000

    def test_of_long_lists_the_beginning_is_told(self, generator, stand_in: StandIn):
        earlier = [{"code": 429, "message": f"busy {number}"} for number in range(5000)]
        metadata = {"reasons": [f"reason {number}" for number in range(5000)], "previous_errors": earlier}
        stand_in.script(Answer.error(403, "Flagged", metadata=metadata))
        with pytest.raises(
            openai.PermissionDeniedError, match="reason 0, reason 1.*429: busy 0; 429: busy 1"
        ) as caught:
            generator.run("hi")
        assert "reason 10" not in str(caught.value)
        assert "busy 10" not in str(caught.value)

    def test_a_message_in_json_of_a_usual_size_is_found(self, generator, stand_in: StandIn):
        raw = json.dumps({"padding": "x" * 50_000, "error": {"message": "GPU on fire"}})
        stand_in.script(Answer.error(400, "Provider returned error", metadata={"raw": raw}))
        with pytest.raises(openai.BadRequestError, match="The provider says: GPU on fire"):
            generator.run("hi")

    @pytest.mark.parametrize("text", ["Model not\nfound is x does not exist", "models a not found", "mode l not found"])
    def test_what_names_no_unknown_model(self, generator, stand_in: StandIn, text: str):
        stand_in.script(Answer.error(400, text))
        with pytest.raises(openai.BadRequestError) as caught:
            generator.run("hi")
        assert "Check the model name" not in str(caught.value)


class TestQuotations:
    def test_twice_the_prompt_is_twice_the_steps(self):
        text, counts = PHRASE * 20, []
        for times in (2000, 4000):
            with Steps() as counted:
                assert without_private(text, Sent(PHRASE * times)) == "***"
            counts.append(counted.count)
        assert counts[1] < 2.5 * counts[0]
        assert counts[1] < len(PHRASE) * 4000 / 2

    def test_what_is_sent_is_read_once_for_all_texts(self):
        class Counting(Sent):
            reads = 0

            @property
            def headers(self) -> dict[str, str]:  # type: ignore[override]
                return {}

            @property
            def content(self) -> bytes:
                type(self).reads += 1
                return self._content

            @content.setter
            def content(self, content: bytes) -> None:
                self._content = content

        request = Counting(PHRASE)
        value = {"a": [PHRASE + str(number) for number in range(50)], "b": {"c": PHRASE}}
        assert without_private(value, request)["b"] == {"c": "***"}
        assert Counting.reads == 1
        assert without_private({"a": 1, "b": "short"}, request) == {"a": 1, "b": "short"}
        assert Counting.reads == 1

    def test_a_quotation_at_the_cut_is_cut_out(self):
        prompt = "The patient is 44 years old and has a rare form of lupus."
        for before in range(1940, 2000):
            left = printable(without_private("x" * before + prompt + "y" * 5000, Sent(prompt)))
            assert "patient" not in left

    def test_a_prompt_that_no_decoder_takes_is_cut_out_too(self):
        request = Sent("x")
        request.content = b'{"prompt": ' + b"[" * 2000 + b'"My diagnosis is a rare form of lupus"' + b"]" * 2000 + b"}"
        left = without_private("Bad input: My diagnosis is a rare form of lupus", request)
        assert left == "Bad input: ***"

    def test_names_in_a_body_are_cut_out_too(self):
        prompt = "My diagnosis is a rare form of lupus"
        assert without_private({prompt: {"x": 1}}, Sent(prompt)) == {"***": {"x": 1}}

    @FAST
    @given(json_values)
    def test_any_value_is_shortened_to_one_that_can_be_kept(self, value: Any):
        pickle.dumps(shortened_json(value))
        assert shortened_json([value, "x" * 5000])[1] == "x" * 2000

    def test_what_is_deep_or_long_is_dropped(self):
        deep: Any = "end"
        for _ in range(500):
            deep = [deep]
        kept = shortened_json({"deep": deep, "list": list(range(1000)), "strings": ["a" * 3000] * 50})
        assert json.dumps(kept).count("[") < 60
        assert kept["list"] == list(range(100))
        assert len("".join(kept["strings"])) == 20_000


class TestPrintable:
    ODD = "one\ntwo \x1b[31m \u202e \ud83d"
    SHOWN = r"one\ntwo \x1b[31m \u202e \ud83d"

    def test_messages_and_names(self, plain: Mode, stand_in: StandIn, caplog: pytest.LogCaptureFixture):
        error = {
            "code": "a\nb",
            "message": self.ODD,
            "metadata": {
                "provider_name": self.ODD,
                "raw": f"raw {self.ODD}",
                "reasons": [f"reason {self.ODD}"],
                "previous_errors": [{"message": f"earlier {self.ODD}"}],
            },
        }
        stand_in.script(*[Answer.json({"error": error}, 500, SOON)] * 2)
        with pytest.raises(openai.InternalServerError) as caught:
            plain(max_retries=1)
        assert str(caught.value).isprintable()
        assert str(caught.value).count(r"\ntwo \x1b[31m") == 5
        assert r"\ntwo" in caplog.text
        assert caplog.text.strip().isprintable()
        assert caught.value.code == r"a\nb"
        assert pickle.loads(pickle.dumps(caught.value)).code == r"a\nb"

    def test_of_a_stream(self, streaming: Mode, stand_in: StandIn):
        error = {"code": self.ODD, "message": self.ODD, "metadata": {"provider_name": self.ODD, "x": "half \ud83d"}}
        stand_in.script(Answer.sse([event({"content": "a"}), {"error": error, "choices": []}]))
        with pytest.raises(OpenRouterStreamError) as caught:
            streaming()
        assert caught.value.code == self.SHOWN.replace(r"\ud83d", "\ufffd")
        assert caught.value.provider_name == self.SHOWN.replace(r"\ud83d", "\ufffd")
        assert str(caught.value).isprintable()
        json.dumps(caught.value.metadata, ensure_ascii=False).encode()

    def test_the_id_of_a_generation(self, plain: Mode, stand_in: StandIn):
        stand_in.script(Answer.json({"id": "gen\n1\u202e", "choices": [], "provider": self.ODD}))
        with pytest.raises(openai.InternalServerError) as caught:
            plain()
        assert str(caught.value).isprintable()

    @pytest.mark.parametrize("title", ["a\x1bb", "a\u202eb"])
    def test_the_title_of_a_web_page(self, plain: Mode, stand_in: StandIn, title: str):
        page = f"<html><TITLE lang=en>{title}</TITLE>".encode()
        stand_in.script(Answer([page], 502, {"content-type": "text/html"}))
        with pytest.raises(openai.InternalServerError, match="the title 'a.*b'") as caught:
            plain()
        assert str(caught.value).isprintable()

    @pytest.mark.parametrize(
        "charset", ["utf-8", "utf-16", "zlib", "base64", "hex", "idna", "punycode", "rot13", "undefined", "no-such"]
    )
    @pytest.mark.parametrize(
        "body", [b'{"error": {"code": 400, "message": "Z\xc3\xbcrich"}}', b"Z\xc3\xbcrich", b"\xff"]
    )
    def test_any_charset(self, plain: Mode, stand_in: StandIn, charset: str, body: bytes):
        stand_in.script(Answer([body], 400, {"content-type": f"application/json; charset={charset}"}))
        with pytest.raises(openai.BadRequestError, match="Zürich|\ufffd"):
            plain()
