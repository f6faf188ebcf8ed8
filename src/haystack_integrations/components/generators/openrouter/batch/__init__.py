# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.generators.openrouter.batch.batch import OpenRouterBatch
from haystack_integrations.components.generators.openrouter.batch.options import BatchProviderPreferences, DocumentTexts
from haystack_integrations.components.generators.openrouter.batch.state import BatchError, BatchState

__all__ = ["BatchError", "BatchProviderPreferences", "BatchState", "DocumentTexts", "OpenRouterBatch"]
