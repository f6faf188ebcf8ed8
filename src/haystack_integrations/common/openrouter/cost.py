# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The cost of requests: one, several, as a table, or of everything that an application requests.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from haystack.dataclasses import ChatMessage

from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._catalogue.model import OpenRouterModel, checked_models
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import mapping
from haystack_integrations.common.openrouter._wire.table import Column, Table
from haystack_integrations.common.openrouter._wire.usage import amount, cost_of_response, figures, total

__all__ = ["OpenRouterCostMeter", "cost_table", "reply_cost", "reported_cost", "usage_cost"]

_TOKENS = {
    "prompt_tokens": "in",
    "cached_tokens": "cached",
    "completion_tokens": "out",
    "reasoning_tokens": "reasoning",
}
_COLUMNS = [
    Column("model", "model"),
    Column("provider", "provider"),
    *(Column(name, head, "{:.0f}".format, ">") for name, head in _TOKENS.items()),
    Column("cost", "USD", "{:.6f}".format, ">"),
]
_SAVED = Column("saved", "USD saved", "{:.6f}".format, ">")


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


def cost_table(messages: Iterable[ChatMessage], prices: Iterable[OpenRouterModel] | None = None) -> Table:
    """
    Make a table of costs, with a row for each request and a row with the sum.

    The columns are the model, the provider, input tokens, those of them that were read from a cache, output tokens,
    those of them that were reasoning, and the cost in USD as in `reply_cost`. A `-` means that OpenRouter did not
    report the value.

    :param messages: Messages, such as those of an agent. Those without `meta["usage"]` are left out.
    :param prices: Models with their prices, such as `OpenRouterModels().list()`, for a column with what prompt caching
        has saved, in USD: what reading from the cache cost less, less what writing to it cost more than other input.
        It is an estimate from the listed prices, and a `-` for a model that is not among them.
    :returns: The table: a string for a fixed-width font, HTML in a notebook, and a list of dictionaries in `rows`, with
        the keys `model`, `provider`, `prompt_tokens`, `cached_tokens`, `completion_tokens`, `reasoning_tokens`, `cost`
        and, with `prices`, `saved`. They have no row with the sum.
    :raises TypeError: If they are not messages, or `prices` are not models.
    """
    listed = None if prices is None else checked_models(prices, "prices").by_served_name()
    metas = [message.meta for message in _one_for_each_request(messages, "messages")]
    rows = [_row(meta, listed) for meta in metas if isinstance(meta.get("usage"), dict)]
    columns = _COLUMNS if listed is None else [*_COLUMNS, _SAVED]
    sums = {column.name: total(row[column.name] for row in rows) if rows else 0 for column in columns[2:]}
    return Table(columns, rows, {"model": "total", "provider": "", **sums})


def _row(meta: Mapping[str, Any], listed: Mapping[str, OpenRouterModel] | None) -> dict[str, Any]:
    names = {name: None if meta.get(name) is None else str(meta[name]) for name in ("model", "provider")}
    row: dict[str, Any] = {**names, **figures(meta["usage"])}
    for name in _TOKENS:
        row[name] = None if row[name] is None else round(row[name])
    return row if listed is None else {**row, "saved": _saved(listed.get(row["model"]), meta["usage"], row)}


def _saved(model: OpenRouterModel | None, usage: Mapping[str, Any], row: Mapping[str, Any]) -> float | None:
    """What a cache has saved, or None if the model or what it read is unknown."""
    written = round(amount(mapping(usage.get("prompt_tokens_details")).get("cache_write_tokens")) or 0)
    counts = (row["prompt_tokens"], row["cached_tokens"], written)
    if model is None or any(count is None or count < 0 for count in counts):
        return None
    saved = model.saved_by_cache(*counts)
    return None if saved is None else float(saved)


def _one_for_each_request(messages: Iterable[ChatMessage], argument: str) -> Iterator[ChatMessage]:
    """Leave out the further replies of a request: they have the same id and the same usage as its first one."""
    what = f'a list of ChatMessage, such as `result["{argument}"]`'
    checks.instance(messages, f"`{argument}`", Iterable, what)
    seen = set()
    for message in messages:
        checks.instance(message, f"`{argument}` must be {what}. Each item", ChatMessage, "a ChatMessage")
        generation = message.meta.get("id")
        # the id alone is not enough: a reply from OpenRouter's response cache may have the id of the first one
        request = (generation, repr(message.meta.get("usage"))) if isinstance(generation, str) else None
        if request is None or request not in seen:
            seen.add(request)
            yield message
