# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""The stand-in's catalogue: a few models that it plays, with every oddity that OpenRouter's list of hundreds has."""

from datetime import UTC, datetime, timedelta
from typing import Any

from stand_in.costs import DOLLARS_PER_TOKEN
from stand_in.request import Json

CHARGED = {"prompt": f"{DOLLARS_PER_TOKEN:f}", "completion": f"{DOLLARS_PER_TOKEN:f}"}
"""What the stand-in charges, whichever model is asked for."""

FREE = {"prompt": "0", "completion": "0"}
UNKNOWN = {"prompt": "-1", "completion": "-1"}
LONG_AND_AT_NIGHT = {
    "prompt": "0.0000006",
    "completion": "0.0000024",
    "input_cache_read": "0.00000006",
    "input_cache_write": "0.00000075",
    "image": "0.0000006",
    "web_search": "0.01",
    "overrides": [
        {"min_prompt_tokens": 128000, "prompt": "0.0000012", "completion": "0.0000036"},
        {"min_prompt_tokens": 200000, "prompt": "0.0000018"},
        {"utc_start": 2200, "utc_end": 400, "utc_days": ["saturday", "sunday"], "completion": "0.0000018"},
    ],
}
TOOLS = ["max_tokens", "temperature", "tools", "tool_choice", "response_format", "structured_outputs"]
SOON = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()


def model(
    name: str, pricing: Json, *, context: int | None = 128000, reads: str = "text", makes: str = "text", **more: Any
) -> Json:
    """
    Make an entry of the list.

    :param name: Author and slug.
    :param pricing: Prices, as strings in USD per token.
    :param context: How many tokens fit.
    :param reads: The input modalities, separated by commas.
    :param makes: The output modalities, separated by commas.
    :param more: Further fields, which replace the usual ones.
    :returns: The entry, with all fields that every model has.
    """
    inputs, outputs = reads.split(","), makes.split(",")
    return {
        "id": name,
        "canonical_slug": name.partition(":")[0],
        "name": f"Stand-in: {name.partition('/')[2]}",
        "created": 1790000000,
        "description": "There is no model behind this name.",
        "context_length": context,
        "architecture": {
            "modality": f"{'+'.join(inputs)}->{'+'.join(outputs)}",
            "input_modalities": inputs,
            "output_modalities": outputs,
            "tokenizer": "Other",
            "instruct_type": None,
        },
        "pricing": pricing,
        "top_provider": {"context_length": context, "max_completion_tokens": 16384, "is_moderated": False},
        "supported_parameters": TOOLS,
        "default_parameters": {},
        "per_request_limits": None,
        "supported_voices": None,
        "expiration_date": None,
        "knowledge_cutoff": None,
        "hugging_face_id": None,
        "links": {"details": f"/api/v1/models/{name}/endpoints"},
        **more,
    }


def router(name: str, pricing: Json) -> Json:
    """
    Make the entry of a router, which is no model and has no provider.

    :param name: Author and slug.
    :param pricing: Prices, as strings in USD per token.
    :returns: The entry.
    """
    entry = model(name, pricing, context=2000000, reads="text,image", supported_parameters=[])
    entry["architecture"]["tokenizer"] = "Router"
    entry["top_provider"] = {"context_length": None, "max_completion_tokens": None, "is_moderated": False}
    return entry


FAULTS = ("slow", "cut-stream", "error-in-stream", "error-429", "error-502-in-200")
SMALLER = {"context_length": 262144, "max_completion_tokens": 32768, "is_moderated": False}
SEES = {"context": 1000000, "reads": "text,image,file", "top_provider": SMALLER}
THINKS = {
    "mandatory": False,
    "default_enabled": True,
    "default_effort": "medium",
    "supported_efforts": ["high", "medium", "low", "minimal"],
}
CLEVER = {
    "artificial_analysis": {"intelligence_index": 51.5, "coding_index": 61, "agentic_index": 40.2},
    "design_arena": [{"arena": "models", "category": "website", "elo": 1308, "rank": 7, "win_rate": 54.1}],
}
CLEVERER = {
    "artificial_analysis": {"intelligence_index": 58, "coding_index": 72.5, "agentic_index": 47},
    "design_arena": [],
}
MODELS = [
    model("openai/gpt-4o-mini", CHARGED, reads="text,image,file"),
    model("stand-in/auto-choice", CHARGED),
    model("stand-in/sharp-eyes", LONG_AND_AT_NIGHT, **SEES, benchmarks=CLEVER, reasoning=THINKS),
    model("stand-in/sharp-eyes:free", FREE, **SEES),
    model("stand-in/sharp-eyes:batch", {"prompt": "0.0000003", "completion": "0.0000012"}, **SEES),
    model(
        "stand-in/sharp-eyes:thinking",
        LONG_AND_AT_NIGHT,
        **SEES,
        benchmarks=CLEVERER,
        reasoning={**THINKS, "mandatory": True},
    ),
    model(
        "~stand-in/sharp-eyes-latest",
        LONG_AND_AT_NIGHT,
        **SEES,
        alias_target={"slug": "stand-in/sharp-eyes", "name": "Stand-in: sharp-eyes"},
    ),
    model("stand-in/leaving-soon", CHARGED, expiration_date=SOON),
    model("stand-in/painter", {**CHARGED, "image_output": "0.00003"}, makes="image,text"),
    model("stand-in/songs", FREE, makes="text,audio", description="Songs are priced at $0.08 per song."),
    model("stand-in/search", {**CHARGED, "completion": "0"}, makes="embeddings", supported_parameters=[]),
    model(
        "stand-in/sees-pages",
        {"prompt": f"{2 * DOLLARS_PER_TOKEN:f}", "completion": "0"},
        reads="text,image",
        makes="embeddings",
        supported_parameters=[],
    ),
    model("stand-in/speaker", CHARGED, makes="speech", supported_voices=["alto", "bass"], supported_parameters=[]),
    model(
        "typesafe/jev-1.13",
        {"prompt": "0.000000042", "completion": "0"},
        context=32000,
        makes="decisions",
        supported_parameters=[],
    ),
    model(
        "stand-in/mystery",
        CHARGED,
        context=None,
        top_provider={"context_length": None, "max_completion_tokens": None, "is_moderated": False},
        supported_parameters=[],
    ),
    router("openrouter/auto", UNKNOWN),
    router("openrouter/free", FREE),
    *(model(f"stand-in/{name}", CHARGED) for name in FAULTS),
]
"""The models in the order of the list."""
