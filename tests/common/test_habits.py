# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What a person at a prompt meets: `repr`, a hint about the model's name, and what replies cost."""

import copy
import json
import logging
import pickle
import re
from typing import Any

import pytest
from components import COMPONENTS, build
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.tools import tool
from haystack.utils import Secret
from stand_in import Answer, StandIn
from wire import USAGE, call, completion

from haystack_integrations.common.openrouter.cost import reported_cost, usage_cost
from haystack_integrations.common.openrouter.models import OpenRouterModel
from haystack_integrations.components.generators.openrouter import (
    OpenRouterChatGenerator,
    cost_table,
    reply_cost,
)
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker


@pytest.fixture(params=COMPONENTS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


class TestRepr:
    def test_model_and_url(self, kind):
        shown = repr(build(kind, model="author/slug", api_base_url="https://example.com/api/v1"))
        assert shown.startswith(f"{kind.__name__}(model='author/slug', api_base_url='https://example.com/api/v1')\n")
        assert "0x" not in shown

    def test_no_secret(self, kind):
        component = build(
            kind,
            api_key=Secret.from_token("sk-or-secret"),
            api_base_url="https://user:pass-secret@example.com:8443/v1?token=url-secret#secret",
            extra_headers={"X-Key": "header-secret"},
            http_client_kwargs={"proxy": "http://me:proxy-secret@localhost:1"},
        )
        assert "secret" not in repr(component)
        assert "api_base_url='https://example.com:8443/v1'" in repr(component)

    def test_what_haystack_shows_stays(self, kind):
        pipeline = Pipeline()
        pipeline.add_component("mine", component := build(kind))
        assert "\nmine\n" in repr(component)
        assert "Inputs:" in repr(component)
        assert "Outputs:" in repr(component)
        assert "mine" in repr(pipeline)


class TestArguments:
    def test_a_key_that_is_no_secret(self, kind):
        with pytest.raises(TypeError, match="`api_key` must be a Secret, not str") as caught:
            build(kind, api_key="sk-or-secret")
        assert "sk-or-secret" not in str(caught.value)

    def test_a_model_that_is_no_name(self, kind):
        with pytest.raises(TypeError, match="`model` must be a name"):
            build(kind, model=None)

    def test_a_url_that_is_no_string(self, kind):
        with pytest.raises(TypeError, match="`api_base_url` must be a str, not int"):
            build(kind, api_base_url=8080)

    def test_telemetry_tells_the_model(self, kind):
        assert build(kind, model="author/slug")._get_telemetry_data() == {"model": "author/slug"}


AUTHORS = {
    "openai": "gpt chatgpt o1 o3 o4 codex text-embedding",
    "anthropic": "claude",
    "google": "gemini gemma",
    "meta-llama": "llama",
    "mistralai": "mistral mixtral ministral magistral codestral devstral pixtral voxtral",
    "deepseek": "deepseek",
    "qwen": "qwen qwq",
    "x-ai": "grok",
    "cohere": "command rerank",
    "amazon": "nova",
    "microsoft": "phi wizardlm",
    "moonshotai": "kimi",
    "z-ai": "glm",
    "minimax": "minimax",
    "perplexity": "sonar",
    "typesafe": "jev",
    "openrouter": "auto fusion",
}


class TestModelName:
    @pytest.mark.parametrize(
        ("model", "meant"),
        [
            ("gpt-4o", "openai/gpt-4o"),
            ("o3-mini", "openai/o3-mini"),
            ("Claude-Sonnet-4.5", "anthropic/claude-sonnet-4.5"),
            ("llama3.3", "meta-llama/llama3.3"),
            ("automl-x", "author/slug"),
            ("philo-1", "author/slug"),
            ("gemini-2.5-flash", "google/gemini-2.5-flash"),
            ("llama-3.3-70b-instruct", "meta-llama/llama-3.3-70b-instruct"),
            ("grok-4", "x-ai/grok-4"),
            ("text-embedding-3-small", "openai/text-embedding-3-small"),
            ("rerank-v3.5", "cohere/rerank-v3.5"),
            ("auto", "openrouter/auto"),
            ("unheard-of", "author/slug"),
        ],
    )
    def test_a_name_without_author(self, caplog, model, meant):
        with caplog.at_level(logging.WARNING):
            assert OpenRouterRanker(model=model).model == model
        assert caplog.text.count("names have the form 'author/slug'") == 1
        assert f"'{meant}'" in caplog.text
        assert caplog.text.count("Did you mean") == (meant != "author/slug")

    @pytest.mark.parametrize(("author", "starts"), AUTHORS.items())
    def test_every_author(self, caplog, author, starts):
        for start in starts.split():
            OpenRouterRanker(model=f"{start}-1")
            assert f"'{author}/{start}-1'" in caplog.text

    def test_every_component_looks_at_it(self, kind, caplog):
        with caplog.at_level(logging.WARNING):
            build(kind, model="gpt-4o")
        assert caplog.text.count("Did you mean 'openai/gpt-4o'?") == 1

    def test_a_name_for_one_run(self, stand_in: StandIn, caplog):
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url)
        with caplog.at_level(logging.WARNING):
            generator.run("Hi", generation_kwargs={"model": "openai/gpt-4o"})
            assert not caplog.records
            generator.run("Hi", generation_kwargs={"model": "gpt-4o"})
        assert "'openai/gpt-4o'" in caplog.text

    @pytest.mark.parametrize(
        "model", ["openai/gpt-4o", "@preset/mine", "openai/gpt-4o@preset/mine", "~openai/gpt-latest"]
    )
    def test_a_whole_name(self, caplog, model):
        with caplog.at_level(logging.WARNING):
            OpenRouterRanker(model=model)
        assert not caplog.records


def paid(**usage: Any) -> ChatMessage:
    return ChatMessage.from_assistant("x", meta={"usage": usage})


class TestReplyCost:
    def test_cost_of_replies(self):
        assert reply_cost([paid(cost=0.1), paid(cost=0.2), paid(cost=1)]) == 1.3
        assert reply_cost(iter([paid(cost=0.5)])) == 0.5
        assert reply_cost([]) == 0.0

    def test_the_bill_of_a_key_of_your_own_is_added(self):
        details = {"upstream_inference_cost": 0.25}
        assert reply_cost([paid(cost=0.05, is_byok=True, cost_details=details)]) == 0.3
        assert reply_cost([paid(cost=0.05, is_byok=False, cost_details=details)]) == 0.05
        assert reply_cost([paid(cost=0.05, is_byok=True, cost_details={"upstream_inference_cost": None})]) == 0.05
        assert reply_cost([paid(cost=0.05, is_byok=True, cost_details=None)]) == 0.05

    def test_messages_without_a_cost_count_nothing(self):
        others = [ChatMessage.from_user("x"), ChatMessage.from_assistant("x", meta={"usage": None}), paid(cost=None)]
        assert reply_cost([*others, paid(cost=0.5), paid(prompt_tokens=3)]) == 0.5

    @pytest.mark.parametrize("replies", [paid(cost=1), {"replies": []}, "x", None, [{"replies": []}], ["x"]])
    def test_something_else(self, replies):
        with pytest.raises(TypeError, match=r'`replies` must be a list of ChatMessage, such as `result\["replies"\]`'):
            reply_cost(replies)

    @pytest.mark.parametrize(
        "usage",
        [
            None, {}, "x", {"cost": "1"}, {"cost": True}, {"cost": 10**400}, {"cost": 1e15}, {"cost": -1e15},
            {"cost": float("nan")}, {"cost": float("inf")}, {"is_byok": True, "cost_details": "x"},
        ],
    )  # fmt: skip
    def test_usage_without_a_cost(self, usage):
        assert usage_cost(usage) == 0.0
        assert reported_cost(usage) is None
        replies = [paid(**usage)] if isinstance(usage, dict) else []
        assert reply_cost([*replies, paid(cost=0.5)]) == 0.5
        assert cost_table([*replies, paid(cost=0.5)]).split()[-1] == "0.500000"

    def test_a_cost_of_nothing_is_known(self):
        assert reported_cost({"cost": 0}) == 0.0

    def test_a_sum_over_requests_with_keys_of_your_own_is_refused(self, stand_in: StandIn):
        @tool
        def one() -> str:
            """One."""
            return "1"

        own = {"cost": 0.05, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.45}}
        called = completion({"tool_calls": [call("one", "{}")]}, "tool_calls", id="gen-1", usage=own)
        other = {"cost": 0.25, "is_byok": False, "cost_details": {"upstream_inference_cost": None}}
        stand_in.script(Answer.json(called), Answer.json(completion({"content": "1"}, id="gen-2", usage=other)))
        agent = Agent(chat_generator=OpenRouterChatGenerator(api_base_url=stand_in.url), tools=[one])
        result = agent.run([ChatMessage.from_user("Hi")])
        assert reply_cost(result["messages"]) == 0.75
        with pytest.raises(ValueError, match=r"`usage` is a sum over several requests, 1 of which .* reply_cost"):
            usage_cost(result["token_usage"])

    def test_a_sum_over_other_requests(self):
        assert usage_cost({"cost": 0.5, "is_byok": 0}) == 0.5

    def test_usage_of_a_request(self):
        assert usage_cost({"cost": 0.25, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.5}}) == 0.75

    def test_replies_of_one_request_count_once(self, stand_in: StandIn):
        body = completion({"content": "a"})
        body["choices"].append({**body["choices"][0], "index": 1})
        stand_in.script(Answer.json(body))
        replies = OpenRouterChatGenerator(api_base_url=stand_in.url).run("Hi", generation_kwargs={"n": 2})["replies"]
        assert len(replies) == 2
        assert reply_cost(replies) == USAGE["cost"]

    def test_two_requests_may_cost_the_same(self):
        replies = [
            ChatMessage.from_assistant("a", meta={"id": name, "usage": {"cost": 0.5}}) for name in ("g-1", "g-2")
        ]
        assert reply_cost(replies) == 1.0

    def test_a_cached_response_with_the_id_of_the_first_one(self):
        paid, cached = ({"id": "gen-1", "usage": {"cost": cost}} for cost in (0.5, 0))
        replies = [ChatMessage.from_assistant("a", meta=meta) for meta in (paid, cached)]
        assert reply_cost(replies) == reply_cost(replies[::-1]) == 0.5

    def test_of_a_run(self, stand_in: StandIn):
        stand_in.script(Answer.json(completion({"content": "a"})))
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url)
        assert reply_cost(generator.run("Hi")["replies"]) == USAGE["cost"]

    def test_of_an_agent(self, stand_in: StandIn):
        @tool
        def weather(city: str) -> str:
            """The weather in a city."""
            return f"Sunny in {city}"

        agent = Agent(chat_generator=OpenRouterChatGenerator(api_base_url=stand_in.url), tools=[weather])
        messages = agent.run([ChatMessage.from_user("What is the weather in Rome?")])["messages"]
        costs = [message.meta["usage"]["cost"] for message in messages if "usage" in message.meta]
        assert len(costs) == 2
        assert reply_cost(messages) == pytest.approx(sum(costs))
        assert reply_cost(messages) > 0


class TestCostTable:
    def test_a_row_for_each_request_and_a_sum(self):
        first = {
            "prompt_tokens": 1200,
            "completion_tokens": 30,
            "cost": 0.25,
            "is_byok": True,
            "prompt_tokens_details": {"cached_tokens": 1000},
            "cost_details": {"upstream_inference_cost": 0.5},
        }
        second = {"prompt_tokens": 8, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 4}}
        metas = [
            {"id": "gen-1", "model": "anthropic/claude", "provider": "Anthropic", "usage": first},
            {"id": "gen-1", "model": "anthropic/claude", "provider": "Anthropic", "usage": dict(first)},
            {"model": "a/b", "usage": second},
            {"usage": None},
        ]
        replies = [ChatMessage.from_assistant("x", meta=meta) for meta in metas]
        assert cost_table([ChatMessage.from_user("x"), *replies]).splitlines() == [
            "model             provider     in  cached  out  reasoning       USD",
            "anthropic/claude  Anthropic  1200    1000   30          -  0.750000",
            "a/b               -             8       -    5          4         -",
            "total                        1208    1000   35          4  0.750000",
        ]

    def test_no_replies(self):
        head, total = cost_table([]).splitlines()
        assert total.split() == ["total", "0", "0", "0", "0", "0.000000"]
        assert len(head) == len(total)

    def test_something_else(self):
        with pytest.raises(TypeError, match="`messages` must be a list of ChatMessage"):
            cost_table({"messages": []})
        with pytest.raises(TypeError, match="`prices` must be a list of OpenRouterModel.*such as `OpenRouterModels"):
            cost_table([], prices=7)
        with pytest.raises(TypeError, match="`prices` must be a list of OpenRouterModel. Each item must be an OpenR"):
            cost_table([], prices=["a/b"])

    def test_it_is_a_string_with_rows(self):
        usage = {"prompt_tokens": 8, "prompt_tokens_details": {"cached_tokens": 4}, "cost": 0.5}
        table = cost_table([ChatMessage.from_assistant("x", meta={"model": "a/b", "usage": usage})])
        assert table == str(table) == repr(table) == f"{table}"
        assert (type(str(table)), "0.500000" in table, json.loads(json.dumps(table))) == (str, True, table)
        assert table.rows == [
            {
                "model": "a/b", "provider": None, "prompt_tokens": 8, "cached_tokens": 4, "completion_tokens": None,
                "reasoning_tokens": None, "cost": 0.5,
            }
        ]  # fmt: skip
        assert type(table.rows[0]["prompt_tokens"]) is int
        assert cost_table([]).rows == []

    def test_copies(self):
        table = cost_table([paid(cost=0.5)])
        for copied in (pickle.loads(pickle.dumps(table)), copy.deepcopy(table)):
            assert (copied, copied.rows, copied._repr_html_()) == (table, table.rows, table._repr_html_())

    def test_in_a_notebook(self):
        meta = {"model": "<b>a</b>", "provider": "x & y\n", "usage": {"cost": 0.5}}
        shown = cost_table([ChatMessage.from_assistant("x", meta=meta)])._repr_html_()
        rows = re.findall(r"<tr>(.*?)</tr>", shown)
        assert (
            shown
            == f"<table><thead><tr>{rows[0]}</tr></thead><tbody><tr>{rows[1]}</tr><tr>{rows[2]}</tr></tbody></table>"
        )
        assert [re.findall(">([^<]*)</t", row) for row in rows] == [
            ["model", "provider", "in", "cached", "out", "reasoning", "USD"],
            ["&lt;b&gt;a&lt;/b&gt;", r"x &amp; y\n", "-", "-", "-", "-", "0.500000"],
            ["total", "", "-", "-", "-", "-", "0.500000"],
        ]
        assert re.findall("align: (left|right)", rows[1]) == ["left"] * 2 + ["right"] * 5

    def test_what_caching_saved(self):
        pricing = {"prompt": "0.001", "completion": "0", "input_cache_read": "0.0001", "input_cache_write": "0.002"}
        models = [OpenRouterModel({"id": "a/b", "canonical_slug": "a/b-2026", "pricing": pricing})]
        sent = [{"cache_write_tokens": 5}, {"cached_tokens": 8}, {"cached_tokens": 0, "cache_write_tokens": 1}, {}]
        replies = [
            ChatMessage.from_assistant(
                "x", meta={"model": model, "usage": {"prompt_tokens": 10, "cost": 1, "prompt_tokens_details": details}}
            )
            for model, details in zip(["a/b", "a/b-2026", "a/b", "a/b"], sent, strict=True)
        ]
        table = cost_table([*replies, paid(cost=1, prompt_tokens=10)], prices=models)
        saved = [row["saved"] for row in table.rows]
        assert saved == [None, pytest.approx(0.0072), pytest.approx(-0.001), None, None]
        assert [line.split()[-1] for line in table.splitlines()] == [
            "saved",
            "-",
            "0.007200",
            "-0.001000",
            "-",
            "-",
            "0.006200",
        ]
        assert "saved" not in cost_table(replies)

    @pytest.mark.parametrize("tokens", [-5, 0.4, "8", 1e14])
    def test_odd_numbers_of_cached_tokens(self, tokens):
        usage = {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": tokens}}
        model = OpenRouterModel({"id": "a/b", "pricing": {"prompt": "0.001"}})
        (row,) = cost_table([ChatMessage.from_assistant("x", meta={"model": "a/b", "usage": usage})], [model]).rows
        assert row["saved"] == (None if tokens in (-5, "8") else 0)


def test_generation_kwargs_connect_to_a_component_that_makes_them():
    from haystack import component

    @component
    class Settings:
        @component.output_types(settings=dict[str, Any])
        def run(self):
            return {"settings": {"temperature": 0}}

    pipeline = Pipeline()
    pipeline.add_component("settings", Settings())
    pipeline.add_component("llm", OpenRouterChatGenerator())
    pipeline.connect("settings.settings", "llm.generation_kwargs")
