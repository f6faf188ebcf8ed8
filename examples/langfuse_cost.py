# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Show costs, cached tokens and reasoning tokens in Langfuse, which `langfuse-haystack` leaves out.

Run it with `hatch run scale:langfuse_cost`. Without LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, the data is printed
and not sent.
"""

import os

from haystack import Pipeline, tracing
from haystack.dataclasses import ChatMessage
from langfuse import Langfuse
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.tracing.langfuse import DefaultSpanHandler, LangfuseSpan, LangfuseTracer


class CostSpanHandler(DefaultSpanHandler):
    def handle(self, span: LangfuseSpan, component_type: str | None) -> None:
        super().handle(span, component_type)
        tags = span.get_data()
        if "openrouter.cost" not in tags:
            return
        sent, cached = tags.get("openrouter.prompt_tokens", 0), tags.get("openrouter.cached_tokens", 0)
        made, reasoning = tags.get("openrouter.completion_tokens", 0), tags.get("openrouter.reasoning_tokens", 0)
        # Langfuse adds up the kinds of tokens, so each token must be counted only once
        usage = {"input": sent - cached, "input_cached_tokens": cached, "output": made - reasoning}
        usage |= {"output_reasoning_tokens": reasoning, "total": sent + made}
        span.raw_span().update(
            model=tags.get("openrouter.model"), usage_details=usage, cost_details={"total": tags["openrouter.cost"]}
        )


keys, exporter = {}, None
if "LANGFUSE_PUBLIC_KEY" not in os.environ:
    keys, exporter = {"public_key": "pk-lf-none", "secret_key": "sk-lf-none"}, InMemorySpanExporter()
tracing.tracer.is_content_tracing_enabled = True  # with False, Langfuse gets the costs but no messages
client = Langfuse(**keys, span_exporter=exporter)
# in a pipeline, use LangfuseConnector("Chat", span_handler=CostSpanHandler())
tracing.enable_tracing(LangfuseTracer(client, "Chat", span_handler=CostSpanHandler()))

pipeline = Pipeline()
pipeline.add_component("llm", OpenRouterChatGenerator(model="openai/gpt-5-mini", api_base_url=base_url()))
question = ChatMessage.from_user("What is Haystack?")  # langfuse-haystack 8.0 can't trace a string
inputs = {"messages": [question], "generation_kwargs": {"reasoning": {"effort": "low"}}}
print(pipeline.run({"llm": inputs})["llm"]["replies"][0].text)

for span in exporter.get_finished_spans() if exporter else []:
    kept = {name.removeprefix("langfuse.observation."): value for name, value in span.attributes.items()}
    print(span.name, {name: kept[name] for name in ("model.name", "usage_details", "cost_details") if name in kept})
