# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Draw the first frame of a video, wait for the video, and let a second job run while doing something else."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from stand_in import base_url

from haystack_integrations.components.generators.openrouter import (
    OpenRouterImageGenerator,
    OpenRouterVideoGenerator,
    OpenRouterVideoKwargs,
)

folder, url = Path(tempfile.mkdtemp()), base_url()
(drawn,) = OpenRouterImageGenerator(api_base_url=url).run("A lighthouse on an island of granite")["images"]
frame = replace(drawn, meta={"frame_type": "first_frame"})

options: OpenRouterVideoKwargs = {"duration": 4, "resolution": "720p", "generate_audio": False}
seconds = 0.1 if url else 30.0  # the stand-in is fast
generator = OpenRouterVideoGenerator(generation_kwargs=options, poll_interval=seconds, api_base_url=url)

result = generator.run("The sun rises behind the lighthouse", images=[frame])
(video,), (meta,) = result["videos"], result["meta"]
video.to_file(folder / "dawn.mp4")
print(f"{folder / 'dawn.mp4'}: {len(video.data)} bytes, {meta['usage']['cost']:.2f} USD, job {meta['id']}")

job_id = generator.submit("Night falls, and the lamp is lit")  # keep this: it is enough to get the video later
while (job := generator.get(job_id))["status"] in ("pending", "in_progress"):
    print("The job is", job["status"].replace("_", " "))
    time.sleep(seconds)
if job["status"] == "completed":
    generator.download(job_id)[0].to_file(folder / "night.mp4")
print(f"The job is {job['status']}: {job.get('error') or folder / 'night.mp4'}")
