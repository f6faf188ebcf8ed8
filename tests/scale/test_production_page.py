# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The snippets of docs/production.md, each as a script of its own."""

import re
from pathlib import Path

import pytest
from run_example import run_example
from snippets import PRODUCTION, snippets_of
from stand_in import StandIn

KEY = "import os\n\nos.environ['OPENROUTER_API_KEY'] = 'sk-or-test-key'\n"


def run(snippet: str, stand_in: StandIn, tmp_path: Path) -> str:
    script = tmp_path / "snippet.py"
    created = r"(OpenRouter\w*(?:Generator|Embedder|Ranker|Account))\("
    script.write_text(KEY + re.sub(created, rf'\1(api_base_url="{stand_in.url}", ', snippet), "utf-8")
    done = run_example(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.strip()
    return done.stdout


@pytest.mark.parametrize("snippet", snippets_of(PRODUCTION))
def test_snippet(snippet: str, stand_in: StandIn, tmp_path: Path):
    run(snippet, stand_in, tmp_path)
    assert stand_in.requests or "verify_webhook" in snippet


def test_what_a_store_has_is_not_embedded_again(stand_in: StandIn, tmp_path: Path):
    (snippet,) = [one.values[0] for one in snippets_of(PRODUCTION) if one.id.endswith("Only what a store lacks")]
    assert run(snippet, stand_in, tmp_path).splitlines() == ["1200 embedded", "300 embedded"]
    texts = [text for request in stand_in.requests for text in request.body["input"]]
    assert len(texts) == len(set(texts)) == 1500
