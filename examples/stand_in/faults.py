# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Faults that the name of a model asks for, such as "stand-in/error-429" and "stand-in/cut-stream"."""

import re
from typing import Any

from stand_in.answer import Answer


def error_by_name(model: Any) -> Answer | None:
    """
    Make the error that a model's name asks for.

    :param model: "stand-in/error-<status>" for an HTTP error, "stand-in/error-<status>-in-200" for an error in the
        body of a response with status 200, or any other name.
    :returns: The error, or None for any other name.
    """
    failing = re.fullmatch(r"stand-in/error-(\d+)(-in-200)?", str(model))
    if not failing:
        return None
    metadata = {"provider_name": "Stand-in", "raw": "The model's name asks the stand-in to fail."}
    status = 200 if failing[2] else None
    return Answer.error(int(failing[1]), "Provider returned error", status=status, metadata=metadata)


def waits_by_name(model: Any) -> int:
    """
    Tell how many signs of life come before a response: more than one for the model "stand-in/slow".

    :param model: The name of the model.
    :returns: The number of blank lines or comments to send first.
    """
    return 3 if model == "stand-in/slow" else 1
