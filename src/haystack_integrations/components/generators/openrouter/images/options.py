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
    Which providers may be used, and which are tried first. Name them by their slugs.

    Source: `ImageGenerationProviderPreferences` in OpenRouter's OpenAPI document.
    """

    order: list[str] | None
    """Providers to try first, in this order."""
    only: list[str] | None
    """The only providers that may be used, in addition to the account's setting."""
    ignore: list[str] | None
    """Providers that may not be used, in addition to the account's setting."""
    allow_fallbacks: bool | None
    """Whether other providers are tried if the first one fails. OpenRouter's default: True."""
    sort: SortBy | SortConfig | None
    """How endpoints are sorted. If it is not set, the load is balanced among them."""
    options: dict[str, dict[str, Any]]
    """Options for single providers, by their slugs. A provider gets only its own options."""


class OpenRouterImageKwargs(TypedDict, total=False):
    """
    What `generation_kwargs` may hold. Other keys are sent as well: pass them in a plain dictionary.

    Source: `ImageGenerationRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84. Keys whose value is
    None are left out.
    """

    model: str
    """A model to use instead of the component's."""
    n: int
    """The number of images, 1 to 10. A provider may return fewer, or accept only 1."""
    size: str
    """Pixels, such as `2048x2048`, or a value of `resolution`. Don't combine pixels with the next two keys."""
    resolution: Literal["512", "768", "1K", "1.5K", "2K", "4K"]
    """How large the image is. The provider chooses the pixels."""
    aspect_ratio: AspectRatio
    """Width to height. A provider that does not support it uses a similar one."""
    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"]
    """The quality of the image. Models without this setting ignore it."""
    output_format: Literal["png", "jpeg", "webp", "svg"]
    """The file format. Only vector models support `svg`."""
    output_compression: int
    """The quality of JPEG and WebP, 0 to 100."""
    background: Literal["auto", "transparent", "opaque"]
    """The background. `transparent` needs PNG or WebP."""
    seed: int
    """Makes results reproducible, if the model supports it."""
    input_references: list[dict[str, Any]]
    """More reference images, for example by URL: `{"type": "image_url", "image_url": {"url": "https://…"}}`."""
    provider: ImageProviderPreferences
    """Which providers may be used, and which are tried first."""
    user: str
    """A stable id of your user, so that abuse by one user does not block all of them."""
    session_id: str
    """Groups requests. Up to 256 characters."""
    trace: dict[str, Any]
    """For tools that OpenRouter sends traces to: `trace_id`, `span_name`, `generation_name` …"""
    extra_headers: dict[str, str | Secret | Omit]
    """HTTP headers. They override the component's. This and the next three are options of the openai SDK."""
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
