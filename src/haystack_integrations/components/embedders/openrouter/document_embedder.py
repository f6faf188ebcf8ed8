# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that embeds documents, in batches.
"""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from haystack import Document, component
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import (
    OPENROUTER_API_BASE_URL,
    shows_its_settings,
)
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._base.documents import document_text
from haystack_integrations.common.openrouter._many.workers import each_in_tasks, each_in_threads
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint, sent, sent_async
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.components.embedders.openrouter._document_batches import Batch, Corpus
from haystack_integrations.components.embedders.openrouter._embedder import OpenRouterEmbedder
from haystack_integrations.components.embedders.openrouter._endpoint import (
    EMBEDDINGS,
    body_and_headers,
    request_embeddings,
)
from haystack_integrations.components.embedders.openrouter.options import EmbeddingParameters


@shows_its_settings
@component
class OpenRouterDocumentEmbedder(OpenRouterEmbedder):
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

    _endpoint: ClassVar[Endpoint] = EMBEDDINGS
    _reads_files: ClassVar[bool] = False

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
        max_batch_bytes: int | None = None,
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
        deadline: float | None = None,
        cost_meter: OpenRouterCostMeter | None = None,
    ) -> None:
        """
        Create the component. The API key is read when the component is warmed up or first run.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the embedding model: see https://openrouter.ai/models?output_modalities=embeddings.
        :param api_base_url: The URL of the API. If it is None or OpenRouter's, the environment variable
            `OPENROUTER_API_BASE` replaces it.
        :param dimensions: The length of the embeddings, for models that support this.
        :param prefix: A string that is added before each text to embed.
        :param suffix: A string that is added after each text to embed.
        :param batch_size: The maximum number of documents in one request. If the model takes fewer, a run learns how
            many from the first batches that are refused.
        :param max_batch_bytes: The maximum size of the texts in one request, in bytes. A text that is larger than this
            is sent alone. None means any size.
        :param progress_bar: Whether to show a progress bar.
        :param meta_fields_to_embed: Names of the meta fields that are embedded together with the content.
        :param embedding_separator: A string between the meta fields and the content.
        :param extra_headers: HTTP headers for every request, for example `HTTP-Referer` and `X-OpenRouter-Title`. A
            value may be a `Secret`.
        :param extra_parameters: Parameters of OpenRouter's embeddings endpoint that are added to the request unchanged,
            for example `provider`, `input_type`, `user`, `session_id` or `trace`.
        :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the
            environment variable `OPENAI_TIMEOUT`, or 30 if it is not set.
        :param max_retries: How many times a request is sent again after a failed connection, a timeout, HTTP 408, 409,
            429 or 5xx, or an error that OpenRouter reports with HTTP 200. None means the environment variable
            `OPENAI_MAX_RETRIES`, or 5 if it is not set.
        :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`, such as `proxy`.
        :param raise_on_failure: Whether the first error is raised. If False, failures are logged, the documents come
            back without an embedding, and `meta["failed"]` counts them. A batch that is refused because of its
            documents (400, 413, 422) is split in halves and sent again, until only the bad documents fail. The run
            stops at an error that would also affect every later batch (401, 402, 403, 404, an unknown model,
            `dimensions` that the model does not take), and after three failed batches in a row. If nothing has been
            embedded by then, or by the end of the run, the error is raised.
        :param concurrency: How many requests are sent at the same time. `run` sends them in threads.
        :param deadline: Seconds after which a run ends, with its retries and waits. Unlike `timeout`, it does not start
            anew when bytes arrive. None means no limit. A client that you set yourself does not keep to it.
        :param cost_meter: Counts what the requests of this component cost. None counts nothing.
        :raises TypeError: If an argument has the wrong type, such as a header that is neither a string nor a Secret.
        :raises ValueError: If `dimensions`, `batch_size`, `max_batch_bytes` or `concurrency` is less than 1, or
            `extra_parameters` has a key that the component sets itself.
        """
        self.dimensions = dimensions
        self.prefix = prefix
        self.suffix = suffix
        self.batch_size = batch_size
        self.max_batch_bytes = max_batch_bytes
        self.progress_bar = progress_bar
        self.meta_fields_to_embed = [] if meta_fields_to_embed is None else meta_fields_to_embed
        self.embedding_separator = embedding_separator
        self.extra_parameters = extra_parameters
        self.raise_on_failure = raise_on_failure
        self.concurrency = concurrency
        self._set_up(
            api_key, model, api_base_url, extra_headers, timeout, max_retries, http_client_kwargs, deadline, cost_meter
        )

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If the API key or a Secret among the headers is a token, which must not be serialized.
        """
        limit = {} if self.max_batch_bytes is None else {"max_batch_bytes": self.max_batch_bytes}
        return self._to_dict(
            **limit,
            batch_size=self.batch_size,
            progress_bar=self.progress_bar,
            meta_fields_to_embed=list(self.meta_fields_to_embed or []),
            embedding_separator=self.embedding_separator,
            raise_on_failure=self.raise_on_failure,
            concurrency=self.concurrency,
        )

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    def run(self, documents: list[Document]) -> dict[str, Any]:
        """
        Embed documents, `concurrency` batches at the same time.

        :param documents: The documents. They are not changed.
        :returns: A dictionary with `documents`, copies with embeddings in the same order, and `meta` with `model`,
            `usage` (tokens, and `cost` in USD, summed over the batches), other fields that are the same in all
            responses and, with `raise_on_failure=False`, `failed`: how many documents could not be embedded. These come
            back without an embedding.
        :raises TypeError: If `documents` is not a list of documents.
        :raises ValueError: If the API key is missing.
        :raises openai.APIError: If OpenRouter or a provider fails. The class depends on the HTTP status, as in the
            openai SDK. The text names the provider and the cause and, where possible, says what to do. With
            `raise_on_failure=False`, it is raised only if nothing was embedded.
        """
        corpus, arguments = self._prepare(documents)
        if documents:
            settings = self._settings()
            with self._clients.using(settings) as client:

                def embed(batch: Batch) -> None:
                    while trial := corpus.trial_before(batch):
                        trial.result()
                    with corpus.attempt(batch), self._requesting(self._endpoint, settings, arguments["model"]):
                        if inputs := corpus.fill(batch):
                            request = {**arguments, "input": inputs}
                            response = sent(request_embeddings, client=client, arguments=request)
                            corpus.take(batch, *body_and_headers(response, client, request))

                with corpus.sending_batches(progress_bar=self.progress_bar):
                    each_in_threads(embed, corpus, min(self.concurrency, len(corpus)))
        return corpus.result()

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    async def run_async(self, documents: list[Document]) -> dict[str, Any]:
        """
        Embed documents without blocking the event loop, `concurrency` batches at the same time.

        :param documents: The documents. They are not changed.
        :returns: A dictionary with `documents` and `meta`, as in `run`.
        :raises openai.APIError: This error, `TypeError` and `ValueError` are raised as in `run`. The other requests are
            cancelled.
        """
        corpus, arguments = self._prepare(documents)
        if documents:
            settings = self._settings()
            async with self._clients.using_async(settings) as client:

                async def embed(batch: Batch) -> None:
                    while trial := corpus.trial_before(batch):
                        await asyncio.shield(asyncio.wrap_future(trial))
                    with corpus.attempt(batch), self._requesting(self._endpoint, settings, arguments["model"]):
                        reads = self._reads_files
                        inputs = await asyncio.to_thread(corpus.fill, batch) if reads else corpus.fill(batch)
                        if inputs:
                            request = {**arguments, "input": inputs}
                            response = await sent_async(request_embeddings, client=client, arguments=request)
                            corpus.take(batch, *body_and_headers(response, client, request))

                with corpus.sending_batches(progress_bar=self.progress_bar):
                    await each_in_tasks(embed, corpus, min(self.concurrency, len(corpus)))
        return corpus.result()

    def _check(self) -> None:
        super(OpenRouterDocumentEmbedder, self)._check()  # noqa: UP008
        checks.at_least_one(batch_size=self.batch_size, concurrency=self.concurrency)
        checks.at_least_one_or_none(max_batch_bytes=self.max_batch_bytes)
        checks.strings(embedding_separator=self.embedding_separator)
        checks.meta_fields(self.meta_fields_to_embed)

    def _prepare(self, documents: list[Document]) -> tuple[Corpus, dict[str, Any]]:
        """Check settings and documents. Return the run, and the arguments of its requests but for their inputs."""
        self._check()
        checks.documents(documents, "Use OpenRouterTextEmbedder for a string.")
        arguments = self._arguments()
        corpus = Corpus(
            documents,
            input_of=self._input_maker(),
            batch_size=self.batch_size,
            max_bytes=self.max_batch_bytes,
            model=arguments["model"],
            dimensions=arguments.get("dimensions"),
            raise_on_failure=self.raise_on_failure,
        )
        return corpus, arguments

    def _input_maker(self) -> Callable[[Document], Any]:
        """
        Return what makes the input for a document, or raises a ValueError: its text, if a subclass says no more.

        A setting that is changed during a run holds from the next one on.
        """
        return self._text_maker()

    def _text_maker(self) -> Callable[[Document], str]:
        prefix, suffix = self.prefix, self.suffix
        fields, separator = list(self.meta_fields_to_embed or []), self.embedding_separator
        return lambda document: f"{prefix}{document_text(document, fields, separator)}{suffix}"
