# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The time at which a chunk came.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """
    UTC in ISO 8601, for a third of what `datetime.isoformat` costs: what is before the fraction is kept for a second.
    """

    def __init__(self) -> None:
        self._second = self._text = ""

    def now(self) -> str:
        """
        Read the clock.

        :returns: The time with microseconds and the offset `+00:00`.
        """
        nanoseconds = str(time.time_ns())
        second = nanoseconds[:-9]
        if second != self._second:
            self._second = second
            self._text = datetime.fromtimestamp(int(second), UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._text}.{nanoseconds[-9:-3]}+00:00"
