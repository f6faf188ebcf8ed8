# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What the failure of one request means for the other requests of a run.
"""

from __future__ import annotations

import openai

from haystack_integrations.common.openrouter.errors._advice import names_unknown_model
from haystack_integrations.common.openrouter.errors._explanation import failure_of
from haystack_integrations.common.openrouter.errors._failure import Failure

# The key, the credits, the permissions, the model.
_ENDING = (401, 402, 403, 404)
# The inputs, or how many there are.
_REFUSING = (400, 413, 422)


def ends_every_request(error: openai.APIError) -> bool:
    """
    Whether every later request of the run would fail in the same way.

    :param error: Why a request failed.
    :returns: Whether it would: with 401, 402, 403 (other than by moderation) and 404, and if the model is unknown.
    """
    failure = failure_of(error)
    if failure is None:
        return False
    return names_unknown_model(failure) or (_status(error, failure) in _ENDING and not _is_moderated(failure))


def is_refusal(error: openai.APIError) -> bool:
    """
    Whether the inputs of a request are the cause, so that some of them may succeed on their own.

    :param error: Why a request failed.
    :returns: Whether they are: with 400, 413 and 422, and if moderation flagged an input.
    """
    failure = failure_of(error)
    if failure is None or ends_every_request(error):
        return False
    return _status(error, failure) in _REFUSING or _is_moderated(failure)


def _status(error: openai.APIError, failure: Failure) -> int:
    return getattr(error, "status_code", failure.status)


def _is_moderated(failure: Failure) -> bool:
    metadata = failure.metadata
    return "reasons" in metadata or "content_policy_violation" in (failure.code, metadata.get("error_type"))
