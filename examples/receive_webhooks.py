# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Make videos without waiting for them: OpenRouter calls this app when a job has ended.

Set OPENROUTER_WEBHOOK_SECRET to the signing secret of your workspace, and PUBLIC_URL to the https URL at which
OpenRouter reaches this app. Run it with `hatch run scale:receive_webhooks`, and ask for a video:

    curl localhost:8000/videos --json '{"text": "A lighthouse at dawn"}'
"""

import os
import tempfile
from pathlib import Path

import uvicorn
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request
from haystack.utils import Secret
from pydantic import BaseModel
from stand_in import base_url

from haystack_integrations.common.openrouter.webhooks import OpenRouterWebhookError, verify_webhook
from haystack_integrations.components.generators.openrouter import OpenRouterVideoGenerator

SECRET = Secret.from_env_var("OPENROUTER_WEBHOOK_SECRET")
FOLDER = Path(os.environ.get("FOLDER") or tempfile.mkdtemp())
URL = os.environ.get("PUBLIC_URL", "https://example.com")

generator = OpenRouterVideoGenerator(model="google/veo-3.1", api_base_url=base_url())
app = FastAPI()
seen: set[tuple[str, str]] = set()  # in production, a table that all processes share


class Wish(BaseModel):
    text: str


@app.post("/videos")
async def submit(wish: Wish) -> str:
    return await generator.submit_async(wish.text, generation_kwargs={"callback_url": f"{URL}/webhooks"})


@app.post("/webhooks")
async def receive(request: Request, tasks: BackgroundTasks) -> None:
    try:
        event = verify_webhook(await request.body(), request.headers, SECRET)
    except OpenRouterWebhookError as error:
        raise HTTPException(400, str(error)) from error
    job = event["data"]
    if (job["id"], job["status"]) in seen:  # OpenRouter may send an event again
        return
    seen.add((job["id"], job["status"]))
    if job["status"] == "completed":
        tasks.add_task(save, job["id"])  # OpenRouter does not wait for the download
    else:
        print(f"Job {job['id']} is {job['status']}: {job.get('error')}")


async def save(job_id: str) -> None:
    (video, *_) = await generator.download_async(job_id)
    video.to_file(FOLDER / f"{job_id}.mp4")
    print(f"{FOLDER / job_id}.mp4: {len(video.data)} bytes")


if __name__ == "__main__":
    SECRET.resolve_value()  # raises an error now if it is not set
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
