# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Costs in Langfuse and OpenTelemetry: the examples, with the real packages and what they would export."""

import json
import runpy
from collections.abc import Iterator
from typing import Any

import pytest
import stand_in as stand_in_package
from haystack import Pipeline, tracing
from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from run_example import run_example
from serve_example import EXAMPLES
from stand_in import Answer, StandIn
from wire import USAGE, call, completion

from haystack_integrations.components.embedders.openrouter import OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

BYOK = {"cost": 0.05, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.25}}
REASONING = {"completion_tokens_details": {"reasoning_tokens": 2}}
LANGFUSE = "langfuse.observation."


@tool
def one() -> str:
    """One."""
    return "1"


def variables_of(name: str) -> dict[str, Any]:
    """
    Run an example in this process.

    :param name: The name of the script.
    :returns: Its global variables.
    """
    with StandIn() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(stand_in_package, "base_url", lambda: server.url)
        patch.setenv("OPENROUTER_API_KEY", "sk-or-test-key")
        patch.delenv("LANGFUSE_PUBLIC_KEY", raising=False)
        patch.setattr(tracing.tracer, "is_content_tracing_enabled", False)
        variables = runpy.run_path(str(EXAMPLES / f"{name}.py"))
        tracing.disable_tracing()
        return variables


def run_agent(stand_in: StandIn) -> None:
    called = completion({"tool_calls": [call("one", "{}")]}, "tool_calls", usage=USAGE | BYOK | REASONING)
    stand_in.script(Answer.json(called), Answer.json(completion({"content": "the secret reply"})))
    agent = Agent(chat_generator=OpenRouterChatGenerator(api_base_url=stand_in.url), tools=[one])
    agent.run([ChatMessage.from_user("the secret question")])


@pytest.fixture(autouse=True)
def no_tracing_afterwards() -> Iterator[None]:
    yield
    tracing.disable_tracing()


@pytest.fixture(scope="module")
def langfuse_example() -> dict[str, Any]:
    return variables_of("langfuse_cost")


class TestLangfuse:
    @pytest.fixture
    def exporter(self, langfuse_example: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setattr(tracing.tracer, "is_content_tracing_enabled", False)
        handler = langfuse_example["CostSpanHandler"]()
        tracing.enable_tracing(
            langfuse_example["LangfuseTracer"](langfuse_example["client"], "Chat", span_handler=handler)
        )
        yield langfuse_example["exporter"]
        langfuse_example["exporter"].clear()

    def test_the_example_shows_tokens_and_cost(self, langfuse_example):
        generation = langfuse_example["exporter"].get_finished_spans()[0]
        usage = json.loads(generation.attributes[f"{LANGFUSE}usage_details"])
        assert usage["output_reasoning_tokens"] > 0
        assert usage["total"] == sum(tokens for kind, tokens in usage.items() if kind != "total")
        assert json.loads(generation.attributes[f"{LANGFUSE}cost_details"])["total"] > 0

    @pytest.mark.parametrize("with_content", [True, False])
    def test_the_steps_of_an_agent(self, exporter, stand_in, monkeypatch, with_content):
        monkeypatch.setattr(tracing.tracer, "is_content_tracing_enabled", with_content)
        exporter.clear()
        run_agent(stand_in)
        spans = [span for span in exporter.get_finished_spans() if span.name == "llm"]
        assert [span.attributes[f"{LANGFUSE}type"] for span in spans] == ["generation"] * 2
        assert [span.attributes[f"{LANGFUSE}model.name"] for span in spans] == ["test/model-2026"] * 2
        costs = [json.loads(span.attributes[f"{LANGFUSE}cost_details"]) for span in spans]
        assert costs == [{"total": 0.3}, {"total": USAGE["cost"]}]
        assert json.loads(spans[0].attributes[f"{LANGFUSE}usage_details"]) == {
            "input": 4,
            "input_cached_tokens": 3,
            "output": 3,
            "output_reasoning_tokens": 2,
            "total": 12,
        }
        written = json.dumps([dict(span.attributes) for span in exporter.get_finished_spans()])
        assert ("the secret reply" in written) is with_content

    def test_an_embedder(self, exporter, stand_in):
        exporter.clear()
        pipeline = Pipeline()
        pipeline.add_component("embedder", OpenRouterTextEmbedder(api_base_url=stand_in.url))
        cost = pipeline.run({"embedder": {"text": "a b"}})["embedder"]["meta"]["usage"]["cost"]
        (span,) = (span for span in exporter.get_finished_spans() if span.name == "embedder")
        assert json.loads(span.attributes[f"{LANGFUSE}cost_details"]) == {"total": cost}


class TestOpenTelemetry:
    def test_the_example_shows_the_cost_of_each_step(self, tmp_path):
        lines = run_example(EXAMPLES / "opentelemetry_cost.py", tmp_path).stdout.splitlines()
        steps = [line for line in lines if line.startswith("haystack.agent.step.llm: ")]
        assert len(steps) == 2
        assert all("'gen_ai.usage.cost': " in line and "'gen_ai.usage.input_tokens': " in line for line in steps)

    def test_no_content(self, stand_in, monkeypatch):
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        example, exporter = variables_of("opentelemetry_cost"), InMemorySpanExporter()
        example["provider"].add_span_processor(SimpleSpanProcessor(exporter))
        monkeypatch.setattr(tracing.tracer, "is_content_tracing_enabled", False)
        tracing.enable_tracing(example["GenAITracer"](example["provider"].get_tracer("my-app")))
        run_agent(stand_in)
        spans = {span.name: span.attributes for span in exporter.get_finished_spans()}
        assert spans["haystack.agent.step.llm"]["gen_ai.usage.cost"] == USAGE["cost"]
        assert "secret" not in json.dumps([dict(attributes) for attributes in spans.values()])
