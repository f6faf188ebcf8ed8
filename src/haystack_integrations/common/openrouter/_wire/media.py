# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Media in OpenRouter's format: data URLs, media types, and names of audio formats.

What someone says of a file may be wrong, and may be an attack. The first bytes decide where they can (`true_type`).
"""

import io
import math
import re
import wave
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from haystack.dataclasses import ImageContent

_AUDIO_NAMES = {
    "aac": ("aac", "aacp", "mp4a-latm", "x-aac"),
    "aiff": ("aiff", "x-aiff"),
    "flac": ("flac", "x-flac"),
    "m4a": ("m4a", "mp4", "x-m4a"),
    "mp3": ("mp3", "mpeg", "mpeg3", "mpga", "x-mp3", "x-mpeg", "x-mpeg-3"),
    "ogg": ("ogg", "oga", "opus"),
    "pcm16": ("pcm16", "pcm", "l16"),
    "pcm24": ("pcm24", "l24"),
    "wav": ("wav", "wave", "x-wav", "vnd.wav", "vnd.wave"),
    "webm": ("webm", "weba", "x-webm"),
}
AUDIO_FORMATS = {name: sound_format for sound_format, names in _AUDIO_NAMES.items() for name in names}
"""OpenRouter's name of an audio format, by the subtype of its media type or the suffix of its files. Which of them an
endpoint takes differs."""

_SUBTYPES = {"mp3": "mpeg", "m4a": "mp4", "pcm16": "pcm", "pcm24": "pcm"}

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{,63}/[a-z0-9][a-z0-9!#$&^_.+-]{,63}")
# Gemini refuses the others.
_IMAGE_NAMES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}

FIRST_BYTES = 4096
"""So many bytes tell what a file is."""
_PIECE = 2**18
_FRAME_HEADER = 4  # bytes
_MOST_DIGITS = 10
_STARTS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    b"%PDF-": "application/pdf",
    b"ID3": "audio/mpeg",
    b"OggS": "audio/ogg",
    b"fLaC": "audio/flac",
    b"\x1aE\xdf\xa3": "video/webm",
}
# What files that are divided into chunks or boxes have in bytes 4 to 8, or in bytes 8 to 12.
_KINDS = {
    b"WEBP": "image/webp",
    b"WAVE": "audio/wav",
    b"AIFF": "audio/aiff",
    b"AIFC": "audio/aiff",
    b"avif": "image/avif",
    b"heic": "image/heic",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"ftyp": "video/mp4",
}
# They hold sound, pictures or both.
_CONTAINERS = ("audio/mp4", "audio/ogg", "video/mp4", "video/webm")
_MARKUP = {
    b"<svg": "image/svg+xml",
    **dict.fromkeys((b"<!doctype html", b"<html", b"<head", b"<title", b"<body"), "text/html"),
}
_MARKUP_TYPES = {"application/xml", *_MARKUP.values()}


def split_data_url(url: object) -> tuple[str | None, str] | None:
    """Split a data URL into its media type, if it has one, and its data as base64. None if it is not a data URL."""
    if not isinstance(url, str) or url[:5].lower() != "data:" or (comma := url.find(",")) < 0:
        return None
    media_type, *parameters = url[5:comma].split(";")
    data = url[comma + 1 :]  # megabytes, copied once
    if "base64" not in (parameter.strip().lower() for parameter in parameters):
        data = b64encode(unquote_to_bytes(data)).decode()
    return known_type(media_type), data.strip()


def image_part(image: ImageContent, where: str) -> dict[str, Any]:
    """Convert an image to an `image_url` part. One without data is sent by the link in `meta["url"]`."""
    if not image.base64_image and (link := linked(image.meta, f'{where}: meta["url"]')):
        return {"type": "image_url", "image_url": {"url": link, **({"detail": image.detail} if image.detail else {})}}
    media_type = true_type(image.mime_type, first_bytes(image.base64_image)) or "image/jpeg"
    if not media_type.startswith("image/"):
        msg = f"{where} is not an image: it has the media type {media_type}."
        raise ValueError(msg)
    url: dict[str, Any] = {"url": data_url(image.base64_image, media_type, where)}
    if image.detail:
        url["detail"] = image.detail
    return {"type": "image_url", "image_url": url}


def linked(more: Mapping[str, Any], argument: str) -> str | None:
    """Find the link to a file in what Haystack keeps beside its data. Raise if it is not an https URL."""
    link = more.get("url")
    if link is None:
        return None
    if isinstance(link, str) and re.fullmatch(r"https://[^\s/?#][^\s]*", link, re.IGNORECASE):
        return link
    msg = f"{argument} must be an https URL, such as 'https://example.com/a.pdf'."
    raise ValueError(msg)


def data_url(data: str, media_type: str, where: str) -> str:
    """Make a data URL. `where` says in an error which argument or part has no data."""
    if not data:
        msg = f"{where} has no data: give it a base64 string that is not empty."
        raise ValueError(msg)
    return f"data:{media_type};base64,{data}"


def known_type(name: object) -> str | None:
    """Read a media type, without its parameters. None if it does not have the form of one (`type/subtype`)."""
    plain = name.partition(";")[0].strip().lower() if isinstance(name, str) else ""
    return _IMAGE_NAMES.get(plain, plain) if _MEDIA_TYPE.fullmatch(plain) else None


def true_type(said: object, start: bytes) -> str | None:
    """Find the media type of a file in its first bytes, and if they don't tell, in what someone says it is."""
    known, found = known_type(said), _type_of(start)
    family, _, subtype = (known or "").partition("/")
    if family == "text" and found != "application/pdf" and start.isascii() and b"\0" not in start:
        return known  # words may begin like a file, such as "ID3"
    if found in _CONTAINERS and family in ("audio", "image", "video"):  # which of these, they don't tell
        return known if family == "image" else f"{family}/{found.partition('/')[2]}"
    if found is None and AUDIO_FORMATS.get(subtype) not in ("pcm16", "pcm24"):  # where any two bytes may come first
        found = _type_of_frame(start)
    is_source = family == "text" or (subtype.endswith("xml") and (family, found) != ("image", "text/html"))
    return known if found is None or (is_source and found in _MARKUP_TYPES) else found


def is_sound(media_type: str | None) -> bool:
    """Whether a file with this media type can hold sound."""
    return media_type is not None and media_type.startswith(("audio/", "video/"))


def sound_format(media_type: str | None) -> str | None:
    """Find OpenRouter's name of the format of a file with sound. None if there is none."""
    return AUDIO_FORMATS.get((media_type or "").partition("/")[2]) if is_sound(media_type) else None


def sound_type(name: str) -> str | None:
    """Find the media type of an audio format, by OpenRouter's name. None for what can't be one."""
    return known_type(f"audio/{_SUBTYPES.get(name, name)}")


def first_bytes(data: str) -> bytes:
    """Decode what `true_type` needs of base64."""
    beginning = "".join(data[: FIRST_BYTES * 4 // 3].split())
    try:
        return b64decode(beginning[: len(beginning) // 4 * 4])
    except ValueError:
        return b""


def is_base64(data: object) -> bool:
    """Whether a value is base64 of anything, without white space. It is decoded in pieces, because it may be large."""
    if not isinstance(data, str) or not data or data.find("=", 0, -2) >= 0:
        return False
    try:
        for start in range(0, len(data), _PIECE):
            b64decode(data[start : start + _PIECE], validate=True)
    except ValueError:
        return False
    return True


def _type_of(start: bytes) -> str | None:
    for sign, media_type in _STARTS.items():
        if start.startswith(sign):
            return media_type
    if start[:4] in (b"RIFF", b"FORM") or start[4:8] == b"ftyp":
        return _KINDS.get(start[8:12]) or _KINDS.get(start[4:8])
    markup = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not markup.startswith(b"<"):
        return None
    places = {place: media_type for sign, media_type in _MARKUP.items() if (place := markup.find(sign)) >= 0}
    if not places:
        return "application/xml" if markup.startswith(b"<?xml") else None
    return places[min(places)]


def _type_of_frame(start: bytes) -> str | None:
    """Find out whether a frame of AAC or MP3 comes first. Source: ISO/IEC 13818-7, 6.2, and 11172-3, 2.4.1.3."""
    header = f"{int.from_bytes(start[:_FRAME_HEADER]):032b}"
    if len(start) < _FRAME_HEADER or not header.startswith("1" * 11) or start[:2] == b"\xff\xfe":  # UTF-16 begins so
        return None
    version, layer, bit_rate, sampling = header[11:13], header[13:15], header[16:20], header[20:22]
    if version[0] == "1" and layer == "00":
        return "audio/aac"
    return "audio/mpeg" if layer != "00" and version != "01" and bit_rate != "1111" and sampling != "11" else None


HIGHEST_SAMPLE_RATE = 2**31 - 1
"""The header of a WAV file holds the bytes of a second, two for each sample, in four bytes."""
_MOST_CHANNELS = 2**15 - 1


def pcm_shape(content_type: str) -> dict[str, int]:
    """Read `sample_rate` and `channels` of pcm in its type, such as `audio/pcm;rate=24000;channels=1` (RFC 2586)."""
    pairs = (pair.partition("=") for pair in content_type.lower().split(";")[1:])
    said = {name.strip(): value.strip(' "') for name, _, value in pairs}
    return checked_shape({"sample_rate": said.get("rate"), "channels": said.get("channels")})


def checked_shape(shape: Mapping[str, Any]) -> dict[str, int]:
    """Keep `sample_rate` and `channels`, if a WAV file can have them."""
    counts = {name: _count(shape.get(name)) for name in ("sample_rate", "channels")}
    known = {name: count for name, count in counts.items() if count}
    fits = math.prod(known.values()) <= HIGHEST_SAMPLE_RATE and known.get("channels", 1) <= _MOST_CHANNELS
    return known if fits else {}


def wav_file(pcm: bytes, sample_rate: int, channels: int = 1) -> bytes:
    """Put a WAV header before 16-bit little-endian samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(pcm)
    return file.getvalue()


def _count(value: object) -> int:
    digits = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(digits) if digits.isdecimal() and len(digits) <= _MOST_DIGITS else 0
