# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Ask several models several questions at once, up to a given cost, and compare answers, prices and times."""

import asyncio
import csv
import tempfile
import time
from pathlib import Path

import openai
from stand_in import base_url
from tqdm.asyncio import tqdm

from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, cost_table

QUESTIONS = ["What is a puffin?", "What does a puffin eat?", "Where do puffins nest?", "How fast does a puffin fly?"]
MODELS = ["openai/gpt-4o-mini", "google/gemini-2.5-flash", "anthropic/claude-haiku-4.5"]
MAX_COST = 0.05  # USD. The requests that are under way when it is reached are not ended
AT_ONCE = 4

meter = OpenRouterCostMeter()
generator = OpenRouterChatGenerator(api_base_url=base_url(), deadline=60, cost_meter=meter)
replies = []


async def ask(question: str, model: str, free_slots: asyncio.Semaphore) -> dict[str, object]:
    asked = {"question": question, "model": model}
    async with free_slots:
        if meter.total >= MAX_COST:
            return {**asked, "error": f"Not sent: {MAX_COST:f} USD are spent"}
        start = time.perf_counter()
        try:
            result = await generator.run_async(question, generation_kwargs={"model": model, "max_tokens": 200})
        except openai.APIError as error:
            return {**asked, "error": str(error)}  # the other models go on
    reply = result["replies"][0]
    replies.append(reply)
    cost = reply.meta["usage"].get("cost")
    return {**asked, "seconds": round(time.perf_counter() - start, 2), "USD": cost, "answer": reply.text}


async def compare() -> list[dict[str, object]]:
    free_slots = asyncio.Semaphore(AT_ONCE)
    return await tqdm.gather(*(ask(question, model, free_slots) for question in QUESTIONS for model in MODELS))


results = asyncio.run(compare())
path = Path(tempfile.mkdtemp()) / "comparison.csv"
with path.open("w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, ["question", "model", "seconds", "USD", "answer", "error"])
    writer.writeheader()
    writer.writerows(results)

print(cost_table(sorted(replies, key=lambda reply: reply.meta["model"])))
print({model: f"{cost:f} USD" for model, cost in meter.by_model().items()})
print(f"{len(replies)} of {len(results)} answers for {meter.total:f} USD: {path}")
