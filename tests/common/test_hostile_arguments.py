# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Arguments that nothing can use, and what a traceback shows besides an error."""

import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from haystack import Document
from haystack.utils import Secret
from modes import Mode
from stand_in import StandIn

from haystack_integrations.common.openrouter._catalogue.prices import usd
from haystack_integrations.common.openrouter._wire.media import AUDIO_FORMATS, true_type
from haystack_integrations.common.openrouter.models import OpenRouterModels
from haystack_integrations.components.audio.openrouter import OpenRouterTranscriber
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentImageEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

NAN = float("nan")
KEY = "sk-or-v1-0123456789abcdef"


@pytest.mark.parametrize(("name", "value"), [("OPENAI_TIMEOUT", "soon"), ("OPENAI_MAX_RETRIES", "1.5")])
def test_a_variable_that_is_no_number(mode: Mode, stand_in: StandIn, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"`{name}` must be a number, not '{value}'"):
        mode(timeout=None, max_retries=None)
    assert not stand_in.requests


@pytest.mark.parametrize(
    "kwargs",
    [
        {"provider": {"max_price": {"prompt": NAN}}},
        {"provider": {"order": [1e400]}},
        {"logit_bias": {"1": Decimal("0.5")}},
        {"timeout": httpx.Timeout(NAN)},
        {"timeout": 10**400},
    ],
)
def test_numbers_deep_inside(mode: Mode, stand_in: StandIn, kwargs):
    (name,) = kwargs
    with pytest.raises(ValueError, match=rf'generation_kwargs(`)?\["{name}"\]'):
        mode(run=kwargs)
    assert not stand_in.requests


@pytest.mark.parametrize("limits", [httpx.Limits(max_connections=10**400), {"keepalive_expiry": NAN}])
def test_limits_of_connections(limits):
    with pytest.raises(ValueError, match=r'http_client_kwargs\["limits"\]'):
        OpenRouterChatGenerator(http_client_kwargs={"limits": limits})


@pytest.mark.parametrize("price", [Decimal("1e400"), Decimal("NaN"), 10**400])
def test_a_price_beyond_all_floats(price, stand_in: StandIn):
    with pytest.raises(ValueError, match="max_price"):
        OpenRouterModels(api_base_url=stand_in.url).cheapest(max_price=price)


@pytest.mark.parametrize(("price", "read"), [("1e-1000000", None), ("1e-12", Decimal("1e-12")), (0, Decimal(0))])
def test_a_price_that_would_take_a_megabyte_to_write(price, read):
    assert usd(price) == read


@pytest.mark.parametrize(
    "source",
    [Path("https://me:pw-secret@example.com/a.mp3"), " https://me:pw-secret@h/a.mp3", "https://me:pw-secret@[/a"],
)
def test_a_source_that_is_nearly_a_url(stand_in: StandIn, source):
    transcriber = OpenRouterTranscriber(api_base_url=stand_in.url, raise_on_failure=True)
    with pytest.raises(ValueError, match="URL") as caught:
        transcriber.run([source])
    assert "pw-secret" not in "".join(traceback.format_exception(caught.value))


def test_a_path_that_cannot_be_shown(stand_in: StandIn, caplog):
    embedder = OpenRouterDocumentImageEmbedder(api_base_url=stand_in.url, progress_bar=False)
    (document,) = embedder.run([Document(meta={"file_path": "\x1b[31mx.png"})])["documents"]
    assert document.embedding is None
    assert "\x1b" not in caplog.text


def test_media_types():
    assert (AUDIO_FORMATS["vnd.wav"], AUDIO_FORMATS["x-mpeg-3"]) == ("wav", "mp3")
    assert true_type("text/plain", b"ID3 is a tag") == "text/plain"
    assert true_type("text/plain", b"\xff\xfeH\x00i\x00") == "text/plain"


class Quoting(httpx.BaseTransport):
    def handle_request(self, request: Any) -> Any:
        try:
            raise OSError(f"no route with {request.headers['authorization']}")
        except OSError as error:
            raise httpx.ConnectError(f"failed with {request.headers['authorization']}") from error


def test_no_cause_shows_a_key(stand_in: StandIn):
    generator = OpenRouterChatGenerator(
        api_key=Secret.from_token(KEY), http_client_kwargs={"transport": Quoting()}, max_retries=0
    )
    with pytest.raises(openai.APIConnectionError) as caught:
        generator.run("Hi")
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
    assert "0123456789abcdef" not in "".join(traceback.format_exception(caught.value))
