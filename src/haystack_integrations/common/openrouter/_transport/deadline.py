# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The moment at which a call ends, whatever comes: `timeout` starts anew with each byte, and with each retry.

httpx has no such limit. It reads the time limits of a request from a dictionary, when each step of the request begins,
and hands the one for reading to the network for each piece of the response. Both get what is left of the call.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from haystack_integrations.common.openrouter._transport.kept_connections import CONNECTIONS
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded

# seconds
_EARLY = 0.005


@dataclass(frozen=True)
class Deadline:
    """
    When a call ends.

    :param seconds: How long it may take.
    :param moment: When it ends, in seconds of `time.monotonic`.
    :param name: The argument that said so.
    """

    seconds: float
    moment: float
    name: str = "deadline"

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Begin a call that may take so long."""
        return cls(seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds until it, or less than 0 after it."""
        return self.moment - time.monotonic()

    @property
    def text(self) -> str:
        """What happened, and what to do."""
        return f"The call took longer than `{self.name}` ({self.seconds:g} s): raise `{self.name}` (seconds)"

    @property
    def is_over(self) -> bool:
        """Whether it has come. A time limit that was shortened to it may end a little early."""
        return self.left < _EARLY

    def shortened(self, seconds: float | None, request: Any = None) -> float:
        """Shorten a time limit to what is left of the call. After the deadline, raise."""
        if (left := self.left) <= 0:
            raise DeadlineExceeded(self.text, request)
        return left if seconds is None else min(seconds, left)

    def limit(self, request: Any, current: Callable[[], Self | None], *, is_async: bool) -> None:
        """
        Let no step of a request begin after the deadline, or last beyond it.

        :param request: The request.
        :param current: Finds the deadline of the call that reads from a connection.
        :param is_async: Whether the request is asynchronous.
        """
        self.shortened(None, request)
        limits = _TimeLimits(request.extensions.get("timeout") or {}, self, request, current)
        trace = limits.trace_async if is_async else limits.trace
        request.extensions = {**request.extensions, "timeout": limits, "trace": trace}
        for kept in CONNECTIONS.valuerefs():
            if (network := kept()) is not None and "read" not in vars(network):
                limit_reads(network, current)


class _TimeLimits(dict[str, Any]):
    """
    The `timeout` extension of a request. No value is more than what is left of the call.
    """

    def __init__(self, given: dict[str, Any], deadline: Deadline, request: Any, current: Callable[[], Any]) -> None:
        super().__init__(given)
        self._deadline, self._request, self._current = deadline, request, current

    def get(self, name: str, default: Any = None) -> Any:
        """The seconds that a step may take now."""
        return self._deadline.shortened(super().get(name, default), self._request)

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Limit each read from a connection that is made for the request: its headers may come byte by byte."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            limit_reads(info["return_value"], self._current)

    async def trace_async(self, event: str, info: dict[str, Any]) -> None:
        self.trace(event, info)


def limit_reads(network: Any, current: Callable[[], Deadline | None]) -> None:
    """Let no read last beyond the deadline of the call that reads. HTTP/2 asks for the time limit each time."""
    tls = network.get_extra_info("ssl_object")
    if tls is not None and tls.selected_alpn_protocol() == "h2":  # other requests read from it as well
        return
    read = network.read

    def read_in_time(max_bytes: int, timeout: float | None = None) -> Any:
        deadline = current()
        return read(max_bytes, timeout=timeout if deadline is None else deadline.shortened(timeout))

    network.read = read_in_time
