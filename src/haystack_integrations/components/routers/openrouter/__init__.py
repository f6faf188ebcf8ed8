# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.classifiers.openrouter.options import OpenRouterDecisionParameters
from haystack_integrations.components.routers.openrouter.text_router import OpenRouterTextRouter

__all__ = ["OpenRouterDecisionParameters", "OpenRouterTextRouter"]
