# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The typed options, held against OpenRouter's own Python SDK, and the small helpers around a generator."""

import ast
import inspect
import typing
from types import ModuleType
from typing import Any

import openrouter.components as sdk
import pytest
from openrouter import operations
from openrouter.components import chatfunctiontool, chatrequest, providersort
from pydantic import BaseModel

from haystack_integrations.common.openrouter._base import options as shared
from haystack_integrations.common.openrouter.account import FeedbackCategory
from haystack_integrations.components.audio.openrouter import (
    AudioProviderPreferences,
    OpenRouterSpeechKwargs,
    OpenRouterTranscriptionKwargs,
)
from haystack_integrations.components.audio.openrouter import options as audio
from haystack_integrations.components.classifiers.openrouter import (
    ChoiceQuestion,
    NoulQuestion,
    OpenRouterDecisionParameters,
    ScoreQuestion,
)
from haystack_integrations.components.classifiers.openrouter import options as decisions
from haystack_integrations.components.classifiers.openrouter._endpoint import SYSTEMONE
from haystack_integrations.components.embedders.openrouter import OpenRouterEmbeddingParameters
from haystack_integrations.components.embedders.openrouter import options as embeddings
from haystack_integrations.components.generators.openrouter import (
    BatchProviderPreferences,
    BatchState,
    ImageProviderPreferences,
    OpenRouterGenerationKwargs,
    OpenRouterImageKwargs,
    OpenRouterVideoKwargs,
    Plugin,
    ProviderPreferences,
    ReasoningOptions,
    ServerTool,
)
from haystack_integrations.components.generators.openrouter.batch import options as batches
from haystack_integrations.components.generators.openrouter.chat.options import generation, plugins, provider
from haystack_integrations.components.generators.openrouter.images import options as images
from haystack_integrations.components.generators.openrouter.video import options as video
from haystack_integrations.components.rankers.openrouter import OpenRouterRerankParameters, _endpoint
from haystack_integrations.components.rankers.openrouter import options as rerank

OF_THE_COMPONENT = {"messages", "stream"}
NOT_SENT = {"extra_headers", "extra_query", "extra_body", "timeout", "deadline"}
# What OpenRouter's documentation names, and its SDK does not.
DOCUMENTED = {"n", "audio", "preset", "max_tool_calls", "transforms", "usage", "route", "verbosity"}
DOCUMENTED_REASONING = {"max_tokens", "enabled", "exclude", "context"}


def parts(kind: Any) -> tuple[Any, ...]:
    """What a union, an annotation or an alias of one is made of."""
    return typing.get_args(kind) or typing.get_args(getattr(kind, "__value__", None))


def models_of(kind: Any) -> list[type[BaseModel]]:
    """The models in a union, however deep."""
    own = [kind] if inspect.isclass(kind) and issubclass(kind, BaseModel) else []
    return own + [model for part in parts(kind) for model in models_of(part)]


def fields(*models: type[BaseModel]) -> set[str]:
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def values(kind: Any) -> set[Any]:
    """The literals in a type."""
    if typing.get_origin(kind) is typing.Literal:
        return set(typing.get_args(kind))
    return {value for part in parts(kind) for value in values(part)}


def typed(options: Any) -> set[str]:
    return set(options.__annotations__)


SERVER_TOOLS = [
    model
    for model in models_of(chatfunctiontool.ChatFunctionTool)
    if any(str(value).startswith("openrouter:") for value in values(model.model_fields.get("type").annotation))
]


class TestInStepWithTheSDK:
    @pytest.mark.parametrize(
        ("ours", "theirs", "only_ours", "only_theirs"),
        [
            (OpenRouterGenerationKwargs, [sdk.ChatRequest], NOT_SENT | DOCUMENTED, OF_THE_COMPONENT),
            (ReasoningOptions, [sdk.ChatRequestReasoning], DOCUMENTED_REASONING, set()),
            (ProviderPreferences, [sdk.ProviderPreferences], set(), set()),
            (provider.MaxPrice, [sdk.MaxPrice], set(), set()),
            (provider.SortConfig, [sdk.ProviderSortConfig], set(), set()),
            (provider.Percentiles, [sdk.PercentileLatencyCutoffs], set(), set()),
            (provider.Percentiles, [sdk.PercentileThroughputCutoffs], set(), set()),
            (Plugin, models_of(chatrequest.ChatRequestPlugin), set(), set()),
            (ServerTool, SERVER_TOOLS, set(), set()),
            (OpenRouterImageKwargs, [sdk.ImageGenerationRequest], NOT_SENT, {"prompt", "stream"}),
            (OpenRouterVideoKwargs, [sdk.VideoGenerationRequest], NOT_SENT, {"prompt"}),
            (video.FrameImage, [sdk.FrameImage], set(), set()),
            (video.VideoProviderOptions, [sdk.VideoGenerationRequestProvider], set(), set()),
            (OpenRouterSpeechKwargs, [sdk.SpeechRequest], NOT_SENT, {"input"}),
            (OpenRouterTranscriptionKwargs, [sdk.STTRequest], NOT_SENT, {"input_audio"}),
            (BatchProviderPreferences, [sdk.BatchProviderPreferences], set(), set()),
            (
                BatchState,
                [sdk.BatchObject],
                {"counts", "cost", "custom_ids", "raw"},
                {"request_counts", "usage", "results", "object", "endpoint", "completion_window"},
            ),
            (AudioProviderPreferences, [sdk.SpeechRequestProvider], set(), set()),
            (AudioProviderPreferences, [sdk.STTRequestProvider], set(), set()),
            (ImageProviderPreferences, [sdk.ImageGenerationProviderPreferences], set(), set()),
            (
                OpenRouterEmbeddingParameters,
                [operations.CreateEmbeddingsRequestBody],
                set(),
                {"input", "model", "dimensions", "encoding_format"},
            ),
            (OpenRouterDecisionParameters, [sdk.DecisionsRequest], set(), {*SYSTEMONE.own_fields}),
            (NoulQuestion, [sdk.DecisionsNoulQuestion], set(), set()),
            (decisions.NoulCriteria, [sdk.DecisionsNoulQuestionCriteria], set(), set()),
            (ChoiceQuestion, [sdk.DecisionsChoiceQuestion], set(), set()),
            (ScoreQuestion, [sdk.DecisionsScoreQuestion], set(), set()),
            (OpenRouterRerankParameters, [operations.CreateRerankRequestBody], set(), {*_endpoint.RERANK.own_fields}),
        ],
    )
    def test_fields(self, ours, theirs, only_ours, only_theirs):
        assert theirs
        assert typed(ours) - fields(*theirs) == only_ours, "fields that OpenRouter's SDK does not have"
        assert fields(*theirs) - typed(ours) == only_theirs, "fields that these options lack"

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            (generation.Effort, sdk.ChatRequestReasoning.model_fields["effort"].annotation),
            (generation.Effort, sdk.ChatRequest.model_fields["reasoning_effort"].annotation),
            (typing.get_type_hints(OpenRouterGenerationKwargs)["verbosity"], sdk.Verbosity),
            (batches.ListedStatus, sdk.BatchListStatus),
            (provider.SortBy, providersort.ProviderSort),
            (provider.Quantization, sdk.ProviderPreferences.model_fields["quantizations"].annotation),
            (FeedbackCategory, sdk.SubmitGenerationFeedbackRequestCategory),
        ],
    )
    def test_values(self, ours, theirs):
        assert values(ours) == values(theirs)

    @pytest.mark.parametrize(
        ("ours", "name", "theirs"),
        [
            (OpenRouterGenerationKwargs, "service_tier", sdk.ChatRequest),
            (OpenRouterGenerationKwargs, "modalities", sdk.ChatRequest),
            (ReasoningOptions, "summary", sdk.ChatRequestReasoning),
            (ReasoningOptions, "context", sdk.BaseReasoningConfig),
            (ProviderPreferences, "data_collection", sdk.ProviderPreferences),
            (provider.SortConfig, "partition", sdk.ProviderSortConfig),
            (OpenRouterVideoKwargs, "aspect_ratio", sdk.VideoGenerationRequest),
            (OpenRouterVideoKwargs, "resolution", sdk.VideoGenerationRequest),
            (video.FrameImage, "frame_type", sdk.FrameImage),
            (OpenRouterSpeechKwargs, "response_format", sdk.SpeechRequest),
            (OpenRouterTranscriptionKwargs, "response_format", sdk.STTRequest),
            (OpenRouterTranscriptionKwargs, "timestamp_granularities", sdk.STTRequest),
            (AudioProviderPreferences, "data_collection", sdk.SpeechRequestProvider),
            (NoulQuestion, "type", sdk.DecisionsNoulQuestion),
            (ChoiceQuestion, "type", sdk.DecisionsChoiceQuestion),
            (ScoreQuestion, "type", sdk.DecisionsScoreQuestion),
            *(
                (OpenRouterImageKwargs, name, sdk.ImageGenerationRequest)
                for name in ("aspect_ratio", "background", "output_format", "quality", "resolution")
            ),
        ],
    )
    def test_values_of_a_field(self, ours, name, theirs):
        assert values(typing.get_type_hints(ours)[name]) == values(theirs.model_fields[name].annotation)

    def test_plugin_ids_that_the_docstring_names(self):
        ids = {
            value
            for model in models_of(chatrequest.ChatRequestPlugin)
            for value in values(model.model_fields["id"].annotation)
        }
        assert {name for name in ids if f"`{name}`" not in inspect.getsource(plugins.Plugin)} == set()


@pytest.mark.parametrize(
    "module",
    [shared, generation, plugins, provider, images, video, audio, embeddings, rerank, decisions, batches],
    ids=lambda module: module.__name__.partition("openrouter.")[2],
)
def test_every_field_has_a_docstring_and_every_type_a_source(module: ModuleType):
    for definition in ast.parse(inspect.getsource(module)).body:
        if isinstance(definition, ast.ClassDef):
            assert "Source: " in (ast.get_docstring(definition) or "")
            body = definition.body[1:]
            for field, text in zip(body[::2], body[1::2], strict=True):
                assert isinstance(field, ast.AnnAssign)
                assert isinstance(text, ast.Expr)
                assert isinstance(text.value.value, str)
