# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The limits of a key, and the cost of past generations.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import openai

from haystack_integrations.common.openrouter._base.checks import check_seconds
from haystack_integrations.common.openrouter._base.reader import OpenRouterReader
from haystack_integrations.common.openrouter.errors._advice import ACCOUNT_REMEDIES, Remedies
from haystack_integrations.common.openrouter.errors._redaction import without_private_fields

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0


class OpenRouterAccount(OpenRouterReader):
    """
    Looks up the limits of a key and past generations of the account.

    ### Usage example

    ```python
    from haystack_integrations.common.openrouter.account import OpenRouterAccount

    account = OpenRouterAccount()
    print(account.key()["limit_remaining"])
    print(account.generation(reply.meta["id"])["total_cost"])
    ```

    The parameters are those of `OpenRouterReader`: `api_key`, `api_base_url`, `timeout`, `max_retries` and
    `http_client_kwargs`.
    """

    _remedies: ClassVar[Remedies] = ACCOUNT_REMEDIES

    def key(self) -> dict[str, Any]:
        """
        Look up the limits and the usage of the key.

        :returns: OpenRouter's data without user ids. Amounts are in USD: `limit` and `limit_remaining` (None if the key
            has no limit; they are not the credits of the account), `usage`, `usage_daily`, `usage_weekly`,
            `usage_monthly`, and the same with `byok_` for what other providers billed.
        :raises ValueError: If there is no key.
        :raises openai.APIError: If OpenRouter can't be reached or refuses the key.
        """
        with self._requesting():
            return _without_user_ids(self._read("/key"))

    async def key_async(self) -> dict[str, Any]:
        """
        Look up the limits and the usage of the key, as `key` does, without blocking the event loop.

        :returns: OpenRouter's data without user ids.
        """
        with self._requesting():
            return _without_user_ids(await self._read_async("/key"))

    def generation(self, generation_id: str, *, timeout: float = 30.0) -> dict[str, Any]:
        """
        Look up a past generation. For speech and for a broken stream, this is the only way to find out the cost.

        OpenRouter lists a generation some seconds after its end. Until then, this method waits and tries again.

        :param generation_id: `meta["id"]` of a reply or a partial reply, or `error.generation_id`.
        :param timeout: How many seconds to try again while OpenRouter does not list the generation.
        :returns: OpenRouter's data: `total_cost` and `upstream_inference_cost` (what a provider billed for your own
            key) in USD, `provider_name`, `model`, `native_tokens_prompt`, `native_tokens_completion`, `cancelled`,
            `finish_reason`, `latency` in milliseconds, and more.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the id is empty, `timeout` is negative, or there is no key.
        :raises openai.NotFoundError: If OpenRouter does not list the generation within `timeout` seconds.
        :raises openai.APIError: If OpenRouter can't be reached or refuses the key.
        """
        waits = _waits(generation_id, timeout)
        with self._requesting():
            while True:
                try:
                    found: dict[str, Any] = self._read("/generation", {"id": generation_id})
                except openai.NotFoundError:
                    wait = next(waits, None)
                    if wait is None:
                        raise
                else:
                    return found
                time.sleep(wait)

    async def generation_async(self, generation_id: str, *, timeout: float = 30.0) -> dict[str, Any]:  # noqa: ASYNC109
        """
        Look up a past generation, as `generation` does, without blocking the event loop.

        :param generation_id: `meta["id"]` of a reply or a partial reply, or `error.generation_id`.
        :param timeout: How many seconds to try again while OpenRouter does not list the generation.
        :returns: OpenRouter's data, as in `generation`.
        """
        waits = _waits(generation_id, timeout)
        with self._requesting():
            while True:
                try:
                    found: dict[str, Any] = await self._read_async("/generation", {"id": generation_id})
                except openai.NotFoundError:
                    wait = next(waits, None)
                    if wait is None:
                        raise
                else:
                    return found
                await asyncio.sleep(wait)


def _without_user_ids(key: dict[str, Any]) -> dict[str, Any]:
    public: dict[str, Any] = without_private_fields(key)
    return public


def _waits(generation_id: object, timeout: float) -> Iterator[float]:
    """
    Check the arguments of `generation`, and yield the seconds to wait before each next try.
    """
    if not isinstance(generation_id, str):
        msg = f"`generation_id` must be a string, such as `reply.meta['id']`, not {type(generation_id).__name__}."
        raise TypeError(msg)
    if not generation_id.strip():
        msg = "`generation_id` is empty: pass the id of a reply, such as `reply.meta['id']`."
        raise ValueError(msg)
    check_seconds(timeout, "timeout")
    return _growing_waits(time.monotonic() + timeout)


def _growing_waits(deadline: float) -> Iterator[float]:
    wait = _FIRST_WAIT
    while (left := deadline - time.monotonic()) > 0:
        yield min(wait, left)
        wait = min(2 * wait, _LONGEST_WAIT)
