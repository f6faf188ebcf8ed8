# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The cost of replies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import fsum

from haystack.dataclasses import ChatMessage

from haystack_integrations.common.openrouter.cost import cost_of_response


def reply_cost(replies: Iterable[ChatMessage]) -> float:
    """
    Add up the cost of replies, for example those of a pipeline or all messages of an agent.

    What providers bill for your own key (BYOK) is included: see `usage_cost`. With `n`, all replies of a request report
    the cost of the whole request. It is counted once.

    The messages of an agent include the history that you passed in, but not what a compaction hook has dropped.

    :param replies: Messages. Those without a cost, such as user messages, are ignored.
    :returns: The cost in USD.
    :raises TypeError: If they are not messages.
    """
    costs = [cost_of_response(message.meta.get("usage")) for message in one_for_each_request(replies, "replies")]
    return fsum(cost for cost in costs if cost is not None)


def one_for_each_request(messages: Iterable[ChatMessage], argument: str) -> Iterator[ChatMessage]:
    """
    Leave out the further replies of a request: they have the same id and the same usage as its first one.

    :param messages: Messages.
    :param argument: The name of the argument, for errors.
    :yields: The messages that remain, in order.
    :raises TypeError: If they are not messages.
    """
    if isinstance(messages, ChatMessage | str | dict) or not isinstance(messages, Iterable):
        msg = f'`{argument}` must be a list of ChatMessage, such as `result["replies"]`, not {type(messages).__name__}.'
        raise TypeError(msg)
    seen = set()
    for message in messages:
        if not isinstance(message, ChatMessage):
            msg = f"`{argument}` must be a list of ChatMessage, and holds a {type(message).__name__}."
            raise TypeError(msg)
        generation = message.meta.get("id")
        # the id alone is not enough: a reply from OpenRouter's response cache may have the id of the first one
        request = (generation, repr(message.meta.get("usage"))) if isinstance(generation, str) else None
        if request is None or request not in seen:
            seen.add(request)
            yield message
