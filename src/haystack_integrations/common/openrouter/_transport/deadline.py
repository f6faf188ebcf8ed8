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

    def limit(self, request: Any, *, is_async: bool) -> None:
        """Let no step of a request begin after the deadline, or last beyond it."""
        if self.left <= 0:
            raise DeadlineExceeded(self.text, request)
        limits = _TimeLimits(request.extensions.get("timeout") or {}, self, request)
        trace = limits.trace_async if is_async else limits.trace
        request.extensions = {**request.extensions, "timeout": limits, "trace": trace}


class _TimeLimits(dict[str, Any]):
    """
    The `timeout` extension of a request. No value is more than what is left of the call.
    """

    def __init__(self, given: dict[str, Any], deadline: Deadline, request: Any) -> None:
        super().__init__(given)
        self._deadline, self._request = deadline, request
        self.response: Any = None
        """The response to the request, once it has begun."""

    def get(self, name: str, default: Any = None) -> Any:
        """The seconds that a step may take now."""
        return self._shortened(super().get(name, default))

    def _shortened(self, given: float | None) -> float:
        if (left := self._deadline.left) <= 0:
            raise DeadlineExceeded(self._deadline.text, self._request)
        return left if given is None else min(given, left)

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Limit each read from a connection that is made for the request: its headers may come byte by byte."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self.limit_reads(info["return_value"])

    async def trace_async(self, event: str, info: dict[str, Any]) -> None:
        self.trace(event, info)

    def limit_reads(self, network: Any) -> None:
        """Let no read of this request's response last beyond the deadline. HTTP/2 asks for the time limit each time."""
        tls = network.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() == "h2":  # other requests read from it as well
            return
        vars(network).pop("read", None)  # an earlier request's
        read = network.read

        def read_in_time(max_bytes: int, timeout: float | None = None) -> Any:
            if self.response is not None and self.response.is_closed:  # the connection serves another request now
                return read(max_bytes, timeout=timeout)
            return read(max_bytes, timeout=self._shortened(timeout))

        network.read = read_in_time


def limit_reading(response: Any) -> None:
    """Hold the response to the time limits of its request."""
    limits, network = response.request.extensions.get("timeout"), response.extensions.get("network_stream")
    if isinstance(limits, _TimeLimits) and network is not None:
        limits.response = response
        limits.limit_reads(network)
