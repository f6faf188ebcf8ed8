# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Connections that are kept for later calls, and how it is noticed that one leads nowhere any more.

A firewall or a NAT forgets a connection on which nothing happens, often without a word to either end. The probes of TCP
are traffic, so it does not forget, and if nobody answers them, the connection is closed before a call takes it. What a
call sends meanwhile is not waited for as long as `timeout` says, where the system allows that (Linux).
"""

import socket
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

CONNECTIONS: WeakValueDictionary[int, Any] = WeakValueDictionary()
"""Those that have brought a response. httpx shows those that a request makes, but not those that it takes."""

# After 10 seconds of silence, a probe every 5 seconds; after 20 without any answer, the connection is over. A shorter
# time would end calls that a mobile network or a server under load only delays.
_OPTIONS = {
    "TCP_KEEPIDLE": 10,
    "TCP_KEEPALIVE": 10,  # the name on macOS
    "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 2,
    "TCP_USER_TIMEOUT": 20_000,
}


def note_connection(network: Any) -> None:
    """
    Remember a connection that brought a response, and let TCP look after it. One of an unknown kind is left alone.

    :param network: The `network_stream` of the response: None if its transport has none.
    """
    if network is None or CONNECTIONS.get(id(network)) is network:
        return
    CONNECTIONS[id(network)] = network
    with suppress(AttributeError, OSError, TypeError):
        _look_after(network.get_extra_info("socket"))


def _look_after(connection: Any) -> None:
    """Set what the system knows of the options, unless the user's transport has turned probes on."""
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    if connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        if (option := getattr(socket, name, None)) is not None:
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, option, value)
