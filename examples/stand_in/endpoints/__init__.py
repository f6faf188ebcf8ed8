# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""What the stand-in replies: one module per endpoint, whose function takes a `Request` and returns an `Answer`."""
