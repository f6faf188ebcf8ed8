# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What a file is: its first bytes say so, or someone who may be wrong, or nobody. In each direction, for each component.

Sources of the first bytes: the standards of the formats; those of recordings are what browsers' `MediaRecorder` writes.
"""

import base64
import re
from pathlib import Path
from typing import Any

import openai
import pytest
from haystack.dataclasses import ByteStream, ChatMessage, FileContent, ImageContent
from hypothesis import given
from hypothesis import strategies as st
from modes import Mode
from stand_in import Answer, StandIn
from strategies import FAST
from wire import answer

from haystack_integrations.common.openrouter._wire.media import (
    FIRST_BYTES,
    first_bytes,
    known_type,
    split_data_url,
    true_type,
)
from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer, OpenRouterTranscriber
from haystack_integrations.components.generators.openrouter import OpenRouterImageGenerator

IMAGES = {
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "image/tiff": b"II*\0\x08\0\0\0",
    "image/avif": b"\0\0\0\x20ftypavif",
    "image/svg+xml": b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg">',
}
SOUNDS = {
    "audio/wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "audio/mpeg": b"ID3\x04\0\0",
    "audio/ogg": b"OggS\0\x02",
    "audio/flac": b"fLaC\0\0\0\x22",
    "audio/mp4": b"\0\0\0\x20ftypM4A \0\0\0\0",
    "audio/webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01",
    "audio/aac": b"\xff\xf1P\x80\x02\x1f",
    "audio/aiff": b"FORM\0\0\0\0AIFFCOMM",
}
MP3_FRAME, MP4 = b"\xff\xfb\x90\x64\0", b"\0\0\0\x18ftypisom\0\0\x02\0"
WEB_PAGES = [b"<!DOCTYPE html><svg>", b" \r\n<HTML><body>", b"<head><title>502</title>", b"<title>Log in</title>"]
NO_TYPES = [
    "image/../../../tmp/x", "image/..", "../image/png", "image\\png", "image/", "/png", "image", "", " ", "image/png/x",
    "image/p ng", "image/pn\ng", "image/\u202egnp", "ïmage/png", "image/%2e%2e", "a" * 70 + "/b", "image/\ud83d", 5, None,
]  # fmt: skip
TYPES = {**IMAGES, **SOUNDS, "application/pdf": b"%PDF-1.7"}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


class TestTypes:
    @pytest.mark.parametrize("said", NO_TYPES)
    def test_what_is_none(self, said: object):
        assert known_type(said) is None
        assert split_data_url(f"data:{said};base64,QUJD") in (None, (None, "QUJD"))

    @FAST
    @given(st.text() | st.from_regex(r"image/[./\\a-z]*", fullmatch=True))
    def test_it_never_is_a_path(self, said: str):
        media_type = known_type(said)
        assert media_type is None or re.fullmatch(r"[a-z0-9][^/\\\s]*/[a-z0-9][^/\\\s]*", media_type)

    @pytest.mark.parametrize(
        ("said", "known"),
        [("image/JPG", "image/jpeg"), ("image/x-png", "image/png"), (" Audio/PCM;rate=24000", "audio/pcm")],
    )
    def test_one_spelling(self, said: str, known: str):
        assert known_type(said) == known

    @pytest.mark.parametrize("said", [None, "image/png", "audio/wav", "application/octet-stream", "image/../x"])
    @pytest.mark.parametrize("media_type", TYPES)
    def test_the_first_bytes_decide(self, said: str | None, media_type: str):
        found = true_type(said, TYPES[media_type])
        assert found == media_type or (found, media_type) == ("video/webm", "audio/webm") or said == "image/png"
        if not media_type.endswith(("ogg", "webm", "mp4")):  # of which there are images, too
            assert found == media_type

    @pytest.mark.parametrize(
        ("said", "data", "media_type"),
        [
            ("audio/wav", MP4, "audio/mp4"),
            ("video/quicktime", MP4, "video/mp4"),
            ("image/heif", MP4, "image/heif"),
            (None, MP4, "video/mp4"),
            ("video/webm", SOUNDS["audio/webm"], "video/webm"),
            ("audio/wav", MP3_FRAME, "audio/mpeg"),
            ("audio/pcm", MP3_FRAME, "audio/pcm"),  # samples may be any bytes
            ("audio/L16", SOUNDS["audio/wav"], "audio/wav"),
            ("audio/pcm", b"", "audio/pcm"),
            ("audio/mpeg", b"\xff\xfb", "audio/mpeg"),
            *(
                (None, frame, None)
                for frame in (b"\xff\xff\xff\xff", b"\xff\xe1\x90\0", b"\xff\xea\x90\0", b"\xff\xfb\x9c\0")
            ),
            ("text/plain", IMAGES["image/svg+xml"], "text/plain"),
            ("application/xhtml+xml", b"<?xml?><html>", "application/xhtml+xml"),
            ("image/svg+xml", b'<?xml version="1.0"?>' + b" " * 5000, "image/svg+xml"),
            ("image/png", b"<?xml version='1.0'?><Error>", "application/xml"),
            ("image/svg+xml", WEB_PAGES[0], "text/html"),
            ("image/png", b"root:x:0:0:", "image/png"),
            ("image/png", b"a < b", "image/png"),
        ],
    )
    def test_where_they_tell_not_all(self, said: str | None, data: bytes, media_type: str | None):
        assert true_type(said, data) == media_type

    @pytest.mark.parametrize("page", WEB_PAGES)
    @pytest.mark.parametrize("said", ["image/png", "audio/mpeg", None])
    def test_a_web_page(self, said: str | None, page: bytes):
        assert true_type(said, page) == "text/html"

    @FAST
    @given(st.binary(max_size=60), st.integers(0, 80))
    def test_the_first_bytes_of_base64(self, data: bytes, cut: int):
        text = encoded(data)
        assert data.startswith(first_bytes(text))
        assert len(first_bytes(text[:cut])) >= len(text[:cut]) // 4 * 3 - 2
        assert first_bytes("\n".join(text)) == first_bytes(text)

    @pytest.mark.parametrize("text", ["", "=", "é", "\ud83d", "====", "!!!!"])
    def test_what_is_no_base64(self, text: str):
        assert first_bytes(text) == b""

    def test_no_more_of_a_large_file_is_decoded(self):
        assert len(first_bytes("A" * 1_000_000)) <= FIRST_BYTES


class TestWhatGoesOut:
    @pytest.mark.parametrize("said", ["image/jpg", "image/png", "image/webp"])
    def test_an_image_in_a_chat(self, sync: Mode, stand_in: StandIn, said: str, tmp_path: Path):
        data = encoded(IMAGES["image/jpeg"])
        path = tmp_path / "photo.png"
        path.write_bytes(IMAGES["image/jpeg"])
        parts = [
            ImageContent(data, said, validation=False),
            ImageContent.from_file_path(path),
            FileContent(data, said),
            FileContent.from_file_path(path),
            FileContent(data, "application/octet-stream", filename="photo.png"),
            FileContent(data, "image/../../x", filename="photo.pdf"),
        ]
        before = [part.to_dict() for part in parts]
        sync([ChatMessage.from_user(content_parts=parts)])
        (message,) = stand_in.requests[0].body["messages"]
        url = {"url": f"data:image/jpeg;base64,{data}"}
        assert message["content"] == [{"type": "image_url", "image_url": url}] * len(parts)
        assert [part.to_dict() for part in parts] == before

    @pytest.mark.parametrize(
        ("said", "data", "kind", "shape"),
        [
            ("audio/wav", SOUNDS["audio/mpeg"], "input_audio", "mp3"),
            ("audio/mpeg", SOUNDS["audio/wav"], "input_audio", "wav"),
            ("audio/wav", MP4, "input_audio", "m4a"),
            ("application/octet-stream", SOUNDS["audio/flac"], "input_audio", "flac"),
            ("audio/x-aac", b"abc", "input_audio", "aac"),
            ("audio/mp4a-latm", b"abc", "input_audio", "aac"),
            ("audio/mpeg3", b"abc", "input_audio", "mp3"),
            ("image/png", b"%PDF-1.7", "file", "data:application/pdf;base64,"),
            ("text/html", WEB_PAGES[0], "file", "data:text/html;base64,"),
            ("text/plain", b"<svg>", "file", "data:text/plain;base64,"),
        ],
    )
    def test_a_file_in_a_chat(self, sync: Mode, stand_in: StandIn, said: str, data: bytes, kind: str, shape: str):
        sync([ChatMessage.from_user(content_parts=[FileContent(encoded(data), said, filename="a.bin")])])
        (part,) = stand_in.requests[0].body["messages"][0]["content"]
        assert part["type"] == kind
        assert shape == part[kind].get("format") or part[kind].get("file_data", "").startswith(shape)

    @pytest.mark.parametrize("data", [WEB_PAGES[0], b"%PDF-1.7"])
    def test_what_is_no_image(self, sync: Mode, stand_in: StandIn, data: bytes):
        image = ImageContent(encoded(data), "image/png")
        with pytest.raises(ValueError, match=r"messages\[0\], part 0 is not an image: it has the media type"):
            sync([ChatMessage.from_user(content_parts=[image])])
        with pytest.raises(ValueError, match=r"`images\[0\]` is not an image"):
            OpenRouterImageGenerator(api_base_url=stand_in.url).run("A cat", [image])
        assert not stand_in.requests

    @pytest.mark.parametrize("said", ["wav", "pcm", "txt"])
    @pytest.mark.parametrize(
        ("media_type", "name"),
        [("webm", "webm"), ("ogg", "ogg"), ("mpeg", "mp3"), ("mp4", "m4a"), ("flac", "flac"), ("wav", "wav")],
    )
    def test_a_recording(self, stand_in: StandIn, tmp_path: Path, said: str, media_type: str, name: str):
        data, path = SOUNDS[f"audio/{media_type}"], tmp_path / f"recording.{said}"
        path.write_bytes(data)
        streams = [
            ByteStream(data, mime_type=f"audio/{said}"),
            ByteStream(data, meta={"file_name": path.name}),
            ByteStream(data),
            ByteStream(data, mime_type="image/../../x"),
        ]
        OpenRouterTranscriber(api_base_url=stand_in.url).run([path, str(path), *streams])
        sent = [request.body["input_audio"] for request in stand_in.requests]
        assert sent == [{"data": encoded(data), "format": name}] * 6

    @pytest.mark.parametrize(
        ("said", "name"),
        [
            *((f"audio/{alias}", "aac") for alias in ("x-aac", "aacp", "mp4a-latm")),
            *((f"audio/{alias}", "mp3") for alias in ("mpeg3", "x-mp3")),
            ("audio/weba", "webm"),
        ],
    )
    def test_other_names_of_a_format(self, stand_in: StandIn, said: str, name: str):
        OpenRouterTranscriber(api_base_url=stand_in.url).run([ByteStream(b"abc", mime_type=said)])
        assert stand_in.requests[0].body["input_audio"]["format"] == name

    def test_a_suffix_of_a_browser(self, stand_in: StandIn, tmp_path: Path):
        (tmp_path / "note.weba").write_bytes(b"abc")
        OpenRouterTranscriber(api_base_url=stand_in.url).run([tmp_path / "note.weba"])
        assert stand_in.requests[0].body["input_audio"]["format"] == "webm"

    @pytest.mark.parametrize("data", [WEB_PAGES[0], IMAGES["image/png"], SOUNDS["audio/aiff"]])
    def test_what_is_no_recording(self, stand_in: StandIn, tmp_path: Path, data: bytes):
        path = tmp_path / "note.wav"
        path.write_bytes(data)
        for source in (path, ByteStream(data, mime_type="audio/wav")):
            with pytest.raises(ValueError, match=r"`sources\[0\]`.*first bytes are those of something else"):
                OpenRouterTranscriber(api_base_url=stand_in.url).run([source])
        assert not stand_in.requests


class TestWhatComesIn:
    def test_images_of_a_reply(self, pair: Mode, stand_in: StandIn):
        jpeg, new, page = (encoded(data) for data in (IMAGES["image/jpeg"], b"of tomorrow", WEB_PAGES[0]))
        urls = [
            f"data:image/png;base64,{jpeg}",
            f"data:image/../../../tmp/x;base64,{new}",
            f"data:image/jxl;q=1;base64,{new}",
            f"data:;base64,{new}",
            f"data:image/png;base64,{page}",
        ]
        sent = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        stand_in.script(answer(pair, {"content": None, "images": sent}))
        reply = pair()
        assert [image.mime_type for image in reply.images] == ["image/jpeg", None, "image/jxl", None]
        assert [(file.mime_type, file.filename, file.base64_data) for file in reply.files] == [
            ("text/html", None, page)
        ]
        assert ChatMessage.from_dict(reply.to_dict()) == reply
        pair([ChatMessage.from_user("hi"), reply, ChatMessage.from_user("Go on")])
        types = [
            image["image_url"]["url"].partition(";")[0] for image in stand_in.requests[1].body["messages"][1]["images"]
        ]
        assert types == ["data:image/jpeg", "data:image/jpeg", "data:image/jxl", "data:image/jpeg"]

    @pytest.mark.parametrize(
        ("asked", "data", "media_type", "filename"),
        [
            ("wav", SOUNDS["audio/mpeg"], "audio/mpeg", "audio.mp3"),
            ("mp3", SOUNDS["audio/wav"], "audio/wav", "audio.wav"),
            ("wav", SOUNDS["audio/webm"], "audio/webm", "audio.webm"),
            ("pcm16", MP3_FRAME, "audio/pcm", "audio.pcm16"),
            ("wav", WEB_PAGES[0], "text/html", None),
            ("../../x", b"abc", "audio/wav", "audio.wav"),
            ("../../x", SOUNDS["audio/mpeg"], "audio/mpeg", "audio.mp3"),
            ("WAV", b"abc", "audio/wav", "audio.wav"),
        ],
    )
    def test_audio_of_a_reply(self, pair: Mode, stand_in: StandIn, asked, data, media_type, filename):
        stand_in.script(answer(pair, {"content": None, "audio": {"data": encoded(data)}}))
        (file,) = pair(run={"audio": {"format": asked, "voice": "x"}}).files
        assert (file.mime_type, file.filename) == (media_type, filename)

    @pytest.mark.parametrize(
        ("content_type", "data", "media_type"),
        [
            ("audio/mpeg", SOUNDS["audio/wav"], "audio/wav"),
            ("audio/wav", SOUNDS["audio/mpeg"], "audio/mpeg"),
            ("application/octet-stream", SOUNDS["audio/ogg"], "audio/ogg"),
            ("audio/mpeg", MP4, "audio/mp4"),
            ("audio/../../../tmp/x", b"abc", "audio/mpeg"),
            ("audio/", b"abc", "audio/mpeg"),
            ("audio/of-tomorrow", b"abc", "audio/of-tomorrow"),
        ],
    )
    def test_speech(self, stand_in: StandIn, content_type: str, data: bytes, media_type: str):
        stand_in.script(Answer.raw(data, content_type))
        (audio,) = OpenRouterSpeechSynthesizer(api_base_url=stand_in.url).run("Hello")["audio"]
        assert (audio.mime_type, audio.data) == (media_type, data)

    @pytest.mark.parametrize("asked", ["../../x", "\n", "a/b", 5])
    def test_a_format_that_is_none(self, stand_in: StandIn, asked: Any):
        stand_in.script(Answer.raw(b"abc", "application/octet-stream"))
        synthesizer = OpenRouterSpeechSynthesizer(api_base_url=stand_in.url)
        (audio,) = synthesizer.run("Hello", generation_kwargs={"response_format": asked})["audio"]
        assert audio.mime_type in (None, "audio/5")

    @pytest.mark.parametrize("data", [WEB_PAGES[0], WEB_PAGES[3], IMAGES["image/png"]])
    @pytest.mark.parametrize("content_type", ["audio/mpeg", "application/octet-stream"])
    def test_what_is_no_speech(self, stand_in: StandIn, data: bytes, content_type: str):
        stand_in.script(Answer.raw(data, content_type))
        kind = openai.NotFoundError if b"<!DOCTYPE html" in data else openai.InternalServerError
        with pytest.raises(kind):
            OpenRouterSpeechSynthesizer(api_base_url=stand_in.url, max_retries=0).run("Hello")

    @pytest.mark.parametrize("start", [SOUNDS["audio/wav"], SOUNDS["audio/mpeg"]])
    def test_what_is_called_pcm_and_is_none_is_not_wrapped(self, stand_in: StandIn, start: bytes):
        stand_in.script(Answer.raw(start, "audio/pcm"))
        (audio,) = OpenRouterSpeechSynthesizer(api_base_url=stand_in.url, sample_rate=24000).run("Hello")["audio"]
        assert audio.data == start
