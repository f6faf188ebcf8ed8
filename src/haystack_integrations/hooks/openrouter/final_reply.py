# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The end of an Agent's run whose last reply has no text.
"""

from itertools import takewhile
from typing import Any

from haystack import logging
from haystack.components.agents.state.state import State
from haystack.core.serialization import default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage, ChatRole

from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.components.generators.openrouter.chat._reply import says_nothing
from haystack_integrations.hooks.openrouter.cost_budget import check_haystack

logger = logging.getLogger(__name__)


class OpenRouterFinalReplyHook:
    """
    Ends the run of an Agent after a reply that is final, although it has no text.

    An Agent with tools takes only a reply with text for its last one. After a reply with an image, it would ask the
    model for another one, and so on until `max_agent_steps`. This hook runs before each call of the chat generator, at
    the hook point `before_llm`, and ends the run if the last reply has neither text nor tool calls. The exit reason is

    - `"image"`, `"audio"`, `"file"` or `"refusal"`: what the reply has in place of text
    - `"empty_reply"`, if it has nothing of that, and was the last of `max_empty_replies` such replies in a row. A reply
      that has only reasoning is empty, too.

    After a malformed tool call the run goes on: the model is told what was wrong with it.

    One hook can serve many runs at once. It needs haystack-ai 3.4 or newer.

    ### Usage example

    ```python
    from haystack.components.agents import Agent
    from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
    from haystack_integrations.hooks.openrouter import OpenRouterFinalReplyHook

    agent = Agent(
        chat_generator=OpenRouterChatGenerator(
            model="google/gemini-3-pro-image", generation_kwargs={"modalities": ["image", "text"]}
        ),
        tools=[search],
        hooks={"before_llm": [OpenRouterFinalReplyHook()]},
    )
    ```
    """

    allowed_hook_points = ("before_llm",)

    def __init__(self, max_empty_replies: int = 1) -> None:
        """
        Create the hook.

        :param max_empty_replies: How many empty replies in a row end the run. With 2 or 3, the model is asked again
            after the first. After three, `OpenRouterChatGenerator` raises an error in any case.
        :raises ValueError: If `max_empty_replies` is not a whole number of at least 1.
        :raises ImportError: If haystack-ai is older than 3.4.
        """
        check_haystack("OpenRouterFinalReplyHook")
        checks.at_least_one(max_empty_replies=max_empty_replies)
        self.max_empty_replies = max_empty_replies

    def run(self, state: State) -> None:
        """
        Stop the run if its last reply is final.

        :param state: The Agent's state.
        """
        messages, steps = state.data.get("messages") or [], state.data.get("step_count") or 0
        # the latest first; those from before the first step are of earlier runs
        replies = [*takewhile(lambda message: message.is_from(ChatRole.ASSISTANT), reversed(messages))][:steps]
        if not replies:
            return
        reason, empty = _in_place_of_text(replies[0]), len([*takewhile(says_nothing, replies)])
        if empty >= self.max_empty_replies:
            logger.warning(
                "The model returned {count} empty reply(ies) in a row; requesting a stop of the Agent.", count=empty
            )
            reason = "empty_reply"
        if reason:
            state.set("stop_run", reason)

    async def run_async(self, state: State) -> None:
        """
        Stop the run if its last reply is final. Does the same as `run`.

        :param state: The Agent's state.
        """
        self.run(state)

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the hook.

        :returns: The hook as a dictionary.
        """
        return default_to_dict(self, max_empty_replies=self.max_empty_replies)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "OpenRouterFinalReplyHook":
        """
        Deserialize the hook.

        :param data: The dictionary from `to_dict`.
        :returns: The hook.
        """
        return default_from_dict(cls, data)


def _in_place_of_text(reply: ChatMessage) -> str:
    """What a reply has if it has neither text nor tool calls; "" if it has nothing or is not final."""
    if any(reply.texts) or reply.tool_calls or reply.meta.get("invalid_tool_calls"):
        return ""
    if reply.images or reply.meta.get("images"):  # links are in `meta`
        return "image"
    if reply.files:
        return "audio" if (reply.files[0].mime_type or "").startswith("audio/") else "file"
    return "refusal" if reply.meta.get("refusal") else ""
