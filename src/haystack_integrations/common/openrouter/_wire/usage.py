# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The `usage` of a response: read as it was sent, and added up.
"""

from collections.abc import Iterable, Mapping
from math import fsum
from typing import Any, TypeGuard

ABSURD = 10**15
"""No request costs so many USD or takes so many tokens. Sums of smaller amounts always fit into a float."""


def amount(value: object) -> float | None:
    """
    Read a number of tokens or USD. None if it is not a number, not finite, or absurd.
    """
    return float(value) if _is_number(value) and abs(value) < ABSURD else None


def cost_of_response(usage: object) -> float | None:
    """
    Read the cost in USD, with the bill of a provider for the user's own key. None if none is reported.
    """
    if not isinstance(usage, Mapping):
        return None
    bills, details = [usage.get("cost")], usage.get("cost_details")
    if usage.get("is_byok") and isinstance(details, Mapping):
        bills.append(details.get("upstream_inference_cost"))
    known = [dollars for bill in bills if (dollars := amount(bill)) is not None]
    return sum(known) if known else None


def figures(usage: object) -> dict[str, float | None]:
    """
    Read the tokens and the cost of one response. What is not reported is None.
    """
    usage = usage if isinstance(usage, Mapping) else {}
    sent, made = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    return {
        "prompt_tokens": amount(usage.get("prompt_tokens")),
        "cached_tokens": amount(sent.get("cached_tokens")) if isinstance(sent, Mapping) else None,
        "completion_tokens": amount(usage.get("completion_tokens")),
        "reasoning_tokens": amount(made.get("reasoning_tokens")) if isinstance(made, Mapping) else None,
        "cost": cost_of_response(usage),
    }


def summed_usage(usages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Add up numbers, nested or not. A Boolean is True if any of its values is, and of anything else the first one stays.
    """
    given = list(usages)
    billed = [bool(usage.get("is_byok")) for usage in given]
    if any(billed):  # what a provider billed directly (BYOK) is the sum over these requests only
        given = [usage if own else _without_upstream_cost(usage) for usage, own in zip(given, billed, strict=True)]
    names = dict.fromkeys(name for usage in given for name in usage)
    return {name: _total([usage[name] for usage in given if _is_reported(usage.get(name))]) for name in names}


def _without_upstream_cost(usage: Mapping[str, Any]) -> dict[str, Any]:
    details = usage.get("cost_details")
    if not isinstance(details, Mapping):
        return dict(usage)
    return {**usage, "cost_details": {k: v for k, v in details.items() if k != "upstream_inference_cost"}}


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_reported(value: object) -> bool:
    return abs(value) < ABSURD if _is_number(value) else value is not None


def _total(values: list[Any]) -> Any:
    if not values:
        return None
    if all(isinstance(value, Mapping) for value in values):
        return summed_usage(values)
    if all(isinstance(value, bool) for value in values):
        return any(values)
    if any(amount(value) is None for value in values):
        return values[0]
    return sum(values) if all(isinstance(value, int) for value in values) else fsum(values)
