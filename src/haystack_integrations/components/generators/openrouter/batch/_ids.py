# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The ids of the requests of a batch. They hold the position, so that results can be put in order from the id alone.

`c0012` and `c0012-invoice` are those of the conversation at position 12, and `d0012-<digest>` is that of a document.
"""

import hashlib
import re

from haystack_integrations.common.openrouter._wire import checks

# The longest id, as far as providers tell. Source: `custom_id` in Anthropic's Message Batches API.
_LONGEST = 64
_ID = re.compile(r"([cd])(\d{4})(?:-(.*))?", re.DOTALL)
_NAMED = re.compile(r"(?<![\w-])([cd])(\d{4})(?:-([\w.:-]*[\w-]))?(?![\w-])")
_KINDS = {"c": "conversations", "d": "documents"}


def conversation_id(position: int, custom_id: str = "") -> str:
    return f"c{position:04}-{custom_id}" if custom_id else f"c{position:04}"


def document_id(position: int, document: str) -> str:
    """Make the id for a document: it tells later whether it is the same document that gets the embedding."""
    return f"d{position:04}-{hashlib.sha256(document.encode(errors='surrogatepass')).hexdigest()[:16]}"


def read_id(sent: object) -> tuple[str, int | None, str]:
    """Take an id apart: the kind, the position, and the custom id or the digest. One of others has no position."""
    if not isinstance(sent, str):
        return "", None, ""
    found = _ID.fullmatch(sent)
    return (found[1], int(found[2]), found[3] or "") if found else ("", None, sent)


def position_of(text: str) -> tuple[str, int, str] | None:
    """Find in the text of an error which conversation or document it names, as kind, position and custom id."""
    found = _NAMED.search(text)
    return (_KINDS[found[1]], int(found[2]), found[3] or "") if found else None


def check_custom_ids(custom_ids: object, count: int) -> None:
    """Raise unless these are ids for so many conversations, or None."""
    if custom_ids is None:
        return
    checks.instance(custom_ids, "`custom_ids`", list | tuple, "a list of strings or None")
    seen: dict[str, int] = {}
    for number, custom_id in enumerate(custom_ids if isinstance(custom_ids, list | tuple) else ()):
        argument = f"custom_ids[{number}]"
        checks.name(custom_id, argument, "a string", "give each conversation an id, or leave out `custom_ids`")
        if len(conversation_id(number, custom_id)) > _LONGEST:
            msg = f"`{argument}` is too long: it may have {_LONGEST - len(conversation_id(number)) - 1} characters."
            raise ValueError(msg)
        if custom_id in seen:
            msg = f"`{argument}` is the same as `custom_ids[{seen[custom_id]}]`: {checks.shown(custom_id)}."
            raise ValueError(msg)
        seen[custom_id] = number
    if len(seen) != count:
        msg = f"`custom_ids` has {len(seen)} ids for {count} conversations."
        raise ValueError(msg)
