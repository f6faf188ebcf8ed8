# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Finds the failure in a response, an event of a stream or an error of the openai SDK, and says whom else it concerns.
"""

from typing import Any

import openai

from haystack_integrations.common.openrouter._wire.responses import decoded_body, find_error, forget_body
from haystack_integrations.common.openrouter.errors._failure import Failure

# The key, the credits, the permissions, the model.
_ENDING = (401, 402, 403, 404)
# The inputs, or how many there are.
_REFUSING = (400, 413, 422)

# Where a response keeps the name of the result that it lacks, and its failure.
_LACKS, _FAILURE = "openrouter_lacks", "openrouter_failure"
# Of a body that is not OpenRouter's, the title is looked for in this many characters, and this many are shown.
_LONGEST_HEAD, _LONGEST_SHOWN = 10_000, 200


def note_lack(response: Any, what: str) -> None:
    """Note that a response reports no error, and lacks its result all the same."""
    response.extensions[_LACKS] = what


def failure_of_response(response: Any) -> Failure:
    """Read what a failed response reports, its body read. The message is "" if that is nothing of OpenRouter's."""
    if _FAILURE not in response.extensions:
        response.extensions[_FAILURE] = _failure_in(decoded_body(response), response)
        forget_body(response)
    failure: Failure = response.extensions[_FAILURE]
    return failure


def _failure_in(body: Any, response: Any) -> Failure:
    error = find_error(body)
    if error is None and isinstance(body, dict) and body.get("message"):
        error = body
    if error is not None:
        return Failure.read(error)
    if isinstance(body, dict) and (what := response.extensions.get(_LACKS)):
        return Failure(f"The response has no {what}: {_shown(response)}", lacks_result=True)
    return Failure("")


def failure_of(error: openai.APIError) -> Failure | None:
    """Read what OpenRouter reported, whatever form the SDK gives the body; None if it reported nothing."""
    if (known := getattr(error, "failure", None)) is not None:  # of a stream
        return known if isinstance(known, Failure) else None
    if isinstance(error, openai.APIStatusError) and error.response is not None:
        failure = failure_of_response(error.response)
        if failure.message:
            return failure
        return Failure(_odd_body(error.response), status=error.status_code)
    found = find_error(error.body) or error.body
    return Failure.read(found) if isinstance(found, dict) and found.get("message") else None


def ends_every_request(error: openai.APIError) -> bool:
    """
    Whether every later request of a run would fail in the same way.

    It would with 401, 402, 403 (other than by moderation) and 404, and if the model is unknown.
    """
    failure = failure_of(error)
    if failure is None:
        return False
    return failure.names_unknown_model or (_status_of(error, failure) in _ENDING and not failure.is_moderated)


def is_refusal(error: openai.APIError) -> bool:
    """
    Whether the inputs of a request are the cause, so that some of them may succeed on their own.

    They are with 400, 413 and 422, and if moderation flagged an input.
    """
    failure = failure_of(error)
    if failure is None or ends_every_request(error):
        return False
    return _status_of(error, failure) in _REFUSING or failure.is_moderated


def _status_of(error: openai.APIError, failure: Failure) -> int:
    return int(getattr(error, "status_code", failure.status))


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
