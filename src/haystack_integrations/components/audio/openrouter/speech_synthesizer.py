# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that turns text into speech.
"""

from typing import Any

from haystack import component
from haystack.dataclasses import ByteStream
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import (
    OPENROUTER_API_BASE_URL,
    OpenRouterMediaComponent,
    shows_its_settings,
)
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.media import HIGHEST_SAMPLE_RATE
from haystack_integrations.components.audio.openrouter._speech_endpoint import (
    SPEECH,
    check_voice,
    read_audio,
    request_fields,
)
from haystack_integrations.components.audio.openrouter.options import OpenRouterSpeechKwargs, SpeechKwargs


@shows_its_settings
@component
class OpenRouterSpeechSynthesizer(OpenRouterMediaComponent):
    """
    Turns text into speech with the speech models behind [OpenRouter](https://openrouter.ai).

    ### Usage example
    ```python
    from pathlib import Path

    from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer

    synthesizer = OpenRouterSpeechSynthesizer(model="mistralai/voxtral-mini-tts-2603", voice="en_paul_neutral")
    result = synthesizer.run("The ferry leaves at nine.")
    result["audio"][0].to_file(Path("ferry.mp3"))
    print(result["audio"][0].mime_type, result["meta"]["id"])
    ```
    """

    _endpoint = SPEECH
    _options = OpenRouterSpeechKwargs

    def __init__(
        self,
        *,
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str = "mistralai/voxtral-mini-tts-2603",
        voice: str | None = None,
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        generation_kwargs: SpeechKwargs | None = None,
        sample_rate: int | None = None,
        extra_headers: dict[str, Any] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        deadline: float | None = None,
        cost_meter: OpenRouterCostMeter | None = None,
    ) -> None:
        """
        Create the component. The API key is read when the component is warmed up or first run.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the speech model: see https://openrouter.ai/models?output_modalities=speech.
        :param voice: The name of a voice. Each model has its own voices. None means the model's default.
        :param api_base_url: The URL of the API. None means OpenRouter.
        :param generation_kwargs: Parameters of OpenRouter's speech endpoint, for example `response_format` (`mp3` by
            default), `speed` or `instructions`. Keys that this package does not know are sent as well, and keys whose
            value is None are left out. `extra_headers`, `extra_query`, `extra_body` and `timeout` work as in the openai
            SDK. The type of the dictionary is `OpenRouterSpeechKwargs`.
        :param sample_rate: The sample rate of the model's pcm in Hz, often 24000. If you set it, the component requests
            pcm and returns a WAV file, with the rate and the channels that the response names, if it does. Other
            formats are returned as they are.
        :param extra_headers: HTTP headers for every request, for example `HTTP-Referer` and `X-OpenRouter-Title`. A
            value may be a `Secret`.
        :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the
            environment variable `OPENAI_TIMEOUT`, or 300 if it is not set. A request that timed out is not sent again,
            because each try may be billed.
        :param max_retries: How many times a request is sent again after a failed connection, HTTP 408, 409, 429 or 5xx,
            an error that OpenRouter reports with HTTP 200, or a response without audio. None means the environment
            variable `OPENAI_MAX_RETRIES`, or 5 if it is not set.
        :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`, such as `proxy`.
        :param deadline: Seconds after which a run ends, with its retries and waits. Unlike `timeout`, it does not start
            anew when bytes arrive. None means no limit. A client that you set yourself does not keep to it.
        :param cost_meter: Counts what the requests of this component cost. None counts nothing.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the value of an argument can't be used.
        """
        self.voice = voice
        self.sample_rate = sample_rate
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
        return self._to_dict(voice=self.voice, sample_rate=self.sample_rate)

    @component.output_types(audio=list[ByteStream], meta=dict[str, Any])
    def run(self, text: str, generation_kwargs: SpeechKwargs | None = None) -> dict[str, Any]:
        """
        Turn text into speech.

        :param text: What to say.
        :param generation_kwargs: Parameters for this run. They override those from init, key by key.
        :returns: A dictionary with `audio`, a list of one ByteStream with its MIME type, and `meta` with `model`, the
            `id` of the generation and the `content_type` of the response. The meta of a ByteStream of bare pcm has the
            `sample_rate` and `channels` that the response names. The cost is not part of the response: look it up with
            `OpenRouterAccount.generation`.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the API key is missing, or the text is empty.
        :raises openai.APIError: If OpenRouter or a provider fails. The class depends on the HTTP status, as in the
            openai SDK. The text names the provider and the cause and, where possible, says what to do.
        """
        sample_rate = self.sample_rate
        request = self._prepare(text, generation_kwargs, sample_rate)
        settings = self._settings(request.pop("deadline"))
        with self._calling(SPEECH, request["body"]["model"], settings) as client:
            audio, meta = read_audio(SPEECH.send(client, **request), request["body"], sample_rate=sample_rate)
        return {"audio": [audio], "meta": meta}

    @component.output_types(audio=list[ByteStream], meta=dict[str, Any])
    async def run_async(self, text: str, generation_kwargs: SpeechKwargs | None = None) -> dict[str, Any]:
        """
        Turn text into speech without blocking the event loop.

        :param text: What to say.
        :param generation_kwargs: Parameters for this run. They override those from init, key by key.
        :returns: A dictionary with `audio` and `meta`, as in `run`.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the API key is missing, or the text is empty.
        :raises openai.APIError: If OpenRouter or a provider fails, as in `run`.
        """
        sample_rate = self.sample_rate
        request = self._prepare(text, generation_kwargs, sample_rate)
        settings = self._settings(request.pop("deadline"))
        async with self._calling_async(SPEECH, request["body"]["model"], settings) as client:
            response = await SPEECH.send_async(client, **request)
            audio, meta = read_audio(response, request["body"], sample_rate=sample_rate)
        return {"audio": [audio], "meta": meta}

    def _check(self) -> None:
        super(OpenRouterSpeechSynthesizer, self)._check()
        check_voice(self.voice)
        checks.at_least_one_or_none(HIGHEST_SAMPLE_RATE, sample_rate=self.sample_rate)

    def _prepare(self, text: object, generation_kwargs: Any, sample_rate: int | None) -> dict[str, Any]:
        kwargs = self._merged(generation_kwargs, voice=self.voice)
        check_voice(kwargs.get("voice"))
        return self._request(kwargs, **request_fields(text, sample_rate=sample_rate))
