# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""What the stand-in receives."""

import json
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Memory:
    """
    What the stand-in remembers from one request to the next. An endpoint that has to remember more adds a field.
    """

    cached: set[str] = field(default_factory=set)
    """The beginnings of prompts that `cache_control` has marked so far."""
    responses: dict[str, tuple[float, Any]] = field(default_factory=dict)
    """What the response cache holds: when a response was made, and the response."""
    generations: dict[str, Json] = field(default_factory=dict)
    """What `/generation` tells about the completions so far, by id."""
    videos: dict[str, Json] = field(default_factory=dict)
    """The jobs of `/videos` so far, by id."""
    batches: dict[str, Any] = field(default_factory=dict)
    """The batches that were submitted, by id."""
    asked: set[str] = field(default_factory=set)
    """The ids that `/generation` was asked for."""


@dataclass
class Request:
    """
    One HTTP request.
    """

    method: str
    path: str
    """The path alone; what follows the question mark is in `query`."""
    headers: dict[str, str]
    """By lower-case name."""
    raw: bytes
    connection: int
    """The number of the connection that the request came on: equal numbers mean that it was used again."""
    query: dict[str, str] = field(default_factory=dict)
    number: int = 0
    """The number of the request on this server, from 1 on. It makes the ids in responses unique."""
    memory: Memory = field(default_factory=Memory, repr=False)

    @property
    def body(self) -> Json:
        """
        The decoded JSON body, or an empty dictionary if there is none.
        """
        decoded = json.loads(self.raw or b"{}")
        return decoded if isinstance(decoded, dict) else {}

    @property
    def key(self) -> str:
        """
        The API key, or an empty string if there is none.
        """
        return self.headers.get("authorization", "").removeprefix("Bearer").strip()
