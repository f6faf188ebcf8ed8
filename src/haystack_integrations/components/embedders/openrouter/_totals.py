# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The meta of a run with several requests. Its size does not depend on their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haystack_integrations.common.openrouter._wire.usage import summed_usage


class RunMeta:
    """
    Merges the `meta` of one response after the other.

    :param model: The requested model.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._model_at: int | None = None
        self._agreed: dict[str, Any] | None = None
        # with and without the user's own key for the provider (BYOK)
        self._usage: dict[bool, dict[str, Any]] = {True: {}, False: {}}

    def add(self, meta: Mapping[str, Any], position: int) -> None:
        """
        Add what came with the embeddings of a batch.

        :param meta: The `meta` of one response.
        :param position: The position of the batch in the run. Responses may arrive in any order.
        """
        self.add_usage(meta["usage"])
        others = {name: value for name, value in meta.items() if name not in ("model", "usage")}
        if self._agreed is None:
            self._agreed = others
        else:
            self._agreed = {name: value for name, value in self._agreed.items() if others.get(name) == value}
        if self._model_at is None or position < self._model_at:
            self._model, self._model_at = meta["model"], position

    def add_usage(self, usage: Mapping[str, Any]) -> None:
        """
        Add the usage of a request. Even an unusable response may have a cost.

        :param usage: The `usage` of one response.
        """
        own_key = bool(usage.get("is_byok"))
        self._usage[own_key] = summed_usage([self._usage[own_key], usage])

    def merged(self) -> dict[str, Any]:
        """
        Merge what was added.

        :returns: A new dictionary: the `model` of the first batch, the summed `usage`, and the other fields that are
            the same in all responses.
        """
        return {"model": self._model, **(self._agreed or {}), "usage": summed_usage(self._usage.values())}
