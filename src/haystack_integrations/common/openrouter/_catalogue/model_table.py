# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
A table of models.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from haystack_integrations.common.openrouter._catalogue.filters import names_in
from haystack_integrations.common.openrouter._catalogue.model import OpenRouterModel, checked_models
from haystack_integrations.common.openrouter._catalogue.prices import per_million
from haystack_integrations.common.openrouter._wire.table import Column, Table


def _written(price: float) -> str:
    return f"{Decimal(str(price)).normalize():f}"


_COLUMNS = [
    Column("model", "model"),
    Column("context_window", "context", "{:,}".format, ">"),
    Column("prompt_price", "USD/M in", _written, ">"),
    Column("completion_price", "USD/M out", _written, ">"),
]
_MODALITIES = [Column(name, name, ",".join) for name in ("takes", "makes")]


def model_table(models: Iterable[OpenRouterModel], benchmarks: str | Sequence[str] = ()) -> Table:
    """Show models, and their figures in benchmarks."""
    names = names_in(benchmarks, "benchmarks")
    scores = [Column(name, name, "{:g}".format, ">") for name in names]
    rows = [_row(model, names) for model in checked_models(models, "models")]
    return Table([*_COLUMNS, *scores, *_MODALITIES], rows, missing="?")


def _row(model: OpenRouterModel, benchmarks: Sequence[str]) -> dict[str, Any]:
    prices = [model.price("prompt"), model.price("completion")] if model.is_billed_by_token else [None, None]
    prompt, completion = (None if price is None else float(per_million(price)) for price in prices)
    return {
        "model": model.id,
        "context_window": model.context_window,
        "prompt_price": prompt,
        "completion_price": completion,
        **{name: model.benchmark(name) for name in benchmarks},
        "takes": model.input_modalities,
        "makes": model.output_modalities,
    }
