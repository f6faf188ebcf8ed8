# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
`OPENROUTER_API_BASE`: one variable sends all requests to a gateway, and no YAML shows it.
"""

from typing import Any

import pytest
from components import INPUTS, KINDS, METHODS, build
from haystack import Pipeline
from stand_in import StandIn

from haystack_integrations.common.openrouter._catalogue.command import main
from haystack_integrations.common.openrouter.models import OpenRouterModels
from haystack_integrations.components.generators.openrouter import OpenRouterBatch, OpenRouterChatGenerator

NOBODY = "http://127.0.0.1:1/v1"
OPENROUTER = "https://openrouter.ai/api/v1"


@pytest.fixture
def gateway(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setenv("OPENROUTER_API_BASE", f" {stand_in.url} ")
    return stand_in


def run(name: str, made: Any) -> None:
    getattr(made, METHODS.get(name, "run"))(*INPUTS[name])


@pytest.mark.parametrize("name", KINDS)
class TestEveryClass:
    def test_the_variable_replaces_openrouter(self, name: str, gateway: StandIn):
        made = build(KINDS[name])
        run(name, made)
        assert gateway.requests
        assert f"api_base_url='{gateway.url}'" in repr(made)

    def test_an_argument_wins(self, name: str, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("OPENROUTER_API_BASE", NOBODY)
        run(name, build(KINDS[name], api_base_url=stand_in.url))
        assert stand_in.requests

    def test_yaml_is_portable(self, name: str, gateway: StandIn):
        written = build(KINDS[name]).to_dict()
        assert written["init_parameters"]["api_base_url"] == OPENROUTER
        run(name, KINDS[name].from_dict(written))
        assert gateway.requests

    def test_what_is_no_url_is_refused(self, name: str, monkeypatch: pytest.MonkeyPatch):
        made = build(KINDS[name])
        monkeypatch.setenv("OPENROUTER_API_BASE", "https://me:hidden@[::1/v1")
        with pytest.raises(ValueError, match="^`OPENROUTER_API_BASE` can't be read as a URL") as caught:
            run(name, made)
        assert "hidden" not in str(caught.value)


def test_it_is_read_when_a_run_starts(gateway: StandIn, monkeypatch: pytest.MonkeyPatch):
    with StandIn() as other:
        generator = OpenRouterChatGenerator()
        generator.run("Hi")
        monkeypatch.setenv("OPENROUTER_API_BASE", other.url)
        generator.run("Hi")
        generator.api_base_url = gateway.url
        generator.run("Hi")
        assert (len(gateway.requests), len(other.requests)) == (2, 1)


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_variable_means_openrouter(blank: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENROUTER_API_BASE", blank)
    generator = OpenRouterChatGenerator()
    generator.warm_up()
    assert str(generator.client.base_url).rstrip("/") == OPENROUTER


def test_a_pipeline_that_was_written_elsewhere(gateway: StandIn):
    pipeline = Pipeline()
    pipeline.add_component("llm", OpenRouterChatGenerator(api_base_url=None))
    assert gateway.url not in pipeline.dumps()
    Pipeline.loads(pipeline.dumps()).run({"llm": {"messages": "Hi"}})
    assert gateway.requests


def test_a_batch(gateway: StandIn):
    batch = OpenRouterBatch(model="test/model")
    batch.submit(["Hi"])
    assert gateway.requests
    assert batch.to_dict()["init_parameters"]["api_base_url"] == OPENROUTER


def test_the_command(gateway: StandIn, capsys: pytest.CaptureFixture[str]):
    assert main(OpenRouterModels, []) == 0
    assert "stand-in/sharp-eyes" in capsys.readouterr().out
