# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The fields of a message, whole or a delta, read leniently: whatever a provider has put there.
"""

from typing import Any

from haystack_integrations.common.openrouter._wire.responses import decode_plain

# Where a thinking part has its text.
_THINKING = ("thinking", "text")


def mapping(value: object) -> dict[str, Any]:
    """An object, or `{}`."""
    return value if isinstance(value, dict) else {}


def string(value: object) -> str:
    """A string, or ""."""
    return value if isinstance(value, str) else ""


def listed(value: object) -> list[Any]:
    """A list as it is, no value as an empty list, and anything else as the only entry of a list."""
    if isinstance(value, list):
        return value
    return [value] if value else []


def content_text(content: object) -> str:
    """The text of a message's `content`: a string, or the texts in a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(part if isinstance(part, str) else part["text"] for part in listed(content) if _is_text(part))


def thinking_text(content: object) -> str:
    """The texts of the thinking parts in a message's `content`. Source: `ThinkChunk` in Mistral's API."""
    thinking = filter(_is_thinking, listed(content))
    return "".join(content_text(part.get(name)) for part in thinking for name in _THINKING)


def other_parts(content: object) -> list[Any]:
    """What a message's `content` holds besides text and thinking."""
    parts = [(_unread(part) if _is_thinking(part) else part, part) for part in _not_text(content)]
    return [rest for rest, part in parts if rest or not _is_thinking(part)]


def reasoning_text(details: object) -> str:
    """The texts and summaries in reasoning details, joined. Encrypted ones have neither."""
    if type(details) is list and len(details) == 1:
        return _detail_text(details[0])
    return "".join(map(_detail_text, listed(details)))


def tool_arguments(raw: object) -> dict[str, Any]:
    """Read the arguments of a tool call: JSON in a string, an object, or nothing. Anything else is a ValueError."""
    for _ in range(2):  # some models encode the object twice
        if isinstance(raw, str):  # and some write new lines and tabs in its strings as they are
            raw = decode_plain(raw, strict=False) if raw.strip() else None
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        msg = "not a JSON object"
        raise ValueError(msg)
    return raw


def _detail_text(entry: object) -> str:
    return string(entry.get("text") or entry.get("summary")) if isinstance(entry, dict) else ""


def _is_text(part: object) -> bool:
    return isinstance(part, str) or (isinstance(mapping(part).get("text"), str) and not _is_thinking(part))


def _is_thinking(part: object) -> bool:
    return mapping(part).get("type") == "thinking"


def _not_text(content: object) -> list[Any]:
    return [part for part in listed(content) if not _is_text(part)]


def _unread(thinking: dict[str, Any]) -> dict[str, Any]:
    """A thinking part without its text, if there is more in it, such as a signature. Else `{}`."""
    rest = {name: _not_text(value) if name in _THINKING else value for name, value in thinking.items()}
    rest = {name: value for name, value in rest.items() if value and name not in ("type", "closed")}
    return rest and {"type": "thinking", **rest}
