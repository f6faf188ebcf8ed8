# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests and responses of the transcription endpoint, as plain data.

Source: `STTRequest` and `STTResponse` in OpenRouter's OpenAPI document.
"""

import base64
import io
import json
from typing import IO, Any

from haystack import Document

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.responses import decoded_body, response_meta
from haystack_integrations.common.openrouter.errors._advice import MEDIA_ADVICE

# Base64 of so many bytes needs no padding: a multiple of three.
_PIECE = 3 * 2**16

TRANSCRIPTIONS = Endpoint(
    "/audio/transcriptions",
    result="text",
    shape=str,
    what="transcript",
    retries_timeouts=False,
    advice={
        **MEDIA_ADVICE,
        "no result": "Check that `{model}` is a transcription model, or try again",
        400: "Check that the audio is not damaged and that the model takes its format. Also check the names and values "
        "in `generation_kwargs`: not all models support `response_format` and `diarize`, for example",
        404: "Check that `{model}` at https://openrouter.ai/models?output_modalities=transcription is a transcription "
        "model, and relax `provider` in `generation_kwargs`{names}",
        413: "Split the recording",
        "provider timeout": "Split the recording, or choose a faster model. It was not sent again: each try may be "
        "billed",
    },
    own_fields={"input_audio": "Pass `sources` to `run`."},
)


def check_language(language: object) -> None:
    """Raise unless `language` can be the code of a language, or is None."""
    if language is not None:
        checks.text(language, "language", "a code such as 'en'", "leave it out, and the model detects the language")


def with_audio(request: dict[str, Any], input_audio: dict[str, Any]) -> dict[str, Any]:
    """Add one recording to a request, which is not changed."""
    return {**request, "body": {"input_audio": input_audio, **request["body"]}}


def with_encoded_audio(request: dict[str, Any], audio: IO[bytes], audio_format: str | None) -> dict[str, Any]:
    """
    Do as `with_audio` does, with a body that is encoded: a large recording is in memory once.

    :param audio: The recording. It is read in pieces.
    :raises ValueError: If only the openai SDK can encode the request. A TypeError means the same.
    """
    if "input_audio" in request["body"]:
        msg = "`extra_body` has an `input_audio` of its own"
        raise ValueError(msg)
    body = io.BytesIO()
    body.write(b'{"input_audio":{"data":"')
    # as the openai SDK writes JSON
    rest = json.dumps(request["body"], ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    while piece := audio.read(_PIECE):
        body.write(base64.b64encode(piece))
    body.write(b'","format":"%b"},%b' % ((audio_format or "").encode(), rest[1:]))
    return {"content": body.getvalue(), "options": request["options"]}


def read_transcript(response: Any, source_meta: dict[str, Any], model: str) -> tuple[Document, dict[str, Any]]:
    """Read a document with the meta of its source and of the response, and `model`, `id` and `usage` apart from it."""
    body = decoded_body(response)
    sent = {"id": None, **response_meta(body, model, TRANSCRIPTIONS.payload, response.headers)}
    meta = {name: sent.pop(name) for name in ("model", "id", "usage")}
    # what the source has with another value gets a prefix
    taken = {name for name, value in sent.items() if source_meta.get(name, value) != value}
    named = {f"transcription.{name}" if name in taken else name: value for name, value in sent.items()}
    return Document(content=body["text"], meta={**source_meta, **named}), meta
