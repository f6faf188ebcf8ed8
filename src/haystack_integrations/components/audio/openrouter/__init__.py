# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.audio.openrouter.options import AudioProviderPreferences, OpenRouterSpeechKwargs
from haystack_integrations.components.audio.openrouter.speech_synthesizer import OpenRouterSpeechSynthesizer

__all__ = ["AudioProviderPreferences", "OpenRouterSpeechKwargs", "OpenRouterSpeechSynthesizer"]
