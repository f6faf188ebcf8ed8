# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/images`: squares whose colour depends on the prompt and on the reference images."""

import base64

from stand_in.answer import Answer
from stand_in.costs import dollars
from stand_in.faults import error_by_name
from stand_in.files import png, svg
from stand_in.request import Request

TOKENS_PER_IMAGE = 1120


def draw(request: Request) -> Answer:
    """
    Draw as many images as `n` says: SVG if it is asked for, else PNG.

    :param request: A request with `prompt`.
    :returns: The images, with the id of the generation in the headers.
    """
    body = request.body
    if not body.get("prompt"):
        return Answer.error(400, "Stand-in: prompt must not be empty")
    if failure := error_by_name(body.get("model")):
        return failure
    make, media_type = (svg, "image/svg+xml") if body.get("output_format") == "svg" else (png, "image/png")
    seed = f"{body['prompt']}{body.get('input_references') or ''}"
    files = [make(f"{number}{seed}") for number in range(body.get("n") or 1)]
    data = [{"b64_json": base64.b64encode(file).decode(), "media_type": media_type} for file in files]
    prompt, drawn = len(body["prompt"].split()), TOKENS_PER_IMAGE * len(files)
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": drawn,
        "total_tokens": prompt + drawn,
        "cost": dollars(prompt + drawn),
        "is_byok": False,
        "completion_tokens_details": {"image_tokens": drawn},
    }
    headers = {"x-generation-id": f"gen-img-standin-{request.number}"}
    return Answer.json({"created": 0, "data": data, "usage": usage}, headers=headers)
