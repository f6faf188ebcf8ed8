# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What an endpoint is, declared once: its guard holds in every client, and in endpoints that only a test declares."""

import asyncio
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from components import COMPONENTS, build
from haystack import Document
from haystack.dataclasses import ByteStream
from haystack.utils import Secret
from modes import KEY
from stand_in import Answer, StandIn
from wire import SOON

from haystack_integrations.common.openrouter._base.component import OpenRouterComponent
from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter.account import OpenRouterAccount
from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer, OpenRouterTranscriber
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentImageEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

SENT = "Which lighthouse stands on the island of granite?"
INPUTS: dict[str, dict[str, Any]] = {
    "messages": {"messages": SENT},
    "text": {"text": SENT},
    "prompt": {"prompt": SENT},
    "query": {"query": SENT, "documents": [Document(content="Bell Rock")]},
    "documents": {"documents": [Document(content=SENT)]},
    "sources": {"sources": [ByteStream(b"abc", mime_type="audio/wav")]},
}
LIMIT = {"error": {"code": 429, "message": f"You are over your monthly key limit. {SENT}"}, "id": "gen-9"}
BODIES = [LIMIT, {"error": "Out of order"}, {"choices": [None]}, {"choices": []}, {"data": [], "results": []}, {}]
ODD = [[], 5, None, "no object", {"message": "Quota exceeded"}]


def inputs_of(kind: Any, picture: str) -> dict[str, Any]:
    if "Image" in kind.__name__ and "Embedder" in kind.__name__:
        return {"documents": [Document(meta={"file_path": picture})]}
    return INPUTS[next(name for name in build(kind).__haystack_input__._sockets_dict)]


@pytest.fixture(params=COMPONENTS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=["sync", "async"])
def failures(request: pytest.FixtureRequest, kind: Any, stand_in: StandIn, pytestconfig: Any) -> Iterator[Any]:
    """
    Sends an answer to the component and to one with a client of the user's, and returns both errors.
    """
    inputs = inputs_of(kind, str(pytestconfig.rootpath / "tests" / "files" / "rome.png"))
    settings = {"api_key": Secret.from_token(KEY), "api_base_url": stand_in.url, "max_retries": 0, "model": "a/b"}
    ours, theirs = build(kind, **settings), build(kind, **settings)
    for component in (ours, theirs):
        for name in ("progress_bar", "raise_on_failure"):
            if hasattr(component, name):
                setattr(component, name, name == "raise_on_failure")

    def fail(component: Any, answer: Answer) -> openai.APIError:
        stand_in.script(answer)
        with pytest.raises(openai.APIError) as caught:
            runner.run(component.run_async(**inputs)) if request.param == "async" else component.run(**inputs)
        return caught.value

    with asyncio.Runner() as runner:
        client = {"api_key": KEY, "base_url": stand_in.url, "max_retries": 0}
        theirs.client, theirs.async_client = openai.OpenAI(**client), openai.AsyncOpenAI(**client)
        yield lambda answer: (fail(ours, answer), fail(theirs, answer))
        runner.run(theirs.async_client.close())


def test_a_client_of_the_users_gives_the_same_error(failures, kind):
    for body in [*BODIES, *ODD]:
        ours, theirs = failures(Answer.json(body))
        assert type(theirs) is type(ours), body
        assert str(theirs).replace('"', "") == str(ours).replace('"', "")  # the SDK takes them from a bare string
        assert theirs.body == ours.body or body == "no object"
        assert isinstance(ours, openai.APIStatusError), body
        if body is LIMIT:
            assert isinstance(ours, openai.RateLimitError)
            assert str(ours).startswith("Error code: 429 - You are over your monthly key limit")
            if kind not in (OpenRouterTranscriber, OpenRouterDocumentImageEmbedder):  # whose requests lack the text
                assert SENT not in str(ours)


def test_a_web_page_in_a_client_of_the_users(failures):
    page = Answer.raw(b"<html><head><title>Sign in</title></head></html>", "text/html")
    ours, theirs = failures(page)
    assert (type(theirs), str(theirs)) == (type(ours), str(ours))
    assert "a web page with the title 'Sign in'" in str(ours)


class Horoscope(OpenRouterComponent):
    """
    A component of an endpoint that this test declares.
    """

    endpoint = Endpoint(
        "/horoscopes",
        result="stars",
        what="stars",
        advice={402: "Pay the astrologer", "no result": "Wait for the night"},
    )

    def __init__(self, url: str, max_retries: int = 0) -> None:
        self._set_up(
            api_key=Secret.from_token(KEY),
            model="a/b",
            extra_headers=None,
            api_base_url=url,
            timeout=None,
            max_retries=max_retries,
            http_client_kwargs=None,
        )

    def run(self) -> Any:
        with self._calling(self.endpoint, self.model) as client:
            return self.endpoint.send(client, body={"sign": "Leo"}).json()


class TestAnEndpointOfATest:
    def test_a_good_response(self, stand_in: StandIn):
        stand_in.script(Answer.json({"stars": [1]}))
        assert Horoscope(stand_in.url).run() == {"stars": [1]}
        assert stand_in.requests[0].path == "/api/v1/horoscopes"

    def test_an_error_with_a_good_status(self, stand_in: StandIn):
        stand_in.script(Answer.json({"error": {"code": 402, "message": "No credits"}}))
        with pytest.raises(
            openai.APIStatusError, match=r"Error code: 402 - No credits\. Pay the astrologer\.$"
        ) as caught:
            Horoscope(stand_in.url).run()
        assert caught.value.status_code == 402

    def test_it_is_sent_again(self, stand_in: StandIn):
        failed = Answer.json({"error": {"code": 503, "message": "Clouds"}}, headers=SOON)
        stand_in.script(failed, Answer.json({"stars": []}, headers=SOON), Answer.json({"stars": [2]}))
        assert Horoscope(stand_in.url, max_retries=2).run() == {"stars": [2]}

    def test_no_result(self, stand_in: StandIn):
        stand_in.script(Answer.json({"stars": []}))
        with pytest.raises(
            openai.InternalServerError, match=r'has no stars: \{"stars": \[\]\}\. Wait for the night\.$'
        ):
            Horoscope(stand_in.url).run()

    def test_a_key_that_only_a_test_reads(self, stand_in: StandIn):
        component = Horoscope(stand_in.url)
        component.client = openai.OpenAI(api_key=KEY, base_url=stand_in.url, max_retries=0)
        stand_in.script(Answer.json({"error": {"code": 402, "message": "No credits"}}))
        with pytest.raises(openai.APIStatusError, match="Pay the astrologer"):
            component.run()


def test_speech_asks_for_audio(stand_in: StandIn):
    OpenRouterSpeechSynthesizer(api_base_url=stand_in.url).run("Hello")
    assert stand_in.requests[0].headers["accept"] == "audio/*"


def test_other_requests_through_the_client_of_a_component_are_left_alone(stand_in: StandIn):
    generator = OpenRouterChatGenerator(api_base_url=stand_in.url)
    generator.warm_up()
    stand_in.script(Answer.json({"error": {"code": 429, "message": "odd"}}))
    assert generator.client.get("/anything", cast_to=object) == {"error": {"code": 429, "message": "odd"}}


@pytest.mark.parametrize("body", [*BODIES, *ODD, {"data": []}], ids=repr)
def test_the_account(stand_in: StandIn, body):
    stand_in.script(Answer.json(body))
    with pytest.raises(openai.APIStatusError):
        OpenRouterAccount(api_base_url=stand_in.url, max_retries=0).key()
