# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The endpoints of batches: what is sent to them, page by page, and what they tell.

Sources: `BatchSubmitBody` in OpenRouter's Python SDK 1.3.84, and
https://openrouter.ai/docs/guides/features/batch-api.
"""

from collections.abc import Mapping
from typing import Any

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint, JobEndpoint
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.responses import decode_plain, decoded_body, unusable_response
from haystack_integrations.common.openrouter.errors._advice import COMMON_ADVICE
from haystack_integrations.components.generators.openrouter.batch.state import ENDS, BatchState

MOST_REQUESTS = 5_000
"""In one batch. Source: https://openrouter.ai/docs/guides/features/batch-api, as for the size in bytes."""
MOST_BYTES = 200_000_000

CHAT_BATCH, EMBEDDINGS_BATCH = "/v1/chat/completions", "/v1/embeddings"
"""What a batch is for, as OpenRouter names it."""

_ONCE = (
    "The batch may have arrived all the same, so it was not sent again: `list()` shows whether it is there. If not, "
    "submit it again"
)


class BatchEndpoint(JobEndpoint):
    """
    Its good responses tell the state of a batch.
    """

    def is_billed(self, body: Any) -> bool:
        """Whether the batch is over, so that its cost is final. One that failed was not run, if it names no usage."""
        return body["status"] in ENDS and (body["status"] != "failed" or bool(body.get("usage")))


class FreeEndpoint(Endpoint):
    """
    Its responses cost nothing.
    """

    def is_billed(self, body: Any) -> bool:  # noqa: ARG002
        return False


_ADVICE = {
    **COMMON_ADVICE,
    "timeout": "No data arrived in time: raise `timeout` (seconds)",
    404: "Check the id of the batch, and that the key in {key} belongs to the workspace that submitted it",
    410: "OpenRouter keeps the results of a batch for 30 days: submit it again",
    429: "Try again later, or raise `max_retries`",
    "server": "Try again later",
}
BATCH = BatchEndpoint("/batches/{}", what="batch", decode=decode_plain, advice=_ADVICE)
RESULTS = FreeEndpoint("/batches/{}/results", may_be_empty=True, decode=decode_plain, what="results", advice=_ADVICE)
LIST = FreeEndpoint("/batches", may_be_empty=True, decode=decode_plain, what="list of batches", advice=_ADVICE)
DELETION = FreeEndpoint(
    "/batches/{}",
    result="id",
    shape=str,
    what="batch",
    method="DELETE",
    is_sent_once=True,
    advice={**_ADVICE, 409: "Only a batch that is over can be deleted. `wait` for it first: no batch can be canceled"},
)
SUBMISSION = BatchEndpoint(
    "/batches",
    what="batch",
    is_sent_once=True,
    advice={
        **COMMON_ADVICE,
        "unanswered": _ONCE,
        "provider timeout": _ONCE,
        "server": _ONCE,
        408: _ONCE,
        "no result": _ONCE,
        "no batch": "Choose a model that takes batches. Their names end in `:batch` in the list of models: "
        '`[model.id for model in OpenRouterModels().list() if model.id.endswith(":batch")]`. This is a hint and no '
        "promise: OpenRouter refuses some of them as well",
        400: "Check the names and values in `generation_kwargs`, and that the model takes batches",
        413: f"A batch may have {MOST_REQUESTS:,} requests and {MOST_BYTES // 1_000_000} MB: submit less at once",
        422: "Check `custom_ids`, and the names and values in `generation_kwargs`. Batches don't search the web",
        429: "Nothing was submitted: try again later",
    },
)


class ListPages:
    """
    The pages of a list of batches, the newest first.

    :param status: Only batches with this status, or all.
    :param limit: How many batches are wanted.
    """

    def __init__(self, status: str | None, limit: int) -> None:
        checks.at_least_one(limit=limit)
        checks.strings_or_none(status=status)
        self.states: list[BatchState] = []
        self.is_whole = False
        self._limit, self._status, self._after = limit, status, ""

    @property
    def query(self) -> dict[str, Any]:
        """What asks for the next page."""
        wanted = {"limit": min(self._limit - len(self.states), 100), "status": self._status, "after": self._after}
        return {name: value for name, value in wanted.items() if value}

    def take(self, response: Any) -> None:
        """Take a page."""
        body = decoded_body(response)
        entries = [entry for entry in body["data"] if isinstance(entry, dict) and entry.get("id")]
        self.states += map(BatchState.of, entries[: self._limit - len(self.states)])
        last = body.get("last_id")
        self.is_whole = not (body.get("has_more") and isinstance(last, str)) or len(self.states) >= self._limit
        self.is_whole |= not entries or last == self._after
        self._after = last


class ResultPages:
    """
    The results of a batch. Where a completed batch does not have them in its state, they come in pages.
    """

    def __init__(self) -> None:
        self.lines: list[Any] = []
        self.is_whole = True
        self.query: dict[str, str] = {}

    def begin(self, body: Mapping[str, Any], state: BatchState) -> None:
        """Take the results that the state of the batch has."""
        lines = body.get("results")
        self.lines = list(lines) if isinstance(lines, list) else []
        self.is_whole = isinstance(lines, list) or state.status != "completed"

    def take(self, response: Any) -> None:
        """Take a page."""
        body = decoded_body(response)
        self.lines += body["data"]
        cursor = body.get("next_cursor") if body.get("has_more") else None
        self.is_whole = not isinstance(cursor, str) or not body["data"] or self.query == {"cursor": cursor}
        self.query = {"cursor": str(cursor)}


def ended_state(body: Mapping[str, Any]) -> BatchState:
    """
    Read the state of a batch.

    :raises openai.APIError: If it has failed. The error tells why, and which conversation is to blame.
    """
    state = BatchState.of(body)
    if state.status == "failed":
        raise unusable_response(state.failure().rstrip("."), None)
    return state


def checked_state(body: Mapping[str, Any], endpoint: str) -> BatchState:
    """Read the state of a batch. Raise unless it is over, has not failed, and was submitted for this endpoint."""
    state = ended_state(body)
    if not state.is_done:
        msg = f"The batch {state.id} is not over ({state.progress}): `wait` for it first."
        raise ValueError(msg)
    found = body.get("endpoint")
    if found in (CHAT_BATCH, EMBEDDINGS_BATCH) and found != endpoint:
        reader = "results" if found == CHAT_BATCH else "document_results"
        msg = f"The batch {state.id} is one of {found}: read it with `{reader}`."
        raise ValueError(msg)
    return state


def check_batch_id(batch_id: object) -> None:
    checks.name(batch_id, "batch_id", "a string, such as `submit` returns", "pass the id that `submit` has returned")
