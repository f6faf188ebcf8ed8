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

from haystack_integrations.common.openrouter._wire.media import (
    data_url,
    first_bytes,
    image_part,
    known_type,
    sound_format,
    true_type,
)

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
    said = known_type(file.mime_type) or mimetypes.guess_type(file.filename or "")[0] or "application/pdf"
    media_type = true_type(said, first_bytes(file.base64_data)) or said
    family, _, subtype = media_type.partition("/")
    url = data_url(file.base64_data, media_type, where)
    if family in ("image", "video"):
        return {"type": f"{family}_url", f"{family}_url": {"url": url}}
    if family != "audio":
        return {"type": "file", "file": {"filename": file.filename or f"file.{subtype}", "file_data": url}}
    name = sound_format(media_type)
    if name in (None, "webm"):  # browsers record WebM, which only the transcription endpoint takes
        msg = f"{where}: OpenRouter has no audio format for the media type {media_type}. Accepted: {_ACCEPTED}."
        raise ValueError(msg)
    return {"type": "input_audio", "input_audio": {"data": file.base64_data, "format": name}}
