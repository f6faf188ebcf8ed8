# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What every OpenRouter component has in common: clients that are built late, shared by threads, and closed; its `repr`.
"""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlsplit

from openai import AsyncOpenAI, OpenAI

from haystack_integrations.common.openrouter.clients import ClientPool

Class = TypeVar("Class")


class WithClients:
    """
    A component with a pool of openai clients in `_clients`.
    """

    _clients: ClientPool
    model: str

    def _get_telemetry_data(self) -> dict[str, Any]:
        """
        What Haystack's telemetry, where it is on, tells of this component.
        """
        return {"model": self.model}

    @property
    def client(self) -> OpenAI | None:
        """
        The synchronous openai client, once the component is warmed up.
        """
        return self._clients.sync_client

    @client.setter
    def client(self, client: OpenAI | None) -> None:
        self._clients.sync_client = client

    @property
    def async_client(self) -> AsyncOpenAI | None:
        """
        The openai client of the running event loop, once the component is warmed up there.
        """
        return self._clients.async_client

    @async_client.setter
    def async_client(self, client: AsyncOpenAI | None) -> None:
        self._clients.async_client = client

    def warm_up(self) -> None:
        """
        Build the synchronous client.

        :raises ValueError: If the API key is missing or blank.
        """
        self._clients.get()

    async def warm_up_async(self) -> None:
        """
        Build the client of the running event loop. It is closed together with the loop.

        :raises ValueError: If the API key is missing or blank.
        """
        await self._clients.get_async()

    def close(self) -> None:
        """
        Close the synchronous client. The component can be used again.
        """
        self._clients.close()

    async def close_async(self) -> None:
        """
        Close the client of the running event loop. The component can be used again.
        """
        await self._clients.close_async()


def shows_its_settings(cls: type[Class]) -> type[Class]:
    """
    Decorate a component class: `repr` begins with the model and the URL, in place of an address in memory.

    It goes above `@component`, which sets a `__repr__` of its own on every class.

    :param cls: The component class.
    :returns: The same class.
    """
    haystack_repr = cls.__repr__

    def settings_repr(self: Any) -> str:
        url = urlsplit(self.api_base_url)
        url = url._replace(netloc=url.netloc.rpartition("@")[2], query="", fragment="")  # where secrets may be
        settings = f"{type(self).__name__}(model={self.model!r}, api_base_url={url.geturl()!r})"
        return haystack_repr(self).replace(object.__repr__(self), settings, 1)

    cls.__repr__ = settings_repr  # type: ignore[method-assign]
    return cls
