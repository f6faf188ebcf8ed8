# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests and responses of the transcription endpoint, as plain data.

Source: `STTRequest` and `STTResponse` in OpenRouter's OpenAPI document.
"""

from __future__ import annotations

from typing import Any

from haystack import Document

from haystack_integrations.common.openrouter._wire.responses import json_object, response_meta, unusable_response
from haystack_integrations.common.openrouter._wire.text import sendable
from haystack_integrations.common.openrouter.errors._advice import MEDIA_REMEDIES, Remedies
from haystack_integrations.components.audio.openrouter._sources import Source

TRANSCRIPTION_REMEDIES: Remedies = {
    **MEDIA_REMEDIES,
    400: "Check that the audio is not damaged and that the model takes its format. Also check the names and values in "
    "`generation_kwargs`: not all models support `response_format` and `diarize`, for example",
    404: "Check that `{model}` at https://openrouter.ai/models?output_modalities=transcription is a transcription "
    "model, and relax `provider` in `generation_kwargs`{names}",
    413: "Split the recording",
}
"""What to do about the failures of the transcription endpoint."""

OWN_FIELDS = {
    "input_audio": "Pass `sources` to `run`.",
}
"""What the component sends itself, and what to do instead of giving it in `generation_kwargs`."""


def check_language(language: object) -> None:
    """
    Raise unless `language` can be the code of a language.

    :param language: The value of `language`, or None.
    :raises TypeError: If it is not a string.
    :raises ValueError: If it is empty.
    """
    if language is None:
        return
    if not isinstance(language, str):
        msg = f"`language` must be a code such as 'en', not {type(language).__name__}."
        raise TypeError(msg)
    if not language.strip():
        msg = "`language` is empty: leave it out, and the model detects the language."
        raise ValueError(msg)


def read_transcript(response: Any, source: Source, model: str) -> tuple[Document, dict[str, Any]]:
    """
    Read a response of the transcription endpoint.

    :param response: The HTTP response.
    :param source: The source that was sent.
    :param model: The requested model.
    :returns: The document, with everything else that was sent in its meta, and `model`, `id` and `usage`.
    :raises openai.APIError: If there is no transcript. An empty transcript is valid: it means silence.
    """
    body = json_object(response)
    text = body.get("text")
    if not isinstance(text, str):
        msg = "The response holds no transcript. Check that `model` is a transcription model"
        raise unusable_response(msg, body, response)
    sent = response_meta(body, model, ("text",), response)
    meta = {name: sent.pop(name) for name in ("model", "id", "usage")}
    return Document(content=sendable(text), meta=_merged(source.meta, sent)), meta


def _merged(of_the_source: dict[str, Any], of_the_transcript: dict[str, Any]) -> dict[str, Any]:
    """
    Merge both. If a name has different values, the one from the transcript gets a prefix.
    """
    merged = dict(of_the_source)
    for name, value in of_the_transcript.items():
        free = name not in merged or merged[name] == value
        merged[name if free else f"transcription.{name}"] = value
    return merged
