# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.components.embedders.openrouter.document_embedder import OpenRouterDocumentEmbedder
from haystack_integrations.components.embedders.openrouter.document_image_embedder import (
    OpenRouterDocumentImageEmbedder,
)
from haystack_integrations.components.embedders.openrouter.options import OpenRouterEmbeddingParameters
from haystack_integrations.components.embedders.openrouter.text_embedder import OpenRouterTextEmbedder

__all__ = [
    "OpenRouterDocumentEmbedder",
    "OpenRouterDocumentImageEmbedder",
    "OpenRouterEmbeddingParameters",
    "OpenRouterTextEmbedder",
]
