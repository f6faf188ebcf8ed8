# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Finds the snippets in the README and in the docs.
"""

import re
from pathlib import Path
from typing import Any

import pytest

PRODUCTION = Path(__file__).parent.parent / "docs" / "production.md"


def snippets_of(page: Path) -> list[Any]:
    """
    List the Python snippets of a page, as parameters of a test that are named after their sections.

    :param page: A Markdown file.
    """
    snippets, section = [], ""
    pattern = r"^```(\w*)\n(.*?)^```|^#+ ([^\n]+)"  # a comment of a snippet is no heading
    for language, code, heading in re.findall(pattern, page.read_text("utf-8"), re.M | re.S):
        section = heading or section
        if language == "python":
            snippets.append(pytest.param(code, id=f"{page.stem}: {section}"))
    return snippets
