# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The catalogue over a real socket: lists, models, endpoints, choosing, sharing, and the command."""

import asyncio
import copy
import difflib
import pickle
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openai
import pytest
from haystack.utils import Secret
from stand_in import Answer, StandIn
from stand_in.catalogue import MODELS

from haystack_integrations.common.openrouter._base import component as base
from haystack_integrations.common.openrouter._catalogue.command import main
from haystack_integrations.common.openrouter._wire import model_names
from haystack_integrations.common.openrouter.models import OpenRouterModel, OpenRouterModels
from haystack_integrations.components.embedders.openrouter import OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

SEES = "stand-in/sharp-eyes"


@pytest.fixture(autouse=True)
def nothing_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_names, "_listed_names", {})


@pytest.fixture
def without_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY")


class Catalogue:
    """
    The catalogue, called synchronously or not.
    """

    def __init__(self, url: str, is_async: bool) -> None:
        self.url, self.is_async = url, is_async
        self.models = self.new()

    def new(self, **parameters: Any) -> OpenRouterModels:
        return OpenRouterModels(api_base_url=self.url, **{"max_retries": 0, **parameters})

    def call(self, name: str, *arguments: Any, models: Any = None, **named: Any) -> Any:
        models = models or self.models
        if not self.is_async:
            return getattr(models, name)(*arguments, **named)

        async def run() -> Any:
            return await getattr(models, f"{name}_async")(*arguments, **named)

        return asyncio.run(run())


@pytest.fixture(params=["sync", "async"])
def catalogue(request: pytest.FixtureRequest, stand_in: StandIn) -> Catalogue:
    return Catalogue(stand_in.url, request.param == "async")


@pytest.fixture
def models(stand_in: StandIn) -> OpenRouterModels:
    return OpenRouterModels(api_base_url=stand_in.url, max_retries=0)


def listing(*entries: Any) -> Answer:
    return Answer.json({"data": list(entries)})


def entry(name: str, prompt: str = "0.000001", completion: str = "0.000002", **more: Any) -> dict[str, Any]:
    architecture = {"input_modalities": ["text"], "output_modalities": ["text"]}
    pricing = {"prompt": prompt, "completion": completion}
    return {"id": name, "context_length": 1000, "architecture": architecture, "pricing": pricing, **more}


class TestList:
    def test_every_model_of_every_kind(self, catalogue, stand_in):
        found = catalogue.call("list")
        assert [model.raw for model in found] == MODELS
        (request,) = stand_in.requests
        assert (request.method, request.path) == ("GET", "/api/v1/models")
        assert request.query == {"output_modalities": "all"}

    @pytest.mark.usefixtures("without_key")
    def test_without_a_key(self, catalogue, stand_in, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer sk-openai")
        assert catalogue.call("list")
        assert catalogue.call("get", "stand-in/slow")
        assert catalogue.call("endpoints", "stand-in/slow")[0].latency is None
        assert not any("authorization" in request.headers for request in stand_in.requests)

    def test_with_the_key_of_the_environment_or_another(self, catalogue, stand_in):
        catalogue.call("list")
        catalogue.call("list", models=catalogue.new(api_key=Secret.from_token("sk-or-other")))
        assert [request.key for request in stand_in.requests] == ["sk-or-test-key", "sk-or-other"]

    def test_filters(self, catalogue, stand_in):
        found = catalogue.call(
            "list",
            output_modalities=["text", "speech"],
            supported_parameters="tools",
            input_modalities=("text", "image"),
            context=200_000,
            max_price=0.6,
            zdr=True,
            region=None,
        )
        assert {model.id.partition(":")[0] for model in found} == {SEES, f"~{SEES}-latest"}
        assert stand_in.requests[0].query == {
            "output_modalities": "text,speech",
            "supported_parameters": "tools",
            "input_modalities": "text,image",
            "context": "200000",
            "max_price": "0.6",
            "zdr": "true",
        }

    def test_unknown_filters_are_refused_by_name(self, catalogue, stand_in):
        with pytest.raises(TypeError, match=r"no filter 'contxt'\. Did you mean 'context'\? Available: q, output_mod"):
            catalogue.call("list", contxt=1)
        with pytest.raises(TypeError, match=r"no filter 'xyz'\. Available"):
            catalogue.call("list", xyz=1)
        assert not stand_in.requests

    @pytest.mark.parametrize("value", [{"a": 1}, [], ["text", 1], object()])
    def test_values_that_are_no_filters(self, models, value):
        with pytest.raises(TypeError, match="`output_modalities` must be a string"):
            models.list(output_modalities=value)

    def test_of_the_account(self, catalogue, stand_in):
        found = catalogue.call("list", for_account=True, output_modalities="text")
        assert f"{SEES}:free" not in {model.id for model in found}
        assert stand_in.requests[0].path == "/api/v1/models/user"
        assert stand_in.requests[0].query == {"output_modalities": "text"}
        with pytest.raises(TypeError, match=r"no filter 'max_price'\. Available: output_modalities, sort\."):
            catalogue.call("list", for_account=True, max_price=1)

    @pytest.mark.usefixtures("without_key")
    def test_of_the_account_without_a_key(self, catalogue, stand_in):
        with pytest.raises(ValueError, match="OPENROUTER_API_KEY is not set"):
            catalogue.call("list", for_account=True)
        assert not stand_in.requests

    def test_entries_that_are_no_models_are_left_out(self, catalogue, stand_in):
        stand_in.script(listing("x", None, 7, [], {}, {"id": None}, {"id": ""}, entry("a/b")))
        assert [model.id for model in catalogue.call("list")] == ["a/b"]

    def test_an_empty_list(self, catalogue, stand_in):
        stand_in.script(listing())
        assert catalogue.call("list") == []

    @pytest.mark.parametrize("body", [{"error": {"code": 503, "message": "Down"}}, {"data": None}, {}, [], "x"])
    def test_an_error_with_status_200_is_retried(self, catalogue, stand_in, body):
        stand_in.script(Answer.json(body, headers={"retry-after": "0.001"}))
        assert len(catalogue.call("list", models=catalogue.new(max_retries=1))) == len(MODELS)

    def test_an_error_is_explained(self, catalogue, stand_in):
        stand_in.script(Answer.error(400, "Invalid region"), Answer.error(503, "Down"), Answer.error(401, "No"))
        with pytest.raises(openai.BadRequestError, match=r"Invalid region\. Check the values of the filters"):
            catalogue.call("list", region="mars")
        with pytest.raises(openai.InternalServerError, match=r"Down\. Try again later"):
            catalogue.call("list")
        with pytest.raises(openai.AuthenticationError, match="Check the API key in the environment variable OPENR"):
            catalogue.call("list", for_account=True)

    def test_nobody_there(self, catalogue, stand_in):
        stand_in.stop()
        with pytest.raises(openai.APIConnectionError, match="could not be reached"):
            catalogue.call("list")
        stand_in.__init__()
        stand_in.start()


class TestMemory:
    def test_a_list_is_asked_for_once(self, catalogue, stand_in):
        first = catalogue.call("list")
        first.clear()
        assert len(catalogue.call("list")) == len(MODELS)
        assert len(stand_in.requests) == 1
        catalogue.call("list", q="song")
        catalogue.call("list", q="song")
        assert len(stand_in.requests) == 2

    def test_an_old_list_is_asked_for_again(self, catalogue, stand_in, monkeypatch):
        start = now = float(int(time.monotonic()))  # a whole number, so that nothing is rounded
        monkeypatch.setattr(time, "monotonic", lambda: now)
        catalogue.call("list")
        now = start + 299.9
        catalogue.call("list")
        assert len(stand_in.requests) == 1
        now = start + 300
        catalogue.call("list")
        assert len(stand_in.requests) == 2

    def test_no_memory(self, catalogue, stand_in):
        models = catalogue.new(cache_seconds=0)
        for _ in range(2):
            catalogue.call("list", models=models)
            catalogue.call("get", SEES, models=models)
        assert len(stand_in.requests) == 4

    @pytest.mark.parametrize(
        ("value", "kind"), [(-1, ValueError), ("5", TypeError), (None, TypeError), (True, TypeError)]
    )
    def test_a_time_that_is_none(self, value, kind):
        with pytest.raises(kind, match="`cache_seconds` must be"):
            OpenRouterModels(cache_seconds=value)

    def test_a_time_that_is_set_later_holds_from_the_next_call_on(self, catalogue, stand_in):
        def requested() -> list[str]:
            stand_in.requests.clear()
            catalogue.call("get", SEES)
            catalogue.call("list")
            return [request.path.removeprefix("/api/v1/") for request in stand_in.requests]

        assert requested() == [f"model/{SEES}", "models"]
        assert requested() == []
        catalogue.models.cache_seconds = 0
        assert requested() == requested() == [f"model/{SEES}", "models"]
        catalogue.models.cache_seconds = 300
        assert requested() == [f"model/{SEES}", "models"]
        assert requested() == []

    def test_a_list_belongs_to_its_base_url(self, catalogue, stand_in):
        stand_in.script(listing(entry("evil/gpt-4o-mimi")))
        catalogue.call("list")
        assert catalogue.call("get", "evil/gpt-4o-mimi")
        catalogue.models.api_base_url = stand_in.url.replace("127.0.0.1", "localhost")
        assert len(catalogue.call("list")) == len(MODELS)
        with pytest.raises(openai.NotFoundError):
            catalogue.call("get", "evil/gpt-4o-mimi")
        catalogue.models.api_base_url = stand_in.url
        assert [model.id for model in catalogue.call("list")] == ["evil/gpt-4o-mimi"]
        assert [request.path.rpartition("/api/v1/")[2] for request in stand_in.requests] == [
            "models", "models", "model/evil/gpt-4o-mimi",
        ]  # fmt: skip

    def test_a_model_belongs_to_its_base_url(self, catalogue, stand_in):
        stand_in.script(Answer.json({"data": entry(SEES)}))
        assert catalogue.call("get", SEES).context_window == 1000
        catalogue.models.api_base_url = stand_in.url.replace("127.0.0.1", "localhost")
        assert catalogue.call("get", SEES).context_window == 262144
        assert len(stand_in.requests) == 2

    def test_no_base_url_means_openrouter(self, catalogue, stand_in, monkeypatch):
        monkeypatch.setattr(base, "OPENROUTER_API_BASE_URL", stand_in.url)
        catalogue.call("list")
        catalogue.models.api_base_url = None
        assert len(catalogue.call("list")) == len(MODELS)
        assert len(stand_in.requests) == 1

    def test_a_list_of_the_account_belongs_to_its_key(self, catalogue, stand_in, monkeypatch):
        def listed() -> list[str]:
            return [model.id for model in catalogue.call("list", for_account=True)]

        stand_in.script(listing(entry("a/b")), listing(entry("c/d")), listing(entry("e/f")))
        assert listed() == listed() == ["a/b"]
        monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-rotated")
        assert listed() == listed() == ["c/d"]
        catalogue.models.api_key = Secret.from_token("sk-or-other")
        assert listed() == ["e/f"]
        monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-test-key")
        catalogue.models.api_key = Secret.from_env_var("OPENROUTER_API_KEY")
        assert listed() == ["a/b"]
        assert len(stand_in.requests) == 3

    def test_a_failure_is_not_kept(self, catalogue, stand_in):
        stand_in.script(Answer.error(500, "Down"))
        with pytest.raises(openai.InternalServerError):
            catalogue.call("list")
        assert catalogue.call("list")

    def test_ten_threads_share_one_request_and_loops_need_none_then(self, stand_in, models):
        together = threading.Barrier(10)

        def ask(number: int) -> int:
            together.wait()
            return len(models.list())

        stand_in.script(Answer([b" " * 9] * 3 + Answer.json({"data": MODELS}).body))
        with ThreadPoolExecutor(10) as pool:
            assert set(pool.map(ask, range(10))) == {len(MODELS)}
        assert [len(asyncio.run(models.list_async())) for _ in range(2)] == [len(MODELS)] * 2
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize("cache_seconds", [0, 300])
    def test_tasks_of_one_loop_share_one_request(self, stand_in, catalogue, cache_seconds):
        models = catalogue.new(cache_seconds=cache_seconds)

        async def ask() -> list[int]:
            return [len(found) for found in await asyncio.gather(*(models.list_async() for _ in range(10)))]

        assert asyncio.run(ask()) == [len(MODELS)] * 10
        assert len(stand_in.requests) == 1


class TestGet:
    def test_with_a_request_of_its_own(self, catalogue, stand_in):
        for _ in range(2):
            assert catalogue.call("get", SEES).raw == next(model for model in MODELS if model["id"] == SEES)
        assert [request.path for request in stand_in.requests] == [f"/api/v1/model/{SEES}"]

    def test_from_the_list_in_memory(self, catalogue, stand_in):
        catalogue.call("list")
        assert catalogue.call("get", f"{SEES}:free").is_free
        assert len(stand_in.requests) == 1

    def test_in_a_list_no_name_is_searched_for(self, models, stand_in, monkeypatch):
        looked_at, name_of = [], OpenRouterModel.id.fget
        stand_in.script(listing(*(entry(f"a/{number}") for number in range(1000)), entry("a/7", context_length=7)))
        models.list()
        monkeypatch.setattr(OpenRouterModel, "id", property(lambda model: looked_at.append(model) or name_of(model)))
        assert [models.get(f"a/{number}").raw["id"] for number in (0, 999)] == ["a/0", "a/999"]
        assert not looked_at
        assert models.get("a/7").context_window == 1000

    @pytest.mark.parametrize("name", [f"{SEES}:batch", f"~{SEES}-latest"])
    def test_variants_and_aliases(self, catalogue, stand_in, name):
        assert catalogue.call("get", name).id == name

    def test_a_wrong_name(self, catalogue, stand_in):
        with pytest.raises(openai.NotFoundError) as caught:
            catalogue.call("get", "stand-in/sharp-eye")
        assert "Did you mean `stand-in/sharp-eyes`" in str(caught.value)
        assert pickle.loads(pickle.dumps(caught.value)).status_code == 404

    def test_a_wrong_name_when_there_is_no_list_either(self, catalogue, stand_in):
        stand_in.script(Answer.error(404, "Model not found"), Answer.error(500, "Down"))
        with pytest.raises(openai.NotFoundError, match="Did you mean `openai/gpt-4o-mini`"):
            catalogue.call("get", "openai/gpt-4o-minni")

    def test_a_name_without_an_author(self, catalogue, stand_in):
        with pytest.raises(ValueError, match="author and a slug.*not 'gpt-4o'. Did you mean 'openai/gpt-4o'"):
            catalogue.call("get", "gpt-4o")
        assert not stand_in.requests
        catalogue.call("list")
        with pytest.raises(ValueError, match="Did you mean 'openai/gpt-4o-mini'[?]$"):
            catalogue.call("get", "gpt-4o")

    @pytest.mark.parametrize(
        "name", ["", " ", "a", "a/", "/b", "a/b/c", "../key", "a/..", "a b/c", "a/b\n", "a/" + "b" * 10**5, "b" * 10**5]
    )
    def test_no_name(self, models, stand_in, name):
        with pytest.raises(ValueError, match="`name` must be an author and a slug") as caught:
            models.get(name)
        assert len(str(caught.value)) < 300
        assert not stand_in.requests

    @pytest.mark.parametrize("name", [None, 7, OpenRouterModel({"id": "a/b"})])
    def test_no_string(self, models, name):
        with pytest.raises(TypeError, match="`name` must be a string such as"):
            models.endpoints(name)

    @pytest.mark.parametrize("body", [{"error": {"code": 502, "message": "Down"}}, {"data": []}, {"data": None}])
    def test_an_error_with_status_200_is_retried(self, catalogue, stand_in, body):
        stand_in.script(Answer.json(body, headers={"retry-after": "0.001"}))
        assert catalogue.call("get", SEES, models=catalogue.new(max_retries=1)).id == SEES


class TestEndpoints:
    def test_of_a_model(self, catalogue, stand_in):
        good, bad = catalogue.call("endpoints", SEES)
        assert stand_in.requests[0].path == f"/api/v1/models/{SEES}/endpoints"
        assert (good.provider_name, good.tag, good.is_up, bad.is_up) == ("Stand-in", "stand-in", True, False)
        assert (good.context_window, good.max_output_tokens, good.max_prompt_tokens) == (1000000, 32768, None)
        assert (good.uptime, bad.uptime, good.latency, good.throughput) == (99.5, 12.5, 21.5, 21.5)
        assert (good.supports("tools"), good.supports("seed"), good.quantization) == (True, False, None)
        assert good.price() * 1_000_000 == Decimal("0.6")
        assert repr(bad) == "OpenRouterEndpoint(provider_name='Stand-by', tag='stand-by', is_up=False)"
        assert len({good, bad, good}) == 2

    @pytest.mark.parametrize(("status", "is_up"), [(0, True), (1, True), (-1, False), (None, None), ("0", None)])
    def test_the_status(self, models, stand_in, status, is_up):
        stand_in.script(Answer.json({"data": {"endpoints": [{"status": status}]}}))
        assert models.endpoints("a/b")[0].is_up is is_up

    def test_they_are_not_kept(self, catalogue, stand_in):
        catalogue.call("endpoints", SEES)
        catalogue.call("endpoints", SEES)
        assert len(stand_in.requests) == 2

    def test_a_wrong_name(self, catalogue, stand_in):
        with pytest.raises(openai.NotFoundError, match="Did you mean `stand-in/sharp-eyes`"):
            catalogue.call("endpoints", "stand-in/sharp-eye")

    @pytest.mark.parametrize("endpoints", [None, 7, "x", {}, ["x", None]])
    def test_odd_endpoints(self, catalogue, stand_in, endpoints):
        stand_in.script(Answer.json({"data": {"endpoints": endpoints}}))
        assert catalogue.call("endpoints", SEES) == []


class TestCheapest:
    def test_it_goes_straight_to_a_generator(self, catalogue, stand_in):
        model = catalogue.call("cheapest", takes="image", supports="tools", min_context=200_000, exclude_free=True)
        assert model.id == SEES
        generator = OpenRouterChatGenerator(model=model.id, api_base_url=stand_in.url)
        assert generator.run("Hi")["replies"][0].meta["model"] == SEES

    def test_conditions(self, catalogue, stand_in):
        def cheapest(**needs: Any) -> str:
            return catalogue.call("cheapest", **needs).id

        assert cheapest(min_context=200_000) == f"{SEES}:free"
        assert cheapest(takes=["image", "file"], exclude_free=True) == "openai/gpt-4o-mini"
        assert cheapest(makes="image") == "stand-in/painter"
        assert cheapest(makes="embeddings") == "stand-in/search"
        assert cheapest(supports=("tools", "structured_outputs"), max_price=0.6, exclude_free=True) == SEES
        assert cheapest(makes="decisions") == "typesafe/jev-1.13"
        assert cheapest(makes=None, exclude_free=True) == "typesafe/jev-1.13"
        assert len(stand_in.requests) == 1

    def test_nothing_fits(self, catalogue):
        with pytest.raises(ValueError, match=r"No model .* fits makes='text', takes='smell', min_context=5: relax"):
            catalogue.call("cheapest", takes="smell", min_context=5)
        with pytest.raises(ValueError, match="No model with a known price fits"):
            catalogue.call("cheapest", min_context=262_145)
        with pytest.raises(ValueError, match="No model with a known price fits"):
            catalogue.call("cheapest", max_output_price=Decimal("0.99"), exclude_free=True)

    def test_there_is_nothing(self, models, stand_in):
        stand_in.script(listing())
        with pytest.raises(ValueError, match="No model with a known price fits here: relax"):
            models.cheapest(makes=None)

    def test_unknown_conditions_are_refused_by_name(self, catalogue, stand_in):
        with pytest.raises(TypeError, match=r"no condition 'take'\. Did you mean 'takes'\? Available: takes, makes"):
            catalogue.call("cheapest", take="image")
        assert not stand_in.requests

    @pytest.mark.parametrize(
        ("needs", "kind"),
        [
            ({"takes": 7}, TypeError),
            ({"supports": [7]}, TypeError),
            ({"makes": {"text": 1}}, TypeError),
            ({"min_context": "200k"}, TypeError),
            ({"min_context": -1}, ValueError),
            ({"max_price": "1"}, TypeError),
            ({"max_price": -1}, ValueError),
            ({"max_output_price": Decimal("NaN")}, ValueError),
            ({"prompt_tokens": 1.5}, TypeError),
            ({"completion_tokens": -1}, ValueError),
        ],
    )
    def test_bad_conditions(self, models, stand_in, needs, kind):
        with pytest.raises(kind, match=f"`{next(iter(needs))}`"):
            models.cheapest(**needs)
        assert not stand_in.requests

    @pytest.mark.parametrize(
        "tempting",
        [
            entry("openrouter/auto", "-1", "-1"),
            entry("a/router", "0.0000001", "0", architecture={"tokenizer": "Router", "output_modalities": ["text"]}),
            entry("openrouter/free", "0", "0", architecture={"tokenizer": "Router", "output_modalities": ["text"]}),
            entry("a/songs", "0", "0"),
            entry("a/half-known", "0", "-1"),
            entry("a/b:batch", "0.0000001", "0.0000001"),
            entry("a/gone", "0.0000001", "0.0000001", expiration_date="2020-01-01"),
            entry("~a/b-latest", alias_target={"slug": "a/b"}),
            entry("a/also", context_length=999),
            entry("a/odd", "cheap", "0"),
            entry("a/unpriced", pricing=None),
            entry("a/search", "0", "0", architecture={"output_modalities": ["rerank"]}),
        ],
        ids=lambda tempting: tempting["id"],
    )
    def test_who_never_wins(self, models, stand_in, tempting):
        stand_in.script(listing(tempting, entry("a/b"), tempting))
        assert models.cheapest().id == "a/b"

    def test_the_last_day_counts(self, models, stand_in):
        today = datetime.now(UTC).date().isoformat()
        stand_in.script(listing(entry("a/b"), entry("a/leaving", "0", "0.0000001", expiration_date=today)))
        assert models.cheapest().id == "a/leaving"

    def test_by_the_request_that_is_meant(self, models, stand_in):
        reader, writer = entry("a/reader", "0.000001", "0.000009"), entry("a/writer", "0.000004", "0.000005")
        reader["pricing"]["overrides"] = [{"min_prompt_tokens": 9000, "prompt": "0.000008"}]
        stand_in.script(listing(reader, writer))
        assert models.cheapest().id == "a/writer"
        assert models.cheapest(prompt_tokens=9000).id == "a/reader"
        assert models.cheapest(prompt_tokens=9001).id == "a/writer"

    @pytest.mark.parametrize("larger", ["a/reader", "a/writer"])
    def test_prompt_and_reply_have_the_same_length_unless_told(self, catalogue, stand_in, larger):
        reader, writer = entry("a/reader", "0.000001", "0.000002"), entry("a/writer", "0.000002", "0.000001")
        (reader if larger == "a/reader" else writer)["context_length"] = 2000
        stand_in.script(listing(reader, writer))
        assert catalogue.call("cheapest").id == larger

    def test_for_the_account(self, catalogue, stand_in):
        assert catalogue.call("cheapest", takes="image", min_context=200_000, for_account=True).id == SEES
        assert stand_in.requests[0].path.endswith("/models/user")


def scored(name: str, figure: Any, prompt: str = "0.000001") -> dict[str, Any]:
    return entry(name, prompt, benchmarks={"artificial_analysis": {"coding_index": figure}, "design_arena": []})


class TestBenchmarks:
    def test_a_floor(self, catalogue, stand_in):
        assert catalogue.call("cheapest", min_benchmark={"coding_index": 61}).id == SEES
        both = {"coding_index": 61.5, "agentic_index": 47}
        assert catalogue.call("cheapest", min_benchmark=both).id == f"{SEES}:thinking"

    def test_without_a_figure_nothing_reaches_a_floor(self, models, stand_in):
        odd = [entry("a/cheap", "0"), scored("a/odd", "99", "0")]
        stand_in.script(listing(*odd, scored("a/b", 60), scored("a/c", 59.9)))
        assert [model.id for model in models.ranked(min_benchmark={"coding_index": Decimal(60)})] == ["a/b"]
        assert [model.id for model in models.ranked(min_benchmark={"coding_index": -5})] == ["a/b", "a/c"]

    @pytest.mark.parametrize("conditions", [{"min_benchmark": {"coding": 1}}, {"by": "coding"}])
    def test_a_benchmark_that_nobody_lists(self, catalogue, conditions):
        listed = "There are: 'agentic_index', 'coding_index', 'intelligence_index'"
        with pytest.raises(ValueError, match=f"No model has a figure in the benchmark 'coding'. {listed}"):
            catalogue.call("ranked", **conditions)

    @pytest.mark.parametrize("floors", [60, "coding_index", ["x"], {"x": "60"}, {"x": None}, {7: 1}, {"x": True}])
    def test_bad_floors(self, models, stand_in, floors):
        with pytest.raises(TypeError, match="`min_benchmark` must be a dictionary of numbers, such as"):
            models.cheapest(min_benchmark=floors)
        assert not stand_in.requests


class TestRanked:
    def test_the_cheapest_first(self, catalogue, stand_in):
        priced = [entry("a/c", "0.000003"), entry("a/a"), entry("a/songs", "0", "0"), entry("a/b", "0.000002")]
        stand_in.script(listing(*priced))
        assert [model.id for model in catalogue.call("ranked")] == ["a/a", "a/b", "a/c"]
        assert [model.id for model in catalogue.call("ranked", limit=2, max_price=9)] == ["a/a", "a/b"]
        assert catalogue.call("cheapest").id == "a/a"
        assert catalogue.call("ranked", max_price=0.5) == []

    def test_by_a_benchmark(self, catalogue, stand_in):
        figures = [("a/one", 50, "0"), ("a/two", 70, "0.000004"), ("a/three", 70, "0.000002"), ("a/none", None, "0")]
        stand_in.script(listing(*(scored(*figure) for figure in figures)))
        assert [model.id for model in catalogue.call("ranked", by="coding_index")] == ["a/three", "a/two", "a/one"]

    def test_ten_unless_told(self, models, stand_in):
        stand_in.script(listing(*(entry(f"a/{number}") for number in range(12))))
        assert [len(models.ranked()), len(models.ranked(limit=None)), len(models.ranked(limit=1))] == [10, 12, 1]

    @pytest.mark.parametrize("arguments", [{"limit": 0}, {"limit": "2"}, {"by": ""}, {"by": None}])
    def test_bad_arguments(self, models, stand_in, arguments):
        with pytest.raises((TypeError, ValueError), match=f"`{next(iter(arguments))}`"):
            models.ranked(**arguments)
        assert not stand_in.requests

    @pytest.mark.parametrize(
        ("needs", "said"),
        [
            ({"supports": "tool"}, "No model supports 'tool'. Did you mean 'tools'?"),
            ({"takes": ["text", "images"]}, "No model takes 'images'. Did you mean 'image'?"),
            ({"makes": "embedding"}, "No model makes 'embedding'. Did you mean 'embeddings'?"),
        ],
    )
    def test_a_misspelled_ability(self, catalogue, needs, said):
        for method in ("cheapest", "ranked"):
            with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
                catalogue.call(method, **needs)


class TestSpeed:
    FIGURES = {
        "a/a": [(900, 99), (100, 9)],
        "a/b": [(501, 50), (500, 49), (None, None)],
        "a/c": [(500, 50)],
        "a/d": [(1, 999)],
        "a/down": [(1, 999)],
    }

    @pytest.fixture
    def served(self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """
        Let these models be listed and served, the dearest first. The result holds whose endpoints were asked for.
        """
        asked, respond = [], stand_in.answer

        def answer(request: Any) -> Answer:
            usual = respond(request)
            name = request.path.removeprefix("/api/v1/models/").removesuffix("/endpoints")
            if not request.path.endswith("/endpoints"):
                return usual
            asked.append(name)
            if name not in self.FIGURES:
                return Answer.error(404, "Model not found")
            status = -1 if name == "a/down" else 0
            fields = [
                {"status": status, "latency_last_30m": {"p50": latency}, "throughput_last_30m": {"p50": speed}}
                for latency, speed in self.FIGURES[name]
            ]
            return Answer.json({"data": {"endpoints": fields}})

        names = ["gone", "a/gone", "a/down", *sorted(self.FIGURES)]
        prices = [f"{number / 1e6:f}" for number in range(1, len(names))]
        listed = [entry(name, price) for name, price in zip(names, ["0", *prices], strict=True)]
        stand_in.script(listing(*reversed(listed)))
        monkeypatch.setattr(stand_in, "answer", answer)
        return asked

    @pytest.mark.parametrize(
        ("needs", "chosen"),
        [
            ({"max_latency": 100}, "a/a"),
            ({"min_throughput": Decimal(50)}, "a/a"),
            ({"max_latency": 500, "min_throughput": 50}, "a/c"),
            ({"max_latency": 99.5}, "a/d"),
        ],
    )
    def test_the_cheapest_that_is_fast_enough(self, catalogue, served, needs, chosen):
        assert catalogue.call("cheapest", **needs).id == chosen

    def test_several(self, catalogue, served):
        assert [model.id for model in catalogue.call("ranked", max_latency=500, min_throughput=50)] == ["a/c", "a/d"]
        with pytest.raises(ValueError, match="No model .* fits makes='text', max_latency=0.5: relax a condition"):
            catalogue.call("cheapest", max_latency=0.5)

    def test_figures_are_kept(self, catalogue, served):
        for _ in range(2):
            catalogue.call("cheapest", max_latency=100)
        assert len(served) == len(set(served)) == len(self.FIGURES) + 1
        catalogue.models.cache_seconds = 0
        assert catalogue.call("endpoints", "a/a")
        catalogue.models.cache_seconds = 300
        catalogue.models.api_key = Secret.from_token("sk-or-other")
        catalogue.call("cheapest", max_latency=100)
        assert len(served) == 1 + 2 * (len(self.FIGURES) + 1)

    def test_no_more_are_asked_for_than_needed(self, catalogue, stand_in):
        stand_in.script(listing(*(entry(f"a/{number}", f"{number / 1e6:f}") for number in range(30))))
        assert catalogue.call("ranked", max_latency=500) == []
        assert len(stand_in.requests) == 1 + 30
        stand_in.requests.clear()
        assert catalogue.call("cheapest", models=catalogue.new(), max_latency=500, takes="image", exclude_free=True)
        assert len(stand_in.requests) <= 1 + 8

    @pytest.mark.usefixtures("without_key")
    def test_without_a_key(self, catalogue, stand_in):
        with pytest.raises(ValueError, match="OPENROUTER_API_KEY is not set"):
            catalogue.call("cheapest", max_latency=500)
        assert not stand_in.requests

    @pytest.mark.parametrize("needs", [{"max_latency": "1"}, {"min_throughput": -1}, {"max_latency": float("nan")}])
    def test_bad_conditions(self, models, stand_in, needs):
        with pytest.raises((TypeError, ValueError), match=f"`{next(iter(needs))}` must be"):
            models.ranked(**needs)
        assert not stand_in.requests

    def test_a_failure_is_raised(self, catalogue, stand_in):
        stand_in.script(listing(entry("a/b")), Answer.error(500, "Down"))
        with pytest.raises(openai.InternalServerError, match="Down"):
            catalogue.call("cheapest", max_latency=500)


class TestTable:
    def test_of_models(self, models):
        table = OpenRouterModels.table(models.ranked(by="coding_index", limit=2), benchmarks="coding_index")
        assert [line.split() for line in table.splitlines()] == [
            ["model", "context", "USD/M", "in", "USD/M", "out", "coding_index", "takes", "makes"],
            [f"{SEES}:thinking", "262,144", "0.6", "2.4", "72.5", "text,image,file", "text"],
            [SEES, "262,144", "0.6", "2.4", "61", "text,image,file", "text"],
        ]
        assert table.rows[1] == {
            "model": SEES,
            "context_window": 262144,
            "prompt_price": 0.6,
            "completion_price": 2.4,
            "coding_index": 61,
            "takes": ["text", "image", "file"],
            "makes": ["text"],
        }

    def test_what_is_unknown(self):
        table = OpenRouterModels.table([OpenRouterModel({"id": "a/<b>"})], benchmarks=["x"])
        assert table.splitlines()[1].split() == ["a/<b>", "?", "?", "?", "?"]
        assert table.rows[0]["prompt_price"] is table.rows[0]["x"] is None
        assert '<td style="text-align: left">a/&lt;b&gt;</td>' in table._repr_html_()

    def test_prices_of_any_size(self):
        table = OpenRouterModels.table([OpenRouterModel(entry("a/b", "0.0001", "0.0000000208333333333333"))])
        assert table.splitlines()[1].split()[2:4] == ["100", "0.0208333333333333"]

    def test_something_else(self):
        with pytest.raises(TypeError, match="`models` must be a list of OpenRouterModel. Each item must be"):
            OpenRouterModels.table(["a/b"])
        with pytest.raises(TypeError, match="`benchmarks` must be a string or a list of strings"):
            OpenRouterModels.table([], benchmarks=7)


class TestNamesForGenerators:
    """
    What the catalogue listed helps a generator with a wrong name, without a further request.
    """

    @pytest.mark.parametrize("status", [400, 404])
    def test_near_names(self, models, stand_in, status):
        models.list()
        generator = OpenRouterChatGenerator(model=f"{SEES}s", api_base_url=stand_in.url)
        stand_in.script(Answer.error(status, f"{SEES}s is not a valid model ID"))
        with pytest.raises(openai.APIStatusError, match=f"Did you mean `{SEES}`"):
            generator.run("Hi")
        assert len(stand_in.requests) == 2

    def test_near_names_of_embedders(self, models, stand_in):
        models.list()
        stand_in.script(Answer.error(400, "Model stand-in/serch does not exist"))
        with pytest.raises(openai.BadRequestError, match="Did you mean `stand-in/search`"):
            OpenRouterTextEmbedder(model="stand-in/serch", api_base_url=stand_in.url).run("Hi")

    def test_batch_variants_are_no_help(self, models, stand_in):
        models.list()
        assert f"{SEES}:batch" not in model_names.near_names(f"{SEES}:batsh", stand_in.url)
        assert f"{SEES}:free" in model_names.near_names(f"{SEES}:fre", stand_in.url)

    def test_a_filtered_list_teaches_nothing(self, models, stand_in):
        models.list(q="song")
        assert model_names.near_names("gpt-4o", stand_in.url)[0] == "openai/gpt-4o"

    @pytest.mark.parametrize("url", ["{}/", "{}"])
    def test_they_are_those_of_the_base_url(self, models, stand_in, url):
        stand_in.script(listing(entry("evil/gpt-4o-mimi")), Answer.error(404, "no such model"))
        models.list()
        generator = OpenRouterChatGenerator(model="openai/gpt-4o-mimi", api_base_url=url.format(stand_in.url))
        with pytest.raises(openai.NotFoundError, match="Did you mean `evil/gpt-4o-mimi`"):
            generator.run("Hi")

    def test_they_are_not_those_of_another_base_url(self, models, stand_in):
        stand_in.script(listing(entry("evil/gpt-4o-mimi")), Answer.error(404, "no such model"))
        models.list()
        elsewhere = stand_in.url.replace("127.0.0.1", "localhost")
        generator = OpenRouterChatGenerator(model="openai/gpt-4o-mimi", api_base_url=elsewhere)
        with pytest.raises(openai.NotFoundError, match="Did you mean `openai/gpt-4o-mini`") as caught:
            generator.run("Hi")
        assert "evil" not in str(caught.value)
        with pytest.raises(ValueError, match="Did you mean 'openai/gpt-4o-mimi' or 'openai/gpt-4o-mini'"):
            OpenRouterModels(api_base_url=elsewhere).get("gpt-4o-mimi")

    @pytest.mark.parametrize(
        "unknown", ["OPENAI/GPT-4O-MINI", "gpt-4o-mini", "somebody-with-a-long-name/gpt-4o-mini", "openai/gpt-4o-mini"]
    )
    def test_case_and_author_do_not_matter(self, models, stand_in, unknown):
        models.list()
        near = model_names.near_names(unknown, stand_in.url)
        assert ("openai/gpt-4o-mini" in near) is (unknown != "openai/gpt-4o-mini")

    def test_three_at_most(self, models, stand_in):
        stand_in.script(listing(*(entry(f"{author}/model-{number}") for author in "ab" for number in range(4))))
        models.list()
        assert len(model_names.near_names("c/model-9", stand_in.url)) == 3

    def test_they_are_those_of_the_last_list(self, models, stand_in):
        models.cache_seconds = 0
        for name in ("a/gone", "a/here"):
            stand_in.script(listing(entry(name)))
            models.list()
        assert model_names.near_names("a/her", stand_in.url) == ["a/here"]
        assert model_names.near_names("a/gon", stand_in.url) == []

    def test_what_cannot_be_printed_is_not_suggested(self, models, stand_in):
        stand_in.script(listing(entry("a/her\x1be"), entry("a/here")))
        models.list()
        assert model_names.near_names("a/her", stand_in.url) == ["a/here"]

    def test_of_a_hundred_thousand_few_are_compared(self, monkeypatch):
        compared = []

        class Comparison(difflib.SequenceMatcher):
            def set_seq1(self, name: str) -> None:
                compared.append(name)
                super().set_seq1(name)

        monkeypatch.setattr(difflib, "SequenceMatcher", Comparison)
        listed = [f"a/very-unusual-name-{number}" for number in range(100_000)]
        model_names.learn_names("x", [*listed, "x" * (10**6 - 1)])
        for unknown in ("a/very-unusual-nmae-70000", "gpt-4o", "x" * 10**6, "/" * 10**6, ""):
            compared.clear()
            near = model_names.near_names(unknown, "x")
            assert ("a/very-unusual-name-70000" in near) is unknown.endswith("70000")
            assert len(compared) <= 2 * 51  # by the whole name and by the slug; each begins with an empty one
            assert max(map(len, compared), default=0) < 200


class TestObject:
    def test_pickle_and_copies(self, models, stand_in):
        models.list()
        for copied in (pickle.loads(pickle.dumps(models)), copy.deepcopy(models)):
            assert copied.to_dict() == models.to_dict()
            assert len(copied.list()) == len(MODELS)
        assert len(stand_in.requests) == 3
        model = models.get(SEES)
        assert pickle.loads(pickle.dumps(model)) == model

    def test_round_trip(self):
        models = OpenRouterModels(
            api_key=Secret.from_env_var("MY_KEY"), timeout=5, max_retries=1, http_client_kwargs={"trust_env": False},
            cache_seconds=60,
        )  # fmt: skip
        data = models.to_dict()
        assert data["type"] == "haystack_integrations.common.openrouter.models.OpenRouterModels"
        assert OpenRouterModels.from_dict(data).to_dict() == data == models.to_dict()
        assert data["init_parameters"]["api_key"]["env_vars"] == ["MY_KEY"]
        assert data["init_parameters"]["cache_seconds"] == 60

    def test_no_secret(self):
        models = OpenRouterModels(
            api_key=Secret.from_token("sk-or-secret"), api_base_url="https://me:secret@example.com/v1?key=secret"
        )
        assert repr(models) == "OpenRouterModels(api_base_url='https://example.com/v1')"
        with pytest.raises(ValueError, match="token"):
            models.to_dict()

    def test_no_url_means_openrouter(self):
        models = OpenRouterModels(api_base_url=None)
        assert repr(models) == "OpenRouterModels(api_base_url='https://openrouter.ai/api/v1')"
        assert models.to_dict()["init_parameters"]["api_base_url"] == "https://openrouter.ai/api/v1"

    @pytest.mark.parametrize("arguments", [{"api_key": "sk-or-x"}, {"timeout": "5"}, {"max_retries": 1.5}])
    def test_bad_arguments(self, arguments):
        with pytest.raises((TypeError, ValueError), match=f"`{next(iter(arguments))}` must be"):
            OpenRouterModels(**arguments)

    def test_close(self, catalogue, stand_in):
        models = catalogue.new(cache_seconds=0)
        catalogue.call("list", models=models)
        catalogue.call("close", models=models)
        catalogue.call("list", models=models)
        assert [request.connection for request in stand_in.requests] == [1, 2]


class TestCommand:
    def run(self, stand_in: StandIn, *arguments: str) -> int:
        return main(OpenRouterModels, [*arguments, "--api-base-url", stand_in.url])

    def test_table(self, stand_in, capsys):
        assert self.run(stand_in, "--takes", "image", "--max-price", "1", "--sort", "price") == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split() == ["model", "context", "USD/M", "in", "USD/M", "out", "takes", "makes"]
        assert lines[2].split() == [f"{SEES}:free", "262,144", "0", "0", "text,image,file", "text"]
        assert lines[-1].split()[:4] == [f"~{SEES}-latest", "262,144", "0.6", "2.4"]
        prices = [sum(map(float, line.split()[2:4])) for line in lines[1:]]
        assert prices == sorted(prices)
        assert len({line.rindex("text,image") for line in lines[1:]}) == 1
        assert [line for line in lines if line.endswith(" ")] == []

    def test_what_has_no_price_by_token(self, stand_in, capsys):
        assert self.run(stand_in, "--sort", "price") == 0
        assert [line.split()[2:4] for line in capsys.readouterr().out.splitlines()[-2:]] == [["?", "?"]] * 2

    @pytest.mark.parametrize(
        ("arguments", "first"),
        [
            (["--sort", "context", "--limit", "1"], "openrouter/auto"),
            (["--makes", "embeddings"], "stand-in/search"),
            (["--supports", "tools", "--supports", "seed"], None),
            (["--supports", "seed", "--supports", "tools"], None),
            (["--takes", "audio", "--takes", "image"], None),
            (["--makes", "text", "--makes", "image"], "stand-in/painter"),
            (["--makes", "image", "--makes", "text"], "stand-in/painter"),
            (["--exclude-free", "--takes", "image", "--min-context", "200000", "--for-account", "--sort", "price"], f"{SEES}:batch"),
            (["--max-output-price", "0.5", "--exclude-free", "--makes", "text"], None),
            ([], "openai/gpt-4o-mini"),
        ],
    )  # fmt: skip
    def test_arguments(self, stand_in, capsys, arguments, first):
        assert self.run(stand_in, *arguments) == 0
        rows = capsys.readouterr().out.splitlines()[1:]
        assert (rows[0].split()[0] if rows else None) == first
        if "--limit" in arguments:
            assert len(rows) == 1
        path = "/models/user" if "--for-account" in arguments else "/models"
        assert [request.path for request in stand_in.requests] == [f"/api/v1{path}"]

    def test_benchmarks(self, stand_in, capsys):
        assert self.run(stand_in, "--min-benchmark", "coding_index=62", "--min-benchmark", "agentic_index=1") == 0
        head, row = capsys.readouterr().out.splitlines()
        assert head.split()[-4:-2] == ["coding_index", "agentic_index"]
        assert (row.split()[0], row.split()[-4:-2]) == (f"{SEES}:thinking", ["72.5", "47"])
        with pytest.raises(SystemExit, match="2"):
            self.run(stand_in, "--min-benchmark", "coding_index")

    def test_a_misspelled_ability(self, stand_in, capsys):
        assert self.run(stand_in, "--supports", "tool") == 1
        assert capsys.readouterr() == ("", "No model supports 'tool'. Did you mean 'tools'?\n")

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [(["--min-context", "-1"], "`min_context` must be at least 0"), ([], "Error code: 400 - No. Check the values")],
    )
    def test_errors_are_one_line(self, stand_in, capsys, arguments, said):
        stand_in.script(Answer.error(400, "No"))
        assert self.run(stand_in, *arguments) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert err.startswith(said)

    def test_unknown_arguments_are_one_line(self, capsys):
        with pytest.raises(SystemExit, match="2"):
            main(OpenRouterModels, ["--sort", "beauty"])
        assert capsys.readouterr().err.count("\n") == 1

    @pytest.mark.usefixtures("without_key")
    def test_as_a_command(self, stand_in):
        command = [
            sys.executable,
            "-m",
            "haystack_integrations.common.openrouter.models",
            "--api-base-url",
            stand_in.url,
        ]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True)
        assert "\nstand-in/slow " in done.stdout
        assert done.stderr == ""
