# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The limits of a key, the cost of past generations, and feedback on them.
"""

import asyncio
import time
from collections.abc import Iterator
from math import inf
from typing import Any, Literal, get_args

import openai
from haystack.utils import Secret
from openai import AsyncOpenAI, OpenAI

from haystack_integrations.common.openrouter._base.component import OPENROUTER_API_BASE_URL, OpenRouterBase
from haystack_integrations.common.openrouter._transport.client_settings import ClientSettings
from haystack_integrations.common.openrouter._transport.deadline import Deadline
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.responses import decoded_body
from haystack_integrations.common.openrouter.errors._advice import COMMON_ADVICE, Advice
from haystack_integrations.common.openrouter.errors._budgets import learn_budgets
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded
from haystack_integrations.common.openrouter.errors._reading import failure_of
from haystack_integrations.common.openrouter.errors._redaction import without_account_ids

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0
# How long the last try may take, which is sent at the end of the time that was given.
_LAST_TRY = 0.25
# How long any other try may take, at least.
_ENOUGH = 1.0

_ADVICE: Advice = {
    "timeout": "No data arrived in time: raise `timeout` (seconds)",
    "connection": COMMON_ADVICE["connection"],
    401: COMMON_ADVICE[401],
    404: "Check the id, and that the key in {key} belongs to the account that made the generation. OpenRouter may need "
    "more time to list a new one: raise `timeout` (seconds)",
    429: "Try again later, or raise `max_retries`",
    "server": "Try again later",
}
FeedbackCategory = Literal[
    "latency", "incoherence", "incorrect_response", "formatting", "billing", "api_error", "other"
]  # fmt: skip
"""What feedback can be about. Source: `SubmitGenerationFeedbackRequest` in OpenRouter's OpenAPI document."""

_NEEDS_MANAGEMENT_KEY = (
    "Feedback needs a management key, which the key in {key} may not be: see "
    "https://openrouter.ai/docs/guides/overview/auth/management-api-keys"
)
_KEY = Endpoint("/key", shape=dict, advice=_ADVICE)
_GENERATION = Endpoint("/generation", shape=dict, advice=_ADVICE)
_FEEDBACK = Endpoint(
    "/generation/feedback",
    shape=dict,
    what="confirmation",
    advice={
        **_ADVICE,
        400: "Check `category` ({categories}) and `comment` (at most 1,000 characters)".format(
            categories=", ".join(f'"{category}"' for category in get_args(FeedbackCategory))
        ),
        401: _NEEDS_MANAGEMENT_KEY,
        403: _NEEDS_MANAGEMENT_KEY,
    },
)


class OpenRouterAccount(OpenRouterBase):
    """
    Looks up the limits of a key and past generations of the account, and sends feedback on these.

    ### Usage example

    ```python
    from haystack_integrations.common.openrouter.account import OpenRouterAccount

    account = OpenRouterAccount()
    print(account.key()["limit_remaining"])
    print(account.generation(reply.meta["id"])["total_cost"])
    ```

    :param api_key: The OpenRouter API key. None means the environment variable `OPENROUTER_API_KEY`.
    :param api_base_url: The URL of the API. None means OpenRouter.
    :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the environment
        variable `OPENAI_TIMEOUT`, or 30 if it is not set.
    :param max_retries: How many times a failed request is sent again. None means the environment variable
        `OPENAI_MAX_RETRIES`, or 5 if it is not set.
    :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`.
    :raises TypeError: If an argument has the wrong type.
    :raises ValueError: If the value of an argument can't be used.
    """

    def __init__(
        self,
        *,
        api_key: Secret | None = None,
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self._set_up_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the parameters.

        :returns: A dictionary with the class and its parameters.
        :raises ValueError: If the key is a token, which must not be serialized.
        """
        return self._to_dict()

    def key(self) -> dict[str, Any]:
        """
        Look up the limits and the usage of the key.

        :returns: OpenRouter's data without user ids. Amounts are in USD: `limit` and `limit_remaining` (None if the key
            has no limit; they are not the credits of the account), `usage`, `usage_daily`, `usage_weekly`,
            `usage_monthly`, and the same with `byok_` for what other providers billed; `budgets`, all those that can
            refuse a request of the key. Later errors that are about a budget mention them, as they were then.
        :raises ValueError: If there is no key.
        :raises openai.APIError: If OpenRouter can't be reached or refuses the key.
        """
        settings = self._settings()
        with self._calling(_KEY, settings=settings) as client:
            return _key_data(_KEY.send(client), settings)

    async def key_async(self) -> dict[str, Any]:
        """
        Look up the limits and the usage of the key, as `key` does, without blocking the event loop.

        :returns: OpenRouter's data without user ids.
        """
        settings = self._settings()
        async with self._calling_async(_KEY, settings=settings) as client:
            return _key_data(await _KEY.send_async(client), settings)

    def generation(self, generation_id: str, *, timeout: float = 30.0) -> dict[str, Any]:
        """
        Look up a past generation. For speech and for a broken stream, this is the only way to find out the cost.

        OpenRouter lists a generation some seconds after its end. Until then, this method waits and tries again. It also
        tries again after a failed connection, silence, HTTP 408, 409, 429 and 5xx, whatever `max_retries` is.

        :param generation_id: `meta["id"]` of a reply or a partial reply, or `error.generation_id`.
        :param timeout: How many seconds this may take in all, plus a moment for the last try. With 0, there is one try,
            which may take as long as any request.
        :returns: OpenRouter's data: `total_cost` and `upstream_inference_cost` (what a provider billed for your own
            key) in USD, `provider_name`, `model`, `native_tokens_prompt`, `native_tokens_completion`, `cancelled`,
            `finish_reason`, `latency` in milliseconds, and more.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the id is empty, `timeout` is negative, or there is no key.
        :raises openai.NotFoundError: If OpenRouter does not list the generation within `timeout` seconds.
        :raises openai.APIError: If OpenRouter can't be reached within `timeout` seconds, or refuses the key.
        """
        search = _Search(generation_id, timeout)
        with self._calling(_GENERATION, settings=search.within(self._settings())) as client:
            while True:
                try:
                    return _data(_GENERATION.send(client, options=search.options(client)))
                except openai.APIError as error:
                    wait = search.wait_after(error)
                time.sleep(wait)

    async def generation_async(self, generation_id: str, *, timeout: float = 30.0) -> dict[str, Any]:  # noqa: ASYNC109
        """
        Look up a past generation, as `generation` does, without blocking the event loop.

        :param generation_id: `meta["id"]` of a reply or a partial reply, or `error.generation_id`.
        :param timeout: How many seconds this may take in all, as in `generation`.
        :returns: OpenRouter's data, as in `generation`.
        """
        search = _Search(generation_id, timeout)
        async with self._calling_async(_GENERATION, settings=search.within(self._settings())) as client:
            while True:
                try:
                    return _data(await _GENERATION.send_async(client, options=search.options(client)))
                except openai.APIError as error:
                    wait = search.wait_after(error)
                await asyncio.sleep(wait)

    def feedback(self, generation_id: str, category: FeedbackCategory, comment: str | None = None) -> dict[str, Any]:
        """
        Tell OpenRouter what was wrong with a past generation. This needs a management key.

        :param generation_id: `meta["id"]` of a reply or a partial reply, or `error.generation_id`.
        :param category: What it is about: "latency", "incoherence", "incorrect_response", "formatting", "billing",
            "api_error" or "other".
        :param comment: What happened, in at most 1,000 characters.
        :returns: OpenRouter's data: `success`.
        :raises TypeError: If an argument is not a string.
        :raises ValueError: If the id or the category is empty, or there is no key.
        :raises openai.APIError: If OpenRouter can't be reached, does not know the generation or the category, or
            refuses the key.
        """
        body = _feedback(generation_id, category, comment)
        with self._calling(_FEEDBACK) as client:
            return _data(_FEEDBACK.send(client, body=body))

    async def feedback_async(
        self, generation_id: str, category: FeedbackCategory, comment: str | None = None
    ) -> dict[str, Any]:
        """
        Tell OpenRouter what was wrong with a past generation, as `feedback` does, without blocking the event loop.

        :param generation_id: `meta["id"]` of a reply or a partial reply, or `error.generation_id`.
        :param category: What it is about, as in `feedback`.
        :param comment: What happened, in at most 1,000 characters.
        :returns: OpenRouter's data.
        """
        body = _feedback(generation_id, category, comment)
        async with self._calling_async(_FEEDBACK) as client:
            return _data(await _FEEDBACK.send_async(client, body=body))


class _Search:
    """
    The tries to look up one generation, and the time that they have.
    """

    def __init__(self, generation_id: str, timeout: float) -> None:
        self._waits = _waits(generation_id, timeout)
        self._id = generation_id
        self._deadline = Deadline(timeout, time.monotonic() + timeout + _LAST_TRY, "timeout") if timeout else None
        self._failure: openai.APIError | None = None

    def within(self, settings: ClientSettings) -> ClientSettings:
        """Let no request last longer than the time that is left."""
        settings.deadline = self._deadline
        return settings

    def options(self, client: OpenAI | AsyncOpenAI) -> dict[str, Any]:
        """Make the options of the next try."""
        options: dict[str, Any] = {"params": {"id": self._id}, "max_retries": 0}
        if self._deadline is not None:
            left = self._deadline.left - _LAST_TRY
            longest = client.timeout if isinstance(client.timeout, int | float) else inf
            # silence leaves time for another try
            options["timeout"] = min(longest, max(left / 2, min(left, _ENOUGH), _LAST_TRY))
        return options

    def wait_after(self, error: openai.APIError) -> float:
        """How many seconds to wait after a failure. If that can't help, the last failure is raised."""
        if self._failure is None or not isinstance(error, openai.APITimeoutError):
            self._failure = error  # what OpenRouter said tells more than a later silence
        failure, left = failure_of(error), self._deadline.left if self._deadline else 0.0
        # of the network; a redirect that is refused is an APIConnectionError, too
        may_pass = "TransportError" in [kind.__name__ for kind in type(error.__cause__).__mro__]
        if failure is not None:
            may_pass = failure.is_transient or (failure.status == 404 and not failure.is_page)
        asked = (failure.wait if failure else None) or 0.0
        wait = next(self._waits, None) if may_pass and not isinstance(error, DeadlineExceeded) else None
        if wait is None or asked > left:
            raise self._failure
        return max(wait, asked)


def _data(response: Any) -> dict[str, Any]:
    return dict(decoded_body(response)["data"])


def _key_data(response: Any, settings: ClientSettings) -> dict[str, Any]:
    told = dict(without_account_ids(_data(response)))
    learn_budgets(settings.base_url, settings.api_key, told)
    return told


def _feedback(generation_id: object, category: object, comment: object) -> dict[str, Any]:
    """Check the arguments of `feedback`, and make the body of its request."""
    _check_id(generation_id)
    checks.name(category, "category", "a string such as 'incorrect_response'", "pass one, such as 'incorrect_response'")
    checks.strings_or_none(comment=comment)
    body = {"generation_id": generation_id, "category": category, "comment": comment}
    return {name: value for name, value in body.items() if value is not None}


def _check_id(generation_id: object) -> None:
    example = "such as `reply.meta['id']`"
    checks.name(generation_id, "generation_id", f"a string, {example}", f"pass the id of a reply, {example}")


def _waits(generation_id: object, timeout: float) -> Iterator[float]:
    """
    Check the arguments of `generation`, and yield the seconds to wait before each next try.
    """
    _check_id(generation_id)
    checks.timeout(timeout, "timeout", "a number of seconds")
    return _growing_waits(time.monotonic() + timeout)


def _growing_waits(deadline: float) -> Iterator[float]:
    wait = _FIRST_WAIT
    while (left := deadline - time.monotonic()) > 0:
        yield min(wait, left)
        wait = min(2 * wait, _LONGEST_WAIT)
