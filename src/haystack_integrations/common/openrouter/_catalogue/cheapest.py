# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Choosing among the models of a list.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict

from haystack_integrations.common.openrouter._catalogue.filters import Number, check_names
from haystack_integrations.common.openrouter._catalogue.model import OpenRouterModel
from haystack_integrations.common.openrouter._catalogue.prices import per_million
from haystack_integrations.common.openrouter._wire import checks


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


class Selection:
    """
    Conditions that a model must meet, and the size of the request whose costs are compared.
    """

    def __init__(self, needs: ModelNeeds, prompt_tokens: int = 1000, completion_tokens: int = 1000) -> None:
        check_names(needs, ModelNeeds.__annotations__, "condition")
        self._needs = {name: value for name, value in needs.items() if value is not None}
        self._request = (prompt_tokens, completion_tokens)
        self._min_context = needs.get("min_context") or 0
        checks.token_counts(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
        checks.token_counts(min_context=self._min_context)
        self._abilities = {name: _strings(self._needs.get(name, []), name) for name in ("takes", "makes", "supports")}
        highest = {"prompt": "max_price", "completion": "max_output_price"}
        self._limits = {kind: _usd(self._needs[name], name) for kind, name in highest.items() if name in self._needs}

    def fits(self, model: OpenRouterModel) -> bool:
        """Whether a model meets all conditions."""
        return (
            all(getattr(model, ability)(item) for ability, items in self._abilities.items() for item in items)
            and (model.context_window or 0) >= self._min_context
            and not (self._needs.get("exclude_free") and model.is_free)
            and all(_costs_at_most(model, kind, limit) for kind, limit in self._limits.items())
        )

    def cheapest(self, models: Iterable[OpenRouterModel]) -> OpenRouterModel:
        """Find the model that costs least. Of equally cheap ones, aliases come last and large context windows first."""
        ranked = {rank: model for model in models if self.fits(model) and (rank := self._rank(model))}
        if not ranked:
            needs = ", ".join(f"{name}={value!r}" for name, value in self._needs.items())
            msg = f"No model with a known price fits {needs or 'here'}: relax a condition."
            raise ValueError(msg)
        return ranked[min(ranked)]

    def _rank(self, model: OpenRouterModel) -> tuple[Decimal, bool, int, str] | None:
        """The sort key, with the cost first. None if the model can't be chosen."""
        is_past = model.expires is not None and model.expires < datetime.now(UTC).date()
        # `:batch` variants refuse chat completions (conduit#701)
        if model.is_router or not model.is_billed_by_token or is_past or model.id.endswith(":batch"):
            return None
        cost = model.cost(*self._request)
        return None if cost is None else (cost, model.id.startswith("~"), -(model.context_window or 0), model.id)


def _costs_at_most(model: OpenRouterModel, kind: str, limit: Decimal) -> bool:
    price = model.price(kind)
    return price is not None and model.is_billed_by_token and per_million(price) <= limit


def _strings(value: object, name: str) -> list[str]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple | set | frozenset) or not all(isinstance(item, str) for item in items):
        msg = f"`{name}` must be a string or a list of strings, not {checks.shown(value)}."
        raise TypeError(msg)
    return [*items]


def _usd(value: object, name: str) -> Decimal:
    number = float(value if checks.is_finite(value) else "nan") if isinstance(value, Decimal) else value
    checks.number(number, name, "a number of USD per million tokens")
    return Decimal(str(value))
