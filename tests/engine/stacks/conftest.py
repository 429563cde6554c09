from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import sample_image
from lab.github import process
from lab.github.process import Running
from tests.engine.stacks.stack import PULUMI, ROOT, Stack
from toolchain import go, images


def shop(state: Path, *more: str) -> None:
    """A lab in `state` with the repository acme/shop."""
    command = [sys.executable, "-m", "lab.github", "create-repository", "--state", str(state), "--owner", "acme"]
    subprocess.run([*command, "--name", "shop", *more], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def lab_github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A GitHub of the tests' own, with the sample app's repository."""
    state = tmp_path_factory.mktemp("lab") / "state"
    shop(state, "--from", str(sample_image.SOURCE))
    running = process.start(state)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def sample_images() -> list[str]:
    images.ensure()  # the proxy's and the monitor's
    return sample_image.build(go=str(go.toolchain((1, 21))))


def begun(lab_github: Running, folder: Path) -> Iterator[Stack]:
    assert PULUMI.exists(), "`make test` sets up the engine first"
    stack = Stack(f"t{uuid.uuid4().hex[:8]}", folder, lab_github)
    try:
        yield stack
    finally:
        stack.remove()


@pytest.fixture
def stack(lab_github: Running, sample_images: list[str], tmp_path: Path) -> Iterator[Stack]:
    """A stack of one test's own, not up yet."""
    yield from begun(lab_github, tmp_path)


@pytest.fixture(scope="module")
def running(lab_github: Running, sample_images: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that runs v1.0.0, shared by a file's tests: each leaves it so."""
    for stack in begun(lab_github, tmp_path_factory.mktemp("stack")):
        first = stack.up()
        assert first.code == 0, first.text
        yield stack
