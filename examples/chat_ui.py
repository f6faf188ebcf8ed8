# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Chat in the browser: choose a model by price and context window, read its reasoning, and see what each reply costs.

Run it with `hatch run scale:chat_ui`. "Stop" closes the model's stream, which ends the bill.
"""

import asyncio
import os
from typing import Any

import gradio as gr
import openai
from haystack.dataclasses import ChatMessage, StreamingChunk
from stand_in import base_url

from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter
from haystack_integrations.common.openrouter.models import OpenRouterModel, OpenRouterModels
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, reply_cost

url, meter, thinking = base_url(), OpenRouterCostMeter(), {"reasoning": {"effort": "low"}}
generator = OpenRouterChatGenerator(api_base_url=url, cost_meter=meter, generation_kwargs=thinking)
runs: dict[Any, asyncio.Task[Any]] = {}  # by tab of a browser


def choice(model: OpenRouterModel) -> tuple[str, str]:
    prices = [model.price(name) for name in ("prompt", "completion")] if model.is_billed_by_token else []
    price = " / ".join(f"{price * 10**6:.2f}" for price in prices if price is not None) or "?"
    return f"{model.id} · {price} USD per million · {(model.context_window or 0) // 1000 or '?'}k tokens", model.id


async def chat(question: str, shown: list[Any], history: list[ChatMessage], model: str, tab: gr.Request) -> Any:
    history, chunks = [*history, ChatMessage.from_user(question)], asyncio.Queue[StreamingChunk | None]()
    thought = {"role": "assistant", "content": "", "metadata": {"title": "Reasoning", "status": "pending"}}
    reply, note = {"role": "assistant", "content": ""}, "Stopped"
    shown = [*shown, {"role": "user", "content": question}, thought, reply]
    run = generator.run_async(history, streaming_callback=chunks.put, generation_kwargs={"model": model})
    task = runs[tab.session_hash] = asyncio.create_task(run)
    task.add_done_callback(lambda _: chunks.put_nowait(None))
    try:
        while chunk := await chunks.get():
            thought["content"] += chunk.reasoning.reasoning_text if chunk.reasoning else ""
            reply["content"] += chunk.content
            yield "", [one for one in shown if one["content"]], history, gr.skip()
        if task.cancelled():
            history = [*history, ChatMessage.from_assistant(reply["content"])]
        else:
            history = [*history, *(replies := (await task)["replies"])]
            note = f"{replies[0].meta.get('provider')} · {reply_cost(replies) or 0:.6f} USD"
    except openai.APIError as error:
        history, note = history[:-1], str(error)
    finally:
        task.cancel()  # also if the tab was closed
    thought["metadata"] = {"title": "Reasoning", "status": "done"}
    reply["content"] += f"\n\n<small>{note}</small>"
    yield "", [one for one in shown if one["content"]], history, f"{meter.total:.6f} USD"


async def stop(tab: gr.Request) -> None:
    if tab.session_hash in runs:
        runs[tab.session_hash].cancel()


with gr.Blocks(title="Chat with OpenRouter", analytics_enabled=False) as app:
    with gr.Row():
        models = [choice(model) for model in OpenRouterModels(api_base_url=url).list(output_modalities="text")]
        model = gr.Dropdown(models, value=generator.model, label="Model", scale=4)
        spent = gr.Textbox("0 USD", label="Spent", interactive=False)
    chatbot, history = gr.Chatbot(label="Chat", height=420), gr.State([])
    chatbot.clear(list, outputs=history)
    with gr.Row():
        question = gr.Textbox(placeholder="Ask something", show_label=False, scale=4, autofocus=True)
        gr.Button("Stop").click(stop, queue=False)
    question.submit(chat, [question, chatbot, history, model], [question, chatbot, history, spent])

if __name__ == "__main__":
    app.launch(server_port=int(os.environ.get("PORT", "0")) or None, theme=gr.themes.Base(font="system-ui"))
