# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What the components of a process share: connections, and the SSL context that holds the certificates.

Each component has an HTTP client of its own, which it can close. Those with the same key are copies of one client, and
have its connections. The last one that is closed closes them.
"""

import asyncio
import copy
import os
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies
from weakref import WeakSet, ref

from haystack_integrations.common.openrouter._transport.forks import renewed_in_forked_children

# What a forked child has from its parent. It is kept, because to finalize it could close the parent's connections.
_INHERITED: list[object] = []


class SharesConnections:
    """
    An HTTP client that can have its connections in common with copies of it.
    """

    max_retries = 0
    group: "_Group | None" = None

    @property
    def is_closed(self) -> bool:
        """
        Whether this client was closed. Others may still use its connections.
        """
        return self.group is None

    def leave(self) -> bool:
        """
        Close this client, and tell whether its connections are to be closed, too.
        """
        group, self.group = self.group, None
        return group is not None and SHARED.leave(group, self)


class _Group:
    """
    Clients that share their connections, and the one that they are copies of.
    """

    def __init__(self, key: "ConnectionKey", original: Any) -> None:
        self.key, self._original = key, original
        self.members: WeakSet[SharesConnections] = WeakSet()
        self.is_closed = False

    def join(self, max_retries: int) -> Any:
        """Make a client that has the connections of the others."""
        client = copy.copy(self._original)
        client.max_retries, client.group = max_retries, self
        self.members.add(client)
        return client


class ConnectionKey:
    """
    What clients have in common that share their connections.

    :param kind: Their class.
    :param kwargs: What the user set for them.
    :param base_url: Where they send requests. Connections to other servers can't be shared.
    :param loop: The event loop of asynchronous clients.
    """

    def __init__(
        self,
        kind: type,
        kwargs: Mapping[str, Any] | None,
        base_url: str,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        given = kwargs or {}
        # httpx copies these when it builds a client: if they change later, equal arguments make different clients
        is_alone = any(not isinstance(given.get(name) or {}, dict) for name in ("headers", "params", "cookies"))
        server, environment = urlsplit(base_url)[:2], (_certificates(), getproxies())
        self._parts = (kind, loop, server, is_alone and object(), environment, given)
        transports = given.get("transport"), *(given.get("mounts") or {}).values()
        self._transports = {id(transport) for transport in transports if transport is not None}

    def matches(self, other: Self) -> bool:
        """
        Whether clients with the other key may have the same connections.
        """
        return self._parts == other._parts

    def shares_transport(self, other: Self) -> bool:
        """
        Whether the user made a transport for both. A client that is closed closes it, too.
        """
        return not self._transports.isdisjoint(other._transports)


class _Shared:
    """
    The groups of clients, and the SSL contexts, of this process.

    The garbage collector may close a client at any moment, also in the thread that holds the lock.
    """

    def __init__(self) -> None:
        self._contexts: dict[tuple[Any, ...], ssl.SSLContext] = {}
        self._start_empty()
        renewed_in_forked_children(self)

    def _start_empty(self) -> None:
        self._lock = threading.RLock()
        self._references: list[ref[_Group]] = []

    def renew(self) -> None:
        """Start without connections in a forked child. The SSL contexts have none, and stay."""
        _INHERITED.append(self._groups())
        self._start_empty()

    def client(self, key: ConnectionKey, build: Callable[[], Any], max_retries: int) -> Any:
        """
        Make a client that has the connections of others like it.

        :param key: What they have in common.
        :param build: Builds the first one.
        :param max_retries: The number of retries of this client.
        :returns: The client.
        """
        with self._lock:
            while True:
                group = next((group for group in self._groups() if group.key.matches(key)), None)
                if group is None:
                    group = _Group(key, build())
                    self._references = [*map(ref, self._groups()), ref(group)]
                client = group.join(max_retries)
                if not group.is_closed:  # at this moment
                    return client

    def leave(self, group: _Group, client: SharesConnections) -> bool:
        """
        Take a client out of its group, and tell whether nobody needs the connections any more.
        """
        with self._lock:
            group.members.discard(client)
            if group.members:
                return False
            group.is_closed = True
            return not any(group.key.shares_transport(other.key) for other in self._groups())

    def _groups(self) -> list[_Group]:
        """Those that have members, which keep them."""
        return [group for known in self._references if (group := known()) is not None and not group.is_closed]

    def context(self, create: Callable[..., ssl.SSLContext], *, trust_env: bool) -> ssl.SSLContext:
        """
        Find the SSL context of this process, or create it: to read the certificates takes 25 ms and a megabyte.

        :param create: The `create_ssl_context` of an HTTP library. Each has its own idea of whom to trust.
        :param trust_env: Whether it looks at the environment.
        :returns: The context.
        """
        key = (create, trust_env, *_certificates())
        with self._lock:
            if key not in self._contexts:
                self._contexts[key] = create(trust_env=trust_env)
            return self._contexts[key]


SHARED = _Shared()


class LazyContext(ssl.SSLContext):
    """
    Finds the SSL context of this process when a connection needs it: those to `http://` need none.
    """

    find: Callable[[], ssl.SSLContext]

    @classmethod
    def finding(cls, find: Callable[[], ssl.SSLContext]) -> Self:
        """
        Make one that calls this function.
        """
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.find = find
        return context

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return self.find().wrap_socket(*args, **kwargs)

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        return self.find().wrap_bio(*args, **kwargs)


def _certificates() -> tuple[Any, ...]:
    """What decides on which certificates are read. A truststore that is injected puts in a class of its own."""
    return ssl.SSLContext, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
