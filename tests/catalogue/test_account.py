# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The account over a real socket: the limits of a key, and what a generation cost."""

import asyncio
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import openai
import pytest
from haystack.utils import Secret
from stand_in import CUT, RESET, STALL, Answer, StandIn
from wire import SOON

from haystack_integrations.common.openrouter import account as account_module
from haystack_integrations.common.openrouter._many import workers
from haystack_integrations.common.openrouter.account import OpenRouterAccount
from haystack_integrations.common.openrouter.errors import _budgets
from haystack_integrations.components.generators.openrouter import (
    OpenRouterChatGenerator,
    OpenRouterStreamError,
    reply_cost,
)

Call = Callable[..., Any]


@pytest.fixture
def account(stand_in: StandIn) -> OpenRouterAccount:
    return OpenRouterAccount(api_base_url=stand_in.url, max_retries=0)


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, account: OpenRouterAccount) -> Call:
    def run(name: str, *arguments: Any, **named: Any) -> Any:
        if request.param == "sync":
            return getattr(account, name)(*arguments, **named)
        return asyncio.run(getattr(account, f"{name}_async")(*arguments, **named))

    return run


def not_yet() -> Answer:
    return Answer.error(404, "Generation gen-1 not found")


def found(**data: Any) -> Answer:
    return Answer.json({"data": {"id": "gen-1", "total_cost": 0.25, **data}})


@contextmanager
def at_once() -> Iterator[None]:
    """Fail where something takes as long as a whole request may. Other tests keep the machine busy."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 8


def drip_headers(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(1000):
            connection.sendall(b"a")
            time.sleep(0.01)


class NoThread(threading.Thread):
    def start(self) -> None:
        raise RuntimeError("can't start new thread")


class TestKey:
    def test_limits_and_usage(self, call, stand_in):
        OpenRouterChatGenerator(api_base_url=stand_in.url).run("Hi")
        key = call("key")
        assert (stand_in.requests[-1].method, stand_in.requests[-1].path) == ("GET", "/api/v1/key")
        assert stand_in.requests[-1].key == "sk-or-test-key"
        assert key["limit_remaining"] == 10 - key["usage"] < 10
        assert (key["label"], key["is_free_tier"]) == ("sk-or-te...key", False)

    def test_no_user_id(self, call):
        key = call("key")
        assert "creator_user_id" not in key
        assert "user_2" not in str(key)

    def test_no_key(self, call, stand_in, monkeypatch):
        monkeypatch.delenv("OPENROUTER_API_KEY")
        with pytest.raises(ValueError, match="OPENROUTER_API_KEY is not set"):
            call("key")
        assert not stand_in.requests

    def test_a_wrong_key(self, call, stand_in):
        stand_in.script(Answer.error(401, "User not found"))
        with pytest.raises(
            openai.AuthenticationError, match="Check the API key in the environment variable OPENROUTER"
        ):
            call("key")

    @pytest.mark.parametrize("body", [{"error": {"code": 401, "message": "No"}}, {"data": []}, {}, "x"])
    def test_an_error_with_status_200(self, call, stand_in, body):
        stand_in.script(Answer.json(body))
        with pytest.raises(openai.APIStatusError):
            call("key")


def budget(scope: str, left: Any, limit: Any = 10, resets_at: Any = None) -> dict[str, Any]:
    return {"scope": scope, "remaining_usd": left, "limit_usd": limit, "resets_at": resets_at}


class TestBudgetsInAdvice:
    """
    What `key` has told helps to understand a later refusal, without a further request.
    """

    @pytest.fixture(autouse=True)
    def nothing_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_budgets, "_known", {})

    def error(self, stand_in: StandIn, status: int, limit: str = "", key: str = "sk-or-test-key") -> str:
        stand_in.requests.clear()
        stand_in.script(Answer.error(status, "No", metadata={"limit_source": limit} if limit else {}))
        generator = OpenRouterChatGenerator(
            api_base_url=f"{stand_in.url}/", max_retries=0, api_key=Secret.from_token(key)
        )
        with pytest.raises(openai.APIStatusError) as caught:
            generator.run("Hi")
        assert len(stand_in.requests) == 1
        return str(caught.value)

    @pytest.mark.parametrize(
        ("status", "limit", "said"),
        [
            (
                403,
                "openrouter_workspace_budget",
                "UTC, 3 of 50 USD of a budget of the workspace were left, until 2098-12-31T00:00:00Z.",
            ),
            (402, "openrouter_key_limit", "UTC, 4.5 of 10 USD of the limit of the key were left."),
            (402, "weight_exceeds_budget", "UTC, 3 of 50 USD of a budget of the workspace were left"),
            (402, "", "UTC, 3 of 50 USD of a budget of the workspace were left"),
        ],
    )
    def test_the_one_that_has_the_least_left(self, call, stand_in, status, limit, said):
        assert " were left" not in self.error(stand_in, status, limit)
        over = budget("workspace", -1, 10, "2020-01-01T00:00:00Z")
        listed = [
            budget("key_limit", 4.5),
            budget("workspace", 3, 50, "2098-12-31T00:00:00Z"),
            budget("member", 40, 50),
        ]
        stand_in.script(Answer.json({"data": {"budgets": [over, *listed, None, budget("member", None)]}}))
        call("key")
        assert said in self.error(stand_in, status, limit)
        assert " were left" not in self.error(stand_in, status, limit, key="sk-or-other")

    def test_a_403_that_may_have_another_cause(self, call, stand_in):
        for left, is_named in ((1, False), (0, True)):
            stand_in.script(Answer.json({"data": {"budgets": [budget("member", left)]}}))
            call("key")
            assert ("of 10 USD of the budget of a guardrail were left" in self.error(stand_in, 403)) is is_named
        assert " were left" not in self.error(stand_in, 401)

    @pytest.mark.parametrize("remaining", [2.5, None])
    def test_the_limit_of_the_key_where_no_budgets_are_listed(self, call, stand_in, remaining):
        stand_in.script(Answer.json({"data": {"limit": 10, "limit_remaining": remaining}}))
        call("key")
        told = "2.5 of 10 USD of the limit of the key were left" in self.error(stand_in, 402, "openrouter_key_limit")
        assert told is (remaining is not None)

    @pytest.mark.parametrize(
        "told", [{"budgets": "x"}, {"budgets": [7, {"scope": 7, "remaining_usd": "\x1b", "limit_usd": []}]}]
    )
    def test_odd_budgets(self, call, stand_in, told):
        stand_in.script(Answer.json({"data": told}))
        assert call("key") == told
        assert "were left" not in self.error(stand_in, 402)

    def test_no_key_is_kept_and_not_without_end(self):
        for number in range(300):
            _budgets.learn_budgets("http://x", f"sk-or-{number}", {"limit": 1, "limit_remaining": 1})
        assert len(_budgets._known) == 100
        assert "sk-or" not in repr(_budgets._known)
        assert _budgets.known_budget("http://x", "sk-or-299", 402)
        assert not _budgets.known_budget("http://y", "sk-or-299", 402)


class TestGeneration:
    def test_it_waits_until_the_generation_is_known(self, call, stand_in):
        stand_in.script(not_yet(), not_yet(), found(user_note="user_1234567890ab"))
        generation = call("generation", "gen-1")
        assert generation == {"id": "gen-1", "total_cost": 0.25, "user_note": "user_1234567890ab"}
        assert [request.path for request in stand_in.requests] == ["/api/v1/generation"] * 3
        assert stand_in.requests[0].query == {"id": "gen-1"}

    def test_up_to_a_deadline(self, call, stand_in):
        stand_in.script(*(not_yet() for _ in range(9)))
        with pytest.raises(openai.NotFoundError, match=r"gen-1 not found\. Check the id.*raise `timeout`"):
            call("generation", "gen-1", timeout=0.1)
        assert 1 <= len(stand_in.requests) <= 4  # a busy machine has time for one

    def test_no_waiting(self, call, stand_in):
        stand_in.script(not_yet())
        with pytest.raises(openai.NotFoundError):
            call("generation", "gen-1", timeout=0)
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize("status", [400, 401, 402, 403])
    def test_a_refusal_is_not_waited_for(self, call, stand_in, status):
        stand_in.script(not_yet(), Answer.error(status, "No"), found())
        with pytest.raises(openai.APIStatusError) as caught:
            call("generation", "gen-1")
        assert caught.value.status_code == status
        assert len(stand_in.requests) == 2

    @pytest.mark.parametrize("status", [408, 409, 429, 500, 503, 529])
    def test_a_failure_that_may_pass_is_waited_for(self, call, stand_in, status):
        stand_in.script(Answer.error(status, "No"), not_yet(), Answer.error(status, "No", headers=SOON), found())
        assert call("generation", "gen-1")["total_cost"] == 0.25
        assert len(stand_in.requests) == 4

    @pytest.mark.parametrize("fault", [RESET, STALL, CUT], ids=lambda fault: fault.name)
    def test_a_failure_of_the_network_is_waited_for(self, call, account, stand_in, fault):
        account.timeout = 0.3 if fault is STALL else 10
        stand_in.script(Answer([b" ", fault]), *[found()] * 9)
        assert call("generation", "gen-1")["total_cost"] == 0.25

    def test_what_would_come_too_late_is_not_waited_for(self, call, stand_in):
        stand_in.script(Answer.error(429, "Slow down", headers={"retry-after": "30"}), found())
        with pytest.raises(openai.RateLimitError):
            call("generation", "gen-1", timeout=5)
        assert len(stand_in.requests) == 1

    def test_a_redirect_that_is_refused_is_not_waited_for(self, call, stand_in):
        stand_in.script(Answer([], 307, {"location": "http://localhost/"}), found())
        with pytest.raises(openai.APIConnectionError, match="redirects to"):
            call("generation", "gen-1")
        assert len(stand_in.requests) == 1

    def test_after_silence_there_is_time_for_another_try(self, account, stand_in):
        stand_in.script(Answer([STALL]), found())
        assert account.generation("gen-1", timeout=2)["total_cost"] == 0.25

    def test_silence_ends_with_the_deadline(self, call, stand_in):
        stand_in.script(Answer([STALL]))
        with pytest.raises(openai.APITimeoutError, match=r"raise `timeout` \(seconds\)"), at_once():
            call("generation", "gen-1", timeout=0.1)

    def test_after_silence_the_last_answer_is_raised(self, call, stand_in):
        stand_in.script(not_yet(), Answer([STALL]))
        with pytest.raises(openai.NotFoundError, match="gen-1 not found"), at_once():
            call("generation", "gen-1", timeout=0.5)

    def test_an_answer_that_never_ends(self, call, stand_in):
        stand_in.script(Answer(time.sleep(0.01) or b" " for _ in count()))
        with pytest.raises(openai.APITimeoutError), at_once():
            call("generation", "gen-1", timeout=0.1)
        assert stand_in.wait_for_disconnect()

    def test_headers_that_never_end(self, call, account):
        with socket.create_server(("127.0.0.1", 0)) as server, suppress(OSError):
            threading.Thread(target=drip_headers, args=(server,), daemon=True).start()
            account.api_base_url = f"http://127.0.0.1:{server.getsockname()[1]}"
            with pytest.raises(openai.APITimeoutError), at_once():
                call("generation", "gen-1", timeout=0.1)

    def test_nobody_listens(self, call, account):
        with socket.create_server(("127.0.0.1", 0)) as server:
            account.api_base_url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(openai.APIConnectionError, match="check the network|raise `timeout`"), at_once():
            call("generation", "gen-1", timeout=0.1)

    def test_without_a_thread_to_wait_for(self, account, stand_in, monkeypatch):
        stand_in.script(not_yet(), found())
        monkeypatch.setattr(workers, "Thread", NoThread)
        assert account.generation("gen-1")["total_cost"] == 0.25

    def test_a_404_with_status_200_is_waited_for(self, call, stand_in):
        stand_in.script(Answer.json({"error": {"code": 404, "message": "Not found"}}), found())
        assert call("generation", "gen-1")["total_cost"] == 0.25

    def test_waits_grow_and_end_with_the_deadline(self, monkeypatch):
        now = 0.0
        monkeypatch.setattr(account_module.time, "monotonic", lambda: now)
        waits = []
        for wait in account_module._waits("gen-1", 20):
            waits.append(wait)
            now += wait
        assert waits[:8] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0]
        assert sum(waits) == pytest.approx(20)

    @pytest.mark.parametrize(
        ("arguments", "kind", "said"),
        [
            ((None,), TypeError, "`generation_id` must be a string, such as `reply.meta"),
            (("",), ValueError, "`generation_id` is empty"),
            ((" ",), ValueError, "`generation_id` is empty"),
            (("gen-1", "5"), TypeError, "`timeout` must be a number of seconds"),
            (("gen-1", -1), ValueError, "`timeout` must be at least 0"),
            (("gen-1", float("nan")), ValueError, "`timeout` must be at least 0"),
        ],
    )
    def test_bad_arguments(self, call, stand_in, arguments, kind, said):
        with pytest.raises(kind, match=said):
            call("generation", arguments[0], **({"timeout": arguments[1]} if arguments[1:] else {}))
        assert not stand_in.requests

    def test_what_a_reply_cost(self, call, stand_in):
        reply = OpenRouterChatGenerator(api_base_url=stand_in.url).run("Hi")["replies"][0]
        generation = call("generation", reply.meta["id"])
        assert generation["total_cost"] == reply_cost([reply]) > 0

    def test_what_a_stream_cost_that_was_cut(self, call, stand_in):
        generator = OpenRouterChatGenerator(model="stand-in/cut-stream", api_base_url=stand_in.url, max_retries=0)
        with pytest.raises(OpenRouterStreamError) as caught:
            generator.run("Hi", streaming_callback=lambda _: None)
        assert not caught.value.partial_reply.meta.get("usage")
        generation = call("generation", caught.value.partial_reply.meta["id"])
        assert generation["total_cost"] > 0
        assert generation["streamed"] is True

    def test_a_cancelled_wait_ends_at_once(self, account, stand_in):
        stand_in.script(*(not_yet() for _ in range(99)))

        async def run() -> None:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(account.generation_async("gen-1", timeout=60), 0.05)

        asyncio.run(run())


class TestFeedback:
    def test_on_a_reply(self, call, stand_in):
        reply = OpenRouterChatGenerator(api_base_url=stand_in.url).run("Hi")["replies"][0]
        assert call("feedback", reply.meta["id"], "formatting", comment="No table.") == {"success": True}
        assert call("feedback", reply.meta["id"], category="other") == {"success": True}
        sent = [(request.method, request.path, request.key, request.body) for request in stand_in.requests[1:]]
        body = {"generation_id": reply.meta["id"], "category": "formatting", "comment": "No table."}
        assert sent == [
            ("POST", "/api/v1/generation/feedback", "sk-or-test-key", body),
            (
                "POST",
                "/api/v1/generation/feedback",
                "sk-or-test-key",
                {"generation_id": body["generation_id"], "category": "other"},
            ),
        ]

    @pytest.mark.parametrize(
        ("category", "status", "advice"),
        [
            ("bad", 400, r'`category` \("latency", .*"other"\) and `comment` \(at most 1,000 characters\)'),
            ("other", 404, "Resource not found.*OpenRouter may need more time to list a new one"),
        ],
    )
    def test_what_is_not_taken(self, call, stand_in, category, status, advice):
        with pytest.raises(openai.APIStatusError, match=advice) as caught:
            call("feedback", "gen-0", category)
        assert caught.value.status_code == status
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_key_that_is_no_management_key(self, call, stand_in, status):
        stand_in.script(Answer.error(status, "Invalid management key"))
        with pytest.raises(
            openai.APIStatusError, match="management key, which the key in the environment variable OPENR"
        ):
            call("feedback", "gen-1", "other")

    def test_an_error_with_status_200(self, call, stand_in):
        stand_in.script(Answer.json({"data": True}))
        with pytest.raises(openai.APIStatusError):
            call("feedback", "gen-1", "other")

    @pytest.mark.parametrize(
        ("arguments", "kind", "said"),
        [
            ((None, "other"), TypeError, "`generation_id` must be a string, such as `reply.meta"),
            ((" ", "other"), ValueError, "`generation_id` is empty"),
            (("gen-1", None), TypeError, "`category` must be a string such as 'incorrect_response'"),
            (("gen-1", ""), ValueError, "`category` is empty"),
            (("gen-1", "other", 5), TypeError, "`comment` must be a str"),
        ],
    )
    def test_bad_arguments(self, call, stand_in, arguments, kind, said):
        with pytest.raises(kind, match=said):
            call("feedback", *arguments)
        assert not stand_in.requests


class TestObject:
    def test_pickle(self, account):
        assert pickle.loads(pickle.dumps(account)).key() == account.key()

    def test_round_trip(self):
        account = OpenRouterAccount(api_key=Secret.from_env_var("MY_KEY"), timeout=5)
        data = account.to_dict()
        assert data["type"] == "haystack_integrations.common.openrouter.account.OpenRouterAccount"
        assert data == OpenRouterAccount.from_dict(data).to_dict()
        assert list(data["init_parameters"]) == [
            "api_key",
            "api_base_url",
            "timeout",
            "max_retries",
            "http_client_kwargs",
        ]

    def test_no_secret(self):
        account = OpenRouterAccount(api_key=Secret.from_token("sk-or-secret"), api_base_url="https://a:secret@b.c/v1")
        assert repr(account) == "OpenRouterAccount(api_base_url='https://b.c/v1')"

    def test_a_credential_in_clear_is_warned_of(self, caplog):
        OpenRouterAccount(api_base_url="https://a:secret@b.c/v1").to_dict()
        assert "OpenRouterAccount is serialized with a credential in plain text: api_base_url" in caplog.text
