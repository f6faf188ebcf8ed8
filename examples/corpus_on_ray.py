# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Embed a corpus with Ray Data: from JSON Lines to Parquet with vectors, and the cost.

`hatch run scale:corpus_on_ray` embeds texts that the script generates. To embed your own texts, pass two arguments: a
JSON Lines file with "id" and "text", and a new folder for the vectors. To use a cluster, change `ray.init()` to
`ray.init(address="auto")`. All nodes must have access to the file and the folder, and each needs OPENROUTER_API_KEY.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import ray
from haystack import Document
from stand_in import base_url

from haystack_integrations.common.openrouter.cost import usage_cost
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder

ACTORS = 2  # processes that embed
CONCURRENCY = 4  # requests that each actor sends at once
BLOCK = 256  # documents that an actor takes at once. If the actor dies, they are embedded again


class Embedder:
    def __init__(self, url: str | None) -> None:
        # after a 429, a request waits as long as `Retry-After` says. With many actors, this can happen several times
        self.embedder = OpenRouterDocumentEmbedder(
            api_base_url=url, concurrency=CONCURRENCY, max_retries=20, progress_bar=False
        )

    def __call__(self, block: pa.Table) -> pa.Table:
        documents = [Document(id=row["id"], content=row["text"]) for row in block.to_pylist()]
        result = self.embedder.run(documents)
        embeddings = [document.embedding for document in result["documents"]]
        usage, count = result["meta"]["usage"], len(documents)
        block = block.append_column("embedding", pa.array(embeddings, pa.list_(pa.float32())))
        block = block.append_column("failed", pa.array([embedding is None for embedding in embeddings]))
        block = block.append_column("tokens", pa.array([usage.get("total_tokens", 0) / count] * count))
        return block.append_column("cost", pa.array([(usage_cost(usage) or 0) / count] * count))


def embed(corpus: str, vectors: str, url: str | None) -> None:
    start = time.perf_counter()
    texts = ray.data.read_json(corpus).repartition(target_num_rows_per_block=BLOCK)
    texts.map_batches(
        Embedder,
        fn_constructor_kwargs={"url": url},
        compute=ray.data.ActorPoolStrategy(size=ACTORS),
        num_cpus=0.5,  # an actor mostly waits for responses
        batch_format="pyarrow",
        batch_size=BLOCK,
    ).write_parquet(vectors)
    seconds = time.perf_counter() - start
    written = pq.read_table(vectors, columns=["failed", "tokens", "cost"])
    failed, tokens, cost = (pc.sum(column).as_py() for column in written.columns)
    print(f"{written.num_rows} documents, {written.num_rows / seconds:.0f} a second, {failed} failed")
    print(f"{tokens:.0f} tokens, {cost:.6f} USD")


if __name__ == "__main__":
    url = base_url()  # sets a key if there is none. Do this before `ray.init`: Ray's processes inherit the environment
    ray.init()
    with tempfile.TemporaryDirectory() as folder:
        made = [{"id": f"boat-{n}", "text": f"Boat {n} leaves pier {n % 7} at {n % 24} o'clock."} for n in range(3000)]
        Path(folder, "corpus.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in made), "utf-8")
        corpus, vectors = sys.argv[1:] or (f"{folder}/corpus.jsonl", f"{folder}/vectors")
        embed(corpus, vectors, url)
