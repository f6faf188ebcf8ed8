# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The cost of a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haystack_integrations.common.openrouter._wire.responses import is_number


def usage_cost(usage: Mapping[str, Any] | None) -> float:
    """
    Return the cost of the request that a `meta["usage"]` describes, for any component.

    If OpenRouter uses your own key for a provider (BYOK), `cost` is only OpenRouter's fee. The provider's bill,
    `cost_details["upstream_inference_cost"]`, is added.
    Source: https://openrouter.ai/docs/use-cases/usage-accounting.

    Don't use an Agent's `token_usage`. It is a sum over several requests, in which a reply without a cost resets the
    sum, and it no longer shows which requests used your own key. Use `reply_cost` with the messages instead.

    :param usage: `usage` as OpenRouter sent it, or None.
    :returns: The cost in USD, or 0 if none is reported. `reported_cost` returns None in that case.
    :raises ValueError: If `usage` is a sum over several requests, and some of them used your own key.
    """
    return reported_cost(usage) or 0.0


def reported_cost(usage: Mapping[str, Any] | None) -> float | None:
    """
    Return the cost of a request, as `usage_cost` does, or None if it is not known.

    :param usage: `usage` as OpenRouter sent it, or None.
    :returns: The cost in USD, or None if none is reported.
    :raises ValueError: If `usage` is a sum over several requests, and some of them used your own key.
    """
    byok = usage.get("is_byok") if isinstance(usage, Mapping) else None
    if byok and isinstance(byok, int) and not isinstance(byok, bool):
        msg = (
            f"`usage` is a sum over several requests, {byok} of which used your own key (BYOK), so the cost "
            'can\'t be computed from it. For an Agent, use reply_cost(result["messages"]) from '
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
