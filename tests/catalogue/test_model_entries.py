# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Entries of the catalogue: what is read from them, prices with their overrides, and odd entries of any kind."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stand_in.catalogue import MODELS
from strategies import FAST

from haystack_integrations.common.openrouter._catalogue.choosing import Selection
from haystack_integrations.common.openrouter._catalogue.model import ListedModels
from haystack_integrations.common.openrouter._catalogue.model_table import model_table
from haystack_integrations.common.openrouter._catalogue.prices import usd
from haystack_integrations.common.openrouter.models import OpenRouterEndpoint, OpenRouterModel

BY_NAME = {model["id"]: OpenRouterModel(model) for model in MODELS}
SEES = BY_NAME["stand-in/sharp-eyes"]
MONDAY = datetime(2026, 8, 10, tzinfo=UTC)


def priced(prompt: Any = "0.001", completion: Any = "0.01", *overrides: Any, **more: Any) -> OpenRouterModel:
    listed = {"prompt": prompt, "completion": completion, **more}
    return OpenRouterModel({"id": "a/b", "pricing": {**listed, "overrides": [*overrides]} if overrides else listed})


class TestFields:
    def test_of_a_model(self):
        assert (SEES.id, SEES.name) == ("stand-in/sharp-eyes", "Stand-in: sharp-eyes")
        assert OpenRouterModel({"id": "a/b"}).name == "a/b"
        assert (SEES.context_window, SEES.max_output_tokens) == (262144, 32768)
        assert SEES.input_modalities == ["text", "image", "file"]
        assert SEES.output_modalities == ["text"]
        assert (SEES.takes("image"), SEES.takes("audio"), SEES.makes("text"), SEES.makes("image")) == (1, 0, 1, 0)
        assert (SEES.supports("tools"), SEES.supports("seed")) == (True, False)
        assert (SEES.expires, SEES.alias_of, SEES.voices, SEES.is_free) == (None, None, [], False)

    @pytest.mark.parametrize(
        ("length", "of_the_provider", "window"),
        [
            (200, 100, 100), (100, 200, 100), (None, 7, 7), (7, None, 7), (None, None, None), (0, 5, 5), ("9", 5.0, 5),
            (1, 2, 1), (-1, True, None), (5.5, float("inf"), None),
        ],
    )  # fmt: skip
    def test_the_smaller_window_that_is_known(self, length, of_the_provider, window):
        model = OpenRouterModel({"context_length": length, "top_provider": {"context_length": of_the_provider}})
        assert model.context_window == window

    def test_of_others(self):
        assert BY_NAME["stand-in/speaker"].voices == ["alto", "bass"]
        assert BY_NAME["stand-in/mystery"].context_window is None
        assert BY_NAME["~stand-in/sharp-eyes-latest"].alias_of == "stand-in/sharp-eyes"
        assert BY_NAME["stand-in/leaving-soon"].expires == (datetime.now(UTC) + timedelta(days=3)).date()
        assert {name for name, model in BY_NAME.items() if model.is_router} == {"openrouter/auto", "openrouter/free"}
        assert not OpenRouterModel({"architecture": {"tokenizer": "Router"}, "alias_target": {"slug": "a/b"}}).is_router

    @pytest.mark.parametrize(
        ("written", "read"),
        [("2026-08-17", date(2026, 8, 17)), ("2026-08-17T00:00:00Z", date(2026, 8, 17)), ("soon", None), (7, None)],
    )
    def test_expires(self, written, read):
        assert OpenRouterModel({"expiration_date": written}).expires == read

    def test_free_is_what_says_so_and_costs_nothing(self):
        free = {name for name, model in BY_NAME.items() if model.is_free}
        assert free == {"stand-in/sharp-eyes:free", "openrouter/free"}
        assert not OpenRouterModel({"id": "a/b:free", "pricing": {"prompt": "0", "completion": "0.1"}}).is_free

    def test_what_is_not_billed_by_token(self):
        unpriced = {name for name, model in BY_NAME.items() if not model.is_billed_by_token}
        assert unpriced == {"openrouter/auto", "stand-in/songs"}
        assert BY_NAME["stand-in/search"].is_billed_by_token

    def test_benchmarks(self):
        assert SEES.benchmark("coding_index") == SEES.benchmarks["coding_index"] == 61
        assert SEES.benchmark("intelligence_index") == 51.5
        assert SEES.benchmark("elo") is BY_NAME["openai/gpt-4o-mini"].benchmark("coding_index") is None

    @pytest.mark.parametrize(
        "listed", [None, 7, [], "x", {"a": None}, {"a": [{"b": 1}]}, {"a": {"b": "1"}}, {"a": {"b": float("nan")}}]
    )
    def test_what_is_no_figure(self, listed):
        assert OpenRouterModel({"benchmarks": listed}).benchmark("b") is None

    def test_reasoning(self):
        assert BY_NAME["openai/gpt-4o-mini"].reasoning is None
        free, forced = SEES.reasoning, BY_NAME["stand-in/sharp-eyes:thinking"].reasoning
        assert (free.mandatory, forced.mandatory) == (False, True)
        assert free.efforts == ["high", "medium", "low", "minimal"]
        assert (free.default_effort, free.on_by_default, free.takes_max_tokens) == ("medium", True, False)

    def test_reasoning_of_which_little_is_known(self):
        known = OpenRouterModel({"reasoning": {"mandatory": True}}).reasoning
        assert (known.mandatory, known.efforts, known.default_effort, known.on_by_default) == (True, [], None, None)
        odd = {"mandatory": "yes", "supported_efforts": ["low", 7], "default_effort": 3, "default_enabled": 1}
        known = OpenRouterModel({"reasoning": odd}).reasoning
        assert (known.mandatory, known.efforts, known.default_effort, known.on_by_default) == (
            False,
            ["low"],
            None,
            None,
        )

    def test_the_dated_names_of_replies(self):
        slugs = {
            "a/b:batch": "a/b-2026", "~a/latest": "a/b-2026", "a/b": "a/b-2026", "a/c": "a/b", "a/d": None,
            "a/b:free": "a/b-2026",
        }  # fmt: skip
        models = [OpenRouterModel({"id": name, "canonical_slug": slug}) for name, slug in slugs.items()]
        models[1].raw["alias_target"] = {"slug": "a/b"}
        named = ListedModels(models).by_served_name()
        assert {name: model.id for name, model in named.items()} == {
            "a/b-2026": "a/b",
            **{name: name for name in slugs},
        }

    def test_repr(self):
        assert repr(SEES) == (
            "OpenRouterModel(id='stand-in/sharp-eyes', context_window=262144, usd_per_million_tokens='0.6 in, 2.4 out')"
        )
        assert "'unknown in, unknown out'" in repr(BY_NAME["openrouter/auto"])
        assert "'1000 in, 0 out'" in repr(priced("0.001", "0"))

    def test_it_is_a_value(self):
        same = OpenRouterModel({**SEES.raw})
        assert same == SEES
        assert len({same, SEES, BY_NAME["stand-in/songs"]}) == 2
        with pytest.raises(AttributeError):
            SEES.raw = {}


class TestPrice:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("0.000000375", "0.000000375"), ("0", "0"), ("0.0000000208333333333333", "0.0000000208333333333333"),
            ("1e-7", "0.0000001"), (0.5, "0.5"), (2, "2"), ("-1", None), (-1, None), ("-0.001", None), ("", None),
            ("free", None), ("NaN", None), ("sNaN", None), ("Infinity", None), (float("nan"), None), ("1e999999", None),
            ("1" * 5000, None), (10**400, None), (None, None), (True, None), ([], None), ({}, None),
        ],
    )  # fmt: skip
    def test_usd(self, written, read):
        assert usd(written) == (None if read is None else Decimal(read))
        assert priced(written).price("prompt") == usd(written)

    def test_kinds(self):
        assert SEES.price() == SEES.price("prompt") == Decimal("0.0000006")
        assert SEES.price("web_search") == Decimal("0.01")
        assert SEES.price("overrides") is SEES.price("a_price_of_tomorrow") is None


class TestCost:
    def test_tokens(self):
        assert priced().cost(10) == Decimal("0.01")
        assert priced().cost(10, 2) == Decimal("0.03")
        assert priced(request="0.5").cost(10, 2) == Decimal("0.53")
        assert priced(request=None).cost(0) == 0

    def test_tokens_from_a_cache(self):
        assert priced(input_cache_read="0.0001").cost(10, 0, 4) == Decimal("0.0064")
        assert priced().cost(10, cached_tokens=4) == Decimal("0.01")
        assert priced(input_cache_read=None).cost(10, cached_tokens=4) == Decimal("0.01")

    @pytest.mark.parametrize(
        "model",
        [
            priced("-1"), priced(completion="-1"), priced(None), priced(completion=None), priced(request="-1"),
            OpenRouterModel({}), OpenRouterModel({"pricing": "0.1"}), priced(overrides={}), priced(overrides=["x"]),
            priced(overrides="x"),
        ],
        ids=lambda model: str(model.raw),
    )  # fmt: skip
    def test_unknown_is_none_and_never_zero(self, model):
        assert model.cost(10, 2) is None
        assert model.cost(0) is None

    def test_an_unknown_price_that_does_not_count(self):
        model = priced(input_cache_read="-1")
        assert model.cost(10) == Decimal("0.01")
        assert model.cost(10, cached_tokens=1) is None

    @pytest.mark.parametrize(
        ("name", "value", "kind"),
        [("prompt_tokens", -1, ValueError), ("completion_tokens", 1.5, TypeError), ("cached_tokens", True, TypeError)],
    )
    def test_bad_counts(self, name, value, kind):
        with pytest.raises(kind, match=f"`{name}` must be"):
            priced().cost(**{"prompt_tokens": 5, name: value})

    def test_more_from_the_cache_than_there_is(self):
        with pytest.raises(ValueError, match="`cached_tokens` is a part of `prompt_tokens`: 6 can't be more than 5"):
            priced().cost(5, cached_tokens=6)


class TestSavedByCache:
    def test_what_is_read_costs_less(self):
        assert priced(input_cache_read="0.0001").saved_by_cache(10, 4) == Decimal("0.0036")
        assert priced().saved_by_cache(10, 4) == 0
        assert priced("0.001", "0", {"min_prompt_tokens": 9, "prompt": "0.002"}).saved_by_cache(10, 4) == 0

    def test_what_is_written_costs_more_or_is_added(self):
        model = priced(input_cache_read="0.0001", input_cache_write="0.00125")
        assert model.saved_by_cache(10, 4, 4) == Decimal("0.0036") - Decimal("0.001")
        assert model.saved_by_cache(10, 0, 4) == Decimal("-0.001")
        assert priced(input_cache_read="0.0001", input_cache_write="0.00001").saved_by_cache(10, 4, 4) == Decimal(
            "0.0036"
        )

    @pytest.mark.parametrize(
        "model", [priced("-1"), priced(None), priced(input_cache_read="-1"), priced(input_cache_write="-1")]
    )
    def test_unknown(self, model):
        assert model.saved_by_cache(10, 4, 4) is None

    def test_bad_counts(self):
        with pytest.raises(ValueError, match="`cache_write_tokens` must be at least 0"):
            priced().saved_by_cache(10, 4, -1)


class TestOverrides:
    def test_a_longer_prompt(self):
        model = priced("0.001", "0.01", {"min_prompt_tokens": 10, "prompt": "0.002"}, input_cache_read="0.0001")
        assert model.cost(10, 1) == Decimal("0.02")
        assert model.cost(11, 1) == Decimal("0.032")
        assert model.cost(11, 0, 10) == Decimal("0.003")
        assert model.price() == Decimal("0.001")

    def test_later_ones_win_key_by_key(self):
        first = {"min_prompt_tokens": 10, "prompt": "0.002", "completion": "0.02"}
        model = priced("0.001", "0.01", first, {"min_prompt_tokens": 20, "prompt": "0.004"})
        assert model.cost(20, 1) == Decimal("0.06")
        assert model.cost(21, 1) == Decimal("0.104")
        swapped = priced("0.001", "0.01", {"min_prompt_tokens": 20, "prompt": "0.004"}, first)
        assert swapped.cost(21, 1) == Decimal("0.062")

    def test_null_in_an_override_inherits(self):
        model = priced("0.001", "0.01", {"min_prompt_tokens": None, "prompt": "0.002", "completion": None})
        assert model.cost(1, 1) == Decimal("0.012")

    @pytest.mark.parametrize(
        ("window", "clock", "holds"),
        [
            ((100, 1030), "00:59", False), ((100, 1030), "01:00", True), ((100, 1030), "10:29", True),
            ((100, 1030), "10:30", False), ((2200, 400), "21:59", False), ((2200, 400), "22:00", True),
            ((2200, 400), "00:00", True), ((2200, 400), "03:59", True), ((2200, 400), "04:00", False),
            ((400, 400), "04:00", False), ((1200, None), "12:00", True), ((1200, None), "11:59", False),
            ((None, 1200), "11:59", True), ((None, 1200), "12:00", False),
        ],
    )  # fmt: skip
    def test_a_time_of_day(self, window, clock, holds):
        override = {"utc_start": window[0], "utc_end": window[1], "prompt": "0.002"}
        hour, minute = map(int, clock.split(":"))
        cost = priced("0.001", "0.01", override).cost(1, at=MONDAY.replace(hour=hour, minute=minute, second=59))
        assert cost == Decimal("0.002" if holds else "0.001")

    @pytest.mark.parametrize(
        ("days", "on_monday", "on_tuesday"),
        [(["monday"], True, False), (["Tuesday", "x"], False, True), ([], False, False)],
    )
    def test_days(self, days, on_monday, on_tuesday):
        model = priced("0.001", "0", {"utc_days": days, "prompt": "0.002"})
        costs = [model.cost(1, at=MONDAY), model.cost(1, at=MONDAY + timedelta(days=1))]
        assert costs == [Decimal("0.002" if holds else "0.001") for holds in (on_monday, on_tuesday)]

    def test_all_conditions_together(self):
        override = {"utc_days": ["monday"], "utc_end": 400, "min_prompt_tokens": 1, "prompt": "0.002"}
        model = priced("0.001", "0", override)
        assert model.cost(2, at=MONDAY) == Decimal("0.004")
        assert model.cost(1, at=MONDAY) == Decimal("0.001")
        assert model.cost(2, at=MONDAY.replace(hour=4)) == Decimal("0.002")
        assert model.cost(2, at=MONDAY - timedelta(days=1)) == Decimal("0.002")

    @pytest.fixture
    def elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """
        Let the clock of the machine be that of Tokyo.
        """
        with monkeypatch.context() as patch:
            patch.setenv("TZ", "JST-9")
            time.tzset()
            yield
        time.tzset()

    @pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs POSIX time zones")
    @pytest.mark.usefixtures("elsewhere")
    def test_the_time_zone_of_the_moment(self):
        model = priced("0.001", "0", {"utc_days": ["monday"], "utc_end": 100, "prompt": "0.002"})
        there = timezone(timedelta(hours=-5))
        assert model.cost(1, at=datetime(2026, 8, 9, 19, 30, tzinfo=there)) == Decimal("0.002")
        assert model.cost(1, at=datetime(2026, 8, 10, 0, 30, tzinfo=there)) == Decimal("0.001")
        assert model.cost(1, at=datetime(2026, 8, 10, 0, 30)) == Decimal("0.002")  # noqa: DTZ001

    def test_now(self):
        now = datetime.now(UTC)
        days = [f"{now:%A}", f"{now + timedelta(days=1):%A}"]
        assert priced("0.001", "0", {"utc_days": days, "prompt": "0.002"}).cost(1) == Decimal("0.002")

    @pytest.mark.parametrize(
        "condition",
        [
            {"min_prompt_tokens": []},
            {"utc_start": {}},
            {"utc_days": 5},
            {"a_condition_of_tomorrow": 7},
            {"utc_end": True},
        ],
    )
    def test_a_condition_that_cannot_be_read_makes_its_prices_unknown(self, condition):
        assert priced("0.001", "0.01", {**condition, "prompt": "0.002"}).cost(1, 1) is None
        assert priced("0.001", "0.01", {**condition, "audio": "0.002"}).cost(1, 1) == Decimal("0.011")
        known = {"min_prompt_tokens": 0, "prompt": "0.003"}
        assert priced("0.001", "0.01", {**condition, "prompt": "0.002"}, known).cost(1) == Decimal("0.003")

    def test_an_unknown_price(self):
        assert priced("0.001", "0", {"min_prompt_tokens": 5, "prompt": "-1"}).cost(6) is None
        assert priced("0.001", "0", {"min_prompt_tokens": 5, "prompt": "-1"}).cost(5) == Decimal("0.005")

    def test_of_the_stand_in(self):
        assert SEES.cost(200_000, at=MONDAY) == Decimal("0.24")
        assert SEES.cost(200_001, 10, at=MONDAY) == 200_001 * Decimal("0.0000018") + Decimal("0.000036")
        assert SEES.cost(0, 10, at=MONDAY - timedelta(hours=1)) == Decimal("0.000018")


SCALARS = st.sampled_from(
    [None, True, 0, -1, 7, 10**400, 0.5, float("nan"), float("inf"), "", "-1", "0.1", "1e999", "x", "\ud800"]
)
KEYS = (
    "prompt", "completion", "overrides", "min_prompt_tokens", "utc_start", "utc_end", "utc_days", "context_length",
    "p50", "slug",
)  # fmt: skip
PAIRS = st.dictionaries(st.sampled_from(KEYS), SCALARS, max_size=4)
ODD = SCALARS | PAIRS | st.lists(SCALARS | PAIRS, max_size=3)
PRICING = ODD | st.dictionaries(st.sampled_from(KEYS), ODD, max_size=4)


def entries(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={**dict.fromkeys(names, ODD), "pricing": PRICING})


class TestOddEntries:
    """
    Whatever OpenRouter lists, nothing raises, and everything has its type.
    """

    @FAST
    @given(
        entries(
            "id", "name", "context_length", "architecture", "top_provider", "supported_parameters", "supported_voices",
            "expiration_date", "alias_target", "benchmarks", "reasoning",
        )
    )  # fmt: skip
    def test_models(self, raw):
        model = OpenRouterModel(raw)
        assert isinstance(model.id, str)
        assert isinstance(model.name, str)
        assert all(isinstance(number, int | None) for number in (model.context_window, model.max_output_tokens))
        lists = (model.input_modalities, model.output_modalities, model.supported_parameters, model.voices)
        assert all(isinstance(item, str) for items in lists for item in items)
        assert isinstance(model.expires, date | None)
        assert isinstance(model.alias_of, str | None)
        assert isinstance(model.is_free, bool)
        amounts = (model.price("prompt"), model.price("overrides"), model.cost(10, 5, 2), model.cost(0, at=MONDAY))
        assert all(price is None or (price.is_finite() and price >= 0) for price in amounts)
        assert repr(model)
        assert hash(model) == hash(OpenRouterModel(raw))
        assert all(isinstance(figure, float) for figure in model.benchmarks.values())
        assert model.reasoning is None or all(isinstance(effort, str) for effort in model.reasoning.efforts)
        assert Selection({"max_price": 1}).ranked([model]) in ([], [model])
        assert len(model_table([model], ["p50"]).rows) == 1

    @FAST
    @given(
        entries(
            "provider_name", "tag", "quantization", "status", "context_length", "latency_last_30m", "uptime_last_30m"
        )
    )
    def test_endpoints(self, raw):
        endpoint = OpenRouterEndpoint(raw)
        assert isinstance(endpoint.provider_name + endpoint.tag, str)
        assert isinstance(endpoint.price("prompt"), Decimal | None)
        assert isinstance(endpoint.context_window, int | None)
        assert isinstance(endpoint.quantization, str | None)
        numbers = (endpoint.latency, endpoint.uptime, endpoint.throughput)
        assert all(isinstance(number, int | float | None) for number in numbers)
        assert isinstance(endpoint.is_up, bool | None)
        assert not endpoint.supports("tools")
        assert repr(endpoint)
        assert hash(endpoint) == hash(OpenRouterEndpoint(raw))
