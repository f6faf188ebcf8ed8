# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Reads what the openai SDK returns for a request without streaming.
"""

from __future__ import annotations

from typing import Any

import openai

from haystack_integrations.common.openrouter._transport.response_headers import last_header_fields, with_header_fields
from haystack_integrations.common.openrouter._wire.json_values import plain_json
from haystack_integrations.common.openrouter._wire.responses import completion_of, has_messages
from haystack_integrations.common.openrouter.errors._failure import find_error


def completion_dict(response: Any) -> dict[str, Any]:
    """
    Read what `client.chat.completions.create` returned for a request without streaming.

    :param response: An `openai.types.chat.ChatCompletion`, or what a proxy made of it.
    :returns: The completion as plain JSON, with fields from the headers of its response.
    :raises openai.APIError: If it is not a completion, or reports an error.
    """
    try:
        body = plain_json(response if isinstance(response, dict) else response.to_dict(warnings=False))
    except (AttributeError, ValueError, RecursionError) as error:  # not a completion, or nested too deep
        raise _not_a_completion(response if isinstance(response, str) else None) from error
    completion = completion_of(body)
    if find_error(completion) is not None or not has_messages(completion):
        raise _not_a_completion(completion)
    return with_header_fields(completion, last_header_fields())


def _not_a_completion(response: object) -> openai.APIError:
    request: Any = None
    return openai.APIError("The response is not a completion", request=request, body=response)
