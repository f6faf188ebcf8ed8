# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The cost budget of an Agent's run, and what the state of the Agent does not tell about it."""

import asyncio
import copy
import json
import logging
import pickle
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.components.agents.state import State
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from haystack.version import __version__ as haystack_version
from hypothesis import given
from hypothesis import strategies as st
from stand_in import Answer, StandIn
from strategies import FAST, json_values
from wire import USAGE, call, completion, events

from haystack_integrations.common.openrouter.cost import reported_cost
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, reply_cost
from haystack_integrations.hooks.openrouter import OpenRouterCostBudgetHook, cost_budget

IS_OLD = tuple(map(int, haystack_version.split(".")[:2])) < (3, 4)
needs_34 = pytest.mark.skipif(IS_OLD, reason="the Agent of haystack-ai 3.4 is the first that the hook supports")

EXCEEDED = "cost_budget_exceeded"
QUESTION = [ChatMessage.from_user("Count.")]
BYOK = {"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.24}}
NULL: dict[str, Any] = {"cost": None, "is_byok": None, "cost_details": None}


@tool
def count(number: int) -> str:
    """Count."""
    return f"{number}"


def step(**usage: Any) -> Answer:
    return Answer.json(completion({"tool_calls": [call("count", '{"number": 1}')]}, "tool_calls", usage=USAGE | usage))


def last(**usage: Any) -> Answer:
    return Answer.json(completion({"content": "Done."}, usage=USAGE | usage))


def streamed_step(**usage: Any) -> Answer:
    sent = events({"tool_calls": [call("count", '{"number": 1}', index=0)]}, finish_reason="tool_calls")
    sent[-1]["usage"] = USAGE | usage
    return Answer.sse(sent)


class Forget:
    """A compaction hook that keeps the last message, a tool's result: no reply is left."""

    def run(self, state: State) -> None:
        state.set("messages", state.data["messages"][-1:], handler_override=lambda _, new: new)


class Save:
    """Saves the state after each tool, as an application does that wants to resume."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def run(self, state: State) -> None:
        self.states.append(json.dumps(state.to_dict(skip_keys=["tools", "hook_context"])))


class Restore:
    def __init__(self, saved: str) -> None:
        self.saved = saved

    def run(self, state: State) -> None:
        for key, value in State.from_dict(json.loads(self.saved)).data.items():
            state.set(key, value, handler_override=lambda _, new: new)


def counted(usage: dict[str, Any]) -> dict[str, Any]:
    """The `token_usage` of an Agent's state after the hook has looked at it."""
    state = State({"token_usage": {"type": dict[str, Any]}, "stop_run": {"type": str}}, {"token_usage": usage})
    OpenRouterCostBudgetHook(1e9).run(state)
    return state.data["token_usage"]


def spent(usage: dict[str, Any]) -> Decimal:
    (tally,) = (value for name, value in usage.items() if name.startswith("openrouter_cost_budget_"))
    return Decimal(tally["spent"])


@pytest.fixture
def agent(stand_in: StandIn) -> Any:
    def build(max_cost: float = 0.5, *before: Any, add_final_message: bool = False, **hooks: Any) -> Agent:
        hook = max_cost if isinstance(max_cost, OpenRouterCostBudgetHook) else None
        hook = hook or OpenRouterCostBudgetHook(max_cost, add_final_message=add_final_message)
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url, max_retries=0, timeout=10)
        return Agent(chat_generator=generator, tools=[count], hooks={"before_llm": [*before, hook], **hooks})

    return build


@needs_34
class TestRun:
    def test_the_run_ends_before_the_next_call(self, agent, stand_in, caplog):
        stand_in.script(step(cost=0.3), step(cost=0.3), last(cost=0.3))
        with caplog.at_level(logging.WARNING):
            result = agent(0.5).run(QUESTION)
        assert result["exit_reason"] == EXCEEDED
        assert len(stand_in.requests) == 2
        assert result["last_message"].tool_call_result is not None
        assert "cost budget of 0.5 USD (0.6 USD spent)" in caplog.text

    def test_within_the_budget(self, agent, stand_in, caplog):
        stand_in.script(step(cost=0.2), last(cost=0.4))
        with caplog.at_level(logging.WARNING):
            result = agent(0.5).run(QUESTION)
        assert (result["exit_reason"], result["last_message"].text) == ("text", "Done.")
        assert not caplog.records

    def test_ten_steps_of_a_dime_are_a_dollar(self, agent, stand_in):
        stand_in.script(*[step(cost=0.1)] * 10, last())
        result = agent(1.0).run(QUESTION)
        assert result["exit_reason"] == EXCEEDED
        assert len(stand_in.requests) == 10
        assert result["token_usage"]["cost"] < 1

    def test_a_final_message(self, agent, stand_in):
        stand_in.script(step(cost=0.5))
        result = agent(0.5, add_final_message=True).run(QUESTION)
        assert result["last_message"].text == "The Agent stopped because the cost budget was exceeded."
        assert result["last_message"] is result["messages"][-1]

    def test_streaming(self, agent, stand_in):
        stand_in.script(streamed_step(cost=0.3), streamed_step(cost=0.2))
        result = agent(0.5).run(QUESTION, streaming_callback=lambda chunk: None)
        assert (result["exit_reason"], len(stand_in.requests)) == (EXCEEDED, 2)

    @pytest.mark.asyncio
    async def test_async(self, agent, stand_in):
        stand_in.script(step(cost=0.3), step(cost=0.2))
        result = await agent(0.5).run_async(QUESTION)
        assert (result["exit_reason"], len(stand_in.requests)) == (EXCEEDED, 2)

    def test_in_a_pipeline(self, agent, stand_in):
        stand_in.script(step(cost=0.5))
        pipeline = Pipeline()
        pipeline.add_component("agent", agent(0.5))
        assert pipeline.run({"agent": {"messages": QUESTION}})["agent"]["exit_reason"] == EXCEEDED


@needs_34
class TestWhatCounts:
    def test_the_history_of_earlier_runs_does_not(self, agent, stand_in):
        stand_in.script(step(cost=0.4), last(cost=0.4), step(cost=0.4), last(cost=0.4))
        counting = agent(0.5)
        history = counting.run(QUESTION)["messages"]
        assert reply_cost(history) > 0
        result = counting.run([*history, ChatMessage.from_user("Again.")])
        assert result["exit_reason"] == "text"
        assert len(stand_in.requests) == 4

    @pytest.mark.parametrize("comes_first", [True, False], ids=["before the budget", "after the budget"])
    def test_messages_that_were_dropped_do(self, agent, stand_in, comes_first):
        stand_in.script(*[step(cost=0.1)] * 6)
        counting = agent(0.5, Forget()) if comes_first else agent(0.5)
        counting.hooks["before_llm"] += [] if comes_first else [Forget()]
        result = counting.run(QUESTION)
        assert (result["exit_reason"], len(stand_in.requests)) == (EXCEEDED, 5)
        assert reply_cost(result["messages"]) < 0.5

    @pytest.mark.parametrize(
        "used",
        [
            [BYOK, {"cost": 0.25}, {"cost": 0.1}],
            [{"cost": 0.25}, BYOK, {"cost": 0.1}],
            [BYOK, BYOK, {"cost": 0.1}],
        ],
        ids=["first", "second", "both"],
    )
    def test_what_a_provider_bills_does(self, agent, stand_in, used):
        stand_in.script(*(step(**usage) for usage in used))
        result = agent(0.5).run(QUESTION)
        assert (result["exit_reason"], len(stand_in.requests)) == (EXCEEDED, 2)

    def test_what_a_provider_would_have_billed_does_not(self, agent, stand_in):
        paid = {"cost": 0.1, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.1}}
        stand_in.script(*[step(**paid)] * 5)
        result = agent(0.5).run(QUESTION)
        assert (result["exit_reason"], len(stand_in.requests)) == (EXCEEDED, 5)

    def test_costs_before_and_after_a_null_do(self, agent, stand_in):
        stand_in.script(step(cost=0.2), step(**NULL), step(cost=0.2), step(**NULL), step(**BYOK), last())
        result = agent(0.6).run(QUESTION)
        assert (result["exit_reason"], len(stand_in.requests)) == (EXCEEDED, 5)

    @pytest.mark.parametrize("cost", [1e15, 10**40, 1e308])
    def test_a_cost_that_no_reply_has_does(self, agent, stand_in, cost):
        stand_in.script(step(cost=cost), step(cost=0.1))
        result = agent(0.5).run(QUESTION)
        assert (result["exit_reason"], len(stand_in.requests)) == (EXCEEDED, 1)

    def test_two_budgets_count_once(self, agent, stand_in):
        stand_in.script(step(cost=0.2), step(cost=0.2), step(cost=0.2))
        result = agent(0.6, OpenRouterCostBudgetHook(5)).run(QUESTION)
        assert (result["exit_reason"], len(stand_in.requests)) == (EXCEEDED, 3)


@needs_34
class TestManyRuns:
    def test_threads(self, agent, stand_in):
        hook = OpenRouterCostBudgetHook(0.3)
        stand_in.script(*[step(cost=0.1)] * 24)
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _: agent(hook).run(QUESTION), range(8)))
        assert {result["exit_reason"] for result in results} == {EXCEEDED}
        assert len(stand_in.requests) == 24

    @pytest.mark.asyncio
    async def test_tasks(self, agent, stand_in):
        counting = agent(0.3)
        stand_in.script(*[step(cost=0.1)] * 24)
        results = await asyncio.gather(*(counting.run_async(QUESTION) for _ in range(8)))
        assert {result["exit_reason"] for result in results} == {EXCEEDED}
        assert [result["step_count"] for result in results] == [3] * 8


@needs_34
class TestWarning:
    @pytest.mark.parametrize("usage", [NULL, {"cost": "free"}, {"cost": -1}, {"cost": {"total": 1}}], ids=repr)
    def test_no_cost_is_reported(self, agent, stand_in, caplog, usage):
        stand_in.script(step(**usage), step(**usage), step(**usage), last(**usage), step(**usage), last(**usage))
        counting = agent(0.5)
        with caplog.at_level(logging.WARNING):
            assert counting.run(QUESTION)["exit_reason"] == "text"
            counting.run(QUESTION)
        assert caplog.text.count("A reply reports no cost") == 1

    def test_no_usage_is_reported(self, agent, stand_in, caplog):
        body = completion({"tool_calls": [call("count", '{"number": 1}')]}, "tool_calls")
        del body["usage"]
        stand_in.script(Answer.json(body), Answer.json(body), last())
        with caplog.at_level(logging.WARNING):
            result = agent(0.5).run(QUESTION)
        assert caplog.text.count("A reply reports no cost") == 1
        assert result["exit_reason"] == "text"

    def test_a_free_model(self, agent, stand_in, caplog):
        stand_in.script(step(cost=0), step(cost=0), last(cost=0))
        with caplog.at_level(logging.WARNING):
            agent(0.5).run(QUESTION)
        assert not caplog.records


@needs_34
class TestSnapshot:
    def test_a_restored_run_goes_on_counting(self, agent, stand_in):
        stand_in.script(step(cost=0.2), step(**NULL), step(**BYOK), step(cost=0.1))
        saving = Save()
        assert agent(0.55, after_tool=[saving]).run(QUESTION)["exit_reason"] == EXCEEDED
        assert len(stand_in.requests) == 4
        for done, saved in enumerate(saving.states, start=1):
            stand_in.requests.clear()
            stand_in.script(*[step(cost=0.2), step(**NULL), step(**BYOK), step(cost=0.1)][done:])
            result = agent(0.55, before_run=[Restore(saved)]).run([])
            assert (result["exit_reason"], done + len(stand_in.requests)) == (EXCEEDED, 4)

    def test_of_a_run_without_a_budget_all_counts(self, stand_in, agent):
        stand_in.script(step(**BYOK), step(cost=0.25), last())
        saving = Save()
        without = agent(9, after_tool=[saving])
        without.hooks["before_llm"] = []
        without.run(QUESTION)
        stand_in.requests.clear()
        restored = State.from_dict(json.loads(saving.states[-1]))
        assert spent(counted(restored.data["token_usage"])) == Decimal("0.26")
        result = agent(0.26, before_run=[Restore(saving.states[-1])]).run([])
        assert (result["exit_reason"], stand_in.requests) == (EXCEEDED, [])


@needs_34
class TestHook:
    def test_yaml(self, agent, stand_in):
        pipeline = Pipeline()
        pipeline.add_component("agent", agent(0.25, add_final_message=True))
        (hook,) = Pipeline.loads(pipeline.dumps()).get_component("agent").hooks["before_llm"]
        assert isinstance(hook, OpenRouterCostBudgetHook)
        assert (hook.max_cost, hook.add_final_message) == (0.25, True)
        assert hook.to_dict()["type"] == "haystack_integrations.hooks.openrouter.cost_budget.OpenRouterCostBudgetHook"

    def test_copies(self):
        hook = OpenRouterCostBudgetHook(0.25)
        assert copy.deepcopy(hook).max_cost == pickle.loads(pickle.dumps(hook)).max_cost == 0.25

    def test_only_before_a_call(self, agent):
        with pytest.raises(ValueError, match="before_llm"):
            agent(1, on_exit=[OpenRouterCostBudgetHook(1)])

    @pytest.mark.parametrize("max_cost", [0, -1, 0.0, float("nan"), float("inf"), Decimal("NaN"), Decimal("-1"),
                                          Decimal("sNaN"), Decimal("1e400"), 10**400, 10**5000, -(10**5000)],
                             ids=lambda cost: type(cost).__name__)  # fmt: skip
    def test_a_budget_that_is_not_positive_and_finite(self, max_cost):
        with pytest.raises(ValueError, match="`max_cost` must be a positive, finite number"):
            OpenRouterCostBudgetHook(max_cost)

    @pytest.mark.parametrize("max_cost", ["0.5", None, True, [1], 1j])
    def test_a_budget_that_is_not_a_number(self, max_cost):
        with pytest.raises(TypeError, match="`max_cost` must be a number"):
            OpenRouterCostBudgetHook(max_cost)

    def test_numbers(self):
        assert [OpenRouterCostBudgetHook(max_cost).max_cost for max_cost in (1, 0.1, Decimal("0.1"))] == [1, 0.1, 0.1]


@pytest.mark.parametrize("version", ["2.99.0", "3.0.0", "3.3.1"])
def test_an_old_haystack(monkeypatch: pytest.MonkeyPatch, version):
    monkeypatch.setattr(cost_budget, "haystack_version", version)
    with pytest.raises(ImportError, match=rf"needs haystack-ai 3\.4 or newer.* {version} is installed\. Upgrade it"):
        OpenRouterCostBudgetHook(1)


@pytest.mark.parametrize("version", ["3.4.0rc1", "3.10.0", "4.0.0", "main"])
def test_a_new_haystack(monkeypatch: pytest.MonkeyPatch, version):
    monkeypatch.setattr(cost_budget, "haystack_version", version)
    assert OpenRouterCostBudgetHook(1).max_cost == 1


@needs_34
@pytest.mark.parametrize("odd", ["1", [1], {"a": 1}, 10**400, 1e308], ids=lambda odd: type(odd).__name__)
def test_odd_values_beside_the_cost_count_nothing(odd):
    usage = {"cost": 0.5, "is_byok": odd, "cost_details": {"upstream_inference_cost": odd}}
    assert spent(counted({**counted(usage), "cost": 0.75})) == Decimal("0.75")
    assert spent(counted({"cost": 0.5, "is_byok": True, "cost_details": odd})) == Decimal("0.5")


@needs_34
def test_a_sum_that_was_set_back_starts_again():
    usage = counted({"cost": 0.5})
    assert spent(counted({**usage, "cost": 1e-20})) == Decimal("0.50000000000000000001")


FORGED = {"spent": "-1000", "sums": {}, "moment": [0, 1]}
FORGERIES = [
    {"openrouter_cost_budget": FORGED},
    {"openrouter_cost_budget": "0"},
    {"openrouter_cost_budget_0": FORGED},
    {"openrouter_cost_budget_0": {"spent": "0", "sums": {"cost": 1e9}}},
    {"openrouter_cost_budget_0": {"spent": "0.3", "sums": {"cost": 0.6}}},
    {"openrouter_cost_budget_0": {"spent": "1e999999999", "sums": 1}},
    {"openrouter_cost_budget_": ["0"], "openrouter_cost_budget": None},
]
LIES = [
    *({"cost": cost} for cost in (-1000, -0.3, -1e14, -1e15, -(10**40), float("nan"), 1e400, -1e400, "-1000", "NaN")),
    *({"cost": cost} for cost in ("", "1" * 5000, True, [1], {"cost": 1}, None, 10**40, 10**400, "1e400")),
    *({"is_byok": flag, "cost_details": {"upstream_inference_cost": -1e14}} for flag in (True, False, -1e14, 1e300)),
    *({"is_byok": True, "cost_details": details} for details in ("0", None, [], {"upstream_inference_cost": 1e300})),
]


@needs_34
class TestWhatAReplyClaims:
    @pytest.mark.parametrize("lie", [*FORGERIES, *LIES], ids=lambda lie: f"{lie!r:.60}")
    @pytest.mark.parametrize("is_paid_to_a_provider", [False, True])
    def test_the_budget_stays(self, agent, stand_in, lie, is_paid_to_a_provider):
        paid = BYOK if is_paid_to_a_provider else {"cost": 0.25}
        stand_in.script(step(**paid), step(**{"cost": 0, **lie}), step(**paid), last())
        result = agent(0.5).run(QUESTION)
        assert (result["exit_reason"], len(stand_in.requests) <= 3) == (EXCEEDED, True)

    @pytest.mark.parametrize("lie", FORGERIES, ids=lambda lie: f"{lie!r:.60}")
    def test_it_stays_in_a_snapshot(self, agent, stand_in, lie):
        stand_in.script(step(cost=0.3), step(cost=0, **lie), last())
        saving = Save()
        agent(0.5, after_tool=[saving]).run(QUESTION)
        stand_in.requests.clear()
        stand_in.script(step(cost=0.3), last())
        result = agent(0.5, before_run=[Restore(saving.states[1])]).run([])
        assert (result["exit_reason"], len(stand_in.requests) <= 1) == (EXCEEDED, True)

    def test_a_number_in_a_string_stays_in_a_snapshot(self, agent, stand_in):
        stand_in.script(step(cost="0.3"), step(cost="0.3"))
        saving = Save()
        agent(0.5, after_tool=[saving]).run(QUESTION)
        stand_in.requests.clear()
        result = agent(0.5, before_run=[Restore(saving.states[1])]).run([])
        assert (result["exit_reason"], stand_in.requests) == (EXCEEDED, [])

    def test_a_number_in_a_string_counts(self, agent, stand_in, caplog):
        stand_in.script(*[step(cost="0.1")] * 3, step(cost=0.1), step(cost=" 1e-1"), last())
        with caplog.at_level(logging.WARNING):
            result = agent(0.5, OpenRouterCostBudgetHook(9)).run(QUESTION)
        assert (result["exit_reason"], len(stand_in.requests)) == (EXCEEDED, 5)
        assert "0.5 USD spent" in caplog.text
        assert "A reply reports no cost" not in caplog.text

    def test_a_cost_that_hides_later_ones_is_named(self, agent, stand_in, caplog):
        stand_in.script(step(cost=-1e14))
        with caplog.at_level(logging.WARNING):
            result = agent(0.5).run(QUESTION)
        assert (result["exit_reason"], len(stand_in.requests)) == (EXCEEDED, 1)
        assert "has a reply whose cost hides later ones from its cost budget of 0.5 USD (0 USD spent)" in caplog.text


CENTS = st.decimals(0, 1000, allow_nan=False, places=9).map(float)
USED = st.fixed_dictionaries(
    {
        "cost": CENTS | st.none(),
        "is_byok": st.booleans(),
        "cost_details": st.fixed_dictionaries({"upstream_inference_cost": CENTS | st.none()}) | st.none(),
    }
)


@needs_34
@FAST
@given(st.lists(USED, max_size=30))
def test_the_cost_of_a_run_is_exact(calls):
    from haystack.components.agents.utils import _accumulate_usage

    usage: dict[str, Any] = {}
    expected = Decimal(0)
    for one in calls:
        usage = counted(counted(_accumulate_usage(usage, one)))
        expected += Decimal(repr(one["cost"] or 0))
        if one["is_byok"]:
            expected += Decimal(repr((one["cost_details"] or {}).get("upstream_inference_cost") or 0))
        assert spent(usage) == expected


CLAIMED = json_values | st.sampled_from(["0.3", "-0.3", -0.3, -1e5, 1e5, 999_999.5, -1e14, 1e14, 1e15, "1e15", True])
DETAILS = st.fixed_dictionaries({"upstream_inference_cost": CLAIMED}) | json_values
TALLIES = st.fixed_dictionaries(
    {"spent": st.sampled_from(["-1", "0", "1.5", "1e9", "NaN"]) | CLAIMED, "sums": DETAILS, "moment": CLAIMED}
)
LYING = st.fixed_dictionaries(
    {"cost": CLAIMED, "is_byok": CLAIMED, "cost_details": DETAILS},
    optional={"openrouter_cost_budget": TALLIES, "openrouter_cost_budget_": TALLIES | CLAIMED},
)


@needs_34
@FAST
@given(st.lists(USED | LYING, max_size=6))
def test_no_reply_lowers_the_cost(calls):
    from haystack.components.agents.utils import _accumulate_usage

    schema = {"token_usage": {"type": dict[str, Any]}, "stop_run": {"type": str}, "step_count": {"type": int}}
    state, before = State(schema, {"token_usage": {}}), Decimal(0)
    for number, one in enumerate(calls):
        state.set("step_count", number)
        OpenRouterCostBudgetHook(1e12).run(state)
        try:
            state.set("token_usage", _accumulate_usage(state.data["token_usage"], one))
        except OverflowError:  # of Haystack's own sum
            return
        state.set("step_count", number + 1)
        OpenRouterCostBudgetHook(1e12).run(state)
        if state.has("stop_run"):
            return
        after = spent(state.data["token_usage"])
        least = Decimal(reported_cost({**one, "is_byok": one["is_byok"] is True}) or 0)
        assert after >= before + max(least, Decimal(0)) - max(Decimal(1), after) * Decimal("1e-9")
        before = after
