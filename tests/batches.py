# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Batches in OpenRouter's shape, and calls of `OpenRouterBatch` in two ways.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from haystack_integrations.components.generators.openrouter import OpenRouterBatch

Json = dict[str, Any]


@dataclass
class Way:
    """
    Synchronous or not. Called with a method, it calls it or its asynchronous twin.
    """

    name: str
    url: str

    def batch(self, **parameters: Any) -> OpenRouterBatch:
        usual = {"model": "test/model", "api_base_url": self.url, "timeout": 10.0, "max_retries": 0}
        return OpenRouterBatch(**{**usual, **parameters})

    def __call__(self, method: Any, *arguments: Any, **more: Any) -> Any:
        if self.name == "sync":
            return method(*arguments, **more)
        return asyncio.run(getattr(method.__self__, f"{method.__name__}_async")(*arguments, **more))


def batch_object(status: str = "completed", **more: Any) -> Json:
    """
    What OpenRouter tells about a batch.
    """
    return {
        "id": "batch-1",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "model": "test/model:batch",
        "completion_window": "24h",
        "status": status,
        "created_at": 1_790_000_000,
        "finalized_at": None,
        "expires_at": 1_790_086_400,
        "provider": "Groq",
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "usage": None,
        "results": None,
        "error": None,
        **more,
    }


def line(custom_id: Any, body: Any, status: Any = 200, error: Any = None) -> Json:
    """
    One line of the results.
    """
    response = None if body is None else {"status_code": status, "request_id": "req-1", "body": body}
    return {"id": f"batch-req-{custom_id}", "custom_id": custom_id, "response": response, "error": error}


def completed(*lines: Json, **more: Any) -> Json:
    """
    A batch that is completed.
    """
    failed = sum(one["error"] is not None for one in lines)
    counts = {"total": len(lines), "completed": len(lines) - failed, "failed": failed}
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20, "cost": 0.25, "is_byok": False}
    return batch_object(request_counts=counts, usage=usage, results=list(lines), **more)
