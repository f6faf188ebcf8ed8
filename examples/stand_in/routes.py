# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Which function responds to which request."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

from stand_in.answer import Answer
from stand_in.endpoints import (
    account,
    audio,
    batches,
    chat,
    decisions,
    embeddings,
    images,
    models,
    rerank,
    videos,
)
from stand_in.request import Request
from stand_in.response_cache import through_cache


class Route(NamedTuple):
    """
    An endpoint: `function(request)` makes the response to `method` and `path`.

    A name in braces in the path matches one step of it, which the function gets as an argument: the function of
    "/model/{author}/{slug}" has the parameters `request`, `author` and `slug`.
    """

    method: str
    path: str
    function: Callable[..., Answer]
    needs_key: bool = True
    is_cached: bool = False
    """Whether the response cache works for it."""


ROUTES = [
    Route("POST", "/audio/speech", audio.speak),
    Route("POST", "/audio/transcriptions", audio.transcribe),
    Route("POST", "/batches", batches.submit),
    Route("GET", "/batches", batches.list_batches),
    Route("GET", "/batches/{batch_id}", batches.get),
    Route("GET", "/batches/{batch_id}/results", batches.results),
    Route("POST", "/batches/{batch_id}/cancel", batches.cancel),
    Route("DELETE", "/batches/{batch_id}", batches.delete),
    Route("POST", "/chat/completions", chat.complete, is_cached=True),
    Route("POST", "/embeddings", embeddings.embed, is_cached=True),
    Route("POST", "/images", images.draw),
    Route("GET", "/models", models.list_models, needs_key=False),
    Route("GET", "/models/user", models.list_models),
    Route("GET", "/model/{author}/{slug}", models.get_model, needs_key=False),
    Route("GET", "/models/{author}/{slug}/endpoints", models.list_endpoints, needs_key=False),
    Route("GET", "/key", account.key),
    Route("GET", "/generation", account.generation),
    Route("POST", "/generation/feedback", account.feedback),
    Route("POST", "/rerank", rerank.rerank),
    Route("POST", "/systemone", decisions.decide),
    Route("POST", "/videos", videos.submit),
    Route("GET", "/videos/{job_id}", videos.get),
    Route("GET", "/videos/{job_id}/content", videos.content),
]


def respond(request: Request) -> Answer:
    """
    Respond to a request with the function of its route.

    :param request: Any request.
    :returns: The response: 401 if the key is missing, 404 if there is no such route.
    """
    route, arguments = _find(request)
    if not request.key and (route is None or route.needs_key):
        return Answer.error(401, "No auth credentials found")
    if route is None:
        return Answer.error(404, "Not found")
    if route.is_cached:
        return through_cache(request, lambda: route.function(request, **arguments))
    return route.function(request, **arguments)


def _find(request: Request) -> tuple[Route | None, dict[str, str]]:
    steps = _steps(request.path.rpartition("/api/v1")[2])
    for route in ROUTES:
        wanted = _steps(route.path)
        if route.method != request.method or len(wanted) != len(steps):
            continue
        pairs = list(zip(wanted, steps, strict=True))
        if all(name == step or name.startswith("{") for name, step in pairs):
            return route, {name.strip("{}"): step for name, step in pairs if name.startswith("{")}
    return None, {}


def _steps(path: str) -> list[str]:
    return [unquote(step) for step in path.split("/") if step]
