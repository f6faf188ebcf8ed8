# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The transcriber's own contract. What it has in common with its neighbours is in `test_media.py`."""

import asyncio
import base64
import copy
import io
import threading
import wave
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from haystack import Document, Pipeline
from haystack.components.writers import DocumentWriter
from haystack.dataclasses import ByteStream
from haystack.document_stores.in_memory import InMemoryDocumentStore
from stand_in import Answer, Request, StandIn
from stand_in.files import mp3, wav
from wire import SOON

from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer, OpenRouterTranscriber
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder

Transcribe = Callable[..., dict[str, Any]]
MODEL = "openai/whisper-large-v3"
STREAM = ByteStream(b"abc", mime_type="audio/wav")
VERBOSE = {
    "task": "transcribe",
    "language": "english",
    "duration": 3.2,
    "segments": [{"id": 0, "start": 0.0, "end": 3.2, "text": "Hello there.", "speaker": 1, "avg_logprob": -0.28}],
    "words": [{"word": "Hello", "start": 0.0, "end": 0.4, "speaker": 1}],
}


@pytest.fixture(params=["sync", "async"])
def transcribe(request: pytest.FixtureRequest, stand_in: StandIn) -> Transcribe:
    def run(*inputs: Any, init: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        parameters = {"api_base_url": stand_in.url, "max_retries": 0, "raise_on_failure": True, **(init or {})}
        transcriber = OpenRouterTranscriber(**parameters)
        if request.param == "async":
            return asyncio.run(transcriber.run_async(*inputs, **more))
        return transcriber.run(*inputs, **more)

    return run


def answer(text: str = "Hello", number: int = 1, **more: Any) -> Answer:
    return Answer.json({"text": text, **more}, headers={"x-generation-id": f"gen-stt-{number}"})


def spoken(words: str, **meta: Any) -> ByteStream:
    return ByteStream(mp3(words, 0.1), mime_type="audio/mpeg", meta=meta)


def sent(request: Request) -> str:
    return base64.b64decode(request.body["input_audio"]["data"]).decode(errors="replace")


class Crowd(StandIn):
    """
    Answers only when so many requests are under way, and counts the most.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.barrier = threading.Barrier(size)
        self.active = self.most = 0
        self.counting = threading.Lock()

    def answer(self, request: Request) -> Answer:
        with self.counting:
            self.active += 1
            self.most = max(self.most, self.active)
        self.barrier.wait(5)
        answer = super().answer(request)
        with self.counting:
            self.active -= 1
        return answer


class Script(StandIn):
    """
    Answers each recording by its words, in whatever order they come: an error where the words are a status.
    """

    def answer(self, request: Request) -> Answer:
        words = base64.b64decode(request.body["input_audio"]["data"])
        for status in (400, 401, 402, 403, 404, 413, 429, 500):
            if f"«{status}»".encode() in words:
                self.requests.append(request)
                return Answer.error(status, "Not this one", headers=SOON)
        return super().answer(request)


@pytest.fixture
def script() -> Any:
    with Script() as server:
        yield server


class TestRequest:
    def test_defaults(self, transcribe: Transcribe, stand_in: StandIn):
        transcribe([STREAM])
        assert stand_in.requests[0].body == {"model": MODEL, "input_audio": {"data": "YWJj", "format": "wav"}}

    def test_everything_that_openrouter_takes(self, transcribe: Transcribe, stand_in: StandIn):
        kwargs = {
            "language": "de",
            "temperature": 0,
            "response_format": "verbose_json",
            "timestamp_granularities": ["word", "segment"],
            "diarize": True,
            "keyterms": ["Haystack"],
            "provider": {"zdr": True, "options": {"groq": {"x": 1}}},
            "user": "u",
            "session_id": "s",
            "trace": {"trace_id": "t"},
        }
        transcribe([STREAM], init={"language": "en"}, generation_kwargs=kwargs)
        audio = {"data": "YWJj", "format": "wav"}
        assert stand_in.requests[0].body == {"model": MODEL, "input_audio": audio, **kwargs}

    def test_the_language(self, transcribe: Transcribe, stand_in: StandIn):
        transcribe([STREAM], init={"language": "en"})
        transcribe([STREAM], init={"language": "en"}, generation_kwargs={"language": None})
        assert [request.body.get("language") for request in stand_in.requests] == ["en", None]

    @pytest.mark.parametrize(
        ("media_type", "name"),
        [
            ("audio/wav", "wav"),
            ("audio/x-wav", "wav"),
            ("audio/mpeg", "mp3"),
            ("audio/flac", "flac"),
            ("audio/mp4", "m4a"),
            ("audio/x-m4a", "m4a"),
            ("audio/ogg; codecs=opus", "ogg"),
            ("audio/webm;codecs=opus", "webm"),
            ("video/webm", "webm"),
            ("AUDIO/AAC", "aac"),
            ("audio/pcm", "pcm"),
        ],
    )
    def test_the_format_of_a_stream_is_in_its_type(self, stand_in: StandIn, media_type, name):
        OpenRouterTranscriber(api_base_url=stand_in.url).run([ByteStream(b"abc", mime_type=media_type)])
        assert stand_in.requests[0].body["input_audio"] == {"data": "YWJj", "format": name}

    @pytest.mark.parametrize(
        ("media_type", "meta", "shape"),
        [
            ("audio/pcm", {"sample_rate": 24000, "channels": 2}, (2, 24000)),
            ("audio/pcm", {"sample_rate": "24000"}, (1, 24000)),
            ("audio/L16;rate=48000;channels=2", {}, (2, 48000)),
            ("audio/L16;rate=48000", {"sample_rate": 8000, "channels": None}, (1, 8000)),
        ],
    )
    def test_pcm_whose_rate_is_known_is_sent_as_wav(
        self, transcribe: Transcribe, stand_in: StandIn, media_type, meta, shape
    ):
        transcribe([ByteStream(b"\1\2\3\4", mime_type=media_type, meta=meta)])
        audio = stand_in.requests[0].body["input_audio"]
        assert audio["format"] == "wav"
        with wave.open(io.BytesIO(base64.b64decode(audio["data"]))) as reader:
            assert (reader.getnchannels(), reader.getframerate()) == shape
            assert reader.readframes(2) == b"\1\2\3\4"

    @pytest.mark.parametrize(
        "meta", [{"channels": 2}, {"sample_rate": True}, {"sample_rate": 24000.5}, {"channels": []}]
    )
    def test_pcm_whose_rate_is_not_known_stays(self, stand_in: StandIn, meta):
        OpenRouterTranscriber(api_base_url=stand_in.url).run([ByteStream(b"abc", mime_type="audio/pcm", meta=meta)])
        assert stand_in.requests[0].body["input_audio"] == {"data": "YWJj", "format": "pcm"}

    @pytest.mark.parametrize(
        "suffix", ["wav", "MP3", "flac", "m4a", "mp4", "ogg", "opus", "webm", "aac", "pcm", "mpga"]
    )
    def test_the_format_of_a_file_is_in_its_suffix(self, stand_in: StandIn, tmp_path: Path, suffix):
        path = tmp_path / f"a note.v2.{suffix}"
        path.write_bytes(b"abc")
        names = {"mp4": "m4a", "opus": "ogg", "mpga": "mp3"}
        result = OpenRouterTranscriber(api_base_url=stand_in.url).run([path, str(path)])
        for request in stand_in.requests:
            assert request.body["input_audio"] == {"data": "YWJj", "format": names.get(suffix, suffix.lower())}
        assert [document.meta for document in result["documents"]] == [{"file_path": str(path)}] * 2

    @pytest.mark.parametrize("field", ["file_path", "file_name"])
    @pytest.mark.parametrize("media_type", [None, "application/octet-stream", "text/plain"])
    def test_the_suffix_of_a_stream_comes_next(self, stand_in: StandIn, field, media_type):
        stream = ByteStream(b"abc", mime_type=media_type, meta={field: "folder/note.ogg"})
        OpenRouterTranscriber(api_base_url=stand_in.url).run([stream])
        assert stand_in.requests[0].body["input_audio"]["format"] == "ogg"

    def test_a_url_is_passed_on(self, transcribe: Transcribe, stand_in: StandIn):
        urls = ["https://example.com/a.mp3?x=1", "http://example.com/stream"]
        result = transcribe(urls, init={"concurrency": 1})
        audio = [request.body["input_audio"] for request in stand_in.requests]
        assert audio == [{"url": urls[0], "format": "mp3"}, {"url": urls[1]}]
        assert [document.meta for document in result["documents"]] == [{"url": urls[0]}, {"url": urls[1]}]


class TestResult:
    def test_one_document_a_source_in_order(self, transcribe: Transcribe):
        texts = [f"Recording {number}" for number in range(9)]
        sources = [spoken(text, number=number, tags=["a"]) for number, text in enumerate(texts)]
        before = copy.deepcopy(sources)
        result = transcribe(sources)
        assert [document.content for document in result["documents"]] == texts
        assert [document.meta for document in result["documents"]] == [stream.meta for stream in sources]
        result["documents"][0].meta["tags"].append("b")
        assert sources == before

    def test_meta(self, transcribe: Transcribe, stand_in: StandIn):
        one, other = {"cost": 0.0006, "seconds": 6}, {"cost": 0.0004, "seconds": 4.5}
        stand_in.script(answer("One", 1, usage=one), answer("Two", 2, usage=other))
        result = transcribe([STREAM, STREAM], init={"concurrency": 1})
        usage = {"cost": 0.001, "seconds": 10.5}
        assert result["meta"] == {"model": MODEL, "usage": usage, "ids": ["gen-stt-1", "gen-stt-2"]}

    def test_usage_in_tokens(self, transcribe: Transcribe, stand_in: StandIn):
        usage = {"total_tokens": 113, "input_tokens": 83, "output_tokens": 30, "cost": 0.000508}
        stand_in.script(answer(usage=usage), answer())
        result = transcribe([STREAM, STREAM], generation_kwargs={"model": "a/b"})
        assert (result["meta"]["usage"], result["meta"]["model"]) == (usage, "a/b")

    def test_segments_and_words(self, transcribe: Transcribe, stand_in: StandIn):
        stand_in.script(answer(**VERBOSE, usage={"cost": 1}))
        (document,) = transcribe([STREAM])["documents"]
        assert (document.content, document.meta) == ("Hello", VERBOSE)

    def test_neither_meta_hides_the_other(self, transcribe: Transcribe, stand_in: StandIn):
        stand_in.script(answer(language="english", task="transcribe"))
        stream = ByteStream(b"abc", mime_type="audio/wav", meta={"language": "en", "task": "transcribe"})
        (document,) = transcribe([stream])["documents"]
        assert document.meta == {"language": "en", "task": "transcribe", "transcription.language": "english"}

    def test_silence_is_no_error(self, transcribe: Transcribe, stand_in: StandIn):
        stand_in.script(answer(""))
        assert transcribe([STREAM])["documents"][0].content == ""

    def test_what_is_not_json(self, transcribe: Transcribe, stand_in: StandIn):
        raw = b'{"text": "Hello \\ud83d", "duration": NaN, "segments": [{"start": Infinity}], "usage": {"cost": NaN}}'
        stand_in.script(Answer.raw(raw, "application/json"))
        result = transcribe([STREAM])
        (document,) = result["documents"]
        assert (document.content, document.meta) == ("Hello \ufffd", {"segments": [{"start": None}]})
        assert result["meta"]["usage"] == {"cost": None}
        stand_in.script(Answer.raw(b'{"text": "x", "deep": ' + b"[" * 300 + b"]" * 300 + b"}", "application/json"))
        with pytest.raises(openai.APIError):
            transcribe([STREAM])

    def test_no_sources_no_request(self, transcribe: Transcribe, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("OPENROUTER_API_KEY")
        assert transcribe([]) == {"documents": [], "meta": {"model": MODEL, "usage": {}, "ids": []}}
        assert not stand_in.requests


class TestArguments:
    @pytest.mark.parametrize(
        ("source", "kind", "told"),
        [
            (5, TypeError, "must be a path, a URL or a ByteStream, not int"),
            (Document(content="x"), TypeError, "must be a path, a URL or a ByteStream, not Document"),
            (ByteStream("abc", mime_type="audio/wav"), TypeError, "must be bytes, not str"),
            (ByteStream(b"", mime_type="audio/wav"), ValueError, "has no data"),
            (ByteStream(b"abc"), ValueError, "has no MIME type.*Accepted: wav, mp3, flac, m4a, ogg, webm, aac, pcm"),
            (ByteStream(b"abc", mime_type="audio/aiff"), ValueError, "has the MIME type 'audio/aiff'.*Accepted"),
            (ByteStream(b"abc", meta={"file_path": "a.txt"}), ValueError, "has no MIME type.*Accepted"),
            ("gone.mp3", FileNotFoundError, "there is no file 'gone.mp3'"),
            (Path("gone.mp3"), FileNotFoundError, "there is no file 'gone.mp3'"),
            (".", ValueError, "'.' is not a file"),
            ("empty.mp3", ValueError, r"'empty.mp3' is empty\."),
            ("note.txt", ValueError, "the suffix of 'note.txt'.*Accepted: wav, mp3"),
        ],
    )
    def test_a_bad_source_is_named_before_anything_is_sent(
        self, transcribe: Transcribe, stand_in: StandIn, tmp_path: Path, monkeypatch, source, kind, told
    ):
        monkeypatch.chdir(tmp_path)
        Path("empty.mp3").touch()
        Path("note.txt").write_text("x")
        with pytest.raises(kind, match=rf"`sources\[1\]`.*{told}"):
            transcribe([STREAM, source], init={"raise_on_failure": False})
        assert not stand_in.requests

    @pytest.mark.parametrize("sources", ["note.mp3", STREAM, None])
    def test_what_is_not_a_list(self, transcribe: Transcribe, sources):
        with pytest.raises(TypeError, match="`sources` must be a list of paths, URLs and ByteStreams"):
            transcribe(sources)

    @pytest.mark.parametrize(("language", "kind"), [(" ", ValueError), (5, TypeError)])
    def test_the_language(self, transcribe: Transcribe, stand_in: StandIn, language, kind):
        with pytest.raises(kind, match="`language`"):
            OpenRouterTranscriber(language=language)
        with pytest.raises(kind, match="`language`"):
            transcribe([STREAM], generation_kwargs={"language": language})
        assert not stand_in.requests

    @pytest.mark.parametrize("concurrency", [0, True, 1.5])
    def test_concurrency(self, concurrency):
        with pytest.raises(ValueError, match="`concurrency` must be a whole number of at least 1"):
            OpenRouterTranscriber(concurrency=concurrency)


class TestFailures:
    def test_a_recording_that_fails_does_not_cost_the_others(self, transcribe: Transcribe, script: StandIn, caplog):
        sources = [spoken("One"), spoken("400", file_name="bad.mp3"), spoken("Three")]
        init = {"raise_on_failure": False, "api_base_url": script.url}
        result = transcribe(sources, init=init)
        assert [document.content for document in result["documents"]] == ["One", None, "Three"]
        assert result["documents"][1].meta == {"file_name": "bad.mp3"}
        assert result["meta"]["failed"] == 1
        assert result["meta"]["ids"][1] is None
        assert result["meta"]["usage"]["cost"] > 0
        assert "sources[1] (bad.mp3) could not be transcribed: Error code: 400 - Not this one" in caplog.text

    def test_two_that_fail_are_two_documents(self, transcribe: Transcribe, script: StandIn):
        init = {"raise_on_failure": False, "api_base_url": script.url}
        sources = [spoken("One"), spoken("400"), spoken("400")]
        ids, again = ([document.id for document in transcribe(sources, init=init)["documents"]] for _ in range(2))
        assert len(set(ids)) == 3
        assert ids == again
        other = transcribe([spoken("One"), spoken("413")], init=init)["documents"][1]
        assert other.id not in ids

    @pytest.mark.parametrize("kind", ["url", "path"])
    def test_links_and_files_that_fail_are_two_documents(self, stand_in: StandIn, tmp_path: Path, kind):
        (tmp_path / "a.mp3").write_bytes(b"abc")
        source = tmp_path / "a.mp3" if kind == "path" else "https://example.com/a.mp3"
        stand_in.script(answer("One"), *[Answer.error(400, "Not this one")] * 2)
        transcriber = OpenRouterTranscriber(api_base_url=stand_in.url, concurrency=1)
        documents = transcriber.run([STREAM, source, source])["documents"]
        assert [document.content for document in documents] == ["One", None, None]
        assert len({document.id for document in documents}) == 3

    def test_a_url_that_fails_is_named(self, transcribe: Transcribe, stand_in: StandIn, caplog):
        stand_in.script(Answer.json({"error": {"code": 400, "message": "Gone"}}, status=400))
        init = {"raise_on_failure": False, "api_base_url": stand_in.url}
        assert transcribe(["https://example.com/a.mp3", STREAM], init={**init, "concurrency": 1})["meta"]["failed"] == 1
        assert "sources[0] (https://example.com/a.mp3) could not be transcribed" in caplog.text

    @pytest.mark.parametrize("of_a_stream", [False, True])
    def test_a_signed_url_is_shown_without_its_signature(self, transcribe: Transcribe, stand_in, caplog, of_a_stream):
        url = "https://me:w0rd@example.com/a.mp3?X-Amz-Signature=0123abcd&X-Amz-Date=20261201#t"
        echo = Answer.error(400, f"Could not load {url} (signature 0123abcd was refused)")
        stand_in.script(echo)
        init = {"raise_on_failure": False, "api_base_url": stand_in.url}
        source = ByteStream(b"abc", mime_type="audio/mpeg", meta={"url": url}) if of_a_stream else url
        with pytest.raises(openai.BadRequestError) as caught:
            transcribe([source], init=init)
        assert "sources[0] (https://example.com/a.mp3) could not be transcribed" in caplog.text
        shown = caplog.text + str(caught.value)
        assert "w0rd" not in shown
        assert "Signature=0123abcd" not in shown

    @pytest.mark.parametrize(
        "url", ["ftp://me:w0rd@example.com/a.mp3?sig=0123abcd", " https://x.example/a?sig=0123abcd"]
    )
    def test_a_url_of_another_kind_is_shown_without_secrets(self, transcribe: Transcribe, stand_in: StandIn, url):
        with pytest.raises(ValueError, match=r"`sources\[0\]` is a URL.*example") as caught:
            transcribe([url])
        assert "w0rd" not in str(caught.value)
        assert "0123abcd" not in str(caught.value)

    def test_a_stream_without_a_name_has_a_number(self, transcribe: Transcribe, script: StandIn, caplog):
        init = {"raise_on_failure": False, "api_base_url": script.url}
        transcribe([spoken("One"), spoken("400")], init=init)
        assert "sources[1] could not be transcribed" in caplog.text

    def test_it_is_raised_if_asked_for(self, transcribe: Transcribe, script: StandIn):
        with pytest.raises(openai.BadRequestError):
            transcribe([spoken("400"), spoken("One")], init={"api_base_url": script.url})

    def test_a_file_that_vanishes_is_a_failure(self, stand_in: StandIn, tmp_path: Path, monkeypatch):
        for name in ("a.mp3", "b.mp3"):
            (tmp_path / name).write_bytes(b"abc")
        opened, seen = Path.open, Counter()

        def open_path(path: Path, *args: Any) -> Any:
            seen[path.name] += 1
            if path.name == "a.mp3" and seen[path.name] % 2 == 0:  # not when its first bytes are read
                raise PermissionError(path)
            return opened(path, *args)

        monkeypatch.setattr(Path, "open", open_path)
        paths = [tmp_path / "a.mp3", tmp_path / "b.mp3"]
        result = OpenRouterTranscriber(api_base_url=stand_in.url).run(paths)
        assert [document.content is None for document in result["documents"]] == [True, False]
        with pytest.raises(PermissionError):
            OpenRouterTranscriber(api_base_url=stand_in.url, raise_on_failure=True).run(paths)

    @pytest.mark.parametrize("count", [1, 2])
    def test_it_is_raised_if_nothing_was_transcribed(self, transcribe: Transcribe, stand_in: StandIn, count):
        stand_in.script(*[Answer.error(503, "Busy")] * count)
        with pytest.raises(openai.InternalServerError, match="Busy"):
            transcribe([STREAM] * count, init={"raise_on_failure": False})

    @pytest.mark.parametrize("status", [401, 402, 403, 404])
    def test_what_every_later_one_would_meet_ends_the_run(
        self, transcribe: Transcribe, script: StandIn, status, caplog
    ):
        init = {"raise_on_failure": False, "concurrency": 1, "api_base_url": script.url}
        with pytest.raises(openai.APIStatusError, match=f"Error code: {status}"):
            transcribe([spoken(str(status)), spoken("Two")], init=init)
        assert len(script.requests) == 1
        result = transcribe([spoken("One"), spoken(str(status)), spoken("Three")], init=init)
        assert [document.content for document in result["documents"]] == ["One", None, None]
        assert result["meta"]["failed"] == 2
        assert len(script.requests) == 3
        assert "2 of 3 recordings were not transcribed, because" in caplog.text

    def test_three_failures_in_a_row_end_the_run(self, transcribe: Transcribe, script: StandIn):
        init = {"raise_on_failure": False, "concurrency": 1, "api_base_url": script.url}
        with pytest.raises(openai.InternalServerError):
            transcribe([spoken("500")] * 5, init=init)
        assert len(script.requests) == 3
        sources = [spoken(words) for words in ("500", "500", "One", "500", "500", "Two")]
        assert transcribe(sources, init=init)["meta"]["failed"] == 4

    def test_recordings_that_are_refused_end_no_run_that_works(self, transcribe: Transcribe, script: StandIn):
        init = {"raise_on_failure": False, "concurrency": 1, "api_base_url": script.url}
        with pytest.raises(openai.BadRequestError):
            transcribe([spoken("400")] * 5, init=init)
        assert len(script.requests) == 3
        sources = [spoken(words) for words in ("One", "400", "413", "400", "400", "Two")]
        documents = transcribe(sources, init=init)["documents"]
        assert [document.content for document in documents] == ["One", None, None, None, None, "Two"]

    def test_an_unknown_model_ends_the_run(self, transcribe: Transcribe, stand_in: StandIn):
        stand_in.script(Answer.error(400, "openai/whispr is not a valid model ID"))
        with pytest.raises(openai.BadRequestError, match="Check the model name"):
            transcribe([STREAM, STREAM], init={"raise_on_failure": False, "concurrency": 1})
        assert len(stand_in.requests) == 1

    def test_nothing_more_is_sent_after_the_end(self, stand_in: StandIn):
        stand_in.script(*[Answer.error(429, "Busy", headers={"retry-after": "0.2"})] * 2, Answer.error(401, "No"))
        transcriber = OpenRouterTranscriber(api_base_url=stand_in.url, concurrency=3, max_retries=5)
        with pytest.raises(openai.AuthenticationError):
            transcriber.run([STREAM] * 3)
        assert len(stand_in.requests) == 3

    def test_what_a_failure_cost_is_counted(self, transcribe: Transcribe, stand_in: StandIn):
        stand_in.script(answer(text=None, usage={"cost": 0.5}), answer("Two", 2, usage={"cost": 0.25}))
        result = transcribe([STREAM, STREAM], init={"raise_on_failure": False, "concurrency": 1})
        assert result["meta"]["usage"] == {"cost": 0.75}
        assert result["meta"]["ids"] == ["gen-stt-1", "gen-stt-2"]


class TestConcurrency:
    @pytest.mark.parametrize("concurrency", [1, 2, 4])
    def test_so_many_are_under_way(self, transcribe: Transcribe, concurrency):
        with Crowd(concurrency) as crowd:
            result = transcribe([STREAM] * 8, init={"concurrency": concurrency, "api_base_url": crowd.url})
        assert len(result["documents"]) == 8
        assert crowd.most == concurrency


class TestPipelines:
    def test_transcriber_embedder_store(self, stand_in: StandIn):
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        pipeline = Pipeline()
        pipeline.add_component("transcribe", OpenRouterTranscriber(api_base_url=stand_in.url))
        embedder = OpenRouterDocumentEmbedder(api_base_url=stand_in.url, progress_bar=False)
        pipeline.add_component("embed", embedder)
        pipeline.add_component("write", DocumentWriter(store))
        pipeline.connect("transcribe.documents", "embed.documents")
        pipeline.connect("embed.documents", "write.documents")
        sources = [spoken("The ferry leaves at nine"), spoken("Puffins nest on the cliffs")]
        result = pipeline.run({"transcribe": {"sources": sources}})
        assert result["write"]["documents_written"] == 2
        assert all(document.embedding for document in store.filter_documents())
        assert {document.content for document in store.filter_documents()} == {
            "The ferry leaves at nine",
            "Puffins nest on the cliffs",
        }

    def test_what_was_spoken(self, stand_in: StandIn):
        pipeline = Pipeline()
        pipeline.add_component("speak", OpenRouterSpeechSynthesizer(api_base_url=stand_in.url))
        pipeline.add_component("transcribe", OpenRouterTranscriber(api_base_url=stand_in.url))
        pipeline.connect("speak.audio", "transcribe.sources")
        result = pipeline.run({"speak": {"text": "Grüße an alle"}})
        assert result["transcribe"]["documents"][0].content == "Grüße an alle"

    def test_pcm_that_was_spoken(self, stand_in: StandIn):
        synthesizer = OpenRouterSpeechSynthesizer(api_base_url=stand_in.url)
        audio = synthesizer.run("Hello", generation_kwargs={"response_format": "pcm"})["audio"]
        OpenRouterTranscriber(api_base_url=stand_in.url).run(audio)
        assert stand_in.requests[1].body["input_audio"]["format"] == "wav"

    def test_wav_from_code(self, transcribe: Transcribe, stand_in: StandIn):
        assert transcribe([ByteStream(wav("Hi", 0.1), mime_type="audio/wav")])["documents"][0].content == "Hi"
