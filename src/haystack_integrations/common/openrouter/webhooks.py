# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Webhooks: whether OpenRouter has sent what came, and what it says.

Source: "Webhooks" at https://openrouter.ai/docs/guides/overview/multimodal/video-generation.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

from haystack.utils import Secret

from haystack_integrations.common.openrouter._transport.run import key_of
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.responses import decode_plain
from haystack_integrations.common.openrouter.errors._advice import secret_name

_HEADER = "x-openrouter-signature"
# Of a moment in seconds
_MOST_DIGITS = 12


class OpenRouterWebhookError(ValueError):
    """
    A webhook that can't be trusted. Respond with HTTP 400, and do nothing else.
    """


def verify_webhook(
    body: bytes, headers: Mapping[str, str], secret: Secret | str, tolerance: float = 300
) -> dict[str, Any]:
    """
    Make sure that OpenRouter has sent a webhook, and recently, and read it.

    OpenRouter signs webhooks only if the workspace has a signing secret. It may send one twice: the header
    `X-OpenRouter-Idempotency-Key`, which is the id of the job and its status, is the same then.

    ### Usage example
    ```python
    from haystack.utils import Secret
    from haystack_integrations.common.openrouter.webhooks import OpenRouterWebhookError, verify_webhook

    secret = Secret.from_env_var("OPENROUTER_WEBHOOK_SECRET")
    try:
        event = verify_webhook(await request.body(), request.headers, secret)
    except OpenRouterWebhookError:
        return Response(status_code=400)
    print(event["type"], event["data"]["id"], event["data"]["status"])
    ```

    :param body: The body as it came, before anything has decoded it.
    :param headers: The headers of the request, by names in any case.
    :param secret: The signing secret of the workspace.
    :param tolerance: How many seconds the signature may be old, or ahead of the clock of this machine.
    :returns: The event: `type` (such as "video.generation.completed" or "batch.failed"), `created_at`, and `data` with
        the `id` of the job and its `status`, and where they are known `usage`, `error` and others.
    :raises OpenRouterWebhookError: If the signature is missing, forged, too old or from the future, or the body is no
        event.
    :raises TypeError: If an argument has the wrong type, such as a body that was decoded.
    :raises ValueError: If the secret is empty or not set, or `tolerance` is negative.
    """
    advice = "Pass the bytes as they came, such as `await request.body()` in FastAPI."
    checks.instance(body, "`body`", bytes, "bytes", advice)
    if not hasattr(headers, "items"):  # those of Flask are no Mapping
        checks.instance(headers, "`headers`", Mapping, "the headers of the request")
    checks.number(tolerance, "tolerance", "a number of seconds")
    key = _key(secret)
    moment, signatures = _signature(headers)
    expected = hmac.new(key, moment.encode() + b"," + body, hashlib.sha256).hexdigest().encode()
    if not any(hmac.compare_digest(expected, signature.encode()) for signature in signatures):
        msg = (
            "The signature of the webhook is not OpenRouter's, or `secret` is not the signing secret of the workspace."
        )
        raise OpenRouterWebhookError(msg)
    age = int(time.time()) - int(moment)
    if abs(age) > tolerance:
        when = f"{age} s old" if age > 0 else f"{-age} s in the future"
        msg = f"The signature of the webhook is {when}, which is more than `tolerance` ({tolerance:g} s)."
        raise OpenRouterWebhookError(msg)
    return _event(body)


def _key(secret: Secret | str) -> bytes:
    checks.instance(secret, "`secret`", Secret | str, "a Secret or a string")
    found = secret if isinstance(secret, str) else key_of(secret)
    if not (found or "").strip():  # anyone can sign with an empty one
        name = "`secret`" if isinstance(secret, str) else f"`secret` ({secret_name(secret)})"
        msg = f"{name} is empty or not set. Pass the signing secret of the workspace, which is in its settings."
        raise ValueError(msg)
    return str(found).strip().encode()


def _signature(headers: Mapping[str, str]) -> tuple[str, list[str]]:
    """Read the moment and the values of a signature, such as `t=1764000000,v1=…,v1=…`, in any order."""
    sent = [value for name, value in headers.items() if isinstance(name, str) and name.lower() == _HEADER]
    header = sent[0] if len(sent) == 1 and isinstance(sent[0], str) else ""
    parts = [(name.strip(), value.strip()) for name, _, value in (part.partition("=") for part in header.split(","))]
    moments = [value for name, value in parts if name == "t"]
    signatures = [value.lower() for name, value in parts if name == "v1" and value.isascii()]
    moment = moments[0] if len(moments) == 1 and len(moments[0]) <= _MOST_DIGITS else ""
    if not (signatures and moment.isascii() and moment.isdecimal()):
        msg = (
            "The webhook has no signature that can be read in `X-OpenRouter-Signature`. OpenRouter signs webhooks if "
            "the workspace has a signing secret."
        )
        raise OpenRouterWebhookError(msg)
    return moment, signatures


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = decode_plain(body)
    except ValueError:
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        msg = "The body of the webhook is signed, but it is not an event in JSON."
        raise OpenRouterWebhookError(msg)
    return event
