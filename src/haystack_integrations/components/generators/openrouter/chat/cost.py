# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What replies cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum

from haystack.dataclasses import ChatMessage

from haystack_integrations.common.openrouter.cost import usage_cost


def reply_cost(replies: Iterable[ChatMessage]) -> float:
    """
    Add up what replies cost, for example those of a pipeline or all messages of an agent.

    What providers bill for a key of your own (BYOK) is added: see `usage_cost`. The replies of one request (more than
    one with `n`) all report what the request cost; it counts once.

    :param replies: Messages. Those that report no cost, such as the user's, count nothing.
    :returns: The cost in USD.
    :raises TypeError: If it is something else than messages.
    """
    if isinstance(replies, ChatMessage | str | dict) or not isinstance(replies, Iterable):
        msg = f'`replies` must be a list of ChatMessage, such as `result["replies"]`, not {type(replies).__name__}.'
        raise TypeError(msg)
    costs: dict[object, float] = {}
    for number, message in enumerate(replies):
        if not isinstance(message, ChatMessage):
            msg = f"`replies` must be a list of ChatMessage, and holds a {type(message).__name__}."
            raise TypeError(msg)
        generation = message.meta.get("id")
        costs[generation if isinstance(generation, str) else number] = usage_cost(message.meta.get("usage"))
    return fsum(costs.values())
