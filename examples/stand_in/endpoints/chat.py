# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/chat/completions`: one reply, whole or as a stream."""

import json
import time
from typing import Any

from stand_in.answer import CUT, Answer
from stand_in.catalogue import MODELS
from stand_in.costs import dollars
from stand_in.endpoints.account import remember
from stand_in.endpoints.chat_message import message_for, searches
from stand_in.endpoints.chat_stream import error_event, stream_events
from stand_in.faults import error_by_name, waits_by_name
from stand_in.prompt_cache import cached_tokens, prompt_tokens
from stand_in.request import Json, Request

DECIDE = {model["id"] for model in MODELS if "decisions" in model["architecture"]["output_modalities"]}


def complete(request: Request) -> Answer:
    """
    Reply to a conversation.

    :param request: A request with `messages`.
    :returns: A completion, a stream of one, or the error that the request deserves or its model's name asks for.
    """
    body = request.body
    if complaint := _complaint(body):
        return Answer.error(400, complaint)
    completion = _completion(request)
    remember(request, completion)
    error = error_by_name(body.get("model"))
    if error and not body.get("models"):
        return error
    waits, headers = waits_by_name(body.get("model")), {"x-generation-id": completion["id"]}
    if not body.get("stream"):
        return Answer.json(completion, headers=headers, blanks=waits)
    events: list[Any] = stream_events(completion)
    if body.get("model") == "stand-in/cut-stream":
        events = [*events[:4], CUT]
    elif body.get("model") == "stand-in/error-in-stream":
        events = [*events[:4], error_event(completion)]
    return Answer.sse(events, comments=waits, headers=headers)


def _complaint(body: Json) -> str | None:
    """
    Say what is wrong with the messages or the model, if anything is.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "Stand-in: messages must be a list with at least one message"
    if not all(isinstance(message, dict) and message.get("role") for message in messages):
        return "Stand-in: every message needs a role"
    if body.get("model") in DECIDE:
        return f"{body['model']} is a decisions model and cannot be used with the chat/completions endpoint"
    return None


def _completion(request: Request) -> Json:
    body = request.body
    message = message_for(body, request.number)
    called = "tool_calls" in message
    finish = {
        "finish_reason": "tool_calls" if called else "stop",
        "native_finish_reason": "tool_use" if called else "stop",
    }
    return {
        "id": f"gen-standin-{request.number}",
        "provider": "Stand-in",
        "model": _model(body),
        "object": "chat.completion",
        "created": int(time.time()),
        "system_fingerprint": None,
        "choices": [{"index": 0, "message": message, **finish, "logprobs": None}],
        "usage": _usage(body, message, request.memory.cached),
    }


def _model(body: Json) -> str:
    """
    Choose the model as OpenRouter does: the first of `model` and the fallbacks in `models` that does not fail.
    """
    names = [name for name in (body.get("model"), *(body.get("models") or [])) if name] or ["openrouter/auto"]
    name = next((name for name in names if not name.startswith("stand-in/error-")), names[0])
    return "stand-in/auto-choice" if name == "openrouter/auto" else str(name)


def _usage(body: Json, message: Json, cache: set[str]) -> Json:
    prompt, (read, written) = prompt_tokens(body), cached_tokens(body, cache)
    reasoning = len((message.get("reasoning") or "").split())
    completion = reasoning + len(json.dumps([message["content"], message.get("tool_calls")]).split())
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cost": dollars(prompt - 0.9 * read + 0.25 * written + completion),
        "is_byok": False,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written, "audio_tokens": 0},
        "cost_details": {"upstream_inference_cost": None},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
    return {**usage, "server_tool_use_details": {"web_search_requests": 1}} if searches(body) else usage
