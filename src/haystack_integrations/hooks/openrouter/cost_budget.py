# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A cost budget for the runs of an Agent.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from haystack import logging
from haystack.components.agents.state.state import State
from haystack.core.serialization import default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage
from haystack.version import __version__ as haystack_version

from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import mapping
from haystack_integrations.common.openrouter._wire.usage import ABSURD, amount

logger = logging.getLogger(__name__)

_FINAL_MESSAGE = "The Agent stopped because the cost budget was exceeded."

# The key in `token_usage` under which the cost so far is kept, with the sums that it was read from. It is there and not
# in the hook, so that one hook can serve many runs at once and that a snapshot of the state holds it.
_TALLY = "openrouter_cost_budget"
# A float holds 15 decimal digits exactly.
_DIGITS = 15


class OpenRouterCostBudgetHook:
    """
    Ends the run of an Agent once its replies have cost a given amount.

    The hook runs before each call of the chat generator, at the hook point `before_llm`. When the replies of this run
    have cost `max_cost` or more, no further call is made, and the exit reason is `"cost_budget_exceeded"`. The cost of
    a call is known only afterwards, so a run can exceed its budget by the cost of its last call.

    What a provider bills for your own key (BYOK) counts. Earlier runs do not count, even if their messages are passed
    in as history. Nor do models that tools or other hooks call, such as a sub-agent or a summary. Replies that report
    no cost do not count either, and the first one logs a warning.

    One hook can serve many runs at once. The cost so far is kept in the Agent's state, in
    `token_usage["openrouter_cost_budget"]`, so a run that is resumed from a snapshot of its state keeps its cost.

    The hook needs haystack-ai 3.4 or newer.

    ### Usage example

    ```python
    from haystack.components.agents import Agent
    from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
    from haystack_integrations.hooks.openrouter import OpenRouterCostBudgetHook

    agent = Agent(
        chat_generator=OpenRouterChatGenerator(),
        tools=[search],
        hooks={"before_llm": [OpenRouterCostBudgetHook(max_cost=0.5)]},
    )
    ```
    """

    allowed_hook_points = ("before_llm",)

    def __init__(self, max_cost: float, add_final_message: bool = False) -> None:
        """
        Create the hook.

        :param max_cost: The budget for the replies of one run, in USD.
        :param add_final_message: Whether to add an assistant message that says why the Agent stopped.
        :raises TypeError: If `max_cost` is not a number.
        :raises ValueError: If `max_cost` is not positive and finite.
        :raises ImportError: If haystack-ai is older than 3.4.
        """
        _check_haystack()
        self.max_cost = _checked_cost(max_cost)
        self.add_final_message = add_final_message
        self._warned = False

    def run(self, state: State) -> None:
        """
        Stop the run if its replies have used up the budget.

        :param state: The Agent's state.
        """
        usage = state.data.get("token_usage") or {}
        cost = usage.get("cost")
        if amount(cost) is None:
            self._warn_once(state)
        usage = _with_tally(usage)
        state.set("token_usage", usage)
        spent, budget = Decimal(usage[_TALLY]["spent"]), Decimal(repr(self.max_cost))
        # an absurd sum hides the costs that come after it
        if spent < budget and not (isinstance(cost, int | float) and cost >= ABSURD):
            return
        logger.warning(
            "The Agent has reached its cost budget of {max_cost} USD ({spent} USD spent); requesting a stop.",
            max_cost=f"{budget:f}",
            spent=f"{spent:f}",
        )
        state.set("stop_run", "cost_budget_exceeded")
        if self.add_final_message:
            state.set("messages", [ChatMessage.from_assistant(_FINAL_MESSAGE)])

    async def run_async(self, state: State) -> None:
        """
        Stop the run if its replies have used up the budget. Does the same as `run`.

        :param state: The Agent's state.
        """
        self.run(state)

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the hook.

        :returns: The hook as a dictionary.
        """
        return default_to_dict(self, max_cost=self.max_cost, add_final_message=self.add_final_message)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "OpenRouterCostBudgetHook":
        """
        Deserialize the hook.

        :param data: The dictionary from `to_dict`.
        :returns: The hook.
        """
        return default_from_dict(cls, data)

    def _warn_once(self, state: State) -> None:
        if state.data.get("step_count") and not self._warned:
            self._warned = True
            logger.warning(
                "A reply reports no cost, so it does not count towards the budget of {max_cost} USD. "
                "OpenRouterCostBudgetHook needs the replies of OpenRouterChatGenerator, which have the cost in "
                '`meta["usage"]["cost"]`.',
                max_cost=self.max_cost,
            )


def _check_haystack() -> None:
    number = re.match(r"(\d+)\.(\d+)", haystack_version)  # "main" for a haystack that is not installed as a package
    if number and (int(number[1]), int(number[2])) < (3, 4):
        msg = (
            "OpenRouterCostBudgetHook needs haystack-ai 3.4 or newer, whose Agent lets a hook end a run. "
            f"{haystack_version} is installed. Upgrade it: pip install -U 'haystack-ai>=3.4'"
        )
        raise ImportError(msg)


def _checked_cost(max_cost: object) -> float:
    if isinstance(max_cost, bool) or not isinstance(max_cost, int | float | Decimal):
        msg = f"`max_cost` must be a number of USD, such as 0.5, not {type(max_cost).__name__}."
        raise TypeError(msg)
    if not (checks.is_finite(max_cost) and float(max_cost) > 0):
        msg = f"`max_cost` must be a positive, finite number of USD, such as 0.5, not {checks.shown(max_cost)}."
        raise ValueError(msg)
    return float(max_cost)


def _with_tally(token_usage: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the sums of a run, and add what was used since the last tally to its cost."""
    # The Agent adds up the numbers in the `usage` of each reply. The cost can't be computed from these sums alone: they
    # are floats, `is_byok` becomes a count, and a null makes a sum null. But the difference between one sum and the
    # next is exactly the usage of one call. The messages can't be used either: they include earlier runs, and
    # compaction hooks drop some of them. Without a tally, all of a run counts as one call.
    tally = token_usage.get(_TALLY) or {}
    before, now = tally.get("sums") or {}, _sums(token_usage)
    cost = _step(before, now, "cost")
    if _step(before, now, "is_byok"):
        cost += _step(before, now, "upstream_inference_cost")
    spent = Decimal(tally.get("spent", 0)) + cost
    return {**token_usage, _TALLY: {"spent": f"{spent.normalize():f}", "sums": now}}


def _sums(usage: Mapping[str, Any]) -> dict[str, float | None]:
    upstream = mapping(usage.get("cost_details")).get("upstream_inference_cost")
    flag = usage.get("is_byok")
    byok = int(flag) if isinstance(flag, bool) else amount(flag)
    return {"cost": amount(usage.get("cost")), "is_byok": byok, "upstream_inference_cost": amount(upstream)}


def _step(before: Mapping[str, float | None], now: Mapping[str, float | None], name: str) -> Decimal:
    """How much a sum has grown. A null adds nothing, and after it the sum starts again at 0."""
    old, new = Decimal(before.get(name) or 0), Decimal(now[name] or 0)
    step = new - old if old <= new else new
    return step.quantize(Decimal(1).scaleb(new.adjusted() + 1 - _DIGITS))
