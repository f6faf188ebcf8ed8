# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/key`, `/generation` and `/generation/feedback`: limits of the key, and what became of a completion."""

from stand_in.answer import Answer
from stand_in.request import Json, Request


def remember(request: Request, completion: Json) -> None:
    """
    Keep what `/generation` tells about a completion, also if its stream is cut later.

    :param request: The request for the completion.
    :param completion: The whole completion.
    """
    usage, choice = completion["usage"], completion["choices"][0]
    request.memory.generations[completion["id"]] = {
        "id": completion["id"],
        "model": completion["model"],
        "provider_name": completion["provider"],
        "total_cost": usage["cost"],
        "usage": usage["cost"],
        "upstream_inference_cost": None,
        "is_byok": False,
        "native_tokens_prompt": usage["prompt_tokens"],
        "native_tokens_completion": usage["completion_tokens"],
        "finish_reason": choice["finish_reason"],
        "streamed": bool(request.body.get("stream")),
        "cancelled": False,
    }


def remember_cost(request: Request, generation_id: str, cost: float) -> None:
    """
    Keep what `/generation` tells about audio, whose response does not tell what it cost.

    :param request: The request for the audio.
    :param generation_id: The id that was sent in the headers.
    :param cost: The price in USD.
    """
    known = {"id": generation_id, "model": request.body.get("model"), "provider_name": "Stand-in", "total_cost": cost}
    request.memory.generations[generation_id] = {**known, "usage": cost, "is_byok": False, "cancelled": False}


def generation(request: Request) -> Answer:
    """
    Tell what became of a completion. As with OpenRouter, it is not known at once: the first request gets a 404.

    :param request: A request with `id` in its query.
    :returns: Costs and tokens, or 404.
    """
    wanted, memory = request.query.get("id", ""), request.memory
    if wanted not in memory.asked or wanted not in memory.generations:
        memory.asked.add(wanted)
        return Answer.error(404, f"Generation {wanted} not found")
    return Answer.json({"data": memory.generations[wanted]})


CATEGORIES = ("latency", "incoherence", "incorrect_response", "formatting", "billing", "api_error", "other")


def feedback(request: Request) -> Answer:
    """
    Take feedback on a completion. Any key will do, although OpenRouter wants a management key.

    :param request: A request with `generation_id`, `category` and maybe `comment`.
    :returns: That it was taken, or 400 or 404.
    """
    body = request.body
    if body.get("category") not in CATEGORIES or len(body.get("comment", "")) > 1000:
        return Answer.error(400, "Invalid request parameters")
    if body.get("generation_id") not in request.memory.generations:
        return Answer.error(404, "Resource not found")
    return Answer.json({"data": {"success": True}})


def key(request: Request) -> Answer:
    """
    Tell the limits and the usage of the key.

    :param request: A request with a key.
    :returns: What OpenRouter tells, an id of the user included.
    """
    used = sum(generation["total_cost"] for generation in request.memory.generations.values())
    usage = {f"usage{period}": used for period in ("", "_daily", "_weekly", "_monthly")}
    data = {
        "label": f"{request.key[:8]}...{request.key[-3:]}",
        "limit": 10,
        "limit_remaining": 10 - used,
        "limit_reset": None,
        "include_byok_in_limit": False,
        **usage,
        **{f"byok_{name}": 0 for name in usage},
        "is_free_tier": False,
        "is_management_key": False,
        "expires_at": None,
        "creator_user_id": "user_2standinstandin",
        "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore."},
    }
    return Answer.json({"data": data})
