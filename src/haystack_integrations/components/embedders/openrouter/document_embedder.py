# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that embeds documents, in batches.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import openai
from haystack import Document, component, default_from_dict, logging
from haystack.utils import Secret
from tqdm import tqdm

from haystack_integrations.common.openrouter.arguments import (
    check_at_least_one,
    check_documents,
    check_parameters,
    check_strings,
    checked_fields,
    document_text,
)
from haystack_integrations.common.openrouter.clients import OPENROUTER_API_BASE_URL
from haystack_integrations.common.openrouter.component import OpenRouterComponent, shows_its_settings
from haystack_integrations.components.embedders.openrouter.embedding import (
    EMBEDDING_REMEDIES,
    OWN_PARAMETERS,
    Outcome,
    merged_meta,
    request_arguments,
)
from haystack_integrations.components.embedders.openrouter.options import EmbeddingParameters
from haystack_integrations.components.embedders.openrouter.workers import map_bounded

logger = logging.getLogger(__name__)

Batch = list[Document]


@shows_its_settings
@component
class OpenRouterDocumentEmbedder(OpenRouterComponent):
    """
    Embeds documents with the embedding models behind [OpenRouter](https://openrouter.ai).

    ### Usage example
    ```python
    from haystack import Document
    from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder

    embedder = OpenRouterDocumentEmbedder(model="openai/text-embedding-3-small")
    result = embedder.run([Document(content="Natural language processing is about text.")])
    print(len(result["documents"][0].embedding), result["meta"]["usage"]["cost"])
    ```
    """

    _remedies = EMBEDDING_REMEDIES

    def __init__(
        self,
        *,
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str = "openai/text-embedding-3-small",
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        dimensions: int | None = None,
        prefix: str = "",
        suffix: str = "",
        batch_size: int = 32,
        progress_bar: bool = True,
        meta_fields_to_embed: list[str] | None = None,
        embedding_separator: str = "\n",
        extra_headers: dict[str, Any] | None = None,
        extra_parameters: EmbeddingParameters | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        raise_on_failure: bool = False,
        concurrency: int = 4,
    ) -> None:
        """
        Create the component. Nothing is sent, and no key is needed, before it runs or is warmed up.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the embedding model: see https://openrouter.ai/models?output_modalities=embeddings.
        :param api_base_url: The URL of the API. None means OpenRouter.
        :param dimensions: The length of the embeddings, for models that let it be chosen.
        :param prefix: A text that is put before each text to embed.
        :param suffix: A text that is put after each text to embed.
        :param batch_size: How many documents are sent in one request.
        :param progress_bar: Whether to show a progress bar.
        :param meta_fields_to_embed: Names of the meta fields that are embedded together with the content.
        :param embedding_separator: What stands between the meta fields and the content.
        :param extra_headers: HTTP headers of every request, for example `HTTP-Referer` and `X-OpenRouter-Title`.
        :param extra_parameters: Parameters of OpenRouter's embeddings endpoint that are sent as given, for example
            `provider`, `input_type`, `user`, `session_id` or `trace`.
        :param timeout: Seconds to wait for a connection, and for the next bytes of an answer. If None: the environment
            variable `OPENAI_TIMEOUT`, else 30.
        :param max_retries: How often a request is sent again after a failed connection, a timeout, HTTP 408, 409, 429
            or 5xx, or an error that OpenRouter reports with HTTP 200. If None: the environment variable
            `OPENAI_MAX_RETRIES`, else 5.
        :param http_client_kwargs: Keyword arguments of `httpx.Client` and `httpx.AsyncClient`, such as `proxy`.
        :param raise_on_failure: Whether a batch that can't be embedded raises. If not, its documents come back without
            embedding, the error is logged, and `meta["failed"]` counts them.
        :param concurrency: How many requests `run_async` has under way at the same time.
        :raises TypeError: If a header is no text, or `meta_fields_to_embed` is no list.
        :raises ValueError: If `dimensions`, `batch_size` or `concurrency` is less than 1, or `extra_parameters` holds
            what the component sets itself.
        """
        if dimensions is not None:
            check_at_least_one(dimensions, "dimensions")
        check_at_least_one(batch_size, "batch_size")
        check_at_least_one(concurrency, "concurrency")
        check_strings(prefix=prefix, suffix=suffix, embedding_separator=embedding_separator)
        check_parameters(extra_parameters, OWN_PARAMETERS)
        self._set_up(
            api_key=api_key,
            model=model,
            api_base_url=api_base_url,
            extra_headers=extra_headers,
            timeout=timeout,
            max_retries=max_retries,
            http_client_kwargs=http_client_kwargs,
        )
        self.dimensions = dimensions
        self.prefix = prefix
        self.suffix = suffix
        self.batch_size = batch_size
        self.progress_bar = progress_bar
        self.meta_fields_to_embed = checked_fields(meta_fields_to_embed)
        self.embedding_separator = embedding_separator
        self.extra_parameters = extra_parameters
        self.raise_on_failure = raise_on_failure
        self.concurrency = concurrency

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If the API key was given as a token, which must not be written down.
        """
        return self._to_dict(
            dimensions=self.dimensions,
            prefix=self.prefix,
            suffix=self.suffix,
            batch_size=self.batch_size,
            progress_bar=self.progress_bar,
            meta_fields_to_embed=list(self.meta_fields_to_embed),
            embedding_separator=self.embedding_separator,
            extra_parameters=copy.deepcopy(self.extra_parameters),
            raise_on_failure=self.raise_on_failure,
            concurrency=self.concurrency,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> OpenRouterDocumentEmbedder:
        """
        Deserialize the component.

        :param data: What `to_dict` returned. It is not changed.
        :returns: The component.
        """
        return default_from_dict(cls, copy.deepcopy(data))

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    def run(self, documents: list[Document]) -> dict[str, Any]:
        """
        Embed documents, one batch after the other.

        :param documents: The documents. They are not changed.
        :returns: A dictionary with `documents`, copies with embeddings in the same order, and `meta`: `model`, `usage`
            (tokens, and `cost` in USD, summed over the batches), what else all answers agree on and, with
            `raise_on_failure=False`, `failed`: how many documents could not be embedded. These come back without
            embedding.
        :raises TypeError: If it is no list of documents.
        :raises ValueError: If the API key is missing.
        :raises openai.APIError: With `raise_on_failure=True`, if OpenRouter or a provider fails: the openai SDK's class
            for the HTTP status. The text tells provider, cause and remedy.
        """
        batches = self._batches(documents)
        if not batches:
            return self._result([], [])
        create = self._clients.get().embeddings.create
        outcomes: list[Outcome] = []
        with self._progress(batches) as bar:
            for batch in batches:
                with self._attempt(batch) as outcome:
                    outcome.take(create(**self._arguments(batch)), self.model, self.dimensions)
                outcomes.append(outcome)
                bar.update()
        return self._result(batches, outcomes)

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    async def run_async(self, documents: list[Document]) -> dict[str, Any]:
        """
        Embed documents without blocking the event loop, `concurrency` batches at the same time.

        :param documents: The documents. They are not changed.
        :returns: A dictionary with `documents` and `meta`, as `run` returns it.
        :raises openai.APIError: As `run` does, and `TypeError` and `ValueError` too. The other requests are cancelled.
        """
        batches = self._batches(documents)
        if not batches:
            return self._result([], [])
        create = (await self._clients.get_async()).embeddings.create
        with self._progress(batches) as bar:

            async def embed(batch: Batch) -> Outcome:
                with self._attempt(batch) as outcome:
                    outcome.take(await create(**self._arguments(batch)), self.model, self.dimensions)
                bar.update()
                return outcome

            outcomes = await map_bounded(embed, batches, self.concurrency)
        return self._result(batches, outcomes)

    def _batches(self, documents: list[Document]) -> list[Batch]:
        check_documents(documents, "Use OpenRouterTextEmbedder for a text.")
        return [documents[start : start + self.batch_size] for start in range(0, len(documents), self.batch_size)]

    def _arguments(self, batch: Batch) -> dict[str, Any]:
        texts = [document_text(document, self.meta_fields_to_embed, self.embedding_separator) for document in batch]
        return request_arguments(
            [f"{self.prefix}{text}{self.suffix}" for text in texts],
            model=self.model,
            dimensions=self.dimensions,
            extra_parameters=self.extra_parameters,
            extra_headers=self._sent_headers(),
        )

    def _progress(self, batches: list[Batch]) -> tqdm[Any]:
        return tqdm(total=len(batches), disable=not self.progress_bar, desc="Calculating embeddings")

    @contextmanager
    def _attempt(self, batch: Batch) -> Iterator[Outcome]:
        """
        Explain a failure of the block, and unless it is to be raised, log it.
        """
        outcome = Outcome(size=len(batch))
        try:
            with self._requesting():
                yield outcome
        except (openai.APIError, UnicodeError) as error:  # half a surrogate pair in a text can't be sent
            if self.raise_on_failure:
                raise
            outcome.take_failure(error)
            ids = ", ".join(document.id for document in batch)
            msg = "{count} documents could not be embedded: {error} Their ids: {ids}"
            logger.error(msg, count=len(batch), error=str(error), ids=ids, exc_info=error)

    def _result(self, batches: list[Batch], outcomes: list[Outcome]) -> dict[str, Any]:
        documents = [
            replace(document, embedding=embedding)
            for batch, outcome in zip(batches, outcomes, strict=True)
            for document, embedding in zip(batch, outcome.embeddings, strict=True)
        ]
        meta = merged_meta(outcomes, self.model)
        if not self.raise_on_failure:
            meta["failed"] = sum(document.embedding is None for document in documents)
        return {"documents": documents, "meta": meta}
