# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Runs examples, each in a process of its own, as a fork of one that has imported Haystack: importing takes a second.
"""

import multiprocessing
import os
import runpy
import sys
from dataclasses import dataclass
from pathlib import Path

_CONTEXT = multiprocessing.get_context(
    "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
)
_COMPONENTS = "haystack_integrations.components"


@dataclass(frozen=True)
class Run:
    """
    What became of a script.
    """

    returncode: int | None
    stdout: str
    stderr: str


def run_example(path: Path, folder: Path) -> Run:
    """
    Run a script without a key.

    :param path: The script.
    :param folder: Where its output may be kept.
    """
    _CONTEXT.set_forkserver_preload(
        [f"{_COMPONENTS}.{kind}.openrouter" for kind in ("generators", "embedders", "rankers", "routers")]
    )
    out, err = (folder / f"{path.stem}.{name}" for name in ("out", "err"))
    process = _CONTEXT.Process(target=_run, args=(path, out, err))
    process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
    return Run(process.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def _run(path: Path, out: Path, err: Path) -> None:
    for name in ("OPENROUTER_API_KEY", "OPENROUTER_API_BASE"):
        os.environ.pop(name, None)
    for file, stream in ((out, sys.stdout), (err, sys.stderr)):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
        os.dup2(descriptor, stream.fileno())
        stream.reconfigure(encoding="utf-8")
    sys.argv = [str(path)]
    runpy.run_path(str(path), run_name="__main__")
