"""Every workflow file this project writes, under the tools that know GitHub Actions best, without a network."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from components.pipeline import files
from components.settings import DeployFrom
from toolchain.parts import ACTIONLINT

ROOT = Path(__file__).parents[2]
CI = ROOT / "lab" / "sample" / ".github" / "workflows" / "ci.yml"
STACKS = {"staging": DeployFrom(branch="main"), "production": DeployFrom(tag="v*")}


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """A repository with all of them: what a stack by branch and a stack by tag commit, beside the app's own CI."""
    folder = tmp_path_factory.mktemp("repository")
    shutil.copytree(CI.parents[1], folder / ".github")
    for stack, deploy_from in STACKS.items():
        for path, content in files(stack, stack, deploy_from).items():
            (folder / path).write_text(content)
    return folder


def workflows(repository: Path) -> list[Path]:
    return sorted((repository / ".github" / "workflows").iterdir())


def passes(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def tool(name: str) -> Path:
    return Path(sys.executable).parent / name


def actionlint() -> str:
    found = os.environ.get("ACTIONLINT") or shutil.which("actionlint")
    if not found and ACTIONLINT.place.exists():
        found = str(ACTIONLINT.place)
    return found or pytest.skip("actionlint is not here: put it on PATH, or set ACTIONLINT to its binary")


def steps(job: dict) -> list[dict]:
    return job["steps"]


def test_there_are_three_of_them(repository):
    assert [one.name for one in workflows(repository)] == ["ci.yml", "golive-production.yaml", "golive-staging.yaml"]


def test_they_are_what_the_schema_of_github_workflows_allows(repository):
    passes(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *workflows(repository))


def test_dependabot_is_what_its_schema_allows(repository):
    passes(tool("check-jsonschema"), "--builtin-schema", "vendor.dependabot", repository / ".github" / "dependabot.yml")


def test_zizmor_finds_nothing_that_is_not_secure(repository):
    passes(tool("zizmor"), "--offline", "--pedantic", "--quiet", repository)


def test_actionlint_finds_nothing_wrong(repository):
    # Without its optional companions, so that it says the same on every machine.
    passes(actionlint(), "-shellcheck=", "-pyflakes=", *workflows(repository))


def test_every_job_has_a_limit_and_says_what_it_may_do(repository):
    for file in workflows(repository):
        workflow = yaml.safe_load(file.read_text())
        assert workflow["permissions"] == {}
        for name, job in workflow["jobs"].items():
            assert job["timeout-minutes"] <= 60, name
            assert set(job["permissions"].values()) == {"read"}, name


def test_every_action_is_pinned_by_its_commit_and_says_its_version(repository):
    for file in workflows(repository):
        uses = re.findall(r"uses: (.+)", file.read_text())
        assert uses
        assert [one for one in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []


def test_the_ci_has_the_job_that_the_stacks_require(repository):
    staging = yaml.safe_load((ROOT / "Pulumi.staging.yaml").read_text())
    required = [one["name"] for one in staging["config"]["golive:protection"]["requiredChecks"]]
    jobs = yaml.safe_load(CI.read_text())["jobs"].values()
    assert set(required) <= {job["name"] for job in jobs}


@pytest.mark.parametrize(
    ("total", "passed"), [("80.0%", True), ("100.0%", True), ("79.9%", False), ("9.0%", False), (None, False)]
)
def test_the_ci_fails_below_the_coverage_it_requires(tmp_path, total, passed):
    job = yaml.safe_load(CI.read_text())["jobs"]["test"]
    (gate,) = [one["run"] for one in steps(job) if one.get("name") == "Require the coverage"]
    said = f"acme/shop/main.go:29:\tmain\t0.0%\ntotal:\t(statements)\t{total}\n" if total else ""
    (tmp_path / "said").write_text(said)
    (tmp_path / "go").write_text(f"#!/bin/sh\ncat {tmp_path}/said\n")
    (tmp_path / "go").chmod(0o755)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", gate],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "LEAST": job["env"]["LEAST"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) is passed, done.stdout
    assert ("::error::" in done.stdout) is not passed
