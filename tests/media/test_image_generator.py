# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The image generator's own contract. What it has in common with the audio components is in `test_media.py`."""

import asyncio
import base64
import json
import logging
from collections.abc import Callable
from typing import Any

import openai
import pytest
from haystack import Pipeline
from haystack.components.builders import ChatPromptBuilder
from haystack.dataclasses import ChatMessage, ImageContent
from stand_in import Answer, StandIn

from haystack_integrations.common.openrouter.cost import usage_cost
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterImageGenerator

Draw = Callable[..., dict[str, Any]]

PNG = b"\x89PNG\r\n\x1a\n\0"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
USAGE = {
    "prompt_tokens": 1107,
    "completion_tokens": 1120,
    "total_tokens": 2227,
    "cost": 0.034,
    "is_byok": False,
    "cost_details": {"upstream_inference_cost": None},
    "completion_tokens_details": {"image_tokens": 1120},
}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def entry(data: bytes = PNG, **more: Any) -> dict[str, Any]:
    return {"b64_json": encoded(data), **more}


def answer(*entries: Any, **more: Any) -> Answer:
    return Answer.json({"created": 0, "data": list(entries), **more}, headers={"x-generation-id": "gen-img-1"})


@pytest.fixture(params=["sync", "async"])
def draw(request: pytest.FixtureRequest, stand_in: StandIn) -> Draw:
    def run(*inputs: Any, init: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        generator = OpenRouterImageGenerator(**{"api_base_url": stand_in.url, "max_retries": 0, **(init or {})})
        if request.param == "async":
            return asyncio.run(generator.run_async(*inputs, **more))
        return generator.run(*inputs, **more)

    return run


class TestRequest:
    def test_defaults(self, draw: Draw, stand_in: StandIn):
        draw("A cat")
        assert stand_in.requests[0].body == {"model": "google/gemini-2.5-flash-image", "prompt": "A cat"}
        draw("A cat", [])
        assert stand_in.requests[1].body == stand_in.requests[0].body

    def test_everything_that_openrouter_takes(self, draw: Draw, stand_in: StandIn):
        kwargs = {
            "n": 2,
            "size": "2048x2048",
            "resolution": "2K",
            "aspect_ratio": "21:9",
            "quality": "of tomorrow",
            "output_format": "webp",
            "output_compression": 80,
            "background": "transparent",
            "seed": 7,
            "provider": {"order": ["a"], "only": ["a"], "ignore": ["b"], "allow_fallbacks": False, "sort": "price"},
            "user": "u",
            "session_id": "s",
            "trace": {"trace_id": "t"},
        }
        draw("A cat", generation_kwargs=kwargs)
        model = {"model": "google/gemini-2.5-flash-image"}
        assert stand_in.requests[0].body == {**model, "prompt": "A cat", **kwargs}

    def test_references(self, draw: Draw, stand_in: StandIn):
        images = [
            ImageContent(encoded(PNG), "image/png"),
            ImageContent(encoded(SVG), "image/svg+xml", validation=False),
        ]
        by_url = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
        draw("Make it green", images, {"input_references": [by_url]})
        urls = [f"data:image/png;base64,{encoded(PNG)}", f"data:image/svg+xml;base64,{encoded(SVG)}"]
        parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        assert stand_in.requests[0].body["input_references"] == [*parts, by_url]
        assert len(images) == 2

    def test_half_an_emoji(self, draw: Draw, stand_in: StandIn):
        draw("A cat \ud83d")
        assert stand_in.requests[0].body["prompt"] == "A cat \ufffd"


class TestResult:
    def test_nothing_is_lost(self, draw: Draw, stand_in: StandIn):
        stand_in.script(
            answer(entry(media_type="image/png", revised_prompt="A tabby"), usage=USAGE, note="n", gone=None)
        )
        result = draw("A cat")
        (image,) = result["images"]
        assert image.base64_image == encoded(PNG)
        assert (image.mime_type, image.meta) == ("image/png", {"revised_prompt": "A tabby"})
        meta = {"model": "google/gemini-2.5-flash-image", "created": 0, "note": "n", "id": "gen-img-1", "usage": USAGE}
        assert result["meta"] == [meta]
        assert usage_cost(result["meta"][0]["usage"]) == 0.034

    def test_model_and_usage_are_always_there(self, draw: Draw, stand_in: StandIn):
        stand_in.script(Answer.json({"data": [entry()]}))
        assert draw("A cat", init={"model": "a/b"})["meta"] == [{"model": "a/b", "id": None, "usage": {}}]

    @pytest.mark.parametrize(
        ("data", "media_type"),
        [
            (PNG, "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"GIF89a", "image/gif"),
            (SVG, "image/svg+xml"),
            (b'\xef\xbb\xbf \n<?xml version="1.0"?>\n<!-- drawn -->' + SVG, "image/svg+xml"),
            (b"an image of tomorrow <svg", None),
        ],
    )
    @pytest.mark.parametrize("sent", [{}, {"media_type": None}, {"media_type": "application/octet-stream"}])
    def test_the_type_is_found_in_the_first_bytes(self, stand_in: StandIn, data, media_type, sent):
        stand_in.script(answer(entry(data, **sent)))
        (image,) = OpenRouterImageGenerator(api_base_url=stand_in.url).run("A cat")["images"]
        assert image.mime_type == media_type
        assert base64.b64decode(image.base64_image) == data

    def test_the_type_that_is_sent_comes_next(self, draw: Draw, stand_in: StandIn):
        new = encoded(b"an image of tomorrow")
        types = ["image/JPG", "image/jxl", "image/png; q=1", "image/../../../tmp/x", "image/png\n", "text/html", 5]
        stand_in.script(
            answer(
                entry(media_type="image/avif"),
                {"b64_json": f"data:image/webp;base64,{encoded(PNG)}"},
                {"b64_json": f"data:image/webp;base64,{new}"},
                {"b64_json": f"data:image/../../tmp/x;base64,{new}"},
                *({"b64_json": new, "media_type": media_type} for media_type in types),
            )
        )
        found = ["image/png", "image/png", "image/webp", None]
        found += ["image/jpeg", "image/jxl", "image/png", None, "image/png", None, None]
        assert [image.mime_type for image in draw("A cat")["images"]] == found

    @pytest.mark.parametrize(
        "data", [b"<!DOCTYPE html><p>Busy <svg>", b"\n<HTML>", b"%PDF-1.7", b"RIFF\0\0\0\0WAVEfmt "]
    )
    def test_what_is_no_image(self, draw: Draw, stand_in: StandIn, data: bytes):
        stand_in.script(answer(entry(data, media_type="image/png"), entry()))
        result = draw("A cat")
        assert [image.mime_type for image in result["images"]] == ["image/png"]
        assert result["meta"][0]["images"] == [{"media_type": "image/png"}]
        stand_in.script(answer(entry(data, media_type="image/png")))
        with pytest.raises(openai.APIError, match="holds no image"):
            draw("A cat")

    def test_several(self, draw: Draw):
        assert len(draw("A cat", generation_kwargs={"n": 3})["images"]) == 3

    @pytest.mark.parametrize(
        "odd",
        [{"url": "https://example.com/cat.png"}, entry(b""), {"b64_json": "no base64!"}, {"b64_json": 5}, "x", None],
    )
    def test_an_entry_without_data_does_not_cost_the_others(self, draw: Draw, stand_in: StandIn, odd, caplog):
        stand_in.script(answer(odd, entry(), usage=USAGE))
        with caplog.at_level(logging.WARNING):
            result = draw("A cat")
        assert len(result["images"]) == 1
        assert "1 of 2 images came without data" in caplog.text
        kept = {name: value for name, value in odd.items() if name != "b64_json"} if isinstance(odd, dict) else None
        assert result["meta"][0]["images"] == [kept]
        stand_in.script(answer(odd, usage=USAGE))
        with pytest.raises(openai.APIError, match=r"holds no image.*Generation id: gen-img-1") as caught:
            draw("A cat")
        assert caught.value.body["usage"] == USAGE

    def test_a_stream_that_nobody_asked_for(self, draw: Draw, stand_in: StandIn):
        stand_in.script(Answer.sse([{"type": "image_generation.partial_image", "b64_json": encoded(PNG)}]))
        with pytest.raises(openai.APIError, match="is a stream, which was not asked for"):
            draw("A cat")


class TestArguments:
    @pytest.mark.parametrize(
        ("inputs", "kind", "told"),
        [
            ((5,), TypeError, "`prompt` must be a string, not int"),
            ((" \n",), ValueError, "`prompt` is empty"),
            (("A cat", "cat.png"), TypeError, "`images` must be a list of ImageContent, not str"),
            (
                ("A cat", [ImageContent("QUJD"), "cat.png"]),
                TypeError,
                r"`images\[1\]` must be an ImageContent, not str",
            ),
            (
                ("A cat", [ImageContent("QUJD"), ImageContent("", "image/png", validation=False)]),
                ValueError,
                r"`images\[1\]` has no data",
            ),
            (("A cat", None, {"input_references": "x"}), TypeError, r'`generation_kwargs\["input_references"\]`'),
        ],
    )
    def test_bad_input_is_not_sent(self, draw: Draw, stand_in: StandIn, inputs, kind, told):
        with pytest.raises(kind, match=told):
            draw(*inputs)
        assert not stand_in.requests


class TestChat:
    def test_an_image_goes_into_a_message(self, draw: Draw, stand_in: StandIn):
        (image,) = draw("A cat", generation_kwargs={"output_format": "svg"})["images"]
        message = ChatMessage.from_user(content_parts=["What is this?", image])
        again = ChatMessage.from_dict(json.loads(json.dumps(message.to_dict())))
        assert again == message
        OpenRouterChatGenerator(api_base_url=stand_in.url).run([again])
        _, part = stand_in.requests[1].body["messages"][0]["content"]
        assert part["image_url"]["url"] == f"data:image/svg+xml;base64,{image.base64_image}"

    def test_in_a_pipeline(self, stand_in: StandIn):
        template = '{% message role="user" %}What is this? {{ images[0] | templatize_part }}{% endmessage %}'
        pipeline = Pipeline()
        pipeline.add_component("draw", OpenRouterImageGenerator(api_base_url=stand_in.url))
        pipeline.add_component("prompt", ChatPromptBuilder(template=template))
        pipeline.add_component("describe", OpenRouterChatGenerator(api_base_url=stand_in.url))
        pipeline.connect("draw.images", "prompt.images")
        pipeline.connect("prompt.prompt", "describe.messages")
        pipeline = Pipeline.loads(pipeline.dumps())
        result = pipeline.run({"draw": {"prompt": "A cat"}}, include_outputs_from={"draw"})
        assert "1 image" in result["describe"]["replies"][0].text
        # Langfuse's connector reads the meta of a generator as a list
        assert result["draw"]["meta"][0]["usage"]["cost"] > 0
