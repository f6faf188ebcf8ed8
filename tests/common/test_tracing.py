# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What Haystack's own tracing holds of a request: model, tokens and cost always, content only if the user wants it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from math import isfinite
from typing import Any

import pytest
from haystack import Document, Pipeline, tracing
from haystack.components.agents import Agent
from haystack.dataclasses import ByteStream, ChatMessage
from haystack.tools import tool
from haystack.tracing.utils import coerce_tag_value
from hypothesis import given
from hypothesis import strategies as st
from modes import Mode
from stand_in import Answer, StandIn
from strategies import FAST, HALVES, ODD
from wire import USAGE, answer, call, completion

from haystack_integrations.common.openrouter._transport.tracing import span_tags
from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer, OpenRouterTranscriber
from haystack_integrations.components.classifiers.openrouter import OpenRouterDocumentClassifier
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder, OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterImageGenerator
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
        (OpenRouterSpeechSynthesizer, {"text": PRIVATE[0]}, {"model", "generation_id"}),
        (OpenRouterTranscriber, {"sources": [ByteStream(b"abc", mime_type="audio/wav")]}, {"model", "cost"}),
    ],
)
def test_images_and_audio(stand_in: StandIn, tracer: Tracer, kind, inputs, known, is_async):
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
