# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The README's snippets and the examples run, as they stand, against the stand-in."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from stand_in import StandIn

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if not path.name.startswith("stand_in"))
SNIPPETS = re.findall(
    r"^## ([^\n]+)\n(?:(?!^## ).)*?^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S
)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENROUTER_API_KEY")
    environment = {**os.environ, "HAYSTACK_TELEMETRY_ENABLED": "False", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, path], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("OPENROUTER_API_KEY is not set") == 1
    assert "Traceback" not in done.stderr
    assert done.stdout.strip()
    assert len(path.read_text().splitlines()) < 60


@pytest.mark.parametrize(("title", "code"), SNIPPETS, ids=[title for title, _ in SNIPPETS])
def test_snippet(title: str, code: str, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setitem(OpenRouterChatGenerator.__init__.__kwdefaults__, "api_base_url", stand_in.url)
    namespace = {"__name__": "snippet"}
    monkeypatch.setitem(sys.modules, "snippet", type(sys)("snippet"))
    exec(compile(code, f"README.md: {title}", "exec"), namespace)
    assert stand_in.requests
    if "print" in code and "except" not in code:
        assert capsys.readouterr().out.strip()


def test_every_snippet_is_found():
    assert len(SNIPPETS) == (ROOT / "README.md").read_text().count("```python")
