# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A run that sends many requests: what happens if one of them fails, and when the run stops.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import inf
from threading import Event, Lock
from typing import Any, ClassVar, Generic, TypeVar

import openai
from haystack import logging

from haystack_integrations.common.openrouter._transport.run import Run, running
from haystack_integrations.common.openrouter._wire.json_values import mapping, plain_json
from haystack_integrations.common.openrouter._wire.usage import summed_usage
from haystack_integrations.common.openrouter.errors._reading import ends_every_request, is_refusal

logger = logging.getLogger(__name__)

_MOST_FAILED_IN_A_ROW = 3

Item = TypeVar("Item")
Result = TypeVar("Result")


class ManyRequests(Generic[Item, Result]):
    """
    The requests of one run, and what came back: a result for each input, and the usage of all responses.

    It iterates over what is sent, and can be shared by several threads or tasks. A failure is logged, and does not
    affect the other requests. The run stops at an error that would also affect every later request, and after three
    failures in a row. If nothing succeeded, an error is raised.

    A subclass keeps results and usages, and says what a failure means (`_take_failure`, which calls `_failed`).

    :param items: What is sent. What is put back is sent before the rest.
    :param count: How many inputs there are.
    :param model: The requested model.
    :param raise_on_failure: Whether to raise the first failure instead.
    """

    _inputs: ClassVar[str]
    """What the inputs are called in a log, such as "documents"."""
    _done: ClassVar[str]
    """What is done with them, such as "embedded"."""
    _expected: ClassVar[tuple[type[Exception], ...]] = (openai.APIError,)
    """Exceptions that are failures of one request. Any other exception ends the run at once."""

    def __init__(self, items: Iterable[Item], count: int, *, model: str, raise_on_failure: bool) -> None:
        self._items = iter(items)
        self._put_back: deque[Item] = deque()
        self._results: list[Result | None] = [None] * count
        self._usages: list[dict[str, Any]] = []
        self._model = model
        self._first_model: tuple[float, str] = (inf, model)  # with the position of what it was asked for
        self._agreed: dict[str, Any] | None = None
        self._raise_on_failure = raise_on_failure
        self._failed_in_a_row = 0
        self._over = Event()
        self._ended_by: Exception | None = None
        self._first_error: openai.APIError | None = None
        self._lock = Lock()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        with self._lock:
            if self._over.is_set():
                raise StopIteration
            return self._next()

    def _next(self) -> Item:
        """Choose what is sent next. The lock is held."""
        return self._put_back.popleft() if self._put_back else next(self._items)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send the requests inside this block. If nothing was done, what ended the run or failed first is raised."""
        with running(Run(over=self._over)):
            try:
                yield
            finally:
                with self._lock:
                    self._stop()
        error = self._ended_by or self._first_error
        if error is not None and not any(self._results):
            raise error
        if self._ended_by is None:
            return
        msg = (
            f"{self._results.count(None)} of {len(self._results)} {self._inputs} were not {self._done}, because the "
            "run was stopped after this error: {error}"
        )
        logger.error(msg, error=str(self._ended_by))

    @contextmanager
    def attempt(self, item: Item) -> Iterator[None]:
        """Send one request inside this block. Its failure is raised or taken."""
        try:
            yield
        except self._expected as error:
            if self._raise_on_failure:
                raise
            with self._lock:
                self._usages.append(_usage_of(error))
                if isinstance(error, openai.APIError):
                    self._first_error = self._first_error or error
                self._take_failure(item, error, isinstance(error, openai.APIError) and is_refusal(error))

    def _stop(self, error: Exception | None = None) -> None:
        """Send nothing more, because of this error if there is one. The lock is held."""
        self._ended_by = self._ended_by or error
        self._over.set()

    def _take_failure(self, item: Item, error: Exception, refused: bool) -> None:
        """Put parts of the item back, or call `_failed`. The lock is held."""
        raise NotImplementedError

    def _failed(self, error: Exception, refused: bool, message: str, *, counts: bool = True, **fields: Any) -> None:
        """
        Stop at a failure, or log a message with its `{error}` and other fields. After the end of the run, do neither.
        """
        if self._over.is_set():
            return
        # if others were done before, the refused input itself is the cause
        self._failed_in_a_row += counts and not (refused and any(self._results))
        ends = isinstance(error, openai.APIError) and ends_every_request(error)
        if ends or self._failed_in_a_row == _MOST_FAILED_IN_A_ROW:
            self._stop(error)
        else:
            logger.error(message, error=str(error), exc_info=error, **fields)

    def _take_meta(self, meta: dict[str, Any], position: int) -> None:
        """Keep the model of the first response, and the other fields that are the same in all. The lock is held."""
        self._usages.append(meta.pop("usage"))
        self._first_model = min(self._first_model, (position, meta.pop("model")))
        agreed = meta if self._agreed is None else self._agreed
        self._agreed = {name: value for name, value in agreed.items() if meta.get(name) == value}

    def _meta(self, **fields: Any) -> dict[str, Any]:
        """Make the `meta` of the run."""
        taken = {"model": self._first_model[1], **(self._agreed or {})}
        meta = {**taken, **fields, "usage": summed_usage(self._usages)}
        if not self._raise_on_failure:
            meta["failed"] = self._results.count(None)
        return meta


def _usage_of(error: Exception) -> dict[str, Any]:
    """Find what was billed for a response that can't be used."""
    try:
        return dict(plain_json(mapping(mapping(getattr(error, "body", None)).get("usage"))))
    except ValueError:  # nested too deep
        return {}
