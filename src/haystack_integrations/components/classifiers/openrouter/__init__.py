# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.classifiers.openrouter.document_classifier import OpenRouterDocumentClassifier
from haystack_integrations.components.classifiers.openrouter.options import (
    ChoiceQuestion,
    NoulQuestion,
    OpenRouterDecisionParameters,
    ScoreQuestion,
)

__all__ = [
    "ChoiceQuestion",
    "NoulQuestion",
    "OpenRouterDecisionParameters",
    "OpenRouterDocumentClassifier",
    "ScoreQuestion",
]
