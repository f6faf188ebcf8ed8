# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that embeds one text, such as a query.
"""

from typing import Any

from haystack import component
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import (
    OPENROUTER_API_BASE_URL,
    shows_its_settings,
)
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._transport.endpoint import sent, sent_async
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.components.embedders.openrouter._embedder import OpenRouterEmbedder
from haystack_integrations.components.embedders.openrouter._endpoint import (
    EMBEDDINGS,
    body_and_headers,
    read_response,
    request_embeddings,
)
from haystack_integrations.components.embedders.openrouter.options import EmbeddingParameters


@shows_its_settings
@component
class OpenRouterTextEmbedder(OpenRouterEmbedder):
    """
    Embeds a text, such as a query, with the embedding models behind [OpenRouter](https://openrouter.ai).

    ### Usage example
    ```python
    from haystack_integrations.components.embedders.openrouter import OpenRouterTextEmbedder

    embedder = OpenRouterTextEmbedder(model="openai/text-embedding-3-small")
    result = embedder.run("What is natural language processing?")
    print(len(result["embedding"]), result["meta"]["usage"]["cost"])
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
        extra_headers: dict[str, Any] | None = None,
        extra_parameters: EmbeddingParameters | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        deadline: float | None = None,
        cost_meter: OpenRouterCostMeter | None = None,
    ) -> None:
        """
        Create the component. The API key is read when the component is warmed up or first run.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the embedding model: see https://openrouter.ai/models?output_modalities=embeddings.
        :param api_base_url: The URL of the API. None means OpenRouter.
        :param dimensions: The length of the embedding, for models that support this.
        :param prefix: A string that is added before the text to embed.
        :param suffix: A string that is added after the text to embed.
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
        :param deadline: Seconds after which a run ends, with its retries and waits. Unlike `timeout`, it does not start
            anew when bytes arrive. None means no limit. A client that you set yourself does not keep to it.
        :param cost_meter: Counts what the requests of this component cost. None counts nothing.
        :raises TypeError: If an argument has the wrong type, such as a header that is neither a string nor a Secret.
        :raises ValueError: If `dimensions` is less than 1, or `extra_parameters` has a key that the component sets
            itself.
        """
        self.dimensions = dimensions
        self.prefix = prefix
        self.suffix = suffix
        self.extra_parameters = extra_parameters
        self._set_up(
            api_key, model, api_base_url, extra_headers, timeout, max_retries, http_client_kwargs, deadline, cost_meter
        )

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If the API key or a Secret among the headers is a token, which must not be serialized.
        """
        return self._to_dict()

    @component.output_types(embedding=list[float], meta=dict[str, Any])
    def run(self, text: str) -> dict[str, Any]:
        """
        Embed one text.

        :param text: The text.
        :returns: A dictionary with `embedding`, a list of floats, and `meta` with `model`, `usage` (tokens, and `cost`
            in USD) and everything else that OpenRouter sent.
        :raises TypeError: If `text` is not a string.
        :raises ValueError: If the API key is missing.
        :raises openai.APIError: If OpenRouter or a provider fails. The class depends on the HTTP status, as in the
            openai SDK. The text names the provider and the cause and, where possible, says what to do.
        """
        arguments = self._request(text)
        with self._calling(EMBEDDINGS, arguments["model"]) as client:
            return self._result(sent(request_embeddings, client=client, arguments=arguments), client, arguments)

    @component.output_types(embedding=list[float], meta=dict[str, Any])
    async def run_async(self, text: str) -> dict[str, Any]:
        """
        Embed one text without blocking the event loop.

        :param text: The text.
        :returns: A dictionary with `embedding`, a list of floats, and `meta`, as in `run`.
        :raises openai.APIError: This error, `TypeError` and `ValueError` are raised as in `run`.
        """
        arguments = self._request(text)
        async with self._calling_async(EMBEDDINGS, arguments["model"]) as client:
            response = await sent_async(request_embeddings, client=client, arguments=arguments)
            return self._result(response, client, arguments)

    def _request(self, text: str) -> dict[str, Any]:
        self._check()
        advice = "OpenRouterTextEmbedder embeds one text; use OpenRouterDocumentEmbedder for a list of Documents."
        checks.instance(text, "`text`", str, "a str", advice)
        return {**self._arguments(), "input": f"{self.prefix}{text}{self.suffix}"}

    def _result(self, sent: Any, client: Any, arguments: dict[str, Any]) -> dict[str, Any]:
        body, headers = body_and_headers(sent, client, arguments)
        model, dimensions = arguments["model"], arguments.get("dimensions")
        (embedding,), meta = read_response(body, headers, 1, model=model, dimensions=dimensions)
        return {"embedding": embedding, "meta": meta}
