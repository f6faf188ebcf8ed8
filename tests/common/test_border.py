# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What crosses the border: text that goes out and comes in, what is shown of it, and arguments that nothing can use.
"""

import asyncio
import copy
import inspect
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest
from components import COMPONENTS, DOCUMENTS, INPUTS, KINDS, METHODS, RECORDINGS, build
from haystack import Document
from haystack.dataclasses import ByteStream, ChatMessage, FileContent, ImageContent, TextContent
from haystack.tools import Tool
from haystack.utils import Secret
from pydantic import BaseModel
from stand_in import Answer, StandIn
from wire import USAGE, completion, embedding, error_body, events, scored

from haystack_integrations.common.openrouter._catalogue.command import main
from haystack_integrations.common.openrouter.account import OpenRouterAccount
from haystack_integrations.common.openrouter.cost import cost_table
from haystack_integrations.common.openrouter.models import OpenRouterModels
from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer, OpenRouterTranscriber
from haystack_integrations.components.embedders.openrouter import OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterImageGenerator
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

HALF = chr(0xD83D)
ODD = f"a{HALF}b"
SENT = "a\ufffdb"
NESTED = {"provider": {"order": [ODD], ODD: (ODD,)}, "user": ODD, "new": ODD}
TOOL = Tool(f"f{HALF}", ODD, {"type": "object", "properties": {ODD: {"type": "string", "description": ODD}}}, print)
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
PARTS = [TextContent(ODD), ImageContent(PNG, "image/png"), FileContent("QUJD", "text/csv", filename=f"{ODD}.csv")]
DOCUMENT = Document(id="1", content=ODD, meta={"title": ODD, "file_path": DOCUMENTS[0].meta["file_path"]})

Given = tuple[dict[str, Any], tuple[Any, ...], dict[str, Any]]
GIVEN: dict[str, Given] = {
    "OpenRouterChatGenerator": (
        {"tools": [TOOL], "generation_kwargs": NESTED},
        ([ChatMessage.from_system(ODD), ChatMessage.from_user(content_parts=PARTS)],),
        {
            "generation_kwargs": {
                "tools": [{"type": ODD, "parameters": {ODD: ODD}}],
                "response_format": {"type": "json_schema", "json_schema": {"name": ODD, "schema": {ODD: ODD}}},
                "extra_body": {ODD: [ODD]},
                "extra_query": {ODD: ODD},
                "stop": (ODD, "c"),
            }
        },
    ),
    "OpenRouterTextEmbedder": ({"prefix": ODD, "suffix": ODD, "extra_parameters": NESTED}, (ODD,), {}),
    "OpenRouterDocumentEmbedder": (
        {"prefix": ODD, "embedding_separator": ODD, "meta_fields_to_embed": ["title"], "extra_parameters": NESTED},
        ([DOCUMENT],),
        {},
    ),
    "OpenRouterDocumentImageEmbedder": ({"embed_content": True, "prefix": ODD, "extra_parameters": NESTED}, ([DOCUMENT],), {}),
    "OpenRouterRanker": (
        {"meta_data_separator": ODD, "meta_fields_to_embed": ["title"], "extra_parameters": NESTED},
        (ODD, [DOCUMENT]),
        {},
    ),
    "OpenRouterImageGenerator": ({"generation_kwargs": NESTED}, (ODD, [ImageContent(PNG)]), {"generation_kwargs": NESTED}),
    "OpenRouterVideoGenerator": ({"generation_kwargs": NESTED}, (ODD, [ImageContent(PNG)]), {"generation_kwargs": NESTED}),
    "OpenRouterSpeechSynthesizer": (
        {"voice": ODD, "generation_kwargs": {**NESTED, "instructions": ODD}},
        (ODD,),
        {"generation_kwargs": {"extra_query": {"q": ODD}}},
    ),
    "OpenRouterTextRouter": (
        {"labels": {"a": ODD, "b": {ODD: [ODD]}}, "instructions": ODD, "extra_parameters": NESTED},
        (ODD,),
        {},
    ),
    "OpenRouterDocumentClassifier": (
        {
            "questions": {
                "a": {"type": "noul", "instructions": {ODD: ODD}, "criteria": {"true": ODD, "false": ODD}, "new": ODD},
                "b": {"type": "score", "instructions": ODD, "criteria": [ODD, ODD]},
            },
            "extra_parameters": NESTED,
        },
        ([DOCUMENT],),
        {},
    ),
    "OpenRouterTranscriber": ({"language": ODD, "generation_kwargs": {**NESTED, "keyterms": [ODD]}}, (RECORDINGS,), {}),
}  # fmt: skip
"""Parameters, inputs and arguments of a run, with half of a surrogate pair wherever there may be text."""


def made(name: str, stand_in: StandIn, **parameters: Any) -> Any:
    known = inspect.signature(KINDS[name].__init__).parameters
    usual = {"progress_bar": False, "max_retries": 0, "raise_on_failure": True}
    usual = {parameter: value for parameter, value in usual.items() if parameter in known}
    return build(KINDS[name], api_base_url=stand_in.url, **{**usual, **parameters})


def call(component: Any, way: str, *inputs: Any, **arguments: Any) -> Any:
    if way == "async":
        return asyncio.run(component.run_async(*inputs, **arguments))
    return component.run(*inputs, **arguments)


@pytest.mark.parametrize("way", ["sync", "async"])
class TestWhatGoesOut:
    @pytest.mark.parametrize("name", GIVEN)
    def test_half_a_pair_is_replaced_anywhere(self, stand_in: StandIn, name: str, way: str):
        parameters, inputs, arguments = GIVEN[name]
        before = repr((parameters, inputs, arguments))
        stand_in.script(*[good(name)] * (name != "OpenRouterVideoGenerator"))
        assert call(made(name, stand_in, **parameters), way, *inputs, **arguments)
        (request, *_) = stand_in.requests
        text = json.dumps([request.body, request.query], ensure_ascii=False)
        text.encode()
        assert SENT in text
        assert "\ufffd" not in text.replace(SENT, "").replace("f\ufffd", "")
        assert repr((parameters, inputs, arguments)) == before

    def test_through_a_client_of_the_users(self, stand_in: StandIn, way: str):
        embedder, generator = OpenRouterTextEmbedder(), OpenRouterChatGenerator(generation_kwargs={"user": ODD})
        for component in (embedder, generator):
            component.client = openai.OpenAI(base_url=stand_in.url, api_key="x", max_retries=0)
            component.async_client = openai.AsyncOpenAI(base_url=stand_in.url, api_key="x", max_retries=0)
            call(component, way, ODD)
        embedding_request, chat_request = stand_in.requests
        assert embedding_request.body["input"] == chat_request.body["user"] == SENT

    def test_a_stream(self, stand_in: StandIn, way: str):
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url, streaming_callback=print)

        async def keep(chunk: Any) -> None: ...

        stand_in.script(Answer.sse(events({"content": "x"})))
        call(generator, way, ODD, streaming_callback=keep if way == "async" else print)
        assert stand_in.requests[0].body["messages"] == [{"role": "user", "content": SENT}]

    @pytest.mark.parametrize(
        ("parameters", "told"),
        [
            ({"generation_kwargs": {"extra_body": {"x": type("Model", (BaseModel,), {"a": ODD, "__annotations__": {"a": str}})(a=ODD)}}}, "models"),
            ({"http_client_kwargs": {"params": {"q": ODD}}}, "`http_client_kwargs`"),
        ],
    )  # fmt: skip
    def test_what_can_not_be_replaced_is_named(self, stand_in: StandIn, way: str, parameters, told):
        with pytest.raises(ValueError, match=told) as caught:
            call(made("OpenRouterChatGenerator", stand_in, **parameters), way, "A long secret prompt")
        assert not isinstance(caught.value, UnicodeError)
        error: BaseException | None = caught.value
        while error is not None:
            assert "secret" not in repr(vars(error)) + str(error.args) + str(getattr(error, "object", ""))
            error = error.__cause__ or error.__context__
        assert not stand_in.requests

    def test_what_was_sent_is_not_sent_again(self, stand_in: StandIn, way: str, monkeypatch: pytest.MonkeyPatch):
        for kind in (openai.resources.chat.Completions, openai.resources.chat.AsyncCompletions):

            def create(*args: Any, _create: Any = kind.create, **kwargs: Any) -> Any:
                sent = _create(*args, **kwargs)
                if not inspect.isawaitable(sent):
                    ODD.encode()
                return self.show(sent)

            monkeypatch.setattr(kind, "create", create)
        with pytest.raises(ValueError, match="half of a surrogate pair"):
            call(made("OpenRouterChatGenerator", stand_in), way, "x")
        assert len(stand_in.requests) == 1

    async def show(self, sent: Any) -> None:
        """
        Do what a tool does that shows a reply and can't.
        """
        await sent
        ODD.encode()


def good(name: str) -> Answer:
    if name == "OpenRouterChatGenerator":
        return Answer.json(completion({"content": "x"}))
    if name.endswith("Embedder"):
        return Answer.json({"data": [embedding(0, 0.5)]})
    if name == "OpenRouterRanker":
        return Answer.json({"results": [scored(0, 1)]})
    if name == "OpenRouterTextRouter":
        return Answer.json({"answers": {"route": {"type": "choice", "choice": "a"}}})
    if name == "OpenRouterDocumentClassifier":
        return Answer.json({"answers": {"a": {"type": "noul", "noul": 1}, "b": {"type": "score", "score": 0}}})
    if name == "OpenRouterSpeechSynthesizer":
        return Answer.raw(b"abc", "audio/mpeg")
    return Answer.json({"data": [{"b64_json": PNG}], "text": "x"})


NAMES: list[tuple[str, Callable[[Any, Any], Any]]] = [
    *((f"`{argument}`", lambda kind, odd, argument=argument: build(kind, **{argument: odd})) for argument in ("model", "api_base_url")),
    ("header", lambda kind, odd: build(kind, extra_headers={"X-Title": odd})),
    ("header", lambda kind, odd: build(kind, extra_headers={odd: "x"})),
]  # fmt: skip


class TestNames:
    @pytest.mark.parametrize("odd", [ODD, "a/b\n", "a/\x1b[31mb", "https://a.example/\u202e"])
    @pytest.mark.parametrize(("told", "make"), NAMES)
    def test_an_odd_character_is_refused(self, told: str, make: Any, odd: str):
        for kind in COMPONENTS:
            with pytest.raises(ValueError, match=told) as caught:
                make(kind, odd)
            assert str(caught.value).isprintable()
            assert not isinstance(caught.value, UnicodeError)

    @pytest.mark.parametrize("odd", [ODD, "a/b\n", "gen-\x1b"])
    def test_of_the_account_and_the_catalogue(self, stand_in: StandIn, odd: str):
        models = OpenRouterModels(api_base_url=stand_in.url)
        calls = [
            ("`generation_id`", lambda: OpenRouterAccount(api_base_url=stand_in.url).generation(odd)),
            ("`name`", lambda: models.get(f"a/{odd}")),
            ("`name`", lambda: models.endpoints(f"{odd}/b")),
            ("`name`", lambda: asyncio.run(models.get_async(f"a/{odd}"))),
            ('generation_kwargs\\["model"\\]', lambda: OpenRouterChatGenerator(generation_kwargs={"model": odd})),
        ]
        for told, refused in calls:
            with pytest.raises(ValueError, match=told) as caught:
                refused()
            assert str(caught.value).isprintable()
        assert not stand_in.requests

    def test_a_filter_is_no_name(self, stand_in: StandIn):
        OpenRouterModels(api_base_url=stand_in.url).list(q=ODD)
        assert stand_in.requests[0].query["q"] == SENT


ODD_FIELDS = {"id": ODD, "provider": ODD, ODD: {ODD: [ODD]}, "usage": {ODD: ODD, "cost": 0.5}}
ODD_BODIES: dict[str, dict[str, Any]] = {
    "OpenRouterChatGenerator": {"choices": [{"index": 0, "message": {"content": ODD, "new": {ODD: ODD}}}], "new": ODD},
    "OpenRouterTextEmbedder": {"data": [embedding(0, 0.5)], "model": ODD, **ODD_FIELDS},
    "OpenRouterDocumentEmbedder": {"data": [embedding(0, 0.5)], "model": ODD, **ODD_FIELDS},
    "OpenRouterDocumentImageEmbedder": {"data": [embedding(0, 0.5)], "model": ODD, **ODD_FIELDS},
    "OpenRouterRanker": {"results": [{**scored(0, 1), ODD: ODD}], **ODD_FIELDS},
    "OpenRouterImageGenerator": {"data": [{"b64_json": PNG, "media_type": ODD, ODD: ODD}, {ODD: ODD}], **ODD_FIELDS},
    "OpenRouterTranscriber": {"text": ODD, "segments": [{"text": ODD, ODD: ODD}], "language": ODD, **ODD_FIELDS},
    "OpenRouterModels": {"data": {"id": ODD, "endpoints": [{"provider_name": ODD, "tag": ODD, ODD: ODD}]}},
    "OpenRouterAccount": {"data": {"label": ODD, ODD: [ODD]}},
}


def kept(value: Any) -> Any:
    """
    A result as a user would write it down.
    """
    if isinstance(value, list):
        return [kept(item) for item in value]
    if isinstance(value, dict):
        return {name: kept(item) for name, item in value.items()}
    return kept(vars(value)) if hasattr(value, "raw") else value.to_dict() if hasattr(value, "to_dict") else value


@pytest.mark.parametrize("way", ["sync", "async"])
class TestWhatComesIn:
    @pytest.mark.parametrize("name", ODD_BODIES)
    def test_no_result_holds_half_a_pair(self, stand_in: StandIn, name: str, way: str):
        stand_in.script(*[Answer.json(ODD_BODIES[name])] * 2)
        method = METHODS.get(name, "run") + ("_async" if way == "async" else "")
        inputs = INPUTS[name] if name not in ("OpenRouterTranscriber",) else (RECORDINGS[:1],)
        inputs = tuple(DOCUMENTS[:1] if one is DOCUMENTS else one for one in inputs)
        result = getattr(made(name, stand_in), method)(*inputs)
        result = asyncio.run(result) if inspect.isawaitable(result) else result
        text = json.dumps(kept(result), ensure_ascii=False)
        text.encode()
        assert SENT in text

    def test_where_a_tool_watches(self, stand_in: StandIn, way: str, monkeypatch: pytest.MonkeyPatch):
        for kind in (openai.resources.Embeddings, openai.resources.AsyncEmbeddings):
            create = kind.create
            monkeypatch.setattr(kind, "create", lambda *args, _create=create, **kwargs: _create(*args, **kwargs))
        stand_in.script(
            Answer.json({"data": [embedding(0, 0.5)], "model": ODD, "new": {ODD: ODD}, "usage": {"x": ODD}})
        )
        embedder = OpenRouterTextEmbedder(api_base_url=stand_in.url, max_retries=0)
        json.dumps(call(embedder, way, "x"), ensure_ascii=False).encode()
        stand_in.script(Answer.json({"data": [embedding(0, 0.5)], "object": "list", ODD: 1, "model": "x", "usage": {}}))
        with suppress(openai.APIError):  # new versions of the SDK's model can't be read
            json.dumps(call(embedder, way, "x"), ensure_ascii=False).encode()

    def test_the_meta_of_a_transcript(self, stand_in: StandIn, way: str, tmp_path: Path):
        name = f"note-{chr(0xDCFF)}.mp3"  # what Python makes of a name that is no UTF-8
        (tmp_path / name).write_bytes(b"abc")
        stream = ByteStream(b"abc", meta={"file_name": f"{ODD}.wav", "tags": [ODD]}, mime_type="audio/wav")
        before = copy.deepcopy(stream)
        transcriber = made("OpenRouterTranscriber", stand_in, raise_on_failure=False, concurrency=1)
        stand_in.script(Answer.json({"text": "x"}), Answer.json({"text": "x"}), Answer.error(500, "Gone"))
        result = call(transcriber, way, [tmp_path / name, stream, stream])
        for document in result["documents"]:
            json.dumps(document.to_dict(), ensure_ascii=False).encode()
        assert result["documents"][1].meta == {"file_name": f"{SENT}.wav", "tags": [SENT]}
        assert stream == before

    def test_whole_meta_stays_as_it_is(self, stand_in: StandIn, way: str):
        meta = {"tags": ("a", "ü"), "weight": float("inf"), "file_name": "a.wav"}
        result = call(made("OpenRouterTranscriber", stand_in), way, [ByteStream(b"abc", meta=meta)])
        document = result["documents"][0]
        assert {name: document.meta[name] for name in meta} == meta


CONTROL = "\x1b[31m\n\u202egpj\r"


class TestWhatIsShown:
    def lines(self, text: str) -> None:
        assert all(char.isprintable() or char == "\n" for char in text), ascii(text)

    def test_tables(self, stand_in: StandIn, capsys: pytest.CaptureFixture[str]):
        meta = {"model": f"a/{CONTROL}", "provider": CONTROL, "usage": USAGE}
        shown = cost_table([ChatMessage.from_assistant("x", meta=meta)])
        self.lines(shown)
        assert len(shown.splitlines()) == 3
        assert r"\x1b[31m\n\u202egpj" in shown
        stand_in.script(
            Answer.json({"data": [{"id": f"a/{CONTROL}{'x' * 500}", "architecture": {"input_modalities": [CONTROL]}}]})
        )
        main(lambda **given: OpenRouterModels(**{**given, "api_base_url": stand_in.url}), [])
        printed = capsys.readouterr().out
        self.lines(printed)
        assert len(printed.splitlines()) == 2
        assert len(printed.splitlines()[1]) < 300

    def test_the_command_shows_an_error(self, stand_in: StandIn, capsys: pytest.CaptureFixture[str]):
        stand_in.script(Answer.json(error_body(400, CONTROL), 400))
        assert main(lambda **given: OpenRouterModels(**{**given, "api_base_url": stand_in.url}), []) == 1
        assert capsys.readouterr().err.strip("\n").isprintable()

    def test_logs(self, stand_in: StandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture):
        stand_in.script(Answer.json(error_body(400, "No"), 400), good("OpenRouterDocumentEmbedder"))
        documents = [Document(id=f"{CONTROL}{number}", content="x") for number in range(2)]
        made("OpenRouterDocumentEmbedder", stand_in, batch_size=1, raise_on_failure=False).run(documents)
        (tmp_path / f"{CONTROL}.mp3").write_bytes(b"abc")
        sources = [tmp_path / f"{CONTROL}.mp3", ByteStream(b"abc", mime_type="audio/wav")]
        stand_in.script(Answer.json(error_body(400, "No"), 400))
        made("OpenRouterTranscriber", stand_in, raise_on_failure=False, concurrency=1).run(sources)
        stand_in.script(Answer.json(error_body(503, CONTROL), 503))
        OpenRouterTextEmbedder(api_base_url=stand_in.url, max_retries=1).run("x")
        OpenRouterChatGenerator(generation_kwargs={f"temperatur{chr(0x202E)}": 1})
        OpenRouterTextEmbedder(model="gpt-" + "x" * 1000)
        messages = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(messages) == 5
        assert all(said.isprintable() and len(said) < 700 for said in messages), messages


HUGE: list[Any] = [10**400, 10**5000, -(10**5000), Decimal("1e400"), float("inf"), -float("inf"), float("nan"), "1"]
NUMBERS = {
    name: [
        parameter
        for parameter, known in inspect.signature(kind.__init__).parameters.items()
        if any(number in str(known.annotation) for number in ("int", "float"))
        and "Callable" not in str(known.annotation)
    ]
    for name, kind in KINDS.items()
}


class TestNumbers:
    def test_there_are_some(self):
        found = {number for numbers in NUMBERS.values() for number in numbers}
        assert {"timeout", "max_retries", "cache_seconds", "batch_size", "sample_rate"} < found

    @pytest.mark.parametrize(("name", "parameter"), [(name, number) for name in NUMBERS for number in NUMBERS[name]])
    def test_what_no_one_can_use_is_refused_by_name(self, stand_in: StandIn, name: str, parameter: str):
        component = made(name, stand_in)
        for odd in HUGE:
            value = (odd, odd) if parameter == "image_size" else odd
            with pytest.raises((TypeError, ValueError), match=parameter) as caught:
                build(KINDS[name], **{parameter: value})
            assert len(str(caught.value)) < 400
            setattr(component, parameter, value)
            with pytest.raises(type(caught.value)) as again:
                getattr(component, METHODS.get(name, "run"))(*INPUTS[name])
            assert str(again.value) == str(caught.value)
        assert not stand_in.requests

    @pytest.mark.parametrize("odd", [value for value in HUGE if value != "1"], ids=lambda odd: f"{type(odd).__name__}")
    def test_of_methods(self, stand_in: StandIn, odd: Any):
        models, account = OpenRouterModels(api_base_url=stand_in.url), OpenRouterAccount(api_base_url=stand_in.url)
        model = models.get("stand-in/sharp-eyes")
        texts = [Document(content="x")]
        calls: list[tuple[str, Callable[[], Any]]] = [
            ("timeout", lambda: account.generation("gen-1", timeout=odd)),
            ("prompt_tokens", lambda: models.cheapest(prompt_tokens=odd)),
            ("completion_tokens", lambda: models.cheapest(completion_tokens=odd)),
            ("min_context", lambda: models.cheapest(min_context=odd)),
            ("max_price", lambda: models.cheapest(max_price=odd)),
            ("max_output_price", lambda: models.cheapest(max_output_price=odd)),
            ("min_price", lambda: models.list(min_price=odd)),
            ("prompt_tokens", lambda: model.cost(odd)),
            ("cached_tokens", lambda: model.cost(1, 1, odd)),
            ("top_k", lambda: OpenRouterRanker(api_base_url=stand_in.url).run("x", texts, top_k=odd)),
            ("score_threshold", lambda: OpenRouterRanker(api_base_url=stand_in.url).run("x", texts, score_threshold=odd)),
            *(
                (rf'generation_kwargs`?\["{option}"\]', lambda kind=kind, option=option: kind(generation_kwargs={option: odd}))
                for option in ("timeout", "temperature")
                for kind in (OpenRouterChatGenerator, OpenRouterImageGenerator, OpenRouterSpeechSynthesizer)
                if not isinstance(odd, Decimal)
            ),
        ]  # fmt: skip
        stand_in.requests.clear()
        for told, refused in calls:
            with pytest.raises((TypeError, ValueError), match=told) as caught:
                refused()
            assert len(str(caught.value)) < 400
        assert not stand_in.requests

    def test_what_is_large_and_can_be_used(self, stand_in: StandIn):
        OpenRouterTextEmbedder(api_base_url=stand_in.url, timeout=2_000_000, max_retries=10**9).run("x")
        OpenRouterChatGenerator(generation_kwargs={"seed": 2**63 - 1})
        OpenRouterModels(cache_seconds=10**10)
        with pytest.raises(ValueError, match="`timeout` must be at most 2147483, not 10000000000"):
            OpenRouterTextEmbedder(timeout=10**10)
        for kind in (OpenRouterChatGenerator, OpenRouterTranscriber):
            for odd in (-1, 10**10):
                with pytest.raises(ValueError, match=r'`generation_kwargs\["timeout"\]` must be at'):
                    kind(generation_kwargs={"timeout": odd})
        with pytest.raises(ValueError, match="`sample_rate` must be a whole number of at most"):
            OpenRouterSpeechSynthesizer(sample_rate=2**31)


class TestTexts:
    @pytest.mark.parametrize("odd", ["a" * 300 + ".mp3", "x" * 100_000, f"{HALF}.mp3", "a\0b.mp3", "\x1b[31m.mp3"])
    def test_a_path_that_none_can_have(self, stand_in: StandIn, odd: str):
        for source in (odd, Path(odd)):
            with pytest.raises(FileNotFoundError, match=r"`sources\[0\]`: there is no file '") as caught:
                OpenRouterTranscriber(api_base_url=stand_in.url).run([source])
            assert str(caught.value).isprintable()
            assert len(str(caught.value)) < 200

    @pytest.mark.parametrize(
        "odd",
        [
            "https://a.example/\nv1",
            "https://a.example/v1\n",
            " https://a.example",
            "\0",
            "https://\u202e.example",
            HALF,
        ],
    )
    @pytest.mark.parametrize("kind", [OpenRouterChatGenerator, OpenRouterModels, OpenRouterAccount])
    def test_a_url_with_odd_characters(self, kind: Any, odd: str):
        with pytest.raises(ValueError, match="`api_base_url` can't be read as a URL") as caught:
            kind(api_base_url=odd)
        assert "example" not in str(caught.value)

    @pytest.mark.parametrize(
        "odd",
        ["https://[::1/v1", "http://a:b/v1", f"https://{'a' * 70}.example", f"https://a.example/{'a' * 70_000}"],
        ids=lambda url: url[:20],
    )
    @pytest.mark.parametrize("name", KINDS)
    def test_a_url_that_httpx_can_not_read(self, name: str, odd: str):
        made, method = build(KINDS[name], api_base_url=odd), METHODS.get(name, "run")
        with pytest.raises(ValueError, match="`api_base_url` can't be read as a URL"):
            getattr(made, method)(*INPUTS[name])
        with pytest.raises(ValueError, match="`api_base_url` can't be read as a URL"):
            asyncio.run(getattr(made, f"{method}_async")(*INPUTS[name]))

    @pytest.mark.parametrize(
        "url", ["https://user:password@a.example:8443/v1?x=1", "http://[::1]:80/v1", "http://bücher.example"]
    )
    def test_a_url(self, url: str):
        assert OpenRouterChatGenerator(api_base_url=url).api_base_url == url

    def test_a_key_is_still_needed(self, stand_in: StandIn):
        with pytest.raises(ValueError, match="characters that no key has"):
            OpenRouterTextEmbedder(api_key=Secret.from_token(ODD), api_base_url=stand_in.url).run("x")
