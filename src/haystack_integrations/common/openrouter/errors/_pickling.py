# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Makes errors of the openai SDK survive pickling, `copy.deepcopy` and process pools, without key, prompt or connection.

The SDK's own status errors pickle with their request and can't be unpickled, which breaks a process pool for good.
"""

from __future__ import annotations

from typing import Any

import openai

from haystack_integrations.common.openrouter._wire.json_values import plain_json

# Attributes with the connection, the key or the prompt. Only the live object keeps them.
_LEFT_BEHIND = ("request", "response")


class _Reduced:
    """
    What `pickle` and `copy` ask an error for: how to build it again. It refers to no live object.
    """

    def __init__(self, kind: type[openai.APIError], text: str, state: dict[str, Any]) -> None:
        self._recipe = (kind, text, state)

    def __call__(self, protocol: object) -> tuple[Any, ...]:  # noqa: ARG002
        return rebuilt_error, self._recipe


def make_picklable(error: openai.APIError, body: Any) -> None:
    """
    Give one error, not its class, a way to be pickled and copied.

    :param error: An error that is complete: what is set on it later is not in the copies.
    :param body: Its response body without what is private, for the copies.
    """
    kept = {name: value for name, value in vars(error).items() if name not in (*_LEFT_BEHIND, "__reduce_ex__")}
    state = {name: _copyable(value) for name, value in kept.items()}
    state["body"] = body
    error.__reduce_ex__ = _Reduced(type(error), str(error), state)  # type: ignore[method-assign]


def rebuilt_error(kind: type[openai.APIError], text: str, state: dict[str, Any]) -> openai.APIError:
    """
    Build an error that was pickled or copied.

    :param kind: Its class.
    :param text: Its text.
    :param state: Its attributes. `request` and `response` are None.
    :returns: The error, which can be pickled again.
    """
    error = kind.__new__(kind, text)
    error.args = (text,)
    vars(error).update(state, **dict.fromkeys(_LEFT_BEHIND))
    make_picklable(error, state["body"])
    return error


def _copyable(value: Any) -> Any:
    try:
        return plain_json(value)
    except ValueError:  # nested too deep to be copied or pickled
        return None
