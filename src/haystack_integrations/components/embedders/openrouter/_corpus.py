# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A run over many documents: which batch is sent next, and the result of each.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import openai
from haystack import Document, logging
from tqdm import tqdm

from haystack_integrations.common.openrouter._many.requests import ManyRequests, usage_of_failure
from haystack_integrations.common.openrouter._transport.run import tag_span
from haystack_integrations.common.openrouter._wire.responses import unusable_response
from haystack_integrations.common.openrouter._wire.usage import summed_usage
from haystack_integrations.common.openrouter.errors._failure import is_refusal
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


@dataclass(slots=True)
class Whole:
    """
    A batch before it was split.
    """

    parts: int = 1
    """How many parts of it are still to be embedded."""
    embedded: bool = False
    """Whether any of its documents was embedded."""


@dataclass(slots=True)
class Batch:
    """
    The documents of one request: a batch, or a part of one that was refused or did not fit into a request.
    """

    items: list[Item]
    whole: Whole

    @property
    def inputs(self) -> list[Any]:
        """
        The inputs that are sent for the documents.
        """
        return [item.sent for item in self.items]

    def parts(self, length: int) -> "tuple[Batch, Batch]":
        """
        Split the batch in two.

        :param length: How many documents the first part has.
        :returns: The two parts.
        """
        return Batch(self.items[:length], self.whole), Batch(self.items[length:], self.whole)


class RunMeta:
    """
    Merges the `meta` of one response after the other.

    :param model: The requested model.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._model_at: int | None = None
        self._agreed: dict[str, Any] | None = None
        # with and without the user's own key for the provider (BYOK)
        self._usage: dict[bool, dict[str, Any]] = {True: {}, False: {}}

    def add(self, meta: Mapping[str, Any], position: int) -> None:
        """
        Add what came with the embeddings of a batch.

        :param meta: The `meta` of one response.
        :param position: The position of the batch in the run. Responses may arrive in any order.
        """
        self.add_usage(meta["usage"])
        others = {name: value for name, value in meta.items() if name not in ("model", "usage")}
        if self._agreed is None:
            self._agreed = others
        else:
            self._agreed = {name: value for name, value in self._agreed.items() if others.get(name) == value}
        if self._model_at is None or position < self._model_at:
            self._model, self._model_at = meta["model"], position

    def add_usage(self, usage: Mapping[str, Any]) -> None:
        """
        Add the usage of a request. Even an unusable response may have a cost.

        :param usage: The `usage` of one response.
        """
        own_key = bool(usage.get("is_byok"))
        self._usage[own_key] = summed_usage([self._usage[own_key], usage])

    def merged(self) -> dict[str, Any]:
        """
        Merge what was added.

        :returns: A new dictionary: the `model` of the first batch, the summed `usage`, and the other fields that are
            the same in all responses.
        """
        return {"model": self._model, **(self._agreed or {}), "usage": summed_usage(self._usage.values())}


class Corpus(ManyRequests[Batch]):
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
        super().__init__(len(documents), raise_on_failure=raise_on_failure)
        self.embeddings: list[list[float] | None] = [None] * len(documents)
        """The embedding of each document, None if there is none."""
        self._documents = list(documents)
        self._input_of = input_of
        self._batch_size = batch_size
        self._max_bytes = inf if max_bytes is None else max_bytes
        self._model = model
        self._dimensions = dimensions
        self._starts = iter(range(0, len(documents), batch_size))
        self._parts: deque[Batch] = deque()
        self._length: int | None = None
        self._meta = RunMeta(model)
        self._bar: tqdm[Any] = tqdm(disable=True)

    def __len__(self) -> int:
        """
        How many batches there are.
        """
        return len(range(0, len(self._documents), self._batch_size))

    @contextmanager
    def sending_batches(self, *, progress_bar: bool) -> Iterator[None]:
        """
        Send the batches inside this block, as `sending` does.

        :param progress_bar: Whether to show a progress bar.
        :raises openai.APIError: If an error ended the run and nothing was embedded.
        """
        bar = tqdm(total=len(self), disable=not progress_bar, desc="Calculating embeddings")
        with bar as self._bar, self.sending():
            yield

    def fill(self, batch: Batch) -> bool:
        """
        Make the inputs of a batch.

        A document without an input has failed: it is logged and removed from the batch. Documents that would make the
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

    def take(self, batch: Batch, body: dict[str, Any], headers: Mapping[str, str]) -> None:
        """
        Take the embeddings of a batch from a response.

        :raises openai.APIError: If they can't be used.
        """
        dimensions = self._dimensions if self._length is None else None  # one warning about their length is enough
        count = len(batch.items)
        embeddings, meta = read_response(body, headers, count, model=self._model, dimensions=dimensions)
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

    def _next(self) -> Batch:
        if self._parts:
            return self._parts.popleft()
        start = next(self._starts)
        documents = self._documents[start : start + self._batch_size]
        return Batch([Item(start + number, document) for number, document in enumerate(documents)], Whole())

    def _missing(self) -> int:
        return sum(embedding is None for embedding in self.embeddings)

    def _check_length(self, length: int, body: Any) -> None:
        if self._length is None:
            self._length = length
        if length != self._length:
            msg = (
                f"The embeddings of this batch have length {length}, but earlier ones of this run have length "
                f"{self._length}. Choose one provider with `provider` in `extra_parameters`, or set `dimensions`"
            )
            raise unusable_response(msg, body)

    def _take_failure(self, batch: Batch, error: Exception) -> None:
        self._meta.add_usage(usage_of_failure(error))
        refused = isinstance(error, openai.APIError) and is_refusal(error)
        if refused and len(batch.items) > 1:
            self._put_back(batch, *batch.parts(len(batch.items) // 2))
            batch.whole.parts -= 1
            return
        # if others were embedded before, the refused document itself is the cause
        counts = self._finish_part(batch) and (not refused or self._length is None)
        ids = ", ".join(item.document.id for item in batch.items)
        msg = "{count} document(s) could not be embedded: {error} Ids: {ids}"
        self._failed(error, msg, counts=counts, count=len(batch.items), ids=ids)

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
        Send parts of a batch next.
        """
        batch.whole.parts += len(parts)
        self._parts.extendleft(reversed(parts))

    def _finish_part(self, batch: Batch) -> bool:
        """
        Count a part that needs no further request.

        :returns: Whether it is the last of its batch, and none of them was embedded.
        """
        batch.whole.parts -= 1
        if batch.whole.parts:
            return False
        self._bar.update()
        if batch.whole.embedded:
            self._failed_in_a_row = 0
        return not batch.whole.embedded
