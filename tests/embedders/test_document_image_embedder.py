# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The image embedder's own contract. What it has in common with the others is in `test_retrieval.py`."""

import asyncio
import base64
import copy
import io
import logging
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from haystack import Document, Pipeline
from haystack.components.converters.image import DocumentToImageContent
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.core.serialization import component_from_dict, component_to_dict
from haystack.document_stores.in_memory import InMemoryDocumentStore
from PIL import Image, ImageChops, ImageStat
from pypdfium2 import PdfPage
from stand_in import Answer, Request, StandIn
from stand_in.files import png
from stand_in.sight import decoded, words_of_parts

from haystack_integrations.common.openrouter._base.document_images import DocumentImages
from haystack_integrations.components.embedders.openrouter import (
    OpenRouterDocumentImageEmbedder,
    OpenRouterTextEmbedder,
)

FACTS = {
    "ferry": "The ferry to Gull Island leaves the harbour at nine",
    "light": "The lighthouse on Gull Island is of granite",
    "bread": "The bakery sells bread with seaweed",
}
Embed = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def pages() -> dict[str, bytes]:
    """
    PNG images with words, and a PDF file with a red page and a blue one.
    """
    red, blue = (Image.new("RGB", (60, 30), colour) for colour in ("red", "blue"))
    red.save(pdf := io.BytesIO(), "PDF", save_all=True, append_images=[blue])
    return {"pages.pdf": pdf.getvalue()} | {f"{name}.png": png(name, words=words) for name, words in FACTS.items()}


@pytest.fixture
def folder(tmp_path: Path, pages: dict[str, bytes]) -> Path:
    """
    A folder with the pages.
    """
    for name, data in pages.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def page(name: str, **meta: Any) -> Document:
    return Document(id=name, meta={"file_path": name, **meta})


@pytest.fixture(params=["sync", "async"])
def embed(request: pytest.FixtureRequest, folder: Path) -> Embed:
    def run(server: StandIn, documents: list[Document], **parameters: Any) -> dict[str, Any]:
        settings = {"max_retries": 0, "progress_bar": False, "timeout": 10.0, "root_path": str(folder), **parameters}
        embedder = OpenRouterDocumentImageEmbedder(api_base_url=server.url, **settings)
        return asyncio.run(embedder.run_async(documents)) if request.param == "async" else embedder.run(documents)

    return run


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """
    How many times each file was read.
    """
    read, counted = DocumentToImageContent.run, Counter()

    def count(self: DocumentToImageContent, documents: list[Document]) -> dict[str, Any]:
        counted.update(document.meta["file_path"] for document in documents)
        return read(self, documents)

    monkeypatch.setattr(DocumentToImageContent, "run", count)
    return counted


def sent_parts(server: StandIn) -> list[list[dict[str, Any]]]:
    return [one["content"] for request in server.requests for one in request.body["input"]]


def sent_files(server: StandIn) -> list[bytes]:
    return [decoded(parts[0]["image_url"]["url"]) for parts in sent_parts(server)]


def embedded(result: dict[str, Any]) -> list[str]:
    return [document.id for document in result["documents"] if document.embedding]


class TestRequest:
    def test_an_image(self, embed: Embed, stand_in: StandIn, folder: Path):
        embed(stand_in, [page("ferry.png")])
        data = base64.b64encode((folder / "ferry.png").read_bytes()).decode()
        content = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}]
        assert stand_in.requests[0].body == {
            "model": "google/gemini-embedding-2",
            "input": [{"content": content}],
            "encoding_format": "float",
        }

    def test_pages_of_a_pdf_file(self, embed: Embed, stand_in: StandIn):
        embed(stand_in, [page("pages.pdf", page_number=2), page("pages.pdf", page_number=1)])
        urls = [parts[0]["image_url"]["url"] for parts in sent_parts(stand_in)]
        assert {url.partition(",")[0] for url in urls} == {"data:image/jpeg;base64"}
        pixels = [Image.open(io.BytesIO(file)).convert("RGB").getpixel((9, 9)) for file in sent_files(stand_in)]
        assert [max(range(3), key=pixel.__getitem__) for pixel in pixels] == [2, 0]

    @pytest.mark.parametrize("kind", ["bmp", "gif", "ico", "jpeg", "png", "ppm", "tiff", "webp"])
    def test_every_kind_of_image(self, stand_in: StandIn, folder: Path, kind: str):
        Image.new("RGB", (8, 8), "red").save(folder / f"red.{kind}")
        DocumentImages("file_path", root_path=str(folder), size=None).data_url(
            page(f"red.{kind}", mime_type="image/png")
        )

    def test_a_smaller_size(self, embed: Embed, stand_in: StandIn):
        embed(stand_in, [page("ferry.png"), page("pages.pdf", page_number=1)], image_size=(16, 8))
        assert [Image.open(io.BytesIO(file)).size for file in sent_files(stand_in)] == [(8, 8), (16, 8)]

    def test_without_a_root_paths_are_taken_as_they_are(self, embed: Embed, stand_in: StandIn, folder: Path):
        embed(
            stand_in, [Document(meta={"scan": str(folder / "ferry.png")})], root_path=None, file_path_meta_field="scan"
        )
        assert sent_files(stand_in) == [(folder / "ferry.png").read_bytes()]

    def test_the_type_is_what_the_file_is(self, embed: Embed, stand_in: StandIn, folder: Path):
        (folder / "photo.jpg").write_bytes((folder / "ferry.png").read_bytes())
        embed(stand_in, [page("photo.jpg")])
        assert sent_parts(stand_in)[0][0]["image_url"]["url"].startswith("data:image/png;base64,")

    def test_the_text_goes_with_the_image(self, embed: Embed, stand_in: StandIn):
        documents = [Document(id="1", content="Nine \ud83d o'clock", meta={"file_path": "ferry.png", "title": "T"})]
        documents.append(page("bread.png"))
        settings = {"prefix": "<", "suffix": ">", "meta_fields_to_embed": ["title"], "embedding_separator": "|"}
        embed(stand_in, documents, **settings)
        embed(stand_in, documents, embed_content=True)
        embed(stand_in, documents, embed_content=True, **settings)
        kinds = [[part["type"] for part in parts] for parts in sent_parts(stand_in)]
        assert kinds[:4] == [["image_url"], ["image_url"], ["image_url", "text"], ["image_url"]]
        texts = [parts[1]["text"] for parts in sent_parts(stand_in) if len(parts) > 1]
        assert texts[:2] == ["Nine \ufffd o'clock", "<T|Nine \ufffd o'clock>"]


class TestBatches:
    def test_by_count(self, embed: Embed, stand_in: StandIn):
        result = embed(stand_in, [page(f"{name}.png") for name in FACTS], batch_size=2, concurrency=1)
        assert [len(request.body["input"]) for request in stand_in.requests] == [2, 1]
        assert embedded(result) == [f"{name}.png" for name in FACTS]

    def test_by_bytes(self, embed: Embed, stand_in: StandIn, folder: Path, reads: Counter[str]):
        sizes = {"a": 300, "b": 300, "c": 2000, "d": 300, "e": 300, "f": 300}
        for name, size in sizes.items():
            (folder / f"{name}.png").write_bytes(png(name, words=name * size))
        result = embed(stand_in, [page(f"{name}.png") for name in sizes], max_batch_bytes=1800, concurrency=1)
        words = [[words_of_parts(one["content"])[1][0] for one in r.body["input"]] for r in stand_in.requests]
        assert words == [["a", "b"], ["c"], ["d", "e"], ["f"]]
        assert all(len(request.raw) < 1800 + 200 for request in stand_in.requests if len(request.body["input"]) > 1)
        assert embedded(result) == [f"{name}.png" for name in sizes]
        assert set(reads.values()) == {1}

    def test_the_right_page_gets_the_embedding(self, embed: Embed, stand_in: StandIn):
        documents = [page("ferry.png"), page("gone.png"), page("light.png"), page("bread.png")]
        together = embed(stand_in, documents, batch_size=4)["documents"]
        alone = [embed(stand_in, [document])["documents"][0] for document in documents]
        assert [document.embedding for document in together] == [document.embedding for document in alone]


class TestResult:
    def test_copies_tell_the_source(self, embed: Embed, stand_in: StandIn):
        documents = [page("ferry.png", pages=[1]), page("gone.png")]
        before = copy.deepcopy(documents)
        result = embed(stand_in, documents)
        assert documents == before
        done, failed = result["documents"]
        assert done.meta.pop("embedding_source") == {"type": "image", "file_path_meta_field": "file_path"}
        assert (done.id, done.meta) == (documents[0].id, documents[0].meta)
        assert (failed.embedding, failed.meta) == (None, documents[1].meta)
        assert result["meta"]["failed"] == 1

    def test_no_documents(self, embed: Embed, stand_in: StandIn):
        result = embed(stand_in, [])
        assert result == {"documents": [], "meta": {"model": "google/gemini-embedding-2", "usage": {}, "failed": 0}}
        assert not stand_in.requests


PASSWORDS = b"root:x:0:0:root:/root:/bin/bash\n" * 20
BAD_FILES = {
    "notes.txt": b"a",
    "empty.png": b"",
    "broken.png": b"\x89PNG\r\n\x1a\n",
    "secret.png": PASSWORDS,
    "secret.pdf": PASSWORDS,
    "note.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
    "web.jpg": b"<!DOCTYPE html><title>Log in</title>",
}
UNREADABLE = {
    "no path": (Document(id="bad"), {}, "Document bad has no `file_path` in its meta"),
    "no file": (page("gone.png"), {}, "document gone.png, 'gone.png'"),
    "signed URL": (
        Document(id="bad", meta={"file_path": "https://me:pw@x.example/a.png?sig=abc"}),
        {},
        "`file_path` of document bad must be the path of a file, not the URL 'https://x.example/a.png'",
    ),
    "outside": (Document(id="bad", meta={"file_path": "../x.png"}), {}, "document bad, '../x.png'"),
    "other type": (page("notes.txt"), {}, "document notes.txt, 'notes.txt'"),
    "empty": (page("empty.png"), {}, "document empty.png, 'empty.png', is an empty file"),
    "broken": (page("broken.png"), {"image_size": (8, 8)}, "document broken.png, 'broken.png', can't be read: Unid"),
    "a secret": (page("secret.png"), {}, "document secret.png, 'secret.png', is not an image"),
    "a secret, scaled": (
        page("secret.png"),
        {"image_size": (8, 8)},
        "document secret.png, 'secret.png', can't be read",
    ),
    "a web page": (page("web.jpg"), {}, "document web.jpg, 'web.jpg', is not an image"),
    "a program": (page("note.eps"), {}, "document note.eps, 'note.eps', is not an image"),
    "no PDF": (page("secret.pdf", page_number=1), {}, "document secret.pdf, 'secret.pdf', page 1, can't be read"),
    "a PDF as PNG": (page("pages.png"), {}, "document pages.png, 'pages.png', is not an image"),
    "a long name": (page("a" * 300 + ".png"), {}, "can't be read: OSError"),
    "an odd name": (page("\x1b[31m\u202e\nx.png"), {}, r"'\x1b[31m\u202e\nx.png'"),
    "half a name": (Document(id="bad", meta={"file_path": "\ud83d.png"}), {}, r"document bad, '\ud83d.png'"),
    "no page": (page("pages.pdf"), {}, "document pages.pdf, 'pages.pdf'"),
    "page too high": (page("pages.pdf", page_number=3), {}, "document pages.pdf, 'pages.pdf', page 3"),
    "odd page": (page("pages.pdf", page_number="two"), {}, "'pages.pdf', page 'two', can't be read: TypeError"),
}


@pytest.mark.parametrize("name", UNREADABLE)
class TestUnreadable:
    @pytest.fixture(autouse=True)
    def bad_files(self, folder: Path) -> None:
        for name, data in BAD_FILES.items():
            (folder / name).write_bytes(data)
        (folder / "pages.png").write_bytes((folder / "pages.pdf").read_bytes())

    def test_it_is_logged_and_the_others_are_embedded(self, embed: Embed, stand_in: StandIn, caplog, name):
        document, parameters, said = UNREADABLE[name]
        result = embed(stand_in, [page("ferry.png"), document, page("bread.png")], **parameters)
        assert embedded(result) == ["ferry.png", "bread.png"]
        assert result["meta"]["failed"] == 1
        assert len(stand_in.requests) == 1
        (error,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert error.startswith("A document could not be embedded: ")
        assert said in error
        assert error.isprintable()

    def test_it_is_raised(self, embed: Embed, stand_in: StandIn, name):
        document, parameters, said = UNREADABLE[name]
        with pytest.raises(ValueError, match=re.escape(said)):
            embed(stand_in, [document, page("ferry.png")], raise_on_failure=True, **parameters)
        assert not stand_in.requests


class Reader(StandIn):
    """
    A stand-in that refuses to embed what says so.
    """

    def answer(self, request: Request) -> Answer:
        usual = super().answer(request)
        words = " ".join(words_of_parts(one["content"])[1] for one in request.body["input"])
        return Answer.error(400, f"Refused: {request.body['input']}") if "refuse" in words else usual


@pytest.fixture
def reader() -> Iterator[Reader]:
    with Reader() as server:
        yield server


class TestFailures:
    def test_a_refused_image_ends_up_alone(
        self, embed: Embed, reader: Reader, folder: Path, reads: Counter[str], caplog
    ):
        (folder / "bad.png").write_bytes(png("bad", words="refuse"))
        names = ["ferry.png", "light.png", "bad.png", "bread.png"]
        result = embed(reader, [page(name) for name in names])
        assert embedded(result) == ["ferry.png", "light.png", "bread.png"]
        assert set(reads.values()) == {1}
        (error,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert "Ids: bad.png" in error
        assert base64.b64encode((folder / "bad.png").read_bytes())[:40].decode() not in caplog.text

    def test_only_unreadable_ones(self, embed: Embed, stand_in: StandIn):
        result = embed(stand_in, [page(f"{number}.png") for number in range(9)], batch_size=2)
        assert result["meta"] == {"model": "google/gemini-embedding-2", "usage": {}, "failed": 9}
        assert not stand_in.requests

    def test_unreadable_ones_do_not_end_the_run(self, embed: Embed, stand_in: StandIn):
        documents = [page(f"{number}.png") for number in range(9)]
        assert embedded(embed(stand_in, [*documents, page("ferry.png")], batch_size=1)) == ["ferry.png"]

    def test_unreadable_ones_do_not_count_as_batches_that_failed(self, embed: Embed, stand_in: StandIn):
        documents = [page("1.png"), page("2.png"), page("bread.png"), page("ferry.png")]
        stand_in.script(Answer.error(500, "Gone"))
        assert embedded(embed(stand_in, documents, batch_size=1, concurrency=1)) == ["ferry.png"]

    def test_batches_with_unreadable_ones_count_as_those_that_failed(self, embed: Embed, stand_in: StandIn):
        documents = [page(name) for number in range(9) for name in (f"{number}.png", "ferry.png")]
        stand_in.script(*[Answer.error(503, "Busy")] * 3)
        with pytest.raises(openai.InternalServerError, match="Busy"):
            embed(stand_in, documents, batch_size=2, concurrency=1)
        assert len(stand_in.requests) == 3

    def test_a_model_that_takes_no_images(self, embed: Embed, stand_in: StandIn):
        with pytest.raises(openai.BadRequestError, match="does not take images.*`OpenRouterModels"):
            embed(stand_in, [page("ferry.png")], model="stand-in/search", raise_on_failure=True)

    @pytest.mark.parametrize("concurrency", [1, 4])
    def test_it_costs_a_handful_of_requests(self, embed: Embed, stand_in: StandIn, concurrency):
        documents = [page(f"{name}.png") for name in FACTS] * 20
        with pytest.raises(openai.BadRequestError, match="does not take images.*`OpenRouterModels"):
            embed(stand_in, documents, model="stand-in/search", concurrency=concurrency)
        assert len(stand_in.requests) <= 2 + concurrency

    def test_it_is_raised_if_nothing_was_embedded(self, embed: Embed, stand_in: StandIn):
        stand_in.script(Answer.error(503, "Busy"))
        with pytest.raises(openai.InternalServerError, match="Busy"):
            embed(stand_in, [page("ferry.png"), page("gone.png")])

    def test_a_413_teaches_how_many_fit(self, embed: Embed, stand_in: StandIn):
        usual = stand_in.answer

        def answer(request: Request) -> Answer:
            found = usual(request)
            return found if len(request.body["input"]) <= 4 else Answer.error(413, "Request entity too large")

        stand_in.answer = answer
        documents = [page(f"{name}.png") for name in FACTS] * 8
        assert len(embedded(embed(stand_in, documents, concurrency=1))) == 24
        assert [len(request.body["input"]) for request in stand_in.requests] == [8, 1, 3, 4, 4, 4, 4, 4]


class Rendering:
    """
    Watches pages being rendered: in which threads, how many at the same time, and how large.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.threads: set[threading.Thread] = set()
        self.sizes: list[tuple[int, int]] = []
        self.active = self.most = 0
        self.meanwhile: Callable[[], Any] = lambda: time.sleep(0.002)
        render = PdfPage.render

        def watch(page: PdfPage, *args: Any, **kwargs: Any) -> Any:
            self.threads.add(threading.current_thread())
            self.active += 1
            self.most = max(self.most, self.active)
            self.meanwhile()
            bitmap = render(page, *args, **kwargs)
            self.sizes.append((bitmap.width, bitmap.height))
            self.active -= 1
            return bitmap

        monkeypatch.setattr(PdfPage, "render", watch)


class TestReading:
    @pytest.fixture
    def rendering(self, monkeypatch: pytest.MonkeyPatch) -> Rendering:
        return Rendering(monkeypatch)

    def test_one_page_at_a_time_beside_the_event_loop(self, embed: Embed, stand_in: StandIn, rendering: Rendering):
        documents = [page("pages.pdf", page_number=1) for _ in range(6)]
        embed(stand_in, documents, batch_size=1, concurrency=3, image_size=(8, 8))
        assert (rendering.most, len(rendering.sizes)) == (1, 6)
        assert threading.main_thread() not in rendering.threads

    def test_a_page_is_rendered_at_the_size_that_is_sent(
        self, embed: Embed, stand_in: StandIn, folder: Path, rendering: Rendering
    ):
        Image.new("RGB", (300, 7), "red").save(folder / "wide.pdf")
        for name in ("pages.pdf", "wide.pdf"):
            for size in ((17, 800), (41, 23), (9, 9), (4000, 4000), None):  # 300 dpi are the most
                embed(stand_in, [page(name, page_number=1)], image_size=size)
        sent = [Image.open(io.BytesIO(file)).size for file in sent_files(stand_in)]
        assert sent == [(17, 9), (41, 21), (9, 5), *[(251, 126)] * 2, (17, 1), (41, 1), (9, 1), *[(1250, 30)] * 2]
        assert sent == rendering.sizes

    def test_no_page_has_more_pixels_than_pillow_allows(
        self, folder: Path, rendering: Rendering, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
        for size in (None, (90_000, 90_000)):
            DocumentImages("file_path", root_path=str(folder), size=size).data_url(page("pages.pdf", page_number=1))
        assert rendering.sizes == [(135, 68)] * 2

    def test_the_pixels_are_nearly_those_of_haystack(self, embed: Embed, stand_in: StandIn, folder: Path):
        picture = Image.radial_gradient("L").resize((1000, 1400))
        picture.convert("RGB").save(folder / "scan.pdf", resolution=150)
        document = page("scan.pdf", page_number=1)
        embed(stand_in, [document], image_size=(400, 400))
        converter = DocumentToImageContent(root_path=str(folder), size=(400, 400))
        expected = base64.b64decode(converter.run([document])["image_contents"][0].base64_image)
        pair = [Image.open(io.BytesIO(file)) for file in (sent_files(stand_in)[0], expected)]
        assert pair[0].size == pair[1].size
        assert max(ImageStat.Stat(ImageChops.difference(*pair)).mean) < 3

    def test_images_are_read_while_a_page_is_rendered(self, stand_in: StandIn, folder: Path, rendering: Rendering):
        images = DocumentImages("file_path", root_path=str(folder), size=(8, 8))
        rendering.meanwhile = lambda: read.wait(5)
        read = threading.Event()
        thread = threading.Thread(target=images.data_url, args=(page("pages.pdf", page_number=1),))
        thread.start()
        images.data_url(page("ferry.png"))
        assert rendering.active <= 1
        assert not rendering.sizes
        read.set()
        thread.join()
        assert rendering.sizes == [(8, 4)]

    def test_a_link_out_of_the_root_is_not_followed(self, embed: Embed, stand_in: StandIn, folder: Path, rendering):
        (folder / "inner").mkdir()
        (folder / "inner/link.pdf").symlink_to(folder / "pages.pdf")
        with pytest.raises(ValueError, match=r"document link\.pdf, 'link\.pdf', page 1, can't be read"):
            embed(
                stand_in,
                [page("link.pdf", page_number=1)],
                root_path=str(folder / "inner"),
                image_size=(8, 8),
                raise_on_failure=True,
            )
        assert not rendering.sizes

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_a_child_forked_while_a_page_is_rendered_renders_too(self, folder: Path, rendering: Rendering):
        started, go_on = threading.Event(), threading.Event()
        images = DocumentImages("file_path", root_path=str(folder), size=None)

        def wait() -> None:
            if threading.current_thread() is thread:
                started.set()
                go_on.wait(5)

        rendering.meanwhile = wait
        thread = threading.Thread(target=images.data_url, args=(page("pages.pdf", page_number=1),))
        thread.start()
        assert started.wait(5)
        if (child := os.fork()) == 0:
            signal.alarm(5)
            os._exit(0 if images.data_url(page("pages.pdf", page_number=2)) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        go_on.set()
        thread.join()


class TestArguments:
    @pytest.mark.parametrize(
        ("parameters", "kind", "said"),
        [
            ({"image_size": 512}, TypeError, r"`image_size` must be a width and a height in pixels"),
            ({"image_size": (512,)}, TypeError, r"`image_size` must be a width and a height in pixels"),
            ({"image_size": (512, 0)}, ValueError, r"`image_size\[1\]` must be a whole number of at least 1"),
            ({"image_size": ("512", 9)}, ValueError, r"`image_size\[0\]` must be a whole number of at least 1"),
            ({"root_path": 5}, TypeError, "`root_path` must be a str, not int"),
            ({"file_path_meta_field": None}, TypeError, "`file_path_meta_field` must be a str, not NoneType"),
            ({"max_batch_bytes": 0}, ValueError, "`max_batch_bytes` must be a whole number of at least 1"),
            ({"batch_size": 0}, ValueError, "`batch_size` must be a whole number of at least 1"),
        ],
    )
    def test_odd_ones(self, parameters, kind, said):
        with pytest.raises(kind, match=said):
            OpenRouterDocumentImageEmbedder(**parameters)

    def test_a_list_of_strings(self):
        with pytest.raises(TypeError, match="`documents` must be a list of Documents"):
            OpenRouterDocumentImageEmbedder().run(["ferry.png"])

    def test_defaults(self):
        defaults = OpenRouterDocumentImageEmbedder().to_dict()["init_parameters"]
        assert (defaults["batch_size"], defaults["max_batch_bytes"], defaults["concurrency"]) == (8, 10_000_000, 4)
        assert (defaults["progress_bar"], defaults["embed_content"], defaults["raise_on_failure"]) == (
            True,
            False,
            False,
        )

    def test_a_size_in_yaml_is_a_list(self):
        data = component_to_dict(OpenRouterDocumentImageEmbedder(image_size=(640, 480), root_path="pages"), "it")
        assert data["init_parameters"]["image_size"] == [640, 480]
        again = component_from_dict(OpenRouterDocumentImageEmbedder, data, "it")
        assert (again.image_size, again.root_path) == ((640, 480), "pages")


class TestVisionRag:
    def test_a_question_finds_the_page(self, stand_in: StandIn, folder: Path):
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        indexing, answering = Pipeline(), Pipeline()
        embedder = OpenRouterDocumentImageEmbedder(
            api_base_url=stand_in.url, root_path=str(folder), embed_content=True, progress_bar=False
        )
        indexing.add_component("embed", embedder)
        indexing.add_component("write", DocumentWriter(store))
        indexing.connect("embed.documents", "write.documents")
        answering.add_component("embed", OpenRouterTextEmbedder(api_base_url=stand_in.url))
        answering.add_component("retrieve", InMemoryEmbeddingRetriever(store, top_k=1))
        answering.connect("embed.embedding", "retrieve.query_embedding")
        indexing.run({"embed": {"documents": [page(f"{name}.png") for name in FACTS]}})
        result = answering.run({"embed": {"text": "When does the ferry leave?"}})
        assert [document.id for document in result["retrieve"]["documents"]] == ["ferry.png"]
