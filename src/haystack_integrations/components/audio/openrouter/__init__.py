# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.audio.openrouter.options import (
    AudioProviderPreferences,
    OpenRouterSpeechKwargs,
    OpenRouterTranscriptionKwargs,
)
from haystack_integrations.components.audio.openrouter.speech_synthesizer import OpenRouterSpeechSynthesizer
from haystack_integrations.components.audio.openrouter.transcriber import OpenRouterTranscriber

__all__ = [
    "AudioProviderPreferences",
    "OpenRouterSpeechKwargs",
    "OpenRouterSpeechSynthesizer",
    "OpenRouterTranscriber",
    "OpenRouterTranscriptionKwargs",
]
