# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that routes a text by a decision of a model.
"""

import copy
from collections.abc import Mapping
from typing import Any

from haystack import component
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import (
    OPENROUTER_API_BASE_URL,
    OpenRouterComponent,
    shows_its_settings,
)
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.components.classifiers.openrouter._endpoint import (
    SYSTEMONE,
    Questions,
    confidence_of,
    label_question,
    read_answers,
    request_maker,
)
from haystack_integrations.components.classifiers.openrouter.options import DecisionParameters

_QUESTION = "route"
_LOW_CONFIDENCE = "low_confidence"
# The other outputs, and the parameters of `component.set_output_types`.
_NO_LABELS = (_LOW_CONFIDENCE, "meta", "self", "instance")


@shows_its_settings
@component
class OpenRouterTextRouter(OpenRouterComponent):
    """
    Routes a text to one of several outputs, as a decision model behind [OpenRouter](https://openrouter.ai) chooses.

    There is an output for each label. With `min_confidence`, a text whose label is less sure goes to the output
    `low_confidence` instead, for example to a larger model or to a person.

    ### Usage example
    ```python
    from haystack_integrations.components.routers.openrouter import OpenRouterTextRouter

    router = OpenRouterTextRouter(
        labels={
            "billing": "Payments, invoices, refunds and charges",
            "technical": "Bugs, crashes and errors in the product",
        },
        instructions="Which team should handle this support request?",
        min_confidence=0.6,
    )
    result = router.run("I was charged twice for my subscription.")
    print(result, result["meta"]["usage"]["cost"])
    ```
    """

    def __init__(
        self,
        labels: list[str] | dict[str, str | None],
        *,
        instructions: str = "Which category does this text belong to?",
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str = "typesafe/jev-1.13",
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        min_confidence: float | None = None,
        extra_headers: dict[str, Any] | None = None,
        extra_parameters: DecisionParameters | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        deadline: float | None = None,
        cost_meter: OpenRouterCostMeter | None = None,
    ) -> None:
        """
        Create the component. The API key is read when the component is warmed up or first run.

        :param labels: The labels to choose from, at most 255, or a dictionary with a description of each or None. Each
            label is the name of an output. The outputs that you can connect are those of the labels given here.
        :param instructions: The question that the model answers with one of the labels.
        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the decision model: see https://openrouter.ai/models?output_modalities=decisions.
        :param api_base_url: The URL of the API. None means OpenRouter.
        :param min_confidence: The minimum confidence, from 0 to 1. A text whose label has a lower one goes to the
            output `low_confidence`. None means that every text goes to the output of a label.
        :param extra_headers: HTTP headers for every request, for example `HTTP-Referer` and `X-OpenRouter-Title`. A
            value may be a `Secret`.
        :param extra_parameters: Parameters of OpenRouter's decisions endpoint that are added to the request unchanged,
            for example `provider`, `user`, `session_id` or `trace`.
        :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the
            environment variable `OPENAI_TIMEOUT`, or 30 if it is not set.
        :param max_retries: How many times a request is sent again after a failed connection, a timeout, HTTP 408, 409,
            429 or 5xx, or an error that OpenRouter reports with HTTP 200. None means the environment variable
            `OPENAI_MAX_RETRIES`, or 5 if it is not set.
        :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`, such as `proxy`.
        :param deadline: Seconds after which a run ends, with its retries and waits. Unlike `timeout`, it does not start
            anew when bytes arrive. None means no limit. A client that you set yourself does not keep to it.
        :param cost_meter: Counts what the requests of this component cost. None counts nothing.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If there are no labels or more than 255, if a label is empty, given twice or reserved
            (`low_confidence`, `meta`, `self`, `instance`), or if `min_confidence` is not from 0 to 1.
        """
        self.labels = labels
        self.instructions = instructions
        self.min_confidence = min_confidence
        self.extra_parameters = extra_parameters
        self._set_up(
            api_key, model, api_base_url, extra_headers, timeout, max_retries, http_client_kwargs, deadline, cost_meter
        )
        outputs: dict[str, Any] = dict.fromkeys(labels if min_confidence is None else [*labels, _LOW_CONFIDENCE], str)
        component.set_output_types(self, **outputs, meta=dict[str, Any])

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If the API key or a Secret among the headers is a token, which must not be serialized.
        """
        return self._to_dict(
            labels=copy.deepcopy(dict(self.labels)) if isinstance(self.labels, Mapping) else list(self.labels),
            instructions=self.instructions,
            min_confidence=self.min_confidence,
            extra_parameters=copy.deepcopy(self.extra_parameters),
        )

    def run(self, text: str) -> dict[str, Any]:
        """
        Route a text.

        :param text: The text.
        :returns: A dictionary with two keys: the label that was chosen, or `low_confidence`, with the text, and `meta`.
            `meta` has `model`, `provider`, `id`, `usage` (tokens, and `cost` in USD) and everything else that
            OpenRouter sent: the probabilities and the confidence are in `meta["answers"]["route"]`.
        :raises TypeError: If the text is not a string.
        :raises ValueError: If the API key is missing, or the text is empty.
        :raises openai.APIError: If OpenRouter or a provider fails, or the answer can't be used. The class depends on
            the HTTP status, as in the openai SDK. The text names the provider and the cause and, where possible, says
            what to do.
        """
        questions, request, min_confidence = self._prepare(text)
        with self._calling(SYSTEMONE, request["body"]["model"]) as client:
            return _routed(SYSTEMONE.send(client, **request), questions, request["body"], min_confidence)

    async def run_async(self, text: str) -> dict[str, Any]:
        """
        Route a text without blocking the event loop.

        :param text: The text.
        :returns: A dictionary with the label, or `low_confidence`, and `meta`, as in `run`.
        :raises openai.APIError: This error, `TypeError` and `ValueError` are raised as in `run`.
        """
        questions, request, min_confidence = self._prepare(text)
        async with self._calling_async(SYSTEMONE, request["body"]["model"]) as client:
            return _routed(await SYSTEMONE.send_async(client, **request), questions, request["body"], min_confidence)

    def _check(self) -> None:
        super(OpenRouterTextRouter, self)._check()
        label_question(self.labels, self.instructions)
        if reserved := [label for label in self.labels if label in _NO_LABELS]:
            msg = f"`labels` can't have {reserved[0]!r}, which can't be the name of the output of a label."
            raise ValueError(msg)
        checks.text(self.instructions, "instructions", "a str", "leave it out, or pass the question to answer")
        if self.min_confidence is not None:
            checks.number(self.min_confidence, "min_confidence", "a number from 0 to 1 or None", most=1)
        checks.parameters(self.extra_parameters or {}, "extra_parameters", SYSTEMONE.own_fields)

    def _prepare(self, text: str) -> tuple[Questions, dict[str, Any], float | None]:
        """Check settings and the text. Return the question, the request, and the confidence that is needed."""
        self._check()
        checks.text(text, "text", "a str", "pass the text to route", "Use OpenRouterDocumentClassifier for documents.")
        questions = {_QUESTION: label_question(self.labels, self.instructions)}
        headers, extra_parameters = self._sent_headers(), self.extra_parameters
        make_request = request_maker(questions, model=self.model, headers=headers, extra_parameters=extra_parameters)
        return questions, make_request(text), self.min_confidence


def _routed(response: Any, questions: Questions, body: dict[str, Any], min_confidence: float | None) -> dict[str, Any]:
    answers, meta = read_answers(response, questions, body["model"])
    answer = answers[_QUESTION]
    is_unsure = min_confidence is not None and confidence_of(response, answer) < min_confidence
    return {_LOW_CONFIDENCE if is_unsure else answer["choice"]: body["state"], "meta": {**meta, "answers": answers}}
