# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Finds the failure in a response, an event of a stream or an error of the openai SDK, and says whom else it concerns.
"""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

import openai

from haystack_integrations.common.openrouter._wire.json_values import mapping
from haystack_integrations.common.openrouter._wire.responses import decoded_body, find_error, forget_body
from haystack_integrations.common.openrouter.errors._failure import DeadlineExceeded, Failure

# Where a response keeps the name of the result that it lacks, and its failure.
_LACKS, _FAILURE = "openrouter_lacks", "openrouter_failure"
# Of a body that is not OpenRouter's, the title is looked for in this many characters, and this many are shown.
_LONGEST_HEAD, _LONGEST_SHOWN = 10_000, 200


def note_lack(response: Any, what: str) -> None:
    """Note that a response reports no error, and lacks its result all the same."""
    response.extensions[_LACKS] = what


def failure_of_response(response: Any) -> Failure:
    """Read what a failed response reports, its body read, or what came in place of an answer."""
    if _FAILURE not in response.extensions:
        response.extensions[_FAILURE] = _failure_in(decoded_body(response), response)
        forget_body(response)
    failure: Failure = response.extensions[_FAILURE]
    return failure


def _failure_in(body: Any, response: Any) -> Failure:
    error, fields = find_error(body), mapping(body)
    if error is None and (said := fields.get("message") or fields.get("detail") or fields.get("title")):
        # a gateway's own shape, or problem+json
        error = {**fields, "message": said, "code": fields.get("code", fields.get("status"))}
    elif error is None and fields.get("errors"):
        error = fields
    if error is not None:
        return Failure.read(error, http_status=response.status_code, headers=response.headers, body=body)
    if isinstance(body, dict) and (what := response.extensions.get(_LACKS)):
        lacking = Failure.read({"message": f"The response has no {what}: {_shown(response)}"}, body=body)
        return replace(lacking, lacks_result=True)
    is_page = _is_page(response)
    status = 404 if is_page and response.status_code < HTTPStatus.BAD_REQUEST else response.status_code
    failure = Failure.read("", http_status=status, headers=response.headers)
    return replace(failure, message=_odd_body(response), is_page=is_page)


def failure_of(error: openai.APIError) -> Failure | None:
    """Read what OpenRouter reported, whatever form the SDK gives the body; None if it reported nothing."""
    if (known := getattr(error, "failure", None)) is not None:  # of a stream
        return known if isinstance(known, Failure) else None
    if isinstance(error, openai.APIStatusError) and error.response is not None:
        return failure_of_response(error.response)
    found = find_error(error.body) or error.body
    if not isinstance(found, dict) or not found.get("message"):
        return None
    return Failure.read(found, body=error.body)


def ends_every_request(error: openai.APIError) -> bool:
    """Whether every later request of a run would fail in the same way, or the run is at its deadline."""
    failure = failure_of(error)
    return isinstance(error, DeadlineExceeded) if failure is None else failure.ends_run


def is_refusal(error: openai.APIError) -> bool:
    """Whether the inputs of a request are the cause, so that some of them may succeed on their own."""
    failure = failure_of(error)
    return failure is not None and failure.is_about_inputs


def _is_page(response: Any) -> bool:
    """Whether a web page came because the URL is not the API's."""
    beginning: bytes = response.content[:_LONGEST_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_html = beginning.startswith(b"<") and any(tag in beginning for tag in (b"<html", b"<head>", b"<!doctype html"))
    # a proxy or a provider sends pages, too: those say that it is down or busy, or that there is too much
    return (
        is_html
        and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        and response.status_code not in (401, 407, 408, 413, 429)
    )


def _odd_body(response: Any) -> str:
    shown = _shown(response)
    if not shown:
        return "The response has an empty body"
    if shown.startswith(("data:", ":", "event:")):
        return f"The response is a stream, which was not asked for: {shown}"
    return f"The response is not from OpenRouter's API: {shown}"


def _shown(response: Any) -> str:
    """The beginning of a body, or the title of a web page."""
    if not (response.is_closed and response.is_stream_consumed):
        return ""
    text = response.text.lstrip()[:_LONGEST_HEAD].rstrip()
    if title := _title(text):
        text = f"a web page with the title {title!r}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _title(page: str) -> str:
    """The title of a web page. There is no regular expression that finds it in one pass."""
    lower = page.lower()
    _, found, rest = lower.partition("<title")
    _, opened, rest = rest.partition(">")
    title, closed, _ = rest.partition("</title>")
    if not (found and opened and closed):
        return ""
    start = len(lower) - len(rest)
    return " ".join(page[start : start + len(title)].split())
