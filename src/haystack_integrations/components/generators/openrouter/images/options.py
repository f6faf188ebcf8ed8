# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of the image generator's `generation_kwargs`. At run time they are plain dictionaries.

Sources: `ImageGenerationRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
"""

from typing import Any, Literal

from haystack_integrations.common.openrouter._base.options import OrDict, RequestOptions
from haystack_integrations.components.generators.openrouter.chat.options.provider import ProviderChoice

AspectRatio = Literal[
    "1:1", "1:2", "1:4", "1:8", "2:1", "2:3", "2.35:1", "3:2", "3:4", "4:1", "4:3", "4:5", "5:2", "5:4", "5:7", "7:5",
    "8:1", "9:16", "16:9", "9:19.5", "19.5:9", "9:20", "20:9", "9:21", "21:9", "auto",
]  # fmt: skip


class ImageProviderPreferences(ProviderChoice, total=False):
    """
    Which providers may be used, and which are tried first. Name them by their slugs.

    Source: `ImageGenerationProviderPreferences` in OpenRouter's OpenAPI document.
    """


class OpenRouterImageKwargs(RequestOptions, total=False):
    """
    What `generation_kwargs` may hold. Other keys are sent as well: pass them in a plain dictionary.

    Source: `ImageGenerationRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84. Keys whose value is
    None are left out.
    """

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


ImageKwargs = OrDict[OpenRouterImageKwargs]
