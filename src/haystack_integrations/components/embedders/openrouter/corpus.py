# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
One run over many documents: which batch is sent next, what became of each, and when to stop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from threading import Event, Lock
from typing import Any

import openai
from haystack import Document, logging
from tqdm import tqdm

from haystack_integrations.common.openrouter.errors.consequences import ends_every_request, is_refusal
from haystack_integrations.common.openrouter.responses import unusable_response
from haystack_integrations.common.openrouter.retries import one_run, sending_until
from haystack_integrations.common.openrouter.spans import tag_span
from haystack_integrations.components.embedders.openrouter.batches import Batch, Item, Whole
from haystack_integrations.components.embedders.openrouter.embedding import input_size, read_response
from haystack_integrations.components.embedders.openrouter.totals import RunMeta

logger = logging.getLogger(__name__)

_MOST_FAILED_IN_A_ROW = 3


class Corpus:
    """
    The documents of one run.

    It iterates over batches, which several threads or tasks may share, and keeps what came back: an embedding for each
    document, and a `meta` that does not grow. A batch that is refused because of its documents is split in halves until
    those are alone. The run stops at an error that every later batch would meet too, and after three batches in a row
    that failed.

    :param documents: The documents.
    :param input_of: Makes the input that is sent for a document. It raises a ValueError if there is none.
    :param batch_size: How many documents a batch has at most.
    :param max_bytes: How many bytes the inputs of a request have together at most, if there are several. None means any
        number.
    :param model: The model that is asked for.
    :param dimensions: The length of the embeddings that is asked for.
    :param raise_on_failure: Whether the first failure is raised, instead of all this.
    """

    def __init__(
        self,
        documents: list[Document],
        *,
        input_of: Callable[[Document], Any],
        batch_size: int,
        max_bytes: int | None,
        model: str,
        dimensions: int | None,
        raise_on_failure: bool,
    ) -> None:
        self.embeddings: list[list[float] | None] = [None] * len(documents)
        """The embedding of each document, None if there is none."""
        self._documents = list(documents)
        self._input_of = input_of
        self._batch_size = batch_size
        self._max_bytes = inf if max_bytes is None else max_bytes
        self._model = model
        self._dimensions = dimensions
        self._raise_on_failure = raise_on_failure
        self._starts = iter(range(0, len(documents), batch_size))
        self._parts: deque[Batch] = deque()
        self._length: int | None = None
        self._failed_in_a_row = 0
        self._meta = RunMeta(model)
        self._bar: tqdm[Any] = tqdm(disable=True)
        self._over = Event()
        self._ended_by: openai.APIError | None = None
        self._lock = Lock()

    def __len__(self) -> int:
        """
        How many batches there are.
        """
        return len(range(0, len(self._documents), self._batch_size))

    def __iter__(self) -> Iterator[Batch]:
        """
        Iterate over the batches, once.
        """
        return self

    def __next__(self) -> Batch:
        """
        The batch that is sent next.
        """
        with self._lock:
            if self._over.is_set():
                raise StopIteration
            if self._parts:
                return self._parts.popleft()
            start = next(self._starts)
            documents = self._documents[start : start + self._batch_size]
            return Batch([Item(start + number, document) for number, document in enumerate(documents)], Whole())

    @contextmanager
    def sending(self, *, progress_bar: bool) -> Iterator[None]:
        """
        Send the batches inside this block. After it nothing more is sent.

        :param progress_bar: Whether to show a progress bar.
        :raises openai.APIError: If an error ended the run and nothing was embedded.
        """
        bar = tqdm(total=len(self), disable=not progress_bar, desc="Calculating embeddings")
        with bar as self._bar, one_run(), sending_until(self._over):
            try:
                yield
            finally:
                self._over.set()
        if self._ended_by is not None:
            self._tell_what_is_missing(self._ended_by)

    @contextmanager
    def attempt(self, batch: Batch) -> Iterator[None]:
        """
        Send a batch inside this block, which hands the response to `take`.

        :param batch: The batch.
        :raises openai.APIError: If the batch failed and the first failure is to be raised.
        """
        try:
            yield
        except openai.APIError as error:
            if self._raise_on_failure:
                raise
            with self._lock:
                self._take_failure(batch, error)

    def fill(self, batch: Batch) -> bool:
        """
        Make the inputs of a batch.

        A document that has none has failed: it is logged and taken out of the batch. The documents that would make the
        request too large become the next batch.

        :param batch: The batch.
        :returns: Whether there is anything to send.
        :raises ValueError: If a document has no input and the first failure is to be raised.
        """
        items: list[Item] = []
        size = 0
        for number, item in enumerate(batch.items):
            if item.sent is None and not self._make_input(item):
                continue
            size += input_size(item.sent)
            if items and size > self._max_bytes:
                with self._lock:
                    self._put_back(batch, batch.parts(number)[1])
                break
            items.append(item)
        batch.items = items
        if not items:
            with self._lock:
                self._finish_part(batch)
        return bool(items)

    def take(self, batch: Batch, body: Any) -> None:
        """
        Take the embeddings of a batch.

        :param batch: The batch.
        :param body: The decoded body of the response.
        :raises openai.APIError: If they can't be used.
        """
        dimensions = self._dimensions if self._length is None else None  # one warning about their length is enough
        embeddings, meta = read_response(body, len(batch.items), model=self._model, dimensions=dimensions)
        with self._lock:
            self._check_length(len(embeddings[0]), body)
            for item, embedding in zip(batch.items, embeddings, strict=True):
                self.embeddings[item.position] = embedding
            self._meta.add(meta, batch.items[0].position)
            batch.whole.embedded = True
            self._finish_part(batch)

    def result(self) -> dict[str, Any]:
        """
        Make the result of the run.

        :returns: `documents`, copies with their embeddings, and `meta`.
        """
        pairs = zip(self._documents, self.embeddings, strict=True)
        meta = self._meta.merged()
        if not self._raise_on_failure:
            meta["failed"] = self._missing()
        tag_span(meta)
        return {"documents": [replace(document, embedding=embedding) for document, embedding in pairs], "meta": meta}

    def _missing(self) -> int:
        return sum(embedding is None for embedding in self.embeddings)

    def _check_length(self, length: int, body: Any) -> None:
        if self._length is None:
            self._length = length
        if length != self._length:
            msg = (
                f"The embeddings of this batch have length {length}, and earlier ones of this run have length "
                f"{self._length}. Choose one provider with `provider` in `extra_parameters`, or set `dimensions`"
            )
            raise unusable_response(msg, body)

    def _take_failure(self, batch: Batch, error: openai.APIError) -> None:
        usage = error.body.get("usage") if isinstance(error.body, dict) else None
        self._meta.add_usage(usage if isinstance(usage, dict) else {})
        if self._over.is_set():
            return
        refused = is_refusal(error)
        # with others embedded before, a refused document is to blame itself
        counts = not refused or self._length is None
        if refused and len(batch.items) > 1:
            self._put_back(batch, *batch.parts(len(batch.items) // 2))
            batch.whole.parts -= 1
        elif ends_every_request(error) or self._finish_part(batch, failed=counts) == _MOST_FAILED_IN_A_ROW:
            self._ended_by = error
            self._over.set()
        else:
            ids = ", ".join(item.document.id for item in batch.items)
            msg = "{count} documents could not be embedded: {error} Their ids: {ids}"
            logger.error(msg, count=len(batch.items), error=str(error), ids=ids, exc_info=error)

    def _make_input(self, item: Item) -> bool:
        try:
            item.sent = self._input_of(item.document)
        except ValueError as error:
            if self._raise_on_failure:
                raise
            logger.error("A document could not be embedded: {error}", error=str(error))
        return item.sent is not None

    def _put_back(self, batch: Batch, *parts: Batch) -> None:
        """
        Let parts of a batch be the next batches.
        """
        batch.whole.parts += len(parts)
        self._parts.extendleft(reversed(parts))

    def _finish_part(self, batch: Batch, *, failed: bool = False) -> int:
        """
        Count a part that needs no further request.

        :returns: How many batches in a row have failed.
        """
        batch.whole.parts -= 1
        if batch.whole.parts == 0:
            self._bar.update()
            if batch.whole.embedded:
                self._failed_in_a_row = 0
            elif failed:
                self._failed_in_a_row += 1
        return self._failed_in_a_row

    def _tell_what_is_missing(self, error: openai.APIError) -> None:
        missing = self._missing()
        if missing == len(self.embeddings):
            raise error
        msg = (
            "{missing} of {count} documents were not embedded, because the run was stopped at an error that later "
            "batches would meet too: {error}"
        )
        logger.error(msg, error=str(error), missing=missing, count=len(self.embeddings))
