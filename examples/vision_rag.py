# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Search in scanned pages: embed them, retrieve, rerank, and let a chat model read the best one."""

import tempfile
from pathlib import Path

from haystack import Document
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.dataclasses import ChatMessage, ImageContent
from haystack.document_stores.in_memory import InMemoryDocumentStore
from PIL import Image, ImageDraw, PngImagePlugin
from stand_in import base_url

from haystack_integrations.components.embedders.openrouter import (
    OpenRouterDocumentImageEmbedder,
    OpenRouterTextEmbedder,
)
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

PAGES = {
    "ferry.png": "The ferry to Gull Island leaves the harbour at nine and at three.",
    "light.png": "The lighthouse on Gull Island was built in 1874 from granite.",
    "bread.png": "The bakery sells bread with seaweed from five in the morning.",
}
QUESTION = "When does the ferry to Gull Island leave?"
EMBEDDING_MODEL, RERANK_MODEL = "google/gemini-embedding-2", "nvidia/llama-nemotron-rerank-vl-1b-v2:free"

folder = Path(tempfile.mkdtemp())
for name, text in PAGES.items():
    page, note = Image.new("RGB", (480, 120), "white"), PngImagePlugin.PngInfo()
    ImageDraw.Draw(page).text((40, 50), text, fill="black")
    note.add_itxt("Description", f"«{text}»")  # the local stand-in can't see images: it reads this
    page.save(folder / name, pnginfo=note)

files = {"root_path": str(folder), "api_base_url": base_url()}
page_embedder = OpenRouterDocumentImageEmbedder(model=EMBEDDING_MODEL, progress_bar=False, **files)
embedded = page_embedder.run([Document(meta={"file_path": name}) for name in PAGES])
store = InMemoryDocumentStore(embedding_similarity_function="cosine")
store.write_documents(embedded["documents"])
print(f"{len(PAGES)} pages: {embedded['meta']['usage']['cost']:.6f} USD")

question = OpenRouterTextEmbedder(model=EMBEDDING_MODEL, api_base_url=base_url()).run(QUESTION)
found = InMemoryEmbeddingRetriever(store, top_k=2).run(question["embedding"])["documents"]
ranker = OpenRouterRanker(model=RERANK_MODEL, image_meta_field="file_path", **files)
best = ranker.run(QUESTION, found, top_k=1)["documents"][0]

reader = OpenRouterChatGenerator(model="google/gemini-2.5-flash", api_base_url=base_url())
image = ImageContent.from_file_path(folder / best.meta["file_path"])
reply = reader.run([ChatMessage.from_user(content_parts=[QUESTION, image])])["replies"][0]
print(f"{best.meta['file_path']} (score {best.score:.2f}): {reply.text}")
