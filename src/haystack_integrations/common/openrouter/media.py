# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Media as OpenRouter sends and takes them: data URLs and names of formats.
"""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import unquote_to_bytes


def split_data_url(url: object) -> tuple[str | None, str] | None:
    """
    Split a data URL into its media type and its data.

    :param url: The URL as sent.
    :returns: The media type, if it has one, and the data as base64; None if this is not a data URL.
    """
    if not isinstance(url, str) or url[:5].lower() != "data:" or "," not in url:
        return None
    header, _, data = url[5:].partition(",")
    media_type, *parameters = header.split(";")
    if "base64" not in (parameter.strip().lower() for parameter in parameters):
        data = b64encode(unquote_to_bytes(data)).decode()
    return media_type.strip() or None, data.strip()
