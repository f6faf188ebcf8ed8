# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
When a stream that failed before its first content is asked for again. All other retries are the openai SDK's.
"""

from __future__ import annotations

import random

from haystack_integrations.common.openrouter.errors.error_body import LONGEST_WAIT
from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError


def retries_of_the_sdk(error: OpenRouterStreamError) -> int:
    """
    Count how often the openai SDK itself had sent a request again, before its stream failed.

    :param error: What ended the stream.
    :returns: The number that the SDK writes into the request's headers, 0 if there is none.
    """
    count = error.request.headers.get("x-stainless-retry-count", "") if error.request is not None else ""
    return int(count) if count.isdecimal() else 0


def seconds_before_retry(error: OpenRouterStreamError, retries_done: int, max_retries: int) -> float | None:
    """
    Decide whether to ask again, and how long to wait first: as long as the error says, else as the openai SDK waits.

    :param error: What ended the stream.
    :param retries_done: How often it was asked for again so far.
    :param max_retries: How often it may be.
    :returns: Seconds to wait, or None if the error is final.
    """
    if error.partial_reply is not None or not error.retryable or retries_done >= max_retries:
        return None
    told = error.failure.retry_after if error.failure else None
    if told is not None and told <= LONGEST_WAIT:
        return told
    return min(0.5 * 2.0**retries_done, 8.0) * (1 - 0.25 * random.random())  # noqa: S311
