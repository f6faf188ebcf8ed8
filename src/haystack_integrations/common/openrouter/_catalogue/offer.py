# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A model as one provider offers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from haystack_integrations.common.openrouter._catalogue.fields import count, mapping, smallest, string, strings
from haystack_integrations.common.openrouter._catalogue.prices import price_of
from haystack_integrations.common.openrouter._wire.responses import is_number


@dataclass(frozen=True)
class OpenRouterEndpoint:
    """
    A model as one provider offers it. A field that is missing or unreadable is None or an empty list.

    Source: `PublicEndpoint` in OpenRouter's OpenAPI document.

    :param raw: The entry as OpenRouter sent it, with every field.
    """

    raw: dict[str, Any]

    def __hash__(self) -> int:
        return hash((self.provider_name, self.tag))

    def __repr__(self) -> str:
        return f"OpenRouterEndpoint(provider_name={self.provider_name!r}, tag={self.tag!r}, is_up={self.is_up})"

    @property
    def provider_name(self) -> str:
        """
        The provider's name, as in `reply.meta["provider"]`.
        """
        return string(self.raw.get("provider_name"))

    @property
    def tag(self) -> str:
        """
        The provider's slug, for the lists in `generation_kwargs["provider"]`, such as `only` and `order`.
        """
        return string(self.raw.get("tag"))

    @property
    def quantization(self) -> str | None:
        """
        How the weights are quantized, such as "fp8". None if it is unknown.
        """
        return string(self.raw.get("quantization")) or None

    @property
    def context_window(self) -> int | None:
        """
        The maximum number of tokens of prompt and reply together.
        """
        return smallest(self.raw.get("context_length"))

    @property
    def max_prompt_tokens(self) -> int | None:
        """
        The maximum number of tokens of the prompt. None if only the context window limits it.
        """
        return count(self.raw.get("max_prompt_tokens"))

    @property
    def max_output_tokens(self) -> int | None:
        """
        The maximum number of tokens of the reply. None if the provider lists no limit.
        """
        return count(self.raw.get("max_completion_tokens"))

    @property
    def supported_parameters(self) -> list[str]:
        """
        The parameters of a request that the provider supports for this model.
        """
        return strings(self.raw.get("supported_parameters"))

    @property
    def is_up(self) -> bool | None:
        """
        Whether OpenRouter considers the endpoint healthy. Other endpoints are tried last.
        """
        status = self.raw.get("status")
        return status >= 0 if is_number(status) else None

    @property
    def uptime(self) -> float | None:
        """
        The percentage of requests in the last 30 minutes that succeeded.
        """
        return _number(self.raw.get("uptime_last_30m"))

    @property
    def latency(self) -> float | None:
        """
        The median time to the first token over the last 30 minutes, in milliseconds. None without a key.
        """
        return _number(mapping(self.raw.get("latency_last_30m")).get("p50"))

    @property
    def throughput(self) -> float | None:
        """
        The median number of tokens per second over the last 30 minutes. None without a key.
        """
        return _number(mapping(self.raw.get("throughput_last_30m")).get("p50"))

    def supports(self, parameter: str) -> bool:
        """
        Whether the provider supports a parameter for this model.

        :param parameter: Its name in a request, such as "tools" or "structured_outputs".
        :returns: Whether OpenRouter lists it.
        """
        return parameter in self.supported_parameters

    def price(self, kind: str = "prompt") -> Decimal | None:
        """
        Return one of the provider's prices as listed, before overrides.

        :param kind: "prompt", "completion", "input_cache_read" or another key of `raw["pricing"]`.
        :returns: The price in USD per token, or None if it is unknown or not listed.
        """
        return price_of(self.raw.get("pricing"), kind)


def _number(value: object) -> float | None:
    return value if is_number(value) else None
