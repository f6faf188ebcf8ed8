# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Hayhooks deploys pipelines from YAML: it reads the signatures of components, and makes pydantic models of them."""

import inspect
from typing import Any

import pytest
import yaml
from components import COMPONENTS, build
from fastapi.testclient import TestClient
from hayhooks import create_app
from haystack import Pipeline
from stand_in import StandIn

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator


@pytest.fixture(scope="module")
def hayhooks() -> TestClient:
    return TestClient(create_app())


def deployed(hayhooks: TestClient, name: str, component: Any, inputs: list[str]) -> str:
    """
    Deploy a pipeline of one component.

    :param inputs: Which inputs of the component the pipeline has.
    :returns: The path of its endpoint.
    """
    pipeline = Pipeline()
    pipeline.add_component("it", component)
    outputs = pipeline.outputs()["it"]
    described = {
        **yaml.safe_load(pipeline.dumps()),
        "inputs": {name: f"it.{name}" for name in inputs},
        "outputs": {name: f"it.{name}" for name in outputs},
    }
    body = {"name": name, "source_code": yaml.safe_dump(described), "save_file": False, "overwrite": True}
    response = hayhooks.post("/deploy-yaml", json=body)
    assert response.status_code == 200, response.text
    return response.json()["endpoint"]


@pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.__name__)
def test_a_pipeline_can_have_each_argument_of_run_as_input(kind: Any, hayhooks: TestClient):
    arguments = [name for name in inspect.signature(kind.run).parameters if name != "self"]
    endpoint = deployed(hayhooks, kind.__name__, build(kind), arguments)
    schema = hayhooks.get("/openapi.json").json()
    reference = schema["paths"][endpoint]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert schema["components"]["schemas"][reference.rpartition("/")[2]]["properties"].keys() == set(arguments)


def test_json_inputs_arrive(hayhooks: TestClient, stand_in: StandIn):
    inputs = {"messages": "Hello", "generation_kwargs": {"temperature": 0.5, "x_new": {"a": [1]}}}
    endpoint = deployed(hayhooks, "chat", OpenRouterChatGenerator(api_base_url=stand_in.url), list(inputs))
    response = hayhooks.post(endpoint, json=inputs)
    assert response.status_code == 200, response.text
    (request,) = stand_in.requests
    assert request.body["messages"] == [{"role": "user", "content": "Hello"}]
    assert request.body["temperature"] == 0.5
    assert request.body["x_new"] == {"a": [1]}
    assert "You said: Hello" in response.text
