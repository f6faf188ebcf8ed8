# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The reading of a failure: an `error` of any shape, and what follows from it. Nothing else looks at a status or a code.

    asked by                       what
    response hook, stream retries  is_transient: does it help to send the request again?  wait: after how long?
    conversations                  refuses_reasoning: does it help to leave out encrypted and signed reasoning?
    runs of many requests          ends_run: would every later request fail, too?  is_about_inputs: would others?
    texts of errors                situations: which advice fits?

OpenRouter says most of it: `availability`, `limit_source`, `Retry-After`, the code. Only then does the status count.
Sources: the error schemas in OpenRouter's OpenAPI document, https://openrouter.ai/docs/api-reference/errors, and
https://openrouter.ai/docs/api-reference/limits.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import openai

from haystack_integrations.common.openrouter._wire.json_values import mapping, printable, shortened_json
from haystack_integrations.common.openrouter._wire.usage import cost_of_response
from haystack_integrations.common.openrouter.errors._values import (
    LONGEST_NAME,
    message_in,
    number_in,
    provider_message,
    seconds_to_wait,
    text_in,
    words,
)

# Statuses of OpenRouter's `ApiErrorType` names, which can be in `code` or `metadata.error_type`.
_TYPES = {
    400: "invalid_request invalid_prompt context_length_exceeded max_tokens_exceeded token_limit_exceeded "
    "string_too_long refusal invalid_image image_too_large image_too_small unsupported_image_format "
    "image_download_failed model_not_found wrong_endpoint",
    401: "authentication invalid_api_key",
    402: "payment_required",
    403: "permission_denied content_policy_violation region_restricted",
    404: "not_found image_not_found no_endpoints model_deprecated model_unavailable_upstream free_variant_ended "
    "privacy_restricted constraint_filtered",
    408: "timeout",
    412: "precondition_failed",
    413: "payload_too_large",
    422: "unprocessable",
    429: "rate_limit_exceeded capacity_exhausted",
    500: "server",
    502: "server_error provider_unavailable",
    503: "temporarily_unavailable",
    529: "provider_overloaded",
}
STATUS_BY_TYPE = {name: status for status, names in _TYPES.items() for name in names.split()}

# The longest `retry-after` that the installed openai SDK waits for, in seconds.
LONGEST_WAIT = 120.0 if tuple(map(int, re.findall(r"\d+", openai.__version__)[:2])) >= (3, 57) else 60.0
# A limit that resets within that time is waited for, even if the clock here is some seconds slow.
_SLOW_CLOCK = 5.0

# How `metadata.limit_source` or the message names the daily cap on free models.
_DAILY_CAPS = ("free_tier_daily", "free-models-per-day")
_UNKNOWN_MODEL = re.compile("not a valid model|(unknown|no such) model")
# "a/b is a decisions model and cannot be used with the chat/completions endpoint"
_OTHER_KIND = re.compile(r"\bis an? ([a-z-]{3,30}) model and (?:cannot|can't) be used with")
_MODEL, _UNKNOWN = re.compile(r"model\b"), re.compile(" (does not exist|not found)")
_NO_PROVIDER = ("no endpoints", "no allowed providers", "data policy", "providers have been ignored")
# How OpenRouter, OpenAI, Anthropic and Google refuse reasoning that they can't read (hackerai#1171, open-webui#28240,
# nagobot#21, crush#1698). To leave reasoning out does not help where a signature is missing.
_UNREADABLE = re.compile(
    "produced (under|by|with) a(nother| different) model|encrypted[ _](content|reasoning)"
    "|th(inking|ought)[ _]?signature|signature`? in `?thinking|redacted_thinking"
)
# Gemini's "missing a thought_signature", and Anthropic's "Expected `thinking` … but found `tool_use`" (opencode#3077).
_LACKS_REASONING = ("missing", "but found")
_TIMED_OUT = ("timeout", "timed out", "deadline exceeded", "deadline_exceeded")

# What to advise, by `availability.code`.
_BY_AVAILABILITY = {
    "model_not_found": "unknown model",
    "wrong_endpoint": "wrong endpoint",
    "no_endpoints": "no endpoint",
    "constraint_filtered": "no endpoint",
    "privacy_restricted": "privacy",
    **dict.fromkeys(("model_deprecated", "model_unavailable_upstream", "free_variant_ended"), "other model"),
    "region_restricted": "other model",
}
# What to advise, by a part of `metadata.limit_source` or `metadata.reason`.
_BY_LIMIT = {
    "in_flight": "in flight",
    "weight_exceeds": "weight",
    "key_limit": "key limit",
    **dict.fromkeys(("workspace", "guardrail"), "budget"),
}


class DeadlineExceeded(openai.APITimeoutError):
    """
    The call took longer than its `deadline`. The openai SDK does not send its request again.
    """

    def __init__(self, message: str, request: Any) -> None:
        super().__init__(request)
        self.message, self.args = message, (message,)


@dataclass(frozen=True)
class Failure:
    """
    An `error` object from OpenRouter, read leniently.

    :param message: OpenRouter's message, often only "Provider returned error".
    :param code: `error.code` as sent (`http_status` where a body has that instead).
    :param names: Its kind, as the code, `metadata.error_type`, `type` and `availability.code` name it.
    :param status: The HTTP status that it means, or 502 if it is unknown.
    :param metadata: `error.metadata`, or `{}`.
    :param availability: `error.availability`, or `{}`.
    :param provider_message: The provider's message, from `metadata.raw`: a string, JSON in a string, or an object.
    :param wait: Seconds to wait before the next try, or None if nobody says.
    :param cost: What was billed for it in USD, as far as it is known.
    :param lacks_result: Whether there is no error at all, but no result either.
    :param is_page: Whether a web page came in place of an answer of the API.
    """

    message: str
    code: int | str | None = None
    names: tuple[str, ...] = ()
    status: int = 502
    metadata: dict[str, Any] = field(default_factory=dict)
    availability: dict[str, Any] = field(default_factory=dict)
    provider_message: str = ""
    wait: float | None = None
    cost: float = 0.0
    lacks_result: bool = False
    is_page: bool = False

    @classmethod
    def read(
        cls, error: object, *, http_status: int = 200, headers: Mapping[str, str] | None = None, body: object = None
    ) -> Self:
        """
        Read an `error` value of any shape: an object, a string, or something else.

        :param error: The value.
        :param http_status: The status of the response. It counts where the error names none.
        :param headers: The headers of the response.
        :param body: The body or the event that it was found in, which may tell what was billed.
        """
        fields = mapping(error)
        metadata, availability = mapping(fields.get("metadata")), mapping(fields.get("availability"))
        kept = shortened_json(metadata)
        code = fields.get("http_status") if fields.get("code") is None else fields["code"]
        http = http_status if http_status >= 400 else None
        names = (metadata.get("error_type"), fields.get("type"), availability.get("code"))
        statuses = (_number(code), _number(fields.get("http_status")), _named(code), http, *map(_named, names))
        said = text_in(fields.get("message")) or message_in(fields) if isinstance(error, dict) else words(error)
        return cls(
            message=said or "OpenRouter reported an error without a message",
            code=printable(code, LONGEST_NAME) if isinstance(code, str) else code if isinstance(code, int) else None,
            names=tuple(name for name in (code, *names) if isinstance(name, str) and name in STATUS_BY_TYPE),
            status=next((status for status in statuses if status), 502),
            metadata=kept,
            availability=shortened_json(availability),
            provider_message=provider_message(metadata),
            wait=_possible(seconds_to_wait(headers or {}, availability, kept)),
            cost=cost_of_response(mapping(body).get("usage")) or 0.0,
        )

    @property
    def provider_name(self) -> str | None:
        """The provider that failed, if OpenRouter names it."""
        return printable(text_in(self.metadata.get("provider_name")), LONGEST_NAME) or None

    @property
    def said(self) -> str:
        """What OpenRouter and the provider say, in lower case."""
        return f"{self.message} {self.provider_message}".lower()

    @property
    def limit(self) -> str:
        """The limit that was reached, as OpenRouter calls it: "" if none was."""
        return f"{text_in(self.metadata.get('limit_source'))} {text_in(self.metadata.get('reason'))}".strip()

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed soon, and costs nothing twice."""
        if self.is_page or self.cost > 0 or self.is_far_off or self._is_daily_cap or self.refuses_reasoning:
            return False
        if isinstance(retryable := self.availability.get("retryable"), bool):
            return retryable
        return "in_flight" in self.limit or self.status in (408, 409, 429) or self.status >= 500

    @property
    def is_far_off(self) -> bool:
        """Whether the next try would come too late to wait for it."""
        return self.wait is not None and self.wait > LONGEST_WAIT

    @property
    def _is_daily_cap(self) -> bool:
        return any(cap in f"{self.limit} {self.message}" for cap in _DAILY_CAPS)

    @property
    def ends_run(self) -> bool:
        """Whether every later request of a run would fail in the same way: its key, its model, the credits …"""
        if self.is_transient or self.is_moderated or self._is_about_length or self._is_about_images:
            return False
        if self.availability.get("retryable") is False or self.is_page:
            return True
        if self.names_unknown_model or self.right_endpoint:
            return True
        return self.status in (401, 402, 403, 404) or (self.status == 429 and not self.cost)

    @property
    def is_about_inputs(self) -> bool:
        """Whether the inputs are the cause, or how many there are: some of them may succeed on their own."""
        if self.is_transient or self.ends_run:
            return False
        known = self.is_moderated or self._is_about_length or self._is_about_images
        return known or self.status in (400, 413, 422)

    @property
    def names_unknown_model(self) -> bool:
        """Whether OpenRouter does not know the model. The status may be 400 or 404."""
        if known := self.availability.get("code"):
            return bool(known == "model_not_found")
        if "model_not_found" in self.names:
            return True
        return self.status in (400, 404) and any(map(_names_unknown_model, self.said.splitlines()))

    @property
    def right_endpoint(self) -> str:
        """What names the endpoint that serves the model, if OpenRouter says that this one does not: "" otherwise."""
        if self.availability.get("code") == "wrong_endpoint":
            return words(mapping(self.availability.get("constraint")).get("detail")).lower()
        other = _OTHER_KIND.search(self.said) if self.status in (400, 404) else None
        return other[1] if other else ""

    @property
    def refuses_reasoning(self) -> bool:
        """Whether reasoning in the conversation can be read by another model only: without it, the request is good."""
        said = f"{self.said} {self.code} {self.metadata.get('raw')}"
        return _UNREADABLE.search(said) is not None and not any(words in said for words in _LACKS_REASONING)

    @property
    def is_moderated(self) -> bool:
        """Whether moderation flagged an input."""
        return "reasons" in self.metadata or "content_policy_violation" in self.names

    @property
    def _is_about_images(self) -> bool:
        return any("image" in name for name in self.names)

    @property
    def _is_about_length(self) -> bool:
        return "context_length" in words(self.availability.get("excluded_by"))

    @property
    def timed_out(self) -> bool:
        """Whether the provider says that it took too long, and would again."""
        failed = self.status >= 500 or self.status == 408
        return failed and ("timeout" in self.names or any(words in self.said for words in _TIMED_OUT))

    @property
    def hint_is_needed(self) -> bool:
        """Whether no row of a table of advice says more than OpenRouter's own `remedy_hint`."""
        return not any(part in self.limit for part in _BY_LIMIT)

    @property
    def situations(self) -> Iterator[int | str]:
        """The rows of a table of advice that fit, best first."""
        said = self.said
        known = self.availability.get("code")
        found = {
            "web page": self.is_page,
            "billed": self.cost > 0,
            "no result": self.lacks_result,
            "later": self.is_far_off and not self._is_daily_cap,
            "futile": self._is_daily_cap,
            "wrong endpoint": bool(self.right_endpoint),
            "unknown model": self.names_unknown_model,
            "foreign reasoning": self.refuses_reasoning,
            "no batch": "does not have a :batch endpoint" in said,
            "no endpoint": not known and self.status == 404 and any(words in said for words in _NO_PROVIDER),
            "too long": self._is_about_length or (self.status == 400 and ("context" in said or "too long" in said)),
            "provider timeout": self.timed_out,
        }
        yield from (name for part, name in _BY_LIMIT.items() if part in self.limit)
        if "key limit exceeded" in said:
            yield "key limit"
        if self.status in (400, 404, 422) and ("mp3" in said or "response_format" in said):
            yield "audio format"
        if "no endpoints found that support" in said:
            yield "capability"
        if "image_not_found" in self.names:
            yield "image"
        if isinstance(known, str) and known in _BY_AVAILABILITY:
            yield _BY_AVAILABILITY[known]
        yield from (name for name, fits in found.items() if fits)
        if self.availability and self.status == 404:  # it is not the name of the model
            yield "other model"
        if not (self.hint_is_needed and self.metadata.get("remedy_hint")):
            yield self.status
            if self.status >= 500:
                yield "server"


def _possible(wait: float | None) -> float | None:
    """Shorten a wait that is longer than the SDK's only because the clock here is slow."""
    if wait is not None and LONGEST_WAIT < wait <= LONGEST_WAIT + _SLOW_CLOCK:
        return LONGEST_WAIT
    return wait


def _names_unknown_model(line: str) -> bool:
    if _UNKNOWN_MODEL.search(line):
        return True
    model = _MODEL.search(line)
    return model is not None and _UNKNOWN.search(line, model.end()) is not None


def _number(status: object) -> int | None:
    number = number_in(status)
    return int(number) if number is not None and 400 <= number <= 599 else None


def _named(name: object) -> int | None:
    return STATUS_BY_TYPE.get(name) if isinstance(name, str) else None
