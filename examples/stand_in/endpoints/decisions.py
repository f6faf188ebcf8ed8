# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/systemone`: questions are answered by the words that the text has in common with what they ask for."""

from typing import Any

from stand_in.answer import Answer
from stand_in.costs import dollars
from stand_in.faults import error_by_name
from stand_in.request import Json, Request
from stand_in.words import words_of

PER_TOKEN = 0.042
"""What a decision costs, as a share of what the stand-in charges for a token of a chat."""


def decide(request: Request) -> Answer:
    """
    Answer questions about a text.

    :param request: A request with `state` and `questions`.
    :returns: The answers, with probabilities, or the error that the model's name asks for.
    """
    body = request.body
    model = str(body.get("model"))
    if failure := error_by_name(model):
        return failure
    text = set(words_of(str(body.get("state"))))
    questions: dict[str, Json] = body.get("questions") or {}
    tokens = len(str(body.get("state")).split()) + sum(len(str(question).split()) for question in questions.values())
    reply = {
        "id": f"gen-standin-{request.number}",
        "model": model,
        "provider": "Stand-in",
        "answers": {name: _answer(question, text) for name, question in questions.items()},
        "usage": {"input_tokens": tokens, "output_tokens": 0, "cost": dollars(PER_TOKEN * tokens)},
    }
    return Answer.json(reply, headers={"x-generation-id": str(reply["id"])})


def _answer(question: Json, text: set[str]) -> Json:
    kind, criteria = question["type"], question.get("criteria")
    if kind == "noul":
        outcomes = criteria or {"true": question["instructions"]}
        yes, _ = _shares([_common(text, "", outcomes.get("true")), _common(text, "", outcomes.get("false"))])
        return {"type": kind, "noul": yes}
    if kind == "choice":
        shares = _shares([_common(text, label, described) for label, described in criteria.items()])
        best = max(zip(criteria, shares, strict=True), key=lambda pair: pair[1])[0]
        return {"type": kind, "choice": best, **_probabilities(dict(zip(criteria, shares, strict=True)))}
    shares = _shares([_common(text, "", level) for level in criteria])
    numbers = [str(number) for number in range(len(criteria))]
    return {
        "type": kind,
        "score": round(sum(number * share for number, share in enumerate(shares)), 2),
        "legend": dict(zip(numbers, criteria, strict=True)),
        **_probabilities(dict(zip(numbers, shares, strict=True))),
    }


def _common(text: set[str], label: str, description: Any) -> int:
    return len(text & set(words_of(f"{label} {description or ''}")))


def _shares(counts: list[int]) -> list[float]:
    weights = [4.0 ** min(count, 20) for count in counts]
    return [round(weight / sum(weights), 2) for weight in weights]


def _probabilities(shares: dict[str, float]) -> Json:
    """
    Say how likely each answer is, and how much likelier the best one is than by chance.
    """
    best, count = max(shares.values()), len(shares)
    return {"probabilities": shares, "confidence": round((best * count - 1) / (count - 1), 2) if count > 1 else 1.0}
