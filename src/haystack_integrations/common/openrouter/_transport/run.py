# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The run under way: one object, in one ContextVar.

    made by                                           read by
    ┌──────────────────────────────────────────┐      HTTP client        is the run over? was the user warned?
    │ a run of many requests (`_many`)         │      response hook      which endpoint? notes the response
    │   over: set when nothing more is sent    │      reader of a reply  what its headers say
    │   warnings: shared with what is inside   │      stream retries     was the user warned?
    │ ┌──────────────────────────────────────┐ │      text of an error   endpoint, model, key, what was sent
    │ │ each request of a component          │ │
    │ │   endpoint, model, api_key           │ │
    │ │   request, headers: of the last      │ │
    │ │   response that came                 │ │
    │ └──────────────────────────────────────┘ │
    └──────────────────────────────────────────┘

Threads and tasks that copy the context of a run belong to it. What a user sends with the client of a component, outside
of any run, has none.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import openai
from haystack import logging
from haystack.utils import Secret

from haystack_integrations.common.openrouter._transport.deadline import Deadline
from haystack_integrations.common.openrouter._transport.kept_connections import note_connection
from haystack_integrations.common.openrouter._transport.ledger import Ledger
from haystack_integrations.common.openrouter._transport.tracing import tag_span
from haystack_integrations.common.openrouter._wire.json_values import mapping, printable
from haystack_integrations.common.openrouter._wire.usage import billed
from haystack_integrations.common.openrouter.errors._advice import environment_variables, secret_name
from haystack_integrations.common.openrouter.errors._explanation import explain
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded, Failure
from haystack_integrations.common.openrouter.errors._reading import failure_of_response
from haystack_integrations.common.openrouter.errors._redaction import without_private

logger = logging.getLogger(__name__)

# What a warning shows of a failure after which the request is sent again.
_LONGEST_WARNING = 250

# Where a response keeps that its cost was counted.
_COUNTED = "openrouter_counted"
_LONGEST_NAME = 256

_current: ContextVar["Run | None"] = ContextVar("openrouter_run", default=None)


@dataclass(eq=False)
class Run:
    """
    A run of a component, or one request of a run of many.

    :param endpoint: The `Endpoint` that it sends requests to. None in a run of many requests, outside of each.
    :param api_key: The key's Secret.
    :param base_url: The URL of the API.
    :param model: The requested model.
    :param deadline: When the call ends that it is part of.
    :param over: Is set when nothing more is sent. It does not end a request that is under way.
    :param warnings: What the user was told about requests that are sent again.
    :param request: The request that the last response belongs to. None if it came through a client of the user's.
    :param headers: The headers of that response.
    :param ledger: Where is counted what the responses cost.
    :param component: The name of the component.
    :param job_id: The job that it is about, once one was made.
    :param span: The span in which is told what they cost.
    """

    endpoint: Any = None
    api_key: Secret | None = None
    base_url: str = ""
    model: str = ""
    deadline: Deadline | None = None
    over: Event | None = None
    warnings: list[str] = field(default_factory=list)
    request: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ledger: Ledger | None = None
    component: str = ""
    job_id: str | None = None
    span: Any = None

    def explain(self, error: openai.APIError, endpoint: Any) -> None:
        """Explain an error of this request."""
        if error.request is None:  # a response that can't be used; its body may repeat what was sent
            error.request = self.request
        # the generation that a request without a usable response has started, if a response to it came
        started = self.headers.get("x-generation-id") if error.request is self.request else None
        explain(
            error,
            advice=endpoint.advice,
            api_key=self.api_key,
            key=key_of(self.api_key),
            model=self.model,
            base_url=self.base_url,
            generation_id=started,
            job_id=self.job_id,
        )


class CallbackFailure(Exception):  # noqa: N818
    """
    Wraps an error of the openai SDK that the user's callback raised, so that it is not explained as OpenRouter's.

    :param error: What the callback raised.
    """

    def __init__(self, error: openai.APIError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def running(run: Run) -> Iterator[Run]:
    """
    Begin a run, or a request inside of one, that ends with this block.

    Every `openai.APIError` that leaves the block of a request has a text that names provider, cause and advice. An
    error from the user's callback is not changed.
    """
    if (outer := _current.get()) is not None:
        run.over, run.warnings = run.over or outer.over, outer.warnings
    token = _current.set(run)
    try:
        yield run
        return
    except CallbackFailure as failure:
        of_the_callback = failure.error
    except openai.APIError as error:
        if run.endpoint is not None:
            run.explain(error, run.endpoint)
        raise
    finally:
        _current.reset(token)
    raise of_the_callback


def key_of(api_key: Secret | None) -> str | None:
    """Read a key; None if it is not set."""
    try:
        key = api_key.resolve_value() if api_key else None
    except ValueError:  # a strict environment variable that is not set
        return None
    return key if isinstance(key, str) else None


def checked_key(api_key: Secret) -> str:
    """
    Read a key that can be sent, without white space around it.

    :raises ValueError: If it is missing or blank, or can't be a key.
    """
    found = key_of(api_key)
    key = (found or "").strip()
    if not key:
        msg = (
            f"The OpenRouter API key is missing: {secret_name(api_key)} is not set or blank. "
            "Set OPENROUTER_API_KEY (keys: https://openrouter.ai/settings/keys) or pass `api_key`."
        )
        if found is None and (names := environment_variables(api_key)):  # Haystack's own words: users look for them
            msg += f" None of the following authentication environment variables are set: {names}"
        raise ValueError(msg)
    if not (key.isascii() and key.isprintable()) or " " in key:
        msg = f"The OpenRouter API key in {secret_name(api_key)} has characters that no key has. Copy the key again."
        raise ValueError(msg)
    return key


def endpoint_of(response: Any) -> Any:
    """The `Endpoint` that a response comes from, if a run is under way: others may go through the same client."""
    run = _current.get()
    if run is None or run.endpoint is None or not run.endpoint.is_at(response.request.url.path):
        return None
    return run.endpoint


def retries_timeouts() -> bool:
    """Whether a request that timed out is sent again."""
    run = _current.get()
    return run is None or run.endpoint is None or run.endpoint.retries_timeouts


def retries_of_run(max_retries: int) -> int:
    """How many times a client that sends a request again this often may do so."""
    run = _current.get()
    return 0 if run is not None and run.endpoint is not None and run.endpoint.is_sent_once else max_retries


def note_response(response: Any) -> None:
    """Keep what was sent and the headers of a response: the openai SDK's `create` returns neither."""
    note_connection(response.extensions.get("network_stream"))
    if (run := _current.get()) is not None:
        run.request, run.headers = response.request, response.headers


def note_cost(body: Any, response: Any = None) -> None:
    """Count a response, or a stream, in the component's meter and in its span. One that is at hand counts once."""
    run = _current.get()
    if run is None or run.endpoint is None or (response is not None and _COUNTED in response.extensions):
        return
    if response is not None:
        response.extensions[_COUNTED] = True
    fields = mapping(run.endpoint.about(body))
    served = fields.get("model")
    model = served if isinstance(served, str) and served else run.model
    told = fields.get("id") or run.headers.get("x-generation-id")
    generation = told if isinstance(told, str) else None
    if run.ledger is not None:
        cost, name, job = billed(fields.get("usage")), printable(model, _LONGEST_NAME), run.job_id
        run.ledger.note(cost, model=name, component=run.component, generation_id=generation, job_id=job)
    if run.span is not None:
        meta = {**fields, "model": model, "id": generation}
        tag_span(run.span, meta, requested=run.model, operation=run.endpoint.operation)


def last_headers() -> Mapping[str, str]:
    """The headers of the last response of this run; none if they are unknown, as from a client of the user's."""
    run = _current.get()
    return run.headers if run is not None else {}


def deadline_of_run() -> Deadline | None:
    """When the run ends."""
    run = _current.get()
    return None if run is None else run.deadline


def refuse_if_over(request: Any, *, is_async: bool) -> None:
    """
    Raise if the run that a request belongs to is over. If it has a deadline, let no step last longer.

    :raises openai.APIConnectionError: If it is. The openai SDK does not send the request again.
    """
    run = _current.get()
    if run is not None and run.deadline is not None:
        run.deadline.limit(request, deadline_of_run, is_async=is_async)
    if run is not None and run.over is not None and run.over.is_set():
        raise openai.APIConnectionError(message="The run is over, so the request was not sent", request=request)


def warn_of_retry(request: Any, outcome: Any, max_retries: int) -> None:
    """Log a response or an exception after which the openai SDK sends the request again, once in a run."""
    if isinstance(outcome, Exception):
        name = type(outcome).__name__
        what = f"no data arrived within `timeout` ({name})" if "Timeout" in name else f"{name}: {outcome}".rstrip(": ")
        _refuse_late_retry(request, outcome, None, max_retries)
        warn_once(what, None, max_retries, request)
        return
    if outcome.headers.get("x-should-retry") == "true":  # from the hook, which has read the failure
        failure = failure_of_response(outcome)
        _refuse_late_retry(request, None, failure.wait, max_retries)
        warn_once(_described(failure, outcome.status_code), failure.wait, max_retries, request)


def retries_of(request: Any) -> int:
    """How many times the openai SDK has sent a request again. The header of a mocked request is not always a string."""
    count = request.headers.get("x-stainless-retry-count") if request is not None else None
    return int(count) if isinstance(count, str) and count.isdecimal() else 0


def _refuse_late_retry(request: Any, cause: Exception | None, wait: float | None, max_retries: int) -> None:
    """Raise if the openai SDK would wait until after the deadline: its wait can't be ended."""
    deadline, done = deadline_of_run(), retries_of(request)
    if deadline is None or done >= max_retries:
        return
    if deadline.left <= (min(0.5 * 2**done, 8.0) if wait is None else wait):
        raise DeadlineExceeded(deadline.text, request) from cause


def warn_once(what: str, wait: float | None, max_retries: int, request: Any) -> None:
    """Log that something failed and is tried again, unless this run has, without what is private in the request."""
    run = _current.get()
    if run is None or run.warnings or max_retries < 1:
        return
    run.warnings.append(what)
    moment = "shortly" if wait is None else f"in {wait:.1f} s"
    logger.warning(
        "A request to OpenRouter failed: {what}. Trying again {moment} (`max_retries` is {count}).",
        what=printable(without_private(what, request), _LONGEST_WARNING).rstrip("."),
        moment=moment,
        count=max_retries,
    )


def _described(failure: Failure, status: int) -> str:
    provider = f" from provider {failure.provider_name}" if failure.provider_name else ""
    message = f": {failure.message}" if failure.message else ""
    return f"HTTP {status}{provider}{message}"
