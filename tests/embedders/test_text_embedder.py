# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The text embedder's own contract. What it has in common with the others is in `test_retrieval.py`."""

import asyncio
from functools import partial
from typing import Any

import openai
import pytest
from haystack import Document
from haystack.components.embedders import OpenAITextEmbedder
from haystack.utils import Secret
from stand_in import Answer, StandIn
from wire import embeddings

from haystack_integrations.components.embedders.openrouter import OpenRouterTextEmbedder


def embed_with(url: str, text: Any, *, is_async: bool, **parameters: Any) -> dict[str, Any]:
    embedder = OpenRouterTextEmbedder(**{"api_base_url": url, "max_retries": 0, **parameters})
    return asyncio.run(embedder.run_async(text)) if is_async else embedder.run(text)


@pytest.fixture(params=["sync", "async"])
def embed(request: pytest.FixtureRequest, stand_in: StandIn) -> Any:
    return partial(embed_with, stand_in.url, is_async=request.param == "async")


@pytest.fixture
def embed_sync(stand_in: StandIn) -> Any:
    return partial(embed_with, stand_in.url, is_async=False)


class TestRequest:
    def test_defaults(self, embed, stand_in: StandIn):
        embed("Hello")
        expected = {"model": "openai/text-embedding-3-small", "input": "Hello", "encoding_format": "float"}
        assert stand_in.requests[0].body == expected

    def test_prefix_suffix_dimensions(self, embed_sync, stand_in: StandIn):
        result = embed_sync("Hello", prefix="query: ", suffix="!", dimensions=8)
        assert stand_in.requests[0].body["input"] == "query: Hello!"
        assert stand_in.requests[0].body["dimensions"] == 8
        assert len(result["embedding"]) == 8

    def test_the_same_as_haystacks_embedder_sends(self, stand_in: StandIn):
        settings = {"model": "m", "dimensions": 8, "prefix": "a", "suffix": "b", "api_base_url": stand_in.url}
        OpenAITextEmbedder(api_key=Secret.from_token("key"), **settings).run("Hello")
        OpenRouterTextEmbedder(**settings).run("Hello")
        assert stand_in.requests[0].body == stand_in.requests[1].body


class TestResult:
    def test_embedding_and_meta(self, embed, stand_in: StandIn):
        usage = {"prompt_tokens": 4, "total_tokens": 4, "cost": 0.00001, "cost_details": {"upstream": None}}
        entry = {"object": "embedding", "index": 0, "embedding": [1, 0.5, -2e-3]}
        stand_in.script(embeddings(entry, usage=usage, id="gen-1", provider="Azure", note=None))
        result = embed("Hello")
        assert result["embedding"] == [1.0, 0.5, -0.002]
        assert all(type(number) is float for number in result["embedding"])
        assert result["meta"] == {"model": "test/dated", "id": "gen-1", "provider": "Azure", "usage": usage}

    def test_meta_has_model_and_usage_at_least(self, embed_sync, stand_in: StandIn):
        stand_in.script(Answer.json({"data": [{"embedding": [1.0]}]}))
        assert embed_sync("Hello", model="test/asked")["meta"] == {"model": "test/asked", "usage": {}}

    def test_equal_texts_are_close(self, embed_sync):
        assert embed_sync("Rome is in Italy")["embedding"] == embed_sync("Rome is in Italy")["embedding"]

    @pytest.mark.parametrize(
        "data",
        [
            [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}],
            [{"index": 1, "embedding": [1.0]}],
            [{"index": "0", "embedding": [1.0]}],
            [{"index": -1, "embedding": [1.0]}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}],
            [{"index": 0, "embedding": []}],
            [{"index": 0, "embedding": None}],
            [{"index": 0, "embedding": "AACAPw=="}],
            [{"index": 0, "embedding": [1.0, None]}],
            [{"index": 0, "embedding": [1.0, "x"]}],
            [{"index": 0, "embedding": [float("nan")]}],
            ["text"],
            [None],
        ],
    )
    def test_anything_else_is_an_error(self, embed_sync, stand_in: StandIn, data):
        stand_in.script(embeddings(*data))
        with pytest.raises(openai.APIError, match="embedding"):
            embed_sync("Hello")


class TestArguments:
    @pytest.mark.parametrize("text", [None, 1, ["Hello"], [Document(content="Hello")]])
    def test_only_a_text(self, embed_sync, stand_in: StandIn, text):
        with pytest.raises(TypeError, match="OpenRouterDocumentEmbedder"):
            embed_sync(text)
        assert not stand_in.requests

    @pytest.mark.parametrize("dimensions", [0, -1, True, 1.5])
    def test_dimensions(self, dimensions):
        with pytest.raises(ValueError, match="`dimensions` must be a whole number of at least 1"):
            OpenRouterTextEmbedder(dimensions=dimensions)
