# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of the options of a batch. At run time they are plain dictionaries.
"""

from typing import Literal, TypedDict


class BatchProviderPreferences(TypedDict, total=False):
    """
    What `generation_kwargs["provider"]` may hold in a batch, all of which is run by one provider.

    Source: `BatchProviderPreferences` in OpenRouter's Python SDK 1.3.84.
    """

    only: list[str]
    """The slugs of the providers that may run the batch."""
    allow_fallbacks: bool
    """Whether another provider may run the batch if the first choice is not available."""


ListedStatus = Literal["validating", "in_progress", "completed", "failed", "expired", "cancelled"]
"""
What a list of batches can be limited to. In lists, a batch that is finalizing or cancelling is `in_progress`.

Source: `BatchListStatus` in OpenRouter's Python SDK 1.3.84.
"""


class DocumentTexts(TypedDict, total=False):
    """
    What is embedded of documents.

    Source: the parameters of `OpenRouterDocumentEmbedder` with these names.
    """

    dimensions: int | None
    """The length of the embeddings, for models that support this."""
    prefix: str
    """A string that is added before each text to embed."""
    suffix: str
    """A string that is added after each text to embed."""
    meta_fields_to_embed: list[str] | None
    """Names of the meta fields that are embedded together with the content."""
    embedding_separator: str
    """A string between the meta fields and the content."""
