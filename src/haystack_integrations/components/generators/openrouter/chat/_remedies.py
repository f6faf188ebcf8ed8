# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What to do about the failures of a chat completion.
"""

from haystack_integrations.common.openrouter.errors._advice import COMMON_REMEDIES, Remedies

CHAT_REMEDIES: Remedies = {
    **COMMON_REMEDIES,
    "no endpoint": "Relax `provider` or `require_parameters` in `generation_kwargs`, or choose another `model`",
    "too long": "Shorten the messages, or add {{'id': 'context-compression'}} to `plugins` in `generation_kwargs`",
    402: "Lower `max_tokens` (if unset, credits for the model's maximum are reserved), or add credits at "
    "https://openrouter.ai/settings/credits",
    408: "Try again, or choose a faster model or provider",
    429: "Try again later, raise `max_retries`, or name fallbacks in `models`",
    "server": "Try again, or name fallbacks in `models`",
}
