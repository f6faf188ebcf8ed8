# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/models`: a few names that the stand-in knows. It replies to any other name too."""

from stand_in.answer import Answer
from stand_in.costs import DOLLARS_PER_TOKEN
from stand_in.request import Request


def list_models(_: Request) -> Answer:
    """
    List the models.

    :returns: A list of names and prices.
    """
    names = ("auto-choice", "slow", "cut-stream", "error-in-stream", "error-429", "error-502-in-200")
    price = {"prompt": f"{DOLLARS_PER_TOKEN:f}", "completion": f"{DOLLARS_PER_TOKEN:f}"}
    return Answer.json({"data": [{"id": f"stand-in/{n}", "name": f"Stand-in: {n}", "pricing": price} for n in names]})
