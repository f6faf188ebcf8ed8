# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""A whole RAG pipeline with one key: embed, retrieve, rerank, answer with citations, and show the cost of each step."""

from haystack import Document, Pipeline
from haystack.components.builders import ChatPromptBuilder
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.dataclasses import ChatMessage
from haystack.document_stores.in_memory import InMemoryDocumentStore
from stand_in import base_url

from haystack_integrations.common.openrouter.cost import usage_cost
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder, OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

DOCUMENTS = [
    Document(content="The lighthouse on Gull Island was built in 1874 from granite.", meta={"title": "Lighthouse"}),
    Document(content="The ferry to Gull Island leaves the harbour at nine and at three.", meta={"title": "Ferry"}),
    Document(content="The harbour museum shows ships in bottles and is closed on Mondays.", meta={"title": "Museum"}),
    Document(content="The bakery sells bread with seaweed from five in the morning.", meta={"title": "Bakery"}),
    Document(content="Gulls and puffins nest on the cliffs until August.", meta={"title": "Birds"}),
]
QUESTION = "When does the ferry to Gull Island leave?"
PROMPT = """{{ question }} Answer from these documents only, and cite them by number, like [1].
{% for document in documents %}[{{ loop.index }}] {{ document.content }}
{% endfor %}"""

store = InMemoryDocumentStore(embedding_similarity_function="cosine")
indexing = Pipeline()
indexing.add_component("embed documents", OpenRouterDocumentEmbedder(api_base_url=base_url(), progress_bar=False))
indexing.add_component("write", DocumentWriter(store))
indexing.connect("embed documents.documents", "write.documents")

answering = Pipeline()
answering.add_component("embed question", OpenRouterTextEmbedder(api_base_url=base_url()))
answering.add_component("retrieve", InMemoryEmbeddingRetriever(store, top_k=4))
answering.add_component("rerank", OpenRouterRanker(api_base_url=base_url(), top_k=2))
answering.add_component("prompt", ChatPromptBuilder([ChatMessage.from_user(PROMPT)], required_variables="*"))
answering.add_component("answer", OpenRouterChatGenerator(api_base_url=base_url()))
answering.connect("embed question.embedding", "retrieve.query_embedding")
answering.connect("retrieve", "rerank.documents")
answering.connect("rerank.documents", "prompt.documents")
answering.connect("prompt", "answer.messages")

steps = indexing.run({"embed documents": {"documents": DOCUMENTS}}, include_outputs_from={"embed documents"})
inputs = {"embed question": {"text": QUESTION}, "rerank": {"query": QUESTION}, "prompt": {"question": QUESTION}}
steps |= answering.run(inputs, include_outputs_from={"embed question", "rerank"})

reply = steps["answer"]["replies"][0]
print(f"{reply.text}\n")
for number, document in enumerate(steps["rerank"]["documents"], 1):
    if f"[{number}]" in reply.text:
        print(f"[{number}] {document.meta['title']} (score {document.score:.2f}): {document.content}")
metas = {name: step["meta"] for name, step in steps.items() if "meta" in step} | {"answer": reply.meta}
for name, meta in metas.items():
    print(f"{name}: {usage_cost(meta['usage']):.6f} USD ({meta['model']})")
