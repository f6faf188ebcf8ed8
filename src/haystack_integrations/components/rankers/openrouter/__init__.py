# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.rankers.openrouter.options import OpenRouterRerankParameters
from haystack_integrations.components.rankers.openrouter.ranker import OpenRouterRanker

__all__ = ["OpenRouterRanker", "OpenRouterRerankParameters"]
