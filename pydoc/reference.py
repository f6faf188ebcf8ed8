# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Write the API reference: a page for each module that users import from, and `openrouter.md` for Haystack's site.
"""

import re
from pathlib import Path

import griffe
from griffe2md import render_object_docs
from haystack_pydoc_tools.renderers import DOCUSAURUS_FRONTMATTER, GRIFFE2MD_DEFAULT_CONFIG
from pages import PAGES

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
STYLE = {**GRIFFE2MD_DEFAULT_CONFIG, "heading_level": 2, "show_root_full_path": False}
SOURCE = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "src").rglob("*.py")))
SHORT_NAMES = dict(re.findall(r"^(\w+) = OrDict\[(.+)\]$", SOURCE, re.MULTILINE))
FIRST = ("Usage example", "__init__", "run", "run_async", "list", "get", "cheapest")


def written(thing: griffe.Object | griffe.Alias) -> str:
    """
    Render a class or a function, with what it inherits from classes of this package, the most important members first.
    """
    target = thing.final_target if isinstance(thing, griffe.Alias) else thing
    text = render_object_docs(target, STYLE, format_md=True)
    text = re.sub(r"^(#+) `(.+?)`$", r"\1 \2", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^\]]+)\]\(#[^)]+\)", r"\1", text).strip()
    for short, options in SHORT_NAMES.items():  # no page describes them
        text = re.sub(rf"\b{short}(?= \||\\?\])", f"{options} | dict[str, Any]", text)
    text = re.sub(r"<code>.+?</code>", lambda code: re.sub(r"\\*([\[\]])", r"\\\1", code[0]), text)
    head, *members = re.split(r"^(?=### )", text, flags=re.MULTILINE)
    titles = [f"### {name}" for name in FIRST]
    members.sort(key=lambda each: titles.index(line) if (line := each.splitlines()[0]) in titles else len(titles))
    return "\n\n".join(part.strip() for part in (head, *members))


def main() -> None:
    """
    Write the pages.
    """
    loader = griffe.GriffeLoader(search_paths=[ROOT / "src"], docstring_parser=griffe.Parser.sphinx)
    loader.load("haystack_integrations", submodules=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    site, contents = [], []
    for module, page in PAGES.items():
        things = {name: written(loader.modules_collection[module][name]) for name in page.names}
        links = " · ".join(f"[{name}](#{name.lower()})" for name in things)
        text = "\n\n".join(things.values())
        imports = f"```python\nfrom {module} import {page.names[0]}\n```"
        (FOLDER / page.file).write_text(f"# {page.title}\n\n{imports}\n\n{links}\n\n{text}\n", "utf-8")
        contents.append(f"| [{page.title}]({page.file}) | `{module}` | {', '.join(f'`{name}`' for name in things)} |")
        site.append(f"## {module}\n\n{re.sub('^#(?=#+ )', '##', text, flags=re.MULTILINE)}")
    table = "\n".join(["| page | import from | names |", "| --- | --- | --- |", *contents])
    index = f"# API reference\n\nWritten by `hatch run docs` from the docstrings.\n\n{table}\n"
    (FOLDER / "README.md").write_text(index, "utf-8")
    head = DOCUSAURUS_FRONTMATTER.format(
        title="OpenRouter", id="integrations-openrouter", description="OpenRouter integration for Haystack"
    )
    (ROOT / "openrouter.md").write_text(head + "\n\n".join(site) + "\n", "utf-8")


if __name__ == "__main__":
    main()
