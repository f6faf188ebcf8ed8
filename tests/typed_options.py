# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What a type checker accepts as options, and what it refuses. Not run: `hatch run test:types` checks it.

A refusal is a `type: ignore` that mypy would report as unused, if it were accepted.
"""

from typing import Any

from haystack.dataclasses import ChatMessage
from haystack.utils import Secret

from haystack_integrations.components.audio.openrouter import (
    OpenRouterSpeechKwargs,
    OpenRouterSpeechSynthesizer,
    OpenRouterTranscriber,
    OpenRouterTranscriptionKwargs,
)
from haystack_integrations.components.classifiers.openrouter import (
    ChoiceQuestion,
    NoulQuestion,
    OpenRouterDecisionParameters,
    OpenRouterDocumentClassifier,
    ScoreQuestion,
)
from haystack_integrations.components.embedders.openrouter import (
    OpenRouterDocumentEmbedder,
    OpenRouterEmbeddingParameters,
    OpenRouterTextEmbedder,
)
from haystack_integrations.components.generators.openrouter import (
    BatchProviderPreferences,
    OpenRouterBatch,
    OpenRouterChatGenerator,
    OpenRouterGenerationKwargs,
    OpenRouterImageGenerator,
    OpenRouterImageKwargs,
    OpenRouterVideoGenerator,
    OpenRouterVideoKwargs,
    Plugin,
    ProviderPreferences,
    ReasoningOptions,
    ServerTool,
    reply_cost,
)
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker, OpenRouterRerankParameters
from haystack_integrations.components.routers.openrouter import OpenRouterTextRouter

good: OpenRouterGenerationKwargs = {
    "provider": {"sort": "throughput", "max_price": {"prompt": 1}, "preferred_max_latency": {"p90": 2}},
    "models": ["openai/gpt-4o-mini"],
    "reasoning": {"effort": "low", "context": "all_turns"},
    "logit_bias": {50256: -100},
    "plugins": [{"id": "a-plugin-of-tomorrow", "with": "settings"}],
    "tools": [{"type": "openrouter:web_search", "parameters": {"max_results": 3}}],
    "extra_headers": {"X-Title": "My app", "X-Gateway-Token": Secret.from_env_var("GATEWAY_TOKEN")},
}
anything: dict[str, Any] = {"a_parameter_of_tomorrow": 1}
OpenRouterChatGenerator(generation_kwargs=good).run("Hi", generation_kwargs=anything)
OpenRouterChatGenerator(generation_kwargs={"provider": {"sort": "throughput"}})
OpenRouterChatGenerator(generation_kwargs={"a_parameter_of_tomorrow": 1})

inside: OpenRouterGenerationKwargs = {"provider": {"sort": "fastest"}}  # type: ignore[typeddict-item]
inside_typo: OpenRouterGenerationKwargs = {"provider": {"data_colection": "deny"}}  # type: ignore[typeddict-item]
inside_effort: OpenRouterGenerationKwargs = {"reasoning": {"effort": "extreme"}}  # type: ignore[typeddict-item]
sort: ProviderPreferences = {"sort": "fastest"}  # type: ignore[typeddict-item]
order: ProviderPreferences = {"order": "groq"}  # type: ignore[typeddict-item]
typo: ProviderPreferences = {"data_colection": "deny"}  # type: ignore[typeddict-unknown-key]
context: ReasoningOptions = {"context": "every_turn"}  # type: ignore[typeddict-item]
effort: ReasoningOptions = {"effort": "extreme"}  # type: ignore[typeddict-item]
nameless: Plugin = {"max_results": 3}  # type: ignore[typeddict-item]
untyped: ServerTool = {"parameters": {}}  # type: ignore[typeddict-item]
hot: OpenRouterGenerationKwargs = {"temperature": "hot"}  # type: ignore[typeddict-item]
OpenRouterChatGenerator(generation_kwargs=["temperature"])  # type: ignore[arg-type]
cost: str = reply_cost([])  # type: ignore[assignment]

image: OpenRouterImageKwargs = {"n": 2, "aspect_ratio": "16:9", "provider": {"sort": {"by": "price"}}}
OpenRouterImageGenerator(generation_kwargs=image).run("A cat", generation_kwargs={"a_parameter_of_tomorrow": 1})
image_typo: OpenRouterImageKwargs = {"aspect_ration": "16:9"}  # type: ignore[typeddict-unknown-key]
image_ratio: OpenRouterImageKwargs = {"aspect_ratio": "16:10"}  # type: ignore[typeddict-item]

frame = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}, "frame_type": "last_frame"}
video: OpenRouterVideoKwargs = {"duration": 4, "resolution": "720p", "provider": {"options": {"a": {"b": 1}}}}
OpenRouterVideoGenerator(generation_kwargs=video).run("A cat", generation_kwargs={"frame_images": [frame]})
video_typo: OpenRouterVideoKwargs = {"durations": 4}  # type: ignore[typeddict-unknown-key]
video_size: OpenRouterVideoKwargs = {"resolution": "900p"}  # type: ignore[typeddict-item]

speech: OpenRouterSpeechKwargs = {"voice": "alloy", "speed": 1.2, "provider": {"zdr": True}}
OpenRouterSpeechSynthesizer(generation_kwargs=speech).run("Hi", generation_kwargs={"a_parameter_of_tomorrow": 1})
speech_options: OpenRouterSpeechKwargs = {"user": "u", "timeout": 5, "extra_headers": {"X-A": Secret.from_token("x")}}
speech_timeout: OpenRouterSpeechKwargs = {"timeout": "5"}  # type: ignore[typeddict-item]
speech_format: OpenRouterSpeechKwargs = {"response_format": "midi"}  # type: ignore[typeddict-item]

transcript: OpenRouterTranscriptionKwargs = {"language": "en", "timestamp_granularities": ["word"]}
OpenRouterTranscriber(generation_kwargs=transcript).run(["a.mp3"], generation_kwargs={"a_parameter_of_tomorrow": 1})
transcript_typo: OpenRouterTranscriptionKwargs = {"diarise": True}  # type: ignore[typeddict-unknown-key]

batch = OpenRouterBatch(model="a/b", generation_kwargs={"max_tokens": 5, "a_parameter_of_tomorrow": 1})
batch_id: str = batch.submit(["Hi", [ChatMessage.from_user("Hi")]], custom_ids=["a", "b"])
batch.submit_documents([], dimensions=3, prefix="x")
batch.submit_documents([], dimension=3)  # type: ignore[call-arg]
batch.list(status="done")  # type: ignore[arg-type]
batch_provider: BatchProviderPreferences = {"only": ["openai"], "sort": "price"}  # type: ignore[typeddict-unknown-key]
OpenRouterBatch(streaming_callback=print)  # type: ignore[arg-type]

embedding: OpenRouterEmbeddingParameters = {"input_type": "search_query", "session_id": "job-7", "user": "user-1"}
OpenRouterTextEmbedder(extra_parameters=embedding)
OpenRouterDocumentEmbedder(extra_parameters={"trace": {"trace_id": "1"}, "provider": {"sort": "price"}})
OpenRouterTextEmbedder(extra_parameters={"a_parameter_of_tomorrow": 1})
embedding_typo: OpenRouterEmbeddingParameters = {"session": "job-7"}  # type: ignore[typeddict-unknown-key]

rerank: OpenRouterRerankParameters = {"trace": {"trace_id": "1"}, "provider": {"order": ["cohere"]}}
OpenRouterRanker(extra_parameters=rerank)
rerank_order: OpenRouterRerankParameters = {"provider": {"order": "cohere"}}  # type: ignore[typeddict-item]

decision: OpenRouterDecisionParameters = {"session_id": "job-7", "provider": {"zdr": True}}
OpenRouterTextRouter(["easy", "hard"], extra_parameters=decision)
OpenRouterTextRouter({"easy": "One step", "hard": None}, extra_parameters={"a_parameter_of_tomorrow": 1})
OpenRouterTextRouter("easy")  # type: ignore[arg-type]
decision_typo: OpenRouterDecisionParameters = {"session": "job-7"}  # type: ignore[typeddict-unknown-key]

noul: NoulQuestion = {"type": "noul", "instructions": "A refund?", "criteria": {"true": "It is", "false": "It is not"}}
label: ChoiceQuestion = {"type": "choice", "instructions": {"ask": "Which?"}, "criteria": {"a": "A", "b": None}}
scale: ScoreQuestion = {"type": "score", "instructions": "How urgent?", "criteria": ["low", "high"]}
OpenRouterDocumentClassifier({"noul": noul, "label": label, "scale": scale}, extra_parameters=decision)
OpenRouterDocumentClassifier({"new": {"type": "of tomorrow", "instructions": "What?"}})
without_labels: ChoiceQuestion = {"type": "choice", "instructions": "Which?"}  # type: ignore[typeddict-item]
odd_outcome: NoulQuestion = {"type": "noul", "instructions": "?", "criteria": {"maybe": "x"}}  # type: ignore[typeddict-unknown-key]
