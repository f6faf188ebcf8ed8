# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The `usage` of a response: read as it was sent, and added up.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_UP, Context, Decimal, InvalidOperation
from functools import reduce
from math import fsum
from typing import Any, TypeGuard

from haystack_integrations.common.openrouter._wire.json_values import copied_json, mapping

ABSURD = 10**15
"""No request costs so many USD or takes so many tokens. Sums of smaller amounts always fit into a float."""

EXACT = Context(prec=100)
"""Adds up amounts of USD without rounding them, whatever the decimal context of a thread is."""

_LONGEST_NUMBER = 40
_SMALLEST = Decimal("1e-30")


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number, and not NaN, infinite or absurd. True and False are not numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < ABSURD


def amount(value: object) -> float | None:
    """Read a number of tokens or USD, or None."""
    return float(value) if is_number(value) else None


def total(amounts: Iterable[float | None]) -> float | None:
    """Add up what is known. None if nothing is."""
    known = [number for number in amounts if number is not None]
    return fsum(known) if known else None


def cost_of_response(usage: object) -> float | None:
    """Read the cost in USD, with the bill of a provider for the user's own key. None if none is reported."""
    usage = mapping(usage)
    upstream = mapping(usage.get("cost_details")).get("upstream_inference_cost") if usage.get("is_byok") else None
    return total([amount(usage.get("cost")), amount(upstream)])


def billed(usage: object) -> Decimal | None:
    """Read the same cost exactly, a number in a string too. None if it is unknown, or can't be one."""
    usage = mapping(usage)
    upstream = mapping(usage.get("cost_details")).get("upstream_inference_cost") if usage.get("is_byok") else None
    known = [cost for cost in map(exact, (usage.get("cost"), upstream)) if cost is not None]
    return reduce(EXACT.add, known) if known else None


def exact(cost: object) -> Decimal | None:
    """Read an amount of USD, or None. Nobody is paid for a request, so a negative one is none."""
    if isinstance(cost, bool) or not isinstance(cost, int | float | Decimal | str):
        return None
    try:
        if len(cost) > _LONGEST_NUMBER if isinstance(cost, str) else not 0 <= cost < ABSURD:
            return None
        read = Decimal(str(cost))
    except InvalidOperation:
        return None
    if not (read.is_finite() and 0 <= read < ABSURD):
        return None
    rounded = read.quantize(_SMALLEST, ROUND_UP, EXACT)  # sums stay exact if what is added has few digits
    return rounded if read != rounded else read or Decimal(0)


def figures(usage: object) -> dict[str, float | None]:
    """Read the tokens and the cost of one response. What is not reported is None."""
    usage = mapping(usage)  # some endpoints count input and output
    sent, made = mapping(usage.get("prompt_tokens_details")), mapping(usage.get("completion_tokens_details"))
    return {
        "prompt_tokens": amount(usage.get("prompt_tokens", usage.get("input_tokens"))),
        "cached_tokens": amount(sent.get("cached_tokens")),
        "completion_tokens": amount(usage.get("completion_tokens", usage.get("output_tokens"))),
        "reasoning_tokens": amount(made.get("reasoning_tokens")),
        "cost": cost_of_response(usage),
    }


def summed_usage(usages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up numbers, nested or not. Of anything else, the first value stays that is not False or empty."""
    if any(usage.get("is_byok") for usage in usages):
        # what a provider billed directly (BYOK) is the sum over these requests only
        usages = [usage if usage.get("is_byok") else _without_upstream_cost(usage) for usage in usages]
    names = dict.fromkeys(name for usage in usages for name in usage)
    return {name: _joined([usage[name] for usage in usages if _is_reported(usage.get(name))]) for name in names}


def _without_upstream_cost(usage: Mapping[str, Any]) -> Any:
    return copied_json(usage, lambda value: value, left_out=("upstream_inference_cost",))


def _is_reported(value: object) -> bool:
    return is_number(value) or isinstance(value, bool | str | list | Mapping)


def _joined(values: list[Any]) -> Any:
    if not values:
        return None
    if all(isinstance(value, Mapping) for value in values):
        return summed_usage(values)
    if all(map(is_number, values)):
        return sum(values) if all(isinstance(value, int) for value in values) else fsum(values)
    return next(filter(None, values), values[0])
