# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Run the stand-in alone, until Ctrl-C: `cd examples && python -m stand_in [PORT]`."""

import sys
import threading

from stand_in.server import StandIn

server = StandIn(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
print(f"The stand-in serves at {server.url} until Ctrl-C.", flush=True)
server.start()
try:
    threading.Event().wait()
except KeyboardInterrupt:
    server.stop()
