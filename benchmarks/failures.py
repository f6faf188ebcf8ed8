# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
What an error costs whose body is large, beside the bare openai SDK, which reads it, decodes it and raises.
"""

import contextlib

import openai
from contenders import SDK, Ours
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret
from hostile import FAILURES, PHRASE
from openai import OpenAI
from rounds import Figures, medians

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

_KEY = "sk-or-v1-0123456789abcdef"
_PROMPT = PHRASE * 500


class Failures:
    """
    Milliseconds that an error takes, by the name of its body.
    """

    names = tuple(FAILURES)

    def __init__(self, port: int, *, rounds: int, megabytes: float = 10) -> None:
        url = f"http://127.0.0.1:{port}/api/v1"
        self._rounds, self._megabytes = rounds, megabytes
        self._client = OpenAI(api_key=_KEY, base_url=url, max_retries=0)
        self._generator = OpenRouterChatGenerator(api_key=Secret.from_token(_KEY), api_base_url=url, max_retries=0)

    def milliseconds(self, name: str) -> Figures:
        """
        Of the SDK, and of this package.
        """
        model = f"failure/{name}/{self._megabytes}"
        tasks = {SDK.name: lambda: self._of_the_sdk(model), Ours.name: lambda: self._of_ours(model)}
        return {contender: figure / 1e3 for contender, figure in medians(tasks, 1, self._rounds).items()}

    def growth(self, name: str) -> float:
        """
        How many times longer a body of four times the size takes.
        """
        sizes = {"1": self._megabytes / 4, "4": self._megabytes}
        tasks = {key: lambda size=size: self._of_ours(f"failure/{name}/{size}") for key, size in sizes.items()}
        figures = medians(tasks, 1, self._rounds)
        return figures["4"] / figures["1"]

    def _of_the_sdk(self, model: str) -> None:
        messages = [{"role": "user", "content": _PROMPT}]
        with contextlib.suppress(openai.APIError):
            self._client.chat.completions.create(model=model, messages=messages)

    def _of_ours(self, model: str) -> None:
        with contextlib.suppress(openai.APIError):
            self._generator.run([ChatMessage.from_user(_PROMPT)], generation_kwargs={"model": model})
