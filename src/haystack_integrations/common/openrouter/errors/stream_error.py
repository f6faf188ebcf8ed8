# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The exception for streams. All other failures raise the openai SDK's own exceptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai

from haystack_integrations.common.openrouter._wire.responses import find_error
from haystack_integrations.common.openrouter.errors._failure import Failure

if TYPE_CHECKING:
    from haystack.dataclasses import ChatMessage


class OpenRouterStreamError(openai.APIError):
    """
    A stream that failed or was cut before its end.

    :param message: What happened, in a sentence.
    :param request: The HTTP request, if it is known.
    :param failure: What OpenRouter reported, if anything.
    :param partial_reply: What the streaming callback has received in the last try, or None if it has received nothing.
    :param retryable: Whether the same request may succeed if it is sent again.

    Attributes: `partial_reply`, `code` (as OpenRouter sent it: an `int`, a `str` or None), `metadata` and
    `availability` (dictionaries), `provider_name`, `generation_id` (a `str` or None) and, for a network failure, the
    network library's error as `__cause__`.
    """

    code: int | str | None  # type: ignore[assignment]  # the SDK makes a string of it; here it is as sent

    def __init__(
        self,
        message: str,
        *,
        request: Any = None,
        failure: Failure | None = None,
        partial_reply: ChatMessage | None = None,
        retryable: bool = True,
    ) -> None:
        super().__init__(message, request, body=None)
        self.partial_reply = partial_reply
        self.retryable = failure.is_transient if failure else retryable
        self.generation_id: str | None = None
        self.take(failure)

    def take(self, failure: Failure | None) -> None:
        """Keep what OpenRouter reported, in place of what was kept before: a reading without what is private."""
        self.failure = failure
        self.code = failure.code if failure else None
        self.metadata = failure.metadata if failure else {}
        self.availability = failure.availability if failure else {}
        self.provider_name = failure.provider_name if failure else None

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> OpenRouterStreamError:
        """
        Build the exception for an error that OpenRouter reports inside a stream.

        :param event: An event with an `error`, at its top or in a choice.
        :returns: The exception, without a partial reply.
        """
        failure = Failure.read(find_error(event), body=event)
        return cls(f"The stream failed: {failure.message}", failure=failure)
