# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What a new component must not go without: a page, a place in the reference, `run_async`; and where links lead."""

import ast
import importlib
import inspect
import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from components import COMPONENTS, MODULES

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
REFERENCE: dict[str, Any] = runpy.run_path(str(ROOT / "pydoc" / "pages.py"))["PAGES"]
LINK = r"(!?)\[[^\]]*\]\(([^)]+)\)"
HOME = "https://github.com/deepset-ai/haystack-core-integrations"
INSTALL = "pip install openrouter-haystack"


@pytest.fixture(params=COMPONENTS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


class TestComponent:
    def test_its_page_has_the_rows_and_sections_of_haystacks_pages(self, kind):
        page = (ROOT / "docs" / f"{kind.__name__.lower()}.md").read_text("utf-8")
        assert re.findall(r"^\| \*\*(.+?)\*\* \|", page, re.M) == [
            "Most common position in a pipeline",
            "Mandatory init variables",
            "Mandatory run variables",
            "Output variables",
            "API reference",
            "GitHub link",
            "Package name",
        ]
        titles = re.findall(r"^#+ (.+)$", page, re.M)
        assert {"Overview", "Initialization", "Usage", "On its own", "In a pipeline", "In YAML"} <= set(titles)

    def test_its_page_says_how_to_install_it_as_the_readme_does(self, kind):
        assert f"```bash\n{INSTALL}\n```" in (ROOT / "README.md").read_text("utf-8")
        for name in (kind.__name__.lower(), "integration"):
            assert f"```shell\n{INSTALL}\n```" in (ROOT / "docs" / f"{name}.md").read_text("utf-8")

    def test_the_readme_and_the_integration_page_lead_to_its_page(self, kind):
        page = f"{kind.__name__.lower()}.md"
        assert f"[{kind.__name__}](docs/{page})" in (ROOT / "README.md").read_text("utf-8")
        assert f"[`{kind.__name__}`]({page})" in (ROOT / "docs" / "integration.md").read_text("utf-8")

    def test_its_page_leads_to_its_reference(self, kind):
        page = (ROOT / "docs" / f"{kind.__name__.lower()}.md").read_text("utf-8")
        (file,) = [page.file for page in REFERENCE.values() if kind.__name__ in page.names]
        assert f"| **API reference** | [{kind.__name__}](reference/{file}#{kind.__name__.lower()}) |" in page

    def test_haystack_need_not_compile_its_annotations(self, kind):
        # strings, as `from __future__ import annotations` makes them, cost three times the rest of its construction
        assert not [note for note in kind.run.__annotations__.values() if isinstance(note, str)]

    def test_it_runs_asynchronously_with_the_same_parameters(self, kind):
        assert inspect.iscoroutinefunction(kind.run_async)
        assert list(inspect.signature(kind.run_async).parameters) == list(inspect.signature(kind.run).parameters)


def test_the_public_names_are_in_the_reference():
    public = {name for module in MODULES for name in getattr(module, "__all__", ())}
    assert public <= {name for page in REFERENCE.values() for name in page.names}


@pytest.mark.parametrize("module", REFERENCE)
def test_the_reference_is_written_from_what_is_there(module):
    page = REFERENCE[module]
    written = (ROOT / "docs" / "reference" / page.file).read_text("utf-8")
    for name in page.names:
        thing = getattr(importlib.import_module(module), name)
        assert f"\n## {name}\n" in written
        members = [member for key, member in vars(thing).items() if key[0] != "_"] if inspect.isclass(thing) else []
        texts = [inspect.getdoc(each) for each in (thing, *filter(inspect.isfunction, members))]
        missing = [text for text in texts if text and text.splitlines()[0] not in written]
        assert missing == [], "`hatch run docs` writes it"


def test_the_reference_names_no_type_that_it_does_not_describe():
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    short = re.findall(r"^(\w+) = OrDict\[", source, re.M)
    assert "GenerationKwargs" in short
    written = "\n".join((ROOT / "docs" / "reference" / page.file).read_text("utf-8") for page in REFERENCE.values())
    assert re.findall(rf"\b(?:{'|'.join(short)})(?: \||\\?\])", written) == []


def test_the_map_shows_every_module_in_its_place():
    tree = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("```\nsrc/")[2].partition("```")[0]
    drawn, folders = set(), ["src"]
    for line in tree.splitlines():
        branch, name = re.fullmatch(r"([│├└─ ]*)(\S+).*", line).groups()
        folders = [*folders[: 1 + len(branch) // 4], name.strip("/")]
        if name.endswith(".py"):
            drawn.add("/".join(folders))
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*.py") if path.name != "__init__.py"}
    assert drawn == there


# What a room may import from: itself, and the rooms before it. The last has what users import.
ROOMS = ("_wire", "errors", "_transport", "_base", "_many", "_catalogue", "common", "components")


def room_of(module: str) -> int:
    parts = module.split(".")
    if "common" in parts:
        return next((number for number, room in enumerate(ROOMS) if room in parts), ROOMS.index("common"))
    return ROOMS.index("components")


def imports_of(module: Any) -> set[str]:
    """
    The modules of the package that a module imports, also for types and inside functions.
    """
    names = {each.__name__ for each in MODULES}
    tree = ast.parse(inspect.getsource(module))
    found = [
        (node.module, f"{node.module}.{alias.name}")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]
    return {deep if deep in names else shallow for shallow, deep in found} & names


IMPORTS = {module.__name__: imports_of(module) for module in MODULES}


def test_rooms_import_in_one_direction():
    back = [(one, other) for one, others in IMPORTS.items() for other in others if room_of(other) > room_of(one)]
    assert back == []


def test_no_module_imports_in_a_circle():
    left = dict(IMPORTS)
    while ends := [name for name, others in left.items() if not others & left.keys()]:
        for name in ends:
            del left[name]
    assert set(left) == set()


def test_on_the_package_index_no_link_of_the_readme_is_relative():
    description = written = f"{(ROOT / 'README.md').read_text('utf-8')}\n![A picture](docs/picture.png)\n"
    for substitution in PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        description = re.sub(substitution["pattern"], substitution["replacement"], description)
    before, after = re.findall(LINK, written), re.findall(LINK, description)
    places = {"": "blob", "!": "raw"}  # a page about a picture is no picture
    assert after == [
        (kind, link if re.match(r"https://|#", link) else f"{HOME}/{places[kind]}/main/integrations/openrouter/{link}")
        for kind, link in before
    ]
    assert {kind for kind, link in set(after) - set(before)} == {"", "!"}


def test_type_checkers_read_every_folder():
    folders = [*(ROOT / "src").rglob("openrouter")]
    assert len(folders) >= 6
    # pip deletes the one beside an `openrouter` with any package that has it, such as an earlier version of this one
    marked = [place for folder in folders for place in (folder, folder.parent)]
    assert [folder for folder in marked if not (folder / "py.typed").is_file()] == []


def test_no_page_sends_anybody_to_a_repository_that_holds_other_code():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("[bde]*/**/*.md")]
    named = {page.name for page in pages if re.search(r"github\.com|git clone", page.read_text("utf-8"))}
    assert named == {"integration.md"}  # its head has the fields that Haystack's site asks for


def test_the_readme_fits_on_a_few_screens_and_has_the_commands_of_a_clone():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) <= 200
    for command in ("demo", "test:all"):
        assert f"\n```bash\npip install hatch && hatch run {command}\n```\n" in readme


DOCS = [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "integration.md"]


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_a_page_can_stand_on_haystacks_site(page):
    written = page.read_text("utf-8")
    head = yaml.safe_load(written.split("---\n")[1])
    assert set(head) == {"title", "id", "slug", "description"}
    assert head["id"].startswith("openrouter")
    assert head["slug"] == f"/{head['id']}"
    assert written.split("---\n", 2)[2].startswith(f"\n# {head['title']}\n")


def test_no_two_pages_share_a_slug():
    slugs = re.findall(r"^slug: .*", "\n".join(page.read_text("utf-8") for page in DOCS), re.M)
    assert len(set(slugs)) == len(DOCS)


def test_no_page_leads_back_to_the_readme():
    assert [page.name for page in DOCS if "../README.md" in page.read_text("utf-8")] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", *DOCS], ids=lambda page: page.stem)
def test_no_line_of_prose_is_too_long(page):
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8").split("---\n", 2)[-1], flags=re.M | re.S)
    assert [line for line in text.splitlines() if len(line) > 125 and not line.startswith(("|", "!["))] == []


def test_no_other_repository_is_named():
    files = [ROOT / "pyproject.toml", *ROOT.glob("*.md"), *ROOT.glob("[bde]*/*.md"), *ROOT.glob("src/**/*.py")]
    links = [link for file in files for link in re.findall(r"https://github\.com/[\w./#-]*", file.read_text("utf-8"))]
    assert links
    assert {link for link in links if not link.startswith(HOME)} == set()


def test_the_changelog_begins_with_the_version():
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert versions[0] == PROJECT["project"]["version"]
