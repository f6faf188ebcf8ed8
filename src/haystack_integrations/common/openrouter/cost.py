# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What a request cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def usage_cost(usage: Mapping[str, Any] | None) -> float:
    """
    Tell what `meta["usage"]` cost, whichever component it is from.

    With a key of your own at a provider (BYOK), `cost` is OpenRouter's fee only; the provider's bill,
    `cost_details["upstream_inference_cost"]`, is added.
    Source: https://openrouter.ai/docs/use-cases/usage-accounting.

    :param usage: `usage` as OpenRouter sent it, or None.
    :returns: The cost in USD; 0 if none is reported.
    """
    if not isinstance(usage, Mapping):
        return 0.0
    details = usage.get("cost_details")
    upstream = details.get("upstream_inference_cost") if usage.get("is_byok") and isinstance(details, Mapping) else None
    return _dollars(usage.get("cost")) + _dollars(upstream)


def _dollars(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
