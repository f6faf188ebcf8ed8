# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What only the model that made it can read: encrypted and signed reasoning, and signatures of tool calls.

Its maker needs it: Gemini refuses a tool call of its own without its signature. Another model refuses it, even one of
the same author (codex#17541). A name does not always tell which of the two a model is, so these entries are left out
where the reader is certainly another model. If a request is refused all the same, it is sent once more without them.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import openai
from haystack import logging
from haystack.dataclasses import ChatMessage

from haystack_integrations.common.openrouter._wire.model_names import (
    is_served_as,
    learn_served_name,
    names_one_model,
)
from haystack_integrations.common.openrouter.errors._reading import failure_of
from haystack_integrations.components.generators.openrouter.chat._fields import (
    listed,
    mapping,
    reasoning_text,
    string,
)

logger = logging.getLogger(__name__)

Ask = Callable[[dict[str, Any]], list[ChatMessage]]
AskAsync = Callable[[dict[str, Any]], Awaitable[list[ChatMessage]]]

# Makers, as the `format` of a detail names them, such as `azure-openai-responses-v1`.
_MAKERS = {"anthropic", "google", "meta", "openai", "xai"}
_SEALED_TYPE = re.compile("encrypted|redacted|compaction")
_SIGNATURES = {"signature", "thought_signature", "thoughtSignature"}
_SEALS = {"data", "encrypted_content", *_SIGNATURES}


@dataclass(frozen=True)
class Readers:
    """
    The models that may read a request.

    :param names: Their names; none if anyone may read it.
    :param base_url: The URL of the API.
    """

    names: tuple[str, ...]
    base_url: str

    @classmethod
    def of(cls, fields: Mapping[str, Any], base_url: str) -> Self:
        """Find the readers of a request with these fields."""
        models = models_asked(fields)
        named = tuple(name for name in models if isinstance(name, str) and names_one_model(name))
        return cls(named if len(named) == len(models) and not fields.get("preset") else (), base_url)

    def exclude_maker_of(self, message: ChatMessage) -> bool:
        """Whether a message was certainly made by none of them."""
        maker = string(message.meta.get("model"))
        if names_one_model(maker):
            return bool(self.names) and not any(is_served_as(self.base_url, name, maker) for name in self.names)
        details = [detail for part in message.reasonings for detail in listed(part.extra.get("reasoning_details"))]
        makers = {word for detail in details for word in string(mapping(detail).get("format")).split("-")} & _MAKERS
        authors = [name.lower().lstrip("~").partition("/")[0].replace("-", "") for name in self.names]
        return bool(makers and authors) and not any(author.startswith((*makers,)) for author in authors)


def models_asked(fields: Mapping[str, Any]) -> list[object]:
    """The model that a request with these fields is for, and its fallbacks."""
    fallbacks = fields.get("models")
    return [fields.get("model"), *(fallbacks if isinstance(fallbacks, list | tuple) else ())]


def learn_makers(replies: list[ChatMessage], arguments: Mapping[str, Any], base_url: str) -> None:
    """Remember under which name a model replies: the next request sends its reasoning back to it."""
    readers = Readers.of({**arguments, **arguments.get("extra_body", {})}, base_url)
    if len(readers.names) == 1:
        for reply in replies:
            learn_served_name(base_url, readers.names[0], reply.meta["model"])


def readable(wire: dict[str, Any], text: str = "") -> dict[str, Any]:
    """Copy a message without what only its maker can read. `text` is its reasoning, if it is not in the details."""
    kept = dict(wire)
    details = listed(wire.get("reasoning_details"))
    if any(map(_is_sealed, details)):  # ids of the others refer to the ones that are sealed
        del kept["reasoning_details"]
        if text := text or reasoning_text(details):
            kept["reasoning"] = text
    if calls := wire.get("tool_calls"):
        kept["tool_calls"] = [_without_seals(call) for call in calls]
    return kept


def with_healing(ask: Ask, arguments: dict[str, Any]) -> list[ChatMessage]:
    """Send a request, and once more without what its reader has refused to read."""
    try:
        return ask(arguments)
    except openai.APIError as error:
        healed = _healed(arguments, error)
    return ask(healed)


async def with_healing_async(ask: AskAsync, arguments: dict[str, Any]) -> list[ChatMessage]:
    """Send a request, and once more without what its reader has refused to read."""
    try:
        return await ask(arguments)
    except openai.APIError as error:
        healed = _healed(arguments, error)
    return await ask(healed)


def _healed(arguments: dict[str, Any], error: openai.APIError) -> dict[str, Any]:
    """The arguments without what was refused, or the error if it has another cause."""
    failure, sent = failure_of(error), arguments["messages"]
    messages = [readable(wire) for wire in sent]
    is_begun = getattr(error, "partial_reply", None) is not None
    if failure is None or not failure.refuses_reasoning or is_begun or messages == sent:
        raise error
    logger.warning(
        "Encrypted or signed reasoning in the conversation was refused: {model} or its provider can't read it. The "
        "request is sent once more without it.",
        model=arguments["model"],
    )
    return {**arguments, "messages": messages}


def _is_sealed(detail: object) -> bool:
    fields = mapping(detail)
    return bool(_SEALED_TYPE.search(string(fields.get("type"))) or any(fields.get(name) for name in _SEALS))


def _without_seals(fields: dict[str, Any]) -> dict[str, Any]:
    """Copy a tool call without its signatures, and without objects that had nothing else, such as `extra_content`."""
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        left = _without_seals(value) if isinstance(value, dict) else value
        if name not in _SIGNATURES and (left or left == value):
            kept[name] = left
    return kept
