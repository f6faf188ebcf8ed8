# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Decides when to repeat a request whose stream failed before its first content. The openai SDK does all other retries.
"""

from __future__ import annotations

import random

from haystack_integrations.common.openrouter._transport.run import warn_once
from haystack_integrations.common.openrouter.errors._failure import LONGEST_WAIT
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError


class Retries:
    """
    Counts the retries of one run, including those of the openai SDK, and computes the wait before the next one.

    :param limit: How many times the request may be sent again.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._done = 0

    def seconds_to_wait(self, error: OpenRouterStreamError) -> float:
        """
        Count one more retry.

        :param error: What ended the stream.
        :returns: Seconds to wait before it: from the error if it has them, or as long as the openai SDK would wait.
        :raises OpenRouterStreamError: The same error, if it is final.
        """
        self._done += _retries_of_the_sdk(error)
        if error.partial_reply is not None or not error.retryable or self._done >= self._limit:
            raise error
        told = error.failure.retry_after if error.failure else None
        usual = min(0.5 * 2.0**self._done, 8.0) * (1 - 0.25 * random.random())  # noqa: S311
        self._done += 1
        wait = told if told is not None and told <= LONGEST_WAIT else usual
        provider = f" (provider {error.provider_name})" if error.provider_name else ""
        warn_once(f"{error.message}{provider}", wait, self._limit, error.request)
        return wait


def _retries_of_the_sdk(error: OpenRouterStreamError) -> int:
    """
    Count how many times the openai SDK had sent the request again before its stream failed: it says so in a header.
    """
    count = error.request.headers.get("x-stainless-retry-count", "") if error.request is not None else ""
    return int(count) if count.isdecimal() else 0
