# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
One run over many recordings: which is sent next, what became of each, and when to stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import openai
from haystack import Document, logging

from haystack_integrations.common.openrouter.errors.consequences import ends_every_request
from haystack_integrations.common.openrouter.retries import one_run
from haystack_integrations.common.openrouter.usage import summed_usage
from haystack_integrations.components.audio.openrouter.sources import Source
from haystack_integrations.components.audio.openrouter.transcription import read_transcript

logger = logging.getLogger(__name__)

_MOST_FAILED_IN_A_ROW = 3


class Recordings:
    """
    The recordings of one run.

    It iterates over sources, which several threads or tasks may share, and keeps a document for each. The run stops at
    an error that every later request would meet too, and after three failures in a row.

    :param sources: The sources.
    :param model: The model that is asked for.
    :param raise_on_failure: Whether the first failure is raised, instead of all this.
    """

    def __init__(self, sources: list[Source], *, model: str, raise_on_failure: bool) -> None:
        self._sources = sources
        self._model = model
        self._raise_on_failure = raise_on_failure
        self._documents: list[Document | None] = [None] * len(sources)
        self._ids: list[str | None] = [None] * len(sources)
        self._usages: list[dict[str, Any]] = []
        self._waiting = iter(sources)
        self._failed_in_a_row = 0
        self._ended_by: Exception | None = None
        self._lock = Lock()

    def __len__(self) -> int:
        """
        How many there are.
        """
        return len(self._sources)

    def __iter__(self) -> Iterator[Source]:
        """
        Iterate over the sources, once.
        """
        return self

    def __next__(self) -> Source:
        """
        The source that is sent next.
        """
        with self._lock:
            if self._ended_by is not None:
                raise StopIteration
            return next(self._waiting)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """
        Send the recordings inside this block.

        :raises openai.APIError: If an error ended the run and nothing was transcribed.
        """
        with one_run():
            yield
        if self._ended_by is not None:
            self._tell_what_is_missing(self._ended_by)

    @contextmanager
    def attempt(self, source: Source) -> Iterator[None]:
        """
        Send a source inside this block, which hands the response to `take`.

        :param source: The source.
        :raises openai.APIError: If it failed and the first failure is to be raised.
        :raises OSError: The same, if the file could not be read.
        """
        try:
            yield
        except (openai.APIError, OSError) as error:
            if self._raise_on_failure:
                raise
            with self._lock:
                self._take_failure(source, error)

    def take(self, source: Source, response: Any) -> None:
        """
        Take the transcript of a source.

        :param source: The source.
        :param response: The HTTP response.
        :raises openai.APIError: If it can't be used.
        """
        document, meta = read_transcript(response, source, self._model)
        with self._lock:
            self._documents[source.number] = document
            self._ids[source.number] = meta["id"]
            self._usages.append(meta["usage"])
            self._failed_in_a_row = 0

    def result(self) -> dict[str, Any]:
        """
        Make the result of the run.

        :returns: `documents`, one for each source, and `meta`.
        """
        pairs = zip(self._sources, self._documents, strict=True)
        documents = [Document(meta=source.meta) if document is None else document for source, document in pairs]
        meta: dict[str, Any] = {"model": self._model, "usage": summed_usage(self._usages), "ids": self._ids}
        if not self._raise_on_failure:
            meta["failed"] = self._missing()
        return {"documents": documents, "meta": meta}

    def _missing(self) -> int:
        return sum(document is None for document in self._documents)

    def _take_failure(self, source: Source, error: openai.APIError | OSError) -> None:
        body = getattr(error, "body", None)
        usage = body.get("usage") if isinstance(body, dict) else None
        self._usages.append(usage if isinstance(usage, dict) else {})
        self._ids[source.number] = getattr(error, "generation_id", None)
        self._failed_in_a_row += 1
        is_final = isinstance(error, openai.APIError) and ends_every_request(error)
        if is_final or self._failed_in_a_row == _MOST_FAILED_IN_A_ROW:
            self._ended_by = error
        else:
            msg = "{source} could not be transcribed: {error}"
            logger.error(msg, source=str(source), error=str(error), exc_info=error)

    def _tell_what_is_missing(self, error: Exception) -> None:
        missing = self._missing()
        if missing == len(self._documents):
            raise error
        msg = (
            "{missing} of {count} recordings were not transcribed, because the run was stopped at an error that later "
            "ones would meet too: {error}"
        )
        logger.error(msg, error=str(error), missing=missing, count=len(self._documents))
