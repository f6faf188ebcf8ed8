# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What was spent: each response is counted once, for a whole process and for those who measure a part of it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock
from typing import Literal
from weakref import ReferenceType, WeakSet, ref

from haystack_integrations.common.openrouter._transport.forks import renewed_in_forked_children
from haystack_integrations.common.openrouter._wire.usage import EXACT

# Who measures in this context, or has: what nobody keeps any longer is gone.
_measures: ContextVar[tuple["ReferenceType[Spending]", ...]] = ContextVar("openrouter_measures", default=())


@dataclass(eq=False)
class Spending:
    """
    What was spent so far.

    :param total: In USD.
    :param calls: How many responses it is for.
    :param unknown: How many of them did not say what they cost.
    :param label: What it is counted under.
    :param generations: The ids of these responses, if someone watches.
    :param charge: Is called with each cost that is known. It must not raise. Several that are equal are called once.
    """

    total: Decimal = Decimal(0)
    calls: int = 0
    unknown: int = 0
    label: str | None = None
    generations: set[str] = field(default_factory=set, repr=False)
    charge: Callable[[Decimal], None] | None = field(default=None, repr=False)

    def add(self, cost: Decimal | None) -> None:
        """Count one response."""
        self.calls += 1
        if cost is None:
            self.unknown += 1
        else:
            self.total = EXACT.add(self.total, cost)


class Ledger:
    """
    Where everything is added up.
    """

    def __init__(self) -> None:
        self.renew()
        renewed_in_forked_children(self)

    def renew(self) -> None:
        """Begin in a new process."""
        self._lock = Lock()
        self._measured: WeakSet[Spending] = WeakSet()
        self._watchers: WeakSet[Spending] = WeakSet()
        self._empty()

    def _empty(self) -> None:
        self.all = Spending()
        self._jobs: set[str] = set()
        self._sums: dict[str, defaultdict[str, Decimal]] = {
            kind: defaultdict(Decimal) for kind in ("model", "component", "label")
        }

    def reset(self) -> None:
        """Begin again at 0. Those who measure go on."""
        with self._lock:
            self._empty()

    def by(self, kind: Literal["model", "component", "label"]) -> dict[str, Decimal]:
        """Sums in USD by name."""
        with self._lock:
            return dict(self._sums[kind])

    @contextmanager
    def measuring(self, label: str | None) -> Iterator[Spending]:
        """Measure what this block causes."""
        spent = Spending(label=label)
        with self._lock:
            self._measured.add(spent)
        token = _measures.set((*_measures.get(), ref(spent)))
        try:
            yield spent
        finally:
            with suppress(ValueError):  # a generator's block may end in another context than it began in
                _measures.reset(token)

    def watch(self, charge: Callable[[Decimal], None] | None = None) -> Spending:
        """Measure what this context causes from now on, and what no watcher's context causes."""
        spent = Spending(charge=charge)
        with self._lock:
            self._measured.add(spent)
            self._watchers.add(spent)
        _measures.set((*(one for one in _measures.get() if one() is not None), ref(spent)))
        return spent

    def note(
        self,
        cost: Decimal | None,
        *,
        model: str,
        component: str,
        generation_id: str | None,
        job_id: str | None = None,
    ) -> None:
        """Count one response for all that it concerns. A job counts once, however often it is asked for its state."""
        found = [spent for reference in _measures.get() if (spent := reference()) is not None]
        with self._lock:
            if job_id in self._jobs:
                return
            if job_id is not None:
                self._jobs.add(job_id)
            mine = [spent for spent in found if spent in self._measured]
            if not any(spent in self._watchers for spent in mine):
                mine += self._watchers
            for spent in (self.all, *mine):
                spent.add(cost)
                if generation_id and spent in self._watchers:
                    spent.generations.add(generation_id)
            names = [("model", model), ("component", component)]
            names += [("label", label) for label in dict.fromkeys(spent.label for spent in mine) if label]
            for kind, name in names:
                self._sums[kind][name] = EXACT.add(self._sums[kind][name], cost or Decimal(0))
        if cost:
            for charge in dict.fromkeys(spent.charge for spent in mine if spent.charge):
                charge(cost)


_named: dict[str, Ledger] = {}


def ledger_of_name(name: str) -> Ledger:
    """The one ledger of this name."""
    return _named.setdefault(name, Ledger())  # atomic
