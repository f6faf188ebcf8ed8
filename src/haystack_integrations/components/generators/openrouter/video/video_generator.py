# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that generates videos.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from haystack import component
from haystack.dataclasses import ByteStream, ImageContent
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import (
    OPENROUTER_API_BASE_URL,
    OpenRouterMediaComponent,
    shows_its_settings,
)
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._transport.client_settings import ClientSettings
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.components.generators.openrouter.video._endpoint import (
    CONTENT,
    JOB,
    VIDEOS,
    check_is_completed,
    check_job_id,
    count_videos,
    is_under_way,
    read_job,
    read_meta,
    read_new_job,
    read_video,
    request_fields,
    seconds_to_wait,
)
from haystack_integrations.components.generators.openrouter.video.options import OpenRouterVideoKwargs, VideoKwargs


@shows_its_settings
@component
class OpenRouterVideoGenerator(OpenRouterMediaComponent):
    """
    Generates videos with the video models behind [OpenRouter](https://openrouter.ai).

    A video takes minutes, and is made by a job. `run` waits for it. If you don't want to wait, call `submit`, then
    `get` until its `status` is "completed", then `download`; the id of the job is all they need, in another process
    too. The API key is sent to the host of `api_base_url` only.

    ### Usage example
    ```python
    from pathlib import Path

    from haystack_integrations.components.generators.openrouter import OpenRouterVideoGenerator

    generator = OpenRouterVideoGenerator(model="google/veo-3.1")
    result = generator.run("A lighthouse at dawn", generation_kwargs={"duration": 4, "resolution": "720p"})
    result["videos"][0].to_file(Path("lighthouse.mp4"))
    print(result["meta"][0]["usage"]["cost"])
    ```
    """

    _endpoint = VIDEOS
    _options = OpenRouterVideoKwargs

    def __init__(
        self,
        *,
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str = "google/veo-3.1",
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        generation_kwargs: VideoKwargs | None = None,
        extra_headers: dict[str, Any] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        deadline: float | None = 1800.0,
        cost_meter: OpenRouterCostMeter | None = None,
        poll_interval: float = 30.0,
    ) -> None:
        """
        Create the component. The API key is read when the component is warmed up or first run.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the video model: see https://openrouter.ai/models?output_modalities=video.
        :param api_base_url: The URL of the API. If it is None or OpenRouter's, the environment variable
            `OPENROUTER_API_BASE` replaces it.
        :param generation_kwargs: Parameters of OpenRouter's videos endpoint, for example `duration`, `resolution`,
            `aspect_ratio`, `generate_audio` or `seed`. Keys that this package does not know are sent as well, and keys
            whose value is None are left out. `extra_headers`, `extra_query`, `extra_body` and `timeout` work as in the
            openai SDK. The type of the dictionary is `OpenRouterVideoKwargs`.
        :param extra_headers: HTTP headers for every request, for example `HTTP-Referer` and `X-OpenRouter-Title`. A
            value may be a `Secret`.
        :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the
            environment variable `OPENAI_TIMEOUT`, or 300 if it is not set.
        :param max_retries: How many times a job is asked again for its state or its video after a failed connection,
            HTTP 408, 409, 429 or 5xx, or an empty response. None means the environment variable `OPENAI_MAX_RETRIES`,
            or 5 if it is not set. The request that makes a job is never sent again.
        :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`, such as `proxy`.
        :param deadline: Seconds after which a run ends, with its waits. The job goes on, and the error has its id. A
            run ends earlier if it would have to wait until after the deadline. None means no limit. A client that you
            set yourself keeps to it between its requests only.
        :param cost_meter: Counts what the jobs of this component cost. None counts nothing.
        :param poll_interval: How many seconds `run` waits before it asks a job for its state, each time.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the value of an argument can't be used.
        """
        self.generation_kwargs = {} if generation_kwargs is None else generation_kwargs
        self.poll_interval = poll_interval
        self._set_up(
            api_key, model, api_base_url, extra_headers, timeout, max_retries, http_client_kwargs, deadline, cost_meter
        )

    def _check(self) -> None:
        super(OpenRouterVideoGenerator, self)._check()  # noqa: UP008
        checks.timeout(self.poll_interval, "poll_interval", "a number of seconds")

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If a Secret holds a token, which must not be serialized.
        """
        return self._to_dict(deadline=self.deadline, poll_interval=self.poll_interval)

    @component.output_types(videos=list[ByteStream], meta=list[dict[str, Any]])
    def run(
        self,
        prompt: str,
        images: list[ImageContent] | None = None,
        generation_kwargs: VideoKwargs | None = None,
    ) -> dict[str, Any]:
        """
        Generate videos, and wait for them.

        :param prompt: A description of the video. It may be empty if the model needs only `images`.
        :param images: Images. One whose `meta` has the `frame_type` "first_frame" or "last_frame" is this frame, the
            others are references. If there are frames, OpenRouter ignores references.
        :param generation_kwargs: Parameters for this run. They override those from init, key by key.
        :returns: A dictionary with `videos`, a list of ByteStream, and `meta`, a list of one dictionary with `model`,
            the `id` of the job, its `generation_id`, `usage` (`cost` in USD) and everything else that OpenRouter sent,
            except links to the videos.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the API key is missing, there is neither a prompt nor an image, or an image can't be
            used.
        :raises openai.APIError: If OpenRouter or a provider fails, if the job fails, is cancelled or expires, or at the
            deadline. Once there is a job, the error has its id as `job_id`, and names it: `get` and `download` take it.
        """
        request, settings, interval = self._prepare(prompt, images, generation_kwargs)
        model, options = request["body"]["model"], request["options"]
        with self._clients.using(settings) as client:
            with self._asking(VIDEOS, settings, model):
                submitted = VIDEOS.send(client, **request)
            job = read_new_job(submitted)
            while is_under_way(job):
                with self._asking(JOB, settings, model, job["id"]):
                    time.sleep(seconds_to_wait(job, interval, settings.deadline))
                    job = {**read_job(JOB.send(client, job["id"], options=options)), "id": job["id"]}
            with self._asking(CONTENT, settings, model, job["id"]):
                check_is_completed(job, submitted)
                videos = [read_video(CONTENT.send(client, job["id"], options=o)) for o in _contents(job, options)]
        return {"videos": videos, "meta": [read_meta(job, model)]}

    @component.output_types(videos=list[ByteStream], meta=list[dict[str, Any]])
    async def run_async(
        self,
        prompt: str,
        images: list[ImageContent] | None = None,
        generation_kwargs: VideoKwargs | None = None,
    ) -> dict[str, Any]:
        """
        Generate videos, and wait for them without blocking the event loop.

        :param prompt: A description of the video. It may be empty if the model needs only `images`.
        :param images: Images: frames and references, as in `run`.
        :param generation_kwargs: Parameters for this run. They override those from init, key by key.
        :returns: A dictionary with `videos` and `meta`, as in `run`.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the API key is missing, there is neither a prompt nor an image, or an image can't be
            used.
        :raises openai.APIError: If OpenRouter, a provider or the job fails, or at the deadline, as in `run`.
        """
        request, settings, interval = self._prepare(prompt, images, generation_kwargs)
        model, options = request["body"]["model"], request["options"]
        async with self._clients.using_async(settings) as client:
            with self._asking(VIDEOS, settings, model):
                submitted = await VIDEOS.send_async(client, **request)
            job = read_new_job(submitted)
            while is_under_way(job):
                with self._asking(JOB, settings, model, job["id"]):
                    await asyncio.sleep(seconds_to_wait(job, interval, settings.deadline))
                    job = {**read_job(await JOB.send_async(client, job["id"], options=options)), "id": job["id"]}
            with self._asking(CONTENT, settings, model, job["id"]):
                check_is_completed(job, submitted)
                contents = [await CONTENT.send_async(client, job["id"], options=o) for o in _contents(job, options)]
        return {"videos": [*map(read_video, contents)], "meta": [read_meta(job, model)]}

    def submit(
        self,
        prompt: str,
        images: list[ImageContent] | None = None,
        generation_kwargs: VideoKwargs | None = None,
    ) -> str:
        """
        Start a job that generates videos, and don't wait for it. The request is sent once, whatever happens.

        :param prompt: A description of the video, as in `run`.
        :param images: Images: frames and references, as in `run`.
        :param generation_kwargs: Parameters for this job, as in `run`. With `callback_url`, OpenRouter calls you when
            the job has ended: see `verify_webhook`.
        :returns: The id of the job, for `get` and `download`.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the API key is missing, there is neither a prompt nor an image, or an image can't be
            used.
        :raises openai.APIError: If OpenRouter fails or refuses the job.
        """
        request, settings, _ = self._prepare(prompt, images, generation_kwargs)
        with self._calling(VIDEOS, request["body"]["model"], settings) as client:
            return str(read_new_job(VIDEOS.send(client, **request))["id"])

    async def submit_async(
        self,
        prompt: str,
        images: list[ImageContent] | None = None,
        generation_kwargs: VideoKwargs | None = None,
    ) -> str:
        """
        Start a job as `submit` does, without blocking the event loop.

        :param prompt: A description of the video, as in `run`.
        :param images: Images: frames and references, as in `run`.
        :param generation_kwargs: Parameters for this job, as in `submit`.
        :returns: The id of the job, for `get` and `download`.
        """
        request, settings, _ = self._prepare(prompt, images, generation_kwargs)
        async with self._calling_async(VIDEOS, request["body"]["model"], settings) as client:
            return str(read_new_job(await VIDEOS.send_async(client, **request))["id"])

    def get(self, job_id: str) -> dict[str, Any]:
        """
        Look up the state of a job. A job that has failed is no error here: its `status` and `error` tell it.

        :param job_id: The id of the job, from `submit`, from an error's `job_id` or from a webhook.
        :returns: What OpenRouter sends: `id`, `status` ("pending", "in_progress", "completed", "failed", "cancelled" or
            "expired"), and where they are known `error`, `generation_id`, `usage` (`cost` in USD), `unsigned_urls`,
            which need the API key, and `urls`, which need none: keep these secret.
        :raises TypeError: If the id is not a string.
        :raises ValueError: If the id is empty, or the API key is missing.
        :raises openai.APIError: If OpenRouter fails, or does not know the job.
        """
        options, settings, model = self._prepare_for(job_id)
        with self._clients.using(settings) as client, self._asking(JOB, settings, model, job_id):
            return read_job(JOB.send(client, job_id, options=options))

    async def get_async(self, job_id: str) -> dict[str, Any]:
        """
        Look up the state of a job as `get` does, without blocking the event loop.

        :param job_id: The id of the job.
        :returns: What OpenRouter sends, as in `get`.
        """
        options, settings, model = self._prepare_for(job_id)
        async with self._clients.using_async(settings) as client:
            with self._asking(JOB, settings, model, job_id):
                return read_job(await JOB.send_async(client, job_id, options=options))

    def download(self, job_id: str) -> list[ByteStream]:
        """
        Download the videos of a job that is completed.

        :param job_id: The id of the job, from `submit`, from an error's `job_id` or from a webhook.
        :returns: The videos.
        :raises TypeError: If the id is not a string.
        :raises ValueError: If the id is empty, or the API key is missing.
        :raises openai.APIError: If the job is not completed, or OpenRouter fails or does not know the job.
        """
        options, settings, model = self._prepare_for(job_id)
        with self._clients.using(settings) as client:
            with self._asking(JOB, settings, model, job_id):
                check_is_completed(job := read_job(response := JOB.send(client, job_id, options=options)), response)
            with self._asking(CONTENT, settings, model, job_id):
                return [read_video(CONTENT.send(client, job_id, options=o)) for o in _contents(job, options)]

    async def download_async(self, job_id: str) -> list[ByteStream]:
        """
        Download the videos of a job as `download` does, without blocking the event loop.

        :param job_id: The id of the job.
        :returns: The videos.
        """
        options, settings, model = self._prepare_for(job_id)
        async with self._clients.using_async(settings) as client:
            with self._asking(JOB, settings, model, job_id):
                response = await JOB.send_async(client, job_id, options=options)
                check_is_completed(job := read_job(response), response)
            with self._asking(CONTENT, settings, model, job_id):
                contents = [await CONTENT.send_async(client, job_id, options=o) for o in _contents(job, options)]
            return [*map(read_video, contents)]

    def _prepare(
        self, prompt: object, images: object, generation_kwargs: Any
    ) -> tuple[dict[str, Any], ClientSettings, float]:
        """Make the request for a job. Read the settings and how long is waited between the questions about it."""
        kwargs = self._merged(generation_kwargs)
        frames, references = kwargs.pop("frame_images", None), kwargs.pop("input_references", None)
        request = self._request(kwargs, **request_fields(prompt, images, frames, references))
        return request, self._settings(request.pop("deadline")), self.poll_interval

    def _prepare_for(self, job_id: object) -> tuple[dict[str, Any], ClientSettings, str]:
        """Make the options of the requests about a job. Read the settings, and the model that it probably is of."""
        check_job_id(job_id)
        request = self._request(self._merged(None))
        return request["options"], self._settings(request["deadline"]), request["body"]["model"]

    @contextmanager
    def _asking(
        self, endpoint: Endpoint, settings: ClientSettings, model: str, job_id: str | None = None
    ) -> Iterator[None]:
        """Send requests inside this block. Their errors name the job."""
        with self._requesting(endpoint, settings, model) as run:
            run.job_id = job_id
            yield


def _contents(job: dict[str, Any], options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Make the options of the requests for the videos of a job."""
    for index in range(count_videos(job)):
        yield {**options, "params": {**options["params"], "index": index}}
