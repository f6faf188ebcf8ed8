# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The type of the ranker's `extra_parameters`. At run time they are a plain dictionary.

Source: `CreateRerankRequestBody` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from haystack_integrations.components.generators.openrouter.chat.options.provider import ProviderPreferences


class OpenRouterRerankParameters(TypedDict, total=False):
    """
    What `extra_parameters` may hold. Other keys are sent as well: pass them in a plain dictionary.

    Source: `CreateRerankRequestBody` in OpenRouter's Python SDK 1.3.84.
    """

    provider: ProviderPreferences | None
    """Which providers may serve the request, and in which order they are tried."""
    user: str
    """A stable id of your user, so that abuse by one user does not block all of them."""
    session_id: str
    """Groups requests, for example those of one job. Up to 256 characters."""
    trace: dict[str, Any]
    """For tools that OpenRouter sends traces to: `trace_id`, `trace_name`, `span_name`, `generation_name` …"""


if TYPE_CHECKING:
    RerankParameters = OpenRouterRerankParameters | dict[str, Any]
else:
    # pydantic, Hayhooks and other tools that read signatures know what to do with a plain dictionary
    RerankParameters = dict[str, Any]
