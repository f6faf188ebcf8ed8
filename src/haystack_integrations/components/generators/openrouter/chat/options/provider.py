# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of `provider`: which of a model's providers may be used, and in which order they are tried.

Sources: `ProviderPreferences` in OpenRouter's OpenAPI document and https://openrouter.ai/docs/features/provider-routing.
"""

from typing import Any, Literal, TypedDict

SortBy = Literal["price", "throughput", "latency", "exacto"]
"""What endpoints are sorted by: `price`, `throughput`, `latency`, or `exacto` (best at calling tools)."""

Quantization = Literal[
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"
]
"""A number format that a provider runs a model in."""


class MaxPrice(TypedDict, total=False):
    """
    The maximum prices of a provider in USD, as numbers or strings.

    Source: `ProviderPreferences.max_price` in OpenRouter's OpenAPI document.
    """

    prompt: float | str
    """Per million tokens of the prompt."""
    completion: float | str
    """Per million tokens of the reply."""
    image: float | str
    """Per image."""
    audio: float | str
    """Per unit of audio."""
    request: float | str
    """Per request."""


class SortConfig(TypedDict, total=False):
    """
    How endpoints are sorted, with more options than the name alone.

    Source: `ProviderSortConfig` in OpenRouter's OpenAPI document.
    """

    by: SortBy | None
    """What to sort by: the lowest price, the highest throughput, the lowest latency, or tested tool calling."""
    partition: Literal["model", "none"] | None
    """
    `model`: all endpoints of the first model come before those of the fallbacks. `none`: the endpoints of all models
    are sorted together.
    """


class Percentiles(TypedDict, total=False):
    """
    Limits for the percentiles of recent measurements. All limits that are set apply.

    Source: `PercentileLatencyCutoffs` and `PercentileThroughputCutoffs` in OpenRouter's OpenAPI document.
    """

    p50: float | None
    """The median."""
    p75: float | None
    """The 75th percentile."""
    p90: float | None
    """The 90th percentile."""
    p99: float | None
    """The 99th percentile."""


class ProviderChoice(TypedDict, total=False):
    """
    Which providers may be used, and which are tried first, for chats, images, embeddings and reranking.

    Source: `ProviderPreferences` and `ImageGenerationProviderPreferences` in OpenRouter's OpenAPI document.
    """

    order: list[str] | None
    """Providers to try first, in this order."""
    only: list[str] | None
    """The only providers that may be used, in addition to the account's setting."""
    ignore: list[str] | None
    """Providers that may not be used, in addition to the account's setting."""
    allow_fallbacks: bool | None
    """Whether other providers are tried if the first one fails. OpenRouter's default: True."""
    sort: SortBy | SortConfig | None
    """How endpoints are sorted. If it is not set, the load is balanced among them."""
    options: dict[str, dict[str, Any]]
    """Options for single providers, by their slugs. A provider gets only its own options."""


class ProviderPreferences(ProviderChoice, total=False):
    """
    Which providers may be used, and which are tried first. Name them by their slugs, such as `deepinfra/fp8`.

    Source: `ProviderPreferences` in OpenRouter's OpenAPI document.
    """

    require_parameters: bool | None
    """
    Whether to use only providers that support every parameter. Other providers ignore parameters that they do not
    support.
    """
    data_collection: Literal["allow", "deny"] | None
    """`deny`: only providers that do not keep prompts or train on them."""
    zdr: bool | None
    """Whether to use only endpoints with zero data retention."""
    enforce_distillable_text: bool | None
    """Whether to use only models whose authors allow training other models on their output."""
    quantizations: list[Quantization] | None
    """The number formats that a provider may run the model in."""
    max_price: MaxPrice
    """The maximum price. If no provider is that cheap, the request fails."""
    preferred_min_throughput: float | Percentiles | None
    """Tokens per second; a number is the median. Slower endpoints are tried last."""
    preferred_max_latency: float | Percentiles | None
    """Seconds to the first token; a number is the median. Slower endpoints are tried last."""
