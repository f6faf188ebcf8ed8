# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that generates and edits images.
"""

from typing import Any

from haystack import component
from haystack.dataclasses import ImageContent
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import (
    OPENROUTER_API_BASE_URL,
    OpenRouterMediaComponent,
    shows_its_settings,
)
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.components.generators.openrouter.images._endpoint import IMAGES, read_images, request_fields
from haystack_integrations.components.generators.openrouter.images.options import ImageKwargs, OpenRouterImageKwargs


@shows_its_settings
@component
class OpenRouterImageGenerator(OpenRouterMediaComponent):
    """
    Generates and edits images with the image models behind [OpenRouter](https://openrouter.ai).

    ### Usage example
    ```python
    import base64
    from pathlib import Path

    from haystack_integrations.components.generators.openrouter import OpenRouterImageGenerator

    generator = OpenRouterImageGenerator(model="google/gemini-2.5-flash-image")
    result = generator.run("A red panda astronaut", generation_kwargs={"aspect_ratio": "16:9"})
    image = result["images"][0]
    Path("panda.png").write_bytes(base64.b64decode(image.base64_image))
    print(image.mime_type, result["meta"][0]["usage"]["cost"])
    ```
    """

    _endpoint = IMAGES
    _options = OpenRouterImageKwargs

    def __init__(
        self,
        *,
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str = "google/gemini-2.5-flash-image",
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        generation_kwargs: ImageKwargs | None = None,
        extra_headers: dict[str, Any] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        deadline: float | None = None,
        cost_meter: OpenRouterCostMeter | None = None,
    ) -> None:
        """
        Create the component. The API key is read when the component is warmed up or first run.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the image model: see https://openrouter.ai/models?output_modalities=image.
        :param api_base_url: The URL of the API. None means OpenRouter.
        :param generation_kwargs: Parameters of OpenRouter's images endpoint, for example `n`, `size`, `aspect_ratio`,
            `quality`, `output_format` or `provider`. Keys that this package does not know are sent as well, and keys
            whose value is None are left out. `extra_headers`, `extra_query`, `extra_body` and `timeout` work as in the
            openai SDK. The type of the dictionary is `OpenRouterImageKwargs`.
        :param extra_headers: HTTP headers for every request, for example `HTTP-Referer` and `X-OpenRouter-Title`. A
            value may be a `Secret`.
        :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the
            environment variable `OPENAI_TIMEOUT`, or 300 if it is not set. A request that timed out is not sent again,
            because each try may be billed.
        :param max_retries: How many times a request is sent again after a failed connection, HTTP 408, 409, 429 or 5xx,
            an error that OpenRouter reports with HTTP 200, or a response without data. None means the environment
            variable `OPENAI_MAX_RETRIES`, or 5 if it is not set.
        :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`, such as `proxy`.
        :param deadline: Seconds after which a run ends, with its retries and waits. Unlike `timeout`, it does not start
            anew when bytes arrive. None means no limit. A client that you set yourself does not keep to it.
        :param cost_meter: Counts what the requests of this component cost. None counts nothing.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the value of an argument can't be used.
        """
        self.generation_kwargs = {} if generation_kwargs is None else generation_kwargs
        self._set_up(
            api_key, model, api_base_url, extra_headers, timeout, max_retries, http_client_kwargs, deadline, cost_meter
        )

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If a Secret holds a token, which must not be serialized.
        """
        return self._to_dict()

    @component.output_types(images=list[ImageContent], meta=list[dict[str, Any]])
    def run(
        self,
        prompt: str,
        images: list[ImageContent] | None = None,
        generation_kwargs: ImageKwargs | None = None,
    ) -> dict[str, Any]:
        """
        Generate images.

        :param prompt: A description of the image, or of the change to `images`.
        :param images: Images to edit or to use as references.
        :param generation_kwargs: Parameters for this run. They override those from init, key by key.
        :returns: A dictionary with `images`, a list of ImageContent, and `meta`, a list of one dictionary with `model`,
            the `id` of the generation, `usage` (tokens, and `cost` in USD) and everything else that OpenRouter sent.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the API key is missing, the prompt is empty, or an image has no data.
        :raises openai.APIError: If OpenRouter or a provider fails. The class depends on the HTTP status, as in the
            openai SDK. The text names the provider and the cause and, where possible, says what to do.
        """
        request = self._prepare(prompt, images, generation_kwargs)
        model, settings = request["body"]["model"], self._settings(request.pop("deadline"))
        with self._calling(IMAGES, model, settings) as client:
            drawn, meta = read_images(IMAGES.send(client, **request), model)
        return {"images": drawn, "meta": [meta]}

    @component.output_types(images=list[ImageContent], meta=list[dict[str, Any]])
    async def run_async(
        self,
        prompt: str,
        images: list[ImageContent] | None = None,
        generation_kwargs: ImageKwargs | None = None,
    ) -> dict[str, Any]:
        """
        Generate images without blocking the event loop.

        :param prompt: A description of the image, or of the change to `images`.
        :param images: Images to edit or to use as references.
        :param generation_kwargs: Parameters for this run. They override those from init, key by key.
        :returns: A dictionary with `images` and `meta`, as in `run`.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the API key is missing, the prompt is empty, or an image has no data.
        :raises openai.APIError: If OpenRouter or a provider fails, as in `run`.
        """
        request = self._prepare(prompt, images, generation_kwargs)
        model, settings = request["body"]["model"], self._settings(request.pop("deadline"))
        async with self._calling_async(IMAGES, model, settings) as client:
            drawn, meta = read_images(await IMAGES.send_async(client, **request), model)
        return {"images": drawn, "meta": [meta]}

    def _prepare(self, prompt: object, images: object, generation_kwargs: Any) -> dict[str, Any]:
        kwargs = self._merged(generation_kwargs)
        return self._request(kwargs, **request_fields(prompt, images, kwargs.pop("input_references", None)))
