# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Turns Haystack's text, images and files into the content parts that OpenRouter takes.

Source: `ChatContentItems` in OpenRouter's OpenAPI document.
"""

import mimetypes
from collections.abc import Sequence
from typing import Any

from haystack.dataclasses import FileContent, ImageContent, TextContent

from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.media import (
    data_url,
    first_bytes,
    image_part,
    known_type,
    linked,
    sound_format,
    true_type,
)

_ACCEPTED = (
    "text, images (any image/*), audio (audio/wav, mpeg, flac, mp4, ogg, aiff, aac, L16, L24), video (any video/*) "
    "and files (application/pdf and others)"
)


def content_parts(parts: Sequence[object], where: str) -> list[dict[str, Any]]:
    """Convert Haystack's content parts to those that OpenRouter takes. Providers refuse empty texts beside others."""
    wired = [_content_part(part, f"{where} {number}") for number, part in enumerate(parts)]
    return [part for part in wired if part.get("text") != ""] or wired


def _content_part(part: object, where: str) -> dict[str, Any]:
    if isinstance(part, TextContent):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImageContent):
        return _marked(image_part(part, where), part.meta, f"{where}: meta")
    if isinstance(part, FileContent):
        return _marked(_file_part(part, where), part.extra, f"{where}: extra")
    msg = f"{where} is a {type(part).__name__}, which can't be sent here. Accepted: {_ACCEPTED}."
    raise ValueError(msg)


def _marked(wire: dict[str, Any], more: dict[str, Any], where: str) -> dict[str, Any]:
    mark = more.get("cache_control")
    return wire if mark is None else {**wire, "cache_control": cache_mark(mark, where)}


def cache_mark(mark: object, where: str) -> dict[str, Any]:
    """Return what `cache_control` holds, or raise if it is not a dictionary."""
    if isinstance(mark, dict):
        return mark
    msg = f'{where}["cache_control"] must be a dictionary such as {{"type": "ephemeral"}}.'
    raise ValueError(msg)


def _file_part(file: FileContent, where: str) -> dict[str, Any]:
    named = {"filename": file.filename} if file.filename else {}
    if not file.base64_data and (file_id := file.extra.get("file_id")) is not None:
        checks.text(file_id, f'{where}: extra["file_id"]', "the id of an uploaded file", "give it the id of a file")
        return {"type": "file", "file": {**named, "file_id": file_id}}
    link = None if file.base64_data else linked(file.extra, f'{where}: extra["url"]')
    said = known_type(file.mime_type) or mimetypes.guess_type(file.filename or "")[0] or _type_of_link(link)
    media_type = true_type(said, first_bytes(file.base64_data)) or said
    family, _, subtype = media_type.partition("/")
    if link and family == "audio":
        msg = f"{where}: OpenRouter takes no audio by link. Give it its data: `FileContent.from_url` downloads it."
        raise ValueError(msg)
    url = link or data_url(file.base64_data, media_type, where)
    if family in ("image", "video"):
        return {"type": f"{family}_url", f"{family}_url": {"url": url}}
    if family != "audio":
        named = named if link else {"filename": file.filename or f"file.{subtype}"}
        return {"type": "file", "file": {**named, "file_data": url}}
    name = sound_format(media_type)
    if name in (None, "webm"):  # browsers record WebM, which only the transcription endpoint takes
        msg = f"{where}: OpenRouter has no audio format for the media type {media_type}. Accepted: {_ACCEPTED}."
        raise ValueError(msg)
    return {"type": "input_audio", "input_audio": {"data": file.base64_data, "format": name}}


def _type_of_link(link: str | None) -> str:
    """Guess what a link leads to. Source for YouTube: https://openrouter.ai/docs/guides/overview/multimodal/videos."""
    host, _, path = (link or "").partition("://")[2].partition("?")[0].partition("/")
    if host.lower().removeprefix("www.").removeprefix("m.") in ("youtube.com", "youtu.be"):
        return "video/mp4"
    return mimetypes.guess_type(path)[0] or "application/pdf"
