# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests that failed and are sent again.

Each run logs one warning about them, so that the user sees why it takes long. They end when the run is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event
from typing import Any

import openai
from haystack import logging

from haystack_integrations.common.openrouter.errors._failure import Failure, failure_of_response, seconds_to_wait
from haystack_integrations.common.openrouter.errors._redaction import without_private

logger = logging.getLogger(__name__)

# Whether the current run has warned already; empty outside of runs.
_warned: ContextVar[set[str] | None] = ContextVar("openrouter_run_has_warned", default=None)
# Set when the run that this thread or task works for sends nothing more.
_over: ContextVar[Event | None] = ContextVar("openrouter_run_is_over", default=None)


@contextmanager
def one_run() -> Iterator[None]:
    """
    Mark the run of a component, in which one warning is logged at most. Inside another run it changes nothing.
    """
    if _warned.get() is not None:
        yield
        return
    token = _warned.set(set())
    try:
        yield
    finally:
        _warned.reset(token)


@contextmanager
def sending_until(over: Event) -> Iterator[None]:
    """
    Let this block, and the threads and tasks that copy its context, send requests until an event is set.

    :param over: The event. It does not end a request that is under way.
    """
    token = _over.set(over)
    try:
        yield
    finally:
        _over.reset(token)


def refuse_if_over(request: Any) -> None:
    """
    Raise if the run that a request belongs to is over.

    :param request: The HTTP request.
    :raises openai.APIConnectionError: If it is. The openai SDK does not send the request again.
    """
    if (over := _over.get()) is not None and over.is_set():
        raise openai.APIConnectionError(message="The run is over, so the request was not sent", request=request)


def warn_of_retry(request: Any, outcome: Any, max_retries: int) -> None:
    """
    Log a failed request, if the openai SDK will send it again and this run has not logged one yet.

    :param request: The HTTP request.
    :param outcome: The HTTP response, its body read if it is a failure, or the exception.
    :param max_retries: How many times the SDK sends the request again.
    """
    if isinstance(outcome, Exception):
        name = type(outcome).__name__
        what = f"no data arrived within `timeout` ({name})" if "Timeout" in name else f"{name}: {outcome}".rstrip(": ")
        warn_once(what, None, max_retries, request)
        return
    status, headers = outcome.status_code, outcome.headers
    if (status in (408, 409, 429) or status >= 500) and headers.get("x-should-retry") != "false":
        failure = failure_of_response(outcome)
        warn_once(described(failure, status), seconds_to_wait(headers, failure), max_retries, request)


def warn_once(what: str, wait: float | None, max_retries: int, request: Any) -> None:
    """
    Log that something failed and is tried again, unless this run has logged that before.

    :param what: What failed.
    :param wait: Seconds until the next try, if they are known.
    :param max_retries: How many times a request is sent again. Nothing is logged if it is 0.
    :param request: The HTTP request, or None. Its private data is cut out of the text.
    """
    warned = _warned.get()
    if warned is None or warned or max_retries < 1:
        return
    warned.add(what)
    moment = "shortly" if wait is None else f"in {wait:.1f} s"
    logger.warning(
        "A request to OpenRouter failed: {what}. Trying again {moment} (`max_retries` is {count}).",
        what=without_private(what, request),
        moment=moment,
        count=max_retries,
    )


def described(failure: Failure, status: int) -> str:
    """
    Describe a failure in a few words.

    :param failure: What OpenRouter said.
    :param status: The HTTP status.
    :returns: Status, provider and message.
    """
    provider = f" from provider {failure.provider_name}" if failure.provider_name else ""
    message = f": {failure.message[:200]}" if failure.message else ""
    return f"HTTP {status}{provider}{message}"
