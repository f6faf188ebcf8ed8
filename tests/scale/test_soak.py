# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""A small run of the soak test. `hatch run soak` is the whole one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from components import KINDS

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_nothing_grows():
    command = [sys.executable, str(SOAK), "--calls", "400"]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()[1:]
    assert len(lines) == len(KINDS) + 1  # the account has two methods
    failed = [int(line.split()[2].replace(",", "")) for line in lines]
    assert all(failed), done.stdout
