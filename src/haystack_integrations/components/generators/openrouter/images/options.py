# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of the image generator's `generation_kwargs`. At run time they are plain dictionaries.

Sources: `ImageGenerationRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

from haystack.utils import Secret
from openai import Omit, Timeout

from haystack_integrations.components.generators.openrouter.chat.options.provider import SortBy, SortConfig

AspectRatio = Literal[
    "1:1", "1:2", "1:4", "1:8", "2:1", "2:3", "2.35:1", "3:2", "3:4", "4:1", "4:3", "4:5", "5:2", "5:4", "5:7", "7:5",
    "8:1", "9:16", "16:9", "9:19.5", "19.5:9", "9:20", "20:9", "9:21", "21:9", "auto",
]  # fmt: skip


class ImageProviderPreferences(TypedDict, total=False):
    """
    Which providers may draw the image, and which are tried first. Providers are named by their slugs.

    Source: `ImageGenerationProviderPreferences` in OpenRouter's OpenAPI document.
    """

    order: list[str] | None
    """Providers to try first, in this order."""
    only: list[str] | None
    """The only providers that may be used, in addition to the account's setting."""
    ignore: list[str] | None
    """Providers that may not be used, in addition to the account's setting."""
    allow_fallbacks: bool | None
    """Whether other providers are tried when the first fails. OpenRouter's default: True."""
    sort: SortBy | SortConfig | None
    """What the endpoints are sorted by, instead of balancing the load among them."""
    options: dict[str, dict[str, Any]]
    """Options for single providers, by their slugs. Those of the provider that is used are handed to it."""


class OpenRouterImageKwargs(TypedDict, total=False):
    """
    What `generation_kwargs` may hold. Other keys are sent as well: give them in a plain dictionary.

    Source: `ImageGenerationRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84. None leaves a key out.
    """

    model: str
    """A model in place of the component's."""
    n: int
    """How many images to draw at most, 1 to 10. A provider may draw fewer, or take only 1."""
    size: str
    """Pixels, such as `2048x2048`, or a value of `resolution`. Pixels don't go together with the next two keys."""
    resolution: Literal["512", "768", "1K", "1.5K", "2K", "4K"]
    """How large the image is. The provider chooses the pixels."""
    aspect_ratio: AspectRatio
    """Width to height. A provider that does not have it takes one that is near."""
    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"]
    """How carefully it is drawn. Models that have no such setting ignore it."""
    output_format: Literal["png", "jpeg", "webp", "svg"]
    """The file format. Only models that draw vectors take `svg`."""
    output_compression: int
    """The quality of JPEG and WebP, 0 to 100."""
    background: Literal["auto", "transparent", "opaque"]
    """What is behind the drawing. `transparent` needs PNG or WebP."""
    seed: int
    """Makes the same request give the same image, with models that can do it."""
    input_references: list[dict[str, Any]]
    """More reference images, for example by URL: `{"type": "image_url", "image_url": {"url": "https://…"}}`."""
    provider: ImageProviderPreferences
    """Which providers may draw the image, and which are tried first."""
    user: str
    """A stable id of your user, so that abuse by one does not block all."""
    session_id: str
    """Groups requests, 256 characters at most."""
    trace: dict[str, Any]
    """For observability tools that OpenRouter reports to: `trace_id`, `span_name`, `generation_name` …"""
    extra_headers: dict[str, str | Secret | Omit]
    """HTTP headers. They override the component's. An option of the openai SDK, as are the next three."""
    extra_query: dict[str, object]
    """Parameters of the URL."""
    extra_body: dict[str, Any]
    """Fields of the request. They override all others."""
    timeout: float | Timeout
    """Seconds to wait for a connection, and for the next bytes of the response."""


if TYPE_CHECKING:
    ImageKwargs = OpenRouterImageKwargs | dict[str, Any]
else:
    # ComponentTool, Hayhooks, pydantic and `Pipeline.connect` read it, and know what to do with a plain dictionary
    ImageKwargs = dict[str, Any]
