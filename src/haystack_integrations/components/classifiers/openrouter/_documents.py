# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A run over many documents, each of which is sent with the same questions.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from haystack import Document
from tqdm import tqdm

from haystack_integrations.common.openrouter._many.requests import ManyRequests
from haystack_integrations.common.openrouter._wire.json_values import printable
from haystack_integrations.components.classifiers.openrouter._endpoint import Questions, read_answers

ERROR_FIELD = "classification_error"

Item = tuple[int, Any]
"""The position of a document, and what is sent of it."""


class Classification(ManyRequests[Item, dict[str, Any]]):
    """
    The documents of one run, and what came back: the answers for each, the ids of the generations, and why others fail.

    :param documents: The documents. Nothing is sent for one that has no text.
    :param field: The meta field with the text, or None if it is the content.
    :param answers_field: The meta field that the answers are put into.
    :param questions: The questions as they are sent.
    :param model: The requested model.
    :param raise_on_failure: Whether to raise the first failure instead.
    """

    _inputs = "documents"
    _done = "classified"

    def __init__(
        self,
        documents: list[Document],
        *,
        field: str | None,
        answers_field: str,
        questions: Questions,
        model: str,
        raise_on_failure: bool,
    ) -> None:
        self._documents = list(documents)
        self._answers_field = answers_field
        self._questions = questions
        self._reasons: dict[int, str] = {}
        self._ids: list[str | None] = [None] * len(documents)
        items = list(self._texts(field))
        self._count = len(items)
        super().__init__(items, len(documents), model=model, raise_on_failure=raise_on_failure)

    def __len__(self) -> int:
        """How many documents are sent."""
        return self._count

    @contextmanager
    def sending_documents(self, *, progress_bar: bool) -> Iterator[None]:
        """Send the documents inside this block, as `sending` does."""
        bar = tqdm(total=len(self), disable=not progress_bar, desc="Classifying documents")
        with bar as self._bar, self.sending():
            yield

    def take(self, item: Item, response: Any) -> None:
        """Take the answers for a document. If they can't be used, an `openai.APIError` is raised."""
        answers, meta = read_answers(response, self._questions, self._model)
        position, _ = item
        with self._lock:
            self._results[position] = answers
            self._ids[position] = meta.pop("id")
            self._take_meta(meta, position)
            self._failed_in_a_row = 0
            self._bar.update()

    def result(self) -> dict[str, Any]:
        """Make the result of the run: copies of the documents with their answers or the reason, and `meta`."""
        documents, failed = [], []
        for position, (document, answers) in enumerate(zip(self._documents, self._results, strict=True)):
            if answers is None:
                failed.append(_with(document, ERROR_FIELD, self._reason(position)))
            else:
                documents.append(_with(document, self._answers_field, answers))
        return {"documents": documents, "failed_documents": failed, "meta": self._meta(ids=self._ids)}

    def _texts(self, field: str | None) -> Iterator[Item]:
        for position, document in enumerate(self._documents):
            text = document.content if field is None else document.meta.get(field)
            if isinstance(text, str) and text.strip():
                yield position, text
            elif not text or isinstance(text, str):
                self._reasons[position] = "The document has no text to classify."
            elif not isinstance(text, dict | list) or not _is_json(text):
                self._reasons[position] = (
                    f"What the document has to classify can't be sent: it is of the type {type(text).__name__}."
                )
            else:
                yield position, text

    def _reason(self, position: int) -> str:
        return self._reasons.get(position) or f"The run was stopped after this error: {self._ended_by}"

    def _take_failure(self, item: Item, error: Exception, refused: bool) -> None:
        position, _ = item
        self._ids[position] = getattr(error, "generation_id", None)
        if not self._over.is_set():
            self._reasons[position] = str(error)
        self._bar.update()
        document = printable(self._documents[position].id, 100)
        self._failed(error, refused, "A document could not be classified: {error} Id: {document}", document=document)


def _with(document: Document, field: str, value: Any) -> Document:
    """Copy a document with another meta field, and without the error of an earlier run."""
    meta = {name: kept for name, kept in document.meta.items() if name != ERROR_FIELD}
    return replace(document, meta={**meta, field: value})


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
