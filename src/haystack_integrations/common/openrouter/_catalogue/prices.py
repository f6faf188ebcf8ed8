# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Prices as OpenRouter lists them: strings in USD, "-1" for unknown, and overrides by length and time.

Sources: `PublicPricing` and `PricingOverride` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from haystack_integrations.common.openrouter._wire.usage import amount

_UNKNOWN = "-1"
_HIGHEST = 1_000_000
# Decimals after the point. To write a price with a million of them takes a megabyte.
_FINEST = -100
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def usd(value: object) -> Decimal | None:
    """A price in USD, or None if it is "-1" (unknown) or not a price."""
    try:
        price = Decimal(str(value))
    except (ArithmeticError, ValueError):
        return None
    return price if price.is_finite() and 0 <= price < _HIGHEST and price.adjusted() > _FINEST else None


def per_million(price: Decimal) -> Decimal:
    """USD per token as USD per million tokens, without trailing zeros."""
    return (price * 1_000_000).normalize()


def cost_of(
    pricing: Mapping[str, Any], prompt_tokens: int, completion_tokens: int, cached_tokens: int, at: datetime | None
) -> Decimal | None:
    """What a request costs in USD, or None if one of the prices is unknown. A time without a time zone is in UTC."""
    prices = _prices_in_force(pricing, prompt_tokens, _utc(at))
    prompt, completion = prices.get("prompt"), prices.get("completion")
    billed = [(prompt_tokens - cached_tokens, prompt), (completion_tokens, completion), (1, prices.get("request", "0"))]
    if cached_tokens:
        billed.append((cached_tokens, prices.get("input_cache_read", prompt)))
    cost = Decimal(0)
    for count, listed in billed:
        price = usd(listed)
        if price is None:
            return None
        cost += count * price
    return cost


def saved_by_cache(pricing: Mapping[str, Any], prompt_tokens: int, read: int, written: int) -> Decimal | None:
    """
    What reading tokens of a prompt from a cache saves in USD, less what writing others to it costs more.

    The price of writing replaces that of the prompt at Anthropic, and is added to it at Google, where it is lower.
    Source: https://openrouter.ai/docs/guides/best-practices/prompt-caching.
    """
    prices = _prices_in_force(pricing, prompt_tokens, _utc(None))
    prompt = usd(prices.get("prompt"))
    read_price = usd(prices.get("input_cache_read", prices.get("prompt")))
    write_price = usd(prices.get("input_cache_write", prices.get("prompt")))
    if prompt is None or read_price is None or write_price is None:
        return None
    return read * (prompt - read_price) - written * max(write_price - prompt, Decimal(0))


def _utc(at: datetime | None) -> datetime:
    at = at or datetime.now(UTC)
    return at.astimezone(UTC) if at.tzinfo else at


def _prices_in_force(pricing: Mapping[str, Any], prompt_tokens: int, at: datetime) -> dict[str, Any]:
    """The prices of one request. Overrides that apply replace the listed prices key by key, and later ones win."""
    prices = {name: value for name, value in pricing.items() if value is not None}
    overrides = prices.pop("overrides", [])
    if not isinstance(overrides, list) or not all(isinstance(override, dict) for override in overrides):
        return {}
    for override in overrides:
        changed = {name: value for name, value in override.items() if value is not None}
        holds = _holds(changed, prompt_tokens, at)
        if holds is None:
            prices.update(dict.fromkeys(changed, _UNKNOWN))
        elif holds:
            prices.update(changed)
    return prices


def _holds(override: dict[str, Any], prompt_tokens: int, at: datetime) -> bool | None:
    """Whether all conditions of an override are met. None if one of them can't be read."""
    conditions = {name: value for name, value in override.items() if not isinstance(value, str)}
    longer = conditions.pop("min_prompt_tokens", -1)
    start, end = conditions.pop("utc_start", 0), conditions.pop("utc_end", 2400)
    days = conditions.pop("utc_days", _DAYS)
    if conditions or None in map(amount, (longer, start, end)) or not isinstance(days, list | tuple):
        return None
    clock = at.hour * 100 + at.minute  # HHMM, as in the override
    in_window = start <= clock < end if start <= end else clock >= start or clock < end
    on_day = _DAYS[at.weekday()] in [str(day).lower() for day in days]
    return prompt_tokens > longer and in_window and on_day
