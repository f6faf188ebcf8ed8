# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of `generation_kwargs`, for editors and type checkers. At run time they are plain dictionaries.

Sources: `ChatRequest` in OpenRouter's OpenAPI document, its Python SDK 1.3.84, and
https://openrouter.ai/docs/api-reference/parameters.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from pydantic import BaseModel

from haystack_integrations.common.openrouter._base.options import OrDict, RequestOptions
from haystack_integrations.components.generators.openrouter.chat.options.plugins import Plugin, ServerTool
from haystack_integrations.components.generators.openrouter.chat.options.provider import ProviderPreferences

Effort = Literal["max", "xhigh", "high", "medium", "low", "minimal", "none"]
"""How hard a model reasons: `max`, `xhigh`, `high`, `medium`, `low`, `minimal`, or `none`."""


class ReasoningOptions(TypedDict, total=False):
    """
    How much a model reasons before it replies. Set `effort` or `max_tokens`, not both.

    Source: `ChatRequest.reasoning` in OpenRouter's OpenAPI document and
    https://openrouter.ai/docs/use-cases/reasoning-tokens.
    """

    effort: Effort | None
    """How much effort the model spends on reasoning."""
    max_tokens: int
    """How many tokens the model may spend on reasoning."""
    enabled: bool
    """Whether to reason, with the default settings."""
    exclude: bool
    """Whether to leave the reasoning out of the reply. It is still billed."""
    context: Literal["auto", "all_turns", "current_turn"] | None
    """
    Whether the model sees the reasoning of all turns or of the current one. `auto` is the model's default. GPT-5.6 and
    newer support it. Source: `ReasoningContext` in OpenRouter's OpenAPI document.
    """
    summary: Literal["auto", "concise", "detailed"] | None
    """The level of detail of the summary that some models return instead of their reasoning."""


class OpenRouterGenerationKwargs(RequestOptions, total=False):
    """
    What `generation_kwargs` may hold. Other keys are sent as well: pass them in a plain dictionary.

    Source: `ChatRequest` in OpenRouter's OpenAPI document and its Python SDK 1.3.84. Keys whose value is None are left
    out.
    """

    models: list[str]
    """Models to try, in this order, if `model` fails for any reason. `reply.meta["model"]` is the one that replied."""
    preset: str
    """The slug of settings saved at https://openrouter.ai/settings/presets."""
    provider: ProviderPreferences | None
    """Which providers may be used, and in which order they are tried."""
    reasoning: ReasoningOptions
    """How much the model reasons."""
    reasoning_effort: Effort | None
    """The same as `reasoning["effort"]`."""
    verbosity: Literal["low", "medium", "high", "xhigh", "max"] | None
    """How detailed the reply is, if the model supports it."""
    plugins: list[Plugin | dict[str, Any]]
    """Plugins with their settings."""
    tools: list[ServerTool | dict[str, Any]]
    """OpenRouter's server tools. They are sent together with the Haystack tools of the component or the run."""
    tool_choice: str | dict[str, Any]
    """`auto`, `none`, `required`, or one tool: `{"type": "function", "function": {"name": …}}`."""
    parallel_tool_calls: bool | None
    """Whether the model may call several tools in one reply."""
    deferred_tools: dict[str, Any]
    """How to search for tools if there are too many to send them all to the model."""
    max_tool_calls: int
    """The maximum number of server tool calls in a request."""
    stop_server_tools_when: list[dict[str, Any]]
    """Conditions that end the calls of server tools. They take precedence over `max_tool_calls`."""
    response_format: type[BaseModel] | dict[str, Any]
    """The shape of the reply: a Pydantic class, or a dictionary such as `{"type": "json_schema", "json_schema": …}`."""
    max_completion_tokens: int | None
    """The maximum length of the reply, in tokens."""
    max_tokens: int | None
    """The older name of `max_completion_tokens`. If neither is set, credits for the model's maximum are reserved."""
    temperature: float | None
    """0 (always the likeliest token) to 2."""
    top_p: float | None
    """Choose among the likeliest tokens whose probabilities add up to this, 0 to 1."""
    top_k: int | None
    """Choose among this many of the likeliest tokens."""
    top_a: float | None
    """Choose among the tokens that are probable enough compared with the likeliest one, 0 to 1."""
    min_p: float | None
    """Leave out tokens that are less probable than this share of the likeliest one, 0 to 1."""
    frequency_penalty: float | None
    """Avoid tokens in proportion to how many times they occurred, -2 to 2."""
    presence_penalty: float | None
    """Avoid tokens that occurred at all, -2 to 2."""
    repetition_penalty: float | None
    """Avoid repetition, 0 to 2; 1 does nothing."""
    logit_bias: Mapping[str, float] | Mapping[int, float] | None
    """What is added to the logits of tokens, by token id."""
    seed: int | None
    """Makes replies reproducible, if the model supports it."""
    stop: str | list[str] | None
    """Up to four strings that end the reply."""
    logprobs: bool | None
    """Whether `reply.meta["logprobs"]` holds the log probabilities of the tokens."""
    top_logprobs: int | None
    """How many other likely tokens it lists for each token, 0 to 20."""
    n: int
    """How many replies to generate, if the provider supports it. Not allowed with a streaming callback."""
    modalities: list[Literal["text", "image", "audio"]]
    """
    What the model generates. Images are in `reply.images`, audio in `reply.files`. Audio needs a streaming callback.
    """
    image_config: dict[str, Any]
    """Settings of image models, such as `{"aspect_ratio": "16:9"}`."""
    audio: dict[str, Any]
    """The voice and the format of audio output: `{"voice": "alloy", "format": "wav"}`."""
    prediction: dict[str, Any] | None
    """Text that the reply will mostly repeat. This makes it faster."""
    cache_control: dict[str, Any]
    """`{"type": "ephemeral"}`: cache the prompt up to its last part that can be cached."""
    prompt_cache_key: str | None
    """Requests with the same key are more likely to use the same cache of a provider."""
    prompt_cache_options: dict[str, Any] | None
    """Cache settings of OpenAI's models: `{"mode": "explicit", "ttl": …}`."""
    service_tier: Literal["auto", "default", "fast", "flex", "priority", "scale", "ultrafast"] | None
    """How soon the request is processed, and at which price."""
    metadata: dict[str, str]
    """Up to 16 pairs of strings that are stored with the request."""
    debug: dict[str, Any]
    """`{"echo_upstream_body": True}`: a stream starts with the request that was sent to the provider."""
    stream_options: dict[str, Any] | None
    """Has no effect any more: usage is always sent."""
    usage: dict[str, Any]
    """Has no effect any more: usage is always sent."""
    transforms: list[str]
    """Deprecated: use the plugin `context-compression`."""
    route: str | None
    """Deprecated: use `provider["sort"]["partition"]`."""


GenerationKwargs = OrDict[OpenRouterGenerationKwargs]
