# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The notebook runs from its first cell to its last, and nothing that is not meant is written to stderr."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples" / "first_steps.ipynb"


def test_the_notebook_runs_as_it_stands(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    client.execute()
    printed = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    told = {name: "".join(output.text for output in printed if output.name == name) for name in ("stdout", "stderr")}
    assert "The stand-in does not think" in told["stdout"]
    assert "total" in told["stdout"]
    assert told["stderr"].partition(":")[0] == "OPENROUTER_API_KEY is not set"
    assert told["stderr"].count("\n") == 1


def test_the_notebook_is_kept_without_its_output():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []
