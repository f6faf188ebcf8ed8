# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The examples, the snippets of the README and of the docs, and their links: each runs or leads somewhere, as it stands."""

import csv
import logging
import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
import yaml
from haystack import Pipeline
from haystack.version import __version__ as haystack_version
from run_example import Run, run_example
from snippets import PRODUCTION, snippets_of
from stand_in import StandIn
from stand_in.files import mp3, words_in

from haystack_integrations.components.generators.openrouter import OpenRouterBatch

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# these, and the snippets of PRODUCTION, need other packages: tests/scale runs them
SCALE = [path for path in EXAMPLES if f"`hatch run scale:{path.stem}`" in path.read_text("utf-8")]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    ROOT / "benchmarks" / "README.md",
    ROOT / "examples" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
SNIPPETS = [snippet for page in PAGES if page != PRODUCTION for snippet in snippets_of(page)]
YAML = [
    pytest.param(written, id=page.stem)
    for page in PAGES
    for written in re.findall(r"^```yaml\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
]
LINKS = {page: re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", page.read_text("utf-8")) for page in PAGES}


# An agent that its budget stops, a progress bar, and an answer of the stand-in that is not what a component asked for
MEANT = r"has reached its cost budget|it/s\]|QueryExpander failed to parse|Failed to parse JSON from text"


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """
    Runs an example, once.
    """
    folder = tmp_path_factory.mktemp("examples")
    return cache(lambda name: run_example(ROOT / "examples" / f"{name}.py", folder))


def skip_what_is_missing(code: str) -> None:
    version = tuple(map(int, haystack_version.split(".")[:2]))
    if re.search(r"(OpenRouterCostBudget|OpenRouterFinalReply|Compaction)Hook\(", code) and version < (3, 4):
        pytest.skip("hooks like this need haystack-ai 3.4")


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path not in SCALE], ids=lambda path: path.stem)
def test_example(path: Path, run_of: Callable[[str], Run]):
    skip_what_is_missing(path.read_text("utf-8"))
    done = run_of(path.stem)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if line and not re.search(MEANT, line)]
    assert [line.partition(":")[0] for line in told] == ["OPENROUTER_API_KEY is not set"], done.stderr
    assert done.stdout.strip()
    assert len(path.read_text("utf-8").splitlines()) < 60


def test_the_demo_shows_what_is_special(run_of: Callable[[str], Run]):
    skip_what_is_missing("OpenRouterCostBudgetHook(")
    told = run_of("demo").stdout
    assert re.search(r"^\[REASONING\]\n.+^openai/gpt-5-mini +Stand-in .* 0\.0\d+$", told, re.M | re.S)
    assert "So far: This is the stand-in" in told
    assert re.search(r"^cost_budget_exceeded: ", told, re.M)
    assert re.search(r"^\S+: [\d,]+ tokens; .* cost 0\.\d+ USD$", told, re.M)


def test_the_demo_needs_nothing_but_the_package():
    default = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["envs"]["default"]
    assert not {"dependencies", "extra-dependencies", "features"} & set(default)


def test_the_error_example_shows_provider_cause_and_what_came(run_of: Callable[[str], Run]):
    told = run_of("error_handling").stdout
    assert "Provider: Stand-in. The provider says: The stand-in fails here" in told
    assert told.count("So far: This is the stand-in") == 2
    assert "Error code: 402" in told
    assert "***" not in told


def test_the_example_of_a_cut_stream_tells_what_it_cost(run_of: Callable[[str], Run]):
    told = run_of("cost_of_a_cut_stream").stdout
    assert "The stream was cut" in told
    (cost,) = re.findall(r"It cost (0\.\d+) USD", told)
    assert float(cost) > 0
    assert f"has spent {cost} USD today; 10.00 USD of its limit are left" in told


def test_the_example_of_a_choice(run_of: Callable[[str], Run]):
    skip_what_is_missing("CompactionHook(")
    told = run_of("choose_a_model").stdout
    assert "sharp-eyes (stand-in/sharp-eyes): 262,144 tokens" in told
    assert "Stand-by fails" in told


def test_the_example_of_budgets_for_users(run_of: Callable[[str], Run]):
    skip_what_is_missing("OpenRouterCostBudgetHook(")
    told = run_of("budget_per_user").stdout
    assert re.findall(r"^(\w+): (\w+), ", told, re.M) == [
        ("ada", "text"),
        ("ada", "text"),
        ("ada", "cost_budget_exceeded"),
        ("grace", "text"),
    ]
    assert "for 9 requests" in told


def rows_of(told: str) -> list[dict[str, str]]:
    with open(re.search(r"\S+comparison\.csv", told)[0], encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_example_of_a_comparison(run_of: Callable[[str], Run]):
    told = run_of("compare_models").stdout
    rows = rows_of(told)
    assert len({(row["question"], row["model"]) for row in rows}) == len(rows) == 12
    assert all(row["answer"] and float(row["USD"]) > 0 and not row["error"] for row in rows)
    total = sum(Decimal(row["USD"]) for row in rows)
    assert f"12 of 12 answers for {total:f} USD" in told
    assert told.splitlines()[13].split() == ["total", *told.splitlines()[13].split()[1:-1], f"{total:f}"]


def test_the_example_of_a_comparison_ends_with_its_budget(tmp_path: Path):
    written = (ROOT / "examples" / "compare_models.py").read_text("utf-8")
    example = tmp_path / "capped.py"
    example.write_text(written.replace("MAX_COST = 0.05", "MAX_COST = 0.000001"), "utf-8")
    rows = rows_of(run_example(example, tmp_path).stdout)
    errors = [row["error"] for row in rows if not row["answer"]]
    assert 12 - 4 <= len(errors) < len(rows) == 12  # four are under way at once
    assert set(errors) == {"Not sent: 0.000001 USD are spent"}


def test_the_rag_example_answers_with_citations_and_costs(run_of: Callable[[str], Run]):
    told = run_of("rag").stdout
    assert "The ferry to Gull Island leaves the harbour at nine and at three. [1]" in told
    assert re.findall(r"^\[\d\] \w+", told, re.M) == ["[1] Ferry"]
    costs = re.findall(r"^([\w ]+): (0\.\d{6}) USD", told, re.M)
    assert {name for name, cost in costs if float(cost) > 0} == {
        "embed documents",
        "embed question",
        "rerank",
        "answer",
    }


def test_the_vision_rag_example_finds_and_reads_the_right_page(run_of: Callable[[str], Run]):
    told = run_of("vision_rag").stdout
    assert re.search(r"^3 pages: 0\.00\d*[1-9]\d* USD$", told, re.M)
    assert re.search(r"^ferry\.png \(score 1\.00\): .*The ferry to Gull Island leaves .* \[1 image\]$", told, re.M)


def test_the_example_of_a_router_sends_each_question_to_its_model_and_tells_costs(run_of: Callable[[str], Run]):
    told = run_of("route_by_difficulty").stdout
    assert re.findall(r"^(What|Explain|When) .* → (\w+) \((\w+), confidence 0\.\d\d\): 0\.\d+ USD$", told, re.M) == [
        ("What", "cheap", "easy"),
        ("Explain", "good", "hard"),
        ("When", "cheap", "easy"),
    ]
    with_router, without = map(float, re.findall(r"(?:router|about|question): (?:about )?(0\.\d+) USD", told)[-2:])
    assert 0 < with_router < without


def test_the_image_example_saves_images_that_differ(run_of: Callable[[str], Run]):
    told = run_of("images").stdout
    assert "[2 images]" in told
    day, night = re.findall(r"^(\S+\.png): image/png, 0\.\d{4} USD, generation gen-img-", told, re.M)
    assert Path(day).read_bytes().startswith(b"\x89PNG")
    assert Path(day).read_bytes() != Path(night).read_bytes()


def test_the_video_example_saves_one_at_once_and_one_later(run_of: Callable[[str], Run]):
    told = run_of("videos").stdout
    day, night = re.findall(r"(\S+\.mp4)", told)
    assert words_in(Path(day).read_bytes()) == "The sun rises behind the lighthouse"
    assert words_in(Path(night).read_bytes()) == "Night falls, and the lamp is lit"
    assert "bytes, 0.20 USD, job gen-vid-" in told
    assert "The job is in progress\nThe job is completed" in told


def test_the_voice_example_hears_what_was_spoken_and_tells_costs(run_of: Callable[[str], Run]):
    told = run_of("voice_notes").stdout
    assert "Heard: When does the ferry to Gull Island leave?" in told
    assert re.search(r"^Files: \S+answer\.wav \S+question\.mp3$", told, re.M)
    assert len([cost for cost in re.findall(r": (0\.\d{6}) USD$", told, re.M) if float(cost) > 0]) == 4


def test_the_batch_example_embeds_all_and_tells_the_cost(run_of: Callable[[str], Run]):
    told = run_of("corpus_at_half_price").stdout
    costs = re.findall(r"^batch-\S+: completed, \d+ embedded, 0 failed, (\S+) USD$", told, re.M)
    assert len(costs) == 3
    assert f"50 documents, {sum(map(float, costs)):.6f} USD" in told


@pytest.fixture
def users_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The files that snippets read, in the working directory.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "product.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "meeting.mp3").write_bytes(mp3("Welcome", 0.1))
    (tmp_path / "offer.pdf").write_bytes(b"%PDF-1.4\n%%EOF")


@pytest.mark.usefixtures("users_files")
@pytest.mark.parametrize("snippet", SNIPPETS)
@pytest.mark.filterwarnings("error", "ignore::ResourceWarning")  # those are shown to nobody by default
def test_snippet(snippet: str, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, capsys, caplog):
    skip_what_is_missing(snippet)
    monkeypatch.setenv("OPENROUTER_API_BASE", stand_in.url)
    monkeypatch.setattr(OpenRouterBatch.wait, "__defaults__", (60.0, 0.001, False))
    monkeypatch.setitem(sys.modules, "snippet", type(sys)("snippet"))
    exec(compile(snippet, "snippet", "exec"), {"__name__": "snippet"})
    assert stand_in.requests or "Mock" in snippet
    told = capsys.readouterr()
    assert told.err == ""
    warned = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert [text for text in warned if not re.search(MEANT, text)] == []
    if "print" in snippet and "except" not in snippet:
        assert told.out.strip()


def test_the_stand_in_is_a_fixture_beside_somebody_elses_tests(tmp_path: Path):
    shutil.copytree(ROOT / "examples" / "stand_in", tmp_path / "stand_in")
    page = (ROOT / "docs" / "testing.md").read_text("utf-8")
    files = dict(re.findall(r"^```py\n# (\S+\.py)\n(.*?)^```", page, re.M | re.S))
    assert set(files) == {"conftest.py", "test_app.py"}
    for name, written in files.items():
        (tmp_path / name).write_text(written, "utf-8")
    script = tmp_path / "run.py"
    script.write_text(f"import pytest\nraise SystemExit(pytest.main(['-q', {str(tmp_path)!r}]))\n", "utf-8")
    done = run_example(script, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_every_snippet_is_found():
    for page in PAGES:
        assert len(snippets_of(page)) == page.read_text("utf-8").count("```python")


def leads_somewhere(page: Path, link: str) -> bool:
    if re.match(r"https://[a-z0-9.-]+\.[a-z]{2,}(/\S*)?$", link):
        return True
    target, _, anchor = link.partition("#")
    path = (page.parent / target).resolve() if target else page
    if not path.exists():
        return False
    titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M) if anchor else []
    return not anchor or anchor in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", LINKS, ids=lambda page: page.stem)
def test_links(page: Path):
    assert [link for link in LINKS[page] if not leads_somewhere(page, link)] == []


@pytest.mark.parametrize("written", YAML)
def test_yaml_snippet(written: str):
    pipeline = Pipeline.loads(written)
    assert set(pipeline.graph.nodes) == set(yaml.safe_load(written)["components"])


def test_the_yaml_example_has_the_published_parameters():
    written = (ROOT / "examples" / "pipeline.yaml").read_text("utf-8")
    assert len(yaml.safe_load(written)["components"]["llm"]["init_parameters"]) == 10
    pipeline = Pipeline.loads(written)
    assert yaml.safe_load(pipeline.dumps()) == yaml.safe_load(written)


def test_the_pages_name_every_example():
    pages = "".join(page.read_text("utf-8") for page in PAGES if page.parent.name != "examples")
    unnamed = {path.name for path in EXAMPLES if f"examples/{path.name})" not in pages}
    assert unnamed == {"demo.py"}


def test_the_list_of_examples_names_each():
    named = re.findall(r"^\| \[`([^`]+)`\]\(([^)]+)\) \|", (ROOT / "examples" / "README.md").read_text("utf-8"), re.M)
    names = sorted(path.name for path in [*EXAMPLES, *(ROOT / "examples").glob("*.ipynb")])
    assert sorted(named) == [(name, name) for name in names]


def test_each_example_that_needs_other_packages_has_a_command():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    commands = set(project["tool"]["hatch"]["envs"]["scale"]["scripts"]) - {"test"}
    assert commands == {path.stem for path in SCALE}
    assert all(len(path.read_text("utf-8").splitlines()) < 90 for path in SCALE)
