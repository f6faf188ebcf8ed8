# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A cost budget for the runs of an Agent.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from secrets import token_hex
from typing import Any
from weakref import WeakKeyDictionary

from haystack import logging
from haystack.components.agents.state.state import State
from haystack.core.serialization import default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage
from haystack.version import __version__ as haystack_version

from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._transport.ledger import Spending
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import mapping
from haystack_integrations.hooks.openrouter._tally import SPENT, TALLY, is_tally, read_tally

logger = logging.getLogger(__name__)

_FINAL_MESSAGE = "The Agent stopped because the cost budget was exceeded."

# The sums of the Agent are floats.
_ALMOST = Decimal("0.999999999")


class OpenRouterCostBudgetHook:
    """
    Ends the run of an Agent once its replies have cost a given amount.

    The hook runs before each call of the chat generator, at the hook point `before_llm`. When the replies of this run
    have cost `max_cost` or more, no further call is made, and the exit reason is `"cost_budget_exceeded"`. The cost of
    a call is known only afterwards, so a run can exceed its budget by the cost of its last call.

    What a provider bills for your own key (BYOK) counts. Earlier runs do not count, even if their messages are passed
    in as history. Replies that report no cost do not count either, and the first one logs a warning. A cost that can't
    be read, such as a negative one, is none. After a cost that hides those of later replies in the sums of the Agent,
    such as infinity, no call is made.

    Models that tools or other hooks call, such as a sub-agent or a summary, count only with a `cost_meter`: then all
    that it counts from the beginning of the run on counts, whoever requested it. What other runs of agents request at
    the same time is left out, unless it comes from a thread that has not copied any context, such as those of
    Haystack's `LLMRanker`. So the hook may stop early, and never late.

    One hook can serve many runs at once. The cost so far is kept in the Agent's state, in `token_usage`, so a run that
    is resumed from a snapshot of its state keeps its cost. Nothing that a reply holds can lower it.

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

    def __init__(
        self, max_cost: float, add_final_message: bool = False, cost_meter: OpenRouterCostMeter | None = None
    ) -> None:
        """
        Create the hook.

        :param max_cost: The budget for one run, in USD.
        :param add_final_message: Whether to add an assistant message that says why the Agent stopped.
        :param cost_meter: The meter of all components whose requests are to count, the Agent's generator included.
            None counts the Agent's own replies.
        :raises TypeError: If `max_cost` is not a number, or `cost_meter` no meter.
        :raises ValueError: If `max_cost` is not positive and finite.
        :raises ImportError: If haystack-ai is older than 3.4.
        """
        check_haystack("OpenRouterCostBudgetHook")
        self.max_cost = _checked_cost(max_cost)
        self.add_final_message = add_final_message
        if cost_meter is not None:
            checks.instance(cost_meter, "`cost_meter`", OpenRouterCostMeter, "an OpenRouterCostMeter or None")
        self.cost_meter = cost_meter
        self._warned = False

    def run(self, state: State) -> None:
        """
        Stop the run if its replies have used up the budget.

        :param state: The Agent's state.
        """
        usage, steps = state.data.get("token_usage") or {}, state.data.get("step_count")
        # a snapshot that is saved after a tool has the messages of a step that is not yet counted
        tally = read_tally(usage, None if steps is None else [steps, len(state.data.get("messages") or [])])
        spent, is_known, written = tally.spent, tally.is_known, tally.to_dict()
        if self.cost_meter is not None:
            metered, is_known = self._by_meter(self.cost_meter, state, usage)
            written["metered"] = f"{metered:f}"
            spent = metered if self._counts_replies(state) and metered >= spent * _ALMOST else metered + spent
        kept = {name: value for name, value in usage.items() if not is_tally(name)}
        state.set("token_usage", {**kept, f"{TALLY}{token_hex(8)}": written})
        if not is_known and steps:
            self._warn_once()
        budget = Decimal(repr(self.max_cost))
        if spent < budget and not tally.hides_the_next:
            return
        what = "has reached" if spent >= budget else "has a reply whose cost hides later ones from"
        logger.warning(
            "The Agent {what} its cost budget of {max_cost} USD ({spent} USD spent); requesting a stop.",
            what=what,
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
        more = {} if self.cost_meter is None else {"cost_meter": self.cost_meter.to_dict()}
        return default_to_dict(self, max_cost=self.max_cost, add_final_message=self.add_final_message, **more)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "OpenRouterCostBudgetHook":
        """
        Deserialize the hook.

        :param data: The dictionary from `to_dict`.
        :returns: The hook.
        """
        return default_from_dict(cls, data)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the runs under way behind: they are of this process."""
        return {name: value for name, value in self.__dict__.items() if name != "_metered"}

    @cached_property
    def _metered(self) -> WeakKeyDictionary[State, tuple[Decimal, Spending]]:
        """What each run had spent when its state came here first, and what it has spent since."""
        return WeakKeyDictionary()

    def _by_meter(self, meter: OpenRouterCostMeter, state: State, usage: Mapping[str, Any]) -> tuple[Decimal, bool]:
        """What the run has spent as its meter counts, and whether all of it is known."""
        if state not in self._metered:
            earlier = [mapping(kept).get("metered") for name, kept in usage.items() if is_tally(name)]
            known = [Decimal(text) for text in earlier if isinstance(text, str) and SPENT.fullmatch(text)]
            self._metered[state] = max(known, default=Decimal(0)), meter.watch()
        before, since = self._metered[state]
        return before + since.total, not since.unknown

    def _counts_replies(self, state: State) -> bool:
        """Whether the Agent's own replies are in the meter, as far as the last one tells."""
        before, since = self._metered[state]
        metas = [message.meta for message in state.data.get("messages") or [] if message.meta.get("usage")]
        generation = metas[-1].get("id") if metas else None
        resumed = before and not since.calls  # the last one was counted elsewhere
        return bool(resumed) or not isinstance(generation, str) or generation in since.generations

    def _warn_once(self) -> None:
        if not self._warned:
            self._warned = True
            logger.warning(
                "A reply reports no cost that can be read, so it does not count towards the budget of {max_cost} USD. "
                "OpenRouterCostBudgetHook needs the replies of OpenRouterChatGenerator, which have the cost in "
                '`meta["usage"]["cost"]`.',
                max_cost=self.max_cost,
            )


def check_haystack(hook: str) -> None:
    """Raise an ImportError if haystack-ai is too old for a hook."""
    number = re.match(r"(\d+)\.(\d+)", haystack_version)  # "main" for a haystack that is not installed as a package
    if number and (int(number[1]), int(number[2])) < (3, 4):
        msg = (
            f"{hook} needs haystack-ai 3.4 or newer, whose Agent lets a hook end a run. "
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
