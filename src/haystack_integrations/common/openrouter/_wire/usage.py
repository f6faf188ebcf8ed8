# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The sum of the usage of several requests.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from math import copysign, fsum, isfinite
from typing import Any

from haystack_integrations.common.openrouter._wire.responses import is_number


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
