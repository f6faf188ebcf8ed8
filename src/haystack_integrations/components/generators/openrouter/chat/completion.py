# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What the openai SDK returned for a request without streaming, as a plain completion.
"""

from __future__ import annotations

from typing import Any

import openai

from haystack_integrations.common.openrouter.errors.error_body import find_error
from haystack_integrations.common.openrouter.responses import completion_of, has_messages


def completion_dict(answer: Any) -> dict[str, Any]:
    """
    Read what `client.chat.completions.create` returned for a request without streaming.

    :param answer: An `openai.types.chat.ChatCompletion`, or what a proxy made of it.
    :returns: The completion as sent, with no field added.
    :raises openai.APIError: If it is no completion, or reports an error.
    """
    body = answer if isinstance(answer, dict) else None
    if body is None and hasattr(answer, "to_dict"):
        body = answer.to_dict(warnings=False)
    if not isinstance(body, dict):
        raise _no_completion(answer)
    completion = completion_of(body)
    if find_error(completion) is not None or not has_messages(completion):
        raise _no_completion(completion)
    return completion


def _no_completion(answer: object) -> openai.APIError:
    request: Any = None
    return openai.APIError("The answer is not a completion", request=request, body=answer)
