# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What can be done with batches that were submitted: look at them, wait for them, list and delete them.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import openai

from haystack_integrations.common.openrouter._base.component import OpenRouterComponent
from haystack_integrations.common.openrouter._many.waiting import Patience
from haystack_integrations.common.openrouter._transport.client_settings import ClientSettings
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire.responses import decoded_body
from haystack_integrations.components.generators.openrouter.batch._endpoint import (
    BATCH,
    DELETION,
    LIST,
    RESULTS,
    ListPages,
    ResultPages,
    check_batch_id,
    checked_state,
    ended_state,
)
from haystack_integrations.components.generators.openrouter.batch.options import ListedStatus
from haystack_integrations.components.generators.openrouter.batch.state import BatchState

States = list[BatchState]
Lines = list[Any]

_ONE_DAY = 86_400.0


class SubmittedBatches(OpenRouterComponent):
    """
    The part of `OpenRouterBatch` that needs nothing but the id of a batch.
    """

    _default_timeout: ClassVar[float] = 300.0
    # in a span: a batch may be looked at more than once, and in several
    _is_billed: ClassVar[bool] = False

    def get(self, batch_id: str) -> BatchState:
        """
        Look how it stands with a batch.

        :param batch_id: The id of the batch.
        :returns: Its status, counts, cost and error.
        :raises TypeError: If the id is not a string.
        :raises ValueError: If it is empty, or there is no key.
        :raises openai.APIError: If OpenRouter fails, or does not know the batch any more (404, 410).
        """
        settings = self._settings_for(batch_id)
        with self._clients.using(settings) as client, self._asking(BATCH, settings, batch_id):
            return BatchState.of(decoded_body(BATCH.send(client, batch_id, options=self._options())))

    async def get_async(self, batch_id: str) -> BatchState:
        """
        Look how it stands with a batch, as `get` does, without blocking the event loop.

        :param batch_id: The id of the batch.
        :returns: Its status, counts, cost and error.
        """
        settings = self._settings_for(batch_id)
        async with self._clients.using_async(settings) as client:
            with self._asking(BATCH, settings, batch_id):
                return BatchState.of(decoded_body(await BATCH.send_async(client, batch_id, options=self._options())))

    def wait(
        self, batch_id: str, timeout: float = _ONE_DAY, poll: float = 30.0, progress_bar: bool = True
    ) -> BatchState:
        """
        Wait until a batch is over. Failures of the network, HTTP 429 and 5xx are survived.

        :param batch_id: The id of the batch.
        :param timeout: Seconds after which to give up. The batch goes on.
        :param poll: Seconds from one look at the batch to the next.
        :param progress_bar: Whether to show a progress bar.
        :returns: The last state of the batch: it is completed, expired or cancelled.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the value of an argument can't be used.
        :raises openai.APITimeoutError: If the batch is not over in time.
        :raises openai.APIError: If the batch has failed, or can't be looked at.
        """
        patience, settings = self._patience(batch_id, timeout, poll)
        options = {**self._options(), "max_retries": 0}
        with (
            self._clients.using(settings) as client,
            self._asking(BATCH, settings, batch_id),
            patience.shown(progress_bar=progress_bar),
        ):
            while True:
                try:
                    body = decoded_body(BATCH.send(client, batch_id, options=options))
                except openai.APIError as error:
                    pause = patience.after_failure(error)
                else:
                    state = ended_state(body)
                    if state.is_done:
                        patience.show(state.finished, state.counts["total"])
                        return state
                    pause = patience.after(state.finished, state.counts["total"], state.progress)
                time.sleep(pause)

    async def wait_async(
        self,
        batch_id: str,
        timeout: float = _ONE_DAY,  # noqa: ASYNC109
        poll: float = 30.0,
        progress_bar: bool = True,
    ) -> BatchState:
        """
        Wait until a batch is over, as `wait` does, without blocking the event loop.

        :param batch_id: The id of the batch.
        :param timeout: Seconds after which to give up. The batch goes on.
        :param poll: Seconds from one look at the batch to the next.
        :param progress_bar: Whether to show a progress bar.
        :returns: The last state of the batch.
        """
        patience, settings = self._patience(batch_id, timeout, poll)
        options = {**self._options(), "max_retries": 0}
        async with self._clients.using_async(settings) as client:
            with self._asking(BATCH, settings, batch_id), patience.shown(progress_bar=progress_bar):
                while True:
                    try:
                        body = decoded_body(await BATCH.send_async(client, batch_id, options=options))
                    except openai.APIError as error:
                        pause = patience.after_failure(error)
                    else:
                        state = ended_state(body)
                        if state.is_done:
                            patience.show(state.finished, state.counts["total"])
                            return state
                        pause = patience.after(state.finished, state.counts["total"], state.progress)
                    await asyncio.sleep(pause)

    def list(self, status: ListedStatus | None = None, limit: int = 100) -> States:
        """
        List the batches of the workspace, the newest first.

        :param status: Only batches with this status. None means all.
        :param limit: How many batches to list at most.
        :returns: Their states.
        :raises openai.APIError: If OpenRouter fails.
        """
        pages = ListPages(status, limit)
        with self._calling(LIST) as client:
            while not pages.is_whole:
                pages.take(LIST.send(client, options={**self._options(), "params": pages.query}))
        return pages.states

    async def list_async(self, status: ListedStatus | None = None, limit: int = 100) -> States:
        """
        List the batches of the workspace as `list` does, without blocking the event loop.

        :param status: Only batches with this status. None means all.
        :param limit: How many batches to list at most.
        :returns: Their states.
        """
        pages = ListPages(status, limit)
        async with self._calling_async(LIST) as client:
            while not pages.is_whole:
                pages.take(await LIST.send_async(client, options={**self._options(), "params": pages.query}))
        return pages.states

    def delete(self, batch_id: str) -> None:
        """
        Delete a batch that is over, with its requests and results.

        :param batch_id: The id of the batch.
        :raises openai.ConflictError: If the batch is not over. No batch can be canceled.
        :raises openai.APIError: If OpenRouter fails or does not know the batch.
        """
        settings = self._settings_for(batch_id)
        with self._clients.using(settings) as client, self._asking(DELETION, settings, batch_id):
            DELETION.send(client, batch_id, options=self._options())

    async def delete_async(self, batch_id: str) -> None:
        """
        Delete a batch as `delete` does, without blocking the event loop.

        :param batch_id: The id of the batch.
        """
        settings = self._settings_for(batch_id)
        async with self._clients.using_async(settings) as client:
            with self._asking(DELETION, settings, batch_id):
                await DELETION.send_async(client, batch_id, options=self._options())

    def _ended(self, batch_id: str, endpoint: str) -> tuple[BatchState, Lines]:
        """Get the state and the lines of a batch that is over."""
        settings, pages = self._settings_for(batch_id), ResultPages()
        with self._clients.using(settings) as client:
            with self._asking(BATCH, settings, batch_id):
                body = decoded_body(BATCH.send(client, batch_id, options=self._options()))
                pages.begin(body, state := checked_state(body, endpoint))
            with self._asking(RESULTS, settings, batch_id):
                while not pages.is_whole:
                    options = {**self._options(), "params": pages.query}
                    pages.take(RESULTS.send(client, batch_id, options=options))
        return state, pages.lines

    async def _ended_async(self, batch_id: str, endpoint: str) -> tuple[BatchState, Lines]:
        settings, pages = self._settings_for(batch_id), ResultPages()
        async with self._clients.using_async(settings) as client:
            with self._asking(BATCH, settings, batch_id):
                body = decoded_body(await BATCH.send_async(client, batch_id, options=self._options()))
                pages.begin(body, state := checked_state(body, endpoint))
            with self._asking(RESULTS, settings, batch_id):
                while not pages.is_whole:
                    options = {**self._options(), "params": pages.query}
                    pages.take(await RESULTS.send_async(client, batch_id, options=options))
        return state, pages.lines

    def _options(self) -> dict[str, Any]:
        return {"headers": self._sent_headers()}

    def _settings_for(self, batch_id: object) -> ClientSettings:
        check_batch_id(batch_id)
        return self._settings()

    def _patience(self, batch_id: str, timeout: float, poll: float) -> tuple[Patience, ClientSettings]:
        settings = self._settings_for(batch_id)
        patience = Patience(f"The batch {batch_id}", timeout, poll)
        settings.deadline = patience.deadline
        return patience, settings

    @contextmanager
    def _asking(self, endpoint: Endpoint, settings: ClientSettings, batch_id: str) -> Iterator[None]:
        """Send requests about a batch inside this block. Their errors name it."""
        with self._requesting(endpoint, settings, self.model or "") as run:
            run.job_id = batch_id
            yield
