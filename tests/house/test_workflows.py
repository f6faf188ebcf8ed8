# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""The workflows: what they run is pinned, and who may publish or has a key runs nothing that could use it badly."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in FILES}
JOBS = [
    pytest.param(workflow, job, id=f"{file}: {name}")
    for file, workflow in WORKFLOWS.items()
    for name, job in workflow["jobs"].items()
]


def steps_of(job: dict[str, Any]) -> list[dict[str, Any]]:
    return job.get("steps", [])


@pytest.mark.parametrize(("workflow", "job"), JOBS)
class TestEachJob:
    def test_actions_are_pinned_by_commit(self, workflow, job):
        used = [step["uses"] for step in [*steps_of(job), job] if "uses" in step]
        assert all(use.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use) for use in used)

    def test_no_checkout_keeps_its_token(self, workflow, job):
        checkouts = [step for step in steps_of(job) if "actions/checkout@" in step.get("uses", "")]
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)

    def test_what_may_publish_only_publishes(self, workflow, job):
        permissions = {**workflow["permissions"], **job.get("permissions", {})}
        if permissions.get("id-token") == "write":
            uses = [step.get("uses", "a command").partition("@")[0] for step in steps_of(job)]
            assert uses == ["actions/download-artifact", "pypa/gh-action-pypi-publish"]
        assert set(permissions.values()) <= {"read", "write"}
        assert permissions.get("contents") in (None, "read")

    def test_the_newest_packages_do_not_meet_the_key(self, workflow, job):
        installed = " ".join(step.get("run", "") for step in steps_of(job))
        if "secrets." in str(job):
            assert "-r tests/lowest.txt" in installed
            assert "git+" not in installed

    def test_the_files_that_it_names_exist(self, workflow, job):
        named = re.findall(r"tests/[\w/.]+", " ".join(step.get("run", "") for step in steps_of(job)))
        assert all((ROOT / name).exists() for name in named)


def test_only_a_tag_on_main_is_published():
    jobs = WORKFLOWS["release.yml"]["jobs"]
    commands = [step.get("run", "") for step in jobs["build"]["steps"]]
    assert 'git merge-base --is-ancestor "$GITHUB_SHA" origin/main' in commands
    assert jobs["build"]["steps"][0]["with"]["fetch-depth"] == 0
    assert (jobs["publish"]["needs"], jobs["build"]["needs"]) == ("build", "tests")
