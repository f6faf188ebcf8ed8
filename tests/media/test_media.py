# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What the components for images and audio promise alike, over a real socket."""

import asyncio
import base64
import copy
import inspect
import pickle
import threading
from collections.abc import Callable
from typing import Any

import openai
import pytest
from haystack import Pipeline
from haystack.core.serialization import component_from_dict, component_to_dict
from haystack.dataclasses import ByteStream, ImageContent
from haystack.utils import Secret
from modes import KEY, Case, wait_for_requests
from stand_in import RESET, STALL, Answer, StandIn
from wire import SOON

from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer, OpenRouterTranscriber
from haystack_integrations.components.generators.openrouter import OpenRouterImageGenerator

PROMPT = "A lighthouse on an island of granite"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"

KINDS = {
    "image": (OpenRouterImageGenerator, "/api/v1/images", (PROMPT, [ImageContent(PNG)])),
    "speech": (OpenRouterSpeechSynthesizer, "/api/v1/audio/speech", (PROMPT,)),
    "transcript": (
        OpenRouterTranscriber,
        "/api/v1/audio/transcriptions",
        ([ByteStream(PROMPT.encode(), mime_type="audio/wav")],),
    ),
}
NAMES = {kind: name for name, (kind, *_) in KINDS.items()}
OWN_FIELDS = {"image": ["prompt", "stream"], "speech": ["input"], "transcript": ["input_audio"]}


@pytest.fixture(params=[(name, way) for name in KINDS for way in ("sync", "async")], ids="-".join)
def case(request: pytest.FixtureRequest, stand_in: StandIn) -> Case:
    name, way = request.param
    return Case(*KINDS[name], is_async=way == "async", url=stand_in.url)


@pytest.fixture(params=KINDS)
def plain(request: pytest.FixtureRequest, stand_in: StandIn) -> Case:
    return Case(*KINDS[request.param], is_async=False, url=stand_in.url)


@pytest.fixture(autouse=True)
def failures_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OpenRouterTranscriber.__init__.__kwdefaults__, "raise_on_failure", True)


def good(case: Case) -> Answer:
    """
    The least that is a good response.
    """
    if case.kind is OpenRouterSpeechSynthesizer:
        return Answer.raw(b"\xff\xfb", "audio/mpeg")
    return Answer.json({"data": [{"b64_json": PNG}], "text": "Hello"})


def meta_of(result: dict[str, Any]) -> dict[str, Any]:
    return result["meta"][0] if isinstance(result["meta"], list) else result["meta"]


class TestRequest:
    def test_what_is_sent(self, case: Case, stand_in: StandIn):
        headers, kwargs = {"X-OpenRouter-Title": "Tests"}, {"provider": {"options": {"a": {"b": 1}}}, "tomorrow": 1}
        before = copy.deepcopy(kwargs)
        result = case(extra_headers=headers, generation_kwargs=kwargs)
        (request,) = stand_in.requests
        assert (request.method, request.path) == ("POST", case.path)
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["x-openrouter-title"] == "Tests"
        assert request.headers["content-type"] == "application/json"
        assert request.body["model"] == "test/model"
        assert {name: request.body[name] for name in kwargs} == kwargs == before
        assert headers == {"X-OpenRouter-Title": "Tests"}
        assert meta_of(result)["model"] == "test/model"

    def test_of_a_run(self, case: Case, stand_in: StandIn):
        component = case.component(generation_kwargs={"seed": 1, "user": "u", "model": "a/b", "tomorrow": 1})
        kwargs = {"seed": 2, "user": None, "model": "c/d"}
        names = inspect.signature(component.run).parameters
        inputs = dict(zip(names, case.inputs, strict=False), generation_kwargs=kwargs)
        result = asyncio.run(component.run_async(**inputs)) if case.is_async else component.run(**inputs)
        body = stand_in.requests[0].body
        assert (body["seed"], body["model"], body["tomorrow"]) == (2, "c/d", 1)
        assert "user" not in body
        assert kwargs == {"seed": 2, "user": None, "model": "c/d"}
        assert component.generation_kwargs == {"seed": 1, "user": "u", "model": "a/b", "tomorrow": 1}
        assert meta_of(result)["model"] == "c/d"

    def test_options_of_the_sdk(self, case: Case, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("MY_TOKEN", "t-secret")
        headers = {"x-title": "Run", "X-Token": Secret.from_env_var("MY_TOKEN")}
        kwargs = {"extra_headers": headers, "extra_query": {"q": "1"}, "extra_body": {"seed": 7}, "seed": 1}
        case(extra_headers={"X-Title": "Init", "X-Other": "o"}, generation_kwargs=kwargs)
        (request,) = stand_in.requests
        assert [request.headers[name] for name in ("x-title", "x-token", "x-other")] == ["Run", "t-secret", "o"]
        assert request.query == {"q": "1"}
        assert request.body["seed"] == 7
        assert not {"extra_headers", "extra_query", "extra_body"} & set(request.body)
        stand_in.script(Answer([b"{", STALL]))
        with pytest.raises(openai.APITimeoutError):
            case(generation_kwargs={"timeout": 0.05})

    def test_nothing_of_openai_is_sent(self, plain: Case, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
        monkeypatch.setenv("OPENAI_ORG_ID", "org-openai")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Custom: of-openai\nAuthorization: Bearer sk-openai")
        plain()
        (request,) = stand_in.requests
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert "openai" not in str({name: v for name, v in request.headers.items() if name != "user-agent"}).lower()

    def test_the_key_is_missing(self, case: Case, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("OPENROUTER_API_KEY")
        component = case.component(api_key=Secret.from_env_var("OPENROUTER_API_KEY", strict=False))
        with pytest.raises(ValueError, match="OPENROUTER_API_KEY"):
            case.run(component)
        assert not stand_in.requests


REMEDIES = {
    401: "Check the API key in the `api_key` argument",
    402: "Add credits at https://openrouter.ai/settings/credits",
    403: "is not allowed here",
    408: "Try again, or use another model",
    429: "Try again later, raise `max_retries`, or use another model",
    500: "Try again, or use another model",
    502: "Try again, or use another model",
    503: "Try again, or use another model",
    524: "Try again, or use another model",
    529: "Try again, or use another model",
}
OWN_REMEDIES = {
    "image": {
        400: "Check the names and values in `generation_kwargs`",
        404: "`test/model` at https://openrouter.ai/models?output_modalities=image is an image model",
        413: "Send fewer or smaller images",
    },
    "speech": {
        400: "Check that the model has this `voice`",
        404: "`test/model` at https://openrouter.ai/models?output_modalities=speech is a speech model",
        413: "Shorten the text or split it",
    },
    "transcript": {
        400: "Check that the audio is not damaged",
        404: "`test/model` at https://openrouter.ai/models?output_modalities=transcription is a transcription model",
        413: "Split the recording",
    },
}


class TestFailures:
    def test_status_and_remedy(self, plain: Case, stand_in: StandIn):
        metadata = {"provider_name": "DeepInfra", "raw": '{"error": {"message": "Too odd"}}'}
        component = plain.component()
        for code, remedy in (REMEDIES | OWN_REMEDIES[NAMES[plain.kind]]).items():
            stand_in.script(Answer.error(code, f"Provider failed {KEY}", metadata=metadata))
            with pytest.raises(openai.APIStatusError) as caught:
                plain.run(component)
            said = f"Error code: {code} - Provider failed ***. Provider: DeepInfra. The provider says: Too"
            text = str(caught.value)
            assert caught.value.status_code == code
            assert text.startswith(said)
            assert remedy in text
            assert "user_2standinstandin" not in text

    @pytest.mark.parametrize("status", [200, None])
    def test_what_is_sent_again(self, case: Case, stand_in: StandIn, status):
        component = case.component(max_retries=2)
        for code in (429, 500, 502, 524, 529):
            stand_in.requests.clear()
            stand_in.script(*[Answer.error(code, "Busy", status=status, headers=SOON)] * 2)
            assert case.run(component), code
            assert [r.headers["x-stainless-retry-count"] for r in stand_in.requests] == ["0", "1", "2"], code

    @pytest.mark.parametrize("content_type", ["application/json", "text/html"])
    def test_a_response_without_what_was_asked_for(self, plain: Case, stand_in: StandIn, content_type):
        patient, hasty = plain.component(max_retries=1), plain.component()
        for body in (b"Bad gateway", b"{}", b" ", b"", b"[]", b"null", b'{"data": []}', b'{"text": null}'):
            stand_in.requests.clear()
            stand_in.script(Answer.raw(body, content_type, SOON))
            assert plain.run(patient), body
            assert len(stand_in.requests) == 2, body
            stand_in.script(Answer.raw(body, content_type, {"x-generation-id": "gen-7"}))
            with pytest.raises(openai.InternalServerError, match="Generation id: gen-7") as caught:
                plain.run(hasty)
            assert caught.value.status_code == 502, body
            assert caught.value.generation_id == "gen-7", body

    @pytest.mark.parametrize("kwargs", [None, {"trust_env": False}])
    def test_a_request_that_timed_out_is_not_sent_again(self, case: Case, stand_in: StandIn, kwargs):
        stand_in.script(*[Answer([b"{", STALL], 200, {"content-type": "application/json"})] * 2)
        with pytest.raises(openai.APITimeoutError, match="raise `timeout`.*not sent again"):
            case(timeout=0.1, max_retries=3, http_client_kwargs=kwargs)
        assert len(stand_in.requests) <= 1  # none if even the connection took longer

    def test_a_connection_that_is_reset_is_tried_again(self, case: Case, stand_in: StandIn):
        stand_in.script(Answer([b"{", RESET], 200, {"content-type": "application/json"}))
        assert case(max_retries=1)
        assert len(stand_in.requests) == 2
        stand_in.script(Answer([b"{", RESET], 200, {"content-type": "application/json"}))
        with pytest.raises(openai.APIConnectionError, match="check the network"):
            case()

    def test_minutes_are_waited_for(self, plain: Case, monkeypatch: pytest.MonkeyPatch):
        component = plain.component(timeout=None)
        component.warm_up()
        assert component.client.timeout == 300
        monkeypatch.setenv("OPENAI_TIMEOUT", "20")
        component.close()
        component.warm_up()
        assert component.client.timeout == 20

    def test_slow_responses_start_with_blank_lines(self, plain: Case, stand_in: StandIn):
        if plain.kind is OpenRouterSpeechSynthesizer:
            pytest.skip("audio has no lines")
        stand_in.script(Answer([b"\n    \n", *good(plain).body], 200, good(plain).headers))
        assert plain()

    def test_an_error_holds_nothing_private(self, plain: Case, stand_in: StandIn):
        sent = base64.b64encode(PROMPT.encode()).decode() if plain.kind is OpenRouterTranscriber else PROMPT
        stand_in.script(Answer.error(400, f"Refused: {sent} {KEY}", metadata={"raw": sent}))
        with pytest.raises(openai.BadRequestError) as caught:
            plain()
        pickled = pickle.dumps(caught.value)
        assert pickle.loads(pickled).status_code == 400
        for private in (sent, KEY, PNG):
            assert private not in str(caught.value)
            assert private.encode() not in pickled

    def test_cancelling_closes_the_connection(self, plain: Case, stand_in: StandIn):
        stand_in.script(Answer([b"{", STALL]))

        async def start_and_cancel() -> None:
            task = asyncio.create_task(plain.component().run_async(*plain.inputs))
            await asyncio.to_thread(wait_for_requests, stand_in, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(stand_in.wait_for_disconnect)

        asyncio.run(start_and_cancel())


class TestLifetime:
    def test_loops_and_threads(self, plain: Case, stand_in: StandIn):
        component, clients = plain.component(), set()
        for _ in range(2):
            asyncio.run(component.run_async(*plain.inputs))

        def work() -> None:
            component.run(*plain.inputs)
            clients.add(component.client)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(clients) == 1
        assert len(stand_in.requests) == 6

    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda component: pickle.loads(pickle.dumps(component))])
    def test_copies(self, plain: Case, stand_in: StandIn, duplicate: Callable[[Any], Any]):
        component = plain.component(generation_kwargs={"seed": 1})
        plain.run(component)
        copied = duplicate(component)
        assert copied.client is None
        plain.run(copied)
        assert stand_in.requests[0].raw == stand_in.requests[1].raw

    def test_closing_and_using_again(self, plain: Case, stand_in: StandIn):
        component = plain.component()
        component.warm_up()
        component.close()
        assert component.client is None
        assert plain.run(component)


class TestSerialization:
    def test_every_parameter_is_written(self, plain: Case):
        component = plain.kind(extra_headers={"X-Title": "T"}, generation_kwargs={"provider": {"order": ["a"]}})
        data = component_to_dict(component, "name")
        unset = {"deadline", "cost_meter"}
        assert {"self", *unset, *data["init_parameters"]} == set(inspect.signature(plain.kind.__init__).parameters)
        assert data["type"] == f"{plain.kind.__module__}.{plain.kind.__name__}"
        before = copy.deepcopy(data)
        again = component_from_dict(plain.kind, data, "name")
        assert data == before
        assert component_to_dict(again, "name") == data
        data["init_parameters"]["generation_kwargs"]["provider"]["order"].append("b")
        assert component.generation_kwargs == again.generation_kwargs == {"provider": {"order": ["a"]}}

    def test_yaml(self, plain: Case, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("MY_TOKEN", "t-secret")
        kwargs = {"seed": 1, "extra_headers": {"X-Token": Secret.from_env_var("MY_TOKEN")}}
        pipeline = Pipeline()
        pipeline.add_component("it", plain.kind(api_base_url=stand_in.url, generation_kwargs=kwargs))
        written = pipeline.dumps()
        assert "t-secret" not in written
        loaded = Pipeline.loads(written)
        assert loaded.dumps() == written
        names = inspect.signature(plain.kind.run).parameters
        loaded.run({"it": dict(zip([name for name in names if name != "self"], plain.inputs, strict=False))})
        assert stand_in.requests[0].body["seed"] == 1
        assert stand_in.requests[0].headers["x-token"] == "t-secret"

    def test_a_token_is_never_written_down(self, plain: Case):
        with pytest.raises(ValueError, match="token"):
            plain.component().to_dict()


class TestArguments:
    @pytest.mark.parametrize("where", ["init", "run"])
    @pytest.mark.parametrize(
        ("kwargs", "kind", "told"),
        [
            (["n"], TypeError, "`generation_kwargs` must be a dictionary, not list"),
            ({"model": 5}, TypeError, r'\["model"\]` must be a name'),
            ({"model": " "}, ValueError, r'\["model"\]` is empty'),
            ({"provider": "a"}, TypeError, r'`generation_kwargs\["provider"\]` must be a dictionary, not str'),
            ({"extra_body": [1]}, TypeError, r'`generation_kwargs\["extra_body"\]` must be a dictionary, not list'),
            ({"extra_query": "q"}, TypeError, r'`generation_kwargs\["extra_query"\]` must be a dictionary, not str'),
            ({"extra_headers": {"X": 1}}, TypeError, r'`generation_kwargs\["extra_headers"\]`: the value'),
            ({"timeout": "5"}, TypeError, r'`generation_kwargs\["timeout"\]` must be a number'),
            ({"timeout": True}, TypeError, r'`generation_kwargs\["timeout"\]` must be a number'),
        ],
    )
    def test_generation_kwargs(self, plain: Case, stand_in: StandIn, where, kwargs, kind, told):
        at_init, at_run = (kwargs, None) if where == "init" else (None, kwargs)
        with pytest.raises(kind, match=told):
            plain.component(generation_kwargs=at_init).run(*plain.inputs, generation_kwargs=at_run)
        assert not stand_in.requests

    @pytest.mark.parametrize(("name", "field"), [(name, field) for name in OWN_FIELDS for field in OWN_FIELDS[name]])
    def test_what_the_component_fills_itself(self, stand_in: StandIn, name, field):
        kind, _, inputs = KINDS[name]
        with pytest.raises(ValueError, match=f"`generation_kwargs` can't hold '{field}'"):
            kind(generation_kwargs={field: "x"})
        with pytest.raises(ValueError, match=f"`generation_kwargs` can't hold '{field}'"):
            kind(api_base_url=stand_in.url).run(*inputs, generation_kwargs={field: "x"})
        assert not stand_in.requests

    def test_shared_ones(self, plain: Case):
        for parameters in ({"timeout": "x"}, {"max_retries": 1.5}, {"model": ""}, {"api_key": "sk"}):
            with pytest.raises((TypeError, ValueError), match=f"`{next(iter(parameters))}`"):
                plain.kind(**parameters)
        with pytest.raises(TypeError):
            plain.kind(Secret.from_token(KEY))

    def test_a_typing_mistake_is_sent_with_a_warning(self, plain: Case, stand_in: StandIn, caplog):
        plain(generation_kwargs={"providr": {}})
        assert stand_in.requests[0].body["providr"] == {}
        assert "'providr', which is sent unchanged. Did you mean 'provider'?" in caplog.text
