# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The time at which a chunk arrived.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """
    Returns UTC in ISO 8601. Readings within a millisecond are equal, because formatting takes long.
    """

    def __init__(self) -> None:
        self._read_at, self._text = 0.0, ""

    def now(self) -> str:
        """
        Read the clock.

        :returns: The time with microseconds and the offset `+00:00`, at most a millisecond old.
        """
        seconds = time.time()
        if not 0.0 <= seconds - self._read_at < 0.001:
            self._read_at = seconds
            self._text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
        return self._text
