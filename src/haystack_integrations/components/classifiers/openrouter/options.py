# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The types of questions, and of `extra_parameters`. At run time they are plain dictionaries.

Source: `DecisionsRequest` in OpenRouter's Python SDK 1.3.84.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypeAlias, TypedDict

from haystack_integrations.common.openrouter._base.options import OrDict, TraceOptions

if TYPE_CHECKING:
    from haystack_integrations.components.generators.openrouter.chat.options.provider import ProviderPreferences

Content: TypeAlias = str | dict[str, Any] | list[Any]
"""A text, or a JSON object or array."""


class NoulCriteria(TypedDict, total=False):
    """
    What each answer to a yes-or-no question means.

    Source: `DecisionsNoulQuestionCriteria` in OpenRouter's Python SDK 1.3.84.
    """

    true: Content
    """When the answer is yes."""
    false: Content
    """When the answer is no."""


class NoulQuestion(TypedDict):
    """
    A question with the answer yes or no. The model returns the probability of yes, from 0 to 1.

    Source: `DecisionsNoulQuestion` in OpenRouter's Python SDK 1.3.84.
    """

    type: Literal["noul"]
    """Always "noul"."""
    instructions: Content
    """The question."""
    criteria: NotRequired[NoulCriteria]
    """What yes and no mean."""


class ChoiceQuestion(TypedDict):
    """
    A question whose answer is one of several labels.

    Source: `DecisionsChoiceQuestion` in OpenRouter's Python SDK 1.3.84.
    """

    type: Literal["choice"]
    """Always "choice"."""
    instructions: Content
    """The question."""
    criteria: Mapping[str, Content | None]
    """The labels, at most 255, each with a description or None."""


class ScoreQuestion(TypedDict):
    """
    A question whose answer is a place on a scale, from 0, the lowest level. It can lie between two levels.

    Source: `DecisionsScoreQuestion` in OpenRouter's Python SDK 1.3.84.
    """

    type: Literal["score"]
    """Always "score"."""
    instructions: Content
    """The question."""
    criteria: list[Content]
    """From 2 to 10 levels, the lowest first."""


class OpenRouterDecisionParameters(TraceOptions, total=False):
    """
    What `extra_parameters` may hold. Other keys are sent as well: pass them in a plain dictionary.

    Source: `DecisionsRequest` in OpenRouter's Python SDK 1.3.84.
    """

    provider: "ProviderPreferences | None"
    """Which providers may serve the request, and in which order they are tried."""


Question = OrDict[NoulQuestion | ChoiceQuestion | ScoreQuestion]
DecisionParameters = OrDict[OpenRouterDecisionParameters]
