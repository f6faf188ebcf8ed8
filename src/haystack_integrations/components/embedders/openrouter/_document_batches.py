# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A run over many documents: which batch is sent next, and the result of each.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count, islice
from math import inf
from typing import Any

from haystack import Document, logging
from tqdm import tqdm

from haystack_integrations.common.openrouter._many.requests import ManyRequests
from haystack_integrations.common.openrouter._wire.json_values import printable
from haystack_integrations.common.openrouter._wire.responses import unusable_response
from haystack_integrations.components.embedders.openrouter._endpoint import input_size, read_response

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


Batch = list[Item]
"""The documents of one request: a batch, or a part of one that was refused or did not fit into a request."""


class Corpus(ManyRequests[Batch, list[float]]):
    """
    The documents of one run, in batches.

    It keeps what came back: an embedding for each document, and a `meta` that does not grow. A batch that is refused
    because of its documents is split in halves until those are alone.

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
        items = map(Item, count(), self._documents)
        batches = iter(lambda: list(islice(items, batch_size)), [])
        super().__init__(batches, len(documents), model=model, raise_on_failure=raise_on_failure)
        self._input_of = input_of
        self._batch_size = batch_size
        self._max_bytes = inf if max_bytes is None else max_bytes
        self._dimensions = dimensions
        self._settled: Counter[int] = Counter()
        self._length: int | None = None
        self._first_model: tuple[float, str] = (inf, model)  # with the position of its batch
        self._agreed: dict[str, Any] | None = None

    def __len__(self) -> int:
        """How many batches there are."""
        return len(range(0, len(self._documents), self._batch_size))

    @contextmanager
    def sending_batches(self, *, progress_bar: bool) -> Iterator[None]:
        """Send the batches inside this block, as `sending` does."""
        bar = tqdm(total=len(self), disable=not progress_bar, desc="Calculating embeddings")
        with bar as self._bar, self.sending():
            yield

    def fill(self, batch: Batch) -> list[Any]:
        """Make the inputs of a batch. What has none is taken out, and what makes the request too large is put back."""
        items: Batch = []
        size = 0
        for number, item in enumerate(batch):
            if item.sent is None and not self._make_input(item):
                continue
            size += input_size(item.sent)
            if items and size > self._max_bytes:
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

    def result(self) -> dict[str, Any]:
        """Make the result of the run: `documents`, copies with their embeddings, and `meta`."""
        pairs = zip(self._documents, self._results, strict=True)
        documents = [replace(document, embedding=embedding) for document, embedding in pairs]
        return {"documents": documents, "meta": self._meta(model=self._first_model[1], **(self._agreed or {}))}

    def _check_length(self, length: int, body: Any) -> None:
        if self._length is None:
            self._length = length
        if length != self._length:
            msg = (
                f"The embeddings of this batch have length {length}, but earlier ones of this run have length "
                f"{self._length}. Choose one provider with `provider` in `extra_parameters`, or set `dimensions`"
            )
            raise unusable_response(msg, body)

    def _take_meta(self, meta: dict[str, Any], position: int) -> None:
        """Keep the model of the first batch, and the other fields that are the same in all responses."""
        self._usages.append(meta.pop("usage"))
        self._first_model = min(self._first_model, (position, meta.pop("model")))
        agreed = meta if self._agreed is None else self._agreed
        self._agreed = {name: value for name, value in agreed.items() if meta.get(name) == value}

    def _take_failure(self, batch: Batch, error: Exception, refused: bool) -> None:
        if refused and len(batch) > 1:
            half = len(batch) // 2
            self._put_back.extendleft((batch[half:], batch[:half]))
            return
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
        """Note documents that need no further request. True if their batch is done, and none of it was embedded."""
        start = items[0].position // self._batch_size * self._batch_size
        batch = self._results[start : start + self._batch_size]
        self._settled[start] += len(items)
        if self._settled[start] < len(batch):
            return False
        self._bar.update()
        if any(batch):
            self._failed_in_a_row = 0
        return not any(batch)
