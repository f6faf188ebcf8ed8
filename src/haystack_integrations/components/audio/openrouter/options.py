# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of the audio components' `generation_kwargs`. At run time they are plain dictionaries.

Sources: `SpeechRequest` and `STTRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

from haystack.utils import Secret
from openai import Omit, Timeout


class AudioProviderPreferences(TypedDict, total=False):
    """
    Which providers may work on audio.

    Source: `SpeechRequestProvider` and `STTRequestProvider` in OpenRouter's Python SDK 1.3.84.
    """

    data_collection: Literal["allow", "deny"] | None
    """`deny`: only providers that do not keep or train on what users send."""
    zdr: bool | None
    """Whether only endpoints with zero data retention may be used."""
    options: dict[str, Any]
    """Options for single providers, by their slugs. Those of the provider that is used are handed to it."""


class OpenRouterSpeechKwargs(TypedDict, total=False):
    """
    What `generation_kwargs` of the speech synthesizer may hold. None leaves a key out.

    Other keys are sent as well: give them in a plain dictionary.
    Source: `SpeechRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
    """

    model: str
    """A model in place of the component's."""
    voice: str
    """A voice in place of the component's."""
    response_format: Literal["mp3", "pcm"]
    """The audio format. Without it, `mp3` is sent, or `pcm` if the component has a `sample_rate`."""
    speed: float
    """How fast it is spoken; 1 is normal. Models that have no such setting ignore or refuse it."""
    instructions: str
    """How it is spoken: tone, pace, emotion. Only for some models."""
    input_references: list[dict[str, Any]]
    """A voice to imitate: `{"type": "input_audio", "input_audio": {"data": …}}`, and its words as a `text` part."""
    provider: AudioProviderPreferences
    """Which providers may be used."""
    user: str
    """An id of your user, for your own logs. The provider does not get it."""
    session_id: str
    """Groups requests, 256 characters at most."""
    trace: dict[str, Any]
    """For observability tools that OpenRouter reports to: `trace_id`, `span_name`, `generation_name` …"""
    extra_headers: dict[str, str | Secret | Omit]
    """HTTP headers. They override the component's. An option of the openai SDK, as are the next three."""
    extra_query: dict[str, object]
    """Parameters of the URL."""
    extra_body: dict[str, Any]
    """Fields of the request. They override all others, `input` too: some models take a list of speakers' turns."""
    timeout: float | Timeout
    """Seconds to wait for a connection, and for the next bytes of the response."""


class OpenRouterTranscriptionKwargs(TypedDict, total=False):
    """
    What `generation_kwargs` of the transcriber may hold. None leaves a key out.

    Other keys are sent as well: give them in a plain dictionary.
    Source: `STTRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
    """

    model: str
    """A model in place of the component's."""
    language: str
    """A language in place of the component's, as an ISO 639-1 code such as `en`."""
    temperature: float
    """How freely the model guesses, from 0 on."""
    response_format: Literal["json", "verbose_json"]
    """`verbose_json`: with language, duration and timestamps, for models that can do it."""
    timestamp_granularities: list[Literal["word", "segment"]]
    """Which timestamps come with `verbose_json`."""
    diarize: bool
    """Whether each word names its speaker. Needs `verbose_json`."""
    keyterms: list[str]
    """Names and terms that the model should recognize."""
    provider: AudioProviderPreferences
    """Which providers may be used."""
    user: str
    """An id of your user, for your own logs. The provider does not get it."""
    session_id: str
    """Groups requests, 256 characters at most."""
    trace: dict[str, Any]
    """For observability tools that OpenRouter reports to: `trace_id`, `span_name`, `generation_name` …"""
    extra_headers: dict[str, str | Secret | Omit]
    """HTTP headers. They override the component's. An option of the openai SDK, as are the next three."""
    extra_query: dict[str, object]
    """Parameters of the URL."""
    extra_body: dict[str, Any]
    """Fields of the request. They override all others."""
    timeout: float | Timeout
    """Seconds to wait for a connection, and for the next bytes of the response."""


if TYPE_CHECKING:
    SpeechKwargs = OpenRouterSpeechKwargs | dict[str, Any]
    TranscriptionKwargs = OpenRouterTranscriptionKwargs | dict[str, Any]
else:
    # ComponentTool, Hayhooks, pydantic and `Pipeline.connect` read it, and know what to do with a plain dictionary
    SpeechKwargs = TranscriptionKwargs = dict[str, Any]
