# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A cost budget for the runs of an Agent.
"""

import re
from collections.abc import Callable
from decimal import Decimal, localcontext
from secrets import token_hex
from typing import Any
from weakref import WeakKeyDictionary

from haystack import logging
from haystack.components.agents.state.state import State
from haystack.core.errors import SerializationError
from haystack.core.serialization import default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage
from haystack.utils import deserialize_callable, serialize_callable
from haystack.version import __version__ as haystack_version

from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.usage import EXACT
from haystack_integrations.hooks.openrouter._account import Accounts, Metered, checked_accounts, positive, told
from haystack_integrations.hooks.openrouter._tally import TALLY, is_tally, metered_before, read_tally
from haystack_integrations.hooks.openrouter.cost_store import OpenRouterCostStore

logger = logging.getLogger(__name__)

_FINAL_MESSAGE = "The Agent stopped because the cost budget was exceeded."
_UNKNOWN_MESSAGE = "The Agent stopped because its cost budget could not be read."

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
    Haystack's `MultiQueryEmbeddingRetriever`. So the hook may stop early, and never late.

    With `per`, `window` or `store`, the budget is that of a user, a team or a day, and outlives the run. All that a run
    causes is added to the store at once, its last reply and what fails afterwards included. A run can exceed the budget
    by what is under way, in this run and in others of the same label. If the store can't be written, the run goes on,
    and what is missing counts in this process. If it can't be read, no call is made, and the exit reason is
    `"cost_budget_unknown"`.

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

    A budget of half a dollar a day for each user:

    ```python
    from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter
    from haystack_integrations.hooks.openrouter import OpenRouterSQLiteCostStore

    def user(state):
        return state.data["hook_context"]["user"]

    meter = OpenRouterCostMeter()
    budget = OpenRouterCostBudgetHook(
        0.5, cost_meter=meter, per=user, window=86_400, store=OpenRouterSQLiteCostStore("costs.db")
    )
    agent = Agent(
        chat_generator=OpenRouterChatGenerator(cost_meter=meter), tools=[search], hooks={"before_llm": [budget]}
    )
    agent.run([ChatMessage.from_user("Hi")], hook_context={"user": "user-17"})
    ```
    """

    allowed_hook_points = ("before_llm",)

    def __init__(
        self,
        max_cost: float,
        add_final_message: bool = False,
        cost_meter: OpenRouterCostMeter | None = None,
        *,
        per: str | Callable[[State], str] | None = None,
        window: float | None = None,
        store: OpenRouterCostStore | None = None,
    ) -> None:
        """
        Create the hook.

        :param max_cost: The budget in USD: for one run, or for all runs that `per` and `window` take together.
        :param add_final_message: Whether to add an assistant message that says why the Agent stopped.
        :param cost_meter: The meter of all components whose requests are to count, the Agent's generator included.
            None counts the Agent's own replies.
        :param per: Whose budget it is: a label, such as the name of a team, or a function that returns the label of a
            run. It is called with the Agent's state, so it can return what the run was given as `hook_context`.
        :param window: For how many seconds a cost counts, at most a hundredth longer: 86,400 for a day. None means for
            ever.
        :param store: Where it is kept what was spent. None keeps it in memory. Hooks of one store, label and window
            have one budget.
        :raises TypeError: If `max_cost` or `window` is not a number, `cost_meter` no meter, `per` neither a string nor
            a function, or `store` no store.
        :raises ValueError: If `max_cost` or `window` is not positive and finite, `per` is empty, or `per`, `window` or
            `store` is given without a `cost_meter`.
        :raises ImportError: If haystack-ai is older than 3.4.
        """
        check_haystack("OpenRouterCostBudgetHook")
        self.max_cost = positive(max_cost, "max_cost", "number of USD, such as 0.5")
        self.add_final_message = add_final_message
        if cost_meter is not None:
            checks.instance(cost_meter, "`cost_meter`", OpenRouterCostMeter, "an OpenRouterCostMeter or None")
        self.cost_meter = cost_meter
        self.per, self.window, self.store = per, window, store
        self._accounts = self._checked_accounts()
        self._metered: WeakKeyDictionary[State, Metered] = WeakKeyDictionary()
        self._warned = False

    def _checked_accounts(self) -> Accounts | None:
        if self.per is None and self.window is None and self.store is None:
            return None
        if self.cost_meter is None:
            msg = (
                "`per`, `window` and `store` need a `cost_meter`, which counts the last reply of a run, too. "
                "Give the same OpenRouterCostMeter to the hook and to the components."
            )
            raise ValueError(msg)
        return checked_accounts(self.per, self.window, self.store)

    def run(self, state: State) -> None:
        """
        Stop the run if its replies have used up the budget.

        :param state: The Agent's state.
        """
        with localcontext(EXACT):
            self._run(state)

    def _run(self, state: State) -> None:
        usage, steps = state.data.get("token_usage") or {}, state.data.get("step_count")
        # a snapshot that is saved after a tool has the messages of a step that is not yet counted
        tally = read_tally(usage, None if steps is None else [steps, len(state.data.get("messages") or [])])
        spent, is_known, written = tally.spent, tally.is_known, tally.to_dict()
        if self.cost_meter is not None:
            metered = self._metered_by(self.cost_meter, state, metered_before(usage, spent))
            total, is_known = metered.before + metered.since.total, not metered.since.unknown
            written["metered"] = f"{total:f}"
            # replies that the meter does not see, because the generator has none
            unseen = 0 if metered.has_replies(state) and total >= spent * _ALMOST else spent
            try:
                spent = unseen + (total if metered.account is None else metered.account.spent())
            except Exception as error:
                logger.warning(
                    "The Agent's cost budget can't be read from its store ({error}); requesting a stop.",
                    error=told(error),
                )
                self._stop(state, "cost_budget_unknown", _UNKNOWN_MESSAGE)
                return
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
        self._stop(state, "cost_budget_exceeded", _FINAL_MESSAGE)

    def _stop(self, state: State, reason: str, message: str) -> None:
        state.set("stop_run", reason)
        if self.add_final_message:
            state.set("messages", [ChatMessage.from_assistant(message)])

    async def run_async(self, state: State) -> None:
        """
        Stop the run if its replies have used up the budget. Does the same as `run`.

        :param state: The Agent's state.
        """
        self.run(state)

    def spent(self, label: str = "") -> Decimal:
        """
        Return what counts towards the budget of a label now.

        :param label: The label, as `per` gives it. "" without `per`.
        :returns: The amount in USD.
        :raises ValueError: If the budget is one for each run: without `per`, `window` and `store`.
        :raises Exception: If the store can't be read.
        """
        if self._accounts is None:
            msg = "`spent` needs a budget with `per`, `window` or `store`. Others are kept in the state of each run."
            raise ValueError(msg)
        return self._accounts.of_label(label).spent()

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the hook.

        :returns: The hook as a dictionary.
        :raises SerializationError: If `per` is a lambda or a nested function, or `store` has no `to_dict`.
        """
        if self.store is not None and not hasattr(self.store, "to_dict"):
            msg = f"`store` can't be serialized: {type(self.store).__name__} has no `to_dict`."
            raise SerializationError(msg)
        per = {"function": serialize_callable(self.per)} if callable(self.per) else self.per
        more = {"cost_meter": self.cost_meter, "per": per, "window": self.window, "store": self.store}
        given = {name: value for name, value in more.items() if value is not None}
        return default_to_dict(self, max_cost=self.max_cost, add_final_message=self.add_final_message, **given)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "OpenRouterCostBudgetHook":
        """
        Deserialize the hook.

        :param data: The dictionary from `to_dict`.
        :returns: The hook.
        """
        parameters = data.get("init_parameters", {})
        if isinstance(per := parameters.get("per"), dict):
            data = {**data, "init_parameters": {**parameters, "per": deserialize_callable(per["function"])}}
        return default_from_dict(cls, data)

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what is of this process: the runs under way."""
        return {name: value for name, value in self.__dict__.items() if name not in {"_metered", "_accounts"}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begin without runs."""
        self.__dict__.update(state)
        self._accounts = self._checked_accounts()
        self._metered = WeakKeyDictionary()

    def _metered_by(self, meter: OpenRouterCostMeter, state: State, before: Decimal) -> Metered:
        """What the meter counts of a run, from when its state came here first."""
        if (found := self._metered.get(state)) is None:
            account = None if self._accounts is None else self._accounts.of_run(state)
            found = self._metered[state] = Metered(before, meter.ledger.watch(account), account)
        return found

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
