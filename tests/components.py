# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Every module and every component of the package: a test that goes through them forgets none.
"""

import importlib
from pathlib import Path

from haystack import component

SOURCE = Path(__file__).parents[1] / "src"
MODULES = [
    importlib.import_module(".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"))
    for path in sorted(SOURCE.rglob("*.py"))
]
COMPONENTS = [
    kind
    for kind in component.registry.values()
    if kind.__module__ in {module.__name__ for module in MODULES} and "openrouter" in kind.__module__
]
