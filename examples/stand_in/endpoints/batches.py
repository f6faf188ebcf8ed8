# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/batches`: many requests in one, which moves one step on with each look at it."""

import json
import re
import time
from dataclasses import dataclass, replace
from typing import Any

from stand_in.answer import Answer
from stand_in.endpoints import chat, embeddings
from stand_in.faults import error_by_name
from stand_in.request import Json, Request

ENDPOINTS = {"/v1/chat/completions": chat.complete, "/v1/embeddings": embeddings.embed}
STEPS = ("validating", "in_progress", "finalizing", "completed")
MOST = 5000
PRICE = 0.5
"""What a batch costs of the usual price."""
PAGE = 2


@dataclass
class Batch:
    """
    A batch that was submitted.
    """

    id: str
    body: Json
    lines: list[Json]
    created_at: int
    raw: bytes
    """The bytes that submitted it."""
    error: str = ""
    step: int = 0
    looks: int = 0

    @property
    def status(self) -> str:
        ends = re.fullmatch("stand-in/(expired|cancelled)-batch", self.body["model"])
        step = STEPS[self.step]
        return "failed" if self.error and self.step else ends[1] if ends and step == "completed" else step

    @property
    def is_over(self) -> bool:
        return self.status not in STEPS[:-1]


def submit(request: Request) -> Answer:
    """
    Accept a batch. As with OpenRouter, most of what is wrong with a line lets the batch fail only later.

    :param request: A request with `requests` at the end of its body.
    :returns: The batch, with status 202.
    """
    body = request.body
    if refusal := _refusal(body):
        return refusal
    lines = [_line(request, body, number) for number in range(len(body["requests"]))]
    batch_id = f"batch-{1_790_000_000 + request.number}-standin{request.number}"
    batch = Batch(batch_id, body, lines, int(time.time()), request.raw, _complaint(body["requests"]))
    request.memory.batches[batch_id] = batch
    return Answer.json(_shown(batch), 202)


def get(request: Request, batch_id: str) -> Answer:
    """
    Tell how it stands with a batch. It moves on with each look. Two models try the patience of who looks.

    :param request: A request.
    :param batch_id: The id of the batch.
    :returns: The batch, with its results once it is over.
    """
    batch = request.memory.batches.get(batch_id)
    if batch is None:
        return Answer.error(404, f"Batch job {batch_id} not found.")
    model, batch.looks = batch.body["model"], batch.looks + 1
    if model == "stand-in/old-batch":
        return Answer.error(410, f"The results of batch {batch_id} have expired.")
    if model == "stand-in/busy-batch" and batch.looks <= 3:
        return Answer.error((429, 502, 503)[batch.looks - 1], "Busy", headers={"retry-after": "0.01"})
    if not batch.is_over:
        batch.step += 1
    return Answer.json(_shown(batch, with_results=model != "stand-in/paged-batch"))


def results(request: Request, batch_id: str) -> Answer:
    """
    Show the results page by page.

    :param request: A request with `cursor` in its query, if it is not for the first page.
    :param batch_id: The id of the batch.
    :returns: Some of the results.
    """
    batch = request.memory.batches.get(batch_id)
    if batch is None or not batch.is_over:
        return Answer.error(404, f"Batch job {batch_id} has no results.")
    start = int(request.query.get("cursor", 0))
    lines, end = _shuffled(batch.lines), start + PAGE
    more = end < len(lines)
    return Answer.json({"data": lines[start:end], "has_more": more, "next_cursor": str(end) if more else None})


def list_batches(request: Request) -> Answer:
    """
    List the batches, the newest first.

    :param request: A request with `limit`, `after` and `status` in its query, or without.
    :returns: A page of batches without their results.
    """
    found = [_shown(batch, with_results=False) for batch in reversed(request.memory.batches.values())]
    wanted = request.query.get("status")
    found = [batch for batch in found if wanted in (None, batch["status"])]
    ids = [batch["id"] for batch in found]
    start = ids.index(request.query["after"]) + 1 if request.query.get("after") in ids else 0
    page = found[start : start + int(request.query.get("limit", 20))]
    more = start + len(page) < len(found)
    ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
    return Answer.json({"object": "list", "data": page, "has_more": more, **ends})


def delete(request: Request, batch_id: str) -> Answer:
    """
    Delete a batch that is over.

    :param request: A request.
    :param batch_id: The id of the batch.
    :returns: What was deleted, or 409 if it is too early.
    """
    batch = request.memory.batches.get(batch_id)
    if batch is None:
        return Answer.error(404, f"Batch job {batch_id} not found.")
    if not batch.is_over:
        return Answer.error(409, f"Batch {batch_id} is {batch.status}. Only terminal batches can be deleted.")
    del request.memory.batches[batch_id]
    return Answer.json({"id": batch_id, "object": "batch", "deletion": {"openrouter": "deleted"}})


def cancel(request: Request, batch_id: str) -> Answer:
    """
    Refuse: there is no such endpoint, and no JSON says so.

    :param request: A request.
    :param batch_id: The id of the batch.
    :returns: 404 as plain text.
    """
    del request, batch_id
    return replace(Answer.raw(b"404 Not Found", "text/plain"), status=404)


def _refusal(body: Json) -> Answer | None:
    """
    What is wrong with a batch at once. The order of the fields counts, because OpenRouter reads them as they come.
    """
    names, requests = list(body), body.get("requests")
    for name in ("endpoint", "model"):
        if name not in names or ("requests" in names and names.index(name) > names.index("requests")):
            return Answer.error(400, f"'{name}' must come before 'requests' in the request body.")
    model = str(body["model"])
    if model in ("stand-in/no-batch", "openai/gpt-4o-mini"):
        return Answer.error(400, f"Model '{model}' does not have a :batch endpoint.")
    if model.endswith(":online"):
        return Answer.error(422, "Batches don't support :online models.")
    if failure := error_by_name(model):
        return failure
    if body["endpoint"] not in ENDPOINTS or not isinstance(requests, list) or not requests:
        return Answer.error(400, "Stand-in: a batch needs an endpoint that it knows and requests")
    if len(requests) > MOST:
        return Answer.error(413, f"A batch has at most {MOST} requests.")
    ids = [request.get("custom_id") for request in requests]
    if None in ids or len(set(ids)) < len(ids):
        return Answer.error(422, "Each request needs a custom_id of its own.")
    return None


def _complaint(requests: list[Json]) -> str:
    """
    What is wrong with a line, which lets the whole batch fail.
    """
    for request in requests:
        body, custom_id = request["body"], request["custom_id"]
        if body.get("stream"):
            return f"Request '{custom_id}': stream is not supported in batches."
        if '"data:' in json.dumps(body):
            return f"Request '{custom_id}': data URLs are not supported in batches."
    return ""


def _line(request: Request, batch: Json, number: int) -> Json:
    """
    Run one request of a batch. The words "[fail]", "[string]" and "[no usage]" in it ask for odd lines.
    """
    custom_id, body = (batch["requests"][number][name] for name in ("custom_id", "body"))
    sent = {"model": batch["model"].removesuffix(":batch"), **body}
    one = Request("POST", request.path, request.headers, json.dumps(sent).encode(), request.connection)
    one.number, one.memory = 1000 * request.number + number, request.memory
    answered: Any = ENDPOINTS[batch["endpoint"]](one)
    made: Json = json.loads(b"".join(answered.body))
    line: Json = {"id": f"batch-req-{number}", "custom_id": custom_id, "response": None, "error": None}
    words, status = json.dumps(body), answered.status
    if "[fail]" in words:
        status, made = 400, {"object": "error", "type": "invalid_request_file", "message": "Stand-in: it was asked to."}
        line["error"] = {
            "type": "invalid_request_error",
            "message": "Upstream request failed with status 400.",
            "param": None,
        }
    elif usage := made.get("usage"):
        made["usage"] = {**usage, "cost": round(PRICE * usage["cost"], 12)}
    if "[no usage]" in words:
        made.pop("usage", None)
    as_sent: Any = json.dumps(made) if "[fail]" in words or "[string]" in words else made
    line["response"] = {"status_code": status, "request_id": f"req-{number}", "body": as_sent}
    return line


def _shuffled(lines: list[Json]) -> list[Json]:
    return lines[1::2] + lines[::2][::-1]


def _shown(batch: Batch, *, with_results: bool = True) -> Json:
    done = [line for line in batch.lines if line["response"]["status_code"] < 400]
    ended, is_good = batch.is_over, batch.status == "completed"
    bodies = [json.loads(body) if isinstance(body := line["response"]["body"], str) else body for line in done]
    cost = round(sum(body.get("usage", {}).get("cost", 0) for body in bodies), 12)
    tokens = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)
    failed = len(batch.lines) if batch.status == "failed" else len(batch.lines) - len(done) if is_good else 0
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.body["endpoint"],
        "model": batch.body["model"],
        "completion_window": "24h",
        "status": batch.status,
        "created_at": batch.created_at,
        "finalized_at": batch.created_at + 60 if ended else None,
        "expires_at": batch.created_at + 86_400,
        "provider": "Stand-in",
        "request_counts": {"total": len(batch.lines), "completed": len(done) if is_good else 0, "failed": failed},
        "usage": {**tokens, "cost": cost, "is_byok": False} if is_good else None,
        "results": _shuffled(batch.lines) if is_good and with_results else None,
        "error": {"message": batch.error} if batch.status == "failed" else None,
    }
