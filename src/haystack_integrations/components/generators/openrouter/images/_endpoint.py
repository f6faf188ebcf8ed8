# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests and responses of the images endpoint, as plain data.

Source: `ImageGenerationRequest` and `ImageGenerationResponse` in OpenRouter's OpenAPI document.
"""

import base64
from typing import Any

from haystack import logging
from haystack.dataclasses import ImageContent

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire.json_values import plain_json, sendable
from haystack_integrations.common.openrouter._wire.media import image_part, image_type, split_data_url
from haystack_integrations.common.openrouter._wire.responses import decoded_body, response_meta, unusable_response
from haystack_integrations.common.openrouter.errors._advice import MEDIA_ADVICE

logger = logging.getLogger(__name__)

IMAGES = Endpoint(
    "/images",
    what="image",
    retries_timeouts=False,
    advice={
        **MEDIA_ADVICE,
        "no result": "Check that `{model}` is an image model, or try again",
        400: "Check the names and values in `generation_kwargs`. Not all models support `n` and `size`, for example",
        404: "Check that `{model}` at https://openrouter.ai/models?output_modalities=image is an image model, and "
        "relax `provider` in `generation_kwargs`{names}",
        413: "Send fewer or smaller images",
    },
    own_fields={
        "prompt": "Pass `prompt` to `run`.",
        "stream": "Leave it out: images are not streamed.",
    },
)


def request_fields(prompt: object, images: object, more_references: object) -> dict[str, Any]:
    """
    Make the fields of a request that come from the inputs of a run.

    :param prompt: The prompt.
    :param images: Images to edit or to use as references, or None.
    :param more_references: References that are in wire format already, or None.
    :returns: The fields of the body.
    :raises TypeError: If an input has the wrong type.
    :raises ValueError: If the prompt is empty, or an image has no data.
    """
    if not isinstance(prompt, str):
        msg = f"`prompt` must be a string, not {type(prompt).__name__}."
        raise TypeError(msg)
    if not prompt.strip():
        msg = "`prompt` is empty: describe the image."
        raise ValueError(msg)
    if more_references is not None and not isinstance(more_references, list | tuple):
        msg = f'`generation_kwargs["input_references"]` must be a list, not {type(more_references).__name__}.'
        raise TypeError(msg)
    references = [*_references(images), *(more_references or [])]
    return {"prompt": sendable(prompt), **({"input_references": references} if references else {})}


def _references(images: object) -> list[dict[str, Any]]:
    if images is None:
        return []
    if not isinstance(images, list | tuple):
        msg = f"`images` must be a list of ImageContent, not {type(images).__name__}."
        raise TypeError(msg)
    for number, image in enumerate(images):
        if not isinstance(image, ImageContent):
            msg = f"`images[{number}]` must be an ImageContent, not {type(image).__name__}."
            raise TypeError(msg)
    return [image_part(image, f"`images[{number}]`") for number, image in enumerate(images)]


def read_images(response: Any, model: str) -> tuple[list[ImageContent], dict[str, Any]]:
    """
    Read a response of the images endpoint. An entry that holds no image is left out, and logged.

    :param response: The HTTP response.
    :param model: The requested model.
    :returns: The images, and everything else that was sent. The entries without an image are under `images`.
    :raises openai.APIError: If there is no image.
    """
    body = plain_json(decoded_body(response))
    images, unusable = [], []
    for entry in body["data"]:
        image = _image(entry) if isinstance(entry, dict) else None
        if image is None:
            unusable.append(entry)
        else:
            images.append(image)
    if not images:
        msg = "The response holds no image. Check that `model` is an image model"
        raise unusable_response(msg, body, response)
    meta = {"id": None, **response_meta(body, model, IMAGES.payload, response.headers)}
    if unusable:
        logger.warning("{count} of {total} images came without data.", count=len(unusable), total=len(body["data"]))
        meta["images"] = [_without_data(entry) for entry in unusable]
    return images, meta


def _image(entry: dict[str, Any]) -> ImageContent | None:
    media_type, data = entry.get("media_type"), entry.get("b64_json")
    if split := split_data_url(data):
        media_type, data = media_type or split[0], split[1]
    try:
        decoded = base64.b64decode(data or "", validate=True)
    except (TypeError, ValueError):
        return None
    if not decoded:
        return None
    if not isinstance(media_type, str) or not media_type.startswith("image/"):
        media_type = image_type(decoded)
    meta = {name: value for name, value in entry.items() if name not in ("b64_json", "media_type")}
    # Haystack's validation takes no SVG
    return ImageContent(base64_image=str(data), mime_type=media_type, meta=meta, validation=False)


def _without_data(entry: Any) -> Any:
    return {name: v for name, v in entry.items() if name != "b64_json"} if isinstance(entry, dict) else None
