# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Hayhooks deploys pipelines from YAML: it reads the signatures of components, and makes pydantic models of them."""

import inspect
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from components import COMPONENTS, build
from fastapi.testclient import TestClient
from hayhooks import create_app
from haystack import Pipeline
from snippets import PRODUCTION
from stand_in import StandIn

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

HAYHOOKS = Path(sys.executable).with_name("hayhooks")


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


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """
    Run `hayhooks run` on a free port, and yield the environment in which other commands find it.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "HAYHOOKS_PORT": str(port), "PYTHONUNBUFFERED": "1"}
    command = [HAYHOOKS, "run"]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=environment, cwd=folder, **pipe) as server:
        try:
            assert any("running on" in line for line in server.stdout)
            yield environment
        finally:
            server.terminate()


def test_the_yaml_of_the_production_page_is_deployed_by_its_command(stand_in: StandIn, tmp_path: Path):
    page = PRODUCTION.read_text("utf-8")
    (written,) = re.findall(r"^```yaml\n(.*?)^```", page, re.M | re.S)
    assert {"inputs", "outputs"} <= yaml.safe_load(written).keys()
    (tmp_path / "assistant.yml").write_text(
        written.replace("model: openai", f"api_base_url: {stand_in.url}\n      model: openai"), "utf-8"
    )
    (deploy,) = re.findall(r"^hayhooks (pipeline deploy-yaml .*)$", page, re.M)
    (path, body) = re.findall(r"^curl localhost:1416(\S+) --json '(.*)'$", page, re.M)[0]
    with running(tmp_path) as environment:
        done = subprocess.run(
            [HAYHOOKS, *deploy.split()], check=False, env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        url = f"http://127.0.0.1:{environment['HAYHOOKS_PORT']}{path}"
        response = httpx.post(url, json=json.loads(body), timeout=60)
    assert response.status_code == 200, response.text
    assert "Explain tides briefly." in response.text
