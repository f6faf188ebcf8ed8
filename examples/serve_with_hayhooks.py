# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Serve a pipeline with Hayhooks, with streaming, for any client of OpenAI's API.

Run it with `hatch run scale:serve_with_hayhooks`, then send a question:

    curl -N localhost:1416/v1/chat/completions --json '{"model": "assistant", "stream": true,
        "messages": [{"role": "user", "content": "What is Haystack?"}]}'

In production, save the wrapper as `pipelines/assistant/pipeline_wrapper.py` and run `hayhooks run`.
"""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from hayhooks import BasePipelineWrapper, async_streaming_generator, create_app, run_app
from hayhooks.server.utils.deploy_utils import deploy_pipeline_files
from haystack import Pipeline
from haystack.dataclasses import ChatMessage
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

SYSTEM = ChatMessage.from_system("You are an assistant that answers briefly.")
CLIENTS_MAY_SET = ("max_tokens", "temperature", "top_p")


class PipelineWrapper(BasePipelineWrapper):
    def setup(self) -> None:
        self.pipeline = Pipeline()
        self.pipeline.add_component("llm", OpenRouterChatGenerator(model="openai/gpt-4o-mini", api_base_url=base_url()))

    async def run_chat_completion_async(
        self, model: str, messages: list[dict[str, Any]], body: dict[str, Any]
    ) -> AsyncGenerator[Any, None]:
        history = [ChatMessage.from_openai_dict_format(message) for message in messages]
        options = {name: body[name] for name in CLIENTS_MAY_SET if name in body}
        inputs = {"llm": {"messages": [SYSTEM, *history], "generation_kwargs": options}}
        return async_streaming_generator(self.pipeline, pipeline_run_args=inputs)


if __name__ == "__main__":
    app = create_app()
    wrapper = Path(__file__).read_text("utf-8")
    deploy_pipeline_files("assistant", {"pipeline_wrapper.py": wrapper}, app=app, save_files=False)
    run_app(app)
