# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Types of the options that several endpoints have, for editors and type checkers.

Source: OpenRouter's Python SDK 1.3.84.
"""

from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar

from haystack.utils import Secret
from openai import Omit, Timeout

Options = TypeVar("Options")

if TYPE_CHECKING:
    OrDict: TypeAlias = Options | dict[str, Any]
else:
    # ComponentTool, Hayhooks, pydantic and `Pipeline.connect` read signatures, and know what to do with a dictionary
    class OrDict:
        def __class_getitem__(cls, options: type) -> Any:
            return dict[str, Any]


class TraceOptions(TypedDict, total=False):
    """
    Whom and what a request is for.

    Source: `user`, `session_id` and `trace` of the requests in OpenRouter's Python SDK 1.3.84.
    """

    user: str
    """
    A stable id of your user, for your logs. Chats and images pass it on, hashed, so that abuse by one user does not
    block all of them.
    """
    session_id: str
    """Groups requests. Up to 256 characters. Chats of one session go to one provider, which keeps its cache warm."""
    trace: dict[str, Any]
    """For tools that OpenRouter sends traces to: `trace_id`, `trace_name`, `span_name`, `generation_name` …"""


class RequestOptions(TraceOptions, total=False):
    """
    What every `generation_kwargs` may hold. `extra_headers` and the keys after it are not sent as fields.

    Source: `model` of the requests in OpenRouter's Python SDK 1.3.84, and the parameters of `create` in the openai SDK.
    """

    model: str
    """A model to use instead of the component's."""
    extra_headers: dict[str, str | Secret | Omit]
    """HTTP headers. They override the component's. A value may be a `Secret`."""
    extra_query: dict[str, object]
    """Parameters of the URL."""
    extra_body: dict[str, Any]
    """Fields of the request. They override all others."""
    timeout: float | Timeout
    """Seconds to wait for a connection, and for the next bytes of the response."""
    deadline: float
    """Seconds after which the run ends. It overrides the component's, and is not sent."""
