# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.generators.openrouter.images.image_generator import OpenRouterImageGenerator

__all__ = ["OpenRouterImageGenerator"]
