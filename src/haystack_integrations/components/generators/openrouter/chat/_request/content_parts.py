# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns Haystack's text, images and files into the content parts that OpenRouter takes.

Source: `ChatContentItems` in OpenRouter's OpenAPI document.
"""

import mimetypes
from typing import Any

from haystack.dataclasses import FileContent, ImageContent, TextContent

from haystack_integrations.common.openrouter._wire.media import AUDIO_FORMATS, data_url, image_part

# Browsers record WebM, which only the transcription endpoint takes.
_CHAT_FORMATS = set(AUDIO_FORMATS.values()) - {"webm"}

_ACCEPTED = (
    "text, images (any image/*), audio (audio/wav, mpeg, flac, mp4, ogg, aiff, aac, L16, L24), video (any video/*) "
    "and files (application/pdf and others)"
)


def content_part(part: object, where: str) -> dict[str, Any]:
    """Convert a Haystack content part to the part that OpenRouter takes."""
    if isinstance(part, TextContent):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImageContent):
        return image_part(part, where)
    if isinstance(part, FileContent):
        return _file_part(part, where)
    msg = f"{where} is a {type(part).__name__}, which can't be sent here. Accepted: {_ACCEPTED}."
    raise ValueError(msg)


def _file_part(file: FileContent, where: str) -> dict[str, Any]:
    media_type = (file.mime_type or mimetypes.guess_type(file.filename or "")[0] or "application/pdf").lower()
    family, _, subtype = media_type.partition(";")[0].strip().partition("/")
    if family == "audio":
        return {"type": "input_audio", "input_audio": _audio(file, subtype, where)}
    url = data_url(file.base64_data, media_type, where)
    if family == "video":
        return {"type": "video_url", "video_url": {"url": url}}
    if family == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": file.filename or f"file.{subtype}", "file_data": url}}


def _audio(file: FileContent, subtype: str, where: str) -> dict[str, Any]:
    name = AUDIO_FORMATS.get(subtype)
    if name not in _CHAT_FORMATS:
        msg = f"{where}: OpenRouter has no audio format for the media type {file.mime_type}. Accepted: {_ACCEPTED}."
        raise ValueError(msg)
    if not file.base64_data:
        msg = f"{where} has no data: give it a base64 string that is not empty."
        raise ValueError(msg)
    return {"data": file.base64_data, "format": name}
