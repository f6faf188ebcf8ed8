# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.hooks.openrouter.cost_budget import OpenRouterCostBudgetHook

__all__ = ["OpenRouterCostBudgetHook"]
