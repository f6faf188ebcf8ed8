# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Budgets of a user or a day: what they count, how long, and where they keep it."""

import asyncio
import copy
import json
import logging
import os
import pickle
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from decimal import Decimal
from math import inf
from pathlib import Path
from typing import Any

import openai
import pytest
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.components.agents.state import State
from haystack.core.errors import SerializationError
from haystack.dataclasses import ChatMessage
from haystack.tools import Tool, tool
from haystack.version import __version__ as haystack_version
from stand_in import Answer, StandIn
from wire import USAGE, call, completion

from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.hooks.openrouter import (
    OpenRouterCostBudgetHook,
    OpenRouterCostStore,
    OpenRouterInMemoryCostStore,
    OpenRouterSQLiteCostStore,
)

IS_OLD = tuple(map(int, haystack_version.split(".")[:2])) < (3, 4)
pytestmark = pytest.mark.skipif(IS_OLD, reason="the Agent of haystack-ai 3.4 is the first that the hook supports")

EXCEEDED, UNKNOWN = "cost_budget_exceeded", "cost_budget_unknown"
QUESTION = [ChatMessage.from_user("Hi")]


def user(state: State) -> str:
    return state.data["hook_context"]["user"]


def costing(usd: float) -> Answer:
    return Answer.json(completion({"content": "Done."}, usage={**USAGE, "cost": usd}))


def calling(usd: float, name: str) -> Answer:
    calls = {"content": None, "tool_calls": [call(name, "{}")]}
    return Answer.json(completion(calls, "tool_calls", usage={**USAGE, "cost": usd}))


class Broken(OpenRouterInMemoryCostStore):
    """Fails where it is told to."""

    writes = reads = True

    def add(self, key: str, cost: Decimal, expires: float) -> None:
        if not self.writes:
            raise OSError("the disk is full")
        super().add(key, cost, expires)

    def spent(self, key: str, now: float) -> Decimal:
        if not self.reads:
            raise OSError("the disk is gone")
        return super().spent(key, now)


@pytest.fixture
def meter() -> OpenRouterCostMeter:
    return OpenRouterCostMeter()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> OpenRouterCostStore:
    return OpenRouterInMemoryCostStore() if request.param == "memory" else OpenRouterSQLiteCostStore(tmp_path / "a.db")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    now = [1_800_000_000.3]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


def agent(stand_in: StandIn, hook: OpenRouterCostBudgetHook, *tools: Tool, **parameters: Any) -> Agent:
    generator = OpenRouterChatGenerator(api_base_url=stand_in.url, cost_meter=hook.cost_meter, max_retries=0)
    return Agent(chat_generator=generator, tools=list(tools), hooks={"before_llm": [hook]}, **parameters)


def reason(one: Agent, name: str = "a") -> str:
    return one.run(QUESTION, hook_context={"user": name})["exit_reason"]


class TestWhoseBudgetItIs:
    def test_one_agent_serves_many_users(self, stand_in: StandIn, meter, store):
        hook = OpenRouterCostBudgetHook(0.2, cost_meter=meter, per=user, store=store)
        stand_in.script(*[costing(0.1)] * 4)
        one = agent(stand_in, hook)
        assert [reason(one, name) for name in "ababab"] == ["text"] * 4 + [EXCEEDED] * 2
        assert (hook.spent("a"), hook.spent("b"), hook.spent("c")) == (Decimal("0.2"), Decimal("0.2"), 0)
        assert len(stand_in.requests) == 4

    @pytest.mark.asyncio
    async def test_users_at_the_same_time(self, stand_in: StandIn, meter, store):
        hook = OpenRouterCostBudgetHook(9, cost_meter=meter, per=user, store=store)
        stand_in.script(*[costing(0.1)] * 12)
        one = agent(stand_in, hook)
        await asyncio.gather(*(one.run_async(QUESTION, hook_context={"user": name}) for name in "abc" * 4))
        assert {hook.spent(name) for name in "abc"} == {Decimal("0.4")}

    def test_a_label(self, stand_in: StandIn, meter, store):
        stand_in.script(*[costing(0.1)] * 2)
        for _ in range(2):  # such as after a restart
            hook = OpenRouterCostBudgetHook(0.15, cost_meter=meter, per="a team", store=store)
            assert reason(agent(stand_in, hook)) == "text"
        assert reason(agent(stand_in, hook)) == EXCEEDED

    def test_two_budgets_of_one_run(self, stand_in: StandIn, meter, store):
        everyone = OpenRouterCostBudgetHook(0.25, cost_meter=meter, window=3600, store=store)
        one = agent(stand_in, OpenRouterCostBudgetHook(0.15, cost_meter=meter, per=user, store=store))
        one.hooks["before_llm"].append(everyone)
        stand_in.script(*[costing(0.1)] * 3)
        assert [reason(one, name) for name in "aaabbc"] == ["text", "text", EXCEEDED, "text", EXCEEDED, EXCEEDED]
        assert everyone.spent() == Decimal("0.3")

    @pytest.mark.parametrize(("label", "error"), [(None, TypeError), (5, TypeError), (" ", ValueError)])
    def test_a_function_that_returns_no_label(self, stand_in: StandIn, meter, label, error):
        hook = OpenRouterCostBudgetHook(0.2, cost_meter=meter, per=lambda _: label)
        with pytest.raises(error, match="`per`"):
            reason(agent(stand_in, hook))
        assert stand_in.requests == []


class TestWhatCounts:
    def test_all_that_a_run_causes_once(self, stand_in: StandIn, meter, store):
        """A sub-agent with the same budget, in a thread, and the failure of the last call."""
        hook = OpenRouterCostBudgetHook(9, cost_meter=meter, per="a", store=store)

        @tool
        def ask() -> str:
            """Ask."""
            other = OpenRouterCostBudgetHook(9, cost_meter=meter, per="a", store=copy.deepcopy(store))
            return agent(stand_in, other).run(QUESTION)["last_message"].text

        failure = completion({"content": "a"}, "error", usage={**USAGE, "cost": 4})
        stand_in.script(calling(1, "ask"), costing(2), Answer.json(failure))
        with pytest.raises(openai.APIError):
            reason(agent(stand_in, hook, ask))
        assert hook.spent("a") == meter.total == 7

    def test_threads_without_a_context_count_for_each_run_under_way(self, stand_in: StandIn, meter, store):
        hook = OpenRouterCostBudgetHook(9, cost_meter=meter, per=user, store=store)

        @tool
        def aside() -> str:
            """Spend in a thread of its own."""
            with ThreadPoolExecutor(1) as pool:
                pool.submit(meter.note, 0.5).result()
            return ""

        stand_in.script(calling(0.1, "aside"), costing(0.1))
        reason(agent(stand_in, hook, aside))
        meter.note(5.0)
        assert hook.spent("a") == Decimal("0.7")

    def test_a_generator_without_the_meter(self, stand_in: StandIn, meter):
        @tool
        def nothing() -> str:
            """Nothing."""
            return ""

        hook = OpenRouterCostBudgetHook(0.2, cost_meter=meter, per="a")
        one = agent(stand_in, hook, nothing)
        one.chat_generator.cost_meter = None
        stand_in.script(*[calling(0.1, "nothing")] * 3)
        assert (reason(one), len(stand_in.requests)) == (EXCEEDED, 2)

    def test_a_run_that_is_resumed_counts_once(self, stand_in: StandIn, meter, store):
        hook, saved = OpenRouterCostBudgetHook(0.35, cost_meter=meter, per="a", store=store), []

        class Save:
            def run(self, state: State) -> None:
                saved.append(json.dumps(state.to_dict(skip_keys=["tools", "hook_context"])))

        class Restore:
            def run(self, state: State) -> None:
                for key, value in State.from_dict(json.loads(saved[0])).data.items():
                    state.set(key, value, handler_override=lambda _, new: new)

        @tool
        def nothing() -> str:
            """Nothing."""
            return ""

        stand_in.script(calling(0.1, "nothing"), calling(0.1, "nothing"), costing(0.1), costing(0.1))
        one = agent(stand_in, hook, nothing, max_agent_steps=1)
        one.hooks["after_tool"] = [Save()]
        reason(one)
        one.max_agent_steps, one.hooks["before_run"] = 9, [Restore()]
        assert reason(one) == "text"
        assert hook.spent("a") == Decimal("0.3")


class TestHowLong:
    def test_a_window(self, stand_in: StandIn, meter, store, clock):
        hook = OpenRouterCostBudgetHook(0.2, cost_meter=meter, per=user, window=86_400, store=store)
        one = agent(stand_in, hook)
        stand_in.script(*[costing(0.1)] * 3)
        assert reason(one) == "text"
        clock[0] += 43_200
        assert [reason(one), reason(one)] == ["text", EXCEEDED]
        clock[0] += 43_199
        assert reason(one) == EXCEEDED
        clock[0] += 865
        assert (reason(one), hook.spent("a")) == ("text", Decimal("0.2"))

    def test_a_store_keeps_no_more_than_a_hundred_amounts_of_a_window(self, meter, tmp_path, clock):
        store = OpenRouterSQLiteCostStore(tmp_path / "a.db")
        hook = OpenRouterCostBudgetHook(9, cost_meter=meter, window=60, store=store)
        hook.run(state := State({"token_usage": {"type": dict}, "stop_run": {"type": str}}))
        for _ in range(600):
            meter.note(0.001)
            clock[0] += 0.3
        with closing(sqlite3.connect(store.path)) as database:
            assert database.execute("SELECT count(*) FROM spending").fetchone()[0] <= 101
        assert Decimal("0.2") <= hook.spent() <= Decimal("0.203")
        del state

    def test_memory_forgets_what_has_expired(self, clock):
        store = OpenRouterInMemoryCostStore()
        for number in range(3000):
            store.add(f"user-{number}", Decimal(1), clock[0] + 1)
            clock[0] += 0.1
        assert len(store._amounts) < 1100


@contextmanager
def in_a_child() -> Iterator[None]:
    failed = True
    try:
        yield
        failed = False
    finally:
        os._exit(failed)


class TestStores:
    def test_amounts_are_exact(self, store: OpenRouterCostStore):
        later = time.time() + 1e6
        for cost in ("0.1", "1e-30", "123456789012345"):
            store.add("a", Decimal(cost), inf)
            store.add("a", Decimal(cost), later)
        assert store.spent("a", later - 1) == Decimal("246913578024690.200000000000000000000000000002")
        assert store.spent("a", later) == Decimal("123456789012345.100000000000000000000000000001")
        assert store.spent("b", 0.0) == 0

    def test_threads(self, store: OpenRouterCostStore):
        def spend(_: int) -> None:
            for _ in range(20):
                store.add("a", Decimal("0.1"), inf)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(spend, range(8)))
        assert store.spent("a", 0) == 16

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
    def test_processes_and_a_restart(self, tmp_path: Path):
        path, children, (waits, starts) = tmp_path / "a.db", [], os.pipe()
        for _ in range(4):
            if (child := os.fork()) == 0:
                with in_a_child():
                    os.close(starts)
                    os.read(waits, 1)  # until the parent closes its end
                    store = OpenRouterSQLiteCostStore(path)
                    for _ in range(50):
                        store.add("a", Decimal("0.1"), inf)
            children.append(child)
        os.close(starts)
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
        assert OpenRouterSQLiteCostStore(path).spent("a", 0) == 20

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
    def test_a_forked_child(self, store: OpenRouterCostStore):
        store.add("a", Decimal(1), inf)
        busy = threading.Event()

        def write() -> None:
            while not busy.wait(0.001):
                store.add("b", Decimal(1), inf)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for _ in range(5):
                if (child := os.fork()) == 0:
                    with in_a_child():
                        assert getattr(store, "_connection", None) is None  # SQLite's locks are the parent's
                        store.add("a", Decimal(1), inf)
                        assert store.spent("a", 0) >= 2
                assert os.waitpid(child, 0)[1] == 0
        finally:
            busy.set()
            thread.join()
        is_shared = isinstance(store, OpenRouterSQLiteCostStore)
        assert store.spent("a", 0) == (6 if is_shared else 1)

    def test_a_process_that_changes_its_working_directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        store = OpenRouterSQLiteCostStore("a.db")
        (tmp_path / "other").mkdir()
        monkeypatch.chdir(tmp_path / "other")
        store.add("a", Decimal(1), inf)
        assert OpenRouterSQLiteCostStore(tmp_path / "a.db").spent("a", 0) == 1

    def test_it_can_be_closed(self, tmp_path: Path):
        store = OpenRouterSQLiteCostStore(tmp_path / "a.db")
        store.add("a", Decimal(1), inf)
        store.close()
        (tmp_path / "a.db").rename(tmp_path / "b.db")
        assert OpenRouterSQLiteCostStore(tmp_path / "b.db").spent("a", 0) == 1


class TestFailures:
    def test_a_store_that_can_not_be_written(self, stand_in: StandIn, meter, caplog):
        store = Broken()
        hook = OpenRouterCostBudgetHook(0.25, cost_meter=meter, per=user, store=store)
        one, store.writes = agent(stand_in, hook), False
        stand_in.script(*[costing(0.1)] * 6)
        with caplog.at_level(logging.WARNING):
            assert [reason(one) for _ in range(4)] == ["text"] * 3 + [EXCEEDED]
        assert caplog.text.count("could not be added to the store") == 1
        assert "OSError: the disk is full" in caplog.text
        store.writes = True
        assert reason(one, "b") == "text"
        hook._accounts.add("a/", Decimal(1))
        assert (store.spent("a/", 0), hook.spent("a")) == (Decimal("1.3"), Decimal("1.3"))

    @pytest.mark.parametrize("add_final_message", [False, True])
    def test_a_store_that_can_not_be_read(self, stand_in: StandIn, meter, caplog, add_final_message):
        store = Broken()
        hook = OpenRouterCostBudgetHook(9, add_final_message, meter, per=user, store=store)
        store.reads = False
        with caplog.at_level(logging.WARNING):
            result = agent(stand_in, hook).run(QUESTION, hook_context={"user": "a"})
        assert (result["exit_reason"], stand_in.requests) == (UNKNOWN, [])
        assert "can't be read from its store (OSError: the disk is gone)" in caplog.text
        assert ("could not be read" in result["last_message"].text) is add_final_message

    def test_a_file_that_can_not_be_opened(self, stand_in: StandIn, meter, tmp_path):
        store = OpenRouterSQLiteCostStore(tmp_path / "missing" / "a.db")
        assert reason(agent(stand_in, OpenRouterCostBudgetHook(9, cost_meter=meter, store=store))) == UNKNOWN

    @pytest.mark.parametrize("odd", [None, "x", -1, float("nan")])
    def test_a_store_that_returns_no_amount(self, stand_in: StandIn, meter, odd, monkeypatch):
        store = OpenRouterInMemoryCostStore()
        monkeypatch.setattr(store, "spent", lambda key, now: odd)
        assert reason(agent(stand_in, OpenRouterCostBudgetHook(9, cost_meter=meter, store=store))) == UNKNOWN


class TestParameters:
    @pytest.mark.parametrize(
        ("wrong", "error", "told"),
        [
            ({"per": 5}, TypeError, "`per` must be a label or a function that returns one, not int"),
            ({"per": " "}, ValueError, "`per` is empty"),
            ({"window": "day"}, TypeError, "`window` must be a number of seconds"),
            ({"window": True}, TypeError, "`window` must be"),
            ({"window": 0}, ValueError, "`window` must be a positive"),
            ({"window": inf}, ValueError, "`window` must be a positive"),
            ({"store": "costs.db"}, TypeError, "`store` must be a store, .* not str"),
            ({"store": OpenRouterSQLiteCostStore}, TypeError, "`store` must be a store, .* not OpenRouterSQLite"),
            ({"per": "a", "cost_meter": None}, ValueError, "need a `cost_meter`"),
        ],
    )
    def test_bad_input(self, meter, wrong, error, told):
        with pytest.raises(error, match=told):
            OpenRouterCostBudgetHook(1, **{"cost_meter": meter, **wrong})

    @pytest.mark.parametrize(("path", "error"), [(5, TypeError), ("", ValueError), (":memory:", ValueError)])
    def test_a_path_that_is_none(self, path, error):
        with pytest.raises(error, match="`path`"):
            OpenRouterSQLiteCostStore(path)

    def test_a_budget_of_one_run_has_no_sum(self):
        with pytest.raises(ValueError, match="needs a budget with `per`"):
            OpenRouterCostBudgetHook(1).spent()

    def test_yaml(self, stand_in: StandIn, tmp_path):
        store = OpenRouterSQLiteCostStore(tmp_path / "a.db")
        meter = OpenRouterCostMeter("shared budgets")
        hook = OpenRouterCostBudgetHook(0.15, cost_meter=meter, per=user, window=60, store=store)
        pipeline = Pipeline()
        pipeline.add_component("agent", agent(stand_in, hook))
        stand_in.script(*[costing(0.1)] * 3)
        inputs = {"agent": {"messages": QUESTION, "hook_context": {"user": "a"}}}
        written = pipeline.dumps()
        for expected in ("text", "text", EXCEEDED):
            loaded = Pipeline.loads(written, allowed_modules=[__name__])
            assert loaded.run(inputs)["agent"]["exit_reason"] == expected
        (again,) = loaded.get_component("agent").hooks["before_llm"]
        assert (again.per, again.window, again.store.path) == (user, 60, store.path)
        label = OpenRouterCostBudgetHook(1, cost_meter=meter, per="a", store=OpenRouterInMemoryCostStore()).to_dict()
        assert OpenRouterCostBudgetHook.from_dict(label).per == "a"
        assert OpenRouterCostBudgetHook.from_dict(label).spent("a") == 0

    def test_what_can_not_be_in_yaml(self, meter):
        class Own:
            add = spent = print

        with pytest.raises(SerializationError, match="`store` can't be serialized: Own has no `to_dict`"):
            OpenRouterCostBudgetHook(1, cost_meter=meter, store=Own()).to_dict()
        with pytest.raises(SerializationError, match="lambda"):
            OpenRouterCostBudgetHook(1, cost_meter=meter, per=lambda _: "a").to_dict()

    def test_copies(self, meter, tmp_path):
        for store in (OpenRouterInMemoryCostStore(), OpenRouterSQLiteCostStore(tmp_path / "a.db")):
            store.add("a/", Decimal(1), inf)
            hook = OpenRouterCostBudgetHook(1, cost_meter=meter, per=user, store=store)
            assert copy.deepcopy(hook).spent("a") == copy.copy(hook).spent("a") == 1
            is_shared = isinstance(store, OpenRouterSQLiteCostStore)
            assert pickle.loads(pickle.dumps(hook)).spent("a") == is_shared
