# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The example that makes videos and is called when they are done."""

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
import receive_webhooks
from fastapi.testclient import TestClient
from stand_in import StandIn
from stand_in.files import words_in

SECRET = "whsec_of_a_test"


@pytest.fixture
def app(stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("OPENROUTER_WEBHOOK_SECRET", SECRET)
    monkeypatch.setattr(receive_webhooks, "FOLDER", tmp_path)
    monkeypatch.setattr(receive_webhooks.generator, "api_base_url", stand_in.url)
    receive_webhooks.seen.clear()
    return TestClient(receive_webhooks.app)


def call(app: TestClient, event: Any, secret: str = SECRET) -> int:
    body, moment = json.dumps(event).encode(), int(time.time())
    signature = hmac.new(secret.encode(), f"{moment},".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-OpenRouter-Signature": f"t={moment},v1={signature}"}
    return app.post("/webhooks", content=body, headers=headers).status_code


def test_a_video_is_saved_once_and_only_if_openrouter_says_so(app: TestClient, stand_in: StandIn, tmp_path: Path):
    job_id = app.post("/videos", json={"text": "A lighthouse at dawn"}).json()
    assert stand_in.requests[0].body["callback_url"] == "https://example.com/webhooks"
    for _ in range(2):
        state = receive_webhooks.generator.get(job_id)
    assert state["status"] == "completed"
    asked = len(stand_in.requests)
    event = {"type": "video.generation.completed", "data": {"id": job_id, "status": "completed"}}
    assert call(app, event, secret="forged") == 400
    assert len(stand_in.requests) == asked
    assert [call(app, event), call(app, event)] == [200, 200]
    assert words_in((tmp_path / f"{job_id}.mp4").read_bytes()) == "A lighthouse at dawn"
    assert len(stand_in.requests) == asked + 2  # the state and the video, for the first of the two


def test_a_job_that_failed_is_told(app: TestClient, stand_in: StandIn, tmp_path: Path, capsys: pytest.CaptureFixture):
    event = {"type": "video.generation.failed", "data": {"id": "gen-vid-1", "status": "failed", "error": "No"}}
    assert call(app, event) == 200
    assert "Job gen-vid-1 is failed: No" in capsys.readouterr().out
    assert [*tmp_path.iterdir(), *stand_in.requests] == []
