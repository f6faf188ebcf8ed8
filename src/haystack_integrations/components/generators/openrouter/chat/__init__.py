# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.generators.openrouter.chat.chat_generator import OpenRouterChatGenerator

__all__ = ["OpenRouterChatGenerator"]
