# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Choosing among the models of a list.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from math import inf
from typing import TypedDict

from haystack_integrations.common.openrouter._catalogue.entries import OpenRouterEndpoint
from haystack_integrations.common.openrouter._catalogue.filters import Number, check_names, names_in
from haystack_integrations.common.openrouter._catalogue.model import OpenRouterModel
from haystack_integrations.common.openrouter._catalogue.prices import per_million
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.model_names import closest

# Names of abilities, and where a model lists its own.
_ABILITIES = {"takes": "input_modalities", "makes": "output_modalities", "supports": "supported_parameters"}
_LIMITS = {"prompt": "max_price", "completion": "max_output_price"}


class ModelNeeds(TypedDict, total=False):
    """
    What a model must be able to do, and what it may cost. A condition whose value is None is left out.
    """

    takes: str | Sequence[str] | None
    """One or more input types, such as "image". The model must take all of them."""
    makes: str | Sequence[str] | None
    """One or more output types, such as "text", "embeddings" or "decisions". The model must make all of them."""
    supports: str | Sequence[str] | None
    """One or more parameters, such as "tools". The model must support all of them."""
    min_context: int | None
    """The minimum `context_window`, in tokens."""
    max_price: Number | None
    """The maximum price of the prompt, in USD per million tokens. Models with an unknown price do not fit."""
    max_output_price: Number | None
    """The maximum price of the completion, in USD per million tokens. Models with an unknown price do not fit."""
    exclude_free: bool
    """Whether to leave out free models, which have daily limits."""
    min_benchmark: Mapping[str, Number] | None
    """The minimum figure in each of these benchmarks, such as `{"coding_index": 60}`. Models without a figure do not
    fit. See `OpenRouterModel.benchmark`."""
    max_latency: Number | None
    """The maximum `latency` of an endpoint that is up, in milliseconds. One such endpoint is enough for a model to fit.
    This condition needs a key, and a request for each model that is looked at."""
    min_throughput: Number | None
    """The minimum `throughput` of an endpoint that is up, in tokens per second, as with `max_latency`. If both are
    given, one endpoint must have both."""


class Selection:
    """
    Conditions that a model must meet, and what the best one is.

    :param needs: The conditions.
    :param prompt_tokens: The size of the request whose costs are compared.
    :param completion_tokens: The size of its reply.
    :param by: What models are ranked by: "cost", or the name of a benchmark.
    """

    def __init__(
        self, needs: ModelNeeds, prompt_tokens: int = 1000, completion_tokens: int = 1000, by: str = "cost"
    ) -> None:
        check_names(needs, ModelNeeds.__annotations__, "condition")
        checks.name(by, "by", "'cost' or the name of a benchmark", "leave it out to compare costs")
        self._needs = {name: value for name, value in needs.items() if value is not None}
        self._request, self._by = (prompt_tokens, completion_tokens), by
        self._min_context = needs.get("min_context") or 0
        checks.token_counts(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
        checks.token_counts(min_context=self._min_context)
        self._abilities = {name: names_in(self._needs.get(name, []), name) for name in _ABILITIES}
        limits = {kind: self._number(name, "a number of USD per million tokens") for kind, name in _LIMITS.items()}
        self._limits = {kind: limit for kind, limit in limits.items() if limit is not None}
        self._floors = _floors(self._needs.get("min_benchmark", {}))
        self._max_latency = self._number("max_latency", "a number of milliseconds")
        self._min_throughput = self._number("min_throughput", "a number of tokens per second")

    @property
    def is_about_endpoints(self) -> bool:
        """Whether the entries of a list do not tell all about the models that fit."""
        return self._max_latency is not None or self._min_throughput is not None

    def fits(self, model: OpenRouterModel) -> bool:
        """Whether a model meets all conditions that its entry in a list can tell."""
        return (
            all(getattr(model, ability)(item) for ability, items in self._abilities.items() for item in items)
            and (model.context_window or 0) >= self._min_context
            and not (self._needs.get("exclude_free") and model.is_free)
            and all(_costs_at_most(model, kind, limit) for kind, limit in self._limits.items())
            and all(floor <= model.benchmarks.get(name, -inf) for name, floor in self._floors.items())
        )

    def is_fast(self, endpoints: Iterable[OpenRouterEndpoint]) -> bool:
        """Whether one of a model's endpoints is as fast as it must be."""
        return any(
            endpoint.is_up is not False
            and (self._max_latency is None or _known(endpoint.latency, inf) <= self._max_latency)
            and (self._min_throughput is None or _known(endpoint.throughput, -inf) >= self._min_throughput)
            for endpoint in endpoints
        )

    def ranked(self, models: Sequence[OpenRouterModel]) -> list[OpenRouterModel]:
        """
        Sort the models that fit, the best first. Of equal ones, aliases come last and large context windows first.

        :raises ValueError: If none fits, and a condition has a name that no model has.
        """
        ranked = {rank: model for model in models if self.fits(model) and (rank := self._rank(model))}
        if not ranked:
            self.check_names(models)
        return [ranked[rank] for rank in sorted(ranked)]

    def best(self, ranked: Sequence[OpenRouterModel]) -> OpenRouterModel:
        """The first of the models that fit."""
        if not ranked:
            needs = ", ".join(f"{name}={value!r}" for name, value in self._needs.items())
            msg = f"No model with a known price fits {needs or 'here'}: relax a condition."
            raise ValueError(msg)
        return ranked[0]

    def check_names(self, models: Sequence[OpenRouterModel]) -> None:
        """Raise a ValueError if a condition has a name that no model has, but one that is near it."""
        for ability, wanted in self._abilities.items():
            known = {name for model in models for name in getattr(model, _ABILITIES[ability])}
            for name in wanted:
                if name not in known and (near := closest(name, sorted(known), 1)):
                    msg = f"No model {ability} {name!r}. Did you mean {near[0]!r}?"
                    raise ValueError(msg)
        listed = sorted({name for model in models for name in model.benchmarks})
        for name in (*self._floors, *([] if self._by == "cost" else [self._by])):
            if listed and name not in listed:
                msg = (
                    f"No model has a figure in the benchmark {name!r}. There are: {', '.join(map(repr, listed[:10]))}."
                )
                raise ValueError(msg)

    def _rank(self, model: OpenRouterModel) -> tuple[float, Decimal, bool, int, str] | None:
        """The sort key, with the figure and the cost first. None if the model can't be chosen."""
        is_past = model.expires is not None and model.expires < datetime.now(UTC).date()
        # `:batch` variants refuse chat completions (conduit#701)
        if model.is_router or not model.is_billed_by_token or is_past or model.id.endswith(":batch"):
            return None
        cost, figure = model.cost(*self._request), 0.0 if self._by == "cost" else model.benchmark(self._by)
        if cost is None or figure is None:
            return None
        return -figure, cost, model.id.startswith("~"), -(model.context_window or 0), model.id

    def _number(self, name: str, what: str) -> Decimal | None:
        return _at_least_0(self._needs[name], name, what) if name in self._needs else None


def _costs_at_most(model: OpenRouterModel, kind: str, limit: Decimal) -> bool:
    price = model.price(kind)
    return price is not None and model.is_billed_by_token and per_million(price) <= limit


def _known(figure: float | None, unknown: float) -> float:
    return unknown if figure is None else figure


def _floors(value: object) -> dict[str, Number]:
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and checks.is_finite(floor) and not isinstance(floor, bool)
        for name, floor in value.items()
    ):
        example = '{"coding_index": 60}'
        msg = f"`min_benchmark` must be a dictionary of numbers, such as {example}, not {checks.shown(value)}."
        raise TypeError(msg)
    return dict(value)


def _at_least_0(value: object, name: str, what: str) -> Decimal:
    number = float(value if checks.is_finite(value) else "nan") if isinstance(value, Decimal) else value
    checks.number(number, name, what)
    return Decimal(str(value))
