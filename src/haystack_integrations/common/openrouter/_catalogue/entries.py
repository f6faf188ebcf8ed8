# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Entries of OpenRouter's lists, read leniently: a value of the wrong type counts as missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from haystack_integrations.common.openrouter._catalogue.prices import usd
from haystack_integrations.common.openrouter._wire.json_values import mapping
from haystack_integrations.common.openrouter._wire.usage import amount


@dataclass(frozen=True)
class CatalogueEntry:
    """
    What a model and an endpoint have in common. A field that is missing or unreadable is None or an empty list.

    :param raw: The entry as OpenRouter sent it, with every field. All callers share it: don't change it.
    """

    raw: dict[str, Any]

    @property
    def supported_parameters(self) -> list[str]:
        """
        The parameters of a request that are supported, such as "tools" and "structured_outputs".
        """
        return strings(self.raw.get("supported_parameters"))

    def supports(self, parameter: str) -> bool:
        """
        Whether a parameter is supported.

        :param parameter: Its name in a request, such as "tools", "reasoning" or "structured_outputs".
        :returns: Whether OpenRouter lists it.
        """
        return parameter in self.supported_parameters

    def price(self, kind: str = "prompt") -> Decimal | None:
        """
        Return one of the prices as listed, before overrides for long prompts or times of day.

        :param kind: "prompt", "completion", "input_cache_read", "input_cache_write" or another key of `raw["pricing"]`.
        :returns: The price in USD per token (for "request" and "web_search", per request or search). None if it is
            unknown, as for routers, or not listed.
        """
        return usd(self._pricing.get(kind))

    @property
    def _pricing(self) -> Mapping[str, Any]:
        return mapping(self.raw.get("pricing"))


@dataclass(frozen=True)
class OpenRouterEndpoint(CatalogueEntry):
    """
    A model as one provider offers it. It also has what `CatalogueEntry` has.

    Source: `PublicEndpoint` in OpenRouter's OpenAPI document.
    """

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
        return count(self.raw.get("context_length"))

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
    def is_up(self) -> bool | None:
        """
        Whether OpenRouter considers the endpoint healthy. Other endpoints are tried last.
        """
        status = amount(self.raw.get("status"))
        return None if status is None else status >= 0

    @property
    def uptime(self) -> float | None:
        """
        The percentage of requests in the last 30 minutes that succeeded.
        """
        return amount(self.raw.get("uptime_last_30m"))

    @property
    def latency(self) -> float | None:
        """
        The median time to the first token over the last 30 minutes, in milliseconds. None without a key.
        """
        return amount(mapping(self.raw.get("latency_last_30m")).get("p50"))

    @property
    def throughput(self) -> float | None:
        """
        The median number of tokens per second over the last 30 minutes. None without a key.
        """
        return amount(mapping(self.raw.get("throughput_last_30m")).get("p50"))


def mappings(value: object) -> list[dict[str, Any]]:
    """The objects in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def string(value: object) -> str:
    """A string, or ""."""
    return value if isinstance(value, str) else ""


def strings(value: object) -> list[str]:
    """The strings in a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def count(value: object) -> int | None:
    """A positive whole number, such as a number of tokens, or None."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
