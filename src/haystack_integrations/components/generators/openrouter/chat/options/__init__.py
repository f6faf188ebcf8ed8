# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.generators.openrouter.chat.options.generation import (
    OpenRouterGenerationKwargs,
    ReasoningOptions,
)
from haystack_integrations.components.generators.openrouter.chat.options.plugins import Plugin, ServerTool
from haystack_integrations.components.generators.openrouter.chat.options.provider import ProviderPreferences

__all__ = ["OpenRouterGenerationKwargs", "Plugin", "ProviderPreferences", "ReasoningOptions", "ServerTool"]
