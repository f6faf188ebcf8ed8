# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The moment at which a call ends, whatever comes: `timeout` starts anew with each byte, and with each retry.

httpx has no such limit. It reads the time limits of a request from a dictionary, when each step of the request begins,
and hands the one for reading to the network for each piece of the response. Both get what is left of the call.
"""

import time
from dataclasses import dataclass
from typing import Any, Self

from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded

# seconds
_EARLY = 0.005


@dataclass(frozen=True)
class Deadline:
    """
    When a call ends.

    :param seconds: How long it may take.
    :param moment: When it ends, in seconds of `time.monotonic`.
    """

    seconds: float
    moment: float

    @classmethod
    def after(cls, seconds: float | None) -> Self | None:
        """Begin a call that may take so long; None means that it may take any time."""
        return None if seconds is None else cls(seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds until it, or less than 0 after it."""
        return self.moment - time.monotonic()

    @property
    def text(self) -> str:
        """What happened, and what to do."""
        return f"The call took longer than `deadline` ({self.seconds:g} s): raise it, or use a faster model"

    @property
    def is_over(self) -> bool:
        """Whether it has come. A time limit that was shortened to it may end a little early."""
        return self.left < _EARLY

    def limit(self, request: Any) -> None:
        """Let no step of a request begin after the deadline, or last beyond it."""
        if self.left <= 0:
            raise DeadlineExceeded(self.text, request)
        given = request.extensions.get("timeout") or {}
        request.extensions = {**request.extensions, "timeout": _TimeLimits(given, self, request)}

    def limit_reading(self, response: Any) -> None:
        """Let no byte of a response be read after the deadline. HTTP/2 asks for the time limit before each read."""
        network = response.extensions.get("network_stream")
        if network is None or not response.http_version.startswith("HTTP/1"):
            return
        vars(network).pop("read", None)  # an earlier response's
        read = network.read

        def read_in_time(max_bytes: int, timeout: float | None = None) -> Any:
            if response.is_closed:  # the connection serves another one now
                return read(max_bytes, timeout=timeout)
            return read(max_bytes, timeout=_TimeLimits({"read": timeout}, self, response.request).get("read"))

        network.read = read_in_time


class _TimeLimits(dict[str, Any]):
    """
    The `timeout` extension of a request. No value is more than what is left of the call.
    """

    def __init__(self, given: dict[str, Any], deadline: Deadline, request: Any) -> None:
        super().__init__(given)
        self._deadline, self._request = deadline, request

    def get(self, name: str, default: Any = None) -> Any:
        """The seconds that a step may take now."""
        if (left := self._deadline.left) <= 0:
            raise DeadlineExceeded(self._deadline.text, self._request)
        given = super().get(name, default)
        return left if given is None else min(given, left)
