# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Who has sent a webhook, and when: only what was signed with the secret, just now, is read."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from haystack.utils import Secret

from haystack_integrations.common.openrouter.webhooks import OpenRouterWebhookError, verify_webhook

SECRET = "whsec_of_a_test"
EVENT = {
    "type": "video.generation.completed",
    "created_at": 1764000000,
    "data": {"id": "gen-vid-1", "status": "completed", "generation_id": None, "usage": {"cost": 0.5}},
}
BODY = json.dumps(EVENT, indent=1).encode()  # as no encoder here would write it
NAME = "X-OpenRouter-Signature"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1764000000.5)


def signed(moment: Any = 1764000000, body: bytes = BODY, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), f"{moment},".encode() + body, hashlib.sha256).hexdigest()


def header(moment: Any = 1764000000, **more: Any) -> dict[str, str]:
    return {NAME: f"t={moment},v1={signed(moment, **more)}"}


def test_what_openrouter_signs_is_read():
    # computed with `printf '%s' '1764000000,{"data":{}}' | openssl dgst -sha256 -hmac whsec_of_a_test`
    sent = "t=1764000000,v1=f8470af16d6de3503847f5d74f3c7cf03c94b203665c8acdffe7c00eae6f269a"
    assert verify_webhook(b'{"data":{}}', {NAME: sent}, SECRET) == {"data": {}}
    assert verify_webhook(BODY, header(), SECRET) == EVENT


@pytest.mark.parametrize(
    "sent",
    [
        {NAME.lower(): f"t=1764000000,v1={signed()}"},
        {NAME.upper(): f"v1={signed()},t=1764000000"},
        {NAME: f" v1={'0' * 64} , t=1764000000 , v1={signed()} ", "content-type": "x"},
        {NAME: f"v2=x,t=1764000000,v1={signed()},v1={'0' * 64},v0="},
        {NAME: f"t=1764000000,v1={signed().upper()}"},
        header(1764000000 - 300),
        header(1764000000 + 300),
    ],
)
def test_parts_come_in_any_order(sent):
    assert verify_webhook(BODY, sent, SECRET) == EVENT


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "no signature that can be read"),
        ({NAME: ""}, "no signature"),
        ({NAME: f"v1={signed()}"}, "no signature"),
        ({NAME: "t=1764000000"}, "no signature"),
        ({NAME: f"t=1764000000,v0={signed()}"}, "no signature"),
        ({NAME: f"t=1764000000,t=1764000001,v1={signed()}"}, "no signature"),
        ({NAME: f"t=-1,v1={signed(-1)}"}, "no signature"),
        ({NAME: f"t=nan,v1={signed('nan')}"}, "no signature"),
        ({NAME: f"t=²,v1={signed('²')}"}, "no signature"),
        ({NAME: f"t=1764000000,v1={'é' * 64}"}, "no signature"),
        ({NAME: f"t={'9' * 5000},v1={signed()}"}, "no signature"),
        ({NAME: 5}, "no signature"),
        ({NAME: f"t=1764000000,v1={signed()}", NAME.lower(): "t=1,v1=0"}, "no signature"),
        ({NAME: "t=1764000000,v1="}, "is not OpenRouter's"),
        ({NAME: f"t=1764000000,v1={signed()[:-1]}"}, "is not OpenRouter's"),
        ({NAME: f"t=1764000001,v1={signed()}"}, "is not OpenRouter's"),
        (header(secret="another"), "is not OpenRouter's"),
        (header(body=BODY + b" "), "is not OpenRouter's"),
        (header(body=json.dumps(EVENT).encode()), "is not OpenRouter's"),
        (header(1764000000 - 301), r"is 301 s old, which is more than `tolerance` \(300 s\)"),
        (header(1764000000 + 302), "is 302 s in the future"),
        (header("9" * 400), "no signature"),
    ],
)
def test_what_is_not_signed_just_now_is_refused(sent, told):
    with pytest.raises(OpenRouterWebhookError, match=told) as caught:
        verify_webhook(BODY, sent, SECRET)
    assert SECRET not in str(caught.value)
    assert signed() not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"5", b"{", b"\xff", b'{"data": 5}', b"[" * 100_000], ids=lambda body: body[:9]
)
def test_a_body_that_is_no_event(body: bytes):
    with pytest.raises(OpenRouterWebhookError, match="not an event in JSON"):
        verify_webhook(body, header(body=body), SECRET)


def test_a_tolerance_of_ones_own():
    old = header(1764000000 - 1000)
    assert verify_webhook(BODY, old, SECRET, tolerance=1001) == EVENT
    with pytest.raises(OpenRouterWebhookError, match=r"more than `tolerance` \(0 s\)"):
        verify_webhook(BODY, header(1763999999), SECRET, tolerance=0)


def test_the_secret_is_a_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOOK", f"{SECRET}\n")
    assert verify_webhook(BODY, header(), Secret.from_env_var("HOOK")) == EVENT
    assert verify_webhook(BODY, header(), Secret.from_token(SECRET)) == EVENT
    monkeypatch.setenv("HOOK", " ")
    for empty, told in (("", "`secret` is empty"), (" \n", "is empty"), (Secret.from_env_var("HOOK"), "variable HOOK")):
        with pytest.raises(ValueError, match=told) as caught:
            verify_webhook(BODY, header(secret=""), empty)
        assert not isinstance(caught.value, OpenRouterWebhookError)  # it is the server's fault, not the sender's
    monkeypatch.delenv("HOOK")
    with pytest.raises(ValueError, match="variable HOOK"):
        verify_webhook(BODY, header(), Secret.from_env_var("HOOK"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((EVENT, header(), SECRET), "`body` must be bytes, not dict. Pass the bytes as they came"),
        ((BODY.decode(), header(), SECRET), "`body` must be bytes, not str"),
        ((BODY, [("a", "b")], SECRET), "`headers` must be the headers of the request, not list"),
        ((BODY, header(), None), "`secret` must be a Secret or a string, not NoneType"),
        ((BODY, header(), SECRET.encode()), "`secret` must be"),
        ((BODY, header(), SECRET, "5"), "`tolerance` must be a number of seconds"),
        ((BODY, header(), SECRET, -1), "`tolerance` must be at least 0"),
    ],
)
def test_wrong_arguments(arguments, told):
    with pytest.raises((TypeError, ValueError), match=told) as caught:
        verify_webhook(*arguments)
    assert not isinstance(caught.value, OpenRouterWebhookError)
