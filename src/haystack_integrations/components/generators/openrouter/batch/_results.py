# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The results of a batch, in order of submission: the chat generator reads the replies, and the embedders the embeddings.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import openai
from haystack import Document
from haystack.dataclasses import ChatMessage

from haystack_integrations.common.openrouter._base.documents import document_copy
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import mapping, printable
from haystack_integrations.common.openrouter._wire.responses import decode_plain, find_error
from haystack_integrations.common.openrouter.errors._failure import Failure
from haystack_integrations.components.embedders.openrouter._endpoint import read_response
from haystack_integrations.components.generators.openrouter.batch._endpoint import MOST_REQUESTS
from haystack_integrations.components.generators.openrouter.batch._ids import document_id, read_id
from haystack_integrations.components.generators.openrouter.batch.state import BatchError, BatchState
from haystack_integrations.components.generators.openrouter.chat._endpoint import CHAT, completion_of
from haystack_integrations.components.generators.openrouter.chat._reply import chat_messages

Result = TypeVar("Result")


def reply_of(body: dict[str, Any]) -> ChatMessage | None:
    """Read a completion as the chat generator does. None if it is none."""
    return chat_messages(completion_of(body))[0] if CHAT.is_good(body, None) else None


def embedding_of(body: dict[str, Any]) -> list[float] | None:
    """Read a response of the embeddings endpoint as the embedders do. None if it has no usable embedding."""
    try:
        return read_response(body, {}, 1, model="", dimensions=None)[0][0]
    except (openai.APIError, KeyError, TypeError, ValueError):
        return None


def in_order(
    lines: Sequence[Any], state: BatchState, read: Callable[[dict[str, Any]], Result | None]
) -> list[Result | BatchError]:
    """
    Read the lines of the results, in order of submission.

    :param lines: The lines, in any order.
    :param state: The state of the batch.
    :param read: Reads the body of a response.
    :returns: A result for each request. What has none is a `BatchError`.
    """
    found = [(read_id(mapping(line).get("custom_id"))[1], line) for line in lines]
    known = {position: line for position, line in found if position is not None}
    if any(position is None for position, _ in found):  # submitted by others
        return [_result(mapping(line), None, read) for line in lines]
    count = max(min(state.counts["total"], MOST_REQUESTS), *(position + 1 for position in known), 0)
    return [
        _result(mapping(known[position]), position, read) if position in known else _missing(state, position)
        for position in range(count)
    ]


def _missing(state: BatchState, position: int) -> BatchError:
    ended = state.status if state.status in ("expired", "cancelled") else "no_result"
    return BatchError(f"The batch has no result for this request: it is {state.status}", ended, position)


def _result(
    line: Mapping[str, Any], position: int | None, read: Callable[[dict[str, Any]], Result | None]
) -> Result | BatchError:
    response = mapping(line.get("response"))
    body, status = _decoded(response.get("body")), response.get("status_code")
    status = status if isinstance(status, int) else None
    error = line.get("error") or find_error(body)
    if not error and (status is None or status < 400):
        if isinstance(body, dict) and (result := read(body)) is not None:
            return result
        error, body = {"type": "no_result", "message": "The response has no usable result"}, None
    kind, _, name = read_id(line.get("custom_id"))
    text, type_ = _words_of(error, body, status)
    return BatchError(text, type_, position, "" if kind == "d" else name, status, dict(line))


def _decoded(body: Any) -> Any:
    """The body of a line: some providers send JSON in a string."""
    if not isinstance(body, str):
        return body
    try:
        return decode_plain(body)
    except ValueError:
        return body


def _words_of(error: Any, body: Any, status: int | None) -> tuple[str, str]:
    """What a failed line says, and the type of its error: the line may be vague where the body is not."""
    fields = mapping(error)
    inside = find_error(body) or (body if isinstance(body, str) or "message" in mapping(body) else None)
    failures = [Failure.read(one) for one in (error, inside) if one] or [Failure(f"HTTP {status} without a word")]
    said = [word for failure in failures for word in (failure.message, failure.provider_message) if word]
    types = (fields.get("type"), fields.get("error_type"), mapping(inside).get("type"), *failures[0].names[:1])
    named = next((one for one in types if isinstance(one, str) and one), "error")
    return printable(" ".join(dict.fromkeys(said))), printable(named, 100)


def check_are_submitted(documents: Sequence[Document], lines: Sequence[Any], state: BatchState) -> None:
    """
    Raise unless these are the documents of a batch, in the same order.

    :param documents: The documents.
    :param lines: The lines of the results.
    :param state: The state of the batch.
    """
    checks.documents(documents, "Pass those that were submitted.")
    if len(documents) != state.counts["total"]:
        msg = f"`documents` has {len(documents)} documents, but the batch {state.id} has {state.counts['total']}."
        raise ValueError(msg)
    for line in lines:
        kind, position, digest = read_id(mapping(line).get("custom_id"))
        if kind != "d" or position is None or not digest or position >= len(documents):
            continue
        if document_id(position, documents[position].id) != line["custom_id"]:
            msg = (
                f"`documents[{position}]` is not the document that was submitted there: it has another id. Pass the "
                "same documents in the same order."
            )
            raise ValueError(msg)


def embedded_documents(
    documents: Sequence[Document], embeddings: Sequence[list[float] | BatchError]
) -> list[Document | BatchError]:
    """Copy documents with their embeddings. Errors stay what they are."""
    pairs = zip(documents, embeddings, strict=True)
    return [one if isinstance(one, BatchError) else document_copy(document, embedding=one) for document, one in pairs]
