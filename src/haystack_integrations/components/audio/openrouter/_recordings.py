# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A run over many recordings.
"""

from typing import Any

import openai
from haystack import Document

from haystack_integrations.common.openrouter._base.span_tags import tag_span
from haystack_integrations.common.openrouter._many.requests import ManyRequests, usage_of_failure
from haystack_integrations.common.openrouter._wire.usage import summed_usage
from haystack_integrations.common.openrouter.errors._failure import is_refusal
from haystack_integrations.components.audio.openrouter._sources import Source
from haystack_integrations.components.audio.openrouter._transcription_endpoint import read_transcript


class Recordings(ManyRequests[Source]):
    """
    The recordings of one run. It keeps a document for each.

    :param sources: The sources.
    :param model: The requested model.
    :param raise_on_failure: Whether the first failure is raised.
    """

    _inputs = "recordings"
    _done = "transcribed"
    _expected = (openai.APIError, OSError)  # files are read when they are sent

    def __init__(self, sources: list[Source], *, model: str, raise_on_failure: bool) -> None:
        super().__init__(len(sources), raise_on_failure=raise_on_failure)
        self._sources = sources
        self._model = model
        self._documents: list[Document | None] = [None] * len(sources)
        self._ids: list[str | None] = [None] * len(sources)
        self._usages: list[dict[str, Any]] = []
        self._waiting = iter(sources)

    def __len__(self) -> int:
        """
        How many there are.
        """
        return len(self._sources)

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
        tag_span(meta)
        return {"documents": documents, "meta": meta}

    def _next(self) -> Source:
        return next(self._waiting)

    def _missing(self) -> int:
        return sum(document is None for document in self._documents)

    def _take_failure(self, source: Source, error: Exception) -> None:
        self._usages.append(usage_of_failure(error))
        self._ids[source.number] = getattr(error, "generation_id", None)
        # if others were transcribed before, the refused recording itself is the cause
        refused = isinstance(error, openai.APIError) and is_refusal(error)
        counts = not refused or self._missing() == len(self)
        self._failed(error, "{source} could not be transcribed: {error}", counts=counts, source=str(source))
