# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Tracing tools that patch the openai SDK see every call, streamed ones too, and change no result.

Sentry replaces the iterator inside a stream and keeps its type; the others wrap the stream. Datadog takes the usage out
of a stream that did not ask for it by name, and Logfire reads the parameters only by their names.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import logfire
import pytest
import sentry_sdk
from ddtrace.contrib.internal.openai import patch as datadog_patch
from ddtrace.trace import TraceFilter, tracer
from haystack import Document, Pipeline, tracing
from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.tools import Tool as AgentTool
from modes import Mode
from openinference.instrumentation.openai import OpenAIInstrumentor as OpenInferenceInstrumentor
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from stand_in import CUT, Answer, StandIn
from wire import USAGE, answer, call, comparable, completion, event, events

from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder, OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterStreamError
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker
from haystack_integrations.hooks.openrouter import OpenRouterCostBudgetHook
from haystack_integrations.tracing.opentelemetry import OpenTelemetryTracer

Spans = list[dict[str, Any]]
Tool = Callable[[], AbstractContextManager[Spans]]
TOKENS_SENT = ("gen_ai.usage.input_tokens", "llm.token_count.prompt")
DOCUMENTS = [Document(content="the ferry leaves"), Document(content="at nine"), Document(content="and three")]


@contextmanager
def sentry() -> Iterator[Spans]:
    """
    Sentry as its quickstart sets it up: the OpenAI integration is on by itself.
    """
    spans: Spans = []

    class Keep(Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            for item in envelope.items:
                if item.type == "span":
                    ended = [span["attributes"] for span in item.payload.json["items"] if span["end_timestamp"]]
                    spans.extend({name: told["value"] for name, told in span.items()} for span in ended)

    sentry_sdk.init("http://key@127.0.0.1:1/1", traces_sample_rate=1.0, transport=Keep)
    try:
        with sentry_sdk.start_transaction(name="test"):
            yield spans
    finally:
        sentry_sdk.get_global_scope().set_client(None)


@contextmanager
def openinference() -> Iterator[Spans]:
    with instrumented(OpenInferenceInstrumentor()) as spans:
        yield spans


@contextmanager
def opentelemetry() -> Iterator[Spans]:
    with instrumented(OpenAIInstrumentor()) as spans:
        yield spans


@contextmanager
def datadog() -> Iterator[Spans]:
    spans: Spans = []

    class Keep(TraceFilter):
        def process_trace(self, trace: Any) -> None:
            spans.extend({**span.get_tags(), **span.get_metrics()} for span in trace)

    tracer.configure(trace_processors=[Keep()])
    datadog_patch.patch()
    try:
        yield spans
    finally:
        datadog_patch.unpatch()
        tracer.configure(trace_processors=[])


@contextmanager
def pydantic_logfire() -> Iterator[Spans]:
    spans: Spans = []
    exporter = InMemorySpanExporter()
    logfire.configure(send_to_logfire=False, console=False, additional_span_processors=[SimpleSpanProcessor(exporter)])
    with logfire.instrument_openai():
        yield spans
    spans += [dict(span.attributes) for span in exporter.get_finished_spans()]


@contextmanager
def instrumented(instrumentor: Any) -> Iterator[Spans]:
    spans: Spans = []
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor.instrument(tracer_provider=provider)
    try:
        yield spans
    finally:
        instrumentor.uninstrument()
        spans += [dict(span.attributes) for span in exporter.get_finished_spans()]


# tool by tool, and Sentry last: what it has patched stays patched
@pytest.fixture(
    scope="module",
    params=[openinference, opentelemetry, datadog, pydantic_logfire, sentry],
    ids=lambda tool: tool.__name__,
)
def tool(request: pytest.FixtureRequest) -> Tool:
    return request.param


@pytest.mark.parametrize(
    "message",
    [
        {"content": "Hello, world", "reasoning": "Hm.", "x_new_field": {"kept": True}},
        {"content": None, "tool_calls": [call("weather", '{"city": "Rome"}', index=0)]},
    ],
    ids=["text", "tool call"],
)
def test_each_chat_is_a_span_and_its_reply_is_unchanged(mode: Mode, stand_in: StandIn, tool: Tool, message: Any):
    stand_in.script(*(answer(mode, message) for _ in range(3)))
    untraced, chunks = mode("hi"), list(mode.chunks)
    with tool() as spans:
        traced = [mode("hi"), mode("hi")]
    assert [comparable(reply) for reply in traced] == [comparable(untraced)] * 2
    assert [chunk.content for chunk in mode.chunks] == [chunk.content for chunk in chunks]
    assert tokens_sent(spans) == [7, 7]


def test_logfire_sees_the_parameters_of_a_chat(mode: Mode, stand_in: StandIn):
    stand_in.script(answer(mode, {"content": "Hello"}))
    with pydantic_logfire() as spans:
        mode("hi", run={"temperature": 0.1, "max_tokens": 9, "seed": 3})
    seen = {name: spans[0].get(f"gen_ai.request.{name}") for name in ("temperature", "max_tokens", "seed")}
    assert seen == {"temperature": 0.1, "max_tokens": 9, "seed": 3}


def test_a_budget_stops_an_agent_that_datadog_watches(stand_in: StandIn):
    looks = Answer.sse(events({"tool_calls": [call("weather", '{"city": "Rome"}', index=0)]}))
    stand_in.script(*[looks] * 20)
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    agent = Agent(
        chat_generator=OpenRouterChatGenerator(api_base_url=stand_in.url, streaming_callback=print),
        tools=[AgentTool("weather", "The weather.", schema, function=lambda city: city)],
        max_agent_steps=20,
        hooks={"before_llm": [OpenRouterCostBudgetHook(2.5 * USAGE["cost"])]},
    )
    with datadog():
        agent.run(messages=[ChatMessage.from_user("hi")])
    assert len(stand_in.requests) == 3


def test_a_stream_that_is_cut_raises_the_same_error(streaming: Mode, stand_in: StandIn, tool: Tool):
    stand_in.script(*(Answer.sse([event({"content": "Once upon"}), CUT]) for _ in range(2)))
    with pytest.raises(OpenRouterStreamError) as untraced:
        streaming("hi")
    with tool(), pytest.raises(OpenRouterStreamError) as traced:
        streaming("hi")
    assert comparable(traced.value.partial_reply) == comparable(untraced.value.partial_reply)
    assert traced.value.partial_reply.text == "Once upon"
    assert str(traced.value).startswith("The stream was cut")


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_each_request_for_embeddings_is_a_span_and_the_result_is_unchanged(
    asynchronous: bool, stand_in: StandIn, tool: Tool
):
    parameters = {"api_base_url": stand_in.url, "model": "test/model"}

    def embed() -> list[Any]:
        documents = OpenRouterDocumentEmbedder(**parameters, batch_size=2, progress_bar=False)
        text = OpenRouterTextEmbedder(**parameters)
        return [run(documents, asynchronous, documents=DOCUMENTS), run(text, asynchronous, text="the ferry")]

    untraced = embed()
    with tool() as spans:
        traced = embed()
    for result in (*traced, *untraced):
        result["meta"].pop("id", None)
    assert traced == untraced
    assert sorted(tokens_sent(spans)) == [2, 2, 5]
    if tool is openinference:  # the others leave texts out
        texts = [text for span in spans for name, text in span.items() if name.endswith(".embedding.text")]
        assert sorted(texts) == ["and three", "at nine", "the ferry", "the ferry leaves"]


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_ranking_is_unchanged_and_a_span_where_all_requests_are_traced(
    asynchronous: bool, stand_in: StandIn, tool: Tool
):
    ranker = OpenRouterRanker(api_base_url=stand_in.url, model="test/model")
    untraced = run(ranker, asynchronous, query="ferry", documents=DOCUMENTS)
    with tool() as spans:
        traced = run(ranker, asynchronous, query="ferry", documents=DOCUMENTS)
    assert traced["documents"] == untraced["documents"]
    assert len(spans) == (tool in (openinference, pydantic_logfire))  # the others know the names of endpoints


def run(component: Any, asynchronous: bool, **arguments: Any) -> Any:
    return asyncio.run(component.run_async(**arguments)) if asynchronous else component.run(**arguments)


def tokens_sent(spans: Spans) -> list[int]:
    return [span[name] for span in spans for name in TOKENS_SENT if name in span]


def test_an_exporter_takes_what_a_hostile_response_left_in_a_span(stand_in: StandIn):
    usage = {"cost": 10**400, "prompt_tokens": 2**63, "completion_tokens": -(2**64), "is_byok": "\ud83d"}
    body = completion({"content": "a"}, model="a/\ud83d", provider="\ude00" * 10**6, id="\ud83d", usage=usage)
    stand_in.script(Answer.json(body), Answer.json(body))
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.enable_tracing(OpenTelemetryTracer(provider.get_tracer("test")))
    try:
        pipeline = Pipeline()
        pipeline.add_component("llm", OpenRouterChatGenerator(api_base_url=stand_in.url))
        pipeline.run({"llm": {"messages": "hi"}})
    finally:
        tracing.disable_tracing()
    encoded = encode_spans(exporter.get_finished_spans())
    spans = [span for resource in encoded.resource_spans for scope in resource.scope_spans for span in scope.spans]
    sent = {attribute.key: attribute.value for span in spans for attribute in span.attributes}
    own = {
        name: value.string_value
        for name, value in sent.items()
        if name.startswith("openrouter.") and value.string_value
    }
    assert own == {
        "openrouter.model": "a/\ufffd",
        "openrouter.provider": "\ufffd" * 256,
        "openrouter.generation_id": "\ufffd",
    }
