# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What submits a batch: the requests for conversations and documents, and the bytes in which they are sent.

The chat generator and the embedders write the requests. What is here is what a batch adds: refusals of what OpenRouter
would complain about only once the batch has failed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from haystack import Document
from haystack.dataclasses import ChatMessage
from pydantic_core import to_json

from haystack_integrations.common.openrouter._base.documents import document_text
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import mapping, sendable_json
from haystack_integrations.components.generators.openrouter.batch._endpoint import (
    CHAT_BATCH,
    EMBEDDINGS_BATCH,
    MOST_BYTES,
    MOST_REQUESTS,
)
from haystack_integrations.components.generators.openrouter.batch._ids import (
    check_custom_ids,
    conversation_id,
    document_id,
)
from haystack_integrations.components.generators.openrouter.batch.options import BatchProviderPreferences
from haystack_integrations.components.generators.openrouter.chat._endpoint import completion_body
from haystack_integrations.components.generators.openrouter.chat._request.arguments import (
    as_messages,
    request_messages,
    warn_of_cache_points,
)

_MEDIA = ("url", "file_data", "data")
# Arguments that belong to the batch, or to its request, and not to each line of it.
_OF_THE_BATCH = ("model", "provider", "stream")


@dataclass(frozen=True)
class Submission:
    """
    What submits a batch.

    :param model: The model.
    :param custom_ids: The ids of its requests, as they are sent.
    :param content: The body.
    :param options: The options of the request.
    :param deadline: Seconds after which the request ends, or None.
    """

    model: str
    custom_ids: list[str]
    content: bytes = field(repr=False)
    options: dict[str, Any] = field(default_factory=dict)
    deadline: float | None = None


def submission_of_conversations(
    conversations: Sequence[list[ChatMessage] | str],
    custom_ids: Sequence[str] | None,
    callback_url: str | None,
    *,
    arguments: dict[str, Any],
    base_url: str,
) -> Submission:
    """
    Make what submits conversations.

    :param arguments: The arguments that their requests share, as the chat generator makes them.
    :param base_url: The URL of the API.
    :raises TypeError: If an argument has the wrong type.
    :raises ValueError: If something can't be sent in a batch. The error names the number of the conversation.
    """
    checks.instance(conversations, "`conversations`", list | tuple, "a list of conversations")
    _check_count(len(conversations), "conversations")
    check_custom_ids(custom_ids, len(conversations))
    _check_callback_url(callback_url)
    shared = completion_body(arguments)
    _check_shared_body(shared)
    names = custom_ids or [""] * len(conversations)
    ids = [conversation_id(position, name) for position, name in enumerate(names)]
    head = {
        "endpoint": CHAT_BATCH,
        "model": shared["model"],
        "callback_url": callback_url,
        "provider": shared.get("provider"),
    }
    bodies = _conversation_bodies(conversations, arguments, base_url)
    content = _submission_bytes(head, zip(ids, bodies, strict=True), "conversations")
    options = {
        option: arguments[name]
        for option, name in (("headers", "extra_headers"), ("params", "extra_query"), ("timeout", "timeout"))
        if name in arguments
    }
    return Submission(shared["model"], list(custom_ids or ids), content, options, arguments.get("deadline"))


def submission_of_documents(
    documents: Sequence[Document],
    callback_url: str | None,
    texts: Mapping[str, Any],
    *,
    model: str,
    headers: dict[str, str],
) -> Submission:
    """Make what submits documents that are to be embedded."""
    checks.documents(documents, "Use `submit` for conversations.")
    _check_count(len(documents), "documents")
    _check_callback_url(callback_url)
    text_of, dimensions = _text_maker(**texts)
    # in base64, some providers return nothing
    shared = {"encoding_format": "float", **({} if dimensions is None else {"dimensions": dimensions})}
    ids = [document_id(position, document.id) for position, document in enumerate(documents)]
    bodies = ({"input": text_of(document), **shared} for document in documents)
    head = {"endpoint": EMBEDDINGS_BATCH, "model": model, "callback_url": callback_url}
    return Submission(
        model, ids, _submission_bytes(head, zip(ids, bodies, strict=True), "documents"), {"headers": headers}
    )


def _text_maker(
    *,
    dimensions: int | None = None,
    prefix: str = "",
    suffix: str = "",
    meta_fields_to_embed: Sequence[str] | None = None,
    embedding_separator: str = "\n",
) -> tuple[Callable[[Document], str], int | None]:
    checks.at_least_one_or_none(dimensions=dimensions)
    checks.strings(prefix=prefix, suffix=suffix, embedding_separator=embedding_separator)
    checks.meta_fields(meta_fields_to_embed)
    fields = list(meta_fields_to_embed or ())
    return lambda document: f"{prefix}{document_text(document, fields, embedding_separator)}{suffix}", dimensions


def _check_count(count: int, argument: str) -> None:
    """Raise unless a batch can have so many requests."""
    if not count:
        msg = f"`{argument}` is empty: there is nothing to submit."
        raise ValueError(msg)
    if count > MOST_REQUESTS:
        msg = (
            f"`{argument}[{MOST_REQUESTS}]` is one too many: a batch has at most {MOST_REQUESTS:,} requests, and "
            f"there are {count:,}. Submit `{argument}[:{MOST_REQUESTS}]` first, and the rest as other batches."
        )
        raise ValueError(msg)


def _submission_bytes(head: Mapping[str, Any], lines: Iterable[tuple[str, Mapping[str, Any]]], argument: str) -> bytes:
    """
    Write the body that submits a batch. The server reads it as it comes: what is in `head` has to come first.

    :param head: `endpoint`, `model` and the other fields. Those that are None are left out.
    :param lines: The id and the body of each request.
    :param argument: The argument that the requests are made from.
    :raises ValueError: If it gets too large, or holds something that JSON can't.
    """
    pieces = [_encoded({name: value for name, value in head.items() if value is not None}, "the batch")[:-1]]
    size = len(pieces[0]) + len(b',"requests":[]}')
    for number, (custom_id, body) in enumerate(lines):
        piece = _encoded({"custom_id": custom_id, "body": body}, f"{argument}[{number}]")
        size += len(piece) + 1
        if size > MOST_BYTES:
            parts = f"Submit `{argument}[:{number}]` first" if number else "Shorten it"
            msg = (
                f"`{argument}[{number}]` makes the batch larger than {MOST_BYTES // 1_000_000} MB, which is the most "
                f"that OpenRouter takes. {parts}."
            )
            raise ValueError(msg)
        pieces.append(piece)
    return pieces[0] + b',"requests":[' + b",".join(pieces[1:]) + b"]}"


def _encoded(value: Any, where: str) -> bytes:
    try:
        return to_json(value)
    except ValueError:  # half of a surrogate pair, most of the time
        pass
    try:
        return to_json(sendable_json(value))
    except ValueError as error:
        msg = f"{where} can't be sent as JSON: {error}"
        raise ValueError(msg) from None


def _check_callback_url(url: object) -> None:
    """Raise unless this is a URL that OpenRouter would call, or None."""
    checks.strings_or_none(callback_url=url)
    if url is not None and not str(url).startswith("https://"):
        msg = f"`callback_url` must begin with https://, not {checks.shown(url)}."
        raise ValueError(msg)


def _check_shared_body(body: Mapping[str, Any]) -> None:
    """
    Raise for what a batch can't do, and OpenRouter would tell only once the batch has failed.

    :param body: The body of a request, its messages aside.
    :raises ValueError: If there is something in it that no batch takes.
    """
    tools, plugins = _mappings(body.get("tools")), _mappings(body.get("plugins"))
    searching = {
        "`plugins`": any(plugin.get("id") == "web" for plugin in plugins),
        "`tools`": any("web_search" in str(tool.get("type")) for tool in tools),
        "`web_search_options`": "web_search_options" in body,
        "`model`": str(body.get("model")).endswith(":online"),
    }
    speaking = {
        "`modalities`": set(body.get("modalities") or ()) - {"text"},
        "`audio`": body.get("audio"),
        "`image_config`": body.get("image_config"),
    }
    few = {f"`{name}`": _is_less_than_one(body.get(name)) for name in ("max_tokens", "max_completion_tokens")}
    several = {"`n`": isinstance(body.get("n"), int) and body["n"] > 1}
    wrong: dict[str, Mapping[str, Any]] = {
        "a batch does not search the web": searching,
        "the replies of a batch are text": speaking,
        "a batch needs at least 1": few,
        "each conversation of a batch has one reply": several,
    }
    for reason, found in wrong.items():
        for name, is_wrong in found.items():
            if is_wrong:
                msg = f"{name} can't be sent, for {reason}. Leave it out, or use OpenRouterChatGenerator."
                raise ValueError(msg)
    if odd := sorted(mapping(body.get("provider")).keys() - BatchProviderPreferences.__annotations__):
        msg = (
            f'`generation_kwargs["provider"]` has {odd[0]!r}, but one provider runs a whole batch. It can have: '
            f"{', '.join(BatchProviderPreferences.__annotations__)}."
        )
        raise ValueError(msg)


def _conversation_bodies(
    conversations: Sequence[Any], arguments: Mapping[str, Any], base_url: str
) -> Iterator[dict[str, Any]]:
    """
    Make the body of the request for each conversation. The model and the provider are the batch's.

    :param conversations: The conversations.
    :param arguments: The arguments of the requests that they share.
    :param base_url: The URL of the API.
    :raises TypeError: If one of them is no conversation. The error has its number, as that of a ValueError has.
    :raises ValueError: If one of them can't be sent in a batch.
    """
    for number, conversation in enumerate(conversations):
        where = f"conversations[{number}]"
        try:
            if not (messages := as_messages(conversation)):
                msg = "it is empty."
                raise ValueError(msg)
            wired = request_messages(messages, arguments, base_url)
        except (TypeError, ValueError) as error:
            msg = f"`{where}`: {error}"
            raise (TypeError if isinstance(error, TypeError) else ValueError)(msg) from None
        _refuse_media(wired, where)
        if not number:  # what may be wrong with one is wrong with all
            warn_of_cache_points({**arguments, "messages": wired})
        body = completion_body({"messages": wired, **arguments})
        yield {name: value for name, value in body.items() if name not in _OF_THE_BATCH}


def _refuse_media(wired: Sequence[Mapping[str, Any]], where: str) -> None:
    for wire in wired:
        for part in (*_mappings(wire.get("content")), *_mappings(wire.get("images"))):
            held = mapping(part.get(str(part.get("type"))))
            found = next((str(held[name]) for name in _MEDIA if held.get(name)), "")
            if "data" in held or found.startswith("data:"):
                msg = (
                    f"`{where}` has {part.get('type')} with its data, but a batch takes media only by URL. Pass "
                    'a public https URL: `ImageContent("", "image/png", meta={"url": …})`, for example.'
                )
                raise ValueError(msg)


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def _is_less_than_one(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value < 1
