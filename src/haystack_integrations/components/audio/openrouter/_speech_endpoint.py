# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests and responses of the speech endpoint, as plain data.

Source: `SpeechRequest` in OpenRouter's OpenAPI document.
"""

from typing import Any

from haystack.dataclasses import ByteStream

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.media import (
    FIRST_BYTES,
    checked_shape,
    is_sound,
    known_type,
    pcm_shape,
    sound_format,
    sound_type,
    true_type,
    wav_file,
)
from haystack_integrations.common.openrouter._wire.responses import header_fields
from haystack_integrations.common.openrouter.errors._advice import MEDIA_ADVICE

_ANY_BYTES = "application/octet-stream"


class SpeechEndpoint(Endpoint):
    """
    Its good responses are audio: JSON is an error, whatever its status.
    """

    def is_good(self, body: Any, response: Any) -> bool:
        """Whether a response has the content type of audio, and is neither empty nor something else."""
        content_type = response.headers.get("content-type", "").lower()
        if not content_type.startswith(("audio/", _ANY_BYTES)) or isinstance(body, dict) or not response.content:
            return False
        media_type = true_type(content_type, response.content[:FIRST_BYTES])
        return media_type in (None, _ANY_BYTES) or is_sound(media_type)


SPEECH = SpeechEndpoint(
    "/audio/speech",
    what="audio",
    accept="audio/*",  # a gateway that negotiates content answers 406 to a request for JSON
    retries_timeouts=False,
    advice={
        **MEDIA_ADVICE,
        "no result": "Check that `{model}` is a speech model, or try again",
        "audio format": "Not every model has every format. For one that has only pcm, such as Gemini's, set "
        "`sample_rate` (often 24000): you get a WAV file. For bare pcm, set `response_format` in `generation_kwargs`",
        "too long": "Shorten the text or split it: each model has a limit",
        400: "Check that the model has this `voice`, and the names and values in `generation_kwargs`. Voices differ by "
        "model: see https://openrouter.ai/models?output_modalities=speech",
        404: "Check that `{model}` at https://openrouter.ai/models?output_modalities=speech is a speech model, and "
        "relax `provider` in `generation_kwargs`{names}",
        413: "Shorten the text or split it",
    },
    own_fields={"input": "Pass `text` to `run`."},
)


def check_voice(voice: object) -> None:
    """Raise unless `voice` can be the name of a voice, or is None."""
    if voice is not None:
        checks.text(voice, "voice", "the name of a voice", "leave it out to use the model's own default")


def request_fields(text: object, *, sample_rate: int | None) -> dict[str, Any]:
    """
    Make the fields of a request that are not from `generation_kwargs`.

    :param text: What to say.
    :param sample_rate: The sample rate of pcm. If it is set, pcm is requested.
    :returns: The fields of the body.
    :raises TypeError: If the text is not a string.
    :raises ValueError: If the text is empty.
    """
    checks.text(text, "text", "a string", "pass the text to speak", "For a ChatMessage, pass its `text`.")
    # OpenRouter's own default is pcm without a header, which players can't open
    audio_format = "mp3" if sample_rate is None else "pcm"
    return {"input": text, "response_format": audio_format}


def read_audio(response: Any, body: dict[str, Any], *, sample_rate: int | None) -> tuple[ByteStream, dict[str, Any]]:
    """
    Read the audio, and what the headers say about it.

    With a sample rate, pcm becomes a WAV file. The rate and the channels that the headers name count before it.
    """
    content_type = response.headers.get("content-type", "")
    data, said = response.content, known_type(content_type)
    if said in (None, _ANY_BYTES):
        said = sound_type(str(body.get("response_format")))
    media_type = true_type(said, data[:FIRST_BYTES])
    shape = pcm_shape(content_type) if sound_format(media_type) == "pcm16" else {}
    if sample_rate is not None and sound_format(media_type) == "pcm16":
        shape = checked_shape({"sample_rate": sample_rate, **shape}) or {"sample_rate": sample_rate}
        data, media_type, shape = wav_file(data, **shape), "audio/wav", {}
    meta = {"model": body["model"], "id": None, **header_fields(response.headers), "content_type": content_type}
    return ByteStream(data=data, mime_type=media_type, meta={**shape}), meta
