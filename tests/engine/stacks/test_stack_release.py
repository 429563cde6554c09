"""What a release does beside moving the route: migrations, replicas, workers, experiments, maintenance."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

import docker
import pytest

from components import instruments
from tests.engine.ports import free_port
from tests.engine.stacks.stack import ROOT, Stack, error_line

pytestmark = pytest.mark.engine
SECRET = "tell-nobody-0815"


def containers(stack: Stack, **labels: str) -> dict[str, object]:
    """The stack's containers with these labels, by the last part of their name."""
    wanted = [f"golive.stack={stack.name}", *(f"golive.{key}={value}" for key, value in labels.items())]
    found = docker.from_env().containers.list(all=True, filters={"label": wanted})
    return {one.name.removeprefix(f"golive-{stack.name}-"): one for one in found}


def test_a_migration_runs_before_its_version_and_one_that_fails_ends_the_release(stack: Stack):
    stack.config["golive:release"] = {"pre": ["-migrate"]}
    stack.secret("golive:service.secrets.DATABASE_URL", SECRET)
    first = stack.must_up()
    error_line(first, "-migrate: preparing the data for v1.0.0")
    assert "preparing" not in stack.must_up().text  # nothing is released, so nothing is prepared

    stack.config["golive:version"] = "v1.1.0"
    stack.config["golive:service"]["env"]["FAIL_MIGRATION"] = "1"
    failed = stack.up()
    assert failed.code != 0
    error_line(failed, r"golive:release\.pre \(-migrate\) ended with exit code 1\. The version was not started")
    error_line(failed, "the data cannot be prepared")
    assert (stack.answers(), sorted(containers(stack))) == ("v1.0.0", ["blue", "monitor", "proxy"])

    del stack.config["golive:service"]["env"]["FAIL_MIGRATION"]
    error_line(stack.must_up(), "-migrate: preparing the data for v1.1.0")
    stack.config["golive:version"] = "v1.0.0"
    assert "preparing" not in stack.must_up().text  # the way back is a flip
    assert stack.answers() == "v1.0.0"
    kept = [file for file in stack.folder.rglob("*") if file.is_file() and SECRET in file.read_text(errors="replace")]
    assert kept == []
    assert SECRET not in stack.run("stack", "export").text


def test_replicas_share_the_requests_and_workers_follow_the_live_version(stack: Stack):
    stack.config["golive:service"] |= {
        "replicas": 2, "workers": {"queue": {"command": ["-work"], "replicas": 2}, "clock": {"command": ["-work"]}},
    }  # fmt: skip
    stack.must_up()
    assert {"blue", "blue-2", "worker-queue", "worker-queue-2", "worker-clock"} < set(containers(stack))
    slots = {stack.answers("/").partition("slot: ")[2].strip() for _ in range(10)}
    assert len(slots) == 2

    stack.config["golive:version"] = "v0.0.0-broken"
    assert stack.up().code != 0
    assert set(containers(stack, version="v1.0.0")) == {
        "blue", "blue-2", "worker-queue", "worker-queue-2", "worker-clock",
    }  # fmt: skip
    stack.config["golive:version"] = "v1.1.0"
    stack.must_up()
    assert set(containers(stack, version="v1.1.0")) == {
        "green", "green-2", "worker-queue", "worker-queue-2", "worker-clock",
    }  # fmt: skip
    assert "updated" not in stack.must_up().text


def test_a_deployment_by_the_workflows_targets_needs_no_right_at_github(stack: Stack):
    stack.config["golive:service"]["workers"] = {"queue": {"command": ["-work"]}}
    stack.must_up()
    before = stack.last_request()
    stack.config["golive:version"] = "v1.1.0"
    stack.write()
    workflow = (ROOT / "workflows" / "deploy-tag.yaml").read_text()
    targets = [word for target in re.findall(r"--target '([^']+)'", workflow) for word in ("--target", target)]
    said = stack.run("up", "--yes", "--skip-preview", *targets, GITHUB_ENTERPRISE_TOKEN="ghp_of_nobody")
    assert said.code == 0, said.text
    assert stack.writes(before) == []
    assert {one["status"] for one in stack.requests(before)} <= {401}  # the provider looks whether the owner is there
    assert stack.answers() == "v1.1.0"
    assert set(containers(stack, version="v1.1.0")) == {"green", "worker-queue"}
    assert "docker:index" not in stack.must_up().text  # by an administrator, who finds all of the app in its place


def test_the_proxy_tells_each_slots_figures(stack: Stack):
    stack.config["golive:traffic"]["metrics"] = {"port": free_port()}
    stack.must_up()
    url = json.loads(stack.run("stack", "output", "--json").text)["metrics"]
    before = instruments.read(url)
    assert [stack.answers() for _ in range(20)] == ["v1.0.0"] * 20
    assert stack.answers("/nowhere") == ""
    found = {slot: now.since(before[slot]) for slot, now in instruments.read(url).items()}
    assert (found["blue"].requests, found["blue"].error_rate, found["green"].requests) == (21, 0, 0)
    assert 0 < found["blue"].quantile(0.99) <= 10


def test_an_experiment_gives_its_version_to_those_it_is_for_and_ends_with_either(stack: Stack):
    stack.config["golive:experiment"] = {"version": "v1.1.0", "header": "X-Group", "value": "b", "tell": True}
    first = stack.must_up()
    assert "green v1.1.0 idle → experiment X-Group: b" in first.text
    assert (stack.answers(), stack.answers(headers={"X-Group": "b"})) == ("v1.0.0", "v1.1.0")
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.port}/") as answer:
        assert answer.headers["X-Golive-Experiment"] == "v1.0.0, v1.1.0 (X-Group: b)"

    stack.config["golive:experiment"] = {"version": "v1.1.0", "cookie": "group", "value": "b"}
    stack.must_up()
    assert stack.answers(headers={"Cookie": "seen=1; group=b"}) == "v1.1.0"
    assert stack.answers(headers={"Cookie": "group=bb", "X-Group": "b"}) == "v1.0.0"

    stack.config["golive:experiment"] = {"version": "v1.1.0", "percent": 50}
    stack.must_up()
    assert {stack.answers() for _ in range(10)} == {"v1.0.0", "v1.1.0"}

    del stack.config["golive:experiment"]
    stack.config["golive:version"] = "v1.1.0"
    ended = stack.must_up()
    assert "green v1.1.0 experiment 50 % → live" in ended.text
    assert "docker:index:Container" not in ended.text
    assert {stack.answers() for _ in range(10)} == {"v1.1.0"}


def test_in_maintenance_users_are_told_when_to_come_back_and_the_app_runs_on(stack: Stack):
    stack.must_up()
    before = containers(stack)["blue"].id
    stack.config["golive:maintenance"] = {"enabled": True, "retryAfter": 120}
    stack.must_up()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{stack.port}/", timeout=5)
    assert (refused.value.code, refused.value.headers["Retry-After"]) == (503, "120")
    assert stack.answers(headers={"X-Golive-Slot": "blue"}) == "v1.0.0"
    stack.config["golive:version"] = "v1.1.0"
    stack.must_up()  # a release behind closed doors
    assert stack.answers(headers={"X-Golive-Slot": "green"}) == "v1.1.0"
    assert stack.answers() == ""
    del stack.config["golive:maintenance"]
    stack.must_up()
    assert (stack.answers(), containers(stack)["blue"].id) == ("v1.1.0", before)
