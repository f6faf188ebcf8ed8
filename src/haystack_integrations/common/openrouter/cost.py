# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The cost of requests: one, several, as a table, or of everything that an application requests.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from haystack.dataclasses import ChatMessage

from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import mapping
from haystack_integrations.common.openrouter._wire.text_table import table
from haystack_integrations.common.openrouter._wire.usage import cost_of_response, figures, total

__all__ = ["OpenRouterCostMeter", "cost_table", "reply_cost", "reported_cost", "usage_cost"]

_HEAD = ("model", "provider", "in", "cached", "out", "reasoning", "USD")


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
    byok = mapping(usage).get("is_byok")
    if byok and isinstance(byok, int) and not isinstance(byok, bool):
        msg = (
            f"`usage` is a sum over several requests, {byok} of which used your own key (BYOK), so the cost "
            'can\'t be computed from it. For an Agent, use reply_cost(result["messages"]) from '
            "haystack_integrations.components.generators.openrouter."
        )
        raise ValueError(msg)
    return cost_of_response(usage)


def reply_cost(replies: Iterable[ChatMessage]) -> float:
    """
    Add up the cost of replies, for example those of a pipeline or all messages of an agent.

    What providers bill for your own key (BYOK) is included: see `usage_cost`. With `n`, all replies of a request report
    the cost of the whole request. It is counted once.

    The messages of an agent include the history that you passed in. They include neither what a compaction hook has
    dropped nor what tools, sub-agents and hooks have requested: `OpenRouterCostMeter` counts all of it.

    :param replies: Messages. Those without a cost, such as user messages, are ignored.
    :returns: The cost in USD.
    :raises TypeError: If they are not messages.
    """
    return (
        total(cost_of_response(reply.meta.get("usage")) for reply in _one_for_each_request(replies, "replies")) or 0.0
    )


def cost_table(messages: Iterable[ChatMessage]) -> str:
    """
    Make a table of costs, with a row for each request and a row with the sum.

    The columns are the model, the provider, input tokens, those of them that were read from a cache, output tokens,
    those of them that were reasoning, and the cost in USD as in `reply_cost`. A `-` means that OpenRouter did not
    report the value.

    :param messages: Messages, such as those of an agent. Those without `meta["usage"]` are left out.
    :returns: The table as text, for a fixed-width font.
    :raises TypeError: If they are not messages.
    """
    metas = [message.meta for message in _one_for_each_request(messages, "messages")]
    metas = [meta for meta in metas if isinstance(meta.get("usage"), dict)]
    rows = [list(figures(meta["usage"]).values()) for meta in metas]
    lines = [_line(meta.get("model"), meta.get("provider"), row) for meta, row in zip(metas, rows, strict=True)]
    sums = [total(column) for column in zip(*rows, strict=True)] or [0.0] * 5
    return table([_HEAD, *lines, _line("total", "", sums)], "<<>>>>>")


def _one_for_each_request(messages: Iterable[ChatMessage], argument: str) -> Iterator[ChatMessage]:
    """Leave out the further replies of a request: they have the same id and the same usage as its first one."""
    checks.instance(messages, f"`{argument}`", Iterable, 'a list of ChatMessage, such as `result["replies"]`')
    seen = set()
    for message in messages:
        checks.instance(message, f"`{argument}` must be a list of ChatMessage. Each item", ChatMessage, "a ChatMessage")
        generation = message.meta.get("id")
        # the id alone is not enough: a reply from OpenRouter's response cache may have the id of the first one
        request = (generation, repr(message.meta.get("usage"))) if isinstance(generation, str) else None
        if request is None or request not in seen:
            seen.add(request)
            yield message


def _line(model: object, provider: object, numbers: Sequence[float | None]) -> list[str]:
    formats = ("{:.0f}",) * 4 + ("{:.6f}",)
    cells = ["-" if number is None else form.format(number) for form, number in zip(formats, numbers, strict=True)]
    return [*("-" if name is None else str(name) for name in (model, provider)), *cells]
