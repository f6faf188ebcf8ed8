# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The cost of an agent's run so far, computed from the `token_usage` of its state.

The Agent adds up the numbers in the `usage` of each reply. The cost can't be computed from these sums alone: they are
floats, `is_byok` becomes a count, and a null makes a sum null. But the difference between one sum and the next is
exactly the usage of one call. The messages can't be used either: they include earlier runs, and compaction hooks drop
some of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from haystack_integrations.common.openrouter._wire.usage import amount

TALLY = "openrouter_cost_budget"
"""
The key in `token_usage` under which the cost so far is kept, with the sums that it was read from. It is there and not
in the hook, so that one hook can serve many runs at once and that a snapshot of the state holds it.
"""

# A float holds 15 decimal digits exactly.
_DIGITS = 15


def with_tally(token_usage: Mapping[str, Any]) -> dict[str, Any]:
    """
    Add what was used since the last tally to the cost of a run.

    :param token_usage: The sums of the run so far. Without a tally, all of it counts as one call.
    :returns: A copy with the tally brought up to date. Doing it again without a new reply changes nothing.
    """
    tally = token_usage.get(TALLY) or {}
    before, now = tally.get("sums") or {}, _sums(token_usage)
    cost = _step(before, now, "cost")
    if _step(before, now, "is_byok"):
        cost += _step(before, now, "upstream_inference_cost")
    spent = Decimal(tally.get("spent", 0)) + cost
    return {**token_usage, TALLY: {"spent": f"{spent.normalize():f}", "sums": now}}


def spent_in(token_usage: Mapping[str, Any]) -> Decimal:
    """
    Read the cost of a run from its tally.

    :param token_usage: Usage with an up-to-date tally.
    :returns: The cost in USD.
    """
    return Decimal(token_usage[TALLY]["spent"])


def _sums(usage: Mapping[str, Any]) -> dict[str, float | None]:
    details = usage.get("cost_details")
    upstream = details.get("upstream_inference_cost") if isinstance(details, Mapping) else None
    flag = usage.get("is_byok")
    byok = int(flag) if isinstance(flag, bool) else amount(flag)
    return {"cost": amount(usage.get("cost")), "is_byok": byok, "upstream_inference_cost": amount(upstream)}


def _step(before: Mapping[str, float | None], now: Mapping[str, float | None], name: str) -> Decimal:
    """
    How much a sum has grown. A null adds nothing, and after it the sum starts again at 0.
    """
    old, new = before.get(name) or 0, now[name]
    if new is None:
        return Decimal(0)
    total = Decimal(repr(new))
    step = total - Decimal(repr(old)) if old <= new else total
    return step.quantize(Decimal(1).scaleb(total.adjusted() + 1 - _DIGITS))
