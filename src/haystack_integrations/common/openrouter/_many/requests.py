# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A run that sends many requests: what happens if one of them fails, and when the run stops.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock
from typing import Any, ClassVar, Generic, TypeVar

import openai
from haystack import logging

from haystack_integrations.common.openrouter._transport.run import Run, running
from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.common.openrouter.errors._failure import ends_every_request

logger = logging.getLogger(__name__)

_MOST_FAILED_IN_A_ROW = 3

Item = TypeVar("Item")


class ManyRequests(Generic[Item]):
    """
    The requests of one run.

    It iterates over what is sent, and can be shared by several threads or tasks. A failure is logged, and does not
    affect the other requests. The run stops at an error that would also affect every later request, and after three
    failures in a row.

    A subclass says what is sent next (`_next`), what a failure means (`_take_failure`, which calls `_failed`), and how
    many of its inputs have no result (`_missing`). `_lock` is held while the first two are called.

    :param count: How many inputs there are.
    :param raise_on_failure: Whether to raise the first failure instead.
    """

    _inputs: ClassVar[str]
    """What the inputs are called in a log, such as "documents"."""
    _done: ClassVar[str]
    """What is done with them, such as "embedded"."""
    _expected: ClassVar[tuple[type[Exception], ...]] = (openai.APIError,)
    """Exceptions that are failures of one request. Any other exception ends the run at once."""

    def __init__(self, count: int, *, raise_on_failure: bool) -> None:
        self._count = count
        self._raise_on_failure = raise_on_failure
        self._failed_in_a_row = 0
        self._over = Event()
        self._ended_by: Exception | None = None
        self._lock = Lock()

    def __iter__(self) -> Iterator[Item]:
        """
        Iterate over what is sent, once.
        """
        return self

    def __next__(self) -> Item:
        """
        What is sent next.
        """
        with self._lock:
            if self._over.is_set():
                raise StopIteration
            return self._next()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """
        Send the requests inside this block. After it, nothing more is sent.

        :raises openai.APIError: If an error ended the run before anything was done.
        """
        with running(Run(over=self._over)):
            try:
                yield
            finally:
                self._over.set()
        if self._ended_by is not None:
            self._tell_what_is_missing(self._ended_by)

    @contextmanager
    def attempt(self, item: Item) -> Iterator[None]:
        """
        Send one request inside this block.

        :param item: What is sent.
        :raises Exception: If it failed and the first failure is to be raised.
        """
        try:
            yield
        except self._expected as error:
            if self._raise_on_failure:
                raise
            with self._lock:
                self._take_failure(item, error)

    def _next(self) -> Item:
        raise NotImplementedError

    def _take_failure(self, item: Item, error: Exception) -> None:
        raise NotImplementedError

    def _missing(self) -> int:
        raise NotImplementedError

    def _failed(self, error: Exception, message: str, *, counts: bool, **fields: Any) -> None:
        """
        Stop at a failure, or log it. After the end of the run, it is ignored.

        :param error: Why the request failed.
        :param message: What to log, with `{error}` in it.
        :param counts: Whether it is one of three failures in a row that stop the run.
        :param fields: The other fields of the message.
        """
        if self._over.is_set():
            return
        self._failed_in_a_row += counts
        ends = isinstance(error, openai.APIError) and ends_every_request(error)
        if ends or self._failed_in_a_row == _MOST_FAILED_IN_A_ROW:
            self._ended_by = error
            self._over.set()
        else:
            logger.error(message, error=str(error), exc_info=error, **fields)

    def _tell_what_is_missing(self, error: Exception) -> None:
        missing = self._missing()
        if missing == self._count:
            raise error
        msg = (
            f"{missing} of {self._count} {self._inputs} were not {self._done}, because the run was stopped after "
            "this error: {error}"
        )
        logger.error(msg, error=str(error))


def usage_of_failure(error: Exception) -> dict[str, Any]:
    """
    Find what was billed for a response that can't be used.

    :param error: The error that it became.
    :returns: A copy of its `usage`, or an empty dictionary.
    """
    body = getattr(error, "body", None)
    usage = body.get("usage") if isinstance(body, dict) else None
    try:
        return plain_json(usage) if isinstance(usage, dict) else {}
    except ValueError:
        return {}
