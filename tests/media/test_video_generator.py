# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Jobs that make videos: sent once, asked for their state, downloaded with a key that stays where it belongs."""

import asyncio
import base64
import json
import pickle
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest
from haystack import Pipeline
from haystack.dataclasses import ImageContent
from haystack.utils import Secret
from modes import KEY
from stand_in import RESET, STALL, Answer, StandIn
from stand_in.files import mp4, words_in
from wire import SOON

from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter, usage_cost
from haystack_integrations.components.generators.openrouter import OpenRouterVideoGenerator

PROMPT = "A lighthouse on an island of granite"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n\0").decode()
URL = f"data:image/png;base64,{PNG}"
PART = {"type": "image_url", "image_url": {"url": URL}}
FILE = mp4("x", 1)
ID = "gen-vid-1"


def made(stand_in: StandIn, **parameters: Any) -> OpenRouterVideoGenerator:
    usual = {"api_key": Secret.from_token(KEY), "api_base_url": stand_in.url, "model": "test/model"}
    return OpenRouterVideoGenerator(**{**usual, "max_retries": 0, "poll_interval": 0.0, **parameters})


Call = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """
    Calls a method, or its asynchronous twin.
    """

    def run(generator: OpenRouterVideoGenerator, method: str, *inputs: Any, **more: Any) -> Any:
        if request.param == "async":
            return asyncio.run(getattr(generator, f"{method}_async")(*inputs, **more))
        return getattr(generator, method)(*inputs, **more)

    return run


@pytest.fixture
def elsewhere() -> Iterator[StandIn]:
    """
    Another host. Nothing may be sent there, least of all the key.
    """
    with StandIn() as other:
        yield other
        assert [request.headers for request in other.requests] == []


def job(status: str = "completed", **more: Any) -> Answer:
    return Answer.json({"id": ID, "polling_url": f"/api/v1/videos/{ID}", "status": status, **more})


def video(data: bytes = FILE, content_type: str = "video/mp4") -> Answer:
    return Answer.raw(data, content_type)


def sent(stand_in: StandIn) -> list[str]:
    return [f"{one.method} {one.path.removeprefix('/api/v1')}" for one in stand_in.requests]


class TestRun:
    def test_a_job_is_made_asked_for_its_state_and_downloaded(self, call: Call, stand_in: StandIn):
        headers = {"X-OpenRouter-Title": "Tests"}
        options = {"duration": 8, "tomorrow": 1, "extra_query": {"q": "1"}}
        result = call(made(stand_in, extra_headers=headers), "run", PROMPT, generation_kwargs=options)
        name = "gen-vid-standin-1"
        asked = f"GET /videos/{name}"
        assert sent(stand_in) == ["POST /videos", asked, asked, f"{asked}/content"]
        assert stand_in.requests[0].body == {"model": "test/model", "prompt": PROMPT, "duration": 8, "tomorrow": 1}
        for request in stand_in.requests:
            assert request.key == KEY
            assert request.headers["x-openrouter-title"] == "Tests"
            assert request.query["q"] == "1"
        assert stand_in.requests[-1].query["index"] == "0"
        (video,), (meta,) = result["videos"], result["meta"]
        assert (video.mime_type, words_in(video.data)) == ("video/mp4", PROMPT)
        usage = {"cost": 0.4, "is_byok": False}
        known = {"model": "test/model", "id": name, "status": "completed", "generation_id": f"gen-of-{name}"}
        assert meta == {**known, "usage": usage}
        assert usage_cost(meta["usage"]) == 0.4
        assert options == {"duration": 8, "tomorrow": 1, "extra_query": {"q": "1"}}

    def test_a_status_of_tomorrow_is_no_end(self, call: Call, stand_in: StandIn):
        stand_in.script(job("queued"), job("moderating", tomorrow=1, expires_at=5), job(tomorrow=2, gone=None), video())
        (meta,) = call(made(stand_in), "run", PROMPT)["meta"]
        assert (meta["tomorrow"], meta["usage"], "gone" in meta) == (2, {}, False)

    def test_several_videos_and_links_that_are_secret(self, call: Call, stand_in: StandIn):
        links = {"urls": ["https://a?sig=s", "https://b?sig=s"], "unsigned_urls": ["https://c"], "expires_at": 7}
        stand_in.script(job(**links), video(mp4("1", 1)), video(b"\x1aE\xdf\xa3", "application/octet-stream"))
        result = call(made(stand_in), "run", PROMPT)
        assert [one.mime_type for one in result["videos"]] == ["video/mp4", "video/webm"]
        assert [request.query.get("index") for request in stand_in.requests] == [None, "0", "1"]
        assert "sig=s" not in str(result["meta"])
        assert result["meta"][0]["expires_at"] == 7

    def test_in_a_pipeline(self, stand_in: StandIn):
        pipeline = Pipeline()
        generator = OpenRouterVideoGenerator(api_base_url=stand_in.url, poll_interval=0.0, deadline=None)
        pipeline.add_component("film", generator)
        again = Pipeline.loads(pipeline.dumps())
        assert again.get_component("film").deadline is None
        assert again.run({"film": {"prompt": PROMPT}})["film"]["videos"][0].data


class TestImages:
    def test_frames_and_references(self, call: Call, stand_in: StandIn):
        frames = [ImageContent(PNG, meta={"frame_type": kind}) for kind in ("last_frame", "first_frame")]
        more = {"frame_images": [{"type": "f"}], "input_references": [{"type": "audio_url"}]}
        call(made(stand_in), "submit", " ", [frames[0], ImageContent(PNG), frames[1]], more)
        given = [{**PART, "frame_type": kind} for kind in ("last_frame", "first_frame")]
        references = [PART, {"type": "audio_url"}]
        body = {"model": "test/model", "frame_images": [*given, {"type": "f"}], "input_references": references}
        assert stand_in.requests[0].body == body
        assert more == {"frame_images": [{"type": "f"}], "input_references": [{"type": "audio_url"}]}

    @pytest.mark.parametrize(
        ("inputs", "kind", "told"),
        [
            ((5,), TypeError, "`prompt` must be a string, not int"),
            ((" \n",), ValueError, "`prompt` is empty: describe the video, or pass `images`"),
            ((PROMPT, "cat.png"), TypeError, "`images` must be a list of ImageContent, not str"),
            ((PROMPT, [ImageContent(PNG), "x"]), TypeError, r"`images\[1\]` must be an ImageContent, not str"),
            (
                (PROMPT, [ImageContent(PNG, meta={"frame_type": "first"})]),
                ValueError,
                "must be one of first_frame, last",
            ),
            ((PROMPT, [ImageContent("", "image/png", validation=False)]), ValueError, r"`images\[0\]` has no data"),
            ((PROMPT, None, {"input_references": "x"}), TypeError, r'`generation_kwargs\["input_references"\]`'),
            ((PROMPT, None, {"frame_images": "x"}), TypeError, r'`generation_kwargs\["frame_images"\]`'),
            ((PROMPT, None, {"prompt": "x"}), ValueError, "Pass `prompt` to `run`"),
        ],
    )
    def test_bad_input_is_not_sent(self, call: Call, stand_in: StandIn, inputs, kind, told):
        for method in ("run", "submit"):
            with pytest.raises(kind, match=told):
                call(made(stand_in), method, *inputs)
        assert not stand_in.requests


class TestSentOnce:
    @pytest.mark.parametrize(
        ("answer", "kind", "told"),
        [
            (Answer([RESET]), openai.APIConnectionError, "openrouter.ai/activity before you submit again"),
            (Answer([b"{", STALL]), openai.APITimeoutError, "openrouter.ai/activity before you submit again"),
            (Answer.error(503, "Busy", headers=SOON), openai.InternalServerError, "not sent again, because a job may"),
            (Answer.error(429, "Slow", headers=SOON), openai.RateLimitError, "The request was not sent again"),
            (Answer.json({}), openai.InternalServerError, "has no job.*`test/model` is a video model.*not sent again"),
        ],
        ids=["reset", "stall", "503", "429", "no job"],
    )
    @pytest.mark.parametrize("own_client", [False, True])
    def test_whatever_happens(self, call: Call, stand_in: StandIn, answer, kind, told, own_client, caplog):
        stand_in.script(answer)
        generator = made(stand_in, max_retries=3, timeout=0.1)
        if own_client:
            own = {"api_key": KEY, "base_url": stand_in.url, "max_retries": 3, "timeout": 0.1}
            generator.client, generator.async_client = openai.OpenAI(**own), openai.AsyncOpenAI(**own)
        with pytest.raises(kind, match=told):
            call(generator, "run", PROMPT)
        assert sent(stand_in) == ["POST /videos"]
        assert "Trying again" not in caplog.text

    def test_the_questions_are_sent_again(self, call: Call, stand_in: StandIn):
        failed = [Answer.error(code, "x", headers=SOON) for code in (429, 502, 503)]
        stand_in.script(job("pending"), *failed, job(), Answer.raw(b"", "video/mp4", SOON), video())
        assert call(made(stand_in, max_retries=3), "run", PROMPT)["videos"][0].data == FILE


class TestEnds:
    @pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
    def test_without_a_video(self, call: Call, stand_in: StandIn, status: str):
        with pytest.raises(openai.APIError) as caught:
            call(made(stand_in, model=f"stand-in/{status}"), "run", PROMPT)
        told = str(caught.value)
        assert f"ended with the status '{status}' (Stand-in: the model's name asks for a job that is {status})" in told
        assert told.endswith("Job id: gen-vid-standin-1.")
        assert pickle.loads(pickle.dumps(caught.value)).job_id == "gen-vid-standin-1"

    @pytest.mark.parametrize("error", [f"No: {PROMPT}", {"message": f"No: {PROMPT}", "code": 400}])
    def test_at_once_and_without_the_prompt(self, call: Call, stand_in: StandIn, error):
        stand_in.script(job("failed", error=error, usage={"cost": 0.1}))
        meter = OpenRouterCostMeter()
        with pytest.raises(openai.APIError, match=r"\(No: \*\*\*\), and has no video\. Change the prompt") as caught:
            call(made(stand_in, cost_meter=meter), "run", PROMPT)
        assert PROMPT not in f"{caught.value}{pickle.loads(pickle.dumps(caught.value)).body}"
        assert (len(stand_in.requests), meter.total) == (1, Decimal("0.1"))

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (video(b""), "The response has an empty body"),
            (video(b"<html><title>Busy</title></html>", "text/html"), "a web page with the title 'Busy'"),
            (Answer.json({"error": {"code": 404, "message": "Gone"}}), "Error code: 404 - Gone. Check the id"),
            (Answer.json({"a": 1}), "has no video"),
            (Answer.raw(b"%PDF-1.7", "video/mp4"), "not from OpenRouter's API: %PDF"),
        ],
        ids=["empty", "page", "error", "JSON", "PDF"],
    )
    def test_what_is_no_video(self, call: Call, stand_in: StandIn, answer: Answer, told: str):
        stand_in.script(job("pending"), job(), answer)
        with pytest.raises(openai.APIError, match=told) as caught:
            call(made(stand_in), "run", PROMPT)
        assert (caught.value.job_id, f"Job id: {ID}." in str(caught.value)) == (ID, True)

    def test_a_question_that_fails(self, call: Call, stand_in: StandIn):
        stand_in.script(job("pending"), Answer.error(401, "Who?"))
        with pytest.raises(openai.AuthenticationError, match=f"Job id: {ID}"):
            call(made(stand_in), "run", PROMPT)

    @pytest.mark.parametrize(("parameter", "deadline"), [({"deadline": 60.0}, 60), ({}, 1800), (None, 7)])
    def test_a_job_that_never_ends(self, call: Call, stand_in: StandIn, parameter, deadline):
        kwargs = {"deadline": 7} if parameter is None else {}
        generator = made(stand_in, model="stand-in/never-ends", poll_interval=2000.0, **(parameter or {}))
        with pytest.raises(openai.APITimeoutError) as caught:
            call(generator, "run", PROMPT, generation_kwargs=kwargs)
        told = (
            f"longer than `deadline` ({deadline} s): raise `deadline` (seconds). The job has the status 'pending', and"
        )
        assert told in str(caught.value)
        assert caught.value.job_id == "gen-vid-standin-1"
        assert sent(stand_in) == ["POST /videos"]

    def test_a_question_that_lasts_until_the_deadline(self, call: Call, stand_in: StandIn):
        stand_in.script(job("pending"), Answer([b" ", STALL]))
        with pytest.raises(openai.APITimeoutError, match=rf"longer than `deadline` \(1 s\).*Job id: {ID}"):
            call(made(stand_in, deadline=1.0, max_retries=3), "run", PROMPT)
        assert len(stand_in.requests) == 2


class TestTheKey:
    def test_links_to_another_host_are_not_followed(self, call: Call, stand_in: StandIn, elsewhere: StandIn):
        links = {
            "unsigned_urls": [f"{elsewhere.url}/videos/{ID}/content"],
            "polling_url": f"{elsewhere.url}/videos/{ID}",
        }
        stand_in.script(job("pending", **links), job(**links), video())
        assert call(made(stand_in), "run", PROMPT)["videos"][0].data == FILE
        stand_in.script(job(**links), video())
        assert call(made(stand_in), "download", ID)[0].data == FILE

    @pytest.mark.parametrize("status", [302, 307, 308])
    def test_a_redirect_to_another_host_is_refused(
        self, call: Call, stand_in: StandIn, elsewhere: StandIn, status: int
    ):
        stand_in.script(job(), Answer([], status, {"location": f"{elsewhere.url}/videos/{ID}/content"}))
        with pytest.raises(openai.APIConnectionError, match="was not sent there") as caught:
            call(made(stand_in), "run", PROMPT)
        assert caught.value.job_id == ID
        assert KEY not in str(caught.value)

    def test_an_id_leads_to_no_other_path(self, call: Call, stand_in: StandIn):
        with pytest.raises(openai.NotFoundError):
            call(made(stand_in), "get", "../key?x=1")
        assert sent(stand_in) == ["GET /videos/..%2Fkey%3Fx%3D1"]


def test_the_id_is_logged_before_the_wait(call: Call, stand_in: StandIn, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO"):
        call(made(stand_in), "submit", PROMPT)
    assert "OpenRouter has accepted the job gen-vid-standin-1" in caplog.text


class TestWithoutWaiting:
    def test_submit_get_download(self, call: Call, stand_in: StandIn):
        generator, meter = made(stand_in), OpenRouterCostMeter()
        job_id = call(generator, "submit", PROMPT, generation_kwargs={"callback_url": "https://example.com/hook"})
        assert job_id == "gen-vid-standin-1"
        assert stand_in.requests[0].body["callback_url"] == "https://example.com/hook"
        later = made(stand_in, cost_meter=meter)  # in another process, the id is all there is
        with pytest.raises(
            openai.APIError, match=r"no video yet: its status is 'in_progress'.*Job id: gen-vid-standin"
        ):
            call(later, "download", job_id)
        state = call(later, "get", job_id)
        assert (state["id"], state["status"], state["usage"]["cost"]) == (job_id, "completed", 0.2)
        assert words_in(call(later, "download", job_id)[0].data) == PROMPT
        assert (meter.total, meter.calls, meter.by_model()) == (Decimal("0.2"), 1, {"test/model": Decimal("0.2")})

    def test_a_failed_job_is_a_state(self, call: Call, stand_in: StandIn):
        state = {"id": ID, "status": "failed", "error": {"code": 429, "message": "Slow"}, "urls": ["https://a?sig=s"]}
        stand_in.script(Answer.json(state), Answer.json(state))
        assert call(made(stand_in), "get", ID) == state
        with pytest.raises(openai.APIError, match=r"'failed' \(Slow\)"):
            call(made(stand_in), "download", ID)
        assert len(stand_in.requests) == 2

    @pytest.mark.parametrize("wrong", [5, "", " ", "a\nb"])
    def test_an_id_that_is_none(self, call: Call, stand_in: StandIn, wrong):
        for method in ("get", "download"):
            with pytest.raises((TypeError, ValueError), match="`job_id`"):
                call(made(stand_in), method, wrong)
        assert not stand_in.requests

    def test_the_settings_of_the_component_hold(self, call: Call, stand_in: StandIn):
        generator = made(stand_in, extra_headers={"X-A": "1"}, generation_kwargs={"extra_query": {"q": "1"}})
        stand_in.script(job(), video())
        call(generator, "download", ID)
        assert [(r.headers["x-a"], r.query["q"], r.body) for r in stand_in.requests] == [("1", "1", {})] * 2


def test_what_jobs_cost_is_counted_once(call: Call, stand_in: StandIn):
    meter = OpenRouterCostMeter()
    stand_in.script(job("pending"), job("in_progress", usage={"cost": 0.1}), job(usage={"cost": 0.3}), video())
    call(made(stand_in, cost_meter=meter), "run", PROMPT)
    assert (meter.total, meter.calls, meter.unknown) == (Decimal("0.3"), 1, 0)
    stand_in.script(job(usage={"cost": 0.3}))
    call(made(stand_in, cost_meter=meter), "get", ID)
    stand_in.script(Answer.json({"id": "gen-vid-2", "status": "expired"}))
    call(made(stand_in, cost_meter=meter), "get", "gen-vid-2")
    assert meter.calls == 1


def test_what_is_in_yaml(stand_in: StandIn):
    written = OpenRouterVideoGenerator(poll_interval=5).to_dict()["init_parameters"]
    assert (written["deadline"], written["poll_interval"]) == (1800.0, 5)
    json.dumps(written)
    for wrong in (None, "5", -1, True):
        with pytest.raises((TypeError, ValueError), match="`poll_interval`"):
            OpenRouterVideoGenerator(poll_interval=wrong)
