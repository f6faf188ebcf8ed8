# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Values of the wire as keys of dictionaries.
"""

from __future__ import annotations

import json
from typing import Any

_KEY_TYPES = {str, int, bool, type(None)}


def dictionary_key(value: Any) -> Any:
    """
    Make a value hashable. The wire may hold lists and objects where a number or a string belongs.

    :param value: A decoded JSON value.
    :returns: The value itself, or its JSON.
    """
    return value if type(value) in _KEY_TYPES else json.dumps(value, sort_keys=True, default=str)
