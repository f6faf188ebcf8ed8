# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What OpenRouter tells about a batch, and about a request of it that failed.

Source: `BatchObject` in OpenRouter's Python SDK 1.3.84.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from haystack_integrations.common.openrouter._wire.json_values import mapping, printable
from haystack_integrations.common.openrouter._wire.usage import amount, cost_of_response
from haystack_integrations.components.generators.openrouter.batch._ids import position_of, read_id

ENDS = ("completed", "failed", "expired", "cancelled")
"""How a batch ends. Any other status, a new one too, means that it is under way."""


@dataclass(frozen=True)
class BatchError:
    """
    A request of a batch that has no reply.

    :param message: What OpenRouter, or the provider, says about it.
    :param type: The type of the error, such as "invalid_request_error". "expired" and "cancelled" mean that the batch
        ended before the request was run, and "no_result" that nothing usable came.
    :param position: The position of its conversation or document in what was submitted. None if that is unknown.
    :param custom_id: The custom id of its conversation, or "" if none was given.
    :param status: The HTTP status of the request. None if there is none.
    :param raw: The line of the results as OpenRouter sent it.
    """

    message: str
    type: str
    position: int | None = None
    custom_id: str = ""
    status: int | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class BatchState:
    """
    How it stands with a batch.

    :param id: The id of the batch.
    :param status: "validating", "in_progress", "finalizing", "completed", "failed", "expired", "cancelling" or
        "cancelled". A completed batch may hold requests that failed.
    :param counts: How many requests there are, as `total`, and how many are `completed` and `failed`.
    :param cost: What the batch has cost in USD, with what a provider bills for your own key (BYOK). None if OpenRouter
        does not say, or not yet.
    :param error: Why the batch failed, or None.
    :param model: The model.
    :param provider: The provider that runs the batch, or None.
    :param created_at: When it was submitted.
    :param finalized_at: When it ended, or None.
    :param expires_at: When the provider gives up what is not done by then, or None.
    :param custom_ids: The custom ids in order of submission, once there are results. "" where none was given.
    :param raw: Everything else that OpenRouter sent, without the results.
    """

    id: str
    status: str
    counts: dict[str, int]
    cost: float | None
    error: str | None
    model: str
    provider: str | None = None
    created_at: datetime | None = None
    finalized_at: datetime | None = None
    expires_at: datetime | None = None
    custom_ids: list[str] = field(default_factory=list, repr=False)
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_done(self) -> bool:
        """
        Whether the batch is over, however it ended.
        """
        return self.status in ENDS

    @property
    def finished(self) -> int:
        """
        How many requests are done, or failed.
        """
        return self.counts["completed"] + self.counts["failed"]

    @property
    def progress(self) -> str:
        """
        The status and the counts in words.
        """
        done, failed = self.counts["completed"], self.counts["failed"]
        return f"{self.status}, {done} of {self.counts['total']} requests completed, {failed} failed"

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """
        Read what OpenRouter sent about a batch.

        :param body: The decoded body of a response, or one entry of a list.
        :returns: The state.
        """
        lines = body.get("results")
        ids = [read_id(mapping(line).get("custom_id")) for line in lines] if isinstance(lines, list) else []
        ordered = sorted(ids, key=lambda found: -1 if found[1] is None else found[1])
        counts = mapping(body.get("request_counts"))
        return cls(
            id=str(body.get("id")),
            status=printable(str(body.get("status")), 100),
            counts={name: int(amount(counts.get(name)) or 0) for name in ("total", "completed", "failed")},
            cost=cost_of_response(body.get("usage")),
            error=_error_text(body.get("error")),
            model=_text(body.get("model")) or "",
            provider=_text(body.get("provider")),
            created_at=_moment(body.get("created_at")),
            finalized_at=_moment(body.get("finalized_at")),
            expires_at=_moment(body.get("expires_at")),
            custom_ids=["" if kind == "d" else name for kind, _, name in ordered],
            raw={name: value for name, value in body.items() if name != "results"},
        )

    def failure(self) -> str:
        """
        Tell why the batch failed, and which conversation or document is to blame, if that can be told.

        :returns: One sentence or more.
        """
        said = self.error or "OpenRouter does not say why"
        text = f"The batch {self.id} failed: {said.rstrip('.')}."
        if (named := position_of(said)) is not None:
            kind, position, name = named
            text += f" That is `{kind}[{position}]`" + (f", with the custom id {name!r}." if name else ".")
        return text


def _text(value: object) -> str | None:
    return printable(value) if isinstance(value, str) else None


def _error_text(error: object) -> str | None:
    said = mapping(error).get("message") if isinstance(error, Mapping) else error
    return _text(said) or (_text(re.sub(r"\s+", " ", str(error))) if error else None)


def _moment(seconds: object) -> datetime | None:
    known = amount(seconds)
    with suppress(OverflowError, ValueError, OSError):
        return None if known is None else datetime.fromtimestamp(known, UTC)
    return None
