# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Requests and responses of the rerank endpoint, as plain data.
"""

from collections.abc import Mapping
from typing import Any

from haystack import logging

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import sendable_json
from haystack_integrations.common.openrouter._wire.responses import decoded_body, response_meta, unusable_response
from haystack_integrations.common.openrouter._wire.usage import is_number
from haystack_integrations.common.openrouter.errors._advice import COMMON_ADVICE

logger = logging.getLogger(__name__)

_BAD_REQUEST = (
    "Check that no text is empty or too long for the model, and check the names in `extra_parameters`. If there are "
    "too many documents, rank fewer: lower `top_k` of the retriever. With `image_meta_field`, the model must take "
    'images: `OpenRouterModels().list(output_modalities="rerank", input_modalities="image")` lists models that do'
)

RERANK = Endpoint(
    "/rerank",
    result="results",
    what="results",
    advice={
        **COMMON_ADVICE,
        "no result": "Check that `{model}` is a rerank model, or try again",
        400: _BAD_REQUEST,
        422: _BAD_REQUEST,
        404: "Check that `{model}` at https://openrouter.ai/models?output_modalities=rerank is a rerank model, and "
        "relax `provider` in `extra_parameters`{names}",
        413: "Send fewer or shorter documents at once: lower `top_k` of the retriever, and with images `image_size`",
    },
    own_fields={
        "model": "Pass `model` to the component.",
        "query": "Pass `query` to `run`.",
        "documents": "Pass `documents` to `run`.",
        "top_n": "Pass `top_k` to the component or to `run`.",
    },
)


def image_document(url: str, text: str) -> dict[str, str]:
    """Make the wire format of a document with an image as a data URL and, perhaps, a text."""
    return {"text": text, "image": url} if text else {"image": url}


def request_body(
    query: str,
    documents: list[str | dict[str, str]],
    *,
    model: str,
    top_k: int | None,
    extra_parameters: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Make the body of a request. The documents are texts, or what `image_document` returned."""
    top_n = {} if top_k is None else {"top_n": min(top_k, len(documents))}
    more = sendable_json(dict(extra_parameters or {}))
    return {"model": model, "query": query, "documents": documents, **top_n, **more}


def read_response(
    response: Any, count: int, *, top_k: int | None, model: str
) -> tuple[list[tuple[int, float]], dict[str, Any]]:
    """Read index and score of each document, best first, and everything else. Log a warning if some are missing."""
    body = decoded_body(response)
    try:
        scores = _scores(body["results"], count)
    except ValueError as error:
        raise unusable_response(str(error), body) from None
    asked = count if top_k is None else min(top_k, count)
    if len(scores) < asked:
        msg = "{model} ranked only {ranked} of {asked} documents. The others are left out."
        logger.warning(msg, model=model, ranked=len(scores), asked=asked)
    ranking = sorted(scores.items(), key=lambda pair: -pair[1])[:asked]
    return ranking, {"provider": None, **response_meta(body, model, RERANK.payload, response.headers)}


def _scores(results: list[Any], count: int) -> dict[int, float]:
    scores: dict[int, float] = {}
    for result in results:
        fields = result if isinstance(result, dict) else {}
        index, score = fields.get("index"), fields.get("relevance_score")
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
            msg = f"The response has a result with index {checks.shown(index)}, but {count} documents were sent"
            raise ValueError(msg)
        if index in scores:
            msg = f"The response scores the document with index {index} twice"
            raise ValueError(msg)
        if not is_number(score):
            odd = checks.shown(score)
            msg = f"The response has {odd} as the score of the document with index {index}, which is not a number"
            raise ValueError(msg)
        scores[index] = float(score)
    return scores
