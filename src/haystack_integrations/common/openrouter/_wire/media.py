# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Media in OpenRouter's format: data URLs and names of audio formats.
"""

import io
import wave
from base64 import b64encode
from typing import Any
from urllib.parse import unquote_to_bytes

from haystack.dataclasses import ImageContent

_AUDIO_NAMES = {
    "aac": ("aac",),
    "aiff": ("aiff", "x-aiff"),
    "flac": ("flac", "x-flac"),
    "m4a": ("m4a", "mp4", "x-m4a"),
    "mp3": ("mp3", "mpeg", "mpga"),
    "ogg": ("ogg", "oga", "opus"),
    "pcm16": ("pcm16", "pcm", "l16"),
    "pcm24": ("pcm24", "l24"),
    "wav": ("wav", "wave", "x-wav", "vnd.wave"),
    "webm": ("webm",),
}
AUDIO_FORMATS = {name: audio_format for audio_format, names in _AUDIO_NAMES.items() for name in names}
"""OpenRouter's name of an audio format, by the subtype of its media type or the suffix of its files. Which of them an
endpoint takes differs."""

_IMAGE_STARTS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


def split_data_url(url: object) -> tuple[str | None, str] | None:
    """Split a data URL into its media type, if it has one, and its data as base64. None if it is not a data URL."""
    if not isinstance(url, str) or url[:5].lower() != "data:" or "," not in url:
        return None
    header, _, data = url[5:].partition(",")
    media_type, *parameters = header.split(";")
    if "base64" not in (parameter.strip().lower() for parameter in parameters):
        data = b64encode(unquote_to_bytes(data)).decode()
    return media_type.strip() or None, data.strip()


def image_part(image: ImageContent, where: str) -> dict[str, Any]:
    """Convert an image to an `image_url` part."""
    url: dict[str, Any] = {"url": data_url(image.base64_image, image.mime_type or "image/jpeg", where)}
    if image.detail:
        url["detail"] = image.detail
    return {"type": "image_url", "image_url": url}


def data_url(data: str, media_type: str, where: str) -> str:
    """Make a data URL. `where` says in an error which argument or part has no data."""
    if not data:
        msg = f"{where} has no data: give it a base64 string that is not empty."
        raise ValueError(msg)
    return f"data:{media_type};base64,{data}"


def image_type(data: bytes) -> str | None:
    """Find the media type of a PNG, JPEG, WebP, GIF or SVG image from its first 4,000 bytes. None for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    for start, media_type in _IMAGE_STARTS.items():
        if data.startswith(start):
            return media_type
    markup = data[:4000].removeprefix(b"\xef\xbb\xbf").lstrip()
    return "image/svg+xml" if markup.startswith(b"<") and b"<svg" in markup else None


def wav_file(pcm: bytes, sample_rate: int) -> bytes:
    """Put a WAV header before 16-bit little-endian samples, mono."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(pcm)
    return file.getvalue()
