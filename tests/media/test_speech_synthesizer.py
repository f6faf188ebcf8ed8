# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The speech synthesizer's own contract. What it has in common with its neighbours is in `test_media.py`."""

import asyncio
import io
import wave
from collections.abc import Callable
from typing import Any

import openai
import pytest
from haystack import Pipeline
from haystack.dataclasses import ByteStream, ChatMessage
from stand_in import Answer, StandIn

from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

Speak = Callable[..., dict[str, Any]]
MODEL = "mistralai/voxtral-mini-tts-2603"


@pytest.fixture(params=["sync", "async"])
def speak(request: pytest.FixtureRequest, stand_in: StandIn) -> Speak:
    def run(*inputs: Any, init: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        synthesizer = OpenRouterSpeechSynthesizer(**{"api_base_url": stand_in.url, "max_retries": 0, **(init or {})})
        if request.param == "async":
            return asyncio.run(synthesizer.run_async(*inputs, **more))
        return synthesizer.run(*inputs, **more)

    return run


class TestRequest:
    def test_mp3_unless_told(self, speak: Speak, stand_in: StandIn):
        speak("Hello")
        assert stand_in.requests[0].body == {"model": MODEL, "input": "Hello", "response_format": "mp3"}

    def test_everything_that_openrouter_takes(self, speak: Speak, stand_in: StandIn):
        kwargs = {
            "voice": "en_paul_neutral",
            "response_format": "of tomorrow",
            "speed": 1.5,
            "instructions": "Cheerful",
            "input_references": [{"type": "input_audio", "input_audio": {"data": "data:audio/wav;base64,QUJD"}}],
            "provider": {"zdr": True, "options": {"mistral": {"x": 1}}},
            "user": "u",
            "session_id": "s",
            "trace": {"trace_id": "t"},
        }
        speak("Hello", init={"voice": "another"}, generation_kwargs=kwargs)
        assert stand_in.requests[0].body == {"model": MODEL, "input": "Hello", **kwargs}

    def test_the_voice(self, speak: Speak, stand_in: StandIn):
        speak("Hello", init={"voice": "en_paul_neutral"})
        speak("Hello", init={"voice": "en_paul_neutral"}, generation_kwargs={"voice": "fr_marie"})
        speak("Hello", init={"voice": "en_paul_neutral"}, generation_kwargs={"voice": None})
        assert [request.body.get("voice") for request in stand_in.requests] == ["en_paul_neutral", "fr_marie", None]

    def test_several_speakers(self, speak: Speak, stand_in: StandIn):
        turns = [{"text": "Hello", "voice": "a"}, {"text": "Hi", "voice": "b"}]
        speak("A dialogue", generation_kwargs={"extra_body": {"input": turns}})
        assert stand_in.requests[0].body["input"] == turns

    def test_half_an_emoji(self, speak: Speak, stand_in: StandIn):
        speak("Hello \ud83d")
        assert stand_in.requests[0].body["input"] == "Hello \ufffd"


class TestResult:
    def test_bytes_and_headers(self, speak: Speak, stand_in: StandIn):
        data = bytes(range(256)) * 10
        headers = {"x-generation-id": "gen-tts-1"}
        stand_in.script(Answer([data[:7], data[7:]], 200, {"content-type": "audio/mpeg", **headers}))
        result = speak("Hello")
        assert result["audio"] == [ByteStream(data, mime_type="audio/mpeg")]
        assert result["meta"] == {"model": MODEL, "id": "gen-tts-1", "content_type": "audio/mpeg"}

    @pytest.mark.parametrize(
        ("content_type", "asked", "mime_type"),
        [
            ("audio/mpeg", "mp3", "audio/mpeg"),
            ("Audio/PCM;rate=24000;channels=1", "pcm", "audio/pcm"),
            ("audio/opus", "mp3", "audio/opus"),
            ("application/octet-stream", "mp3", "audio/mpeg"),
            ("application/octet-stream", "pcm", "audio/pcm"),
        ],
    )
    def test_the_type_is_that_of_the_response(self, stand_in: StandIn, content_type, asked, mime_type):
        stand_in.script(Answer.raw(b"\1\2", content_type))
        synthesizer = OpenRouterSpeechSynthesizer(api_base_url=stand_in.url)
        result = synthesizer.run("Hello", generation_kwargs={"response_format": asked})
        assert result["audio"][0].mime_type == mime_type
        assert result["meta"] == {"model": MODEL, "id": None, "content_type": content_type}

    def test_pcm_becomes_wav(self, speak: Speak, stand_in: StandIn):
        stand_in.script(Answer.raw(b"\1\2\3\4", "audio/pcm"))
        (audio,) = speak("Hello", init={"sample_rate": 22050})["audio"]
        assert stand_in.requests[0].body["response_format"] == "pcm"
        assert (audio.mime_type, audio.meta) == ("audio/wav", {})
        with wave.open(io.BytesIO(audio.data)) as reader:
            assert reader.getparams()[:4] == (1, 2, 22050, 2)
            assert reader.readframes(2) == b"\1\2\3\4"

    def test_the_type_says_what_the_samples_are(self, stand_in: StandIn):
        types = {
            "audio/pcm;rate=24000;channels=1": (1, 24000),
            'Audio/L16; Channels="2"; codec=pcm; Rate=48000': (2, 48000),
            "audio/pcm;channels=2": (2, 22050),
            "application/octet-stream": (1, 22050),
            "audio/pcm;rate=0;channels=x;rate": (1, 22050),
            "audio/pcm;rate=1e4;channels=40000": (1, 22050),
            f"audio/pcm;rate={'9' * 5000}": (1, 22050),
            "audio/pcm;rate=2147483647;channels=2": (1, 22050),
        }
        stand_in.script(*(Answer.raw(b"\1\2\3\4", name) for name in types))
        synthesizer = OpenRouterSpeechSynthesizer(api_base_url=stand_in.url, sample_rate=22050)
        for name, (channels, rate) in types.items():
            with wave.open(io.BytesIO(synthesizer.run("Hello")["audio"][0].data)) as reader:
                assert (reader.getnchannels(), reader.getframerate()) == (channels, rate), name

    def test_bare_pcm_keeps_what_its_samples_are(self, speak: Speak, stand_in: StandIn):
        bare, asked = {"sample_rate": 24000, "channels": 1}, {"response_format": "pcm"}
        assert speak("Hello", generation_kwargs=asked)["audio"][0].meta == bare
        stand_in.script(Answer.raw(b"\1\2", "audio/pcm"), Answer.raw(b"ID3", "audio/mpeg;rate=24000"))
        assert [speak("Hello", generation_kwargs=asked)["audio"][0].meta for _ in range(2)] == [{}, {}]

    def test_other_formats_stay_as_they_are(self, speak: Speak, stand_in: StandIn):
        (audio,) = speak("Hello", init={"sample_rate": 24000}, generation_kwargs={"response_format": "mp3"})["audio"]
        assert (audio.mime_type, audio.data[:3]) == ("audio/mpeg", b"ID3")

    @pytest.mark.parametrize("start", [b"{", b"{}\0", b"[1]", b"data:", b"null", b"0"])
    def test_samples_that_look_like_something_else(self, speak: Speak, stand_in: StandIn, start):
        stand_in.script(Answer.raw(start, "audio/pcm"))
        assert speak("Hello")["audio"][0].data == start

    @pytest.mark.parametrize(
        "content_type", ["audio/mpeg", "application/octet-stream", "application/json", "text/html", ""]
    )
    @pytest.mark.parametrize("body", [b'{"error": {"code": 529, "message": "Overloaded"}}', b'{"text": "Hello"}', b""])
    def test_what_is_not_audio(self, stand_in: StandIn, content_type, body):
        stand_in.script(Answer.raw(body, content_type))
        with pytest.raises(openai.InternalServerError) as caught:
            OpenRouterSpeechSynthesizer(api_base_url=stand_in.url, max_retries=0).run("Hello")
        assert caught.value.status_code == (529 if b"error" in body else 502)

    def test_a_web_page_with_a_good_status(self, speak: Speak, stand_in: StandIn):
        stand_in.script(Answer.raw(b"<title>Log in</title>", "text/html"))
        with pytest.raises(openai.InternalServerError, match="Log in"):
            speak("Hello")

    def test_a_text_that_is_too_long(self, speak: Speak, stand_in: StandIn):
        stand_in.script(Answer.error(400, "Input is too long: 4096 characters at most"))
        with pytest.raises(openai.BadRequestError, match="4096 characters.*Shorten the text or split it"):
            speak("Hello " * 1000)

    @pytest.mark.parametrize(
        ("status", "message"),
        [
            (400, "Audio format mp3 is not supported by this model"),
            (404, "No endpoints found that support the requested response_format"),
        ],
    )
    def test_a_model_that_refuses_mp3(self, speak: Speak, stand_in: StandIn, status, message):
        stand_in.script(Answer.error(status, message))
        with pytest.raises(openai.APIStatusError, match="only pcm.*`sample_rate`.*WAV file.*`response_format`"):
            speak("Hello")


class TestArguments:
    @pytest.mark.parametrize(
        ("text", "kind", "told"),
        [
            ("", ValueError, "`text` is empty"),
            (" \n", ValueError, "`text` is empty"),
            (None, TypeError, "`text` must be a string, not NoneType"),
            (ChatMessage.from_assistant("x"), TypeError, "`text` must be a string, not ChatMessage.*its `text`"),
        ],
    )
    def test_the_text(self, speak: Speak, stand_in: StandIn, text, kind, told):
        with pytest.raises(kind, match=told):
            speak(text)
        assert not stand_in.requests

    @pytest.mark.parametrize(("voice", "kind"), [(" ", ValueError), (5, TypeError)])
    def test_the_voice(self, speak: Speak, stand_in: StandIn, voice, kind):
        with pytest.raises(kind, match="`voice`"):
            OpenRouterSpeechSynthesizer(voice=voice)
        with pytest.raises(kind, match="`voice`"):
            speak("Hello", generation_kwargs={"voice": voice})
        assert not stand_in.requests

    @pytest.mark.parametrize("sample_rate", [0, -1, True, 24000.0, "24000"])
    def test_the_sample_rate(self, sample_rate):
        with pytest.raises(ValueError, match="`sample_rate` must be a whole number of at least 1"):
            OpenRouterSpeechSynthesizer(sample_rate=sample_rate)


def test_after_a_chat(stand_in: StandIn):
    pipeline = Pipeline()
    pipeline.add_component("ask", OpenRouterChatGenerator(api_base_url=stand_in.url))
    pipeline.add_component("speak", OpenRouterSpeechSynthesizer(api_base_url=stand_in.url))
    pipeline.connect("ask.replies", "speak.text")
    pipeline = Pipeline.loads(pipeline.dumps())
    result = pipeline.run({"ask": {"messages": [ChatMessage.from_user("Hello")]}})
    assert stand_in.requests[1].body["input"] == "This is the stand-in, not a model. You said: Hello"
    assert result["speak"]["audio"][0].mime_type == "audio/mpeg"
