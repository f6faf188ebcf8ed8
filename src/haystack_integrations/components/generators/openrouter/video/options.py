# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of the video generator's `generation_kwargs`. At run time they are plain dictionaries.

Sources: `VideoGenerationRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84.
"""

from typing import Any, Literal, TypedDict

from haystack_integrations.common.openrouter._base.options import OrDict, RequestOptions


class FrameImage(TypedDict):
    """
    The first or the last frame of a video.

    Source: `FrameImage` in OpenRouter's Python SDK 1.3.84.
    """

    type: Literal["image_url"]
    """The only type."""
    image_url: dict[str, str]
    """`{"url": …}`, with an https URL or a data URL."""
    frame_type: Literal["first_frame", "last_frame"]
    """Which frame it is."""


class VideoProviderOptions(TypedDict, total=False):
    """
    What is passed on to providers. Videos have no routing preferences.

    Source: `VideoGenerationRequestProvider` in OpenRouter's Python SDK 1.3.84.
    """

    options: dict[str, dict[str, Any]]
    """Options by the slug of the provider, such as `{"google-vertex": {"output_config": {"effort": "low"}}}`."""


class OpenRouterVideoKwargs(RequestOptions, total=False):
    """
    What `generation_kwargs` may hold. Other keys are sent as well: pass them in a plain dictionary.

    Source: `VideoGenerationRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84. Keys whose value is
    None are left out.
    """

    duration: int
    """The length of the video, in seconds."""
    resolution: Literal["360p", "480p", "720p", "768p", "1080p", "1K", "2K", "4K"]
    """How large the video is."""
    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21"]
    """Width to height."""
    size: str
    """Pixels, such as `1280x720`, in place of `resolution` and `aspect_ratio`."""
    generate_audio: bool
    """Whether the video has sound, if the model can make it."""
    seed: int
    """Makes results reproducible, if the provider supports it."""
    frame_images: list[FrameImage]
    """More first or last frames, for example by URL."""
    input_references: list[dict[str, Any]]
    """More references: parts of the types `image_url`, `audio_url` and `video_url`. Frames take precedence."""
    previous_job_id: str
    """The id of a completed job whose video is edited or continued, if the model can do that."""
    callback_url: str
    """An https URL that OpenRouter calls when the job has ended. See `verify_webhook`."""
    upscale_factor: float
    """For models that upscale videos only."""
    creativity: int
    """For models that upscale videos only."""
    provider: VideoProviderOptions
    """What is passed on to providers."""


VideoKwargs = OrDict[OpenRouterVideoKwargs]
