# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What the embedders share: parameters, and the arguments of their requests.
"""

import copy
from collections.abc import Mapping
from typing import Any

from haystack_integrations.common.openrouter._base.component import OpenRouterComponent
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import sendable_json
from haystack_integrations.components.embedders.openrouter._endpoint import EMBEDDINGS


class OpenRouterEmbedder(OpenRouterComponent):
    """
    The base of the embedders. A subclass keeps these parameters, and those of its own, under their names.
    """

    dimensions: int | None
    prefix: str
    suffix: str
    extra_parameters: Mapping[str, Any] | None

    def _check(self) -> None:
        super()._check()
        checks.at_least_one_or_none(dimensions=self.dimensions)
        checks.strings(prefix=self.prefix, suffix=self.suffix)
        checks.parameters(self.extra_parameters or {}, "extra_parameters", EMBEDDINGS.own_fields)

    def _to_dict(self, **own_parameters: Any) -> dict[str, Any]:
        return super()._to_dict(
            dimensions=self.dimensions,
            prefix=self.prefix,
            suffix=self.suffix,
            extra_parameters=copy.deepcopy(self.extra_parameters),
            **own_parameters,
        )

    def _arguments(self) -> dict[str, Any]:
        """Make the arguments of `client.embeddings.create` but for the input."""
        # in the SDK's default format, base64, some providers return nothing (langchain#35252)
        headers = self._sent_headers()
        arguments: dict[str, Any] = {"model": self.model, "extra_headers": headers, "encoding_format": "float"}
        if self.dimensions is not None:  # without it, the length is the model's own
            arguments["dimensions"] = self.dimensions
        if self.extra_parameters:
            arguments["extra_body"] = sendable_json(dict(self.extra_parameters))
        return arguments
