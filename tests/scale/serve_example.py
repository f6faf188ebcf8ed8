# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Runs an example that serves, in a process of its own.
"""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
# Run an example as it stands, with the stand-in of the test in place of one that it would start
RUN = "import runpy, stand_in; stand_in.base_url = lambda: {url!r}; runpy.run_path({path!r}, run_name='__main__')"
SERVER = {"PORT": "0", "HAYHOOKS_PORT": "0", "HAYHOOKS_HOST": "127.0.0.1"}


@contextmanager
def served(example: str, stand_in_url: str) -> Iterator[str]:
    """
    Run an example that serves, on a free port.

    :param example: The name of the script.
    :param stand_in_url: Where it sends its requests.
    :returns: The URL that it serves at.
    """
    command = [sys.executable, "-u", "-c", RUN.format(url=stand_in_url, path=str(EXAMPLES / f"{example}.py"))]
    path = os.pathsep.join([str(EXAMPLES), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, **SERVER, "PYTHONPATH": path}
    lines, urls, told = [], [], threading.Event()

    def read() -> None:
        for line in process.stdout:
            lines.append(line)
            urls.extend(re.findall(r"(?i)running on .*?(http://[\w.]+:\d+)", line))
            if urls:
                told.set()
        told.set()

    output, errors = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, env=environment, stdout=output, stderr=errors, text=True) as process:
        reader = threading.Thread(target=read)
        reader.start()
        try:
            told.wait(120)
            assert urls, "".join(lines)
            yield urls[0]
        finally:
            process.terminate()
            reader.join()
