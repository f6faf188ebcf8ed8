# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What an Agent's run has cost, read from the sums that the Agent keeps of its replies.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from haystack_integrations.common.openrouter._wire.json_values import mapping
from haystack_integrations.common.openrouter._wire.usage import ABSURD, amount

# The beginning of the key in `token_usage` under which the cost so far is kept, with the sums that it was read from. It
# is there and not in the hook, so that one hook can serve many runs at once and that a snapshot of the state holds it.
# What a server sends is added to the same dictionary, so the key ends with digits that no server can know, and of all
# that begin like it the highest cost counts.
TALLY = "openrouter_cost_budget_"
_SPENT = re.compile(r"[0-9]{1,40}(\.[0-9]{1,400})?")
_LONGEST_NUMBER = 40
# A float holds 15 decimal digits exactly.
_DIGITS = 15
# Beside a sum of more USD, a float no longer shows the cost of a small request.
_COARSE = 10**6


@dataclass(frozen=True)
class Tally:
    """
    What a run has cost.

    :param spent: The cost so far. It never falls.
    :param sums: What the Agent had added up by then.
    :param moment: What is different after each call of the Agent, or None if it is unknown.
    :param is_known: Whether the cost of the last call could be read.
    :param hides_the_next: Whether the cost of the next call can't be read from the sums.
    """

    spent: Decimal
    sums: Mapping[str, Any]
    moment: Any
    is_known: bool = True
    hides_the_next: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {"spent": f"{self.spent:f}", "sums": self.sums, "moment": self.moment}

    def after(self, sums: Mapping[str, Any], moment: Any) -> "Tally":
        """Add what was used since."""
        # The Agent adds up the numbers in the `usage` of each reply. The cost can't be computed from these sums alone:
        # they are floats, `is_byok` becomes a count, and a null makes a sum null. But the difference between one sum
        # and the next is exactly the usage of one call. The messages can't be used either: they include earlier runs,
        # and compaction hooks drop some of them. Without a tally, all of a run counts as one call.
        is_new = moment is None or moment != self.moment
        cost, is_known = _growth(self.sums.get("cost"), sums["cost"], is_new)
        is_lost = _hides(sums["cost"], ABSURD)
        if _hides(sums["is_byok"], ABSURD, -ABSURD) or _growth(self.sums.get("is_byok"), sums["is_byok"], is_new)[0]:
            bill = sums["upstream_inference_cost"]
            more, is_read = _growth(self.sums.get("upstream_inference_cost"), bill, is_new)
            cost, is_known = cost + more, is_known and (is_read or bill is None)
            is_lost = is_lost or _hides(bill, _COARSE)
        seen = {name: amount(value) for name, value in sums.items()}
        return Tally((self.spent + cost).normalize(), seen, moment, is_known, is_lost)


def is_tally(name: object) -> bool:
    return isinstance(name, str) and name.startswith(TALLY)


def read_tally(usage: Mapping[str, Any], moment: Any) -> Tally:
    """Find the tally in the sums of a run, and bring it up to date."""
    found = [_read(kept) for name, kept in usage.items() if is_tally(name)]
    earlier = [tally for tally in found if tally] or [Tally(Decimal(0), {}, None)]
    flag, details = usage.get("is_byok"), mapping(usage.get("cost_details"))
    sums = {
        "cost": _of_one_reply(usage.get("cost")),
        "is_byok": int(flag) if isinstance(flag, bool) else None if isinstance(flag, str) else flag,
        "upstream_inference_cost": _of_one_reply(details.get("upstream_inference_cost")),
    }
    return max((tally.after(sums, moment) for tally in earlier), key=lambda tally: (tally.hides_the_next, tally.spent))


def metered_before(usage: Mapping[str, Any], spent: Decimal) -> Decimal:
    """What a run had spent, as its meter and its replies tell, when its state was saved."""
    kept = [mapping(value) for name, value in usage.items() if is_tally(name)]
    both = [(_amount(fields.get("metered")), _amount(fields.get("spent"))) for fields in kept]
    return max([spent, *(metered + spent - then for metered, then in both if metered is not None and then is not None)])


def _read(kept: object) -> Tally | None:
    fields = mapping(kept)
    spent = _amount(fields.get("spent"))
    return None if spent is None else Tally(spent, mapping(fields.get("sums")), fields.get("moment"))


def _amount(written: object) -> Decimal | None:
    return Decimal(written) if isinstance(written, str) and _SPENT.fullmatch(written) else None


def _of_one_reply(told: object) -> object:
    """Read a number in a string, which the Agent does not add up, as a Decimal. Anything else stays as it is."""
    if not isinstance(told, str) or len(told) > _LONGEST_NUMBER:
        return told
    try:
        number = float(told)
    except ValueError:
        return told
    return Decimal(repr(number)) if number >= 0 else told


def _growth(before: object, now: object, is_new: bool) -> tuple[Decimal, bool]:
    """How much a sum has grown, at least 0, and whether that could be read."""
    # a null adds nothing, and after it the sum starts again at 0
    if isinstance(now, Decimal):
        return now if is_new and now < ABSURD else Decimal(0), True
    if (sum_now := amount(now)) is None:
        return Decimal(0), False
    old, new = Decimal(amount(before) or 0), Decimal(sum_now)
    if old > new:  # a negative amount
        return max(_rounded(new, new), Decimal(0)), False
    return _rounded(new - old, max(abs(old), new)), True


def _rounded(step: Decimal, total: Decimal) -> Decimal:
    return step.quantize(Decimal(1).scaleb(total.adjusted() + 1 - _DIGITS))


def _hides(now: object, most: int, least: int = -_COARSE) -> bool:
    """Whether what is added to a sum can't be seen."""
    return isinstance(now, int | float | Decimal) and not least < now < most
