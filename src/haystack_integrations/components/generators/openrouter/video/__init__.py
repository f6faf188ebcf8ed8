# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.generators.openrouter.video.video_generator import OpenRouterVideoGenerator

__all__ = ["OpenRouterVideoGenerator"]
