"""What is known to go wrong with GitHub's settings through the provider, tried on the real one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.github import process
from lab.github.process import Running
from tests.engine.stacks.conftest import begun, shop
from tests.engine.stacks.stack import Stack, error_line

pytestmark = pytest.mark.engine
REPOSITORY = "api/v3/repos/acme/shop"


@pytest.fixture
def own_github(tmp_path: Path) -> Iterator[Running]:
    """A GitHub of one test's own, whose token and history it may change."""
    state = tmp_path / "lab"
    shop(state)
    process.start(state)
    yield process.find(state)
    process.find(state).stop()


@pytest.fixture
def own(own_github: Running, sample_images: list[str], tmp_path: Path) -> Iterator[Stack]:
    """A stack on that GitHub."""
    folder = tmp_path / "stack"
    folder.mkdir()
    yield from begun(own_github, folder)


def reviewers(stack: Stack) -> list[str]:
    """Who must agree, by name."""
    environment = stack.api("GET", f"{REPOSITORY}/environments/{stack.name}")
    found = [
        one["reviewer"]
        for rule in environment["protection_rules"]
        if rule["type"] == "required_reviewers"
        for one in rule["reviewers"]
    ]
    return sorted(one.get("login") or one["slug"] for one in found)


def names(stack: Stack, kind: str) -> list[str]:
    """The names of the environment's secrets or variables."""
    return [one["name"] for one in stack.api("GET", f"{REPOSITORY}/environments/{stack.name}/{kind}")[kind]]


def test_reviewers_come_by_name_and_go_again_and_the_next_update_finds_nothing_to_do(running: Stack):
    before = running.config["golive:environment"]
    running.config["golive:environment"] = before | {
        "reviewers": {"users": ["alice"], "teams": ["platform"]}, "preventSelfReview": True, "waitTimer": 5,
    }  # fmt: skip
    came = running.up()
    running.config["golive:environment"] = before
    assert came.code == 0, came.text
    assert reviewers(running) == ["alice", "platform"]
    went = running.up()
    assert went.code == 0, went.text
    assert reviewers(running) == []
    assert "updated" not in running.up().text


def test_reviewers_that_someone_removed_are_back_with_the_next_change_of_the_environment(running: Stack):
    before = running.config["golive:environment"]
    running.config["golive:environment"] = before | {"reviewers": {"users": ["alice"]}}
    running.must_up()
    nobody = {
        "reviewers": None,
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
    }
    running.api("PUT", f"{REPOSITORY}/environments/{running.name}", nobody)
    assert reviewers(running) == []
    running.config["golive:environment"] = before | {"reviewers": {"users": ["alice"]}, "waitTimer": 1}
    put_back = running.up()
    running.config["golive:environment"] = before
    assert put_back.code == 0, put_back.text
    assert reviewers(running) == ["alice"]
    running.must_up()


def test_an_environment_that_someone_deleted_comes_back_whole(stack: Stack):
    stack.secret("golive:environment.secrets.API_KEY", "4711")
    stack.must_up()
    stack.api("DELETE", f"{REPOSITORY}/environments/{stack.name}")
    seen = stack.run("refresh", "--yes", "--skip-preview")
    assert seen.code == 0, seen.text
    put_back = stack.up()
    assert put_back.code == 0, put_back.text
    assert (names(stack, "secrets"), names(stack, "variables")) == (["API_KEY"], ["GREETING"])
    policies = stack.api("GET", f"{REPOSITORY}/environments/{stack.name}/deployment-branch-policies")
    assert [one["name"] for one in policies["branch_policies"]] == [stack.name]


def test_a_name_in_small_letters_settles(running: Stack):
    before = running.config["golive:environment"]
    running.config["golive:environment"] = before | {"variables": {**before["variables"], "log_level": "info"}}
    made = running.up()
    again = running.up()
    running.config["golive:environment"] = before
    assert made.code == 0, made.text
    assert sorted(names(running, "variables")) == ["GREETING", "LOG_LEVEL"]
    assert "updated" not in again.text
    assert "replaced" not in again.text
    running.must_up()
    assert names(running, "variables") == ["GREETING"]


def test_a_protected_environment_stops_destroy_before_anything_is_gone(stack: Stack):
    stack.config["golive:environment"]["protect"] = True
    stack.must_up()
    before = stack.last_request()
    stopped = stack.run("destroy", "--yes")
    assert stopped.code != 0
    error_line(stopped, "protected")
    assert stack.writes(before) == []
    assert stack.answers() == "v1.0.0"
    stack.config["golive:environment"]["protect"] = False
    stack.must_up()


def test_a_token_that_was_replaced_is_no_longer_asked_for(own: Stack):
    own.must_up()
    own.github.stop()
    (own.github.state / "token").write_text("ghp_another\n")
    process.start(own.github.state, int(own.github.url.rstrip("/").rpartition(":")[2]))
    own.environment["GITHUB_ENTERPRISE_TOKEN"] = "ghp_another"
    refreshed = own.run("refresh", "--yes", "--skip-preview", "--run-program")
    assert refreshed.code == 0, refreshed.text
    up = own.up()
    assert up.code == 0, up.text


def test_a_history_that_was_rewritten_does_not_hurt_the_next_update(own: Stack):
    own.must_up()
    clone = own.folder / "clone"

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=own.folder, check=True, capture_output=True)

    address = own.github.url.replace("://", f"://x:{own.github.token}@")
    git("clone", "--quiet", f"{address}acme/shop.git", str(clone))
    git("-C", str(clone), "checkout", "--orphan", "anew")
    author = ("-c", "user.name=alice", "-c", "user.email=alice@example.com")
    git("-C", str(clone), *author, "commit", "--quiet", "--message", "All anew")
    git("-C", str(clone), "push", "--quiet", "--force", "origin", "anew:main")
    bare = next(own.github.state.rglob("HEAD")).parent
    git("-C", str(bare), "reflog", "expire", "--expire=now", "--all")
    git("-C", str(bare), "gc", "--quiet", "--prune=now")
    up = own.up()
    assert up.code == 0, up.text
    workflow = f"{REPOSITORY}/contents/.github/workflows/golive-{own.name}.yaml"
    assert isinstance(own.api("GET", workflow), dict)
    rest = own.run("refresh", "--yes", "--skip-preview", "--exclude", "**RepositoryFile**")
    assert rest.code == 0, rest.text
