# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Waiting for a batch: which failures it survives, and how it ends."""

import time
from typing import Any

import openai
import pytest
from batches import Way, batch_object, completed
from stand_in import CUT, RESET, STALL, Answer, StandIn

from haystack_integrations.common.openrouter._many.waiting import Patience
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded

UNDER_WAY = batch_object("in_progress", request_counts={"total": 4, "completed": 2, "failed": 1})
SOON = {"retry-after": "0.001"}


@pytest.mark.parametrize("max_retries", [0, 5])
def test_it_survives_what_may_pass(way: Way, stand_in: StandIn, max_retries: int):
    stand_in.script(
        Answer.json(UNDER_WAY),
        *(Answer.error(status, "Busy", headers=SOON) for status in (429, 502, 503)),
        Answer.error(503, "Busy", status=200),
        Answer([RESET]),
        Answer([b"{", CUT]),
        Answer.json({"id": "batch-1"}),
        Answer.json(completed()),
    )
    state = way(way.batch(max_retries=max_retries).wait, "batch-1", poll=0.001, progress_bar=False)
    assert state.status == "completed"
    assert len(stand_in.requests) == 9
    # not by the SDK, which would wait longer than `poll`
    assert {request.headers["x-stainless-retry-count"] for request in stand_in.requests} == {"0"}


def test_it_survives_silence(way: Way, stand_in: StandIn):
    stand_in.script(Answer([STALL]), Answer.json(completed()))
    assert way(way.batch(timeout=0.05).wait, "batch-1", poll=0.001, progress_bar=False).is_done


def test_a_busy_stand_in(way: Way):
    batch = way.batch(model="stand-in/busy-batch")
    batch_id = way(batch.submit, ["Hi"])
    assert way(batch.wait, batch_id, poll=0.001, progress_bar=False).status == "completed"


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_it_does_not_survive_what_stays(way: Way, stand_in: StandIn, status: int):
    stand_in.script(Answer.error(status, "No"))
    with pytest.raises(openai.APIStatusError) as caught:
        way(way.batch().wait, "batch-1", poll=0.001, progress_bar=False)
    assert caught.value.status_code == status
    assert len(stand_in.requests) == 1


def test_a_redirect_elsewhere_is_refused(way: Way, stand_in: StandIn):
    stand_in.script(Answer([], 307, {"location": "http://localhost:1/"}))
    with pytest.raises(openai.APIConnectionError, match="redirects to"):
        way(way.batch().wait, "batch-1", poll=0.001, progress_bar=False)
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize("answer", [Answer.json(UNDER_WAY), Answer.error(503, "Busy"), Answer([STALL])])
def test_the_time_is_over(way: Way, stand_in: StandIn, answer: Answer):
    stand_in.script(Answer.json(UNDER_WAY), *[answer] * 100)
    told = (
        r"The batch batch-1 was not over after `timeout` \(0.06 s\): (in_progress, 2 of 4 requests completed, 1 failed"
        r"|its state is unknown)\. It goes on, so you can wait for it again\. Job id: batch-1\."
    )
    with pytest.raises(openai.APITimeoutError, match=told):
        way(way.batch().wait, "batch-1", timeout=0.06, poll=0.02, progress_bar=False)


def test_it_tells_the_last_state():
    patience = Patience("The job", 60.0, 1.0)
    with patience.shown(progress_bar=False):
        assert patience.after(1, 4, "half done") == 1.0
        with pytest.raises(DeadlineExceeded, match="The job was not over after .*: half done. It goes on"):
            patience.after_failure(DeadlineExceeded("late", None))


def test_it_waits_as_long_as_it_is_told(way: Way, stand_in: StandIn):
    stand_in.script(Answer.error(429, "Busy", headers={"retry-after": "0.1"}), Answer.json(completed()))
    start = time.monotonic()
    way(way.batch().wait, "batch-1", poll=0.001, progress_bar=False)
    assert time.monotonic() - start >= 0.1


def test_a_long_poll_does_not_outlast_the_time(way: Way, stand_in: StandIn):
    stand_in.script(Answer.json(UNDER_WAY))
    with pytest.raises(openai.APITimeoutError):
        way(way.batch().wait, "batch-1", timeout=0.05, poll=30, progress_bar=False)


def test_it_shows_how_far_it_is(way: Way, stand_in: StandIn, capsys: pytest.CaptureFixture[str]):
    stand_in.script(Answer.json(UNDER_WAY), Answer.json({**UNDER_WAY, "status": "completed"}))
    way(way.batch().wait, "batch-1", poll=0.001)
    assert "The batch batch-1:  75%" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [{"timeout": -1}, {"timeout": "x"}, {"poll": -1}, {"poll": None}])
def test_arguments(way: Way, stand_in: StandIn, arguments: Any):
    with pytest.raises((TypeError, ValueError), match=f"`{next(iter(arguments))}`"):
        way(way.batch().wait, "batch-1", **arguments)
    assert not stand_in.requests
