# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component: its parameters, `run`, `run_async` and serialization. The wire format is in `request` and `stream`.
"""

import copy
from functools import partial
from typing import Any, ClassVar, Self, cast

from haystack import component
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import (
    ChatMessage,
    ComponentInfo,
    StreamingCallbackT,
    SyncStreamingCallbackT,
    select_streaming_callback,
)
from haystack.tools import ToolsType
from haystack.utils import Secret, serialize_callable

from haystack_integrations.common.openrouter._base.component import (
    OPENROUTER_API_BASE_URL,
    OpenRouterBase,
    OpenRouterComponent,
    shows_its_settings,
)
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._base.generation_kwargs import merged_kwargs
from haystack_integrations.common.openrouter._base.headers import with_secrets
from haystack_integrations.common.openrouter._wire.model_names import SUPPORTED_MODELS
from haystack_integrations.components.generators.openrouter.chat._endpoint import CHAT
from haystack_integrations.components.generators.openrouter.chat._exchange import replies_to, replies_to_async
from haystack_integrations.components.generators.openrouter.chat._request.arguments import (
    as_messages,
    check_callback,
    check_generation_kwargs,
    own_parameters,
    read_parameters,
    request_arguments,
    serializable_kwargs,
)
from haystack_integrations.components.generators.openrouter.chat._request.tools import (
    ToolWarmUp,
    check_tool_options,
    checked_tools,
    warn_of_unknown_tools,
    written_tools,
)
from haystack_integrations.components.generators.openrouter.chat._stream import delivery
from haystack_integrations.components.generators.openrouter.chat.options.generation import GenerationKwargs


@shows_its_settings
@component
class OpenRouterChatGenerator(OpenRouterComponent, OpenAIChatGenerator):
    """
    Chat completion with the models behind [OpenRouter](https://openrouter.ai).

    `generation_kwargs` takes every parameter of OpenRouter's
    [API](https://openrouter.ai/docs/api-reference/chat-completion), such as provider routing, fallback models,
    reasoning, plugins and server tools. The reply holds everything that OpenRouter sends: the content, and in `meta`
    the cost, the provider, citations and the rest.

    ### Usage example
    ```python
    from haystack.dataclasses import ChatMessage
    from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

    generator = OpenRouterChatGenerator(model="openai/gpt-4o-mini")
    reply = generator.run([ChatMessage.from_user("What is natural language processing?")])["replies"][0]
    print(reply.text)
    print(reply.meta["provider"], reply.meta["usage"]["cost"])
    ```
    """

    api_base_url: str | None

    SUPPORTED_MODELS: ClassVar[list[str]] = SUPPORTED_MODELS
    """Some of the models that OpenRouter serves. All models: https://openrouter.ai/models."""

    def __init__(
        self,
        *,
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str = "openai/gpt-4o-mini",
        streaming_callback: StreamingCallbackT | None = None,
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        generation_kwargs: GenerationKwargs | None = None,
        tools: ToolsType | None = None,
        timeout: float | None = None,
        extra_headers: dict[str, Any] | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        tools_strict: bool = False,
        deadline: float | None = None,
        cost_meter: OpenRouterCostMeter | None = None,
        tool_options: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        """
        Create the component. The API key is read when the component is warmed up or first run.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the model, as `author/slug`: see https://openrouter.ai/models.
        :param streaming_callback: A function that is called with each `StreamingChunk` as it arrives. If it is set, the
            reply is streamed. `run_async` also takes coroutine functions.
        :param api_base_url: The URL of the API. If it is None or OpenRouter's, the environment variable
            `OPENROUTER_API_BASE` replaces it.
        :param generation_kwargs: Parameters of OpenRouter's chat completion endpoint, for example `temperature`,
            `max_tokens`, `provider`, `models`, `reasoning`, `plugins`, `response_format` (a Pydantic class or a
            dictionary) or `tools` (OpenRouter's server tools). Keys that this package does not know are sent as well,
            and keys whose value is None are left out. `extra_headers`, `extra_query`, `extra_body` and `timeout` work
            as in the openai SDK. The type of the dictionary is `OpenRouterGenerationKwargs`.
        :param tools: Tools and toolsets that the model can prepare calls for.
        :param timeout: Seconds to wait for a connection, and for the next bytes of a response. OpenRouter's keep-alive
            comments count as bytes, so a slow model does not time out. None means the environment variable
            `OPENAI_TIMEOUT`, or 30 if it is not set.
        :param extra_headers: HTTP headers for every request, for example `HTTP-Referer` and `X-OpenRouter-Title`. A
            value may be a `Secret`.
        :param max_retries: How many times a request is sent again after a failed connection, a timeout, HTTP 408, 409,
            429 or 5xx, an error that OpenRouter reports with HTTP 200, or a stream that fails before its first text,
            tool call or media.
            Each try may be billed. None means the environment variable `OPENAI_MAX_RETRIES`, or 5 if it is not set.
        :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`, such as `proxy`.
        :param tools_strict: Whether to make the schemas of the tools strict, so that the model follows them exactly. A
            tool whose schema can't be strict is sent as it is, and a warning says why.
        :param deadline: Seconds after which a run ends, with its retries and waits. Unlike `timeout`, it does not start
            anew when bytes arrive. None means no limit. A client that you set yourself does not keep to it.
        :param cost_meter: Counts what the requests of this component cost. None counts nothing.
        :param tool_options: What is sent beside a tool, by the name of the tool: `cache_control` or `defer_loading`,
            for example `{"search": {"defer_loading": True}}`. Source: `ChatFunctionTool` in OpenRouter's Python SDK.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the value of an argument can't be used, or two tools have the same name.
        """
        self._tool_warm_up = ToolWarmUp()
        self.generation_kwargs = cast(dict[str, Any], generation_kwargs)
        self.tool_options = tool_options
        check_callback(streaming_callback)
        if tools is not None:
            checked_tools(tools)
        self._set_up(
            api_key, model, api_base_url, extra_headers, timeout, max_retries, http_client_kwargs, deadline, cost_meter
        )
        super(OpenRouterChatGenerator, self).__init__(  # noqa: UP008
            api_key=api_key,
            model=model,
            streaming_callback=streaming_callback,
            api_base_url=self.api_base_url,
            generation_kwargs=cast(dict[str, Any] | None, generation_kwargs),
            tools=tools,
            tools_strict=tools_strict,
            timeout=timeout,
            max_retries=max_retries,
            http_client_kwargs=http_client_kwargs,
        )

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component. `tools_strict` and `tool_options` are written only if they are set.

        :returns: The component as a dictionary.
        :raises ValueError: If the API key or a Secret among the headers is a token, which must not be serialized.
        """
        own: dict[str, Any] = {"tools_strict": True} if self.tools_strict else {}
        if self.tool_options:
            own["tool_options"] = copy.deepcopy(self.tool_options)
        return self._to_dict(
            streaming_callback=serialize_callable(self.streaming_callback) if self.streaming_callback else None,
            generation_kwargs=serializable_kwargs(self.generation_kwargs),
            tools=written_tools(self.tools),
            **own,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """
        Deserialize the component.

        :param data: The dictionary from `to_dict`, or that of Haystack's `OpenAIChatGenerator` with this `type`. It is
            not changed. A parameter that only `OpenAIChatGenerator` has is ignored if it is None or the default.
        :returns: The component.
        :raises TypeError: If another parameter is unknown.
        """
        # Haystack's own, which loads the tools and the callback as well
        read = with_secrets(data)
        read["init_parameters"] = read_parameters(own_parameters(read.get("init_parameters", {}), cls.__init__))
        return cast(Self, super(OpenRouterBase, cls).from_dict(read))

    @component.output_types(replies=list[ChatMessage])
    def run(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: GenerationKwargs | None = None,
        *,
        tools: ToolsType | None = None,
        tools_strict: bool | None = None,
    ) -> dict[str, list[ChatMessage]]:
        """
        Send the messages to the model and return its replies.

        :param messages: The conversation, or a string that becomes one user message.
        :param streaming_callback: A function that is called with each chunk, instead of the one from init.
        :param generation_kwargs: Parameters for this run. They override those from init, key by key.
        :param tools: Tools and toolsets for this run, instead of those from init. `[]` means none.
        :param tools_strict: Whether to make the schemas of the tools strict. None means the value from init.
        :returns: A dictionary with `replies`, a list of one ChatMessage, or of several if `n` is set.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the API key is missing, or an argument can't be sent, or the last three messages are
            replies of the model with neither text nor tool calls nor media.
        :raises openai.APIError: If OpenRouter or a provider fails. The class depends on the HTTP status, as in the
            openai SDK. The text names the provider and the cause and, where possible, says what to do.
        :raises OpenRouterStreamError: If a stream fails. Its `partial_reply` holds what the callback has received.
        """
        self._check()
        check_generation_kwargs(generation_kwargs, self._noticed)
        callback = select_streaming_callback(
            init_callback=self.streaming_callback, runtime_callback=streaming_callback, requires_async=False
        )
        if (used := self.tools if tools is None else tools) is not None:  # a lazy toolset is false until it is warm
            self._tool_warm_up.run(used)
        if not (conversation := as_messages(messages)):
            return {"replies": []}
        arguments = self._prepare_api_call(
            messages=conversation,
            streaming_callback=callback,
            generation_kwargs=generation_kwargs,
            tools=tools,
            tools_strict=tools_strict,
        )
        del arguments["openai_endpoint"]
        settings = self._settings(arguments.pop("deadline", None))
        deliver = None if callback is None else partial(self._handle_stream_response, callback=callback)
        with self._calling(CHAT, arguments["model"], settings) as client:
            return {"replies": replies_to(arguments, client, settings, deliver)}

    @component.output_types(replies=list[ChatMessage])
    async def run_async(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: GenerationKwargs | None = None,
        *,
        tools: ToolsType | None = None,
        tools_strict: bool | None = None,
    ) -> dict[str, list[ChatMessage]]:
        """
        Send the messages to the model and return its replies, without blocking the event loop.

        :param messages: The conversation, or a string that becomes one user message.
        :param streaming_callback: A function or coroutine function that is called with each chunk, instead of the one
            from init.
        :param generation_kwargs: Parameters for this run. They override those from init, key by key.
        :param tools: Tools and toolsets for this run, instead of those from init. `[]` means none.
        :param tools_strict: Whether to make the schemas of the tools strict. None means the value from init.
        :returns: A dictionary with `replies`, a list of one ChatMessage, or of several if `n` is set.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the API key is missing, or an argument can't be sent, or the last three messages are
            replies of the model with neither text nor tool calls nor media.
        :raises openai.APIError: If OpenRouter or a provider fails, as in `run`.
        :raises OpenRouterStreamError: If a stream fails. Its `partial_reply` holds what the callback has received.
        """
        self._check()
        check_generation_kwargs(generation_kwargs, self._noticed)
        callback = select_streaming_callback(
            init_callback=self.streaming_callback, runtime_callback=streaming_callback, requires_async=True
        )
        if (used := self.tools if tools is None else tools) is not None:  # a lazy toolset is false until it is warm
            await self._tool_warm_up.run_async(used)
        if not (conversation := as_messages(messages)):
            return {"replies": []}
        arguments = self._prepare_api_call(
            messages=conversation,
            streaming_callback=callback,
            generation_kwargs=generation_kwargs,
            tools=tools,
            tools_strict=tools_strict,
        )
        del arguments["openai_endpoint"]
        settings = self._settings(arguments.pop("deadline", None))
        deliver = None if callback is None else partial(self._handle_async_stream_response, callback=callback)
        async with self._calling_async(CHAT, arguments["model"], settings) as client:
            return {"replies": await replies_to_async(arguments, client, settings, deliver)}

    def warm_up(self) -> None:
        """
        Build the synchronous client and warm up the tools.

        :raises ValueError: If the API key is missing or blank.
        """
        if self.tools is not None:
            self._tool_warm_up.run(self.tools)
        super(OpenRouterChatGenerator, self).warm_up()  # noqa: UP008

    async def warm_up_async(self) -> None:
        """
        Build the client of the running event loop and warm up the tools. The client is closed together with the loop.

        :raises ValueError: If the API key is missing or blank.
        """
        if self.tools is not None:
            await self._tool_warm_up.run_async(self.tools)
        await super(OpenRouterChatGenerator, self).warm_up_async()  # noqa: UP008

    def _check(self) -> None:
        super(OpenRouterChatGenerator, self)._check()  # noqa: UP008
        check_generation_kwargs(self.generation_kwargs, self._noticed)
        if self.tool_options is not None:
            check_tool_options(self.tool_options)

    def _prepare_api_call(
        self,
        *,
        messages: list[ChatMessage],
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: GenerationKwargs | None = None,
        tools: ToolsType | None = None,
        tools_strict: bool | None = None,
    ) -> dict[str, Any]:
        check_callback(streaming_callback)
        tools = self.tools if tools is None else tools
        if self.tool_options:
            warn_of_unknown_tools(self.tool_options, tools, self.tools, noticed=self._noticed)
        arguments = request_arguments(
            model=self.model,
            messages=messages,
            tools=tools,
            tools_strict=tools_strict if tools_strict is not None else self.tools_strict,
            tool_options=self.tool_options,
            streaming=streaming_callback is not None,
            generation_kwargs=merged_kwargs(self.generation_kwargs, generation_kwargs),
            init_headers=self._sent_headers(),
            base_url=str(self._base_url()),
            noticed=self._noticed,
        )
        # Haystack's hook names the SDK's method here; it is always this one
        return {**arguments, "openai_endpoint": "create"}

    def _handle_stream_response(
        self, chat_completion: Any, callback: SyncStreamingCallbackT, audio_format: str | None = None
    ) -> list[ChatMessage]:
        return [delivery.deliver(chat_completion, callback, ComponentInfo.from_component(self), audio_format)]

    async def _handle_async_stream_response(
        self, chat_completion: Any, callback: StreamingCallbackT, audio_format: str | None = None
    ) -> list[ChatMessage]:
        return [
            await delivery.deliver_async(chat_completion, callback, ComponentInfo.from_component(self), audio_format)
        ]
