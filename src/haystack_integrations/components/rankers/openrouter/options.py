# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The type of the ranker's `extra_parameters`. At run time they are a plain dictionary.

Source: `CreateRerankRequestBody` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
"""

from typing import TYPE_CHECKING

from haystack_integrations.common.openrouter._base.options import OrDict, TraceOptions

if TYPE_CHECKING:
    from haystack_integrations.components.generators.openrouter.chat.options.provider import ProviderPreferences


class OpenRouterRerankParameters(TraceOptions, total=False):
    """
    What `extra_parameters` may hold. Other keys are sent as well: pass them in a plain dictionary.

    Source: `CreateRerankRequestBody` in OpenRouter's Python SDK 1.3.84.
    """

    provider: "ProviderPreferences | None"
    """Which providers may serve the request, and in which order they are tried."""


RerankParameters = OrDict[OpenRouterRerankParameters]
