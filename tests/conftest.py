# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

import gc
import os

gc.disable()  # until everything is imported: it would look again and again through what stays
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import certifi
import pytest
from batches import Way
from modes import Mode
from stand_in import StandIn

from haystack_integrations.components.generators.openrouter import OpenRouterVideoGenerator


@pytest.fixture(scope="session", autouse=True)
def frozen_imports() -> None:
    """
    Let the garbage collector pass over what the imports made: looking at it takes a tenth of a second each time.
    """
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """
    Loading all certificates is most of what a client costs, and the stand-in speaks plain HTTP.
    """
    if os.environ.get("OPENROUTER_API_KEY"):
        yield
        return
    end = "-----END CERTIFICATE-----\n"
    path = tmp_path_factory.mktemp("certificates") / "one.pem"
    path.write_text(Path(certifi.where()).read_text().partition(end)[0] + end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    for name in list(os.environ):
        if name.startswith("OPENAI_") or name == "OPENROUTER_API_BASE":
            monkeypatch.delenv(name)
    if not request.node.get_closest_marker("integration"):
        monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-test-key")
    monkeypatch.setenv("HAYSTACK_DESERIALIZATION_ALLOWLIST", "tests,tests.*,test_*,modes")


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Ask a job for its state again at once.
    """
    monkeypatch.setitem(OpenRouterVideoGenerator.__init__.__kwdefaults__, "poll_interval", 0.0)


@pytest.fixture(scope="session")
def janitor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def stand_in(janitor: ThreadPoolExecutor) -> Iterator[StandIn]:
    server = StandIn().start()
    yield server
    janitor.submit(server.stop)  # which takes milliseconds, and no test waits for it


@pytest.fixture(params=["sync", "async", "sync-stream", "async-stream"])
def mode(request: pytest.FixtureRequest, stand_in: StandIn) -> Mode:
    return Mode(request.param, stand_in.url)


@pytest.fixture(params=["sync-stream", "async-stream"])
def streaming(request: pytest.FixtureRequest, stand_in: StandIn) -> Mode:
    return Mode(request.param, stand_in.url)


@pytest.fixture(params=["sync", "async"])
def plain(request: pytest.FixtureRequest, stand_in: StandIn) -> Mode:
    return Mode(request.param, stand_in.url)


@pytest.fixture(params=["sync", "async-stream"])
def pair(request: pytest.FixtureRequest, stand_in: StandIn) -> Mode:
    """
    For what depends on either difference, and not on both together.
    """
    return Mode(request.param, stand_in.url)


@pytest.fixture
def sync(stand_in: StandIn) -> Mode:
    """
    For what all four ways have in common, such as the arguments of a request and the response hook.
    """
    return Mode("sync", stand_in.url)


@pytest.fixture(params=["sync", "async"])
def way(request: pytest.FixtureRequest, stand_in: StandIn) -> Way:
    return Way(request.param, stand_in.url)
