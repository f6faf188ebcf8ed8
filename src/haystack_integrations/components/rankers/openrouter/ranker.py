# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that ranks documents by their relevance to a query.
"""

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import openai
from haystack import Document, component, logging
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import (
    OPENROUTER_API_BASE_URL,
    OpenRouterComponent,
    shows_its_settings,
)
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._base.document_images import DocumentImages, checked_size
from haystack_integrations.common.openrouter._base.documents import document_copy, document_text
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.usage import is_number
from haystack_integrations.common.openrouter.errors._reading import is_refusal
from haystack_integrations.components.rankers.openrouter._endpoint import (
    RERANK,
    image_document,
    read_response,
    request_body,
)
from haystack_integrations.components.rankers.openrouter.options import RerankParameters

logger = logging.getLogger(__name__)


@shows_its_settings
@component
class OpenRouterRanker(OpenRouterComponent):
    """
    Ranks documents with the rerank models behind [OpenRouter](https://openrouter.ai).

    ### Usage example
    ```python
    from haystack import Document
    from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

    ranker = OpenRouterRanker(model="cohere/rerank-v3.5", top_k=1)
    documents = [Document(content="Rome is in Italy."), Document(content="Bern is in Switzerland.")]
    result = ranker.run("Which city is in Switzerland?", documents)
    print(result["documents"][0].content, result["documents"][0].score, result["meta"]["usage"]["cost"])
    ```
    """

    def __init__(
        self,
        *,
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str = "cohere/rerank-v3.5",
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        top_k: int | None = None,
        score_threshold: float | None = None,
        meta_fields_to_embed: list[str] | None = None,
        meta_data_separator: str = "\n",
        image_meta_field: str | None = None,
        root_path: str | None = None,
        image_size: tuple[int, int] | None = None,
        extra_headers: dict[str, Any] | None = None,
        extra_parameters: RerankParameters | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        deadline: float | None = None,
        cost_meter: OpenRouterCostMeter | None = None,
    ) -> None:
        """
        Create the component. The API key is read when the component is warmed up or first run.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the rerank model: see https://openrouter.ai/models?output_modalities=rerank.
        :param api_base_url: The URL of the API. None means OpenRouter.
        :param top_k: The maximum number of documents to return. None means all.
        :param score_threshold: The minimum score of the documents to return. None means any.
        :param meta_fields_to_embed: Names of the meta fields that are ranked together with the content.
        :param meta_data_separator: A string between the meta fields and the content.
        :param image_meta_field: The meta field with the path of an image or PDF file, for models that take images. The
            image is sent with the text of its document. For a page of a PDF file, the meta also needs a `page_number`.
            Documents without this field are ranked by their text. None means that all documents are. Pillow and
            pypdfium2 must be installed.
        :param root_path: The folder that these paths are relative to. Paths that lead out of it are refused. Set it if
            you don't control the meta. None means that paths are used as they are.
        :param image_size: The maximum width and height in pixels. Larger images are scaled down. None leaves them as
            they are.
        :param extra_headers: HTTP headers for every request, for example `HTTP-Referer` and `X-OpenRouter-Title`. A
            value may be a `Secret`.
        :param extra_parameters: Parameters of OpenRouter's rerank endpoint that are added to the request unchanged, for
            example `provider`, `user`, `session_id` or `trace`.
        :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the
            environment variable `OPENAI_TIMEOUT`, or 30 if it is not set.
        :param max_retries: How many times a request is sent again after a failed connection, a timeout, HTTP 408, 409,
            429 or 5xx, or an error that OpenRouter reports with HTTP 200. None means the environment variable
            `OPENAI_MAX_RETRIES`, or 5 if it is not set.
        :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`, such as `proxy`.
        :param deadline: Seconds after which a run ends, with its retries and waits. Unlike `timeout`, it does not start
            anew when bytes arrive. None means no limit. A client that you set yourself does not keep to it.
        :param cost_meter: Counts what the requests of this component cost. None counts nothing.
        :raises ImportError: If `image_meta_field` is given, and Pillow or pypdfium2 is not installed.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If `top_k` or a side of `image_size` is less than 1, or `extra_parameters` has a key that
            the component sets itself.
        """
        self.top_k = top_k
        self.score_threshold = score_threshold
        self.meta_fields_to_embed = [] if meta_fields_to_embed is None else meta_fields_to_embed
        self.meta_data_separator = meta_data_separator
        self.image_meta_field = image_meta_field
        self.root_path = root_path
        self.image_size = checked_size(image_size)  # a list in YAML
        self.extra_parameters = extra_parameters
        self._set_up(
            api_key, model, api_base_url, extra_headers, timeout, max_retries, http_client_kwargs, deadline, cost_meter
        )
        self._images()  # it may need what is not installed

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If the API key or a Secret among the headers is a token, which must not be serialized.
        """
        return self._to_dict(
            top_k=self.top_k,
            score_threshold=self.score_threshold,
            meta_fields_to_embed=list(self.meta_fields_to_embed or []),
            meta_data_separator=self.meta_data_separator,
            image_meta_field=self.image_meta_field,
            root_path=self.root_path,
            image_size=None if self.image_size is None else list(self.image_size),
            extra_parameters=copy.deepcopy(self.extra_parameters),
        )

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    def run(
        self,
        query: str,
        documents: list[Document],
        top_k: int | None = None,
        score_threshold: float | None = None,
    ) -> dict[str, Any]:
        """
        Rank documents.

        :param query: The query that the documents are compared with.
        :param documents: The documents. They are not changed. If several have the same id, only the first is ranked. If
            the provider refuses those with neither a text nor an image, they are left out with a warning.
        :param top_k: The maximum number of documents to return. It overrides the value from init.
        :param score_threshold: The minimum score of the documents to return. It overrides the value from init.
        :returns: A dictionary with `documents`, copies with their scores, best first, and `meta` with `model`,
            `provider`, `usage` (search units, tokens, and `cost` in USD) and everything else that OpenRouter sent.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the API key is missing, the query is empty, `top_k` is less than 1, or an image can't be
            read.
        :raises openai.APIError: If OpenRouter or a provider fails. The class depends on the HTTP status, as in the
            openai SDK. The text names the provider and the cause and, where possible, says what to do.
        """
        top_k, threshold, unique = self._checked(query, documents, top_k, score_threshold)
        if not unique:
            return self._nothing_to_rank()
        make_request, settings = self._request_maker(query, unique, top_k), self._settings()
        request = make_request()
        if not any(map(_has_content, request["body"]["documents"])):
            logger.warning("None of the {count} documents has a text, so there is nothing to rank.", count=len(unique))
            return self._nothing_to_rank()
        with self._calling(RERANK, request["body"]["model"], settings) as client:
            try:
                return _result(RERANK.send(client, **request), request["body"], unique, top_k, threshold)
            except openai.APIError as error:
                request, unique = _without_empty(request, unique, error)
            return _result(RERANK.send(client, **request), request["body"], unique, top_k, threshold)

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    async def run_async(
        self,
        query: str,
        documents: list[Document],
        top_k: int | None = None,
        score_threshold: float | None = None,
    ) -> dict[str, Any]:
        """
        Rank documents without blocking the event loop.

        :param query: The query that the documents are compared with.
        :param documents: The documents. They are not changed. If several have the same id, only the first is ranked. If
            the provider refuses those with neither a text nor an image, they are left out with a warning.
        :param top_k: The maximum number of documents to return. It overrides the value from init.
        :param score_threshold: The minimum score of the documents to return. It overrides the value from init.
        :returns: A dictionary with `documents` and `meta`, as in `run`.
        :raises openai.APIError: This error, `TypeError` and `ValueError` are raised as in `run`.
        """
        top_k, threshold, unique = self._checked(query, documents, top_k, score_threshold)
        if not unique:
            return self._nothing_to_rank()
        make_request, settings = self._request_maker(query, unique, top_k), self._settings()
        # reading files would block the event loop
        request = make_request() if self.image_meta_field is None else await asyncio.to_thread(make_request)
        if not any(map(_has_content, request["body"]["documents"])):
            logger.warning("None of the {count} documents has a text, so there is nothing to rank.", count=len(unique))
            return self._nothing_to_rank()
        async with self._calling_async(RERANK, request["body"]["model"], settings) as client:
            try:
                return _result(await RERANK.send_async(client, **request), request["body"], unique, top_k, threshold)
            except openai.APIError as error:
                request, unique = _without_empty(request, unique, error)
            return _result(await RERANK.send_async(client, **request), request["body"], unique, top_k, threshold)

    def _check(self) -> None:
        super(OpenRouterRanker, self)._check()
        checks.at_least_one_or_none(top_k=self.top_k)
        _check_threshold(self.score_threshold)
        checks.meta_fields(self.meta_fields_to_embed)
        checks.strings(meta_data_separator=self.meta_data_separator)
        checks.strings_or_none(image_meta_field=self.image_meta_field, root_path=self.root_path)
        checked_size(self.image_size)
        checks.parameters(self.extra_parameters or {}, "extra_parameters", RERANK.own_fields)

    def _checked(
        self, query: str, documents: list[Document], top_k: int | None, score_threshold: float | None
    ) -> tuple[int | None, float | None, list[Document]]:
        """Check settings and arguments. Return the limits to use, and the documents without duplicate ids."""
        self._check()
        checks.text(query, "query", "a str", "pass the query that the documents are compared with")
        checks.documents(documents, "Pass what a retriever returned.")
        top_k = self.top_k if top_k is None else top_k
        checks.at_least_one_or_none(top_k=top_k)
        _check_threshold(score_threshold)
        threshold = self.score_threshold if score_threshold is None else score_threshold
        unique: dict[str, Document] = {}
        for document in documents:
            unique.setdefault(document.id, document)
        return top_k, threshold, list(unique.values())

    def _nothing_to_rank(self) -> dict[str, Any]:
        return {"documents": [], "meta": {"model": self.model, "provider": None, "usage": {}}}

    def _images(self) -> DocumentImages | None:
        if self.image_meta_field is None:
            return None
        return DocumentImages(self.image_meta_field, root_path=self.root_path, size=checked_size(self.image_size))

    def _request_maker(
        self, query: str, documents: list[Document], top_k: int | None
    ) -> Callable[[], dict[str, dict[str, Any]]]:
        """Return what makes the request: it reads files, and no settings, which may change meanwhile."""
        images, fields, separator = self._images(), list(self.meta_fields_to_embed or []), self.meta_data_separator
        model, extra_parameters, headers = self.model, self.extra_parameters, self._sent_headers()

        def content(document: Document) -> str | dict[str, str]:
            text = document_text(document, fields, separator)
            has_image = images is not None and images.has_image(document)
            return image_document(images.data_url(document), text) if images and has_image else text

        def make_request() -> dict[str, dict[str, Any]]:
            contents = [content(document) for document in documents]
            body = request_body(query, contents, model=model, top_k=top_k, extra_parameters=extra_parameters)
            return {"body": body, "options": {"headers": headers}}

        return make_request


def _result(
    response: Any, body: dict[str, Any], documents: list[Document], top_k: int | None, threshold: float | None
) -> dict[str, Any]:
    ranking, meta = read_response(response, len(documents), top_k=top_k, model=body["model"])
    kept = [(index, score) for index, score in ranking if threshold is None or score >= threshold]
    ranked = [document_copy(documents[index], score=score) for index, score in kept]
    return {"documents": ranked, "meta": meta}


def _has_content(sent: str | dict[str, str]) -> bool:
    return isinstance(sent, dict) or bool(sent.strip())


def _without_empty(
    request: dict[str, dict[str, Any]], documents: list[Document], error: openai.APIError
) -> tuple[dict[str, dict[str, Any]], list[Document]]:
    """
    Leave the empty documents out of a request that was refused. If they can't be the cause, raise its error.

    Voyage refuses them, Cohere only if there are no others: OmniRoute#7813.
    """
    body = request["body"]
    kept = [number for number, sent in enumerate(body["documents"]) if _has_content(sent)]
    if not is_refusal(error) or len(kept) == len(documents):
        raise error
    msg = "The ranking was refused, so {count} documents without a text are left out of it. Ids: {ids}"
    left_out = [documents[number].id for number in sorted({*range(len(documents))} - {*kept})]
    logger.warning(msg, count=len(left_out), ids=", ".join(left_out))
    top_n = {"top_n": min(body["top_n"], len(kept))} if "top_n" in body else {}
    fewer = {**body, "documents": [body["documents"][number] for number in kept], **top_n}
    return {**request, "body": fewer}, [documents[number] for number in kept]


def _check_threshold(score_threshold: object) -> None:
    if score_threshold is not None and not is_number(score_threshold):
        msg = f"`score_threshold` must be a finite number or None, not {checks.shown(score_threshold)}."
        raise TypeError(msg)
