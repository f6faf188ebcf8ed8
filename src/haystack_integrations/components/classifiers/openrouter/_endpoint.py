# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The decisions endpoint: questions are checked and sent, and answers are read. Routers use it, too.

Source: `DecisionsRequest` and `DecisionsResponse` in OpenRouter's Python SDK 1.3.84.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from haystack_integrations.common.openrouter._transport.endpoint import Endpoint
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import is_whole, mapping, plain_json, sendable_json
from haystack_integrations.common.openrouter._wire.responses import decoded_body, response_meta, unusable_response
from haystack_integrations.common.openrouter._wire.usage import is_number
from haystack_integrations.common.openrouter.errors._advice import COMMON_ADVICE

Questions = dict[str, dict[str, Any]]
"""What is asked at once, by id, as it is sent."""

_MOST_LABELS, _LEAST_LEVELS, _MOST_LEVELS = 255, 2, 10
_FINDS_MODELS = '`OpenRouterModels().list(output_modalities="decisions")` lists them'
_BAD_REQUEST = (
    f"Check that `{{model}}` is a decision model: {_FINDS_MODELS}. Also check that the text is not too long for it, "
    "and the names in `extra_parameters`"
)
_IN_YAML = "In YAML, write yes, no, on, off and numbers in quotes."

SYSTEMONE = Endpoint(
    "/systemone",
    result="answers",
    shape=dict,
    what="answers",
    advice={
        **COMMON_ADVICE,
        "no result": f"Check that `{{model}}` is a decision model: {_FINDS_MODELS}. Or try again",
        400: _BAD_REQUEST,
        422: _BAD_REQUEST,
        404: f"Check that `{{model}}` is a decision model: {_FINDS_MODELS}. Or relax `provider` in `extra_parameters`"
        "{names}",
        413: "Send a shorter text",
    },
    own_fields={
        "model": "Pass `model` to the component.",
        "state": "The component fills it with what it is run with.",
        "questions": "The component fills it with what it is made with.",
    },
)


def request_maker(
    questions: Questions, *, model: str, headers: Mapping[str, str], extra_parameters: Mapping[str, Any] | None
) -> Callable[[Any], dict[str, Any]]:
    """Return what makes the request for a text, or any other JSON. It shares nothing with settings that may change."""
    more = sendable_json(dict(extra_parameters or {}))
    options = {"headers": headers}
    return lambda state: {
        "body": {"model": model, "state": state, "questions": questions, **more},
        "options": options,
    }


def sent_questions(questions: Any) -> Questions:
    """Check questions, and copy them as they are sent."""
    checks.parameters(questions, "questions", {})
    if not questions:
        msg = "`questions` is empty: pass a dictionary with at least one question."
        raise ValueError(msg)
    _check_names(questions, "`questions`", "id")
    copies = {name: _copied(question, f"`questions[{checks.shown(name)}]`") for name, question in questions.items()}
    sent: Questions = sendable_json(copies)
    return sent


def label_question(labels: Any, instructions: str) -> dict[str, Any]:
    """Check the labels of a router, and make the question that asks for one of them, as it is sent."""
    what = "a list of labels, or a dictionary with a description of each"
    checks.instance(labels, "`labels`", Mapping | list | tuple, what)
    check_labels(labels, "`labels`")
    criteria = labels if isinstance(labels, Mapping) else dict.fromkeys(labels)
    sent: dict[str, Any] = sendable_json({"type": "choice", "instructions": instructions, "criteria": criteria})
    return sent


def check_labels(labels: Mapping[str, Any] | Sequence[str], where: str) -> None:
    """Raise unless a choice can have these labels, with these descriptions if they are a dictionary."""
    if not 1 <= len(labels) <= _MOST_LABELS:
        msg = f"{where} must have from 1 to {_MOST_LABELS} labels, not {len(labels)}."
        raise ValueError(msg)
    _check_names(labels, where, "label")
    for label, description in labels.items() if isinstance(labels, Mapping) else ():
        if description is not None and not _says_something(description):
            odd = checks.shown(description)
            msg = f"{where}: the description of {checks.shown(label)} must be a text or None, not {odd}."
            raise ValueError(msg)


def read_answers(response: Any, questions: Questions, model: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the answers as they were sent, and everything else. If one of them can't be used, raise an `APIError`."""
    body = decoded_body(response)
    answers = body["answers"]
    try:
        for name, question in questions.items():
            _check_answer(answers.get(name), question, f"question {checks.shown(name)}")
        if foreign := [name for name in answers if name not in questions]:
            msg = f"The response answers a question that was not asked: {checks.shown(foreign[0])}"
            raise ValueError(msg)
    except ValueError as error:
        raise unusable_response(str(error), body, response) from None
    meta = {"id": None, "provider": None, **response_meta(body, model, SYSTEMONE.payload, response.headers)}
    return plain_json(answers), meta


def confidence_of(response: Any, answer: Mapping[str, Any]) -> float:
    """Take how sure an answer is, which OpenRouter may leave out. Without it, raise an `APIError`."""
    if "confidence" not in answer:
        msg = "The answer has no confidence, so `min_confidence` can't be applied"
        raise unusable_response(msg, decoded_body(response), response)
    return float(answer["confidence"])


def _copied(question: Any, where: str) -> dict[str, Any]:
    checks.instance(question, where, Mapping, "a dictionary with `type` and `instructions`")
    kind = question.get("type")
    if not isinstance(kind, str) or kind not in _CRITERIA:
        msg = f"{where}: the `type` must be 'noul' (yes or no), 'choice' or 'score', not {checks.shown(kind)}."
        raise ValueError(msg)
    if not _says_something(question.get("instructions")):
        msg = f"{where} must have `instructions`: the question that the model answers."
        raise ValueError(msg)
    copied = {name: value for name, value in question.items() if value is not None}
    criteria = _CRITERIA[kind](copied.get("criteria"), f"{where}: `criteria`")
    return copied if criteria is None else {**copied, "criteria": criteria}


def _outcomes(criteria: Any, where: str) -> Any:
    if criteria is None:
        return None
    checks.instance(criteria, where, Mapping, "a dictionary with the keys 'true' and 'false'")
    # in YAML, these keys are booleans unless they are quoted
    named = {str(key).lower() if isinstance(key, bool) else key: value for key, value in criteria.items()}
    if not named or not named.keys() <= {"true", "false"}:
        msg = f"{where} must have the keys 'true' and 'false', with a description of each answer."
        raise ValueError(msg)
    return named


def _choices(criteria: Any, where: str) -> Any:
    checks.instance(criteria, where, Mapping, "a dictionary of labels, each with a description or None")
    check_labels(criteria, where)
    return criteria


def _levels(criteria: Any, where: str) -> Any:
    checks.instance(criteria, where, list | tuple, "a list of levels, the lowest first")
    if not _LEAST_LEVELS <= len(criteria) <= _MOST_LEVELS:
        msg = f"{where} must have from {_LEAST_LEVELS} to {_MOST_LEVELS} levels, not {len(criteria)}."
        raise ValueError(msg)
    for level in criteria:
        if not _says_something(level):
            msg = f"{where}: each level must be a text, not {checks.shown(level)}. {_IN_YAML}"
            raise ValueError(msg)
    return criteria


_CRITERIA = {"noul": _outcomes, "choice": _choices, "score": _levels}


def _says_something(content: object) -> bool:
    """Whether a value can be instructions or a description: a text or, as OpenRouter takes them, any JSON."""
    return bool(content.strip()) if isinstance(content, str) else isinstance(content, Mapping | list) and bool(content)


def _check_names(names: Any, where: str, what: str) -> None:
    seen = set()
    for name in names:
        checks.instance(name, f"Each {what} in {where}", str, "a string", _IN_YAML)
        if not name.strip():
            msg = f"{where} has an empty {what}."
            raise ValueError(msg)
        if not is_whole(name):
            msg = f"{where} has the {what} {checks.shown(name)}, with half of a surrogate pair, which can't be sent."
            raise ValueError(msg)
        if name in seen:
            msg = f"{where} has the {what} {checks.shown(name)} twice."
            raise ValueError(msg)
        seen.add(name)


def _check_answer(answer: Any, question: dict[str, Any], where: str) -> None:
    if answer is None:
        msg = f"The response has no answer to {where}"
        raise ValueError(msg)
    fields, kind = mapping(answer), question["type"]
    if fields.get("type") != kind:
        msg = f"The answer to {where} has the type {checks.shown(fields.get('type'))}, but {kind!r} was asked for"
        raise ValueError(msg)
    choice = fields.get("choice")
    if kind == "choice" and not (isinstance(choice, str) and choice in question["criteria"]):
        msg = f"The answer to {where} is {checks.shown(choice)}, which is none of its labels"
        raise ValueError(msg)
    numbers = () if kind == "choice" else (kind,)
    for name in (*numbers, *(["confidence"] if "confidence" in fields else [])):
        if not is_number(fields.get(name)):
            msg = f"The answer to {where} has {checks.shown(fields.get(name))} as its {name}, which is not a number"
            raise ValueError(msg)
