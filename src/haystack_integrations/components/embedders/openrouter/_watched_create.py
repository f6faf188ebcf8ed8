# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The openai SDK's `embeddings.create`, with responses that are read without the SDK's models.

The SDK sends the request, retries it and maps its errors. Its models take 97 % of the CPU time of a response, so they
are skipped if `create` is the SDK's own. If a tracing tool, a proxy or a test has replaced `create`, it gets its usual
response.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from openai import AsyncOpenAI, OpenAI
from openai.resources.embeddings import AsyncEmbeddings, Embeddings

from haystack_integrations.common.openrouter._wire.responses import decoded_body


def create_of(client: Any) -> Callable[..., Any]:
    """
    Choose the method that requests embeddings.

    :param client: An `OpenAI` or `AsyncOpenAI` client, or anything else that has `embeddings.create`.
    :returns: `create`, if it can be, the one that returns the raw response.
    """
    embeddings = client.embeddings
    create: Callable[..., Any] = embeddings.create
    if type(embeddings) in (Embeddings, AsyncEmbeddings) and _is_original(create):
        create = embeddings.with_raw_response.create
        # tools that replace one of these (openinference does) look for the texts where the SDK has them
        if type(client) in (OpenAI, AsyncOpenAI) and _is_original(client.post) and _is_original(client.request):
            create = partial(_create_past_walk, create)
    return create


def body_of(response: Any) -> Any:
    """
    Take the body out of what `create` returned.

    :param response: A raw response of the openai SDK, a model, or a dictionary.
    :returns: The decoded body, a dictionary if the response is a good one.
    """
    if hasattr(response, "to_dict"):
        return response.to_dict(warnings=False)
    if hasattr(response, "http_response"):
        return decoded_body(response.http_response)
    return response


def _create_past_walk(
    create: Callable[..., Any],
    *,
    input: Any,  # noqa: A002
    extra_body: Any = None,
    **arguments: Any,
) -> Any:
    # the SDK walks through `input` text by text, which takes longer than to encode and to send it
    return create(input=[], extra_body={**(extra_body or {}), "input": input}, **arguments)


def _is_original(method: Any) -> bool:
    # what wraps a function either says so or is defined elsewhere
    return not hasattr(method, "__wrapped__") and str(getattr(method, "__module__", None)).startswith("openai.")
