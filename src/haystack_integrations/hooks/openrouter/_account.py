# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The accounts of a budget: whose a run is, what it adds to the store, and what the store could not take.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import Any, cast

from haystack import logging
from haystack.components.agents.state.state import State

from haystack_integrations.common.openrouter._transport.forks import renewed_in_forked_children
from haystack_integrations.common.openrouter._transport.ledger import Spending
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import printable
from haystack_integrations.common.openrouter._wire.usage import EXACT, exact
from haystack_integrations.hooks.openrouter.cost_store import OpenRouterCostStore, OpenRouterInMemoryCostStore

logger = logging.getLogger(__name__)

_LONGEST_ERROR = 250
# Amounts that expire at nearly the same time are one in the store: at most so many in a window.
_PARTS = 100


class Accounts:
    """
    The accounts that a hook keeps in a store.

    :param store: The store.
    :param per: Whose the budget is: a label, or a function of the state of a run.
    :param window: For how many seconds an amount counts. None means for ever.
    """

    def __init__(
        self, store: OpenRouterCostStore, per: str | Callable[[State], str] | None, window: float | None
    ) -> None:
        self.store, self.per, self.window = store, per, window
        self.renew()
        renewed_in_forked_children(self)

    def renew(self) -> None:
        """Begin in a new process. What a store has refused is still the parent's to add."""
        self._lock = Lock()
        self._unwritten: dict[str, Decimal] = {}
        self._is_failing = False

    def of_run(self, state: State) -> "Account":
        """The account of a run."""
        if not callable(self.per):
            return self.of_label(self.per or "")
        label = self.per(state)
        checks.text(label, "per", "a function that returns a string", "its function returned no label")
        return self.of_label(label)

    def of_label(self, label: str) -> "Account":
        """The account of a label."""
        return Account(self, f"{label}/{'' if self.window is None else format(self.window, '.15g')}")

    def add(self, key: str, cost: Decimal) -> None:
        """Add a cost to the store, and what it has refused before. If it fails, warn, and keep them."""
        with self._lock:
            due = EXACT.add(cost, self._unwritten.pop(key, Decimal(0)))
        try:
            self.store.add(key, due, self._end())
        except Exception as error:
            with self._lock:
                self._unwritten[key] = EXACT.add(due, self._unwritten.get(key, Decimal(0)))
                is_first, self._is_failing = not self._is_failing, True
            if is_first:
                logger.warning(
                    "A cost could not be added to the store of OpenRouterCostBudgetHook ({error}). It counts in this "
                    "process, and is added together with the next one.",
                    error=told(error),
                )
        else:
            self._is_failing = False

    def spent(self, key: str) -> Decimal:
        """
        What counts now, in USD.

        :raises Exception: If the store can't be read.
        """
        stored = exact(self.store.spent(key, time.time()))
        if stored is None:
            msg = "`store.spent` did not return an amount of USD"
            raise TypeError(msg)
        with self._lock:
            return EXACT.add(stored, self._unwritten.get(key, Decimal(0)))

    def _end(self) -> float:
        """When an amount of now expires: up to a hundredth of the window late, so that a budget errs early."""
        if self.window is None:
            return math.inf
        part = self.window / _PARTS
        return math.ceil((time.time() + self.window) / part) * part


class Account:
    """
    Who pays for a run. Two accounts of one key in one store are one: what both would be charged with counts once.
    """

    def __init__(self, accounts: Accounts, key: str) -> None:
        self.accounts, self.key = accounts, key

    def __call__(self, cost: Decimal) -> None:
        """Add a cost."""
        self.accounts.add(self.key, cost)

    def spent(self) -> Decimal:
        """What counts now, in USD."""
        return self.accounts.spent(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Account) and (self.key, self.accounts.store) == (other.key, other.accounts.store)

    def __hash__(self) -> int:
        return hash(self.key)


def told(error: Exception) -> str:
    """Show an error of a store."""
    return printable(f"{type(error).__name__}: {error}".rstrip(": "), _LONGEST_ERROR)


@dataclass(frozen=True)
class Metered:
    """
    What a meter counts of a run.

    :param before: What the run had spent when its state came here first.
    :param since: What it has spent since.
    :param account: Who pays for it.
    """

    before: Decimal
    since: Spending
    account: Account | None

    def has_replies(self, state: State) -> bool:
        """Whether the Agent's own replies are counted, as far as the last one tells."""
        metas = [message.meta for message in state.data.get("messages") or [] if message.meta.get("usage")]
        generation = metas[-1].get("id") if metas else None
        resumed = self.before and not self.since.calls  # the last one was counted elsewhere
        return bool(resumed) or not isinstance(generation, str) or generation in self.since.generations


def checked_accounts(per: object, window: object, store: object) -> Accounts:
    """Make the accounts of a hook from its parameters, or raise an error that names the wrong one."""
    if per is not None and not callable(per):
        advice = 'For the user of a run: lambda state: state.data["hook_context"]["user"].'
        checks.text(per, "per", "a label or a function that returns one", "leave it out for one budget", advice)
    if store is not None and (isinstance(store, type) or not isinstance(store, OpenRouterCostStore)):
        kind = store if isinstance(store, type) else type(store)
        msg = f"`store` must be a store, such as OpenRouterSQLiteCostStore('costs.db'), not {kind.__name__}."
        raise TypeError(msg)
    seconds = None if window is None else positive(window, "window", "number of seconds, such as 86400")
    return Accounts(OpenRouterInMemoryCostStore() if store is None else store, cast(Any, per), seconds)


def positive(value: object, argument: str, what: str) -> float:
    """Return a number as a float. Raise unless it is positive and finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        msg = f"`{argument}` must be a {what}, not {type(value).__name__}."
        raise TypeError(msg)
    if not (checks.is_finite(value) and float(value) > 0):
        msg = f"`{argument}` must be a positive, finite {what}, not {checks.shown(value)}."
        raise ValueError(msg)
    return float(value)
