# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Stores for budgets that outlive a run: what was spent by a user, or on a day.
"""

import os
import sqlite3
import time
from contextlib import suppress
from decimal import Decimal
from functools import reduce
from pathlib import Path
from threading import Lock, RLock
from typing import Any, Protocol, runtime_checkable
from weakref import WeakValueDictionary

from haystack.core.serialization import default_from_dict, default_to_dict

from haystack_integrations.common.openrouter._transport.forks import renewed_in_forked_children
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.usage import EXACT

# How many seconds a process waits for another one that is writing.
_PATIENCE = 5.0
_SWEEP = 1024


@runtime_checkable
class OpenRouterCostStore(Protocol):
    """
    What a store of spending must do. Write your own for a database that several machines share.

    Amounts are added up under a key, and each one expires. Both methods are called from any thread, and in asynchronous
    code too, so they should be quick. If `add` fails, the run goes on, and the amount is added again later. If `spent`
    fails, the run ends. For YAML, a store also needs `to_dict` and `from_dict`.
    """

    def add(self, key: str, cost: Decimal, expires: float) -> None:
        """
        Add an amount.

        :param key: Whose it is.
        :param cost: The amount in USD. Keep all of its digits: a float would not.
        :param expires: From when on it no longer counts, in seconds since 1970. `math.inf` means never.
        """
        ...

    def spent(self, key: str, now: float) -> Decimal:
        """
        Return the sum of the amounts of a key that have not expired.

        :param key: Whose they are.
        :param now: The time, in seconds since 1970.
        :returns: The sum in USD. 0 for a key without any.
        """
        ...


class OpenRouterInMemoryCostStore:
    """
    Keeps spending in the memory of this process.

    It is empty after a restart, and so is a copy that was pickled or loaded from YAML. A forked child begins with what
    its parent had.
    """

    def __init__(self) -> None:
        """
        Create the store.
        """
        self._amounts: dict[str, dict[float, Decimal]] = {}
        self._added = 0
        self.renew()
        renewed_in_forked_children(self)

    def renew(self) -> None:
        """
        Begin in a new process.
        """
        self._lock = Lock()

    def add(self, key: str, cost: Decimal, expires: float) -> None:
        """
        Add an amount.

        :param key: Whose it is.
        :param cost: The amount in USD.
        :param expires: From when on it no longer counts, in seconds since 1970.
        """
        with self._lock:
            amounts = self._amounts.setdefault(key, {})
            amounts[expires] = EXACT.add(amounts.get(expires, Decimal(0)), cost)
            self._added += 1
            if self._added % _SWEEP == 0:
                self._sweep(time.time())

    def spent(self, key: str, now: float) -> Decimal:
        """
        Return the sum of the amounts of a key that have not expired.

        :param key: Whose they are.
        :param now: The time, in seconds since 1970.
        :returns: The sum in USD.
        """
        with self._lock:
            amounts = self._amounts.get(key, {})
            return _sum(cost for expires, cost in amounts.items() if expires > now)

    def _sweep(self, now: float) -> None:
        """Forget what has expired."""
        left = {key: {end: cost for end, cost in each.items() if end > now} for key, each in self._amounts.items()}
        self._amounts = {key: amounts for key, amounts in left.items() if amounts}

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the store. What it holds is not part of it.

        :returns: The store as a dictionary.
        """
        return default_to_dict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "OpenRouterInMemoryCostStore":
        """
        Deserialize the store.

        :param data: The dictionary from `to_dict`.
        :returns: An empty store.
        """
        return default_from_dict(cls, data)

    def __deepcopy__(self, memo: dict[int, Any]) -> "OpenRouterInMemoryCostStore":
        """A copy of an Agent spends from the same budget."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave behind what is of this process."""
        return OpenRouterInMemoryCostStore, ()


class OpenRouterSQLiteCostStore:
    """
    Keeps spending in a file, with SQLite. Several threads and processes of one machine can use it at once.

    The file is created at the first use. It must not be on a network drive, whose locks SQLite can't rely on. A process
    that is killed loses nothing; a power failure can lose the last seconds.
    """

    _connection: sqlite3.Connection | None = None

    def __init__(self, path: str | Path) -> None:
        """
        Create the store.

        :param path: The file. Its folder must exist.
        :raises TypeError: If it is not a path.
        :raises ValueError: If it is empty, or no file.
        """
        checks.instance(path, "`path`", str | Path, "the path of a file, such as 'costs.db'")
        checks.text(str(path), "path", "a path", "pass the path of a file, such as 'costs.db'")
        if str(path) == ":memory:":
            msg = "`path` must be a file. To keep spending in memory, use OpenRouterInMemoryCostStore."
            raise ValueError(msg)
        self.path = str(path)
        self._file = os.path.abspath(path)  # the working directory may change
        _STORES[id(self)] = self

    def add(self, key: str, cost: Decimal, expires: float) -> None:
        """
        Add an amount, and delete what has expired.

        :param key: Whose it is.
        :param cost: The amount in USD.
        :param expires: From when on it no longer counts, in seconds since 1970.
        :raises sqlite3.Error: If the file can't be written, or is in use by another process for 5 seconds.
        """
        with _USING, self._opened() as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("DELETE FROM spending WHERE expires <= ?", (time.time(),))
            found = database.execute("SELECT usd FROM spending WHERE key = ? AND expires = ?", (key, expires))
            total = _sum((cost, *(Decimal(usd) for (usd,) in found)))
            database.execute("INSERT OR REPLACE INTO spending VALUES (?, ?, ?)", (key, expires, str(total)))

    def spent(self, key: str, now: float) -> Decimal:
        """
        Return the sum of the amounts of a key that have not expired.

        :param key: Whose they are.
        :param now: The time, in seconds since 1970.
        :returns: The sum in USD.
        :raises sqlite3.Error: If the file can't be read.
        """
        with _USING, self._opened() as database:
            found = database.execute("SELECT usd FROM spending WHERE key = ? AND expires > ?", (key, now))
            return _sum(Decimal(usd) for (usd,) in found)

    def _opened(self) -> sqlite3.Connection:
        """Open the file, unless it is open. The lock is held."""
        if self._connection is None:
            database = sqlite3.connect(self._file, _PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                with suppress(sqlite3.OperationalError):  # another process may be doing just that
                    database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = NORMAL")
                with database:
                    database.execute("BEGIN IMMEDIATE")
                    database.execute(
                        "CREATE TABLE IF NOT EXISTS spending "
                        "(key TEXT, expires REAL, usd TEXT, PRIMARY KEY (key, expires)) WITHOUT ROWID"
                    )
                    database.execute("CREATE INDEX IF NOT EXISTS spending_expires ON spending (expires)")
            except BaseException:
                database.close()
                raise
            self._connection = database
        return self._connection

    def close(self) -> None:
        """
        Close the file. It is opened again when it is needed.
        """
        with _USING:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the store.

        :returns: The store as a dictionary.
        """
        return default_to_dict(self, path=self.path)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "OpenRouterSQLiteCostStore":
        """
        Deserialize the store.

        :param data: The dictionary from `to_dict`.
        :returns: The store.
        """
        return default_from_dict(cls, data)

    def __eq__(self, other: object) -> bool:
        """Two stores of one file are one."""
        return isinstance(other, OpenRouterSQLiteCostStore) and self._file == other._file

    def __hash__(self) -> int:
        return hash(self._file)

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the connection behind: it is of this process."""
        return OpenRouterSQLiteCostStore, (self._file,)

    def __del__(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _sum(amounts: Any) -> Decimal:
    return reduce(EXACT.add, amounts, Decimal(0))


# SQLite keeps locks for a process, so a child must not inherit an open file: https://sqlite.org/howtocorrupt.html
_STORES: WeakValueDictionary[int, OpenRouterSQLiteCostStore] = WeakValueDictionary()
_USING = RLock()


def _close_all() -> None:
    _USING.acquire()
    for store in list(_STORES.values()):
        store.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_all, after_in_parent=_USING.release, after_in_child=_USING.release)
