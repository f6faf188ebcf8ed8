# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.common.openrouter.cost import cost_table, reply_cost
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError
from haystack_integrations.components.generators.openrouter.batch import (
    BatchError,
    BatchProviderPreferences,
    BatchState,
    DocumentTexts,
    OpenRouterBatch,
)
from haystack_integrations.components.generators.openrouter.chat.chat_generator import OpenRouterChatGenerator
from haystack_integrations.components.generators.openrouter.chat.options import (
    OpenRouterGenerationKwargs,
    Plugin,
    ProviderPreferences,
    ReasoningOptions,
    ServerTool,
)
from haystack_integrations.components.generators.openrouter.images.image_generator import OpenRouterImageGenerator
from haystack_integrations.components.generators.openrouter.images.options import (
    ImageProviderPreferences,
    OpenRouterImageKwargs,
)
from haystack_integrations.components.generators.openrouter.video.options import OpenRouterVideoKwargs
from haystack_integrations.components.generators.openrouter.video.video_generator import OpenRouterVideoGenerator

__all__ = [
    "BatchError",
    "BatchProviderPreferences",
    "BatchState",
    "DocumentTexts",
    "ImageProviderPreferences",
    "OpenRouterBatch",
    "OpenRouterChatGenerator",
    "OpenRouterGenerationKwargs",
    "OpenRouterImageGenerator",
    "OpenRouterImageKwargs",
    "OpenRouterStreamError",
    "OpenRouterVideoGenerator",
    "OpenRouterVideoKwargs",
    "Plugin",
    "ProviderPreferences",
    "ReasoningOptions",
    "ServerTool",
    "cost_table",
    "reply_cost",
]
