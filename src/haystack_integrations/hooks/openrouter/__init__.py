# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.hooks.openrouter.cost_budget import OpenRouterCostBudgetHook
from haystack_integrations.hooks.openrouter.cost_store import (
    OpenRouterCostStore,
    OpenRouterInMemoryCostStore,
    OpenRouterSQLiteCostStore,
)
from haystack_integrations.hooks.openrouter.final_reply import OpenRouterFinalReplyHook

__all__ = [
    "OpenRouterCostBudgetHook",
    "OpenRouterCostStore",
    "OpenRouterFinalReplyHook",
    "OpenRouterInMemoryCostStore",
    "OpenRouterSQLiteCostStore",
]
