# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The base of the components for images and audio: `generation_kwargs`, and requests that take minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from openai import HttpxBinaryResponseContent

from haystack_integrations.common.openrouter._base.component import OpenRouterComponent
from haystack_integrations.common.openrouter._base.generation_kwargs import (
    checked_kwargs,
    merged_kwargs,
    post_arguments,
    serialized_kwargs,
)


class OpenRouterMediaComponent(OpenRouterComponent):
    """
    The base of components whose endpoint the openai SDK does not support in this form.

    A subclass names its endpoint in `_path`, the type of its `generation_kwargs` in `_options`, and in `_own_fields`
    what it fills itself in the body. A request can take minutes, and each try is billed: one that timed out is not sent
    again.
    """

    _path: ClassVar[str]
    _options: ClassVar[type]
    _own_fields: ClassVar[Mapping[str, str]]
    _default_timeout: ClassVar[float] = 300.0
    _retry_after_timeout: ClassVar[bool] = False
    generation_kwargs: dict[str, Any]

    def _to_dict(self, **own_parameters: Any) -> dict[str, Any]:
        """
        Serialize the component: the parameters that all of these components have, and the given ones.
        """
        return super()._to_dict(generation_kwargs=serialized_kwargs(self.generation_kwargs), **own_parameters)

    def _checked_kwargs(self, generation_kwargs: Any) -> dict[str, Any]:
        return checked_kwargs(generation_kwargs, self._options.__annotations__, self._own_fields)

    def _merged(self, generation_kwargs: Any, **init_parameters: Any) -> dict[str, Any]:
        """
        Put the parameters of a run over those given at init, and these over the given ones.
        """
        return merged_kwargs(init_parameters, self.generation_kwargs, self._checked_kwargs(generation_kwargs))

    def _post_arguments(self, generation_kwargs: Mapping[str, Any], **own_fields: Any) -> dict[str, Any]:
        """
        Make the arguments of one request.

        :param generation_kwargs: What `_merged` returned.
        :param own_fields: What the component fills itself in the body.
        :returns: Arguments of the SDK's `post`. It returns the HTTP response, because the id is in its headers.
        """
        arguments = post_arguments(generation_kwargs, {"model": self.model, **own_fields}, self._sent_headers())
        return {"path": self._path, "cast_to": HttpxBinaryResponseContent, **arguments}
