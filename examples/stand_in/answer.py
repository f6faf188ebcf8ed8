# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""What the stand-in sends: any status, headers and bytes, and the faults that a connection can have."""

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

COMMENT = b": OPENROUTER PROCESSING\n\n"


class Action(Enum):
    """
    What a response can do besides sending bytes.
    """

    CUT = "close the connection in the middle of the response"
    RESET = "reset the connection"
    STALL = "send nothing more until the client goes away"
    DRIP = "send blank lines, which keep the connection alive, until the client goes away"


CUT, RESET, STALL, DRIP = Action


@dataclass
class Answer:
    """
    One HTTP response. The pieces of its body are sent one after the other, chunked unless `headers` has a length.
    """

    body: list[bytes | Action]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(
        cls, payload: Any, status: int = 200, headers: dict[str, str] | None = None, *, blanks: int = 0
    ) -> "Answer":
        """
        Make a JSON response.

        :param payload: The body, before it is encoded.
        :param status: The HTTP status.
        :param headers: Headers to add.
        :param blanks: How many of the blank lines that keep the connection of a slow response alive come first.
        :returns: The response.
        """
        body = [b"\n         \n"] * blanks + [json.dumps(payload).encode()]
        return cls([*body], status, {"content-type": "application/json", **(headers or {})})

    @classmethod
    def sse(
        cls, events: list[Any], *, done: bool = True, comments: int = 1, headers: dict[str, str] | None = None
    ) -> "Answer":
        """
        Make a stream of server-sent events.

        :param events: Dictionaries are sent as events, bytes and actions as they are.
        :param done: Whether `[DONE]` comes at the end.
        :param comments: How many comments come first.
        :param headers: Headers to add.
        :returns: The response.
        """
        body: list[bytes | Action] = [COMMENT] * comments
        body += [b"data: " + json.dumps(e).encode() + b"\n\n" if isinstance(e, dict) else e for e in events]
        end = [b"data: [DONE]\n\n"] if done else []
        return cls([*body, *end], 200, {"content-type": "text/event-stream", **(headers or {})})

    @classmethod
    def raw(cls, data: bytes, content_type: str, headers: dict[str, str] | None = None) -> "Answer":
        """
        Make a response of raw bytes, such as audio.

        :param data: The whole body.
        :param content_type: The MIME type of the body.
        :param headers: Headers to add.
        :returns: The response.
        """
        return cls([data] if data else [], 200, {"content-type": content_type, **(headers or {})})

    @classmethod
    def error(
        cls,
        code: Any,
        message: str,
        *,
        status: int | None = None,
        metadata: Any = None,
        headers: dict[str, str] | None = None,
    ) -> "Answer":
        """
        Make an error in OpenRouter's shape.

        :param code: The code in the body.
        :param message: The message in the body.
        :param status: The HTTP status, if it is not the code.
        :param metadata: The metadata in the body, if any.
        :param headers: Headers to add.
        :returns: The response.
        """
        error = {"code": code, "message": message, **({"metadata": metadata} if metadata is not None else {})}
        body = {"error": error, "user_id": "user_2standinstandin"}
        return cls.json(body, status or int(code), headers)
