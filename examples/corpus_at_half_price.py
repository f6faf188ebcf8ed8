# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Embed a corpus as batches, for about half the price. Start it again whenever you like: it goes on where it stopped.

The ids of the batches are kept in a file, before and after which nothing is lost: what was submitted is not submitted
again, and what is in the store already is neither.
"""

import json
import tempfile
from pathlib import Path

from haystack import Document
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy
from stand_in import base_url

from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter
from haystack_integrations.components.generators.openrouter import BatchError, OpenRouterBatch

SIZE = 20  # documents in a batch; at most 5,000
POLL = 0.01 if base_url() else 30

meter = OpenRouterCostMeter()
batch = OpenRouterBatch(model="openai/text-embedding-3-small", api_base_url=base_url(), cost_meter=meter)
store = InMemoryDocumentStore()  # yours would outlive the script
corpus = [Document(content=f"Boat {n} leaves pier {n % 7} at {n % 24} o'clock.") for n in range(50)]
parts = [corpus[start : start + SIZE] for start in range(0, len(corpus), SIZE)]

with tempfile.TemporaryDirectory() as folder:  # use a folder that stays
    kept = Path(folder, "batches.json")
    ids = json.loads(kept.read_text("utf-8")) if kept.exists() else []
    for part in parts[len(ids) :]:
        ids.append(batch.submit_documents(part))
        kept.write_text(json.dumps(ids), "utf-8")

    for batch_id, part in zip(ids, parts, strict=True):
        state = batch.wait(batch_id, poll=POLL)
        results = batch.document_results(batch_id, part)
        failed = [one for one in results if isinstance(one, BatchError)]
        embedded = [one for one in results if isinstance(one, Document)]
        store.write_documents(embedded, DuplicatePolicy.OVERWRITE)
        for error in failed:
            print(f"{part[error.position].id}: {error.type}: {error.message}")
        print(f"{batch_id}: {state.status}, {len(embedded)} embedded, {len(failed)} failed, {state.cost} USD")

print(f"{store.count_documents()} documents, {meter.total:.6f} USD")
