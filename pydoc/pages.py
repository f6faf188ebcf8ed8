# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
The pages of the API reference, the most important first, and what is on each, in the same order.
"""

from typing import NamedTuple


class Page(NamedTuple):
    """
    A page about what is imported from one module.
    """

    title: str
    file: str
    names: tuple[str, ...]


_COMPONENTS = "haystack_integrations.components"
_COMMON = "haystack_integrations.common.openrouter"

PAGES = {
    f"{_COMPONENTS}.generators.openrouter": Page(
        "Generators",
        "generators.md",
        (
            "OpenRouterChatGenerator",
            "OpenRouterStreamError",
            "OpenRouterGenerationKwargs",
            "ReasoningOptions",
            "ProviderPreferences",
            "Plugin",
            "ServerTool",
            "OpenRouterImageGenerator",
            "OpenRouterImageKwargs",
            "ImageProviderPreferences",
            "OpenRouterVideoGenerator",
            "OpenRouterVideoKwargs",
        ),
    ),
    f"{_COMMON}.cost": Page(
        "Costs", "cost.md", ("reply_cost", "cost_table", "usage_cost", "reported_cost", "OpenRouterCostMeter")
    ),
    "haystack_integrations.hooks.openrouter": Page(
        "Hooks of an agent",
        "hooks.md",
        (
            "OpenRouterCostBudgetHook",
            "OpenRouterCostStore",
            "OpenRouterInMemoryCostStore",
            "OpenRouterSQLiteCostStore",
            "OpenRouterFinalReplyHook",
        ),
    ),
    f"{_COMMON}.models": Page(
        "Models and prices",
        "models.md",
        ("OpenRouterModels", "OpenRouterModel", "OpenRouterEndpoint", "ModelNeeds", "ModelFilters"),
    ),
    f"{_COMMON}.account": Page("The account", "account.md", ("OpenRouterAccount",)),
    f"{_COMPONENTS}.embedders.openrouter": Page(
        "Embedders",
        "embedders.md",
        (
            "OpenRouterTextEmbedder",
            "OpenRouterDocumentEmbedder",
            "OpenRouterDocumentImageEmbedder",
            "OpenRouterEmbeddingParameters",
        ),
    ),
    f"{_COMPONENTS}.generators.openrouter.batch": Page(
        "Batches",
        "batch.md",
        ("OpenRouterBatch", "BatchState", "BatchError", "DocumentTexts", "BatchProviderPreferences"),
    ),
    f"{_COMPONENTS}.rankers.openrouter": Page(
        "Ranker", "rankers.md", ("OpenRouterRanker", "OpenRouterRerankParameters")
    ),
    f"{_COMPONENTS}.routers.openrouter": Page("Router", "routers.md", ("OpenRouterTextRouter",)),
    f"{_COMPONENTS}.classifiers.openrouter": Page(
        "Classifier",
        "classifiers.md",
        (
            "OpenRouterDocumentClassifier",
            "NoulQuestion",
            "ChoiceQuestion",
            "ScoreQuestion",
            "OpenRouterDecisionParameters",
        ),
    ),
    f"{_COMMON}.webhooks": Page("Webhooks", "webhooks.md", ("verify_webhook", "OpenRouterWebhookError")),
    f"{_COMPONENTS}.audio.openrouter": Page(
        "Speech",
        "audio.md",
        (
            "OpenRouterTranscriber",
            "OpenRouterSpeechSynthesizer",
            "OpenRouterTranscriptionKwargs",
            "OpenRouterSpeechKwargs",
            "AudioProviderPreferences",
        ),
    ),
}
"""By the module that users import from."""
