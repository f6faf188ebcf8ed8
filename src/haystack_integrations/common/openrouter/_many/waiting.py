# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Waiting for a job: when it is asked for its state again, which failures of that are survived, and when to give up.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openai
from tqdm import tqdm

from haystack_integrations.common.openrouter._transport.deadline import Deadline
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded
from haystack_integrations.common.openrouter.errors._reading import failure_of


class Patience:
    """
    How long someone waits for a job.

    :param name: What is waited for, such as "The batch batch-1".
    :param timeout: Seconds after which the wait ends.
    :param poll: Seconds from one question about its state to the next.
    :raises TypeError: If one of them is not a number.
    :raises ValueError: If it is negative.
    """

    def __init__(self, name: str, timeout: float, poll: float) -> None:
        checks.timeout(timeout, "timeout", "a number of seconds")
        checks.timeout(poll, "poll", "a number of seconds")
        self._name, self._poll, self._last = name, poll, "its state is unknown"
        self._bar: Any = None
        self.deadline = Deadline(timeout, time.monotonic() + timeout, "timeout")

    @contextmanager
    def shown(self, *, progress_bar: bool) -> Iterator[None]:
        """Wait inside this block, with a progress bar if it is wanted."""
        self._bar = tqdm(total=0, disable=not progress_bar, desc=self._name)
        try:
            yield
        finally:
            self._bar.close()

    def after(self, done: int, total: int, state: str) -> float:
        """How many seconds to wait after a job was found under way. Raise if that would be too long."""
        self._last = state
        self.show(done, total)
        return self._pause(self._poll)

    def show(self, done: int, total: int) -> None:
        """Let the progress bar show how much is done."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def after_failure(self, error: openai.APIError) -> float:
        """How many seconds to wait after a question failed. Raise if another one would fail, too, or come too late."""
        if isinstance(error, DeadlineExceeded):
            raise self._too_late() from None
        failure = failure_of(error)
        # of the network; a redirect that is refused is an APIConnectionError, too
        may_pass = "TransportError" in [kind.__name__ for kind in type(error.__cause__).__mro__]
        if not (may_pass if failure is None else failure.is_transient):
            raise error
        return self._pause(max(self._poll, (failure.wait if failure else None) or 0.0))

    def _pause(self, seconds: float) -> float:
        if (left := self.deadline.left) <= 0:
            raise self._too_late()
        return min(seconds, left)

    def _too_late(self) -> DeadlineExceeded:
        msg = (
            f"{self._name} was not over after `timeout` ({self.deadline.seconds:g} s): {self._last}. It goes on, so "
            "you can wait for it again"
        )
        return DeadlineExceeded(msg, None)
