# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns Haystack's text, images and files into the content parts that OpenRouter takes.

Source: `ChatContentItems` in OpenRouter's OpenAPI document.
"""

from __future__ import annotations

import mimetypes
from typing import Any

from haystack.dataclasses import FileContent, ImageContent, TextContent

AUDIO_FORMATS = {
    "aac": "aac",
    "aiff": "aiff",
    "x-aiff": "aiff",
    "flac": "flac",
    "x-flac": "flac",
    "m4a": "m4a",
    "mp4": "m4a",
    "x-m4a": "m4a",
    "mp3": "mp3",
    "mpeg": "mp3",
    "ogg": "ogg",
    "pcm": "pcm16",
    "l16": "pcm16",
    "pcm16": "pcm16",
    "l24": "pcm24",
    "pcm24": "pcm24",
    "wav": "wav",
    "wave": "wav",
    "x-wav": "wav",
    "vnd.wave": "wav",
}
"""OpenRouter's name of an audio format, by the subtype of its media type."""

_ACCEPTED = (
    "text, images (any image/*), audio (audio/wav, mpeg, flac, mp4, ogg, aiff, aac, L16, L24), video (any video/*) "
    "and files (application/pdf and others)"
)


def content_part(part: object, where: str) -> dict[str, Any]:
    """
    Convert a Haystack content part to the part that OpenRouter takes.

    :param part: A `TextContent`, `ImageContent` or `FileContent`.
    :param where: Which part of which message it is, for the error.
    :returns: The part in wire format.
    :raises ValueError: If it has no data, or OpenRouter takes no such part.
    """
    if isinstance(part, TextContent):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImageContent):
        return image_part(part, where)
    if isinstance(part, FileContent):
        return _file_part(part, where)
    msg = f"{where} is a {type(part).__name__}, which can't be sent here. Accepted: {_ACCEPTED}."
    raise ValueError(msg)


def image_part(image: ImageContent, where: str) -> dict[str, Any]:
    """
    Convert an image to an `image_url` part.

    :param image: The image.
    :param where: Which part of which message it is, for the error.
    :returns: The part in wire format.
    :raises ValueError: If the image has no data.
    """
    url: dict[str, Any] = {"url": _data_url(image.base64_image, image.mime_type or "image/jpeg", where)}
    if image.detail:
        url["detail"] = image.detail
    return {"type": "image_url", "image_url": url}


def _file_part(file: FileContent, where: str) -> dict[str, Any]:
    media_type = (file.mime_type or mimetypes.guess_type(file.filename or "")[0] or "application/pdf").lower()
    family, _, subtype = media_type.partition(";")[0].strip().partition("/")
    if family == "audio":
        return {"type": "input_audio", "input_audio": _audio(file, subtype, where)}
    url = _data_url(file.base64_data, media_type, where)
    if family == "video":
        return {"type": "video_url", "video_url": {"url": url}}
    if family == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": file.filename or f"file.{subtype}", "file_data": url}}


def _audio(file: FileContent, subtype: str, where: str) -> dict[str, str]:
    if subtype not in AUDIO_FORMATS:
        msg = f"{where}: OpenRouter has no audio format for the media type {file.mime_type}. Accepted: {_ACCEPTED}."
        raise ValueError(msg)
    if not file.base64_data:
        raise ValueError(_no_data(where))
    return {"data": file.base64_data, "format": AUDIO_FORMATS[subtype]}


def _data_url(data: str, media_type: str, where: str) -> str:
    if not data:
        raise ValueError(_no_data(where))
    return f"data:{media_type};base64,{data}"


def _no_data(where: str) -> str:
    return f"{where} has no data: give it a base64 string that is not empty. Accepted: {_ACCEPTED}."
