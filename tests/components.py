# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Every module of the package, and everything that has settings: a test that goes through them forgets none.
"""

import importlib
from pathlib import Path
from typing import Any

from haystack import Document, component
from haystack.dataclasses import ByteStream

from haystack_integrations.common.openrouter.account import OpenRouterAccount
from haystack_integrations.common.openrouter.models import OpenRouterModels
from haystack_integrations.components.generators.openrouter import OpenRouterVideoGenerator

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
SENDS_AGAIN = [kind for kind in COMPONENTS if kind is not OpenRouterVideoGenerator]
"""Components whose first request is sent again if that costs nothing twice."""
KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (*COMPONENTS, OpenRouterModels, OpenRouterAccount)}
"""What has settings, by name."""

FILES = Path(__file__).parent / "files"
_IMAGES = {"file_path": str(FILES / "rome.png"), "page": str(FILES / "bern.png")}
DOCUMENTS = [
    Document(content="Rome is in Italy", meta={"title": "Rome", "tags": "city", **_IMAGES}),
    Document(content="Bern", meta={"title": "Bern", "tags": "capital", **_IMAGES}),
]
RECORDINGS = [ByteStream(name.encode(), mime_type="audio/mpeg") for name in ("first", "second")]
NEEDED: dict[str, dict[str, Any]] = {
    "OpenRouterTextRouter": {"labels": ["city", "ferry"]},
    "OpenRouterDocumentClassifier": {"questions": {"city": {"type": "noul", "instructions": "Is it about a city?"}}},
}
"""What it can't be made without."""
METHODS = {"OpenRouterModels": "endpoints", "OpenRouterAccount": "key"}
"""What is called to send a request, if it is not `run`. With `_async` at its end, it is the coroutine function."""
INPUTS: dict[str, tuple[Any, ...]] = {
    "OpenRouterChatGenerator": ("Hi",),
    "OpenRouterTextEmbedder": ("Rome",),
    "OpenRouterDocumentEmbedder": (DOCUMENTS,),
    "OpenRouterDocumentImageEmbedder": (DOCUMENTS,),
    "OpenRouterRanker": ("Rome in Italy", DOCUMENTS),
    "OpenRouterImageGenerator": ("A panda",),
    "OpenRouterVideoGenerator": ("A panda",),
    "OpenRouterSpeechSynthesizer": ("Hello",),
    "OpenRouterTranscriber": (RECORDINGS,),
    "OpenRouterTextRouter": ("The ferry to Rome",),
    "OpenRouterDocumentClassifier": (DOCUMENTS,),
    "OpenRouterModels": ("stand-in/sharp-eyes",),
    "OpenRouterAccount": (),
}
"""What it is called with."""


def build(kind: type[Any], **parameters: Any) -> Any:
    """
    Make an object of a class, with what it can't be made without.
    """
    return kind(**{**NEEDED.get(kind.__name__, {}), **parameters})
