# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A run over many documents: which batch is sent next, and the result of each.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from math import inf
from typing import Any

from haystack import Document, logging
from tqdm import tqdm

from haystack_integrations.common.openrouter._base.documents import document_copy
from haystack_integrations.common.openrouter._many.requests import ManyRequests
from haystack_integrations.common.openrouter._wire.json_values import printable
from haystack_integrations.common.openrouter._wire.responses import unusable_response
from haystack_integrations.common.openrouter.errors._reading import failure_of
from haystack_integrations.components.embedders.openrouter._endpoint import (
    input_size,
    is_blank,
    most_inputs,
    read_response,
)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Item:
    """
    One document of a run.
    """

    position: int
    document: Document
    sent: Any = None
    """The input for it, once it is made."""
    group: "Group | None" = None
    """The documents that it was refused with."""


Batch = list[Item]
"""The documents of one request: a batch, or a part of one that was refused or did not fit into a request."""


@dataclass(slots=True)
class Group:
    """
    Documents that were refused together. If each of them is embedded in the end, there were too many of them.

    :param left: How many are not embedded yet.
    :param largest: How many of them the largest request had that was not refused.
    """

    left: int
    largest: int = 0


@dataclass(slots=True, eq=False)
class Trial:
    """
    One or two documents of a batch that was refused, each sent alone. If both are refused alike, no other helps.

    :param rest: The documents of the batch that are not tried.
    :param alone: The document to send, or under way.
    :param first: The first document and its error, once it was refused.
    :param waits: Whether `alone` is still to be sent.
    :param over: Ends with the trial. Other batches wait for it.
    """

    rest: Batch
    alone: Batch
    first: tuple[Batch, Exception] | None = None
    waits: bool = True
    over: "Future[None]" = field(default_factory=Future)


class Corpus(ManyRequests[Batch, list[float]]):
    """
    The documents of one run, in batches.

    It keeps what came back: an embedding for each document, and a `meta` that does not grow. A batch that is refused
    because of its documents is split in halves until those are alone. If it was refused because there were too many,
    the next batches are as small as those that were not. While nothing is embedded, a trial shows first whether it is
    the request that is refused, whatever the documents are: that ends the run.

    :param documents: The documents.
    :param input_of: Makes the input that is sent for a document. It raises a ValueError if there is none.
    :param batch_size: How many documents a batch has at most.
    :param max_bytes: How many bytes the inputs of a request have together at most, if there are several. None means any
        number.
    :param model: The requested model.
    :param dimensions: The requested length of the embeddings.
    :param raise_on_failure: Whether to raise the first failure instead.
    """

    _inputs = "documents"
    _done = "embedded"

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
        self._documents = list(documents)
        self._most: int = batch_size  # in one request, as far as is known
        items = map(Item, count(), self._documents)
        batches = iter(lambda: list(islice(items, self._most)), [])
        super().__init__(batches, len(documents), model=model, raise_on_failure=raise_on_failure)
        self._input_of = input_of
        self._batch_size = batch_size
        self._trial: Trial | None = None
        self._max_bytes = inf if max_bytes is None else max_bytes
        self._dimensions = dimensions
        self._settled: Counter[int] = Counter()
        self._length: int | None = None

    def __len__(self) -> int:
        """How many batches there are."""
        return len(range(0, len(self._documents), self._batch_size))

    @contextmanager
    def sending_batches(self, *, progress_bar: bool) -> Iterator[None]:
        """Send the batches inside this block, as `sending` does."""
        bar = tqdm(total=len(self), disable=not progress_bar, desc="Calculating embeddings")
        with bar as self._bar, self.sending():
            yield

    def trial_before(self, batch: Batch) -> "Future[None] | None":
        """What ends before a batch may be sent, if there is anything to wait for."""
        trial = self._trial
        return None if trial is None or trial.alone is batch else trial.over

    def fill(self, batch: Batch) -> list[Any]:
        """
        Make the inputs of a batch. What has none is taken out, and what makes the request too large is put back.

        :returns: The inputs. None are left to send if the run is over.
        """
        items: Batch = []
        size = 0
        for number, item in enumerate(batch):
            if self._over.is_set():
                return []
            if item.sent is None and not self._make_input(item):
                continue
            if self._max_bytes < inf:
                size += input_size(item.sent)
            if items and (size > self._max_bytes or len(items) >= self._most):
                with self._lock:
                    self._put_back.appendleft(batch[number:])
                break
            items.append(item)
        batch[:] = items
        return [item.sent for item in items]

    def take(self, batch: Batch, body: dict[str, Any], headers: Mapping[str, str]) -> None:
        """Take the embeddings of a batch from a response. If they can't be used, an `openai.APIError` is raised."""
        dimensions = self._dimensions if self._length is None else None  # one warning about their length is enough
        embeddings, meta = read_response(body, headers, len(batch), model=self._model, dimensions=dimensions)
        with self._lock:
            self._check_length(len(embeddings[0]), body)
            for item, embedding in zip(batch, embeddings, strict=True):
                self._results[item.position] = embedding
            self._take_meta(meta, batch[0].position)
            self._settle(batch)
            self._learn(batch)
            if self._trial is not None and self._trial.alone is batch:
                self._end_trial()

    def result(self) -> dict[str, Any]:
        """Make the result of the run: `documents`, copies with their embeddings, and `meta`."""
        pairs = zip(self._documents, self._results, strict=True)
        documents = [document_copy(document, embedding=embedding) for document, embedding in pairs]
        return {"documents": documents, "meta": self._meta()}

    def _check_length(self, length: int, body: Any) -> None:
        if self._length is None:
            self._length = length
        if length != self._length:
            msg = (
                f"The embeddings of this batch have length {length}, but earlier ones of this run have length "
                f"{self._length}. Choose one provider with `provider` in `extra_parameters`, or set `dimensions`"
            )
            raise unusable_response(msg, body)

    def _next(self) -> Batch:
        if self._trial is not None and self._trial.waits:
            self._trial.waits = False
            return self._trial.alone
        return super()._next()

    def _stop(self, error: Exception | None = None) -> None:
        super()._stop(error)
        self._end_trial()

    def _take_failure(self, batch: Batch, error: Exception, refused: bool) -> None:
        if self._over.is_set():  # nobody would send what is put back, or end a trial
            return
        if self._trial is not None and self._trial.alone is batch:
            if self._goes_on(self._trial, error, refused):
                return
            self._end_trial()
        if refused and len(batch) > 1:
            self._divide(batch, error)
        else:
            self._give_up(batch, error, refused)

    def _divide(self, batch: Batch, error: Any) -> None:
        """Send a batch that was refused in parts. If nothing is embedded yet, begin with a trial."""
        failure = failure_of(error)
        if failure is not None and (most := most_inputs(failure.said, len(batch))) is not None:
            self._most = min(self._most, most)
            self._put_back.appendleft(batch)
            return
        group = Group(len(batch))
        for item in batch:
            item.group = item.group or group
        flagged = failure is not None and failure.is_moderated
        if self._length is None and self._trial is None and not flagged:
            self._trial = Trial(batch[1:], batch[:1])
        else:
            self._put_back_halves(batch)

    def _put_back_halves(self, batch: Batch) -> None:
        half = len(batch) // 2
        self._put_back.extendleft(part for part in (batch[half:], batch[:half]) if part)

    def _goes_on(self, trial: Trial, error: Any, refused: bool) -> bool:
        """Whether the trial says what a failure of its document means: the second ends the run if it is alike."""
        if not refused or self._length is not None:
            return False
        if trial.first is None:
            # the shortest that is not empty, so that it is neither empty nor too long unless all are
            second = min(trial.rest, key=lambda item: (is_blank(item.sent), input_size(item.sent)))
            trial.rest = [item for item in trial.rest if item is not second]
            trial.first, trial.alone, trial.waits = (trial.alone, error), [second], True
            return True
        if _alike(error, trial.first[1]):
            self._stop(error)
            return True
        return False

    def _end_trial(self) -> None:
        """Let the documents be the cause: send the others of the batch, and what waited."""
        if self._trial is None:
            return
        trial, self._trial = self._trial, None
        self._put_back_halves(trial.rest)
        if trial.first is not None:
            self._give_up(*trial.first, refused=True)
        trial.over.set_result(None)

    def _learn(self, batch: Batch) -> None:
        """Note that documents were embedded. If those that were refused together all are, there were too many."""
        if (group := batch[0].group) is None:
            return
        group.left -= len(batch)
        group.largest = max(group.largest, len(batch))
        if not group.left:
            self._most = min(self._most, group.largest)

    def _give_up(self, batch: Batch, error: Exception, refused: bool) -> None:
        counts = self._settle(batch)
        ids = ", ".join(printable(item.document.id, 100) for item in batch)
        msg = "{count} document(s) could not be embedded: {error} Ids: {ids}"
        self._failed(error, refused, msg, counts=counts, count=len(batch), ids=ids)

    def _make_input(self, item: Item) -> bool:
        try:
            item.sent = self._input_of(item.document)
        except ValueError as error:
            if self._raise_on_failure:
                raise
            logger.error("A document could not be embedded: {error}", error=str(error))
            with self._lock:
                self._settle([item])
        return item.sent is not None

    def _settle(self, items: list[Item]) -> bool:
        """Note documents that need no further request. True if they end a whole batch of which none was embedded."""
        failed = False
        for start, settled in Counter(item.position // self._batch_size for item in items).items():
            batch = self._results[start * self._batch_size : (start + 1) * self._batch_size]
            self._settled[start] += settled
            if self._settled[start] < len(batch):
                continue
            self._bar.update()
            if any(batch):
                self._failed_in_a_row = 0
            else:
                failed = True
        return failed


def _alike(one: Any, other: Any) -> bool:
    """Whether two requests failed for the same reason, whatever ids and numbers the messages have."""
    return _reason(one) == _reason(other)


def _reason(error: Any) -> tuple[Any, list[str]]:
    failure = failure_of(error)
    if failure is None:
        return None, []
    return failure.status, [word for word in failure.said.split() if not any(map(str.isdigit, word))]
