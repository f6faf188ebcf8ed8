# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What Haystack's own tracing holds of a request: model, tokens and cost always, content only if the user wants it."""

import asyncio
import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from functools import partial
from math import isfinite
from threading import Thread
from typing import Any
from weakref import ref

import openai
import pytest
from haystack import Document, Pipeline, tracing
from haystack.components.agents import Agent
from haystack.components.evaluators import LLMEvaluator
from haystack.dataclasses import ByteStream, ChatMessage
from haystack.tools import tool
from haystack.tracing.utils import coerce_tag_value
from hypothesis import given
from hypothesis import strategies as st
from modes import Mode
from stand_in import CUT, Answer, StandIn
from strategies import FAST, HALVES, ODD
from wire import USAGE, answer, call, completion, error_body, event

from haystack_integrations.common.openrouter._transport import tracing as tracing_module
from haystack_integrations.common.openrouter._transport.tracing import span_tags, tag_span
from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter
from haystack_integrations.common.openrouter.models import OpenRouterModels
from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer, OpenRouterTranscriber
from haystack_integrations.components.classifiers.openrouter import OpenRouterDocumentClassifier
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder, OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import (
    OpenRouterChatGenerator,
    OpenRouterImageGenerator,
    OpenRouterStreamError,
    OpenRouterVideoGenerator,
)
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker
from haystack_integrations.components.routers.openrouter import OpenRouterTextRouter

PRIVATE = ("the secret question", "the secret reply", "sk-or-test-key")
QUESTIONS = {"city": {"type": "noul", "instructions": "Is it about a city?"}}
DOCUMENTS = [Document(content="a b"), Document(content="c")]
TAGS = {
    "openrouter.model": "test/model-2026",
    "openrouter.provider": "Groq",
    "openrouter.generation_id": "gen-1",
    "openrouter.prompt_tokens": 7,
    "openrouter.cached_tokens": 3,
    "openrouter.completion_tokens": 5,
    "openrouter.cost": 0.00012,
    "openrouter.requests": 1,
}


class Span(tracing.Span):
    def __init__(self, name: str) -> None:
        self.name = name
        self.tags: dict[str, Any] = {}

    def set_tag(self, key: str, value: Any) -> None:
        self.tags[key] = coerce_tag_value(value)


class Tracer(tracing.Tracer):
    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.current: ContextVar[Span | None] = ContextVar("current", default=None)

    @contextmanager
    def trace(self, operation_name: str, tags: Any = None, parent_span: Any = None) -> Iterator[Span]:
        span = Span(operation_name)
        self.spans.append(span)
        span.set_tags(tags or {})
        token = self.current.set(span)
        yield span
        self.current.reset(token)

    def current_span(self) -> Span | None:
        return self.current.get()

    def own_tags(self) -> dict[str, dict[str, Any]]:
        own = {s.name: {k: v for k, v in s.tags.items() if k.startswith("openrouter.")} for s in self.spans}
        return {name: tags for name, tags in own.items() if tags}


@pytest.fixture
def tracer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracer]:
    monkeypatch.setattr(tracing.tracer, "is_content_tracing_enabled", False)
    tracing.enable_tracing(one := Tracer())
    yield one
    tracing.disable_tracing()


@pytest.fixture
def with_content(tracer: Tracer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing.tracer, "is_content_tracing_enabled", True)


def run_pipeline(mode: Mode, stand_in: StandIn) -> None:
    stand_in.script(answer(mode, {"content": PRIVATE[1]}))
    pipeline = Pipeline()
    pipeline.add_component("llm", OpenRouterChatGenerator(api_base_url=stand_in.url))
    inputs = {"messages": PRIVATE[0], **({"streaming_callback": mode.callback()} if mode.streams else {})}
    asyncio.run(pipeline.run_async({"llm": inputs})) if mode.is_async else pipeline.run({"llm": inputs})


class TestPipeline:
    def test_tags_without_content(self, mode, stand_in, tracer):
        run_pipeline(mode, stand_in)
        assert tracer.own_tags() == {"haystack.component.run": TAGS}
        # the span of the pipeline holds its input whatever is set: Haystack sets it
        written = json.dumps([span.tags for span in tracer.spans if span.name != "haystack.pipeline.run"])
        assert [secret for secret in PRIVATE if secret in written] == []

    @pytest.mark.usefixtures("with_content")
    def test_content_holds_model_usage_and_cost(self, pair, stand_in, tracer):
        run_pipeline(pair, stand_in)
        (output,) = (span.tags["haystack.component.output"] for span in tracer.spans if span.name.endswith("nent.run"))
        (reply,) = json.loads(output)["replies"]
        assert reply["meta"]["model"] == "test/model-2026"
        assert reply["meta"]["usage"]["cost"] == USAGE["cost"]
        assert reply["content"] == [{"text": PRIVATE[1]}]
        assert "sk-or-test-key" not in json.dumps([span.tags for span in tracer.spans])


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    ("kind", "inputs", "known"),
    [
        (OpenRouterImageGenerator, {"prompt": PRIVATE[0]}, {"model", "generation_id", "cost"}),
        (OpenRouterVideoGenerator, {"prompt": PRIVATE[0]}, {"model", "generation_id", "cost"}),
        (OpenRouterSpeechSynthesizer, {"text": PRIVATE[0]}, {"model", "generation_id"}),
        (OpenRouterTranscriber, {"sources": [ByteStream(b"abc", mime_type="audio/wav")]}, {"model", "cost"}),
    ],
)
def test_media(stand_in: StandIn, tracer: Tracer, kind, inputs, known, is_async):
    pipeline = Pipeline()
    pipeline.add_component("it", kind(api_base_url=stand_in.url))
    asyncio.run(pipeline.run_async({"it": inputs})) if is_async else pipeline.run({"it": inputs})
    (tags,) = tracer.own_tags().values()
    assert {f"openrouter.{name}" for name in known} <= set(tags)
    assert PRIVATE[0] not in json.dumps([span.tags for span in tracer.spans if span.name != "haystack.pipeline.run"])


def test_an_agent(stand_in: StandIn, tracer: Tracer):
    @tool
    def one() -> str:
        """One."""
        return "1"

    called = completion({"tool_calls": [call("one", "{}")]}, "tool_calls")
    stand_in.script(Answer.json(called), Answer.json(completion({"content": PRIVATE[1]})))
    agent = Agent(chat_generator=OpenRouterChatGenerator(api_base_url=stand_in.url), tools=[one])
    agent.run([ChatMessage.from_user(PRIVATE[0])])
    steps = [span.tags for span in tracer.spans if "openrouter.cost" in span.tags]
    assert [span.name for span in tracer.spans if span.tags in steps] == ["haystack.agent.step.llm"] * 2
    assert PRIVATE[1] not in json.dumps([span.tags for span in tracer.spans])


@pytest.mark.parametrize(
    ("build", "inputs"),
    [
        (OpenRouterTextEmbedder, {"text": "a b"}),
        (partial(OpenRouterDocumentEmbedder, progress_bar=False, batch_size=1), {"documents": DOCUMENTS}),
        (OpenRouterRanker, {"query": "a", "documents": DOCUMENTS}),
        (partial(OpenRouterTextRouter, ["a", "b"]), {"text": "a"}),
        (partial(OpenRouterDocumentClassifier, QUESTIONS, progress_bar=False), {"documents": DOCUMENTS}),
    ],
)
def test_the_others_with_a_cost(stand_in: StandIn, tracer: Tracer, build: Any, inputs: dict[str, Any]):
    pipeline = Pipeline()
    pipeline.add_component("it", build(api_base_url=stand_in.url))
    meta = pipeline.run({"it": inputs})["it"]["meta"]
    (tags,) = tracer.own_tags().values()
    assert tags["openrouter.model"] == meta["model"]
    assert tags["openrouter.cost"] == meta["usage"]["cost"] > 0


def test_alone_there_is_no_span(stand_in: StandIn, tracer: Tracer):
    OpenRouterChatGenerator(api_base_url=stand_in.url).run("Hi")
    assert tracer.spans == []


def test_a_bill_for_a_key_of_your_own_is_part_of_the_cost():
    usage = {"cost": 0.05, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.25}}
    assert span_tags({"usage": usage}) == {"openrouter.cost": 0.3}


def test_tokens_of_endpoints_that_count_input_and_output():  # such as transcription
    usage = {"total_tokens": 113, "input_tokens": 83, "output_tokens": 30, "cost": 0.000508}
    assert span_tags({"usage": usage}) == {
        "openrouter.prompt_tokens": 83,
        "openrouter.completion_tokens": 30,
        "openrouter.cost": 0.000508,
    }


@pytest.mark.parametrize("meta", [{}, {"usage": None}, {"usage": {"cost": None, "prompt_tokens": "7"}, "model": 1}])
def test_what_is_unknown_has_no_tag(meta):
    assert span_tags(meta) == {}


NAMES = st.text(max_size=9) | HALVES | st.sampled_from(["\ud83d" * 100_000, 1, [], {}, True])
AMOUNTS = st.integers() | st.floats() | ODD | st.sampled_from([2**63, -(2**63) - 1, 10**15 - 1, "1", None, [], {}])
COUNTS = st.fixed_dictionaries({"cached_tokens": AMOUNTS, "reasoning_tokens": AMOUNTS}) | AMOUNTS
USED = {"prompt_tokens": AMOUNTS, "cost": AMOUNTS, "prompt_tokens_details": COUNTS, "completion_tokens_details": COUNTS}


@FAST
@given(st.fixed_dictionaries({"model": NAMES, "provider": NAMES, "id": NAMES, "usage": st.fixed_dictionaries(USED)}))
def test_every_exporter_takes_the_tags(meta):
    for value in span_tags(meta).values():
        if isinstance(value, str):
            assert len(value.encode()) <= 1024
        else:
            assert (isinstance(value, float) and isfinite(value)) or -(2**63) <= value < 2**63


def test_half_an_emoji_in_the_name_of_a_model(plain: Mode, stand_in: StandIn, tracer: Tracer):
    stand_in.script(answer(plain, {"content": "a"}, model="a/\ud83d", provider="\ude00 " + "x" * 9999))
    with tracer.trace("mine") as span:
        plain()
    assert span.tags["openrouter.model"] == "a/\ufffd"
    assert len(span.tags["openrouter.provider"]) == 256


def test_an_odd_flag_hides_no_reply(stand_in: StandIn, tracer: Tracer):
    usage = {**USAGE, "is_byok": 1, "prompt_tokens_details": [], "completion_tokens_details": {"reasoning_tokens": 2}}
    stand_in.script(Answer.json(completion({"content": "a"}, usage=usage)))
    with tracer.trace("mine") as span:
        OpenRouterChatGenerator(api_base_url=stand_in.url).run("Hi")
    assert span.tags["openrouter.reasoning_tokens"] == 2
    assert "openrouter.cached_tokens" not in span.tags


def costing(usd: float, **fields: Any) -> Answer:
    return Answer.json(completion({"content": "a"}, usage={**USAGE, "cost": usd}, **fields))


def sums(span: Span) -> tuple[Any, ...]:
    return tuple(span.tags.get(f"openrouter.{name}") for name in ("cost", "requests", "prompt_tokens"))


class Wrapped(Span):
    """Wraps a span of a tracing tool, as the span of `opentelemetry-haystack` does."""

    def __init__(self, raw: Any) -> None:
        self.raw, self.tags = raw, raw.tags

    def raw_span(self) -> Any:
        return self.raw


class Raw:
    def __init__(self) -> None:
        self.tags: dict[str, Any] = {}


class Slots:
    __slots__ = ("tags",)

    def __init__(self) -> None:
        self.tags: dict[str, Any] = {}


NOTHING = {"requested": "", "operation": ""}


class TestSums:
    def test_a_span_that_holds_several_requests(self, pair: Mode, stand_in: StandIn, tracer: Tracer):
        stand_in.script(*(answer(pair, {"content": "a"}) for _ in range(3)))
        with tracer.trace("mine") as span:
            for _ in range(3):
                pair()
        assert sums(span) == (0.00036, 3, 21)

    def test_a_span_that_is_wrapped_anew_each_time(self, stand_in: StandIn, tracer: Tracer, monkeypatch):
        raws = [Raw()]
        monkeypatch.setattr(tracer, "current_span", lambda: Wrapped(raws[0]))
        stand_in.script(costing(0.1), costing(0.2))
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url)
        generator.run("a")
        generator.run("b")
        assert sums(raws[0]) == (0.3, 2, 14)
        kept = ref(raws.pop())
        gc.collect()
        assert kept() is None

    def test_a_span_that_nothing_can_refer_to_weakly(self, stand_in: StandIn, tracer: Tracer, monkeypatch):
        raw = Slots()
        monkeypatch.setattr(tracer, "current_span", lambda: Wrapped(raw))
        stand_in.script(costing(0.1), costing(0.2))
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url)
        generator.run("a")
        generator.run("b")
        assert sums(raw) == (0.2, 1, 7)

    def test_a_corpus_in_threads(self, stand_in: StandIn, tracer: Tracer):
        embedder = OpenRouterDocumentEmbedder(
            api_base_url=stand_in.url, progress_bar=False, batch_size=1, concurrency=8
        )
        with tracer.trace("mine") as span:
            usage = embedder.run([Document(content=f"{n}") for n in range(40)])["meta"]["usage"]
        assert sums(span) == (pytest.approx(usage["cost"]), 40, usage["prompt_tokens"])

    def test_an_older_sum_does_not_replace_a_newer_one(self):
        usage = {"usage": {"cost": 0.1, "prompt_tokens": 1}}
        others = []

        class Slow(Span):
            def set_tags(self, tags: dict[str, Any]) -> None:
                if not others:  # another thread tags the span while the first one does
                    others.append(Thread(target=tag_span, args=(span, usage), kwargs=NOTHING))
                    others[0].start()
                    others[0].join(0.05)
                super().set_tags(tags)

        tag_span(span := Slow("mine"), usage, **NOTHING)
        others[0].join()
        assert sums(span) == (0.2, 2, 2)

    def test_failures_that_were_billed(self, stand_in: StandIn, tracer: Tracer):
        broken = Answer.sse([event({"content": "Once"}, usage={**USAGE, "cost": 0.2}), CUT])
        stand_in.script(Answer.json(completion({"content": "a"}, "error", usage={**USAGE, "cost": 0.1})), broken)
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url, max_retries=0)
        with tracer.trace("mine") as span:
            with pytest.raises(openai.InternalServerError):
                generator.run("a")
            with pytest.raises(OpenRouterStreamError):
                generator.run("a", streaming_callback=lambda chunk: None)
        assert sums(span) == (0.3, 2, 14)

    def test_what_was_not_billed(self, stand_in: StandIn, tracer: Tracer):
        with tracer.trace("mine") as span:
            OpenRouterModels(api_base_url=stand_in.url).list()
            assert span.tags == {}
            stand_in.script(Answer.json(error_body(), 429), costing(0.1))
            OpenRouterChatGenerator(api_base_url=stand_in.url, max_retries=1).run("a")
        assert sums(span) == (0.1, 1, 7)

    def test_an_unknown_cost_is_none(self, stand_in: StandIn, tracer: Tracer):
        stand_in.script(Answer.json(completion({"content": "a"}, usage={"cost": -1})), costing(0.1))
        with tracer.trace("mine") as span:
            for _ in range(2):
                OpenRouterChatGenerator(api_base_url=stand_in.url).run("a")
        assert sums(span) == (0.1, 2, 7)

    def test_components_of_haystack_that_ask_a_generator(self, stand_in: StandIn, tracer: Tracer):
        """The sum over a trace is what the meter counts."""
        meter = OpenRouterCostMeter()
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url, cost_meter=meter)
        pipeline = Pipeline()
        pipeline.add_component(
            "judge", LLMEvaluator("Judge", [("answers", list[str])], ["score"], [], chat_generator=generator)
        )
        pipeline.add_component("llm", generator.__class__(api_base_url=stand_in.url, cost_meter=meter))
        scores = {"content": '{"score": 1}'}
        stand_in.script(*[Answer.json(completion(scores, usage={**USAGE, "cost": 0.1}))] * 4)
        pipeline.run({"judge": {"answers": ["a", "b", "c"]}, "llm": {"messages": "d"}})
        told = [span.tags["openrouter.cost"] for span in tracer.spans if "openrouter.cost" in span.tags]
        assert sum(map(Decimal, map(str, told))) == meter.total


def test_names_of_opentelemetry(sync: Mode, stand_in: StandIn, tracer: Tracer):
    usage = {**USAGE, "completion_tokens_details": {"reasoning_tokens": 2}}
    stand_in.script(*(answer(sync, {"content": "a"}, usage=usage) for _ in range(2)))
    with tracer.trace("mine") as span:
        sync("hi", model="test/model")
        sync("hi", model="test/model")
    assert {name: value for name, value in span.tags.items() if name.startswith("gen_ai.")} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openrouter",
        "gen_ai.request.model": "test/model",
        "gen_ai.response.model": "test/model-2026",
        "gen_ai.response.id": "gen-1",
        "gen_ai.usage.input_tokens": 14,
        "gen_ai.usage.output_tokens": 10,
        "gen_ai.usage.cache_read.input_tokens": 6,
        "gen_ai.usage.reasoning.output_tokens": 4,
    }


def test_a_sum_fits_into_64_bits():
    span = Span("mine")
    for _ in range(3):
        tag_span(span, {"usage": {"prompt_tokens": 9 * 10**14}}, **NOTHING)
    _spans = tracing_module._spans
    _spans._sums[span]["openrouter.prompt_tokens"] = Decimal(2**63)
    tag_span(span, {"usage": {"prompt_tokens": 1}}, **NOTHING)
    assert span.tags["openrouter.prompt_tokens"] == 2**63 - 1
