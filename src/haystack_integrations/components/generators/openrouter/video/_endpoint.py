# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The jobs that make videos, as plain data: a request makes a job, which is asked for its state, and then for its videos.

Sources: `VideoGenerationRequest` and `VideoGenerationResponse` in OpenRouter's OpenAPI document and its Python SDK
1.3.84.
"""

from typing import Any

from haystack import logging
from haystack.dataclasses import ByteStream, ImageContent

from haystack_integrations.common.openrouter._transport.deadline import Deadline
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import mapping, plain_json, printable
from haystack_integrations.common.openrouter._wire.media import FIRST_BYTES, image_part, known_type, true_type
from haystack_integrations.common.openrouter._wire.responses import decoded_body, response_meta, unusable_response
from haystack_integrations.common.openrouter._wire.usage import billed
from haystack_integrations.common.openrouter.errors._advice import MEDIA_ADVICE
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded, Failure

logger = logging.getLogger(__name__)

_FRAMES = ("first_frame", "last_frame")
# How a job ends without a video, and what to do. Any other status, but `completed`, means that it is under way.
_ENDS = {
    "failed": "Change the prompt or the images, or use another model",
    "cancelled": "Submit it again if you still need the video",
    "expired": "Submit it again, or use a faster model",
}
# They say where the videos are. Who has one of `urls` can download a video without a key.
_LINKS = ("polling_url", "urls", "unsigned_urls", "object")
_ANY_BYTES = "application/octet-stream"
_ONCE = (
    "The request was not sent again, because a job may have been made, which is billed. Look for it at "
    "https://openrouter.ai/activity before you submit again"
)


class JobEndpoint(Endpoint):
    """
    Its responses tell the state of a job. If the job has failed, its `error` is not a failure of the request.
    """

    def is_good(self, body: Any, response: Any) -> bool:  # noqa: ARG002
        """Whether a body is the state of a job."""
        fields = mapping(body)
        return all(isinstance(fields.get(name), str) and fields[name] for name in ("id", "status"))

    def correct(self, body: Any, response: Any) -> bool:
        """Correct the status of a response that is not the state of a job."""
        return not self.is_good(body, response) and super().correct(body, response)

    def is_billed(self, body: Any) -> bool:
        """Whether the job has ended and says what it cost, or should."""
        return body["status"] == "completed" or (body["status"] in _ENDS and billed(body.get("usage")) is not None)


class ContentEndpoint(Endpoint):
    """
    Its good responses are videos.
    """

    def is_good(self, body: Any, response: Any) -> bool:
        """Whether a response holds a video: it is not empty, and nothing says that it is anything else."""
        return bool(response.content) and not isinstance(body, dict) and video_type(response) is not None

    def is_billed(self, body: Any) -> bool:  # noqa: ARG002
        """No: its job is."""
        return False


VIDEOS = JobEndpoint(
    "/videos",
    what="job",
    retries_timeouts=False,
    is_sent_once=True,
    advice={
        **MEDIA_ADVICE,
        "timeout": f"No data arrived in time: raise `timeout` (seconds). {_ONCE}",
        "connection": f"OpenRouter could not be reached, or the connection broke: check the network, the proxy and "
        f"`api_base_url`. {_ONCE}",
        "no result": f"Check that `{{model}}` is a video model. {_ONCE}",
        "server": _ONCE,
        400: "Check the names and values in `generation_kwargs`. Each model has its own durations, resolutions and "
        "frames: see https://openrouter.ai/models?output_modalities=video",
        404: "Check that `{model}` at https://openrouter.ai/models?output_modalities=video is a video model{names}",
        413: "Send fewer or smaller images",
        429: "Try again later, or use another model. The request was not sent again",
    },
    own_fields={"prompt": "Pass `prompt` to `run`."},
)
_JOB_ADVICE = {
    **MEDIA_ADVICE,
    "timeout": "No data arrived in time: raise `timeout` (seconds)",
    404: "Check the id of the job, and that the key in {key} belongs to the account that made it. Videos are not kept "
    "for long",
    429: "Try again later, or raise `max_retries`",
    "server": "Try again later",
}
JOB = JobEndpoint("/videos/{}", what="job", advice=_JOB_ADVICE)
CONTENT = ContentEndpoint("/videos/{}/content", what="video", accept="video/*", advice=_JOB_ADVICE)


def request_fields(prompt: object, images: Any, frames: Any, references: Any) -> dict[str, Any]:
    """
    Make the fields of a request that come from the inputs of a run.

    :param prompt: The prompt. Models that need none get none if it is blank.
    :param images: Images, or None. Those with a `frame_type` in their `meta` are frames, the others references.
    :param frames: Frames that are in wire format already, or None.
    :param references: References that are in wire format already, or None.
    :returns: The fields of the body.
    :raises TypeError: If an input has the wrong type.
    :raises ValueError: If there is neither a prompt nor an image, or an image can't be used.
    """
    checks.instance(prompt, "`prompt`", str, "a string")
    lists = {"images": images, 'generation_kwargs["frame_images"]': frames}
    for name, value in {**lists, 'generation_kwargs["input_references"]': references}.items():
        checks.instance(
            value or [], f"`{name}`", list | tuple, "a list of ImageContent" if name == "images" else "a list"
        )
    fields: dict[str, list[Any]] = {"frame_images": [], "input_references": []}
    for number, image in enumerate(images or []):
        where = f"`images[{number}]`"
        checks.instance(image, where, ImageContent, "an ImageContent")
        part, frame = image_part(image, where), image.meta.get("frame_type")
        if frame is not None and frame not in _FRAMES:
            msg = f'{where} has {checks.shown(frame)} as `meta["frame_type"]`: it must be one of {", ".join(_FRAMES)}.'
            raise ValueError(msg)
        if frame is None:
            fields["input_references"].append(part)
        else:
            fields["frame_images"].append({**part, "frame_type": frame})
    fields["frame_images"] += frames or []
    fields["input_references"] += references or []
    known = {name: parts for name, parts in fields.items() if parts}
    if not known:
        checks.text(prompt, "prompt", "a string", "describe the video, or pass `images`")
    return {**({"prompt": prompt} if str(prompt).strip() else {}), **known}


def check_job_id(job_id: object) -> None:
    """Raise unless a value can be the id of a job."""
    checks.name(job_id, "job_id", "a string, such as `submit` returns", "pass the id that `submit` has returned")


def read_new_job(response: Any) -> dict[str, Any]:
    """Read the state of a job that was just made. Log its id, for who stops to wait gets no error that has it."""
    job = read_job(response)
    logger.info("OpenRouter has accepted the job {job_id}", job_id=printable(job["id"]))
    return job


def read_job(response: Any) -> dict[str, Any]:
    """Read the state of a job, with everything that was sent."""
    job: dict[str, Any] = plain_json(decoded_body(response))
    return job


def is_under_way(job: dict[str, Any]) -> bool:
    """Whether a job may still make a video. A status that is not known yet is no end."""
    return job["status"] != "completed" and job["status"] not in _ENDS


def seconds_to_wait(job: dict[str, Any], interval: float, deadline: Deadline | None) -> float:
    """How long to wait before a job is asked for its state again. If that is after the deadline, raise."""
    if deadline is not None and deadline.left <= interval:
        msg = f"{deadline.text}. The job has the status {job['status']!r}, and goes on"
        raise DeadlineExceeded(msg, None)
    return interval


def check_is_completed(job: dict[str, Any], response: Any) -> None:
    """
    Raise unless a job has made a video.

    :param response: The response to the request that holds the prompt, which errors must not show, if it is at hand.
    :raises openai.APIError: If it has not.
    """
    status, error = job["status"], job.get("error")
    if status == "completed":
        return
    if status not in _ENDS:
        msg = f"The job has no video yet: its status is {status!r}. Wait until `get` says `completed`"
    else:
        said = f" ({Failure.read(error).message})" if error else ""
        msg = f"The job has ended with the status {status!r}{said}, and has no video. {_ENDS[status]}"
    raise unusable_response(msg, job, response)


def count_videos(job: dict[str, Any]) -> int:
    """
    Count the videos of a job.

    All are at OpenRouter's own `content`, wherever the links in the state of the job lead: they are not followed, so
    that nothing is sent to another host.
    """
    links = [job.get(name) for name in ("unsigned_urls", "urls")]
    return max(1, *(len(found) if isinstance(found, list) else 0 for found in links))


def read_meta(job: dict[str, Any], model: str) -> dict[str, Any]:
    """Take everything from the state of a job but the links to its videos."""
    return response_meta(job, model, _LINKS, {})


def read_video(response: Any) -> ByteStream:
    """Read a video."""
    return ByteStream(data=response.content, mime_type=video_type(response))


def video_type(response: Any) -> str | None:
    """The media type of a video: the first bytes tell it, or the headers. None if it is something else."""
    said = known_type(response.headers.get("content-type"))
    found = true_type(said, response.content[:FIRST_BYTES])
    if found in (None, _ANY_BYTES):
        return "video/mp4" if said in (None, _ANY_BYTES) else None
    return found if found.startswith("video/") else None
