# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
A local server that imitates OpenRouter's API, without a model.

The demo, the examples, the tests and the benchmarks use it. Run it alone with `cd examples && python -m stand_in`.

To add an endpoint, write a module in `endpoints/` with a function that takes a `Request` and returns an `Answer`, and
add a line to the table in `routes.py`.
"""

import os
import sys
from functools import cache

from stand_in.answer import COMMENT, CUT, DRIP, RESET, STALL, Action, Answer
from stand_in.request import Request
from stand_in.server import StandIn

__all__ = ["COMMENT", "CUT", "DRIP", "RESET", "STALL", "Action", "Answer", "Request", "StandIn", "base_url"]


@cache
def base_url() -> str | None:
    """
    Return the URL to which the examples send their requests.

    :returns: None, which means OpenRouter or `OPENROUTER_API_BASE`, if there is a key. Otherwise, a stand-in is started
        and its URL is returned.
    """
    if os.environ.get("OPENROUTER_API_KEY"):
        return None
    print("OPENROUTER_API_KEY is not set: a local stand-in replies, not a model.", file=sys.stderr, flush=True)
    os.environ["OPENROUTER_API_KEY"] = "sk-or-v1-no-key"
    return StandIn().start().url
