# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What a request cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haystack_integrations.common.openrouter.responses import is_number


def usage_cost(usage: Mapping[str, Any] | None) -> float:
    """
    Tell what the request behind a `meta["usage"]` cost, whichever component it is from.

    With a key of your own at a provider (BYOK), `cost` is OpenRouter's fee only; the provider's bill,
    `cost_details["upstream_inference_cost"]`, is added.
    Source: https://openrouter.ai/docs/use-cases/usage-accounting.

    An Agent's `token_usage` is not the usage of one request. It adds up the numbers of several, so it no longer tells
    which of them used a key of your own, and a reply without a cost resets the sum. Use `reply_cost` with the messages.

    :param usage: `usage` as OpenRouter sent it, or None.
    :returns: The cost in USD; 0 if none is reported. `reported_cost` tells these two apart.
    :raises ValueError: If `usage` is a sum over requests some of which used a key of your own.
    """
    return reported_cost(usage) or 0.0


def reported_cost(usage: Mapping[str, Any] | None) -> float | None:
    """
    Tell what a request cost, as `usage_cost` does, or that this is not known.

    :param usage: `usage` as OpenRouter sent it, or None.
    :returns: The cost in USD, or None if none is reported.
    :raises ValueError: If `usage` is a sum over requests some of which used a key of your own.
    """
    byok = usage.get("is_byok") if isinstance(usage, Mapping) else None
    if byok and isinstance(byok, int) and not isinstance(byok, bool):
        msg = (
            f"`usage` is a sum over several requests, {byok} of which used a key of your own (BYOK), so it does not "
            'tell what they cost. For an Agent, use reply_cost(result["messages"]) of '
            "haystack_integrations.components.generators.openrouter."
        )
        raise ValueError(msg)
    return cost_of_response(usage)


def cost_of_response(usage: object) -> float | None:
    """
    Read the cost from the usage in one response.

    :param usage: `usage` as OpenRouter sent it: a dictionary, or something odd.
    :returns: The cost in USD, with the bill of a provider for the user's own key, or None if none is reported.
    """
    if not isinstance(usage, Mapping):
        return None
    bills, details = [usage.get("cost")], usage.get("cost_details")
    if usage.get("is_byok") and isinstance(details, Mapping):
        bills.append(details.get("upstream_inference_cost"))
    known = [dollars for bill in bills if (dollars := amount(bill)) is not None]
    return sum(known) if known else None


def figures(usage: object) -> dict[str, float | None]:
    """
    Read the tokens and the cost from the usage in one response.

    :param usage: `usage` as OpenRouter sent it: a dictionary, or something odd.
    :returns: `prompt_tokens`, `cached_tokens`, `completion_tokens`, `reasoning_tokens`, and `cost` in USD. What is not
        reported is None.
    """
    usage = usage if isinstance(usage, Mapping) else {}
    sent, made = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    return {
        "prompt_tokens": amount(usage.get("prompt_tokens")),
        "cached_tokens": amount(sent.get("cached_tokens")) if isinstance(sent, Mapping) else None,
        "completion_tokens": amount(usage.get("completion_tokens")),
        "reasoning_tokens": amount(made.get("reasoning_tokens")) if isinstance(made, Mapping) else None,
        "cost": cost_of_response(usage),
    }


def amount(value: object) -> float | None:
    """
    Read an amount from `usage`.

    :param value: A value of any type.
    :returns: The number, or None if it is not a finite number.
    """
    return float(value) if is_number(value) else None
