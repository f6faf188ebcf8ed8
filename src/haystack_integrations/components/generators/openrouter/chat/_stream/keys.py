# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Makes keys of dictionaries from decoded JSON.
"""

from __future__ import annotations

import json
from typing import Any

_KEY_TYPES = {str, int, bool, type(None)}


def dictionary_key(value: Any) -> Any:
    """
    Make a value hashable, because a response may hold a list or an object where a number or a string is expected.

    :param value: A decoded JSON value.
    :returns: The value itself, or its JSON.
    """
    return value if type(value) in _KEY_TYPES else json.dumps(value, sort_keys=True, default=str)
