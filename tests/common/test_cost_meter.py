# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""One count of everything that was billed, wherever it was requested, and budgets on it."""

import asyncio
import contextlib
import copy
import json
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from decimal import Context, Decimal, Inexact, localcontext
from functools import partialmethod
from typing import Any

import openai
import pytest
from components import COMPONENTS, INPUTS, KINDS, build
from haystack import Document, Pipeline
from haystack.components.agents import Agent
from haystack.components.agents.state import State
from haystack.components.query import QueryExpander
from haystack.components.rankers import LLMRanker
from haystack.components.retrievers import InMemoryEmbeddingRetriever, MultiQueryEmbeddingRetriever
from haystack.dataclasses import ChatMessage
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.tools import Tool, tool
from haystack.version import __version__ as haystack_version
from modes import Mode
from stand_in import CUT, Answer, StandIn
from wire import BYTES, USAGE, answer, call, completion, embedding, embeddings, error_body, event

from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter
from haystack_integrations.components.embedders.openrouter import OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterStreamError
from haystack_integrations.hooks.openrouter import OpenRouterCostBudgetHook

IS_OLD = tuple(map(int, haystack_version.split(".")[:2])) < (3, 4)
needs_34 = pytest.mark.skipif(IS_OLD, reason="the Agent of haystack-ai 3.4 is the first that the hook supports")

COST = Decimal("0.00012")
BYOK = {"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.24}}


def costing(usd: float, text: str = "Done.", **fields: Any) -> Answer:
    return Answer.json(completion({"content": text, **fields}, usage={**USAGE, "cost": usd}))


def calling(usd: float, name: str, arguments: str = "{}", **fields: Any) -> Answer:
    calls = {"content": None, "tool_calls": [call(name, arguments)]}
    return Answer.json(completion(calls, "tool_calls", usage={**USAGE, "cost": usd}, **fields))


@pytest.fixture
def meter() -> OpenRouterCostMeter:
    return OpenRouterCostMeter()


def counted(meter: OpenRouterCostMeter) -> tuple[Decimal, int, int]:
    return meter.total, meter.calls, meter.unknown


class TestResponses:
    def test_a_reply(self, mode: Mode, stand_in: StandIn, meter: OpenRouterCostMeter):
        stand_in.script(answer(mode, {"content": "Hello"}), answer(mode, {"content": "Hello"}, usage={**USAGE, **BYOK}))
        generator = mode.generator(cost_meter=meter)
        mode.run(generator)
        assert counted(meter) == (COST, 1, 0)
        if not mode.streams:
            mode.run(generator)
            assert counted(meter) == (COST + Decimal("0.25"), 2, 0)
        assert meter.by_model() == {"test/model-2026": meter.total}
        assert meter.by_component() == {"OpenRouterChatGenerator": meter.total}

    def test_a_reply_under_a_tool_that_watches(self, mode: Mode, stand_in: StandIn, meter, monkeypatch):
        stand_in.script(answer(mode, {"content": "Hello"}))
        kind = openai.resources.chat.AsyncCompletions if mode.is_async else openai.resources.chat.Completions
        monkeypatch.setattr(kind, "create", partialmethod(kind.create))
        mode.run(mode.generator(cost_meter=meter))
        assert counted(meter) == (COST, 1, 0)

    @pytest.mark.parametrize("kind", [kind.__name__ for kind in COMPONENTS])
    @pytest.mark.parametrize("is_async", [False, True])
    def test_each_component(self, kind: str, is_async: bool, stand_in: StandIn, meter: OpenRouterCostMeter):
        made = build(KINDS[kind], api_base_url=stand_in.url, cost_meter=meter)
        result = asyncio.run(made.run_async(*INPUTS[kind])) if is_async else made.run(*INPUTS[kind])
        meta = result["replies"][0].meta if "replies" in result else result["meta"]
        meta = meta[0] if isinstance(meta, list) else meta
        cost = (meta.get("usage") or {}).get("cost")
        assert float(meter.total) == pytest.approx(cost or 0)
        calls = 1 if kind == "OpenRouterVideoGenerator" else len(stand_in.requests)  # a job counts once
        assert (meter.calls, meter.unknown) == (calls, calls if cost is None else 0)
        assert set(meter.by_component()) == {kind}

    def test_several_replies_of_one_request(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        whole = completion({"content": "a"})
        whole["choices"] *= 2
        stand_in.script(Answer.json(whole))
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url, cost_meter=meter)
        assert len(generator.run("Hi", generation_kwargs={"n": 2})["replies"]) == 2
        assert counted(meter) == (COST, 1, 0)

    def test_a_failure_that_was_billed(self, mode: Mode, stand_in: StandIn, meter: OpenRouterCostMeter):
        stand_in.script(Answer.json(completion({"content": "a"}, "error")))
        with contextlib.suppress(openai.APIError):
            mode.run(mode.generator(cost_meter=meter))
        assert counted(meter) == (COST, 1, 0)

    def test_a_completion_that_is_nested_under_its_provider(self, plain: Mode, stand_in: StandIn, meter):
        nested = completion({"content": "a"})
        stand_in.script(Answer.json({**dict.fromkeys(nested), "provider": nested}))
        plain.run(plain.generator(cost_meter=meter))
        assert (meter.total, meter.unknown, meter.by_model()) == (COST, 0, {"test/model-2026": COST})

    def test_failures_that_were_not_billed(self, mode: Mode, stand_in: StandIn, meter: OpenRouterCostMeter):
        stand_in.script(Answer.json(error_body(), 429), answer(mode, {"content": "a"}))
        mode.run(mode.generator(cost_meter=meter, max_retries=1))
        assert counted(meter) == (COST, 1, 0)

    def test_a_stream_that_breaks_off(self, streaming: Mode, stand_in: StandIn, meter: OpenRouterCostMeter):
        stand_in.script(
            Answer.sse([event({"content": "Once"}), CUT]),
            Answer.sse([event({"content": "Once"}, usage=USAGE), CUT]),
            Answer.sse([event({"content": "Once"}), {**error_body(502), "usage": USAGE}]),
        )
        generator = streaming.generator(cost_meter=meter)
        for known in ((Decimal(0), 1, 1), (COST, 2, 1), (2 * COST, 3, 1)):
            with pytest.raises(OpenRouterStreamError):
                streaming.run(generator)
            assert counted(meter) == known

    def test_a_callback_that_fails(self, streaming: Mode, stand_in: StandIn, meter: OpenRouterCostMeter):
        def fail(chunk: Any) -> None:
            raise KeyError

        stand_in.script(Answer.sse([BYTES]))
        with pytest.raises(KeyError):
            streaming.run(streaming.generator(cost_meter=meter), streaming_callback=fail)
        assert counted(meter) == (Decimal(0), 1, 1)

    @pytest.mark.parametrize(
        ("usage", "expected"),
        [
            ({"cost": "0.3"}, (Decimal("0.3"), 0)),
            ({"cost": 0}, (Decimal(0), 0)),
            *(({"cost": odd}, (Decimal(0), 1)) for odd in (-1000, 10**400, "x", None, True, [], "1e400", "NaN")),
            (None, (Decimal(0), 1)),
            ("x", (Decimal(0), 1)),
        ],
    )
    def test_what_a_reply_claims(self, usage: Any, expected: Any, stand_in: StandIn, meter: OpenRouterCostMeter):
        stand_in.script(Answer.json(completion({"content": "a"}, usage=usage)))
        OpenRouterChatGenerator(api_base_url=stand_in.url, cost_meter=meter).run("Hi")
        assert (meter.total, meter.unknown) == expected

    def test_a_corpus_of_which_a_batch_is_of_no_use(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        one_is_missing = embeddings(embedding(0, 0.1), usage={"cost": 0.1})
        stand_in.script(one_is_missing, embeddings(embedding(0, 0.1), usage={"cost": 0.2}))
        made = KINDS["OpenRouterDocumentEmbedder"](
            api_base_url=stand_in.url, cost_meter=meter, batch_size=2, concurrency=1, progress_bar=False
        )
        made.run([Document(content=text) for text in "abc"])
        assert counted(meter) == (Decimal("0.3"), 2, 0)


class TestMeasure:
    def test_a_block_its_threads_and_its_tasks(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url, cost_meter=meter)
        stand_in.script(*[costing(0.1)] * 5)
        generator.run("before")

        async def several() -> None:
            await asyncio.gather(generator.run_async("a"), asyncio.to_thread(generator.run, "b"))

        with meter.measure("user-1") as spent:
            generator.run("in")
            asyncio.run(several())
            with ThreadPoolExecutor(1) as pool:  # a thread that has no context
                pool.submit(generator.run, "aside").result()
        assert (spent.total, spent.calls, spent.unknown) == (Decimal("0.3"), 3, 0)
        assert meter.total == Decimal("0.5")
        assert meter.by_label() == {"user-1": Decimal("0.3")}

    def test_blocks_in_blocks(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        generator, other = OpenRouterChatGenerator(api_base_url=stand_in.url, cost_meter=meter), OpenRouterCostMeter()
        stand_in.script(*[costing(0.1)] * 3)
        with meter.measure("a") as outer, other.measure("b") as foreign:
            generator.run("x")
            with meter.measure("a") as inner:
                generator.run("x")
            generator.run("x")
        assert (outer.total, inner.total, foreign.total) == (Decimal("0.3"), Decimal("0.1"), 0)
        assert (meter.by_label(), other.by_label()) == ({"a": Decimal("0.3")}, {})

    def test_fifty_threads(self, meter: OpenRouterCostMeter):
        def spend() -> None:
            for _ in range(200):
                meter.note(0.1, model="m")

        threads = [threading.Thread(target=spend) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (meter.total, meter.calls, meter.by_model()) == (Decimal(1000), 10_000, {"m": Decimal(1000)})

    def test_sums_are_exact_in_any_decimal_context(self, meter: OpenRouterCostMeter):
        with localcontext(Context(prec=3, traps=[Inexact])), meter.measure("a") as spent:
            for cost in (1234.5, "0.00000012345678901234567", Decimal("1e-20"), 9e14):
                meter.note(cost, model="m")
        exact = Decimal("900000000001234.50000012345678901235567")
        assert meter.total == spent.total == meter.by_model()["m"] == meter.by_label()["a"] == exact

    @pytest.mark.parametrize("cost", ["1e-9999", Decimal("1e-9999")])
    def test_what_is_less_than_any_price_is_rounded_up(self, cost: Any, meter: OpenRouterCostMeter):
        meter.note(cost)
        meter.note("0e-9999")
        assert f"{meter.total}" == "1E-30"

    @pytest.mark.parametrize("odd", [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal(-1), "x"])
    def test_what_is_no_cost(self, odd: Any, meter: OpenRouterCostMeter):
        meter.note(odd)
        assert counted(meter) == (Decimal(0), 1, 1)

    def test_a_block_that_ends_in_another_context(self, meter: OpenRouterCostMeter):
        block = meter.measure()  # as in a generator that a web framework runs in its threads
        spent = copy_context().run(block.__enter__)
        assert not block.__exit__(None, None, None)
        assert spent.calls == 0

    def test_reset(self, meter: OpenRouterCostMeter):
        with meter.measure("a") as spent:
            meter.note(0.5, model="m", component="c")
            meter.reset()
            meter.note(None)
        assert counted(meter) == (Decimal(0), 1, 1)
        assert spent.total == Decimal("0.5")
        assert sum(meter.by_model().values()) == 0

    @pytest.mark.parametrize("wrong", [5, "", b"x"])
    def test_labels_and_names_are_strings(self, wrong: Any, meter: OpenRouterCostMeter):
        with pytest.raises((TypeError, ValueError), match="`label`"), meter.measure(wrong):
            pass
        with pytest.raises((TypeError, ValueError), match="`name`"):
            OpenRouterCostMeter(wrong)


class TestCopies:
    def test_one_name_is_one_meter_and_a_pipeline_loaded_twice_counts_together(self, stand_in: StandIn):
        stand_in.script(*[costing(0.1)] * 2)
        pipeline = Pipeline()
        meter = OpenRouterCostMeter("an application")
        pipeline.add_component("llm", OpenRouterChatGenerator(api_base_url=stand_in.url, cost_meter=meter))
        for _ in range(2):
            Pipeline.loads(pipeline.dumps()).run({"llm": {"messages": "Hi"}})
        assert meter.total == OpenRouterCostMeter("an application").total == Decimal("0.2")
        assert meter.by_component() == {"llm": Decimal("0.2")}
        meter.reset()

    def test_a_generator_without_one_is_written_as_before(self):
        assert "cost_meter" not in OpenRouterChatGenerator().to_dict()["init_parameters"]

    def test_a_copy_counts_in_the_same_meter_and_a_pickle_does_not(self, meter: OpenRouterCostMeter):
        meter.note(0.5)
        generator = OpenRouterChatGenerator(cost_meter=meter)
        for same in (copy.copy(meter), copy.deepcopy(generator).cost_meter):
            assert same is meter
        assert pickle.loads(pickle.dumps(meter)).total == 0

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
    def test_a_forked_child_begins_at_zero(self, meter: OpenRouterCostMeter):
        meter.note(0.5)
        if (child := os.fork()) == 0:
            meter.note(0.25)
            os._exit(meter.total != Decimal("0.25"))
        assert os.waitpid(child, 0)[1] == 0
        assert meter.total == Decimal("0.5")

    def test_what_it_shows(self, meter: OpenRouterCostMeter):
        meter.note(0.5)
        meter.note(None)
        assert repr(meter) == "OpenRouterCostMeter(0.5 USD, 2 calls, 1 of unknown cost)"
        assert repr(OpenRouterCostMeter("a")) == "OpenRouterCostMeter('a': 0 USD, 0 calls, 0 of unknown cost)"


def agent(stand_in: StandIn, *tools: Tool, hooks: Any = (), **parameters: Any) -> Agent:
    generator = OpenRouterChatGenerator(api_base_url=stand_in.url, **parameters)
    return Agent(chat_generator=generator, tools=list(tools), hooks={"before_llm": list(hooks)}, max_agent_steps=20)


@needs_34
class TestWhatHaystackAsks:
    def test_a_sub_agent_and_a_budget_that_stops_before_it_is_called_again(self, stand_in: StandIn, meter):
        stand_in.script(calling(0.05, "ask"), costing(5.0, "from the sub-agent"), calling(0.05, "ask"), costing(5.0))
        inner = OpenRouterChatGenerator(api_base_url=stand_in.url, cost_meter=meter)
        hook = OpenRouterCostBudgetHook(5.0, cost_meter=meter)

        @tool
        def ask() -> str:
            """Ask."""
            return Agent(chat_generator=inner).run([ChatMessage.from_user("Do it")])["last_message"].text

        result = agent(stand_in, ask, hooks=[hook], cost_meter=meter).run([ChatMessage.from_user("Hi")])
        assert result["exit_reason"] == "cost_budget_exceeded"
        assert (meter.total, len(stand_in.requests)) == (Decimal("5.05"), 2)

    def test_a_summary_of_a_compaction_hook(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        from haystack.hooks.compaction import CompactionHook, SummarizationCompactor

        @tool
        def read() -> str:
            """Read a long text."""
            return "word " * 2000

        stand_in.script(calling(0.05, "read"), costing(7.0, "A summary."), costing(0.05))
        writer = OpenRouterChatGenerator(api_base_url=stand_in.url, cost_meter=meter)
        compactor = SummarizationCompactor(writer, min_keep_steps=0, approximate_summary_tokens=10)
        hooks = [CompactionHook(compactor, context_window=1000), OpenRouterCostBudgetHook(5.0, cost_meter=meter)]
        result = agent(stand_in, read, hooks=hooks, cost_meter=meter).run([ChatMessage.from_user("Hi")])
        assert result["exit_reason"] == "cost_budget_exceeded"
        assert (meter.total, len(stand_in.requests)) == (Decimal("7.05"), 2)

    def test_runs_at_the_same_time_do_not_stop_each_other(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        hook = OpenRouterCostBudgetHook(0.25, cost_meter=meter)
        both = threading.Barrier(2, timeout=5)

        @tool
        def wait() -> str:
            """Wait for the other run."""
            both.wait()
            return "now"

        def run(_: Any) -> str:
            one = agent(stand_in, wait, hooks=[hook], cost_meter=meter)
            return one.run([ChatMessage.from_user("Hi")])["exit_reason"]

        stand_in.script(calling(0.2, "wait"), calling(0.2, "wait"), costing(0.2), costing(0.2))
        with ThreadPoolExecutor(2) as pool:
            assert [*pool.map(run, range(2))] == ["text", "text"]
        assert meter.total == Decimal("0.8")

    def test_a_thread_without_a_context_counts_for_every_run(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        @tool
        def aside() -> str:
            """Spend in a thread of its own."""
            thread = threading.Thread(target=meter.note, args=(1.0,))
            thread.start()
            thread.join()
            return "done"

        stand_in.script(calling(0.1, "aside"), costing(0.1))
        hook = OpenRouterCostBudgetHook(1.0, cost_meter=meter)
        result = agent(stand_in, aside, hooks=[hook], cost_meter=meter).run([ChatMessage.from_user("Hi")])
        assert (result["exit_reason"], len(stand_in.requests)) == ("cost_budget_exceeded", 1)

    def test_an_agent_whose_generator_has_no_meter_counts_as_well(self, stand_in: StandIn, meter):
        @tool
        def aside() -> str:
            """Spend."""
            meter.note(0.6)
            return "done"

        stand_in.script(calling(0.5, "aside"), costing(0.1))
        hook = OpenRouterCostBudgetHook(1.0, cost_meter=meter)
        result = agent(stand_in, aside, hooks=[hook]).run([ChatMessage.from_user("Hi")])
        assert (result["exit_reason"], len(stand_in.requests)) == ("cost_budget_exceeded", 1)

    def test_what_was_spent_before_a_run_does_not_count(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        meter.note(7.0)
        stand_in.script(calling(0.1, "nothing"), costing(0.1))
        hook = OpenRouterCostBudgetHook(0.15, cost_meter=meter)
        nothing = Tool("nothing", "Nothing.", {"type": "object", "properties": {}}, lambda: "")
        for expected in ("text", "text"):
            stand_in.script(calling(0.1, "nothing"), costing(0.1))
            result = agent(stand_in, nothing, hooks=[hook], cost_meter=meter).run([ChatMessage.from_user("Hi")])
            assert result["exit_reason"] == expected

    def test_a_run_that_is_resumed_keeps_what_the_meter_counted(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        saved: list[str] = []

        class Save:
            def run(self, state: State) -> None:
                saved.append(json.dumps(state.to_dict(skip_keys=["tools", "hook_context"])))

        class Restore:
            def run(self, state: State) -> None:
                for key, value in State.from_dict(json.loads(saved[1])).data.items():
                    state.set(key, value, handler_override=lambda _, new: new)

        @tool
        def aside() -> str:
            """Spend."""
            meter.note(1.0)
            return "done"

        stand_in.script(calling(0.1, "aside"), calling(0.1, "aside"))
        one = agent(stand_in, aside, hooks=[OpenRouterCostBudgetHook(9, cost_meter=meter)], cost_meter=meter)
        one.max_agent_steps, one.hooks["after_tool"] = 2, [Save()]
        one.run([ChatMessage.from_user("Hi")])
        for max_cost, expected in ((1.2, "cost_budget_exceeded"), (1.21, "text")):  # the tool's last cost is lost
            stand_in.script(costing(0.1))
            one.hooks = {
                "before_run": [Restore()],
                "before_llm": [OpenRouterCostBudgetHook(max_cost, cost_meter=meter)],
            }
            one.max_agent_steps = 9
            assert one.run([])["exit_reason"] == expected

    @pytest.mark.asyncio
    async def test_an_asynchronous_run(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        @tool
        def aside() -> str:
            """Spend."""
            meter.note(0.6)
            return "done"

        hook = OpenRouterCostBudgetHook(1.0, cost_meter=meter)
        one = agent(stand_in, aside, hooks=[hook], cost_meter=meter)
        stand_in.script(*[calling(0.2, "aside") for _ in range(9)])
        runs = await asyncio.gather(*(one.run_async([ChatMessage.from_user("Hi")]) for _ in range(2)))
        assert [run["step_count"] for run in runs] == [2, 2]
        assert meter.total == Decimal("3.2")

    def test_a_hook_in_yaml(self):
        hook = OpenRouterCostBudgetHook(1, cost_meter=OpenRouterCostMeter("budget"))
        again = OpenRouterCostBudgetHook.from_dict(hook.to_dict())
        assert again.cost_meter.ledger is hook.cost_meter.ledger
        assert pickle.loads(pickle.dumps(hook)).cost_meter.name == "budget"
        assert "cost_meter" not in OpenRouterCostBudgetHook(1).to_dict()["init_parameters"]
        with pytest.raises(TypeError, match="`cost_meter` must be an OpenRouterCostMeter"):
            OpenRouterCostBudgetHook(1, cost_meter=0.5)  # type: ignore[arg-type]


class TestHelpersOfHaystack:
    """Components that ask a generator, and drop what it cost."""

    def test_a_ranker_and_an_expander(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        stand_in.script(costing(0.01, '{"queries": ["a", "b"]}'), costing(0.02, '{"documents": [{"index": 1}]}'))
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url, cost_meter=meter)
        with meter.measure() as spent:
            QueryExpander(chat_generator=generator).run(query="x")
            LLMRanker(chat_generator=generator).run(query="x", documents=[Document(content="a")])
        assert (spent.total, spent.calls) == (Decimal("0.03"), 2)

    def test_many_queries_in_threads(self, stand_in: StandIn, meter: OpenRouterCostMeter):
        store = InMemoryDocumentStore()
        store.write_documents([Document(content="a", embedding=[0.1])])
        embedder = OpenRouterTextEmbedder(api_base_url=stand_in.url, cost_meter=meter)
        retriever = InMemoryEmbeddingRetriever(document_store=store)
        stand_in.script(*[embeddings(embedding(0, 0.1), usage={"cost": 0.01})] * 3)
        MultiQueryEmbeddingRetriever(retriever=retriever, query_embedder=embedder).run(queries=["a", "b", "c"])
        assert counted(meter) == (Decimal("0.03"), 3, 0)
