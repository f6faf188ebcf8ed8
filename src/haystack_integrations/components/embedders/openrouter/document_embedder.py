# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that embeds documents, in batches.
"""

from typing import Any

from haystack import Document, component
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import OPENROUTER_API_BASE_URL, shows_its_settings
from haystack_integrations.components.embedders.openrouter._corpus_embedder import OpenRouterCorpusEmbedder
from haystack_integrations.components.embedders.openrouter.options import EmbeddingParameters


@shows_its_settings
@component
class OpenRouterDocumentEmbedder(OpenRouterCorpusEmbedder):
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
        Create the component. The API key is read when the component is warmed up or first run.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the embedding model: see https://openrouter.ai/models?output_modalities=embeddings.
        :param api_base_url: The URL of the API. None means OpenRouter.
        :param dimensions: The length of the embeddings, for models that support this.
        :param prefix: A string that is added before each text to embed.
        :param suffix: A string that is added after each text to embed.
        :param batch_size: The number of documents in one request.
        :param progress_bar: Whether to show a progress bar.
        :param meta_fields_to_embed: Names of the meta fields that are embedded together with the content.
        :param embedding_separator: A string between the meta fields and the content.
        :param extra_headers: HTTP headers for every request, for example `HTTP-Referer` and `X-OpenRouter-Title`.
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
            stops at an error that would also affect every later batch (401, 402, 403, 404, an unknown model), and after
            three failed batches in a row. If nothing has been embedded by then, the error is raised.
        :param concurrency: How many requests are sent at the same time. `run` sends them in threads.
        :raises TypeError: If an argument has the wrong type, such as a header that is neither a string nor a Secret.
        :raises ValueError: If `dimensions`, `batch_size` or `concurrency` is less than 1, or `extra_parameters` has a
            key that the component sets itself.
        """
        self._set_up_batches(
            dimensions=dimensions,
            prefix=prefix,
            suffix=suffix,
            batch_size=batch_size,
            progress_bar=progress_bar,
            meta_fields_to_embed=meta_fields_to_embed,
            embedding_separator=embedding_separator,
            extra_parameters=extra_parameters,
            raise_on_failure=raise_on_failure,
            concurrency=concurrency,
        )
        self._set_up(api_key, model, api_base_url, extra_headers, timeout, max_retries, http_client_kwargs)

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If the API key or a Secret among the headers is a token, which must not be serialized.
        """
        return self._to_dict()

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
            `raise_on_failure=False`, it is raised only if the run was stopped before anything was embedded.
        """
        return self._embed(documents)

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    async def run_async(self, documents: list[Document]) -> dict[str, Any]:
        """
        Embed documents without blocking the event loop, `concurrency` batches at the same time.

        :param documents: The documents. They are not changed.
        :returns: A dictionary with `documents` and `meta`, as in `run`.
        :raises openai.APIError: This error, `TypeError` and `ValueError` are raised as in `run`. The other requests are
            cancelled.
        """
        return await self._embed_async(documents)
