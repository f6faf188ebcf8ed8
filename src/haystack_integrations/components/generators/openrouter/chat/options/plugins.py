# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of `plugins` and of OpenRouter's own `tools`. New ones appear often: any other dictionary is sent too.

Sources: `ChatRequest` in OpenRouter's OpenAPI document, its Python SDK 1.3.84, and
https://openrouter.ai/docs/guides/features/plugins/overview.
"""

from typing import Any, Required, TypedDict


class Plugin(TypedDict, total=False):
    """
    One plugin with its settings. Which settings there are depends on `id`.

    Source: the items of `ChatRequest.plugins` in OpenRouter's Python SDK 1.3.84.
    """

    id: Required[str]
    """
    The plugin: `web`, `web-fetch`, `file-parser`, `response-healing`, `context-compression`, `moderation`, `fusion`,
    `alignment`, `armor`, `auto-router`, `auto-beta-router`, `pareto-router`, `jev-router`, `switchyard-router` …
    """
    enabled: bool
    """False switches the plugin off for this request. For most plugins."""
    engine: str
    """`web`: the search engine, such as `native` or `exa`. `context-compression`: `middle-out`."""
    mode: str
    """`web`: how thoroughly the engine searches. `alignment`, `armor`: `enforce` or `audit`."""
    max_results: int
    """`web`: how many results the model gets."""
    max_uses: int
    """`web`, `web-fetch`: how many times the model may use it in a request."""
    search_prompt: str
    """`web`: the text that introduces the results to the model."""
    include_domains: list[str]
    """`web`: the only domains to search, with wildcards and paths."""
    exclude_domains: list[str]
    """`web`: domains to leave out, with wildcards and paths."""
    user_location: dict[str, Any] | None
    """`web`: where the user is, for engines that search nearby."""
    x_search: dict[str, Any]
    """`web`: filters for posts on X, which xAI's models search too."""
    allowed_domains: list[str]
    """`web-fetch`: the only domains to fetch from."""
    blocked_domains: list[str]
    """`web-fetch`: domains never to fetch from."""
    max_content_tokens: int
    """`web-fetch`: about how many tokens of a page are kept."""
    pdf: dict[str, Any]
    """`file-parser`: how PDFs are read, `{"engine": …}` with `native`, `cloudflare-ai` or `mistral-ocr`."""
    preset: str
    """`fusion`: a prepared panel of models, such as `general-high`."""
    analysis_models: list[str]
    """`fusion`: the models of the panel, up to 8."""
    model: str
    """`fusion`: the model that analyses what the panel said and writes the reply."""
    max_tool_calls: int
    """`fusion`: the maximum number of steps with tool calls for each model of the panel and the analyst, up to 16."""
    tools: list[dict[str, Any]]
    """`fusion`: server tools of the panel."""
    allowed_models: list[str]
    """Routers: the only models to choose from; `*` is a wildcard."""
    excluded_models: list[str]
    """Routers: models not to choose; `*` is a wildcard."""
    models: list[str]
    """`jev-router`: the same as `allowed_models`."""
    cost_tier: str
    """Routers: the price level of the model, such as `low`, `medium`, `high`."""
    cost_quality_tradeoff: int
    """
    `auto-router`, `auto-beta-router`: 0 is the best, 10 the cheapest. Deprecated: use `cost_tier`, which takes
    precedence.
    """
    pin_model: bool
    """
    `auto-router`: whether a conversation stays with the `model` that its last assistant message names. Haystack's
    messages don't name a model, so it has no effect here: pass `reply.meta["model"]` as `model` instead.
    """
    min_coding_score: float
    """`pareto-router`: how well the model must code, from 0 to 1. Not used with `max_price`."""
    max_price: float
    """`pareto-router`: the maximum price in USD per million tokens of the prompt."""
    price_source: str
    """`pareto-router`: `prompt`, the list price, or `weighted_avg`, what was paid."""
    algorithm: str
    """`switchyard-router`: how it chooses a model, such as `capability` or `random`."""
    judge_model: str
    """`switchyard-router`: the model that judges how difficult the task is. It is billed too."""
    rules: list[Any]
    """`alignment`: the rules that a reply must follow."""
    instruct: bool
    """`alignment`: whether the model gets the rules."""
    max_retries: int
    """`alignment`: how many times a reply that breaks a rule is generated again."""
    threshold: float
    """`alignment`: how probable a breach must be to count, from 0.01 to 1."""
    classifier_context: dict[str, Any]
    """`armor`: rules for tool calls, and what surrounds them."""
    evaluate_native_tools: bool
    """`armor`: whether to judge the provider's own tools too."""
    on_error: str
    """`armor`: `block` or `log` a call that could not be judged."""
    output_mode: str
    """`armor`: how a blocked call is reported, such as `text`."""
    use_cc_style_default_rules: bool
    """`armor`: whether to apply a set of prepared rules before yours."""


class ServerTool(TypedDict, total=False):
    """
    A tool that OpenRouter runs itself, for `generation_kwargs["tools"]`.

    Source: the items of `ChatRequest.tools` in OpenRouter's Python SDK 1.3.84.
    """

    type: Required[str]
    """The tool, such as `openrouter:web_search`, `openrouter:web_fetch`, `openrouter:datetime`."""
    parameters: dict[str, Any]
    """Its settings, such as `{"max_results": 3}` for `openrouter:web_search`."""
