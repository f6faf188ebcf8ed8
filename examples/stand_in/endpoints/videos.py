# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/videos`: jobs whose state moves with each question, and files whose words are the prompt."""

from stand_in.answer import Answer
from stand_in.costs import dollars
from stand_in.faults import error_by_name
from stand_in.files import mp4
from stand_in.request import Json, Request

TOKENS_PER_SECOND = 50_000
ENDS = ("completed", "failed", "cancelled", "expired")


def submit(request: Request) -> Answer:
    """
    Make a job. The model "stand-in/never-ends" goes on for ever, and "stand-in/failed" (or "stand-in/expired" …) ends
    that way.

    :param request: A request with `prompt`, or with images.
    :returns: The job, which is pending.
    """
    body = request.body
    if not (body.get("prompt") or body.get("frame_images") or body.get("input_references")):
        return Answer.error(400, "Stand-in: prompt must not be empty")
    if failure := error_by_name(body.get("model")):
        return failure
    job_id = f"gen-vid-standin-{request.number}"
    request.memory.videos[job_id] = {"body": body, "asked": 0}
    return Answer.json({"id": job_id, "polling_url": f"{request.path}/{job_id}", "status": "pending"}, status=202)


def get(request: Request, job_id: str) -> Answer:
    """
    Tell the state of a job: it is in progress when it is first asked for, and has ended after that.

    :param request: Any request.
    :param job_id: The id of the job.
    :returns: The job.
    """
    if (job := request.memory.videos.get(job_id)) is None:
        return Answer.error(404, f"Job {job_id} not found")
    job["asked"] += 1
    state: Json = {"id": job_id, "polling_url": request.path, "status": _status(job)}
    if state["status"] == "completed":
        seconds = job["body"].get("duration") or 4
        usage = {"cost": dollars(TOKENS_PER_SECOND * seconds), "is_byok": False}
        links = [f"http://{request.headers['host']}{request.path}/content?index=0"]
        state |= {"generation_id": f"gen-of-{job_id}", "unsigned_urls": links, "usage": usage}
    elif state["status"] in ENDS:
        state["error"] = f"Stand-in: the model's name asks for a job that is {state['status']}"
    return Answer.json(state)


def content(request: Request, job_id: str) -> Answer:
    """
    Send the video of a job.

    :param request: Any request.
    :param job_id: The id of the job.
    :returns: An MP4 file.
    """
    job = request.memory.videos.get(job_id)
    if job is None or _status(job) != "completed" or request.query.get("index", "0") != "0":
        return Answer.error(404, f"Job {job_id} has no such video")
    return Answer.raw(mp4(job["body"].get("prompt") or "", job["body"].get("duration") or 4), "video/mp4")


def _status(job: Json) -> str:
    named = str(job["body"].get("model")).removeprefix("stand-in/")
    if job["asked"] < 2 or named == "never-ends":
        return "in_progress"
    return named if named in ENDS else "completed"
