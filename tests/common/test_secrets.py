# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What must not be shown, logged, sent elsewhere or written down; and what must."""

import asyncio
import base64
import inspect
import json
import logging
import pickle
import random
import time
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import quote

import openai
import pytest
from components import COMPONENTS, INPUTS, KINDS, METHODS, build
from haystack import Pipeline
from haystack.utils import Secret
from hypothesis import given
from hypothesis import strategies as st
from modes import Mode
from stand_in import Answer, StandIn
from strategies import FAST
from wire import SOON, embedding

from haystack_integrations.common.openrouter._wire.json_values import printable
from haystack_integrations.common.openrouter.errors._redaction import without_private
from haystack_integrations.components.embedders.openrouter import OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

PROMPT = "My diagnosis is a rare\nform of *lupus*, said Dr. Müller."


class SentRequest:
    """
    A request with this body, for the pure function.
    """

    def __init__(self, body: Any, **headers: str) -> None:
        self.content = json.dumps(body).encode()
        self.headers = headers


def request_of(prompt: str) -> SentRequest:
    return SentRequest({"messages": [{"role": "user", "content": prompt}]}, authorization="Bearer sk-or-1234567890")


class TestRedaction:
    @pytest.mark.parametrize(
        "text",
        [
            "Invalid tool name user_preferences",
            "org_settings and user_profile are unknown",
            "Provider returned error",
            "The key is missing",
        ],
    )
    def test_nothing_else_is_cut_out(self, text: str):
        assert without_private(text, request_of(PROMPT), "a", "the") == text

    def test_tool_names_that_were_sent_stay(self):
        call = {"id": "call_user_preferences", "function": {"name": "get_user_preferences", "arguments": "{}"}}
        request = SentRequest({"messages": [{"role": "assistant", "tool_calls": [call]}], "tools": [call]})
        text = "Invalid tool name get_user_preferences for call_user_preferences"
        assert without_private(text, request) == text

    def test_names_of_options_stay(self):
        names = {
            "voice": "en_paul_neutral",
            "response_format": "verbose_json",
            "models": ["anthropic/claude-haiku-4.5"],
        }
        request = SentRequest({**names, "provider": {"order": ["google-vertex/global"]}, "prompt": PROMPT})
        text = "Voice en_paul_neutral, verbose_json, anthropic/claude-haiku-4.5 and google-vertex/global do not match"
        assert without_private(text, request) == text

    def test_a_schema_of_the_user_is_cut_out(self):
        schema = {"type": "json_schema", "json_schema": {"schema": {"description": PROMPT}}}
        assert without_private(f"<{PROMPT}>", SentRequest({"response_format": schema})) == "<***>"

    def test_a_file_of_megabytes_is_looked_through_fast(self):
        data = base64.b64encode(random.Random(0).randbytes(15_000_000)).decode()
        request = SentRequest({"input_audio": {"data": data, "format": "wav"}})
        start = time.process_time()
        assert without_private(f"Bad audio: {data[:300]}", request) == "Bad audio: ***"
        for _ in range(5):
            without_private("Not in the file at all. " * 100, request)
        assert time.process_time() - start < 2

    @pytest.mark.parametrize(
        "secret",
        ["user_2wT5abcdefghijklmnop", "org_29abcdefghijklmnop", "sk-or-1234567890", "a quoted input", PROMPT],
    )
    def test_secrets_are_cut_out(self, secret: str):
        assert without_private(f"<{secret}>", request_of(PROMPT), "a quoted input") == "<***>"

    def test_a_prompt_in_json_is_cut_out(self):
        for ascii_only in (True, False):
            echo = json.dumps({"content": PROMPT}, ensure_ascii=ascii_only)
            assert without_private(echo, request_of(PROMPT)) == '{"content": "***"}'

    def test_a_long_part_of_a_prompt_is_cut_out(self):
        text = "Bad input near 'is a rare\nform of *lupus*, said' at 12"
        assert without_private(text, request_of(PROMPT)) == "Bad input near '***' at 12"

    @FAST
    @given(st.text(min_size=24, max_size=60), st.text(max_size=40), st.text(max_size=40))
    def test_no_window_of_a_prompt_is_left(self, prompt: str, before: str, after: str):
        left = without_private(f"{before}{prompt}{after}", request_of(prompt))
        assert not any(prompt[start : start + 24] in left for start in range(len(prompt) - 23))

    @pytest.mark.parametrize("body", [b"", b"\xff", b"[1]", b"null", b"{"])
    def test_an_odd_request_is_no_problem(self, body: bytes):
        request = request_of("x")
        request.content = body
        assert without_private("fine", request) == "fine"


class TestPrintable:
    """What anyone else wrote, as errors, logs, warnings and tables show it."""

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("one\ntwo\r\n\tthree", r"one\ntwo\r\n\tthree"),
            ("\x1b[2J\x9b31m\x00", r"\x1b[2J\x9b31m\x00"),
            ("gnp.\u202eexe \u2066\u200b\ufeff \u2028", r"gnp.\u202eexe \u2066\u200b\ufeff \u2028"),
            ("half \ud83d", r"half \ud83d"),
            ("\U000e0041", r"\U000e0041"),
            ("Zürich, 東京\u3000駅, 10\xa0€, 🚀", "Zürich, 東京\u3000駅, 10\xa0€, 🚀"),
        ],
    )
    def test_what_can_not_be_seen_is_escaped(self, text: str, shown: str):
        assert printable(text) == shown

    def test_it_is_cut_before_it_is_looked_at(self):
        assert printable("a" * 9 + "\n\n", 10) == "a" * 9 + "\\…"
        assert printable("abc", 3) == "abc"
        assert printable("abcd", 3) == "abc…"

    @FAST
    @given(st.text(alphabet=st.characters(), max_size=40), st.integers(1, 50))
    def test_a_line_that_can_be_sent_and_shown_again(self, text: str, limit: int):
        shown = printable(text, limit)
        assert len(shown) <= limit + 1
        assert len(shown.splitlines()) <= 1
        shown.encode()
        assert printable(shown, limit) == shown


class TestPartsOfSecrets:
    """A secret may come back in parts, in another spelling, or cut; what stands around it stays."""

    TOKEN = "tok-Ab3/xY+9~zQ_4711.wordless"
    SPELLINGS = {
        "as it is": TOKEN,
        "its beginning": TOKEN[:8],
        "its middle": TOKEN[6:19],
        "its end": TOKEN[-12:],
        "percent-encoded": quote(TOKEN, safe=""),
        "percent-encoded in small letters": quote(TOKEN, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
        "in JSON of PHP": TOKEN.replace("/", r"\/"),
        "base64": base64.b64encode(TOKEN.encode()).decode(),
        "base64 for URLs": base64.urlsafe_b64encode(TOKEN.encode()).decode(),
        "base64, one byte later": base64.b64encode(f"a{TOKEN}".encode()).decode(),
        "base64, two bytes later": base64.b64encode(f"ab{TOKEN}z".encode()).decode(),
        "base64 of a pair": base64.b64encode(f"me:{TOKEN}".encode()).decode(),
        "a part of base64": base64.b64encode(f"abc{TOKEN}".encode()).decode()[9:30],
    }
    PAIR = base64.b64encode(f"someone:{TOKEN}".encode()).decode()

    @pytest.mark.parametrize("spelling", SPELLINGS)
    @pytest.mark.parametrize(
        "header",
        [
            {"authorization": f"Bearer {TOKEN}"},
            {"proxy-authorization": f"Basic {PAIR}"},
            {"cookie": f"theme=dark; session={TOKEN}; lang=en"},
            {"x-api-key": TOKEN},
            {"X-Auth": f"Digest user=me, response={TOKEN}"},
        ],
        ids=lambda header: next(iter(header)),
    )
    def test_no_piece_of_it_shows(self, header: dict[str, str], spelling: str):
        echoed = self.SPELLINGS[spelling]
        left = without_private(f"We got <{echoed}> from you", SentRequest({}, **header))
        kept = "".join(left.removeprefix("We got <").removesuffix("> from you").split("***"))
        assert left.startswith("We got <")
        assert left.endswith("> from you")
        # of base64, the characters that a neighbouring byte has a share in may stay
        assert len(kept) < 8 if "base64" in spelling else not kept

    def test_ordinary_words_stay(self):
        headers = {
            "authorization": f"Bearer {self.TOKEN}",
            "cookie": f"session=abc; session_identifier={self.TOKEN}",
            "proxy-authorization": f"Negotiate {self.TOKEN}",
            "content-type": "application/json",
            "x-title": "An ordinary title",
        }
        text = (
            "Authorization: Bearer, Cookie: session_identifier, Proxy-Authorization: Negotiate, application/json, "
            "wordless, An ordinary title. Keys begin with sk-or-v1-"
        )
        request = SentRequest({}, **headers)
        assert without_private(text, request, key="sk-or-v1-0123456789abcdef") == text

    def test_a_secret_at_a_cut(self, plain: Mode, stand_in: StandIn):
        generator = plain.generator(api_key=Secret.from_token(self.TOKEN))
        with plain.one_loop():
            for size in range(960, 1000):
                stand_in.script(Answer.error(400, "x" * size + self.TOKEN + "y" * 9000))
                with pytest.raises(openai.BadRequestError) as caught:
                    plain.run(generator)
                assert self.TOKEN[:8] not in str(caught.value), size
                assert self.TOKEN[:8].encode() not in pickle.dumps(caught.value), size

    @pytest.mark.parametrize("name", ["Authorization", "X-Tenant", "Cookie"])
    @pytest.mark.parametrize("spelling", ["its middle", "percent-encoded", "base64 of a pair"])
    def test_in_errors_logs_and_pickles(self, pair: Mode, stand_in: StandIn, caplog, name: str, spelling: str):
        echoed = self.SPELLINGS[spelling]
        answer = Answer.error(429, f"We got {echoed}", headers=SOON, metadata={"raw": f"not {echoed}", "x": [echoed]})
        stand_in.script(answer, answer)
        headers = {name: Secret.from_token(f"Basic {self.PAIR}" if name != "Cookie" else f"session={self.TOKEN}")}
        with caplog.at_level(logging.DEBUG, "haystack_integrations"), pytest.raises(openai.RateLimitError) as caught:
            pair(max_retries=1, extra_headers=headers)
        shown = str(caught.value) + repr(caught.value) + caplog.text
        assert "We got " in shown
        assert "***" in shown
        pieces = [echoed[at : at + 12] for at in range(len(echoed) - 11)]
        assert not [piece for piece in pieces if piece in shown or piece.encode() in pickle.dumps(caught.value)]

    @pytest.mark.parametrize(
        ("url", "left"),
        [
            ("https://me:w0rd@h.example/a.wav", "https://***@h.example/a.wav"),
            ("https://h.example/a?X-Amz-Signature=0123456789ab&x=1", "https://h.example/a?X-Amz-Signature=***&x=1"),
            ("https://h.example/a?a=1&sig=0123%2Fabcd", "https://h.example/a?a=1&sig=***"),
            ("https://h.example/a?id=gen-1234567890#part", "https://h.example/a?id=gen-1234567890#part"),
            ("https://openrouter.ai/docs, a@b.example", "https://openrouter.ai/docs, a@b.example"),
        ],
    )
    def test_signed_urls_in_words_of_a_server(self, url: str, left: str):
        assert without_private(f"Can't load {url} now", None) == f"Can't load {left} now"

    def test_credentials_in_the_url_of_the_request(self):
        request = SentRequest({})
        request.url = "https://me:w%20rd-4711-secret@h.example/v1?api-version=2026-01-01&key=abcdefgh1234"
        left = without_private("2026-01-01, key abcdefgh1234, w rd-4711-secret", request)
        assert left == "2026-01-01, key ***, ***"


class TestErrors:
    @pytest.mark.parametrize("kind", ["text/html", "application/json"])
    def test_a_body_that_echoes_the_request(self, mode: Mode, stand_in: StandIn, caplog, kind: str):
        echo = json.dumps({"you_sent": [{"content": PROMPT}], "detail": "Unprocessable input"}).encode()
        stand_in.script(Answer([echo], 422, {"content-type": kind}))
        with caplog.at_level(logging.DEBUG, "haystack_integrations"), pytest.raises(openai.APIStatusError) as caught:
            mode(PROMPT)
        assert "lupus" not in str(caught.value) + repr(caught.value) + caplog.text
        assert "Unprocessable input" in str(caught.value)

    def test_of_a_web_page_the_title_is_shown(self, plain: Mode, stand_in: StandIn):
        page = f"<html><head><title>502\n Bad Gateway</title></head><body>{PROMPT * 50}</body></html>"
        stand_in.script(Answer([page.encode()], 502, {"content-type": "text/html"}))
        with pytest.raises(openai.InternalServerError, match="a web page with the title '502 Bad Gateway'") as caught:
            plain(PROMPT)
        assert len(str(caught.value)) < 300

    def test_a_long_message_is_cut(self, plain: Mode, stand_in: StandIn):
        stand_in.script(Answer.error(400, "so long " * 1000, metadata={"raw": "and so on " * 1000}))
        with pytest.raises(openai.BadRequestError) as caught:
            plain()
        assert 2000 < len(str(caught.value)) < 2400

    def test_the_id_of_the_generation_is_on_the_error(self, mode: Mode, stand_in: StandIn):
        stand_in.script(
            Answer.json({"error": {"code": 400, "message": "x"}}, 400, headers={"X-Generation-Id": "gen-7"})
        )
        with pytest.raises(openai.BadRequestError, match="gen-7") as caught:
            mode()
        assert caught.value.generation_id == "gen-7"


class TestRedirects:
    @pytest.fixture
    def elsewhere(self) -> Any:
        with StandIn() as server:
            yield server

    @pytest.mark.parametrize(
        ("status", "host"),
        [*((status, "127.0.0.1") for status in (301, 302, 303, 307, 308)), (301, "localhost"), (308, "localhost")],
    )
    @pytest.mark.parametrize("kwargs", [None, {"trust_env": False}])
    def test_another_origin_gets_nothing(
        self, plain: Mode, stand_in: StandIn, elsewhere: StandIn, status, kwargs, host
    ):
        target = elsewhere.url.replace("127.0.0.1", host) + "/chat/completions"
        stand_in.script(Answer([], status, {"location": target}))
        with pytest.raises(openai.APIConnectionError, match=rf"redirects to http://{host}:\d+\..*`api_base_url`"):
            plain(max_retries=3, http_client_kwargs=kwargs, extra_headers={"X-Secret": "s"})
        assert not elsewhere.requests
        assert len(stand_in.requests) == 1

    @pytest.mark.parametrize("is_async", [False, True])
    @pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
    def test_of_each_component(self, stand_in: StandIn, elsewhere: StandIn, kind: type[Any], is_async):
        stand_in.script(Answer([], 307, {"location": elsewhere.url}))
        component = build(kind, api_base_url=stand_in.url, max_retries=3)
        component.raise_on_failure = True
        call = getattr(component, METHODS.get(kind.__name__, "run") + "_async" * is_async)
        with pytest.raises(openai.APIConnectionError, match="redirects to"):
            asyncio.run(call(*INPUTS[kind.__name__])) if is_async else call(*INPUTS[kind.__name__])
        assert not elsewhere.requests

    @pytest.mark.parametrize("kwargs", [None, {"trust_env": False}])
    @pytest.mark.parametrize(
        "target", ["http:/api/v1", "https:/api/v1", "//localhost/x", "ftp://127.0.0.1/", "http://:80"]
    )
    def test_other_ways_to_name_one(self, plain: Mode, stand_in: StandIn, target, kwargs):
        stand_in.script(Answer([], 307, {"location": target}))
        with pytest.raises(openai.APIConnectionError, match=r"http://127\.0\.0\.1:\d+ redirects to"):
            plain(http_client_kwargs=kwargs)

    @pytest.mark.parametrize(
        ("base_url", "target", "is_followed"),
        [
            ("http://gate.example", "https://gate.example", True),
            ("http://gate.example:80", "https://GATE.example:443", True),
            ("http://gate.example", "https://gate.example:8443", False),
            ("http://gate.example:8080", "https://gate.example", False),
            ("http://gate.example:8080", "https://gate.example:8080", False),
            ("http://gate.example", "https://other.example", False),
        ],
    )
    def test_an_upgrade_is_followed(self, plain: Mode, stand_in: StandIn, base_url, target, is_followed):
        # a proxy is asked for the new connection only if the redirect is followed; the stand-in can't make one
        kwargs = {"proxy": stand_in.url.removesuffix("/api/v1")}
        stand_in.script(Answer([], 307, {"location": f"{target}/v1/chat/completions"}))
        with pytest.raises(openai.APIConnectionError) as caught:
            plain(api_base_url=f"{base_url}/v1", http_client_kwargs=kwargs)
        assert ("Unsupported method" in str(caught.value)) is is_followed
        assert ("redirects to" in str(caught.value)) is not is_followed

    def test_the_client_of_a_user_has_a_policy_of_its_own(self, sync: Mode, stand_in: StandIn, elsewhere: StandIn):
        stand_in.script(Answer([], 307, {"location": f"{elsewhere.url}/chat/completions"}))
        generator = sync.generator()
        generator.client = openai.OpenAI(api_key="sk", base_url=stand_in.url)
        with pytest.raises(openai.AuthenticationError):  # httpx leaves the key out
            sync.run(generator)
        assert len(elsewhere.requests) == 1

    @pytest.mark.parametrize("kwargs", [None, {"trust_env": False}])
    @pytest.mark.parametrize("target", ["http://[::1", "\x01", "/" * 70000])
    def test_what_is_not_a_url(self, plain: Mode, stand_in: StandIn, target, kwargs):
        stand_in.script(Answer([], 307, {"location": target}))
        with pytest.raises(openai.APIConnectionError, match=r"127\.0\.0\.1 redirects to something that is not a URL"):
            plain(http_client_kwargs=kwargs)

    def test_the_same_origin_is_followed(self, plain: Mode, stand_in: StandIn):
        stand_in.script(Answer([], 307, {"location": "/api/v1/chat/completions?again"}))
        assert plain().text
        assert len(stand_in.requests) == 2


class TestCookies:
    COOKIE = {"set-cookie": "session=of-another-user; Path=/"}

    @pytest.mark.parametrize("is_async", [False, True])
    @pytest.mark.parametrize("kwargs", [None, {"cookies": {"route": "7"}}], ids=["none", "given"])
    def test_those_of_one_call_are_not_sent_with_the_next(self, stand_in: StandIn, kwargs, is_async):
        component = OpenRouterTextEmbedder(api_base_url=stand_in.url, http_client_kwargs=kwargs)
        body = {"data": [embedding(0, 1.0)], "usage": {}}
        stand_in.script(*(Answer.json(body, headers=self.COOKIE) for _ in range(3)))

        async def run_async() -> None:
            for _ in range(3):
                await component.run_async("x")

        if is_async:
            asyncio.run(run_async())
        else:
            for _ in range(3):
                component.run("x")
        sent = [request.headers.get("cookie") for request in stand_in.requests]
        assert sent == ["route=7" if kwargs else None] * 3

    def test_those_of_a_failure_are_not_sent_with_the_next_try(self, mode: Mode, stand_in: StandIn):
        stand_in.script(Answer.error(503, "Busy", headers={**SOON, **self.COOKIE}))
        mode(max_retries=1)
        assert ["cookie" in request.headers for request in stand_in.requests] == [False, False]

    def test_a_jar_of_the_user_stays_as_it_is(self, sync: Mode, stand_in: StandIn):
        jar = CookieJar()
        stand_in.script(Answer.error(503, "Busy", headers={**SOON, **self.COOKIE}))
        sync(max_retries=1, http_client_kwargs={"cookies": jar})
        assert not list(jar)

    def test_the_client_of_a_user_has_a_policy_of_its_own(self, sync: Mode, stand_in: StandIn):
        generator = sync.generator()
        generator.client = openai.OpenAI(api_key="sk-or-test-key", base_url=stand_in.url)
        stand_in.script(Answer.error(503, "Busy", headers={**SOON, **self.COOKIE}))
        sync.run(generator)
        assert stand_in.requests[1].headers["cookie"] == "session=of-another-user"


class TestOpenAIEnvironment:
    def test_copies_of_the_client_send_nothing_of_openai(self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
        monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: yes")
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url)
        generator.warm_up()
        client = generator.client.with_options(timeout=5)
        client.chat.completions.create(model="a/b", messages=[{"role": "user", "content": "hi"}])
        (request,) = stand_in.requests
        assert not {"openai-organization", "openai-project", "x-mine"} & request.headers.keys()


class TestSecretHeaders:
    @pytest.fixture(autouse=True)
    def token(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("GATEWAY_TOKEN", "very-secret-token")

    HEADERS = {"X-Gateway-Token": Secret.from_env_var("GATEWAY_TOKEN"), "X-Title": "mine"}

    def test_resolved_when_sent(self, mode: Mode, stand_in: StandIn):
        mode(extra_headers=self.HEADERS)
        mode(run={"extra_headers": self.HEADERS})
        for request in stand_in.requests:
            assert request.headers["x-gateway-token"] == "very-secret-token"
            assert request.headers["x-title"] == "mine"

    def test_of_an_embedder(self, stand_in: StandIn):
        OpenRouterTextEmbedder(api_base_url=stand_in.url, extra_headers=self.HEADERS).run("x")
        assert stand_in.requests[0].headers["x-gateway-token"] == "very-secret-token"

    def test_written_as_secrets(self, stand_in: StandIn):
        pipeline = Pipeline()
        component = OpenRouterChatGenerator(
            api_base_url=stand_in.url, extra_headers=self.HEADERS, generation_kwargs={"extra_headers": self.HEADERS}
        )
        pipeline.add_component("llm", component)
        text = pipeline.dumps()
        assert "very-secret-token" not in text
        loaded = Pipeline.loads(text)
        assert loaded.get_component("llm").extra_headers == self.HEADERS
        loaded.run({"llm": {"messages": "hi"}})
        assert stand_in.requests[0].headers["x-gateway-token"] == "very-secret-token"

    READS_THE_ENVIRONMENT = {"X-Title": {"type": "env_var", "env_vars": ["GATEWAY_TOKEN"], "strict": True}}

    @pytest.mark.parametrize("name", ["extra_headers", "generation_kwargs"])
    @pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.__name__)
    def test_a_dictionary_is_none(self, stand_in: StandIn, kind: type[Any], name):
        if name not in inspect.signature(kind).parameters:
            return
        is_header = name == "extra_headers"
        value = self.READS_THE_ENVIRONMENT if is_header else {"extra_headers": self.READS_THE_ENVIRONMENT}
        place = "`extra_headers`" if is_header else r'`generation_kwargs\["extra_headers"\]`'
        error = f"{place}: the value of header 'X-Title' must be a string or a Secret, not dict"
        inputs = INPUTS[kind.__name__]
        with pytest.raises(TypeError, match=error):
            build(kind, **{name: value})
        changed, component = (build(kind, api_base_url=stand_in.url) for _ in range(2))
        setattr(changed, name, value)
        calls = [(changed, {})] if is_header else [(changed, {}), (component, {name: value})]
        for called, arguments in calls:
            with pytest.raises(TypeError, match=error):
                called.run(*inputs, **arguments)
            with pytest.raises(TypeError, match=error):
                asyncio.run(called.run_async(*inputs, **arguments))
        assert not stand_in.requests

    def test_they_are_read_only_where_they_are_written(self):
        data = OpenRouterChatGenerator().to_dict()
        data["init_parameters"]["generation_kwargs"] = {"metadata": self.READS_THE_ENVIRONMENT}
        loaded = OpenRouterChatGenerator.from_dict(data)
        assert loaded.generation_kwargs == {"metadata": self.READS_THE_ENVIRONMENT}

    @pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
    def test_yaml_of_each(self, kind: type[Any]):
        given = {"extra_headers": self.HEADERS, "generation_kwargs": {"extra_headers": self.HEADERS}}
        given = {name: value for name, value in given.items() if name in inspect.signature(kind).parameters}
        data = json.loads(json.dumps(build(kind, **given).to_dict()))
        before = json.dumps(data)
        loaded = kind.from_dict(data)
        assert {name: getattr(loaded, name) for name in given} == given
        assert json.dumps(data) == before

    @pytest.mark.parametrize("given", ["extra_headers", "run"])
    def test_whatever_its_name_it_is_in_no_error_and_no_log(self, mode: Mode, stand_in: StandIn, caplog, given):
        headers = {"X-Tenant": Secret.from_env_var("GATEWAY_TOKEN")}
        echo = Answer.error(429, "We got x-tenant: very-secret-token", headers=SOON)
        stand_in.script(echo, echo)
        with caplog.at_level(logging.DEBUG, "haystack_integrations"), pytest.raises(openai.RateLimitError) as caught:
            mode(max_retries=1, **{given: headers if given == "extra_headers" else {"extra_headers": headers}})
        assert "We got x-tenant: ***" in str(caught.value)
        assert "We got x-tenant: ***" in caplog.text
        assert "very-secret-token" not in caplog.text
        assert b"very-secret-token" not in pickle.dumps(caught.value)

    def test_one_that_is_not_set(self, plain: Mode, stand_in: StandIn):
        with pytest.raises(ValueError, match="NOT_SET|X-Key"):
            plain(extra_headers={"X-Key": Secret.from_env_var("NOT_SET")})
        with pytest.raises(ValueError, match="'X-Key' must be set"):
            plain(extra_headers={"X-Key": Secret.from_env_var("NOT_SET", strict=False)})
        assert not stand_in.requests

    @pytest.mark.parametrize(
        ("parameters", "named"),
        [
            ({"extra_headers": {"X-Api-Key": "abc"}}, "extra_headers['X-Api-Key']"),
            ({"extra_headers": {"Cookie": "abc"}}, "extra_headers['Cookie']"),
            ({"extra_headers": {"Authorization": "abc"}}, "extra_headers['Authorization']"),
            ({"extra_headers": {"auth-token": "abc"}}, "extra_headers['auth-token']"),
            ({"api_base_url": "https://me:word@gate.example/v1"}, "api_base_url"),
            ({"http_client_kwargs": {"proxy": "http://me:word@proxy.example"}}, "http_client_kwargs['proxy']"),
            ({"http_client_kwargs": {"auth": ("me", "word")}}, "http_client_kwargs['auth']"),
            ({"http_client_kwargs": {"headers": {"X-Api-Key": "abc"}}}, "http_client_kwargs['headers']"),
            ({"http_client_kwargs": {"params": {"api-key": "abc"}}}, "http_client_kwargs['params']['api-key']"),
            ({"http_client_kwargs": {"params": [("token", "abc")]}}, "http_client_kwargs['params']['token']"),
            ({"http_client_kwargs": {"params": "x=1&sig=abc"}}, "http_client_kwargs['params']['sig']"),
            ({"http_client_kwargs": {"params": b"key=abc"}}, "http_client_kwargs['params']['key']"),
            ({"api_base_url": "https://gate.example/v1?key=abc"}, "api_base_url['key']"),
            (
                {"generation_kwargs": {"extra_headers": {"X-Api-Key": "abc"}}},
                "generation_kwargs['extra_headers']['X-Api-Key']",
            ),
            (
                {"generation_kwargs": {"extra_query": {"access_token": "abc"}}},
                "generation_kwargs['extra_query']['access_token']",
            ),
        ],
    )
    def test_a_credential_in_clear_is_warned_of(self, caplog: pytest.LogCaptureFixture, parameters, named):
        OpenRouterChatGenerator(**parameters).to_dict()
        (record,) = [record for record in caplog.records if "in plain text" in record.getMessage()]
        assert named in record.getMessage()
        assert "word@" not in record.getMessage()
        assert "abc" not in record.getMessage()

    def test_no_warning_of_harmless_settings(self, caplog: pytest.LogCaptureFixture):
        OpenRouterChatGenerator(
            extra_headers={"X-Title": "monkey", "X-Gateway-Token": Secret.from_env_var("GATEWAY_TOKEN")},
            http_client_kwargs={"proxy": "http://proxy.example", "params": {"api-version": "2026-01-01"}},
            api_base_url="https://gate.example/v1?api-version=2026-01-01",
            generation_kwargs={
                "extra_query": {"region": "eu"},
                "extra_headers": {"X-Key": Secret.from_env_var("GATEWAY_TOKEN"), "X-Title": "x"},
            },
        ).to_dict()
        assert "in plain text" not in caplog.text

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("https://me:w0rd@gate.example/v1?key=k#f", "https://gate.example/v1"),
            ("https://me:w0rd#x@gate.example/v1", "?"),
            ("https://me:w0rd/x@gate.example/v1", "?"),
            ("me:w0rd@gate.example/v1", "?"),
            ("https://gate.example:8080/@me/v1", "https://gate.example:8080/@me/v1"),
        ],
    )
    def test_the_url_in_repr(self, url: str, shown: str):
        assert f"api_base_url={shown!r})" in repr(OpenRouterChatGenerator(api_base_url=url))

    def test_a_url_that_cannot_be_read(self, caplog: pytest.LogCaptureFixture):
        generator = OpenRouterChatGenerator(api_base_url="https://[::1/v1")
        assert generator.to_dict()["init_parameters"]["api_base_url"] == "https://[::1/v1"
        assert "in clear" not in caplog.text
        assert "api_base_url='?'" in repr(generator)


class TestSettings:
    @pytest.mark.parametrize(
        ("parameters", "named"),
        [
            ({"timeout": "30"}, "`timeout`"),
            ({"timeout": -1}, "`timeout`"),
            ({"max_retries": "5"}, "`max_retries`"),
            ({"max_retries": 1.5}, "`max_retries`"),
            ({"max_retries": True}, "`max_retries`"),
            ({"http_client_kwargs": {"proxi": "http://x"}}, "'proxi'"),
            ({"http_client_kwargs": {"proxy": 5}}, "`http_client_kwargs`"),
            ({"http_client_kwargs": [1]}, "`http_client_kwargs`"),
            ({"model": ""}, "`model`"),
            ({"model": "  "}, "`model`"),
        ],
    )
    def test_refused_at_init(self, parameters, named):
        with pytest.raises((TypeError, ValueError), match=named):
            OpenRouterTextEmbedder(**parameters)
        with pytest.raises((TypeError, ValueError), match=named):
            OpenRouterChatGenerator(**parameters)

    @pytest.mark.parametrize("value", [None, " "])
    def test_a_missing_key_says_where_keys_are(self, plain: Mode, monkeypatch: pytest.MonkeyPatch, value):
        if value is None:
            monkeypatch.delenv("OPENROUTER_API_KEY")
        else:
            monkeypatch.setenv("OPENROUTER_API_KEY", value)
        with pytest.raises(
            ValueError, match="environment variable OPENROUTER_API_KEY is not set or blank.*settings/keys"
        ) as caught:
            plain(api_key=Secret.from_env_var("OPENROUTER_API_KEY"))
        assert ("None of the following authentication environment variables are set" in str(caught.value)) == (
            value is None
        )


class TestModelNames:
    @pytest.mark.parametrize("code", [400, 404])
    @pytest.mark.parametrize("message", ["x/gpt is not a valid model ID", "Model openai/gpt-4o-minni does not exist"])
    def test_a_wrong_name_is_met_with_near_ones(self, stand_in: StandIn, code, message):
        for component in (
            OpenRouterChatGenerator(api_base_url=stand_in.url, model="openai/gpt-4o-minni"),
            OpenRouterTextEmbedder(api_base_url=stand_in.url, model="openai/gpt-4o-minni"),
        ):
            stand_in.script(Answer.error(code, message))
            with pytest.raises(
                openai.APIStatusError, match="`openai/gpt-4o-minni` at.*Did you mean `openai/gpt-4o-mini`"
            ):
                component.run("hi")
