# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Serve a model as server-sent events with FastAPI. When a client disconnects, the model's stream is closed.

Run it with `hatch run scale:serve_with_fastapi`, then send a question:

    curl -N localhost:8000/chat --json '{"text": "What is Haystack?"}'
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import uvicorn
from fastapi import FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent
from haystack.dataclasses import StreamingChunk
from pydantic import BaseModel
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, reply_cost

# one generator serves all requests, with a pool of connections for this event loop
generator = OpenRouterChatGenerator(model="openai/gpt-4o-mini", api_base_url=base_url())


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await generator.warm_up_async()  # raises an error now if the key is missing, not at the first request
    yield
    await generator.close_async()


app = FastAPI(lifespan=lifespan)


class Question(BaseModel):
    text: str


@app.post("/chat", response_class=EventSourceResponse)
async def chat(question: Question) -> AsyncIterator[ServerSentEvent]:
    chunks: asyncio.Queue[StreamingChunk | None] = asyncio.Queue()
    run = asyncio.create_task(generator.run_async(question.text, streaming_callback=chunks.put))
    run.add_done_callback(lambda _: chunks.put_nowait(None))
    try:
        while chunk := await chunks.get():
            if chunk.content:
                yield ServerSentEvent(event="text", data=chunk.content)
        replies = (await run)["replies"]
        yield ServerSentEvent(event="end", data={"id": replies[0].meta["id"], "cost": reply_cost(replies)})
    except openai.APIError as error:
        yield ServerSentEvent(event="error", data=str(error))
    finally:
        run.cancel()  # FastAPI ends this function when the client disconnects; this closes the model's stream


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
