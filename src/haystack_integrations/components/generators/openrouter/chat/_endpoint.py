# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The chat completions endpoint, and what the openai SDK returns for a request without streaming.
"""

from typing import Any

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._transport.run import last_headers
from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.common.openrouter._wire.responses import (
    body_of_model,
    header_fields,
    unusable_response,
    with_header_fields,
)
from haystack_integrations.common.openrouter.errors._advice import COMMON_ADVICE


class ChatEndpoint(Endpoint):
    """
    Its good responses are completions with a message in each choice, or streams.
    """

    def is_good(self, body: Any, response: Any) -> bool:  # noqa: ARG002
        """Whether a completion has at least one choice, and a message in each."""
        choices = completion_of(body).get("choices") if isinstance(body, dict) else None
        if not isinstance(choices, list) or not choices:
            return False
        return all(isinstance(choice, dict) and isinstance(choice.get("message"), dict) for choice in choices)


CHAT = ChatEndpoint(
    "/chat/completions",
    what="message",
    streams=True,
    own_fields={"messages": "Pass them to `run`."},
    advice={
        **COMMON_ADVICE,
        "no result": "Try again, or name fallbacks in `models`",
        "no endpoint": "Relax `provider` or `require_parameters` in `generation_kwargs`, or choose another `model`",
        "too long": "Shorten the messages, or add {{'id': 'context-compression'}} to `plugins` in `generation_kwargs`",
        402: "Lower `max_tokens` (if unset, credits for the model's maximum are reserved), or add credits at "
        "https://openrouter.ai/settings/credits",
        408: "Try again, or choose a faster model or provider",
        429: "Try again later, raise `max_retries`, or name fallbacks in `models`",
        "server": "Try again, or name fallbacks in `models`",
    },
)


def completion_of(body: dict[str, Any]) -> dict[str, Any]:
    """Unwrap a completion that OpenRouter nested under `provider`, with null in its place (pydantic-ai#3994)."""
    nested = body.get("provider")
    if isinstance(nested, dict) and not body.get("choices") and nested.get("choices"):
        return nested
    return body


def completion_dict(sent: Any, client: Any = None, arguments: Any = None) -> dict[str, Any]:
    """
    Read what `client.chat.completions.create` returned for a request without streaming.

    :param sent: An `openai.types.chat.ChatCompletion`, or what a proxy made of it.
    :param client: The client, and the arguments of its `create`: a failure tells what was sent.
    :returns: The completion as plain JSON, with fields from the headers of its response.
    :raises openai.APIError: If it is not a completion, or reports an error.
    """
    try:
        body = plain_json(body_of_model(sent))
    except (ValueError, RecursionError):
        msg = "The response is nested too deep"
        raise unusable_response(msg, None) from None
    CHAT.check(body, None, client, arguments)
    return with_header_fields(completion_of(body), header_fields(last_headers()))
