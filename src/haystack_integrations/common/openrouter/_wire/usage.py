# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The `usage` of a response: read as it was sent, and added up.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from math import copysign, fsum, isfinite
from typing import Any

from haystack_integrations.common.openrouter._wire.responses import is_number


def cost_of_response(usage: object) -> float | None:
    """
    Read the cost from the usage in one response.

    :param usage: `usage` as OpenRouter sent it: a dictionary, or something odd.
    :returns: The cost in USD, with the bill of a provider for the user's own key, or None if none is reported.
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
    Read the tokens and the cost from the usage in one response.

    :param usage: `usage` as OpenRouter sent it: a dictionary, or something odd.
    :returns: `prompt_tokens`, `cached_tokens`, `completion_tokens`, `reasoning_tokens`, and `cost` in USD. What is not
        reported is None.
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


def amount(value: object) -> float | None:
    """
    Read an amount from `usage`.

    :param value: A value of any type.
    :returns: The number, or None if it is not a finite number.
    """
    return float(value) if is_number(value) else None


def summed_usage(usages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Add up what several requests used.

    :param usages: The `usage` of each response: tokens, `cost` in USD, and more, nested or not.
    :returns: A new dictionary. Numbers are added, a Boolean is True if any of its values is, and of anything else the
        first value stays. If a provider billed some of the requests directly (BYOK), `upstream_inference_cost` is the
        sum over these only.
    """
    given = list(usages)
    billed = [bool(usage.get("is_byok")) for usage in given]
    if any(billed):
        given = [usage if own else _without_upstream_cost(usage) for usage, own in zip(given, billed, strict=True)]
    names = dict.fromkeys(name for usage in given for name in usage)
    return {name: _total([usage[name] for usage in given if _says_something(usage.get(name))]) for name in names}


def _without_upstream_cost(usage: Mapping[str, Any]) -> dict[str, Any]:
    details = usage.get("cost_details")
    if not isinstance(details, Mapping):
        return dict(usage)
    return {**usage, "cost_details": {k: v for k, v in details.items() if k != "upstream_inference_cost"}}


def _says_something(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and not isfinite(value))


def _total(values: list[Any]) -> Any:
    if not values:
        return None
    if all(isinstance(value, Mapping) for value in values):
        return summed_usage(values)
    if all(isinstance(value, bool) for value in values):
        return any(values)
    return _sum(values) if all(map(is_number, values)) else values[0]


def _sum(numbers: list[int | float]) -> int | float:
    """
    Add up numbers. A sum that no float can hold is the largest float: a budget then ends early, never late.
    """
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    try:
        return fsum(numbers)
    except OverflowError:
        return copysign(sys.float_info.max, sum(number / len(numbers) for number in numbers))
