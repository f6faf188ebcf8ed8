# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
What files and long lists cost: pages of a PDF file, a ranking, the list of models, and the memory for large bodies.
"""

import base64
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from contenders import SDK, Floor, Ours
from haystack import Document
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret
from openai import OpenAI
from pydantic_core import from_json
from rounds import Figures, medians

from haystack_integrations.common.openrouter.models import OpenRouterModels
from haystack_integrations.components.audio.openrouter import OpenRouterTranscriber
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentImageEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterImageGenerator
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

_KEY = "sk-or-v1-benchmark"
PAGES, SIDE, RANKED = 32, 800, 1000
RECORDING, REPLY = 25_000_000, 20_000_000
MEMORY = {"a recording of 25 MB, sent": RECORDING, "an image of 20 MB": REPLY, "a reply with 20 MB of images": REPLY}


class Large:
    """
    Everything large, except for streams and conversations.
    """

    def __init__(self, port: int, *, rounds: int) -> None:
        settings: dict[str, Any] = {"api_key": Secret.from_token(_KEY), "api_base_url": f"http://127.0.0.1:{port}"}
        self._port, self._rounds, self._settings = port, rounds, settings
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._client = OpenAI(api_key=_KEY, base_url=f"http://127.0.0.1:{port}")

    def pages(self) -> tuple[Figures, float]:
        """
        Milliseconds of CPU a page of a PDF file, and how many cores four threads keep busy.

        The floor is PDFium at that size, JPEG and base64, without a request.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "pages.pdf")
            path.write_bytes(_pdf(PAGES))
            documents = [Document(meta={"file_path": path.name, "page_number": n + 1}) for n in range(PAGES)]
            embedder = OpenRouterDocumentImageEmbedder(
                model="now", root_path=folder, image_size=(SIDE, SIDE), progress_bar=False, **self._settings
            )
            tasks: dict[str, Callable[[], Any]] = {
                Floor.name: lambda: [_rendered(path, number) for number in range(PAGES)],
                Ours.name: lambda: embedder.run(documents),
            }
            figures = medians(tasks, PAGES * 1000, self._rounds)
            started, cpu = time.perf_counter(), time.process_time()
            embedder.run(documents)
            return figures, (time.process_time() - cpu) / (time.perf_counter() - started)

    def ranking(self) -> Figures:
        """
        Microseconds of CPU a document. The floor sends the texts, decodes the JSON and copies each document.
        """
        documents = [Document(content=f"Document {number}. " + "word " * 100) for number in range(RANKED)]
        ranker = OpenRouterRanker(**self._settings)

        def floor() -> list[Document]:
            texts = [document.content for document in documents]
            body = json.dumps({"model": "rerank", "query": "word", "documents": texts}).encode()
            results = from_json(self._exchange(b"POST /rerank", body))["results"]
            return [replace(documents[result["index"]], score=result["relevance_score"]) for result in results]

        tasks = {Floor.name: floor, Ours.name: lambda: ranker.run("word", documents)}
        return medians(tasks, RANKED, self._rounds)

    def models(self) -> Figures:
        """
        Microseconds of CPU to load the list of models. The floor is GET with httpx, and to decode the JSON.
        """
        http = httpx.Client()
        models = OpenRouterModels(cache_seconds=0, **self._settings)
        tasks: dict[str, Callable[[], Any]] = {
            Floor.name: lambda: from_json(http.get(f"{self._settings['api_base_url']}/models").content),
            SDK.name: lambda: [*self._client.models.list()],
            Ours.name: models.list,
        }
        return medians(tasks, 1, self._rounds)

    def memory(self, name: str) -> Figures:
        """
        How many times its size a body takes at the peak, in a process of its own. For Linux.
        """
        kinds = (SDK.name, Ours.name)
        commands = {kind: [sys.executable, str(Path(__file__)), kind, name, str(self._port)] for kind in kinds}
        ran = {kind: subprocess.run(c, check=True, capture_output=True, text=True) for kind, c in commands.items()}
        return {kind: float(process.stdout) for kind, process in ran.items()}

    def _exchange(self, start: bytes, body: bytes = b"") -> bytes:
        self._connection.sendall(b"%b HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (start, len(body), body))
        with self._connection.makefile("rb", 65_536) as file:
            length = 0
            while line := file.readline().strip():
                if line.startswith(b"Content-Length:"):
                    length = int(line[15:])
            return file.read(length)


def _rendered(path: Path, number: int) -> bytes:
    from pypdfium2 import PdfDocument

    with PdfDocument(path) as pdf:
        page = pdf[number]
        file = io.BytesIO()
        page.render(scale=min(SIDE / side for side in page.get_size())).to_pil().save(file, "JPEG")
        return base64.b64encode(file.getvalue())


def _pdf(pages: int) -> bytes:
    """A file with pages of small text."""
    text = " T* ".join(f"({'All the words of a line, of which there are some. ' * 2})Tj" for _ in range(68))
    stream = f"BT /F 9 Tf 11 TL 40 800 Td {text} ET"
    kids = " ".join(f"{number + 5} 0 R" for number in range(pages))
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 3 0 R>>>>>>"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {pages}/Kids[{kids}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Length {len(stream)}>>\nstream\n{stream}\nendstream",
        *[page] * pages,
    ]
    file, offsets = b"%PDF-1.4\n", b""
    for number, content in enumerate(objects, 1):
        offsets += b"%010d 00000 n \n" % len(file)
        file += f"{number} 0 obj\n{content}\nendobj\n".encode()
    count = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, offsets)
    return file + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, len(file))


def _added(kind: str, name: str, port: int) -> float:
    """How much the peak of the resident memory grows by a large body, after a small one, as times its size."""
    url = f"http://127.0.0.1:{port}"
    client = OpenAI(api_key=_KEY, base_url=url)
    settings: dict[str, Any] = {"api_key": Secret.from_token(_KEY), "api_base_url": url}
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.wav"), Path(folder, "large.wav")
        small.write_bytes(b"RIFF\0\0\0\0WAVE")
        large.write_bytes(b"RIFF\0\0\0\0WAVE" + os.urandom(RECORDING))

        def send(path: Path) -> Any:
            audio = {"data": base64.b64encode(path.read_bytes()).decode(), "format": "wav"}
            return client.post("/audio/transcriptions", cast_to=object, body={"model": "a/b", "input_audio": audio})

        transcriber = OpenRouterTranscriber(**settings)
        generator, images = OpenRouterChatGenerator(**settings), OpenRouterImageGenerator(model="image", **settings)
        hello = ChatMessage.from_user("Hi")
        calls: dict[tuple[str, str], Callable[[bool], Any]] = {
            (SDK.name, "sent"): lambda is_large: send(large if is_large else small),
            (Ours.name, "sent"): lambda is_large: transcriber.run([large if is_large else small]),
            (SDK.name, "an image"): lambda is_large: client.images.generate(model=_image(is_large), prompt="Hi"),
            (Ours.name, "an image"): lambda is_large: images.run("Hi", generation_kwargs={"model": _image(is_large)}),
            (SDK.name, "a reply"): lambda is_large: client.chat.completions.create(
                model=_reply(is_large), messages=[{"role": "user", "content": "Hi"}]
            ),
            (Ours.name, "a reply"): lambda is_large: generator.run(
                [hello], generation_kwargs={"model": _reply(is_large)}
            ),
        }
        (call,) = (found for (whose, what), found in calls.items() if whose == kind and what in name)
        call(False)
        before = _kilobytes("VmRSS")
        call(True)
        return (_kilobytes("VmHWM") - before) * 1024 / MEMORY[name]


def _image(is_large: bool) -> str:
    return f"image/{REPLY if is_large else 1000}"


def _reply(is_large: bool) -> str:
    return "reply/20 MB of images" if is_large else "plain"


def _kilobytes(field: str) -> int:
    return int(Path("/proc/self/status").read_text(encoding="ascii").partition(f"{field}:")[2].split()[0])


if __name__ == "__main__":
    print(_added(sys.argv[1], sys.argv[2], int(sys.argv[3])))
