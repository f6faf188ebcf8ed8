# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
`OpenRouterBatch` beside the catalogue and the account, because it is no component.

It is made of the chat generator's and the embedders' code, which `common` must not import: it is found when it is used.
"""

from importlib import import_module
from typing import Any

_HOME = "haystack_integrations.components.generators.openrouter.batch"


def __getattr__(name: str) -> Any:
    """Find what is in the module that this one stands for."""
    if name.startswith("_"):
        raise AttributeError(name)
    return getattr(import_module(_HOME), name)
