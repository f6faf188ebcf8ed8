# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/models`, `/model/…` and `/models/…/endpoints`: the catalogue. The stand-in replies to any other model, too."""

from stand_in.answer import Answer
from stand_in.catalogue import MODELS
from stand_in.request import Json, Request


def list_models(request: Request) -> Answer:
    """
    List the models, those that make text unless the query says otherwise. `/models/user` has none that are free.

    :param request: A request with filters in its query, or none.
    :returns: The models.
    """
    query = request.query
    wanted = query.get("output_modalities", "text")
    found = [model for model in MODELS if wanted == "all" or set(wanted.split(",")) & set(_outputs(model))]
    if request.path.endswith("/user"):
        found = [model for model in found if not model["id"].endswith(":free")]
    found = [model for model in found if _is_wanted(model, query)]
    if query.get("sort") == "context-high-to-low":
        found.sort(key=lambda model: -(model["context_length"] or 0))
    return Answer.json({"data": found})


def get_model(_: Request, author: str, slug: str) -> Answer:
    """
    Find one model.

    :param author: The model's author.
    :param slug: The rest of its name.
    :returns: The model, or 404.
    """
    model = _find(f"{author}/{slug}")
    return Answer.json({"data": model}) if model else Answer.error(404, "Model not found")


def list_endpoints(request: Request, author: str, slug: str) -> Answer:
    """
    List who serves a model: one provider in order, and one that fails.

    :param request: With a key, latency and throughput are told.
    :param author: The model's author.
    :param slug: The rest of its name.
    :returns: The model and its endpoints, or 404.
    """
    model = _find(f"{author}/{slug}")
    if not model:
        return Answer.error(404, "Model not found")
    fields = ("id", "name", "created", "description", "architecture")
    endpoints = [_endpoint(model, request, "Stand-in", 0), _endpoint(model, request, "Stand-by", -2)]
    return Answer.json({"data": {**{name: model[name] for name in fields}, "endpoints": endpoints}})


def _endpoint(model: Json, request: Request, provider: str, status: int) -> Json:
    measured = {"p50": 21.5, "p75": 30, "p90": 45, "p99": 90} if request.key else None
    return {
        "name": f"{provider} | {model['id']}",
        "model_id": model["id"],
        "model_name": model["name"],
        "provider_name": provider,
        "tag": provider.lower(),
        "quantization": None,
        "context_length": model["context_length"],
        "max_prompt_tokens": None,
        "max_completion_tokens": model["top_provider"]["max_completion_tokens"],
        "pricing": {**model["pricing"], "discount": 0},
        "supported_parameters": model["supported_parameters"],
        "supports_implicit_caching": False,
        "status": status,
        "uptime_last_5m": None,
        "uptime_last_30m": 99.5 if status >= 0 else 12.5,
        "uptime_last_1d": 99.8,
        "latency_last_30m": measured,
        "throughput_last_30m": measured,
    }


def _is_wanted(model: Json, query: dict[str, str]) -> bool:
    inputs, parameters = query.get("input_modalities"), query.get("supported_parameters")
    return (
        query.get("q", "").lower() in model["id"]
        and (not inputs or set(inputs.split(",")) <= set(model["architecture"]["input_modalities"]))
        and (not parameters or set(parameters.split(",")) <= set(model["supported_parameters"]))
        and int(query.get("context", 0)) <= (model["context_length"] or 0)
        and ("max_price" not in query or 0 <= float(model["pricing"]["prompt"]) * 1e6 <= float(query["max_price"]))
    )


def _outputs(model: Json) -> list[str]:
    outputs: list[str] = model["architecture"]["output_modalities"]
    return outputs


def _find(name: str) -> Json | None:
    return next((model for model in MODELS if model["id"] == name), None)
