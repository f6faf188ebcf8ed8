# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The base of the document embedders: batches, and several requests at the same time.
"""

import asyncio
import copy
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from haystack import Document

from haystack_integrations.common.openrouter._base.component import OpenRouterComponent
from haystack_integrations.common.openrouter._base.document_images import document_text
from haystack_integrations.common.openrouter._many.workers import each_in_tasks, each_in_threads
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire.checks import (
    check_at_least_one,
    check_documents,
    check_fields,
    check_parameters,
    check_strings,
)
from haystack_integrations.common.openrouter._wire.json_values import sendable
from haystack_integrations.components.embedders.openrouter._corpus import Batch, Corpus
from haystack_integrations.components.embedders.openrouter._endpoint import (
    EMBEDDINGS,
    body_and_headers,
    request_arguments,
    request_embeddings,
)
from haystack_integrations.components.embedders.openrouter.options import EmbeddingParameters


class OpenRouterCorpusEmbedder(OpenRouterComponent):
    """
    A component that embeds many documents.

    A subclass hands its parameters to `_set_up_batches` and `_set_up`. `_input_maker` says what is sent for a document.
    """

    _endpoint: ClassVar[Endpoint] = EMBEDDINGS
    _reads_files: ClassVar[bool] = False
    max_batch_bytes: int | None = None

    def _set_up_batches(
        self,
        *,
        dimensions: int | None,
        prefix: str,
        suffix: str,
        batch_size: int,
        progress_bar: bool,
        meta_fields_to_embed: list[str] | None,
        embedding_separator: str,
        extra_parameters: EmbeddingParameters | None,
        raise_on_failure: bool,
        concurrency: int,
    ) -> None:
        """
        Keep the parameters that these components share under their names.
        """
        self.dimensions = dimensions
        self.prefix = prefix
        self.suffix = suffix
        self.batch_size = batch_size
        self.progress_bar = progress_bar
        self.meta_fields_to_embed = [] if meta_fields_to_embed is None else meta_fields_to_embed
        self.embedding_separator = embedding_separator
        self.extra_parameters = extra_parameters
        self.raise_on_failure = raise_on_failure
        self.concurrency = concurrency

    def _check(self) -> None:
        super()._check()
        if self.dimensions is not None:
            check_at_least_one(dimensions=self.dimensions)
        check_at_least_one(batch_size=self.batch_size, concurrency=self.concurrency)
        check_strings(prefix=self.prefix, suffix=self.suffix, embedding_separator=self.embedding_separator)
        check_parameters(self.extra_parameters or {}, "extra_parameters", EMBEDDINGS.own_fields)
        check_fields(self.meta_fields_to_embed)

    def _to_dict(self, **own_parameters: Any) -> dict[str, Any]:
        """
        Serialize the component: the parameters that all of these components have, and the given ones.
        """
        return super()._to_dict(
            dimensions=self.dimensions,
            prefix=self.prefix,
            suffix=self.suffix,
            batch_size=self.batch_size,
            progress_bar=self.progress_bar,
            meta_fields_to_embed=list(self.meta_fields_to_embed or []),
            embedding_separator=self.embedding_separator,
            extra_parameters=copy.deepcopy(self.extra_parameters),
            raise_on_failure=self.raise_on_failure,
            concurrency=self.concurrency,
            **own_parameters,
        )

    def _embed(self, documents: list[Document]) -> dict[str, Any]:
        """Embed documents, with requests in threads."""
        corpus, arguments_of, model = self._corpus(documents), self._arguments_maker(), self.model
        if documents:
            settings = self._settings()
            with self._clients.using(settings) as client:

                def embed(batch: Batch) -> None:
                    with corpus.attempt(batch), self._requesting(self._endpoint, settings, model):
                        if inputs := corpus.fill(batch):
                            arguments = arguments_of(inputs)
                            sent = request_embeddings(client, arguments)
                            corpus.take(batch, *body_and_headers(sent, client, arguments))

                with corpus.sending_batches(progress_bar=self.progress_bar):
                    each_in_threads(embed, corpus, min(self.concurrency, len(corpus)))
        return corpus.result()

    async def _embed_async(self, documents: list[Document]) -> dict[str, Any]:
        """Embed documents without blocking the event loop. Files are read in a thread."""
        corpus, arguments_of, model = self._corpus(documents), self._arguments_maker(), self.model
        if documents:
            settings = self._settings()
            async with self._clients.using_async(settings) as client:

                async def embed(batch: Batch) -> None:
                    with corpus.attempt(batch), self._requesting(self._endpoint, settings, model):
                        reads = self._reads_files
                        inputs = await asyncio.to_thread(corpus.fill, batch) if reads else corpus.fill(batch)
                        if inputs:
                            arguments = arguments_of(inputs)
                            sent = await request_embeddings(client, arguments)
                            corpus.take(batch, *body_and_headers(sent, client, arguments))

                with corpus.sending_batches(progress_bar=self.progress_bar):
                    await each_in_tasks(embed, corpus, min(self.concurrency, len(corpus)))
        return corpus.result()

    def _corpus(self, documents: list[Document]) -> Corpus:
        self._check()
        check_documents(documents, "Use OpenRouterTextEmbedder for a string.")
        return Corpus(
            documents,
            input_of=self._input_maker(),
            batch_size=self.batch_size,
            max_bytes=self.max_batch_bytes,
            model=self.model,
            dimensions=self.dimensions,
            raise_on_failure=self.raise_on_failure,
        )

    def _arguments_maker(self) -> Callable[[list[Any]], dict[str, Any]]:
        """Return what makes the arguments of one request from its inputs."""
        return partial(
            request_arguments,
            model=self.model,
            dimensions=self.dimensions,
            extra_parameters=self.extra_parameters,
            extra_headers=self._sent_headers(),
        )

    def _input_maker(self) -> Callable[[Document], Any]:
        """
        Return what makes the input for a document, or raises a ValueError: its text, if a subclass says no more.

        A setting that is changed during a run holds from the next one on.
        """
        return self._text_maker()

    def _text_maker(self) -> Callable[[Document], str]:
        prefix, suffix = self.prefix, self.suffix
        fields, separator = list(self.meta_fields_to_embed or []), self.embedding_separator
        return lambda document: sendable(f"{prefix}{document_text(document, fields, separator)}{suffix}")
