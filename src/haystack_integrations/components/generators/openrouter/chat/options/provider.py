# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of `provider`: which of a model's providers may be used, and in which order they are tried.

Sources: `ProviderPreferences` in OpenRouter's OpenAPI document and https://openrouter.ai/docs/features/provider-routing.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

SortBy = Literal["price", "throughput", "latency", "exacto"]
"""What endpoints are sorted by: `price`, `throughput`, `latency`, or `exacto` (best at calling tools)."""

Quantization = Literal[
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"
]
"""A number format that a provider runs a model in."""


class MaxPrice(TypedDict, total=False):
    """
    The most that a provider may charge, in USD, as numbers or strings.

    Source: `ProviderPreferences.max_price` in OpenRouter's OpenAPI document.
    """

    prompt: float | str
    """For a million tokens of the prompt."""
    completion: float | str
    """For a million tokens of the reply."""
    image: float | str
    """For an image."""
    audio: float | str
    """For a unit of audio."""
    request: float | str
    """For a request."""


class SortConfig(TypedDict, total=False):
    """
    How endpoints are sorted, where a name alone does not say enough.

    Source: `ProviderSortConfig` in OpenRouter's OpenAPI document.
    """

    by: SortBy | None
    """What is best: the lowest price, the highest throughput, the lowest latency, or tested tool calling."""
    partition: Literal["model", "none"] | None
    """`model`: first all endpoints of the first model, then those of the fallbacks. `none`: the best of all models."""


class Percentiles(TypedDict, total=False):
    """
    Limits for the percentiles of what was measured lately. All that are given hold.

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


class ProviderPreferences(TypedDict, total=False):
    """
    Which providers may be used, and which are tried first. They are named by their slugs, such as `deepinfra/fp8`.

    Source: `ProviderPreferences` in OpenRouter's OpenAPI document.
    """

    order: list[str] | None
    """Providers to try first, in this order."""
    only: list[str] | None
    """The only providers that may be used, in addition to the account's setting."""
    ignore: list[str] | None
    """Providers that may not be used, in addition to the account's setting."""
    allow_fallbacks: bool | None
    """Whether other providers are tried when the first fails. OpenRouter's default: True."""
    require_parameters: bool | None
    """Whether only providers that support every parameter may be used. Others ignore what they do not support."""
    data_collection: Literal["allow", "deny"] | None
    """`deny`: only providers that do not keep or train on what users send."""
    zdr: bool | None
    """Whether only endpoints with zero data retention may be used."""
    enforce_distillable_text: bool | None
    """Whether only models may be used whose authors allow training other models on their output."""
    quantizations: list[Quantization] | None
    """The number formats that a provider may run the model in."""
    sort: SortBy | SortConfig | None
    """What the endpoints are sorted by, instead of balancing the load among them."""
    max_price: MaxPrice
    """The most that may be charged. If nobody is that cheap, the request fails."""
    preferred_min_throughput: float | Percentiles | None
    """Tokens per second (a number: the median). Slower endpoints are tried last."""
    preferred_max_latency: float | Percentiles | None
    """Seconds to the first token (a number: the median). Slower endpoints are tried last."""
    options: dict[str, dict[str, Any]]
    """Options for single providers, by their slugs. A provider gets its own options only."""
