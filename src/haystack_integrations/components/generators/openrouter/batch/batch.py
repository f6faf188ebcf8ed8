# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Batches: thousands of requests at about half the price, with replies within 24 hours.
"""

import asyncio
import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self, Unpack, cast

import openai
from haystack import Document
from haystack.core.serialization import default_from_dict
from haystack.dataclasses import ChatMessage
from haystack.tools import ToolsType, deserialize_tools_or_toolset_inplace
from haystack.utils import Secret

from haystack_integrations.common.openrouter._base.component import OPENROUTER_API_BASE_URL
from haystack_integrations.common.openrouter._base.cost_meter import OpenRouterCostMeter
from haystack_integrations.common.openrouter._base.generation_kwargs import merged_kwargs
from haystack_integrations.common.openrouter._base.headers import with_secrets
from haystack_integrations.common.openrouter._wire.responses import decoded_body
from haystack_integrations.components.generators.openrouter.batch._endpoint import (
    CHAT_BATCH,
    EMBEDDINGS_BATCH,
    SUBMISSION,
)
from haystack_integrations.components.generators.openrouter.batch._results import (
    check_are_submitted,
    embedded_documents,
    embedding_of,
    in_order,
    reply_of,
)
from haystack_integrations.components.generators.openrouter.batch._submission import (
    Submission,
    submission_of_conversations,
    submission_of_documents,
)
from haystack_integrations.components.generators.openrouter.batch.options import DocumentTexts
from haystack_integrations.components.generators.openrouter.batch.state import BatchError, BatchState
from haystack_integrations.components.generators.openrouter.batch.submitted import SubmittedBatches
from haystack_integrations.components.generators.openrouter.chat._reply import warn_of_flaws
from haystack_integrations.components.generators.openrouter.chat._request.arguments import (
    check_generation_kwargs,
    read_parameters,
    serializable_kwargs,
    shared_arguments,
)
from haystack_integrations.components.generators.openrouter.chat._request.reasoning import learn_makers
from haystack_integrations.components.generators.openrouter.chat._request.tools import (
    ToolWarmUp,
    check_tool_options,
    checked_tools,
    warn_of_unknown_tools,
    written_tools,
)
from haystack_integrations.components.generators.openrouter.chat.options.generation import GenerationKwargs

Replies = list[ChatMessage | BatchError]
Documents = list[Document | BatchError]


class OpenRouterBatch(SubmittedBatches):
    """
    Sends thousands of requests as one batch, for about half the price. The replies come within 24 hours.

    It is a plain class and not a component: a pipeline would have to wait all that time. The id of a batch is all that
    you have to keep: `results` reads the replies in the order of the conversations from it, after a restart too.

    Sources: https://openrouter.ai/docs/guides/features/batch-api and OpenRouter's Python SDK 1.3.84.

    ### Usage example
    ```python
    from haystack_integrations.components.generators.openrouter import OpenRouterBatch

    batch = OpenRouterBatch(model="google/gemini-2.5-flash", generation_kwargs={"max_tokens": 200})
    batch_id = batch.submit(["What is a lighthouse?", "What is a ferry?"])
    state = batch.wait(batch_id)
    for reply in batch.results(batch_id):
        print(reply)
    print(state.cost)
    ```
    """

    def __init__(
        self,
        *,
        api_key: Secret = Secret.from_env_var("OPENROUTER_API_KEY"),
        model: str | None = None,
        streaming_callback: None = None,
        api_base_url: str | None = OPENROUTER_API_BASE_URL,
        generation_kwargs: GenerationKwargs | None = None,
        tools: ToolsType | None = None,
        timeout: float | None = None,
        extra_headers: dict[str, Any] | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        tools_strict: bool = False,
        cost_meter: OpenRouterCostMeter | None = None,
        tool_options: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        """
        Create the object. Most parameters are those of `OpenRouterChatGenerator`.

        :param api_key: The OpenRouter API key, by default from the environment variable `OPENROUTER_API_KEY`.
        :param model: The name of a model that takes batches, with or without `:batch` at its end. Only `submit` and
            `submit_documents` need it.
        :param streaming_callback: It has to be None, because batches are not streamed.
        :param api_base_url: The URL of the API. None means OpenRouter.
        :param generation_kwargs: Parameters of the chat requests of a batch. `provider` may have `only` and
            `allow_fallbacks`, for one provider runs the whole batch.
        :param tools: Tools and toolsets that the model can prepare calls for.
        :param timeout: Seconds to wait for a connection, and for the next bytes of a response. None means the
            environment variable `OPENAI_TIMEOUT`, or 300 if it is not set.
        :param extra_headers: HTTP headers for every request. A value may be a `Secret`.
        :param max_retries: How many times a request is sent again that only reads. None means the environment variable
            `OPENAI_MAX_RETRIES`, or 5 if it is not set. A request that submits a batch is never sent again.
        :param http_client_kwargs: Keyword arguments for `httpx.Client` and `httpx.AsyncClient`, such as `proxy`.
        :param tools_strict: Whether to make the schemas of the tools strict.
        :param cost_meter: Counts what each batch has cost, once it is known to be over. None counts nothing.
        :param tool_options: What is sent beside a tool, by the name of the tool.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the value of an argument can't be used.
        """
        self._tool_warm_up = ToolWarmUp()
        self.streaming_callback = streaming_callback
        self.generation_kwargs = generation_kwargs
        self.tools = tools
        self.tools_strict = tools_strict
        self.tool_options = tool_options
        self._set_up(
            api_key,
            cast(str, model),
            api_base_url,
            extra_headers,
            timeout,
            max_retries,
            http_client_kwargs,
            None,
            cost_meter,
        )

    def submit(
        self,
        conversations: Sequence[list[ChatMessage] | str],
        custom_ids: Sequence[str] | None = None,
        callback_url: str | None = None,
    ) -> str:
        """
        Submit conversations, each of which gets one reply. The request is sent once, whatever happens to it.

        :param conversations: At most 5,000 conversations, 200 MB altogether. A string becomes one user message.
        :param custom_ids: An id of your own for each conversation, such as the key of a row. All providers take
            letters, digits, "-" and "_", at most 58 of them. What is sent begins with the position: `c0012-invoice`.
        :param callback_url: An https URL that OpenRouter calls when the batch is over: see `verify_webhook`.
        :returns: The id of the batch.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If something can't be sent in a batch. The text names the number of the conversation.
        :raises openai.APIError: If the batch was refused, or if it is not known whether it arrived: `list()` shows
            that. `error.custom_ids` holds the ids.
        """
        self._check_can_submit()
        if self.tools is not None:
            self._tool_warm_up.run(self.tools)
        return self._send(self._conversations(conversations, custom_ids, callback_url))

    async def submit_async(
        self,
        conversations: Sequence[list[ChatMessage] | str],
        custom_ids: Sequence[str] | None = None,
        callback_url: str | None = None,
    ) -> str:
        """
        Submit conversations as `submit` does, without blocking the event loop.

        :param conversations: The conversations.
        :param custom_ids: An id of your own for each conversation.
        :param callback_url: An https URL that OpenRouter calls when the batch is over.
        :returns: The id of the batch.
        """
        self._check_can_submit()
        if self.tools is not None:
            await self._tool_warm_up.run_async(self.tools)
        return await self._send_async(
            await asyncio.to_thread(self._conversations, conversations, custom_ids, callback_url)
        )

    def submit_documents(
        self, documents: list[Document], callback_url: str | None = None, **texts: Unpack[DocumentTexts]
    ) -> str:
        """
        Submit documents that are to be embedded. `model` has to be an embedding model that takes batches.

        :param documents: At most 5,000 documents, 200 MB altogether.
        :param callback_url: An https URL that OpenRouter calls when the batch is over.
        :param texts: What is embedded of them, as in `OpenRouterDocumentEmbedder`: see `DocumentTexts`.
        :returns: The id of the batch.
        :raises TypeError: If an argument has the wrong type.
        :raises ValueError: If the value of an argument can't be used.
        :raises openai.APIError: As in `submit`.
        """
        return self._send(self._documents(documents, callback_url, texts))

    async def submit_documents_async(
        self, documents: list[Document], callback_url: str | None = None, **texts: Unpack[DocumentTexts]
    ) -> str:
        """
        Submit documents as `submit_documents` does, without blocking the event loop.

        :param documents: The documents.
        :param callback_url: An https URL that OpenRouter calls when the batch is over.
        :param texts: What is embedded of them.
        :returns: The id of the batch.
        """
        return await self._send_async(await asyncio.to_thread(self._documents, documents, callback_url, texts))

    def results(self, batch_id: str) -> Replies:
        """
        Read the replies to the conversations of a batch that is over, in the order in which they were submitted.

        :param batch_id: The id of the batch. Nothing else has to be known of it.
        :returns: A ChatMessage for each conversation, equal to what `OpenRouterChatGenerator` returns. Where a request
            failed, there is a `BatchError` in its place. `meta["usage"]` may have no `cost`: only the batch has one.
        :raises ValueError: If the batch is not over, or one of documents.
        :raises openai.APIError: If the batch has failed, its results are gone, or OpenRouter fails.
        """
        return self._replies(*self._ended(batch_id, CHAT_BATCH))

    async def results_async(self, batch_id: str) -> Replies:
        """
        Read the replies as `results` does, without blocking the event loop.

        :param batch_id: The id of the batch.
        :returns: A ChatMessage or a `BatchError` for each conversation.
        """
        return self._replies(*await self._ended_async(batch_id, CHAT_BATCH))

    def document_results(self, batch_id: str, documents: list[Document]) -> Documents:
        """
        Read the embeddings of the documents of a batch that is over.

        :param batch_id: The id of the batch.
        :param documents: The documents that were submitted, in the same order. They are not changed.
        :returns: Copies with embeddings in the same order. Where a request failed, there is a `BatchError`.
        :raises ValueError: If the batch is not over, or was submitted with other documents.
        :raises openai.APIError: As in `results`.
        """
        return _embedded(documents, *self._ended(batch_id, EMBEDDINGS_BATCH))

    async def document_results_async(self, batch_id: str, documents: list[Document]) -> Documents:
        """
        Read the embeddings as `document_results` does, without blocking the event loop.

        :param batch_id: The id of the batch.
        :param documents: The documents that were submitted, in the same order.
        :returns: Copies with embeddings, or a `BatchError`.
        """
        return _embedded(documents, *await self._ended_async(batch_id, EMBEDDINGS_BATCH))

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the parameters.

        :returns: A dictionary with the class and its parameters.
        :raises ValueError: If the API key or a Secret among the headers is a token, which must not be serialized.
        """
        return self._to_dict(
            generation_kwargs=serializable_kwargs(self.generation_kwargs),
            tools=written_tools(self.tools),
            tools_strict=self.tools_strict,
            tool_options=copy.deepcopy(self.tool_options),
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """
        Deserialize the object.

        :param data: What `to_dict` returned. It is not changed.
        :returns: The object.
        """
        read = with_secrets(data)
        read["init_parameters"] = read_parameters(read.get("init_parameters", {}))
        deserialize_tools_or_toolset_inplace(read["init_parameters"], key="tools")
        return default_from_dict(cls, read)

    def _check(self) -> None:
        super()._check()
        check_generation_kwargs(self.generation_kwargs, self._noticed)
        if self.tools is not None:
            checked_tools(self.tools)
        if self.tool_options is not None:
            check_tool_options(self.tool_options)
        if self.streaming_callback is not None:
            msg = "`streaming_callback` must be None: the replies of a batch are not streamed."
            raise ValueError(msg)

    def _check_model(self) -> None:
        if self.model is not None:
            super()._check_model()

    def _check_can_submit(self) -> None:
        self._check()
        if self.model is None:
            msg = "`model` is needed to submit a batch: pass the name of a model that takes batches."
            raise ValueError(msg)

    def _conversations(self, conversations: Any, custom_ids: Any, callback_url: Any) -> Submission:
        if self.tool_options:
            warn_of_unknown_tools(self.tool_options, self.tools, noticed=self._noticed)
        arguments = shared_arguments(
            model=self.model,
            tools=self.tools,
            tools_strict=self.tools_strict,
            tool_options=self.tool_options,
            streaming=False,
            generation_kwargs=merged_kwargs(cast(Any, self.generation_kwargs)),
            init_headers=self._sent_headers(),
            noticed=self._noticed,
        )
        return submission_of_conversations(
            conversations, custom_ids, callback_url, arguments=arguments, base_url=self._base_url()
        )

    def _documents(self, documents: Any, callback_url: Any, texts: Mapping[str, Any]) -> Submission:
        self._check_can_submit()
        return submission_of_documents(documents, callback_url, texts, model=self.model, headers=self._sent_headers())

    def _send(self, submission: Submission) -> str:
        settings = self._settings(submission.deadline)
        with self._calling(SUBMISSION, submission.model, settings) as client, _keeping_ids(submission):
            request = {"content": submission.content, "options": submission.options}
            return str(decoded_body(SUBMISSION.send(client, **request))["id"])

    async def _send_async(self, submission: Submission) -> str:
        settings = self._settings(submission.deadline)
        async with self._calling_async(SUBMISSION, submission.model, settings) as client:
            with _keeping_ids(submission):
                request = {"content": submission.content, "options": submission.options}
                return str(decoded_body(await SUBMISSION.send_async(client, **request))["id"])

    def _replies(self, state: BatchState, lines: list[Any]) -> Replies:
        results = in_order(lines, state, reply_of)
        replies = [one for one in results if isinstance(one, ChatMessage)]
        if state.model:
            learn_makers(replies, {"model": state.model.removesuffix(":batch")}, self._base_url())
        warn_of_flaws(replies)
        return results


@contextmanager
def _keeping_ids(submission: Submission) -> Iterator[None]:
    """Give an error the ids of the requests, which nobody else may know."""
    try:
        yield
    except openai.APIError as error:
        error.custom_ids = submission.custom_ids  # type: ignore[attr-defined]
        raise


def _embedded(documents: list[Document], state: BatchState, lines: list[Any]) -> Documents:
    check_are_submitted(documents, lines, state)
    return embedded_documents(documents, in_order(lines, state, embedding_of))
