# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The budgets of keys, as OpenRouter last told them: what to do about a failure mentions them, and never asks for them.

A process remembers them by a hash of the key, which Python salts anew for each process.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from haystack_integrations.common.openrouter._wire.json_values import mapping, printable
from haystack_integrations.common.openrouter.errors._values import LONGEST_NAME, number_in, text_in

_MOST_KEYS, _MOST_BUDGETS = 100, 20
_NAMES = {"key_limit": "the limit of the key", "workspace": "a budget of the workspace"}


class _Budget(NamedTuple):
    left: float
    limit: float
    scope: str
    resets_at: str


_known: dict[int, tuple[datetime, list[_Budget]]] = {}


def learn_budgets(base_url: str, key: str | None, told: Mapping[str, Any]) -> None:
    """Remember what `/key` told of the budgets of a key: all of them, or only its own limit."""
    listed = told.get("budgets")
    own = {"scope": "key_limit", "limit_usd": told.get("limit"), "remaining_usd": told.get("limit_remaining")}
    entries = listed[:_MOST_BUDGETS] if isinstance(listed, list) else [own]
    _known.pop(_id(base_url, key), None)
    _known[_id(base_url, key)] = datetime.now(UTC), [*_read(entries)]
    for oldest in [*_known][:-_MOST_KEYS]:
        _known.pop(oldest, None)


def known_budget(base_url: str, key: str | None, situation: int | str) -> str:
    """A sentence about the budget of a key that has the least left, "" if none is known that fits."""
    told, budgets = _known.get(_id(base_url, key), (datetime.now(UTC), []))
    fits = [budget for budget in budgets if _fits(budget, situation) and not _is_over(budget.resets_at)]
    if not fits:
        return ""
    least = min(fits)
    until = f", until {least.resets_at}" if least.resets_at else ""
    name = _NAMES.get(least.scope, "the budget of a guardrail")
    return f". At {told:%Y-%m-%d %H:%M} UTC, {least.left:g} of {least.limit:g} USD of {name} were left{until}"


def _fits(budget: _Budget, situation: int | str) -> bool:
    if situation in ("key limit", "budget"):
        return (budget.scope == "key_limit") is (situation == "key limit")
    return situation in (402, "weight") or (situation == 403 and budget.left <= 0)


def _read(entries: list[Any]) -> Iterator[_Budget]:
    for fields in map(mapping, entries):
        left, limit = number_in(fields.get("remaining_usd")), number_in(fields.get("limit_usd"))
        moment = printable(text_in(fields.get("resets_at")), LONGEST_NAME)
        if left is not None and limit is not None:
            yield _Budget(left, limit, text_in(fields.get("scope")), moment)


def _is_over(resets_at: str) -> bool:
    try:
        moment = datetime.fromisoformat(resets_at)
    except ValueError:
        return False
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) <= datetime.now(UTC)


def _id(base_url: str, key: str | None) -> int:
    return hash((base_url.rstrip("/"), (key or "").strip()))
