# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of the audio components' `generation_kwargs`. At run time they are plain dictionaries.

Sources: `SpeechRequest` and `STTRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
"""

from typing import Any, Literal, TypedDict

from haystack_integrations.common.openrouter._base.options import OrDict, RequestOptions


class AudioProviderPreferences(TypedDict, total=False):
    """
    Which providers may be used for audio.

    Source: `SpeechRequestProvider` and `STTRequestProvider` in OpenRouter's Python SDK 1.3.84.
    """

    data_collection: Literal["allow", "deny"] | None
    """`deny`: only providers that do not keep prompts or train on them."""
    zdr: bool | None
    """Whether to use only endpoints with zero data retention."""
    options: dict[str, Any]
    """Options for single providers, by their slugs. A provider gets only its own options."""


class OpenRouterSpeechKwargs(RequestOptions, total=False):
    """
    What `generation_kwargs` of the speech synthesizer may hold. Keys whose value is None are left out.

    Other keys are sent as well: pass them in a plain dictionary. `extra_body` overrides even `input`: some models take
    a list of speakers' turns.
    Source: `SpeechRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
    """

    voice: str
    """A voice to use instead of the component's."""
    response_format: Literal["mp3", "pcm"]
    """The audio format. The default is `mp3`, or `pcm` if the component has a `sample_rate`."""
    speed: float
    """The speed of the voice; 1 is normal. Models without this setting ignore or refuse it."""
    instructions: str
    """How to speak: tone, pace, emotion. Only for some models."""
    input_references: list[dict[str, Any]]
    """A voice to imitate: `{"type": "input_audio", "input_audio": {"data": …}}`, with its words in a `text` part."""
    provider: AudioProviderPreferences
    """Which providers may be used."""


class OpenRouterTranscriptionKwargs(RequestOptions, total=False):
    """
    What `generation_kwargs` of the transcriber may hold. Keys whose value is None are left out.

    Other keys are sent as well: pass them in a plain dictionary.
    Source: `STTRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
    """

    language: str
    """A language to use instead of the component's, as an ISO 639-1 code such as `en`."""
    temperature: float
    """How freely the model guesses, from 0."""
    response_format: Literal["json", "verbose_json"]
    """`verbose_json` adds language, duration and timestamps, if the model supports it."""
    timestamp_granularities: list[Literal["word", "segment"]]
    """Which timestamps to add. Needs `verbose_json`."""
    diarize: bool
    """Whether to name the speaker of each word. Needs `verbose_json`."""
    keyterms: list[str]
    """Names and terms that the model should recognize."""
    provider: AudioProviderPreferences
    """Which providers may be used."""


SpeechKwargs = OrDict[OpenRouterSpeechKwargs]
TranscriptionKwargs = OrDict[OpenRouterTranscriptionKwargs]
