"""The README's guide, from a clone to nothing left, by the very commands that it names, with users on the app."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from lab.sample_image import SOURCE
from tests.engine.traffic.stage import Users
from toolchain.folders import ROOT

pytestmark = pytest.mark.journey
STACKS = ("dev", "staging", "production")
LONGEST = 1800  # seconds for one command: a machine on which nothing was built yet
PORTS = (8080, 8081, 8180, 8181, 8280, 8281, 8470)
APP = "http://127.0.0.1:8080"


class Clone:
    """A clone of the project in a folder of its own, with a home for its settings; what was built before is used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "golive"
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.folder / name)
        self.config = folder / "config"
        mine = ("PULUMI_", "GITHUB_", "GOLIVE_", "VIRTUAL_ENV")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
        self.environment["XDG_CONFIG_HOME"] = str(self.config)
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("-c", "user.name=you", "-c", "user.email=you@example.com", "commit", "--quiet", "--message", "Begin")

    def run(self, *words: str, fails: bool = False) -> str:
        """What the command said; it must end well, or badly where `fails`."""
        path = f"{self.folder}/.venv/bin:{self.environment['PATH']}"
        done = subprocess.run(
            words, cwd=self.folder, env={**self.environment, "PATH": path}, timeout=LONGEST, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert (done.returncode != 0) is fails, f"{' '.join(words)}\n{done.stdout}"
        return done.stdout

    def git(self, *words: str) -> str:
        return self.run("git", *words)


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    if things():
        pytest.skip("a stack of this project is up on this machine: make down, then test again")
    if busy := [port for port in PORTS if taken(port)]:
        pytest.skip(f"ports that the stack files name are in use: {busy}")
    clone = Clone(tmp_path)
    try:
        yield clone
    finally:
        clone.run("make", "down")


def things() -> list[str]:
    """What the three stacks have on the Docker engine."""
    engine = docker.from_env()
    found = [
        one
        for stack in STACKS
        for kind in (
            engine.networks.list,
            engine.volumes.list,
            lambda filters: engine.containers.list(True, filters=filters),
        )
        for one in kind(filters={"label": ["golive.project=golive", f"golive.stack={stack}"]})
    ]
    return [one.name for one in found]


def taken(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def version() -> str:
    return json.loads(get(f"{APP}/version"))["version"]


def test_a_first_day(clone: Clone):
    said = clone.run("make", "up")
    assert "dev runs v1.0.0." in said
    for url in (f"{APP}/", "http://127.0.0.1:8081/", "http://127.0.0.1:8470/"):
        assert url in said
        assert get(url)
    assert "26 unchanged" in clone.run("make", "up")
    for stack in STACKS[1:]:
        assert "27 created" in clone.run("pulumi", "up", "--yes", "--stack", stack)

    pulumi = ("pulumi", "--non-interactive")
    with Users(APP) as users:
        clone.run(*pulumi, "config", "set", "golive:version", "v1.1.0", "--stack", "dev")
        words = "blue v1.0.0 live → warm, green v1.1.0 idle → live"
        assert words in clone.run(*pulumi, "preview", "--stack", "dev")
        assert version() == "v1.0.0"
        assert words in clone.run(*pulumi, "up", "--yes", "--stack", "dev")
        assert version() == "v1.1.0"
        clone.run(*pulumi, "config", "set", "golive:version", "v1.0.0", "--stack", "dev")
        clone.run(*pulumi, "up", "--yes", "--stack", "dev")
        assert version() == "v1.0.0"
        clone.run(*pulumi, "config", "set", "golive:version", "v0.0.0-broken", "--stack", "dev")
        clone.run(*pulumi, "config", "set", "--path", "golive:service.health.deadline", "5", "--stack", "dev")
        assert "did not become ready" in clone.run(*pulumi, "up", "--yes", "--stack", "dev", fails=True)
        assert version() == "v1.0.0"
        clone.run(*pulumi, "config", "set", "golive:version", "v1.0.0", "--stack", "dev")
        clone.run(*pulumi, "up", "--yes", "--stack", "dev")
        clone.run(*pulumi, "config", "set", "golive:version", "v1.1.0", "--stack", "dev")
        clone.run(*pulumi, "config", "set", "golive:canary", "50", "--stack", "dev")
        words = "blue v1.0.0 stays live, green v1.1.0 idle → canary 50 %"
        assert words in clone.run(*pulumi, "up", "--yes", "--stack", "dev")
        assert {version() for _ in range(10)} == {"v1.0.0", "v1.1.0"}
        clone.run(*pulumi, "config", "rm", "golive:canary", "--stack", "dev")
        clone.run(*pulumi, "up", "--yes", "--stack", "dev")
        assert {version() for _ in range(10)} == {"v1.1.0"}
    assert set(users.answers) <= {"v1.0.0", "v1.1.0", "echo"}, users.answers
    assert sum(users.answers.values()) > 200

    docker.from_env().containers.get("golive-staging-monitor").remove(force=True)
    clone.run(*pulumi, "refresh", "--yes", "--stack", "staging")
    clone.run(*pulumi, "up", "--yes", "--stack", "staging")
    assert docker.from_env().containers.get("golive-staging-monitor").status == "running"

    shop = clone.folder.parent / "shop"
    clone.git("clone", "--quiet", "http://127.0.0.1:8470/acme/shop.git", str(shop))
    workflows = shop / ".github" / "workflows"
    assert {one.name for one in workflows.iterdir()} == {"ci.yml", "golive-production.yaml", "golive-staging.yaml"}
    assert (workflows / "ci.yml").read_bytes() == (SOURCE / ".github" / "workflows" / "ci.yml").read_bytes()

    clone.run("make", "down")
    assert things() == []
    assert not (clone.config / "golive").exists()
    assert clone.git("diff", "--name-only").split() == ["Pulumi.dev.yaml"]
    assert "encryptionsalt" not in clone.git("diff")
    assert "Nothing is up." in clone.run("make", "down")
