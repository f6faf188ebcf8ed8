# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Spans of the real OpenTelemetry SDK add up to what was billed, under its own names, too."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from decimal import Decimal
from typing import Any

import openai
import pytest
from haystack import Document, Pipeline, tracing
from haystack.components.agents import Agent
from haystack.components.evaluators import LLMEvaluator
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as names
from stand_in import Answer, StandIn
from wire import USAGE, call, completion

from haystack_integrations.common.openrouter._transport.tracing import _GEN_AI, current_span, tag_span
from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.tracing.opentelemetry import OpenTelemetryTracer


@pytest.fixture
def provider() -> Iterator[TracerProvider]:
    provider = TracerProvider()
    tracing.enable_tracing(OpenTelemetryTracer(provider.get_tracer("test")))
    yield provider
    tracing.disable_tracing()


@pytest.fixture
def exporter(provider: TracerProvider) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


def attributes(exporter: InMemorySpanExporter, name: str) -> list[Any]:
    return [span.attributes[name] for span in exporter.get_finished_spans() if name in span.attributes]


def costing(usd: float, text: str = "a", finish_reason: str = "stop") -> Answer:
    return Answer.json(completion({"content": text}, finish_reason, usage={**USAGE, "cost": usd}))


def test_the_sum_over_a_trace_is_what_was_billed(stand_in: StandIn, exporter: InMemorySpanExporter):
    meter = OpenRouterCostMeter()
    parameters: dict[str, Any] = {"api_base_url": stand_in.url, "cost_meter": meter, "max_retries": 0}

    @tool
    def judge() -> str:
        """Ask three times in one span, and once in vain."""
        evaluator = LLMEvaluator(
            "Judge", [("answers", list[str])], ["score"], [], chat_generator=OpenRouterChatGenerator(**parameters)
        )
        evaluator.run(answers=["a", "b", "c"])
        with suppress(openai.APIError):
            OpenRouterChatGenerator(**parameters).run("d")
        return "1"

    called = completion({"tool_calls": [call("judge", "{}")]}, "tool_calls", usage={**USAGE, "cost": 0.1})
    scores = [costing(usd, '{"score": 1}') for usd in (0.2, 0.3, 0.4)]
    stand_in.script(Answer.json(called), *scores, costing(0.5, finish_reason="error"), costing(0.6))
    pipeline = Pipeline()
    pipeline.add_component("agent", Agent(chat_generator=OpenRouterChatGenerator(**parameters), tools=[judge]))
    pipeline.run({"agent": {"messages": [ChatMessage.from_user("Hi")]}})
    assert meter.total == sum(Decimal(str(cost)) for cost in attributes(exporter, "openrouter.cost")) == Decimal("2.1")
    assert sum(attributes(exporter, "openrouter.requests")) == 6
    assert sum(attributes(exporter, names.GEN_AI_USAGE_INPUT_TOKENS)) == 6 * 7


def test_one_span_of_many_requests(stand_in: StandIn, exporter: InMemorySpanExporter):
    pipeline = Pipeline()
    embedder = OpenRouterDocumentEmbedder(api_base_url=stand_in.url, batch_size=1, concurrency=8, progress_bar=False)
    pipeline.add_component("embedder", embedder)
    documents = [Document(content=f"{number}") for number in range(30)]
    usage = pipeline.run({"embedder": {"documents": documents}})["embedder"]["meta"]["usage"]
    assert attributes(exporter, "openrouter.cost") == [pytest.approx(usage["cost"])]
    assert attributes(exporter, "openrouter.requests") == [30]
    assert attributes(exporter, names.GEN_AI_OPERATION_NAME) == ["embeddings"]


def test_threads_that_share_a_span(exporter: InMemorySpanExporter):
    def spend() -> None:
        for _ in range(50):
            tag_span(current_span(), {"usage": {"cost": 0.01}}, requested="", operation="")

    with tracing.tracer.trace("mine"), ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(copy_context().run, spend) for _ in range(8)]:
            done.result()
    assert attributes(exporter, "openrouter.cost") == [4.0]


def test_an_instrumentation_of_the_sdk_keeps_spans_of_its_own(
    stand_in: StandIn, provider: TracerProvider, exporter: InMemorySpanExporter
):
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        pipeline = Pipeline()
        pipeline.add_component("llm", OpenRouterChatGenerator(api_base_url=stand_in.url, max_retries=0))
        stand_in.script(costing(0.2), costing(0.5, finish_reason="error"))
        pipeline.run({"llm": {"messages": "Hi"}})
        with suppress(Exception):
            pipeline.run({"llm": {"messages": "Hi"}})
    finally:
        instrumentor.uninstrument()
    tagged = {span.name for span in exporter.get_finished_spans() if "openrouter.cost" in span.attributes}
    assert tagged == {"haystack.component.run"}
    assert attributes(exporter, "openrouter.cost") == [0.2, 0.5]


def test_the_names_are_those_of_opentelemetry():
    known = {value for name, value in vars(names).items() if name.startswith("GEN_AI_") and isinstance(value, str)}
    used = {*_GEN_AI.values(), "gen_ai.provider.name", "gen_ai.operation.name", "gen_ai.request.model"}
    assert used <= known
