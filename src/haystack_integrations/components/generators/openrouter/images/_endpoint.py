# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests and responses of the images endpoint, as plain data.

Source: `ImageGenerationRequest` and `ImageGenerationResponse` in OpenRouter's OpenAPI document.
"""

from typing import Any

from haystack import logging
from haystack.dataclasses import ImageContent

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.common.openrouter._wire.media import (
    first_bytes,
    image_part,
    is_base64,
    known_type,
    split_data_url,
    true_type,
)
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


def request_fields(prompt: object, images: Any, more_references: Any) -> dict[str, Any]:
    """
    Make the fields of a request that come from the inputs of a run.

    :param prompt: The prompt.
    :param images: Images to edit or to use as references, or None.
    :param more_references: References that are in wire format already, or None.
    :returns: The fields of the body.
    :raises TypeError: If an input has the wrong type.
    :raises ValueError: If the prompt is empty, or an image has no data.
    """
    checks.text(prompt, "prompt", "a string", "describe the image")
    images, more_references = images or [], more_references or []
    checks.instance(images, "`images`", list | tuple, "a list of ImageContent")
    checks.instance(more_references, '`generation_kwargs["input_references"]`', list | tuple, "a list")
    for number, image in enumerate(images):
        checks.instance(image, f"`images[{number}]`", ImageContent, "an ImageContent")
    references = [*(image_part(image, f"`images[{number}]`") for number, image in enumerate(images)), *more_references]
    return {"prompt": prompt, **({"input_references": references} if references else {})}


def read_images(response: Any, model: str) -> tuple[list[ImageContent], dict[str, Any]]:
    """
    Read a response of the images endpoint. An entry that holds no image is left out, and logged.

    :param response: The HTTP response.
    :param model: The requested model.
    :returns: The images, and everything else that was sent. The entries without an image are under `images`.
    :raises openai.APIError: If there is no image.
    """
    body = plain_json(decoded_body(response))
    read = [(entry, _image(entry) if isinstance(entry, dict) else None) for entry in body["data"]]
    images = [image for _, image in read if image]
    if not images:
        msg = "The response holds no image. Check that `model` is an image model"
        raise unusable_response(msg, body, response)
    meta = {"id": None, **response_meta(body, model, IMAGES.payload, response.headers)}
    if unusable := [_without_data(entry) for entry, image in read if image is None]:
        msg = "{count} of {total} images came without data, or are no images."
        logger.warning(msg, count=len(unusable), total=len(read))
        meta["images"] = unusable
    return images, meta


def _image(entry: dict[str, Any]) -> ImageContent | None:
    media_type: Any = entry.get("media_type")
    data: Any = entry.get("b64_json")
    if split := split_data_url(data):
        media_type, data = media_type or split[0], split[1]
    if not is_base64(data):
        return None
    said = known_type(media_type) or ""
    media_type = true_type(said if said.startswith("image/") else None, first_bytes(data))
    if media_type and not media_type.startswith("image/"):  # such as a web page
        return None
    meta = {name: value for name, value in entry.items() if name not in ("b64_json", "media_type")}
    # Haystack's validation takes no SVG
    return ImageContent(base64_image=data, mime_type=media_type, meta=meta, validation=False)


def _without_data(entry: Any) -> Any:
    return {name: v for name, v in entry.items() if name != "b64_json"} if isinstance(entry, dict) else None
