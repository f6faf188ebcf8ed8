# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What a new component must not go without: a page, a place in the reference, `run_async`; and where links lead."""

import ast
import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from components import COMPONENTS, MODULES

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
REFERENCE = yaml.safe_load((ROOT / "pydoc" / "config_docusaurus.yml").read_text("utf-8"))["loaders"][0]["modules"]
LINK = r"(!?)\[[^\]]*\]\(([^)]+)\)"
HOME = "https://github.com/deepset-ai/haystack-core-integrations"


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
        commands = re.search(r"```bash\n(git clone .*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
        assert commands
        for name in (kind.__name__.lower(), "integration"):
            assert f"```shell\n{commands[1]}```" in (ROOT / "docs" / f"{name}.md").read_text("utf-8")

    def test_the_readme_and_the_integration_page_lead_to_its_page(self, kind):
        page = f"{kind.__name__.lower()}.md"
        assert f"[{kind.__name__}](docs/{page})" in (ROOT / "README.md").read_text("utf-8")
        assert f"[`{kind.__name__}`]({page})" in (ROOT / "docs" / "integration.md").read_text("utf-8")

    def test_it_and_what_it_inherits_here_are_in_the_reference(self, kind):
        own = {base.__module__ for base in kind.__mro__ if base.__module__.startswith("haystack_integrations.")}
        assert own <= set(REFERENCE)

    def test_haystack_need_not_compile_its_annotations(self, kind):
        # strings, as `from __future__ import annotations` makes them, cost three times the rest of its construction
        assert not [note for note in kind.run.__annotations__.values() if isinstance(note, str)]

    def test_it_runs_asynchronously_with_the_same_parameters(self, kind):
        assert inspect.iscoroutinefunction(kind.run_async)
        assert list(inspect.signature(kind.run_async).parameters) == list(inspect.signature(kind.run).parameters)


def test_the_public_names_are_in_the_reference():
    public = [getattr(module, name) for module in MODULES for name in getattr(module, "__all__", ())]
    assert {thing.__module__ for thing in public} <= set(REFERENCE)


def test_the_reference_names_modules_that_exist():
    assert set(REFERENCE) <= {module.__name__ for module in MODULES}


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
    description = written = (ROOT / "README.md").read_text("utf-8")
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


def test_no_other_repository_is_named():
    files = [ROOT / "pyproject.toml", *ROOT.glob("*.md"), *ROOT.glob("[bde]*/*.md"), *ROOT.glob("src/**/*.py")]
    links = [link for file in files for link in re.findall(r"https://github\.com/[\w./#-]*", file.read_text("utf-8"))]
    assert links
    assert {link for link in links if not link.startswith(HOME)} == set()


def test_the_changelog_begins_with_the_version():
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert versions[0] == PROJECT["project"]["version"]
