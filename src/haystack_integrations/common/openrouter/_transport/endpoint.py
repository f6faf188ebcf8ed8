# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What an endpoint of OpenRouter's API is. Each one is declared once, in the module that knows its wire format.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

import httpx
import openai
from openai import HttpxBinaryResponseContent, Omit

from haystack_integrations.common.openrouter._transport.run import note_cost
from haystack_integrations.common.openrouter._wire.json_values import whole_json
from haystack_integrations.common.openrouter._wire.responses import (
    decode_json,
    decoded_body,
    find_error,
    make_whole,
    unusable_response,
)
from haystack_integrations.common.openrouter.errors._advice import COMMON_ADVICE, Advice
from haystack_integrations.common.openrouter.errors._reading import failure_of_response, note_lack

_CLASSES: dict[int, type[openai.APIStatusError]] = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
}

_UNSENDABLE = (
    "The request has a text with half of a surrogate pair, which can't be sent. In strings, dictionaries and lists it "
    "would have been replaced, so look at models and at `http_client_kwargs`."
)


@dataclass(frozen=True, eq=False)
class Endpoint:
    """
    One endpoint: the transport, the readers of responses and the texts of errors ask it, and know nothing themselves.

    :param path: Its path under the base URL. `{}` stands for a name in it.
    :param result: The field of the body that holds the result.
    :param shape: The type of that field.
    :param may_be_empty: Whether a list without entries is a result, too.
    :param what: What the result is called in errors.
    :param advice: What to do about its failures.
    :param own_fields: The fields of a request that the component fills itself, and what to do instead of giving them.
    :param accept: The media type to ask for.
    :param decode: Decodes a body. A ValueError means that it is not what is expected, and plain JSON is tried.
    :param retries_timeouts: Whether a request that timed out is sent again. Each try may be billed.
    :param is_sent_once: Whether no request is ever sent again, because it may have arrived, and made a job.
    :param method: The HTTP method, if it is not POST with a body and GET without one.
    :param streams: Whether it can respond with server-sent events.
    :param operation: What OpenTelemetry calls that which it does, if it has a name for it.
    """

    path: str
    result: str = "data"
    shape: type = list
    may_be_empty: bool = False
    what: str = "data"
    advice: Advice = field(default_factory=lambda: COMMON_ADVICE)
    own_fields: Mapping[str, str] = field(default_factory=dict)
    accept: str = "application/json"
    decode: Callable[[bytes], Any] = decode_json
    retries_timeouts: bool = True
    is_sent_once: bool = False
    method: str = ""
    streams: bool = False
    operation: str = ""

    @property
    def payload(self) -> tuple[str, ...]:
        """The fields of a body that are its result, and not about it."""
        return (self.result, "object")

    def is_at(self, path: str) -> bool:
        """Whether this is the path of its requests: others may go through the same client."""
        return fnmatchcase(path, "*" + self.path.replace("{}", "*"))

    def about(self, body: Any) -> Any:
        """The part of a decoded body that tells the model and the usage."""
        return body

    def is_good(self, body: Any, response: Any) -> bool:  # noqa: ARG002
        """Whether a decoded body holds the result."""
        found = body.get(self.result) if isinstance(body, dict) else None
        return isinstance(found, self.shape) and (self.shape is not list or self.may_be_empty or bool(found))

    def is_billed(self, body: Any) -> bool:  # noqa: ARG002
        """Whether a good response is one that costs something, and says how much or should."""
        return True

    def correct(self, body: Any, response: Any) -> bool:
        """
        Give a response with a good status and no result the status that it should have had.

        :returns: Whether it is such a response.
        """
        error = find_error(body)
        if error is None and self.is_good(body, response):
            return False
        if error is None:
            note_lack(response, self.what)
        response.status_code = failure_of_response(response).status
        return True

    def check(self, body: Any, response: Any = None, client: Any = None, arguments: Any = None) -> None:
        """
        Raise for a response without a result what the openai SDK raises after the response hook.

        The hook is in the clients of this package. In a client that a user set, nothing looked at the response before,
        and where a tool watches, only the SDK's model of it is at hand: the client and the arguments then tell what was
        sent.
        """
        if response is None and find_error(body) is None and self.is_good(body, None):
            note_cost(body)
            return
        if response is None:
            response = _response_with(body, self.path, client, arguments)
        is_failure = self.correct(body, response)
        if failure_of_response(response).cost if is_failure else self.is_billed(body):
            note_cost(body, response)
        if is_failure:
            kind = openai.InternalServerError if response.status_code >= 500 else openai.APIStatusError
            kind = _CLASSES.get(response.status_code, kind)
            data = body.get("error", body) if isinstance(body, dict) else body
            raise kind(f"Error code: {response.status_code}", response=response, body=data)

    def send(self, client: Any, *names: str, **request: Any) -> Any:
        """Send a request. Return the HTTP response, which holds the result."""
        return self._checked(sent(self._call, client=client, names=names, **request))

    async def send_async(self, client: Any, *names: str, **request: Any) -> Any:
        """Send a request. Return the HTTP response, which holds the result."""
        return self._checked(await sent_async(self._call, client=client, names=names, **request))

    def _call(
        self,
        *,
        client: Any,
        names: tuple[str, ...],
        body: Any = None,
        content: bytes | None = None,
        options: Any = None,
    ) -> Any:
        options = dict(options or {})
        options["headers"] = {
            "Accept": self.accept,
            **({} if getattr(client, "api_key", True) else {"Authorization": Omit()}),
            **options.get("headers", {}),
        }
        if self.is_sent_once:
            options["max_retries"] = 0
        path = self.path.format(*(quote(name, safe="~@:") for name in names))
        if body is content is None:
            call = client.delete if self.method == "DELETE" else client.get
            return call(path, cast_to=HttpxBinaryResponseContent, options=options)
        sent = {"body": body} if content is None else {"content": content}
        return client.post(path, cast_to=HttpxBinaryResponseContent, **sent, options=options)

    def _checked(self, sent: Any) -> Any:
        response = getattr(sent, "response", None)
        if response is None:
            msg = f"The client returned a {type(sent).__name__} in place of a response"
            raise unusable_response(msg, None)
        self.check(decoded_body(response, self.decode), response)
        make_whole(response)
        return response


class JobEndpoint(Endpoint):
    """
    Its good responses tell the state of a job. If the job has failed, its `error` is not a failure of the request.
    """

    def is_good(self, body: Any, response: Any) -> bool:  # noqa: ARG002
        """Whether a body is the state of a job."""
        return isinstance(body, dict) and all(isinstance(body.get(name), str) for name in ("id", "status"))

    def correct(self, body: Any, response: Any) -> bool:
        """Correct the status of a response that is not the state of a job."""
        return not self.is_good(body, response) and super().correct(body, response)


def sent(call: Callable[..., Any], **arguments: Any) -> Any:
    """
    Call what sends a request. If its text can't be encoded, call it once more with text that can.

    To look at the text before would take as long as to encode it, which the SDK does before it sends anything.

    :raises ValueError: If there is text that can't be encoded, and that is not in a dictionary or a list.
    """
    with suppress(UnicodeEncodeError):  # which holds the whole body, and has no business in a traceback
        return call(**arguments)
    with suppress(UnicodeEncodeError):
        return call(**_repaired(arguments))
    raise ValueError(_UNSENDABLE)


async def sent_async(call: Callable[..., Any], **arguments: Any) -> Any:
    """Do as `sent` does, and wait for what the call returns."""
    with suppress(UnicodeEncodeError):
        return await call(**arguments)
    with suppress(UnicodeEncodeError):
        return await call(**_repaired(arguments))
    raise ValueError(_UNSENDABLE)


def _repaired(arguments: dict[str, Any]) -> dict[str, Any]:
    repaired: dict[str, Any] = whole_json(arguments)
    if repaired is arguments:  # what failed may have been sent, and billed
        raise ValueError(_UNSENDABLE)
    return repaired


def _response_with(body: Any, path: str, client: Any, arguments: Any) -> httpx.Response:
    """Make the response that a model of the SDK was built from."""
    request = httpx.Request(
        "POST",
        f"{getattr(client, 'base_url', '')}".rstrip("/") + path,
        headers={"Authorization": f"Bearer {getattr(client, 'api_key', '')}"},
        content=json.dumps(arguments, default=str),
    )
    content = body if isinstance(body, str) else json.dumps(body, default=str)
    return httpx.Response(200, content=content, request=request)
