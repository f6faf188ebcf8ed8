# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Tags for Haystack's tracing: model, provider, tokens and cost of a request, without content.
"""

from collections.abc import Mapping
from typing import Any

from haystack.tracing.tracer import is_tracing_enabled, tracer

from haystack_integrations.common.openrouter._wire.usage import figures


def tag_span(meta: Mapping[str, Any]) -> None:
    """
    Add tags about a request to the current span. Haystack's own tags hold them only together with the content.
    """
    if is_tracing_enabled() and (span := tracer.current_span()) is not None:
        span.set_tags(span_tags(meta))


def span_tags(meta: Mapping[str, Any]) -> dict[str, str | float]:
    """
    Name what is known about a request, such as `openrouter.cost` in USD.
    """
    names = {"model": meta.get("model"), "provider": meta.get("provider"), "generation_id": meta.get("id")}
    tags = {f"openrouter.{name}": value for name, value in names.items() if isinstance(value, str)}
    known = {name: number for name, number in figures(meta.get("usage")).items() if number is not None}
    return tags | {f"openrouter.{name}": n if name == "cost" else int(n) for name, n in known.items()}
