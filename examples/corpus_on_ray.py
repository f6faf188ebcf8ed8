# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Embed a corpus with Ray Data: from JSON Lines to Parquet with vectors, and the cost. A run that was stopped goes on.

`hatch run scale:corpus_on_ray` embeds texts that it makes. To embed your own, pass a JSON Lines file with "id" and
"text", and a folder for the vectors: what is there already is not embedded again. To use a cluster, change `ray.init()`
to `ray.init(address="auto")`. All nodes need access to the file and the folder, and OPENROUTER_API_KEY.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import ray
from haystack import Document
from stand_in import base_url

from haystack_integrations.common.openrouter.cost import usage_cost
from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder

ACTORS, CONCURRENCY = 2, 4  # processes that embed, and requests that each sends at once
BLOCK = 256  # documents that an actor takes at once. If it dies before they are written, they are embedded again
SCHEMA = {"id": pa.string(), "text": pa.string(), "embedding": pa.list_(pa.float32())}
SCHEMA |= {"tokens": pa.float64(), "cost": pa.float64()}  # the document's share of its block


class Embedder:
    def __init__(self, folder: str, url: str | None) -> None:
        # after a 429, a request waits as long as `Retry-After` says. With many actors, this can happen several times
        kwargs = {"concurrency": CONCURRENCY, "max_retries": 20, "progress_bar": False}
        self.folder, self.embedder = Path(folder), OpenRouterDocumentEmbedder(api_base_url=url, **kwargs)

    def __call__(self, block: pa.Table) -> pa.Table:
        documents = [Document(id=row["id"], content=row["text"]) for row in block.to_pylist()]
        # if an actor dies after it has written a block, and the block is repeated, this is the same file
        name = hashlib.sha256("\n".join(document.id for document in documents).encode()).hexdigest()
        path, part = self.folder / f"{name}.parquet", self.folder / f".{name}"
        result = self.embedder.run(documents)
        usage, embedded = result["meta"]["usage"], [one for one in result["documents"] if one.embedding]
        shares = usage.get("total_tokens", 0) / len(embedded), (usage_cost(usage) or 0) / len(embedded)
        rows = [dict(zip(SCHEMA, (d.id, d.content, d.embedding, *shares), strict=True)) for d in embedded]
        pq.write_table(pa.Table.from_pylist(rows, pa.schema(SCHEMA)), part)
        part.replace(path)  # nobody sees half of a file
        return pa.table({"failed": [len(documents) - len(embedded)]})


def ids_in(path: Path) -> list[str]:
    try:
        return pq.read_table(path, columns=["id"])["id"].to_pylist()
    except (pa.ArrowInvalid, OSError):  # the machine went down while it was written
        path.unlink()
        return []


def embed(corpus: str, vectors: str, url: str | None) -> None:
    Path(vectors).mkdir(parents=True, exist_ok=True)
    before = pa.array([name for path in Path(vectors).glob("*.parquet") for name in ids_in(path)], pa.string())
    there = ray.put(before)
    lacking = ray.data.read_json(corpus).map_batches(
        lambda block: block.filter(pc.invert(pc.is_in(block["id"], ray.get(there)))), batch_format="pyarrow"
    )
    pool = {"compute": ray.data.ActorPoolStrategy(size=ACTORS), "num_cpus": 0.5}  # an actor mostly waits for responses
    blocks = lacking.repartition(target_num_rows_per_block=BLOCK).map_batches(
        Embedder, fn_constructor_args=(vectors, url), batch_format="pyarrow", batch_size=BLOCK, **pool
    )
    failed = sum(row["failed"] for row in blocks.iter_rows())  # they are not in the folder: the next run tries again
    written = pq.read_table(vectors, columns=["tokens", "cost"])
    print(f"{len(written)} documents, {len(before)} of them embedded before, {failed} failed")
    print("{:.0f} tokens, {:.6f} USD".format(*(pc.sum(column).as_py() for column in written.columns)))


if __name__ == "__main__":
    url = base_url()  # sets a key if there is none. Do this before `ray.init`: Ray's processes inherit the environment
    ray.init()
    with tempfile.TemporaryDirectory() as folder:
        made = [{"id": f"boat-{n}", "text": f"Boat {n} leaves pier {n % 7} at {n % 24} o'clock."} for n in range(3000)]
        Path(folder, "corpus.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in made), "utf-8")
        embed(*(sys.argv[1:] or (f"{folder}/corpus.jsonl", f"{folder}/vectors")), url)
