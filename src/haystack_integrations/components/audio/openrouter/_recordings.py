# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A run over many recordings, and its sources: files, streams and URLs. All are checked before anything is sent.
"""

import base64
import copy
import hashlib
import io
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

import openai
from haystack import Document
from haystack.dataclasses import ByteStream

from haystack_integrations.common.openrouter._base.headers import is_url, shown_source
from haystack_integrations.common.openrouter._many.requests import ManyRequests
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import sendable, whole_json
from haystack_integrations.common.openrouter._wire.media import (
    AUDIO_FORMATS,
    FIRST_BYTES,
    checked_shape,
    known_type,
    pcm_shape,
    sound_format,
    true_type,
    wav_file,
)
from haystack_integrations.components.audio.openrouter._transcription_endpoint import (
    read_transcript,
    with_audio,
    with_encoded_audio,
)

# The transcription endpoint's names. Source: https://openrouter.ai/docs/api-reference and `STTInputAudio` in the
# OpenAPI document.
_FORMATS = {
    **{name: name for name in ("wav", "mp3", "flac", "m4a", "ogg", "webm", "aac")},
    "pcm16": "pcm",
}
_ACCEPTED = f"{', '.join(_FORMATS.values())} (16-bit little-endian, mono, 16 kHz)"
# Meta fields in which streams keep the name of their file.
_NAME_FIELDS = ("file_path", "file_name")


@dataclass(frozen=True)
class Source:
    """
    One recording.

    :param number: Its position in `sources`.
    :param audio: A path, the bytes, or a URL.
    :param audio_format: OpenRouter's name of the format, or None if only the provider can find out.
    :param meta: The meta of its document.
    :param shape: `sample_rate` and perhaps `channels` of pcm, if they are known.
    """

    number: int
    audio: Path | bytes | str
    audio_format: str | None
    meta: dict[str, Any]
    shape: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Name the source, for a log."""
        name = next((self.meta[field] for field in ("url", *_NAME_FIELDS) if self.meta.get(field)), None)
        return f"sources[{self.number}]" if name is None else f"sources[{self.number}] ({shown_source(name)})"

    def added_to(self, request: dict[str, Any], *, encoded: bool) -> dict[str, Any]:
        """
        Add the recording to a request. A file that can't be read is an OSError.

        :param encoded: Whether the body may be encoded here: the openai SDK would copy it several times.
        """
        if isinstance(self.audio, str):
            named = {"format": self.audio_format} if self.audio_format else {}
            return with_audio(request, {"url": self.audio, **named})
        sent_format = "wav" if self.shape else self.audio_format
        if encoded:
            with suppress(TypeError, ValueError), self._opened(self.audio) as file:
                return with_encoded_audio(request, file, sent_format)
        with self._opened(self.audio) as file:
            data = base64.b64encode(file.read()).decode()
        return with_audio(request, {"data": data, "format": sent_format})

    def _opened(self, audio: Path | bytes) -> IO[bytes]:
        if self.shape:  # bare pcm counts as 16 kHz, mono
            return io.BytesIO(wav_file(audio.read_bytes() if isinstance(audio, Path) else audio, **self.shape))
        return audio.open("rb") if isinstance(audio, Path) else io.BytesIO(audio)

    def without_transcript(self) -> Document:
        """Make the document of a recording that failed. Its id is its own, even if its meta is like another's."""
        audio = self.audio if isinstance(self.audio, bytes) else str(self.audio).encode(errors="surrogatepass")
        key = hashlib.sha256(f"{self.number}".encode())
        key.update(audio)
        return Document(id=key.hexdigest(), meta=self.meta)


def checked_sources(sources: Any) -> list[Source]:
    """
    Check the sources of a transcriber.

    :param sources: Paths, URLs (`http://` or `https://`) and ByteStreams.
    :returns: A source for each, in the same order.
    :raises TypeError: If one of them is something else.
    :raises FileNotFoundError: If there is no such file.
    :raises ValueError: If one of them is empty or has a format that OpenRouter does not take.
    """
    checks.instance(sources, "`sources`", list | tuple, "a list of paths, URLs and ByteStreams")
    return [_checked(source, number) for number, source in enumerate(sources)]


def _checked(source: Any, number: int) -> Source:
    where = f"`sources[{number}]`"
    if isinstance(source, ByteStream):
        return _from_stream(source, number, where)
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        return _from_url(source, number, where)
    checks.instance(source, where, str | Path, "a path, a URL or a ByteStream")
    if is_url(source):
        msg = f"{where} is a URL that is not a string with http:// or https:// at its start: {shown_source(source)!r}."
        raise ValueError(msg)
    return _from_file(Path(source), number, where)


def _from_url(url: str, number: int, where: str) -> Source:
    try:
        path = urlsplit(url).path
    except ValueError:  # it quotes the URL, which may hold a password
        msg = f"{where} begins like a URL, and can't be read as one."
        raise ValueError(msg) from None
    return Source(number, url, _format_of(_suffix_format(path), b""), {"url": sendable(url)})


def _from_stream(stream: ByteStream, number: int, where: str) -> Source:
    checks.instance(stream.data, f"{where}: the data of a ByteStream", bytes | bytearray, "bytes")
    if not stream.data:
        msg = f"{where} has no data."
        raise ValueError(msg)
    said = [_suffix_format(str(stream.meta[field])) for field in _NAME_FIELDS if stream.meta.get(field)]
    said.insert(0, AUDIO_FORMATS.get((known_type(stream.mime_type) or "").partition("/")[2]))
    audio_format = _format_of(next((name for name in said if name in _FORMATS), None), bytes(stream.data[:FIRST_BYTES]))
    if audio_format is None:
        told = f"the MIME type {checks.shown(stream.mime_type)}" if stream.mime_type else "no MIME type"
        msg = (
            f"{where} has {told}, so it has no accepted audio format, or its first bytes are those of something else. "
            f"Accepted: {_ACCEPTED}. Set the stream's `mime_type`, for example to 'audio/mpeg'."
        )
        raise ValueError(msg)
    shape = {**pcm_shape(stream.mime_type or ""), **checked_shape(stream.meta)} if audio_format == "pcm" else {}
    shape = checked_shape(shape) if "sample_rate" in shape else {}
    return Source(number, bytes(stream.data), audio_format, whole_json(copy.deepcopy(stream.meta)), shape)


def _from_file(path: Path, number: int, where: str) -> Source:
    start = _start_of(path, where)
    audio_format = _format_of(_suffix_format(path.name), start)
    if audio_format is None:
        msg = (
            f"{where}: the suffix of {checks.shown(str(path))} does not name an audio format that can be transcribed, "
            f"or its first bytes are those of something else. Accepted: {_ACCEPTED}. For a file of another name, pass "
            "a ByteStream with its `mime_type`."
        )
        raise ValueError(msg)
    return Source(number, path, audio_format, {"file_path": sendable(str(path))})


def _start_of(path: Path, where: str) -> bytes:
    try:
        if is_something_else := path.exists() and not path.is_file():
            start = b""
        else:
            with path.open("rb") as file:
                start = file.read(FIRST_BYTES)
    except PermissionError as error:
        msg = f"{where}: {checks.shown(str(path))} can't be read: {error.strerror}."
        raise PermissionError(msg) from None
    except (OSError, ValueError):  # the name may be too long, or have characters that no name has
        msg = f"{where}: there is no file {checks.shown(str(path))}."
        raise FileNotFoundError(msg) from None
    if not start:
        msg = f"{where}: {checks.shown(str(path))} is {'not a file' if is_something_else else 'empty'}."
        raise ValueError(msg)
    return start


def _suffix_format(name: str) -> str | None:
    return AUDIO_FORMATS.get(PurePosixPath(name).suffix[1:].lower())


def _format_of(said: str | None, start: bytes) -> str | None:
    """Find the transcription endpoint's name of a format, by OpenRouter's name for it and the first bytes."""
    return _FORMATS.get(sound_format(true_type(said and f"audio/{said}", start)) or "")


class Recordings(ManyRequests[Source, Document]):
    """
    The recordings of one run, a document for each, and the ids of the generations.
    """

    _inputs = "recordings"
    _done = "transcribed"
    _expected = (openai.APIError, OSError)  # files are read when they are sent

    def __init__(self, sources: list[Source], *, model: str, raise_on_failure: bool) -> None:
        super().__init__(sources, len(sources), model=model, raise_on_failure=raise_on_failure)
        self._sources = sources
        self._ids: list[str | None] = [None] * len(sources)

    def __len__(self) -> int:
        return len(self._sources)

    def take(self, source: Source, response: Any) -> None:
        """Take the transcript of a source. If it can't be used, an `openai.APIError` is raised."""
        document, meta = read_transcript(response, source.meta, self._model)
        with self._lock:
            self._results[source.number] = document
            self._ids[source.number] = meta["id"]
            self._usages.append(meta["usage"])
            self._failed_in_a_row = 0

    def result(self) -> dict[str, Any]:
        """Make the result of the run: `documents`, one for each source, and `meta`."""
        pairs = zip(self._sources, self._results, strict=True)
        documents = [document or source.without_transcript() for source, document in pairs]
        return {"documents": documents, "meta": self._meta(ids=self._ids)}

    def _take_failure(self, source: Source, error: Exception, refused: bool) -> None:
        self._ids[source.number] = getattr(error, "generation_id", None)
        self._failed(error, refused, "{source} could not be transcribed: {error}", source=str(source))
