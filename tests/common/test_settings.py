# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Every setting of every component, of the catalogue and of the account can be set at any time, and holds from the next
run on: an object that was made with one value and set to another does what an object does that was made with the other.
"""

import asyncio
import copy
import inspect
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from components import FILES, INPUTS, KINDS, METHODS, NEEDED
from haystack.dataclasses import StreamingChunk
from haystack.tools import Tool
from haystack.utils import Secret
from stand_in import Answer, Request, StandIn
from stand_in.request import Memory
from stand_in.routes import respond
from wire import completion, events

from haystack_integrations.common.openrouter._base import component as base
from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter

PARAMETERS = {name: list(inspect.signature(kind.__init__).parameters)[1:] for name, kind in KINDS.items()}
TOOL = Tool("look_up", "Look something up", {"type": "object", "properties": {"a": {"type": "string"}}}, print)
METERS = OpenRouterCostMeter("first"), OpenRouterCostMeter("second")
CHUNKS: list[StreamingChunk] = []


def keep_chunk(chunk: StreamingChunk) -> None:
    CHUNKS.append(chunk)


VALUES: dict[str, tuple[Any, Any]] = {
    "api_key": (Secret.from_env_var("KEY_A"), Secret.from_env_var("KEY_B")),
    "api_base_url": ("the first server", "the second server"),
    "model": ("test/a", "test/b"),
    "timeout": (7.0, 8.0),
    "max_retries": (1, 2),
    "deadline": (60.0, 0.0),
    "cost_meter": METERS,
    "extra_headers": ({"X-Title": "a"}, {"X-Title": "b"}),
    "http_client_kwargs": ({"headers": {"x-mine": "a"}}, {"headers": {"x-mine": "b"}}),
    "generation_kwargs": ({"seed": 1}, {"seed": 2}),
    "extra_parameters": ({"user": "a"}, {"user": "b"}),
    # chat
    "streaming_callback": (None, keep_chunk),
    "tools": ([], [TOOL]),
    "tools_strict": (False, True),
    "tool_options": ({"look_up": {"defer_loading": False}}, {"look_up": {"defer_loading": True}}),
    # embedders and ranker
    "dimensions": (8, 16),
    "prefix": ("a ", "b "),
    "suffix": (" a", " b"),
    "batch_size": (1, 2),
    "max_batch_bytes": (1, 1_000_000),
    "progress_bar": (False, True),
    "meta_fields_to_embed": (["title"], ["tags"]),
    "embedding_separator": ("\n", " | "),
    "meta_data_separator": ("\n", " | "),
    "file_path_meta_field": ("file_path", "page"),
    "image_meta_field": ("file_path", "page"),
    "root_path": (str(FILES), str(FILES.parent / "common")),
    "image_size": ((8, 8), (16, 16)),
    "embed_content": (False, True),
    "top_k": (1, 2),
    "score_threshold": (0.0, 2.0),
    # many requests
    "raise_on_failure": (False, True),
    "concurrency": (1, 2),
    # audio
    "voice": ("alto", "bass"),
    "sample_rate": (8000, 16000),
    "language": ("en", "de"),
    # videos
    "poll_interval": (0.0, 1000.0),
    # decisions
    "labels": (["city", "ferry"], ["boat", "country"]),
    "instructions": ("Where to?", "What about?"),
    "min_confidence": (None, 1.0),
    "questions": ({"a": {"type": "noul", "instructions": "A?"}}, {"a": {"type": "noul", "instructions": "B?"}}),
    "classification_field": (None, "title"),
    "metadata_field": ("answers", "found"),
    "max_workers": (1, 2),
    # catalogue
    "cache_seconds": (60.0, 0.0),
}
"""Two values for each parameter, which make a difference that this test can see."""

SHARED = ("api_key", "api_base_url", "model", "timeout", "max_retries", "extra_headers", "http_client_kwargs")
USUAL = {
    "api_key": VALUES["api_key"][0],
    "api_base_url": "the first server",
    "timeout": 10.0,
    "max_retries": 0,
    "cache_seconds": 0.0,
    "concurrency": 1,
    "max_workers": 1,
    "progress_bar": False,
    "poll_interval": 0.0,
    "embed_content": True,
    "image_meta_field": "file_path",
}
"""What an object has besides the parameter that is looked at, if it has that parameter."""

TOGETHER: dict[str, dict[str, Any]] = {
    "tools_strict": {"tools": [TOOL]},
    "tool_options": {"tools": [TOOL]},
    "embedding_separator": {"meta_fields_to_embed": ["title"]},
    "meta_data_separator": {"meta_fields_to_embed": ["title"]},
    "concurrency": {"batch_size": 1},
    "poll_interval": {"deadline": 60.0},
}
"""What it also has so that a parameter has an effect."""

ODD: list[Any] = [None, "", " ", "x", 5, -1, 0, 1.5, True, float("nan"), [], ["x"], [{}], {}, {"x": 1}]
"""Values that some parameters take, and others don't."""

BAD: dict[str, list[Any]] = {
    "model": ["gpt-4o"],
    "extra_headers": [{"X": "\n"}, {"X": 5}, {"X Y": "z"}],
    "http_client_kwargs": [{"proxi": "http://x"}, {"proxy": 5}, {"limits": 5}, {"mounts": 5}],
    "generation_kwargs": [
        *({name: "x"} for name in ("messages", "prompt", "input", "input_audio", "stream", "provider", "timeout")),
        *({"model": name} for name in ("", 5)),
        *({name: 5} for name in ("extra_headers", "extra_body", "extra_query", "models", "response_format", "tools")),
        {"extra_headers": {"X": "\n"}},
    ],
    "extra_parameters": [
        {name: 1} for name in ("model", "input", "encoding_format", "query", "documents", "top_n", "state", "questions")
    ],
    "tools": [[TOOL, TOOL]],
    "tool_options": [{"look_up": {"type": "x"}}, {5: {}}, {"look_up": {"defer_loading": float("nan")}}],
    "image_size": [(8, 0), [8, 8], ("8", 8)],
}
"""More values for some parameters. Most are refused."""


class Server(StandIn):
    """
    Responds alike to equal requests, counts those under way at once, and can call a function during the first one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.moved = threading.Condition()
        self.expect()

    def expect(self, answer: Answer | None = None, at_once: int = 1) -> None:
        """
        Forget what was. From now on, send this answer or the usual ones, once this many requests are under way.
        """
        self.requests.clear()
        self.always, self.at_once, self.under_way, self.most = answer, at_once, 0, 0
        self.during: Callable[[], None] | None = None

    def answer(self, request: Request) -> Answer:
        with self.moved:
            self.requests.append(request)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.moved.notify_all()
            self.moved.wait_for(lambda: self.most >= self.at_once, timeout=5)
            call, self.during = self.during, None
        if call:
            call()
        with self.moved:
            self.under_way -= 1
        return self.always or self.usual(request)

    def usual(self, request: Request) -> Answer:
        memory = self.memory if "/videos" in request.path else Memory()  # a job has a state
        request.number, request.memory = 1, memory
        if request.path.endswith("/speech") and request.body["response_format"] == "pcm":
            return Answer.raw(b"\1\2", "audio/pcm")  # a rate that it names would count before the component's
        if not request.path.endswith("/chat/completions"):
            return respond(request)
        return (
            Answer.sse(events({"content": "Hello"}))
            if request.body["stream"]
            else Answer.json(completion({"content": "Hello"}))
        )


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    with Server() as first, Server() as second:
        yield first, second


@dataclass
class Case:
    """
    One parameter of one class.
    """

    kind: str
    name: str
    servers: tuple[Server, Server]
    capsys: pytest.CaptureFixture[str]

    def __post_init__(self) -> None:
        assert self.kind in INPUTS, f"Add to INPUTS in tests/components.py what {self.kind} is run with."
        assert self.name in VALUES, (
            f"Add `{self.name}`, a parameter of {self.kind}, to VALUES in {__file__}, with two values that make a "
            "difference. If it has an effect only together with another parameter, add that to TOGETHER."
        )

    @property
    def values(self) -> tuple[Any, Any]:
        return VALUES[self.name]

    def value(self, value: Any) -> Any:
        urls = {"the first server": self.servers[0].url, "the second server": self.servers[1].url}
        return urls[value] if isinstance(value, str) and value in urls else copy.deepcopy(value)

    def make(self, value: Any) -> Any:
        given = {**NEEDED.get(self.kind, {}), **USUAL, **TOGETHER.get(self.name, {}), self.name: value}
        return KINDS[self.kind](**{name: self.value(given[name]) for name in PARAMETERS[self.kind] if name in given})

    def made_and_set(self, first: Any, then: Any) -> Any:
        made = self.make(first)
        self.set(made, then)
        return made

    def set(self, made: Any, value: Any) -> None:
        setattr(made, self.name, self.value(value))

    def expect(self, value: Any) -> None:
        """
        Prepare the servers for a run with this value.
        """
        answer = None
        if self.name == "max_retries":
            answer = Answer.error(503, "Busy", headers={"retry-after": "0.001"})
        if self.name == "raise_on_failure":
            answer = Answer.error(400, "No")
        for server in self.servers:
            server.expect(answer, at_once=2 if self.name in ("concurrency", "max_workers") and value == 2 else 1)
        CHUNKS.clear()
        for meter in METERS:
            meter.reset()
        self.capsys.readouterr()

    def does_a_and_b(self) -> None:
        """
        See what an object does with either value, for what is done later.
        """
        self.does_a, self.does_b = map(self.does, self.values)
        assert self.does_a != self.does_b, f"{self.values} make no difference that this test can see"

    def does(self, value: Any) -> dict[str, Any]:
        """
        What an object does that was made with this value.
        """
        made = self.make(value)
        self.expect(value)
        return self.run(made)

    def run(self, made: Any) -> dict[str, Any]:
        """
        Run an object, and tell all that can be seen of it.
        """
        method, inputs, times = self._call()
        try:
            result = [getattr(made, method)(*inputs) for _ in range(times)][-1]
        except Exception as error:
            result = error
        return self._seen(result, getattr(made, "client", None))

    async def run_async(self, made: Any) -> dict[str, Any]:
        method, inputs, times = self._call()
        try:
            result = [await getattr(made, f"{method}_async")(*inputs) for _ in range(times)][-1]
        except Exception as error:
            result = error
        return self._seen(result, getattr(made, "async_client", None))

    def _call(self) -> tuple[str, tuple[Any, ...], int]:
        if self.name == "cache_seconds":
            return "list", (), 2
        return METHODS.get(self.kind, "run"), INPUTS[self.kind], 1

    def _seen(self, result: Any, client: Any) -> dict[str, Any]:
        if isinstance(result, Exception):
            result = type(result), str(result)
        elif "replies" in result:
            result["replies"][0].meta.pop("completion_start_time", None)
        requests = [sorted(map(_plain, server.requests), key=str) for server in self.servers]
        return {
            "result": result,
            "requests": requests,
            "client": (client.timeout, client.max_retries) if client and any(requests) else None,
            "chunks": len(CHUNKS),
            "counted": [meter.calls for meter in METERS],
            "at once": self.servers[0].most,
            "progress bar": "100%|" in self.capsys.readouterr().err,
        }


def _plain(request: Request) -> tuple[Any, ...]:
    hidden = ("host", "user-agent", "x-stainless-async")  # two of them tell whether the client is asynchronous
    headers = {name: value for name, value in request.headers.items() if name not in hidden}
    return request.method, request.path, request.query, headers, request.body


Steps = Generator[Any, dict[str, Any], None]


def steps(case: Case) -> Steps:
    """
    What is done with objects, however they are run. What is yielded is run, and what was seen is sent back.
    """
    a, b = case.values
    never_run = case.made_and_set(a, b)
    case.expect(b)
    assert (yield never_run) == case.does_b

    under_way = case.make(a)
    case.expect(a)
    if case.name != "cache_seconds":  # which makes a difference between two calls only
        case.servers[0].during = lambda: case.set(under_way, b)
    assert (yield under_way) == case.does_a
    case.set(under_way, b)
    case.expect(b)
    assert (yield under_way) == case.does_b


def steps_elsewhere(case: Case) -> Steps:
    """
    What is done where each run is in a thread or an event loop of its own.
    """
    a, b = case.values
    made = case.make(a)
    case.expect(a)
    assert (yield made) == case.does_a
    case.set(made, b)
    case.expect(b)
    assert (yield made) == case.does_b


def drive(steps: Steps, run: Callable[[Any], dict[str, Any]]) -> None:
    made = next(steps)
    while made is not None:
        made = _next(steps, run(made))


async def drive_async(steps: Steps, case: Case) -> None:
    made = next(steps)
    while made is not None:
        made = _next(steps, await case.run_async(made))


def _next(steps: Steps, seen: dict[str, Any]) -> Any:
    try:
        return steps.send(seen)
    except StopIteration:
        return None


PAIRS = [(kind, name) for kind in KINDS for name in PARAMETERS[kind]]
"""Each parameter of each class."""


@pytest.fixture
def case(kind: str, name: str, servers: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("KEY_A", "sk-or-a")
    monkeypatch.setenv("KEY_B", "sk-or-b")
    monkeypatch.setattr(base, "OPENROUTER_API_BASE_URL", servers[0].url)  # nothing leaves this machine
    return Case(kind, name, servers, capsys)


@pytest.mark.parametrize(("kind", "name"), [pytest.param(*pair, id="-".join(pair)) for pair in PAIRS])
def test_each_setting(case: Case):
    case.does_a_and_b()
    holds_from_the_next_run_on(case)
    asyncio.run(holds_in_an_event_loop(case))
    if case.name in SHARED:
        holds_in_another_thread(case)
        holds_in_another_event_loop(case)
    if isinstance(case.values[0], dict | list):
        holds_if_changed_inside(case)
    is_written_to_yaml(case)
    asyncio.run(is_refused_as_at_init(case))


def holds_from_the_next_run_on(case: Case) -> None:
    drive(steps(case), case.run)


async def holds_in_an_event_loop(case: Case) -> None:
    await drive_async(steps(case), case)


def holds_in_another_thread(case: Case) -> None:
    with ThreadPoolExecutor(1) as pool:
        drive(steps_elsewhere(case), lambda made: pool.submit(case.run, made).result())


def holds_in_another_event_loop(case: Case) -> None:
    drive(steps_elsewhere(case), lambda made: asyncio.run(case.run_async(made)))


def holds_if_changed_inside(case: Case) -> None:
    made = case.make(case.values[0])
    case.run(made)
    turn_into(getattr(made, case.name), case.values[1])
    case.expect(case.values[1])
    assert case.run(made) == case.does_b


def is_written_to_yaml(case: Case) -> None:
    a, b = case.values
    assert case.made_and_set(a, b).to_dict() == case.make(b).to_dict() != case.make(a).to_dict()


async def is_refused_as_at_init(case: Case) -> None:
    later = case.make(case.values[0])
    for value in [*ODD, *BAD.get(case.name, [])]:
        case.set(later, value)
        try:
            made = case.make(value)
        except (TypeError, ValueError) as error:
            refused = type(error), str(error)
            case.expect(value)
            assert case.run(later)["result"] == refused, value
            assert (await case.run_async(later))["result"] == refused, value
            assert not any(server.requests for server in case.servers)
        else:
            if value in (None, "", [], {}):  # these may stand for a default
                does = case.does(value)
                case.expect(value)
                assert case.run(later) == does, value
                assert later.to_dict() == made.to_dict(), value
    case.set(later, case.values[1])
    case.expect(case.values[1])
    assert case.run(later) == case.does_b


def turn_into(held: Any, wanted: Any) -> None:
    if isinstance(held, list):
        held[:] = wanted
        return
    for name, value in wanted.items():
        if isinstance(value, dict):
            turn_into(held[name], value)
        else:
            held[name] = value
