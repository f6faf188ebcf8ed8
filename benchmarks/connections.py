# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
What new connections and certificates cost: at start-up, in the first query of a pipeline, and after a silence.
"""

import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from ssl import SSLContext
from typing import Any
from unittest import mock

from contenders import SDK, Haystack, Ours
from first_chunk import first_chunk
from haystack import Document
from haystack.utils import Secret
from openai import OpenAI
from rounds import Figures, medians
from slow_network import ROUND_TRIP, slow_network

from haystack_integrations.components.embedders.openrouter import OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

_MANY = 10
_KEY = Secret.from_token("sk-or-v1-benchmark")


def warm_ups(rounds: int) -> tuple[Figures, Figures]:
    """
    Microseconds of CPU to warm up one more component, and how often ten of them read the certificates.
    """
    first = _warm()

    def with_sdk() -> None:
        for _ in range(_MANY):
            OpenAI(api_key="k").close()

    def with_ours() -> None:
        for _ in range(_MANY):
            _warm()

    microseconds = medians({SDK.name: with_sdk, Ours.name: with_ours}, _MANY, rounds)
    first.close()
    contexts = {}
    with slow_network():  # with a certificate that nobody has read
        for name, task in ((SDK.name, with_sdk), (Ours.name, with_ours)):
            with _contexts_with_certificates() as found:
                task()
            contexts[name] = float(len(found))
    return microseconds, contexts


def after_silence(seconds: Iterable[float]) -> dict[float, Figures]:
    """
    Round trips to the first chunk of a stream over TLS, so many seconds after the one before.
    """
    found: dict[float, Figures] = {}
    with slow_network() as network:
        contenders = [kind(network.port, "https://localhost") for kind in (SDK, Haystack, Ours)]
        for contender in contenders:
            first_chunk(contender)
        for silence in seconds:
            time.sleep(silence)
            found[silence] = {contender.name: first_chunk(contender) / ROUND_TRIP for contender in contenders}
    return found


def first_queries(rounds: int) -> Figures:
    """
    Milliseconds of an embedding, a ranking and a chat over TLS, with one client of the SDK or with three components.
    """
    spent: dict[str, list[float]] = {SDK.name: [], Ours.name: []}
    with slow_network() as network:
        url = f"https://localhost:{network.port}"
        for _ in range(rounds):
            with OpenAI(api_key="k", base_url=url) as client:
                start = time.perf_counter()
                client.embeddings.create(model="m", input="a", encoding_format="float")
                client.post("/rerank", body={"model": "m", "query": "hi", "documents": ["hi"]}, cast_to=object)
                client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
                spent[SDK.name].append(time.perf_counter() - start)
            kinds = OpenRouterTextEmbedder, OpenRouterRanker, OpenRouterChatGenerator
            embedder, ranker, generator = (kind(api_key=_KEY, api_base_url=url) for kind in kinds)
            with closing(embedder), closing(ranker), closing(generator):
                for component in (embedder, ranker, generator):
                    component.warm_up()
                start = time.perf_counter()
                embedder.run("a")  # the server gives a vector for each character
                ranker.run("hi", [Document(content="hi")])
                generator.run("hi")
                spent[Ours.name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) * 1e3 for name, seconds in spent.items()}


def _warm() -> OpenRouterChatGenerator:
    generator = OpenRouterChatGenerator(api_key=_KEY)
    generator.warm_up()
    return generator


@contextmanager
def _contexts_with_certificates() -> Iterator[list[SSLContext]]:
    found: list[SSLContext] = []
    load = SSLContext.load_verify_locations

    def counted(context: SSLContext, *args: Any, **kwargs: Any) -> None:
        found.append(context)
        load(context, *args, **kwargs)

    with mock.patch.object(SSLContext, "load_verify_locations", counted):
        yield found
