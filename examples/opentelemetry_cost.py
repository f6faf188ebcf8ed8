# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Show tokens and costs of an agent's steps in OpenTelemetry, under the names of its conventions for generative AI.

The conventions have no name for a cost. This gives it the one that many tools read, `gen_ai.usage.cost`.
Run it with `hatch run scale:opentelemetry_cost`, which prints the spans. In an application, use the exporter of your
tracing tool.
"""

from typing import Annotated, Any

from haystack import tracing
from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.tracing.opentelemetry import OpenTelemetryTracer
from haystack_integrations.tracing.opentelemetry.tracer import OpenTelemetrySpan


class GenAISpan(OpenTelemetrySpan):
    def set_tag(self, key: str, value: Any) -> None:
        super().set_tag("gen_ai.usage.cost" if key == "openrouter.cost" else key, value)


class GenAITracer(OpenTelemetryTracer):
    def current_span(self) -> GenAISpan | None:
        span = super().current_span()
        return GenAISpan(span.raw_span()) if span else None


@tool
def weather(city: Annotated[str, "The city"]) -> str:
    """The weather in a city."""
    return f"Sunny in {city}"


def line(span: ReadableSpan) -> str:
    return f"{span.name}: { {key: value for key, value in span.attributes.items() if key.startswith('gen_ai.')} }\n"


provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=line)))
tracing.enable_tracing(GenAITracer(provider.get_tracer("my-app")))

generator = OpenRouterChatGenerator(model="openai/gpt-4o-mini", api_base_url=base_url())
Agent(chat_generator=generator, tools=[weather]).run([ChatMessage.from_user("What is the weather in Rome?")])
