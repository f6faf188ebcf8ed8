# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

from haystack_integrations.common.openrouter.errors.stream_error import OpenRouterStreamError

__all__ = ["OpenRouterStreamError"]
