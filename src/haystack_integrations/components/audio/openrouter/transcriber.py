# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that transcribes recordings.
"""

import asyncio
import copy
from pathlib import Path
from typing import Any

from haystack import Document, component
from haystack.dataclasses import ByteStream
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import (
    OPENROUTER_API_BASE_URL,
    OpenRouterMediaComponent,
    shows_its_settings,
)
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._many.workers import each_in_tasks, each_in_threads
from haystack_integrations.common.openrouter._transport.tracing import is_watched
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.components.audio.openrouter._recordings import Recordings, Source, checked_sources
from haystack_integrations.components.audio.openrouter._transcription_endpoint import (
    TRANSCRIPTIONS,
    check_language,
)
from haystack_integrations.components.audio.openrouter.options import (
    OpenRouterTranscriptionKwargs,
    TranscriptionKwargs,
)


@shows_its_settings
@component
class OpenRouterTranscriber(OpenRouterMediaComponent):
    """
    Transcribes recordings with the transcription models behind [OpenRouter](https://openrouter.ai).

    ### Usage example
    ```python
    from haystack_integrations.components.audio.openrouter import OpenRouterTranscriber

    transcriber = OpenRouterTranscriber(model="openai/whisper-large-v3", language="en")
    result = transcriber.run(["meeting.mp3"])
    print(result["documents"][0].content, result["meta"]["usage"]["cost"])
    ```
    """

    _endpoint = TRANSCRIPTIONS
    _options = OpenRouterTranscriptionKwargs

    def __init__(
        self,
        *,
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str = "openai/whisper-large-v3",
        language: str | None = None,
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        generation_kwargs: TranscriptionKwargs | None = None,
        extra_headers: dict[str, Any] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        raise_on_failure: bool = False,
        concurrency: int = 4,
        deadline: float | None = None,
        cost_meter: OpenRouterCostMeter | None = None,
    ) -> None:
        """
        Create the component. The API key is read when the component is warmed up or first run.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the transcription model: see
            https://openrouter.ai/models?output_modalities=transcription.
        :param language: The language of the recordings, as an ISO 639-1 code such as `en`. None means that the model
            detects the language.
        :param api_base_url: The URL of the API. If it is None or OpenRouter's, the environment variable
            `OPENROUTER_API_BASE` replaces it.
        :param generation_kwargs: Parameters of OpenRouter's transcription endpoint, for example `temperature`,
            `response_format` (`verbose_json` for timestamps), `timestamp_granularities` or `diarize`. Keys that this
            package does not know are sent as well, and keys whose value is None are left out. `extra_headers`,
            `extra_query`, `extra_body` and `timeout` work as in the openai SDK. The type of the dictionary is
            `OpenRouterTranscriptionKwargs`.
        :param extra_headers: HTTP headers for every request, for example `HTTP-Referer` and `X-OpenRouter-Title`. A
            value may be a `Secret`.
        :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the
            environment variable `OPENAI_TIMEOUT`, or 300 if it is not set. A request that timed out is not sent again,
            because each try may be billed.
        :param max_retries: How many times a request is sent again after a failed connection, HTTP 408, 409, 429 or 5xx,
            an error that OpenRouter reports with HTTP 200, or a response without a transcript. None means the
            environment variable `OPENAI_MAX_RETRIES`, or 5 if it is not set.
        :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`, such as `proxy`.
        :param raise_on_failure: Whether the first error is raised. If False, failures are logged, their documents come
            back without content, and `meta["failed"]` counts them. The run stops at an error that would also affect
            every later recording (401, 402, 403, 404, an unknown model), and after three failures in a row. If nothing
            has been transcribed by then, or by the end of the run, the error is raised.
        :param concurrency: How many requests are sent at the same time. `run` sends them in threads.
        :param deadline: Seconds after which a run ends, with its retries and waits. Unlike `timeout`, it does not start
            anew when bytes arrive. None means no limit. A client that you set yourself does not keep to it.
        :param cost_meter: Counts what the requests of this component cost. None counts nothing.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the value of an argument can't be used.
        """
        self.language = language
        self.raise_on_failure = raise_on_failure
        self.concurrency = concurrency
        self.generation_kwargs = {} if generation_kwargs is None else generation_kwargs
        self._set_up(
            api_key, model, api_base_url, extra_headers, timeout, max_retries, http_client_kwargs, deadline, cost_meter
        )

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If a Secret holds a token, which must not be serialized.
        """
        return self._to_dict(
            language=self.language, raise_on_failure=self.raise_on_failure, concurrency=self.concurrency
        )

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    def run(
        self, sources: list[str | Path | ByteStream], generation_kwargs: TranscriptionKwargs | None = None
    ) -> dict[str, Any]:
        """
        Transcribe recordings, `concurrency` of them at the same time.

        :param sources: Paths, URLs and ByteStreams. The first bytes tell the format. Where they don't, it is taken from
            the suffix of a file, or from the MIME type of a stream, or else from the suffix of `file_path` or
            `file_name` in its meta. A stream of pcm whose meta or MIME type names its sample rate (`sample_rate` and
            `channels`, as the speech synthesizer sets them) is sent as a WAV file. URLs (`http://` and `https://`) are
            passed on to the provider, and not all providers accept them.
        :param generation_kwargs: Parameters for this run. They override those from init, key by key.
        :returns: A dictionary with `documents`, one for each source in the same order, and `meta`. The content of a
            document is the transcript. Its meta holds the meta of the source and everything else that OpenRouter sent,
            such as `segments` and `words`. `meta` has `model`, `usage` (seconds or tokens, and `cost` in USD, summed
            over the recordings), the `ids` of the generations, one for each source, and, with `raise_on_failure=False`,
            `failed`: how many recordings could not be transcribed. Their documents have no content.
        :raises TypeError: If an argument has the wrong type.
        :raises FileNotFoundError: If a file does not exist.
        :raises ValueError: If the API key is missing, or a source is empty or has no known format.
        :raises openai.APIError: If OpenRouter or a provider fails. The class depends on the HTTP status, as in the
            openai SDK. The text names the provider and the cause and, where possible, says what to do. With
            `raise_on_failure=False`, it is raised only if nothing was transcribed.
        """
        request = self._prepare(generation_kwargs)
        model = request["body"]["model"]
        recordings = self._recordings(sources, model)
        if recordings:
            settings = self._settings(request.pop("deadline"))
            with self._clients.using(settings) as client, recordings.sending():

                def transcribe(source: Source) -> None:
                    with recordings.attempt(source), self._requesting(TRANSCRIPTIONS, settings, model):
                        sent = source.added_to(request, encoded=not is_watched(client))
                        recordings.take(source, TRANSCRIPTIONS.send(client, **sent))

                each_in_threads(transcribe, recordings, min(self.concurrency, len(recordings)))
        return recordings.result()

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    async def run_async(
        self, sources: list[str | Path | ByteStream], generation_kwargs: TranscriptionKwargs | None = None
    ) -> dict[str, Any]:
        """
        Transcribe recordings without blocking the event loop, `concurrency` of them at the same time.

        :param sources: Paths, URLs and ByteStreams, as in `run`.
        :param generation_kwargs: Parameters for this run. They override those from init, key by key.
        :returns: A dictionary with `documents` and `meta`, as in `run`.
        :raises TypeError: If an argument has the wrong type.
        :raises FileNotFoundError: If a file does not exist.
        :raises ValueError: If the API key is missing, or a source is empty or has no known format.
        :raises openai.APIError: If OpenRouter or a provider fails, as in `run`. The other requests are cancelled.
        """
        request = self._prepare(generation_kwargs)
        model = request["body"]["model"]
        recordings = self._recordings(sources, model)
        if recordings:
            settings = self._settings(request.pop("deadline"))
            async with self._clients.using_async(settings) as client:

                async def transcribe(source: Source) -> None:
                    with recordings.attempt(source), self._requesting(TRANSCRIPTIONS, settings, model):
                        sent = await asyncio.to_thread(source.added_to, request, encoded=not is_watched(client))
                        recordings.take(source, await TRANSCRIPTIONS.send_async(client, **sent))

                with recordings.sending():
                    await each_in_tasks(transcribe, recordings, min(self.concurrency, len(recordings)))
        return recordings.result()

    def _check(self) -> None:
        super(OpenRouterTranscriber, self)._check()  # noqa: UP008
        check_language(self.language)
        checks.at_least_one(concurrency=self.concurrency)

    def _prepare(self, generation_kwargs: Any) -> dict[str, Any]:
        kwargs = self._merged(generation_kwargs, language=self.language)
        check_language(kwargs.get("language"))
        return copy.deepcopy(self._request(kwargs))  # what is inside may change while requests are sent

    def _recordings(self, sources: object, model: str) -> Recordings:
        return Recordings(checked_sources(sources), model=model, raise_on_failure=self.raise_on_failure)
