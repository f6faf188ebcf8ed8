# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""A pipeline loaded from YAML: `pipeline.yaml`, next to this file."""

from pathlib import Path

from haystack import Pipeline
from stand_in import base_url

OPENROUTER = "https://openrouter.ai/api/v1"

written = Path(__file__).with_name("pipeline.yaml").read_text(encoding="utf-8")
pipeline = Pipeline.loads(written.replace(OPENROUTER, base_url() or OPENROUTER))

result = pipeline.run({"prompt": {"topic": "embeddings", "audience": "a gardener"}})
reply = result["llm"]["replies"][0]
print(reply.text)
print(reply.meta["model"], reply.meta["provider"], reply.meta["usage"]["cost"], "USD")
