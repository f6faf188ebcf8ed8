# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What replies cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum
from typing import Any

from haystack.dataclasses import ChatMessage


def reply_cost(replies: Iterable[ChatMessage]) -> float:
    """
    Add up what replies cost, for example those of a pipeline or all messages of an agent.

    With a key of your own at a provider (BYOK), `usage["cost"]` is OpenRouter's fee only; the provider's bill,
    `usage["cost_details"]["upstream_inference_cost"]`, is added.
    Source: https://openrouter.ai/docs/use-cases/usage-accounting.

    :param replies: Messages. Those that report no cost, such as the user's, count nothing.
    :returns: The cost in USD.
    :raises TypeError: If it is something else than messages.
    """
    if isinstance(replies, ChatMessage | str | dict) or not isinstance(replies, Iterable):
        msg = f'`replies` must be a list of ChatMessage, such as `result["replies"]`, not {type(replies).__name__}.'
        raise TypeError(msg)
    return fsum(map(_cost, replies))


def _cost(message: ChatMessage) -> float:
    if not isinstance(message, ChatMessage):
        msg = f"`replies` must be a list of ChatMessage, and holds a {type(message).__name__}."
        raise TypeError(msg)
    usage: Any = message.meta.get("usage")
    if not isinstance(usage, dict):
        return 0.0
    details = usage.get("cost_details")
    upstream = details.get("upstream_inference_cost") if usage.get("is_byok") and isinstance(details, dict) else None
    return _dollars(usage.get("cost")) + _dollars(upstream)


def _dollars(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
