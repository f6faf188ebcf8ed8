# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Held against deepset's `typesafe-haystack`, which speaks the same wire: the same question gives the same request."""

import asyncio
import inspect
from typing import Any

import pytest
from haystack import Document
from haystack.utils import Secret
from stand_in import StandIn

from haystack_integrations.components.classifiers.openrouter import OpenRouterDocumentClassifier
from haystack_integrations.components.routers.openrouter import OpenRouterTextRouter

classifiers = pytest.importorskip("haystack_integrations.components.classifiers.typesafe")
routers = pytest.importorskip("haystack_integrations.components.routers.typesafe")

QUESTIONS = {
    "refund": {"type": "noul", "instructions": "A refund?", "criteria": {"true": "It is asked for", "false": "Not"}},
    "plain": {"type": "noul", "instructions": ["A", "list"]},
    "team": {"type": "choice", "instructions": "Which team?", "criteria": {"billing": "Payments", "sales": None}},
    "urgency": {"type": "score", "instructions": {"ask": "How urgent?"}, "criteria": ["can wait", "today"]},
}
KEY = Secret.from_env_var("OPENROUTER_API_KEY")


def at(stand_in: StandIn) -> dict[str, Any]:
    return {"api_key": KEY, "api_base_url": stand_in.url.removesuffix("/v1"), "model": "typesafe/jev-1.13"}


def run(component: Any, is_async: bool, *inputs: Any) -> dict[str, Any]:
    return asyncio.run(component.run_async(*inputs)) if is_async else component.run(*inputs)


def moved(theirs: Any, kind: type[Any], stand_in: StandIn) -> Any:
    """
    What their YAML makes with another type, key and model.
    """
    data = theirs.to_dict()
    name = f"{kind.__module__}.{kind.__name__}"
    changed = {"api_key": KEY.to_dict(), "model": "typesafe/jev-1.13", "api_base_url": stand_in.url}
    return kind.from_dict({"type": name, "init_parameters": {**data["init_parameters"], **changed}})


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("min_confidence", [None, 0.9])
@pytest.mark.parametrize("labels", [["billing", "sales"], {"billing": "Payments and invoices", "sales": None}])
def test_router(stand_in: StandIn, labels: Any, min_confidence: float | None, is_async: bool):
    theirs = routers.TypeSafeTextRouter(labels, instructions="Which?", min_confidence=min_confidence, **at(stand_in))
    ours = moved(theirs, OpenRouterTextRouter, stand_in)
    expected, found = run(theirs, is_async, "My payments"), run(ours, is_async, "My payments")
    meta = found.pop("meta")
    assert found == expected
    assert meta["usage"]["cost"] > 0
    one, other = (request.body for request in stand_in.requests)
    assert one == other
    outputs = [list(component.__haystack_output__._sockets_dict) for component in (theirs, ours)]
    assert outputs[1] == [*outputs[0], "meta"]


@pytest.mark.parametrize("is_async", [False, True])
def test_classifier(stand_in: StandIn, is_async: bool):
    documents = [Document(content="Payments today"), Document(content=""), Document(content="Not a word")]
    theirs = classifiers.TypeSafeDocumentClassifier(QUESTIONS, max_workers=1, **at(stand_in))
    ours = moved(theirs, OpenRouterDocumentClassifier, stand_in)
    ours.progress_bar = False
    expected, found = run(theirs, is_async, documents), run(ours, is_async, documents)
    assert found["documents"] == expected["documents"]
    assert [document.id for document in found["failed_documents"]] == [document.id for document in documents[1:2]]
    assert found["failed_documents"][0].meta.keys() == expected["failed_documents"][0].meta.keys()
    bodies = [request.body for request in stand_in.requests]
    assert bodies[:2] == bodies[2:]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (OpenRouterTextRouter, routers.TypeSafeTextRouter),
        (OpenRouterDocumentClassifier, classifiers.TypeSafeDocumentClassifier),
    ],
)
def test_parameters(ours: Any, theirs: Any):
    known, asked = inspect.signature(ours).parameters, inspect.signature(theirs).parameters
    assert asked.keys() <= known.keys()
    of_ours = {"api_key", "model", "api_base_url", "metadata_field"}
    differing = {name for name in asked if asked[name].default != known[name].default}
    assert differing <= of_ours
    assert next(iter(known)) == next(iter(asked))  # the one that can be given without its name
