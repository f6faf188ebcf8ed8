# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The component that answers questions about documents.
"""

import copy
from typing import Any

from haystack import Document, component
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import (
    OPENROUTER_API_BASE_URL,
    OpenRouterComponent,
    shows_its_settings,
)
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._many.workers import each_in_tasks, each_in_threads
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.components.classifiers.openrouter._documents import Classification, Item
from haystack_integrations.components.classifiers.openrouter._endpoint import (
    SYSTEMONE,
    request_maker,
    sent_questions,
)
from haystack_integrations.components.classifiers.openrouter.options import DecisionParameters, Question


@shows_its_settings
@component
class OpenRouterDocumentClassifier(OpenRouterComponent):
    """
    Answers questions about documents with the decision models behind [OpenRouter](https://openrouter.ai).

    A decision model does not write text. It answers each question with probabilities:

    - `noul`: yes or no. `criteria` may say what each of them means.
    - `choice`: one of the labels in `criteria`, each with a description or None.
    - `score`: a place on the scale in `criteria`, a list of levels with the lowest first.

    ### Usage example
    ```python
    from haystack import Document
    from haystack_integrations.components.classifiers.openrouter import OpenRouterDocumentClassifier

    classifier = OpenRouterDocumentClassifier(
        questions={
            "refund": {"type": "noul", "instructions": "Does the customer ask for a refund?"},
            "urgency": {
                "type": "score",
                "instructions": "How urgent is it?",
                "criteria": ["can wait", "this week", "today"],
            },
        }
    )
    result = classifier.run([Document(content="I was charged twice. Please refund me today.")])
    print(result["documents"][0].meta["openrouter"], result["meta"]["usage"]["cost"])
    ```
    """

    def __init__(
        self,
        questions: dict[str, Question],
        *,
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str = "typesafe/jev-1.13",
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        classification_field: str | None = None,
        metadata_field: str = "openrouter",
        progress_bar: bool = True,
        extra_headers: dict[str, Any] | None = None,
        extra_parameters: DecisionParameters | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        max_workers: int = 3,
        raise_on_failure: bool = False,
        deadline: float | None = None,
        cost_meter: OpenRouterCostMeter | None = None,
    ) -> None:
        """
        Create the component. The API key is read when the component is warmed up or first run.

        :param questions: The questions about each document, by ids that you choose. Each is a dictionary with `type`
            (`noul`, `choice` or `score`), `instructions` and `criteria`. Their types are `NoulQuestion`,
            `ChoiceQuestion` and `ScoreQuestion`.
        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of the decision model: see https://openrouter.ai/models?output_modalities=decisions.
        :param api_base_url: The URL of the API. If it is None or OpenRouter's, the environment variable
            `OPENROUTER_API_BASE` replaces it.
        :param classification_field: The meta field with the text to classify. None means the content.
        :param metadata_field: The meta field that the answers are put into.
        :param progress_bar: Whether to show a progress bar.
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
        :param max_workers: How many requests are sent at the same time. `run` sends them in threads.
        :param raise_on_failure: Whether the first error is raised. If False, failures are logged, and their documents
            are in `failed_documents`. The run stops at an error that would also affect every later document (401, 402,
            403, 404, an unknown model), and after three failures in a row. If nothing has been classified by then, or
            by the end of the run, the error is raised.
        :param deadline: Seconds after which a run ends, with its retries and waits. Unlike `timeout`, it does not start
            anew when bytes arrive. None means no limit. A client that you set yourself does not keep to it.
        :param cost_meter: Counts what the requests of this component cost. None counts nothing.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If a question can't be asked, such as a choice without labels or with more than 255, or a
            scale with fewer than 2 levels or more than 10; if `max_workers` is less than 1, or `extra_parameters` has
            a key that the component sets itself.
        """
        self.questions = questions
        self.classification_field = classification_field
        self.metadata_field = metadata_field
        self.progress_bar = progress_bar
        self.extra_parameters = extra_parameters
        self.max_workers = max_workers
        self.raise_on_failure = raise_on_failure
        self._set_up(
            api_key, model, api_base_url, extra_headers, timeout, max_retries, http_client_kwargs, deadline, cost_meter
        )

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the component.

        :returns: The component as a dictionary.
        :raises ValueError: If the API key or a Secret among the headers is a token, which must not be serialized.
        """
        return self._to_dict(
            questions=copy.deepcopy(dict(self.questions)),
            classification_field=self.classification_field,
            metadata_field=self.metadata_field,
            progress_bar=self.progress_bar,
            extra_parameters=copy.deepcopy(self.extra_parameters),
            max_workers=self.max_workers,
            raise_on_failure=self.raise_on_failure,
        )

    @component.output_types(documents=list[Document], failed_documents=list[Document], meta=dict[str, Any])
    def run(self, documents: list[Document]) -> dict[str, Any]:
        """
        Answer the questions about documents. Each is sent in a request of its own, `max_workers` at the same time.

        :param documents: The documents. They are not changed.
        :returns: A dictionary with `documents`, `failed_documents` and `meta`. `documents` are copies with the answers
            in `meta[metadata_field]`, by the ids of the questions and as OpenRouter sent them. `failed_documents` are
            copies with the reason in `meta["classification_error"]`: those that have no text, and those whose request
            failed. Both are in the order of the input. `meta` has `model`, `usage` (tokens, and `cost` in USD, summed
            over the documents), the `ids` of the generations, one for each document, other fields that are the same in
            all responses, such as `provider`, and, with `raise_on_failure=False`, `failed`: how many documents failed.
        :raises TypeError: If `documents` is not a list of documents.
        :raises ValueError: If the API key is missing.
        :raises openai.APIError: If OpenRouter or a provider fails, or an answer can't be used. The class depends on the
            HTTP status, as in the openai SDK. The text names the provider and the cause and, where possible, says what
            to do. With `raise_on_failure=False`, it is raised only if nothing was classified.
        """
        work, make_request, model = self._prepare(documents)
        if work:
            settings = self._settings()
            with self._clients.using(settings) as client:

                def classify(item: Item) -> None:
                    with work.attempt(item), self._requesting(SYSTEMONE, settings, model):
                        work.take(item, SYSTEMONE.send(client, **make_request(item[1])))

                with work.sending_documents(progress_bar=self.progress_bar):
                    each_in_threads(classify, work, min(self.max_workers, len(work)))
        return work.result()

    @component.output_types(documents=list[Document], failed_documents=list[Document], meta=dict[str, Any])
    async def run_async(self, documents: list[Document]) -> dict[str, Any]:
        """
        Answer the questions about documents without blocking the event loop, `max_workers` at the same time.

        :param documents: The documents. They are not changed.
        :returns: A dictionary with `documents`, `failed_documents` and `meta`, as in `run`.
        :raises openai.APIError: This error, `TypeError` and `ValueError` are raised as in `run`. The other requests are
            cancelled.
        """
        work, make_request, model = self._prepare(documents)
        if work:
            settings = self._settings()
            async with self._clients.using_async(settings) as client:

                async def classify(item: Item) -> None:
                    with work.attempt(item), self._requesting(SYSTEMONE, settings, model):
                        work.take(item, await SYSTEMONE.send_async(client, **make_request(item[1])))

                with work.sending_documents(progress_bar=self.progress_bar):
                    await each_in_tasks(classify, work, min(self.max_workers, len(work)))
        return work.result()

    def _check(self) -> None:
        super(OpenRouterDocumentClassifier, self)._check()  # noqa: UP008
        sent_questions(self.questions)
        example = "pass the name of a meta field"
        checks.text(self.metadata_field, "metadata_field", "the name of a meta field", example)
        if self.classification_field is not None:
            checks.text(self.classification_field, "classification_field", "the name of a meta field or None", example)
        checks.at_least_one(max_workers=self.max_workers)
        checks.parameters(self.extra_parameters or {}, "extra_parameters", SYSTEMONE.own_fields)

    def _prepare(self, documents: list[Document]) -> tuple[Classification, Any, str]:
        """Check settings and documents. Return the run, what makes its requests, and its model."""
        self._check()
        checks.documents(documents, "Use OpenRouterTextRouter for a string.")
        model, questions = self.model, sent_questions(self.questions)
        work = Classification(
            documents,
            field=self.classification_field,
            answers_field=self.metadata_field,
            questions=questions,
            model=model,
            raise_on_failure=self.raise_on_failure,
        )
        headers, extra_parameters = self._sent_headers(), self.extra_parameters
        make_request = request_maker(questions, model=model, headers=headers, extra_parameters=extra_parameters)
        return work, make_request, model
