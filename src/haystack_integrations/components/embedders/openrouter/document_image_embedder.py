# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that embeds the images of documents, in batches.
"""

from collections.abc import Callable
from typing import Any

from haystack import Document, component
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import OPENROUTER_API_BASE_URL, shows_its_settings
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._base.document_images import DocumentImages, checked_size
from haystack_integrations.common.openrouter._base.documents import document_copy
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.components.embedders.openrouter._endpoint import IMAGE_EMBEDDINGS, image_input
from haystack_integrations.components.embedders.openrouter.document_embedder import OpenRouterDocumentEmbedder
from haystack_integrations.components.embedders.openrouter.options import EmbeddingParameters


@shows_its_settings
@component
class OpenRouterDocumentImageEmbedder(OpenRouterDocumentEmbedder):
    """
    Embeds the images of documents with the multimodal embedding models behind [OpenRouter](https://openrouter.ai).

    The meta of each document has the path of its image. For a page of a PDF file, it also has a `page_number`. Pillow
    and pypdfium2 must be installed.

    ### Usage example
    ```python
    from haystack import Document
    from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentImageEmbedder

    embedder = OpenRouterDocumentImageEmbedder(model="google/gemini-embedding-2")
    result = embedder.run([Document(meta={"file_path": "product.png"})])
    print(len(result["documents"][0].embedding), result["meta"]["usage"]["cost"])
    ```
    """

    _endpoint = IMAGE_EMBEDDINGS
    _reads_files = True

    def __init__(
        self,
        *,
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str = "google/gemini-embedding-2",
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        file_path_meta_field: str = "file_path",
        root_path: str | None = None,
        image_size: tuple[int, int] | None = None,
        embed_content: bool = False,
        dimensions: int | None = None,
        prefix: str = "",
        suffix: str = "",
        batch_size: int = 8,
        max_batch_bytes: int = 10_000_000,
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
        :param model: The name of an embedding model that takes images. To list them, use
            `OpenRouterModels().list(output_modalities="embeddings", input_modalities="image")`.
        :param api_base_url: The URL of the API. If it is None or OpenRouter's, the environment variable
            `OPENROUTER_API_BASE` replaces it.
        :param file_path_meta_field: The meta field with the path of the image or PDF file.
        :param root_path: The folder that paths are relative to. Paths that lead out of it are refused. Set it if you
            don't control the meta. None means that paths are used as they are.
        :param image_size: The maximum width and height in pixels. Larger images are scaled down. None leaves them as
            they are.
        :param embed_content: Whether the text of a document is sent with its image, for one embedding of both. If
            False, only the image is sent, and `prefix`, `suffix`, `meta_fields_to_embed` and `embedding_separator` have
            no effect.
        :param dimensions: The length of the embeddings, for models that support this.
        :param prefix: A string that is added before each text.
        :param suffix: A string that is added after each text.
        :param batch_size: The maximum number of documents in one request. If the model takes fewer, a run learns how
            many from the first batches that are refused.
        :param max_batch_bytes: The maximum size of the images and texts in one request, in bytes. Images are sent as
            base64, which is a third larger than their files. An image that is larger than this is sent alone.
        :param progress_bar: Whether to show a progress bar.
        :param meta_fields_to_embed: Names of the meta fields that are part of the text, together with the content.
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
        :param raise_on_failure: Whether the first error is raised: an image that can't be read, or a failed batch. If
            False, failures are logged, the documents come back without an embedding, and `meta["failed"]` counts them.
            A batch that is refused because of its documents (400, 413, 422) is split in halves and sent again, until
            only the bad documents fail. The run stops at an error that would also affect every later batch (401, 402,
            403, 404, an unknown model, a model that takes no images), and after three failed batches in a row. If
            nothing has been embedded by then, or by the end of the run, the error of a request is raised.
        :param concurrency: How many requests are sent at the same time. `run` sends them in threads.
        :param deadline: Seconds after which a run ends, with its retries and waits. Unlike `timeout`, it does not start
            anew when bytes arrive. None means no limit. A client that you set yourself does not keep to it.
        :param cost_meter: Counts what the requests of this component cost. None counts nothing.
        :raises ImportError: If Pillow or pypdfium2 is not installed.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If `dimensions`, `batch_size`, `max_batch_bytes`, `concurrency` or a side of `image_size` is
            less than 1, or `extra_parameters` has a key that the component sets itself.
        """
        self.file_path_meta_field = file_path_meta_field
        self.root_path = root_path
        self.embed_content = embed_content
        self.image_size = checked_size(image_size)  # a list in YAML
        super(OpenRouterDocumentImageEmbedder, self).__init__(  # noqa: UP008
            api_key=api_key,
            model=model,
            api_base_url=api_base_url,
            dimensions=dimensions,
            prefix=prefix,
            suffix=suffix,
            batch_size=batch_size,
            max_batch_bytes=max_batch_bytes,
            progress_bar=progress_bar,
            meta_fields_to_embed=meta_fields_to_embed,
            embedding_separator=embedding_separator,
            extra_headers=extra_headers,
            extra_parameters=extra_parameters,
            timeout=timeout,
            max_retries=max_retries,
            http_client_kwargs=http_client_kwargs,
            raise_on_failure=raise_on_failure,
            concurrency=concurrency,
            deadline=deadline,
            cost_meter=cost_meter,
        )
        self._images()  # it may need what is not installed

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If the API key or a Secret among the headers is a token, which must not be serialized.
        """
        data: dict[str, Any] = super(OpenRouterDocumentImageEmbedder, self).to_dict()  # noqa: UP008
        data["init_parameters"].update(
            file_path_meta_field=self.file_path_meta_field,
            root_path=self.root_path,
            image_size=None if self.image_size is None else list(self.image_size),
            embed_content=self.embed_content,
        )
        return data

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    def run(self, documents: list[Document]) -> dict[str, Any]:
        """
        Embed the images of documents, `concurrency` batches at the same time.

        :param documents: The documents. They are not changed.
        :returns: A dictionary with `documents`, copies in the same order, and `meta`. Each copy has an embedding, and
            `embedding_source` in its meta. `meta` has `model`, `usage` (tokens, and `cost` in USD, summed over the
            batches), other fields that are the same in all responses and, with `raise_on_failure=False`, `failed`: how
            many documents could not be embedded. These come back without an embedding.
        :raises TypeError: If `documents` is not a list of documents.
        :raises ValueError: If the API key is missing or, with `raise_on_failure=True`, an image can't be read.
        :raises openai.APIError: If OpenRouter or a provider fails. The class depends on the HTTP status, as in the
            openai SDK. The text names the provider and the cause and, where possible, says what to do. With
            `raise_on_failure=False`, it is raised only if nothing was embedded.
        """
        field = self.file_path_meta_field
        return _with_source(super(OpenRouterDocumentImageEmbedder, self).run(documents), field)  # noqa: UP008

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    async def run_async(self, documents: list[Document]) -> dict[str, Any]:
        """
        Embed the images of documents without blocking the event loop, `concurrency` batches at the same time.

        :param documents: The documents. They are not changed.
        :returns: A dictionary with `documents` and `meta`, as in `run`.
        :raises openai.APIError: This error, `TypeError` and `ValueError` are raised as in `run`. The other requests are
            cancelled.
        """
        field = self.file_path_meta_field
        return _with_source(await super(OpenRouterDocumentImageEmbedder, self).run_async(documents), field)  # noqa: UP008

    def _check(self) -> None:
        super(OpenRouterDocumentImageEmbedder, self)._check()  # noqa: UP008
        checks.strings(file_path_meta_field=self.file_path_meta_field)
        checks.strings_or_none(root_path=self.root_path)
        checks.at_least_one(max_batch_bytes=self.max_batch_bytes)
        checked_size(self.image_size)

    def _images(self) -> DocumentImages:
        return DocumentImages(self.file_path_meta_field, root_path=self.root_path, size=checked_size(self.image_size))

    def _input_maker(self) -> Callable[[Document], Any]:
        images, text_of = self._images(), self._text_maker()
        has_fields = bool(self.meta_fields_to_embed)
        embeds_text = self.embed_content

        def input_of(document: Document) -> Any:
            has_text = embeds_text and (document.content or has_fields)
            return image_input(images.data_url(document), text_of(document) if has_text else "")

        return input_of


def _with_source(result: dict[str, Any], field: str) -> dict[str, Any]:
    """Note in the meta of the embedded documents what was embedded, as Haystack's embedders of images do."""

    def noted(document: Document) -> Document:
        source = {"type": "image", "file_path_meta_field": field}
        return document_copy(document, meta={**document.meta, "embedding_source": source})

    return {**result, "documents": [noted(one) if one.embedding else one for one in result["documents"]]}
