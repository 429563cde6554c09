"""The lab's GitHub, really running, for every test that wants it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from lab.github.__main__ import open_lab
from lab.github.process import Running, start
from lab.github.repositories import create
from tests.engine.lab.client import Client

NUMBERS = count(1)
CI = b"name: CI\non: push\njobs: {}\n"


def make_repository(state: Path, name: str, folder: Path) -> bool:
    lab = open_lab(state)
    made = create(lab, "acme", name, folder)
    lab.store.close()
    return made


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "ci.yml").write_bytes(CI)
    (folder / "README.md").write_text("# shop <script>alert(1)</script>\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def lab_github(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("github")
    make_repository(state, "shop", sample)
    running = start(state)
    yield running
    unimplemented = Client(running, running.token).raw("GET", "lab/unimplemented").body["unimplemented"]
    running.stop()
    assert json.dumps([one for one in unimplemented if "/not-there" not in one]) == "[]"


@pytest.fixture
def github(lab_github: Running, sample: Path) -> Iterator[Client]:
    """The lab with a fresh repository, and as it was again afterwards."""
    name = f"shop{next(NUMBERS)}"
    make_repository(lab_github.state, name, sample)
    client = Client(lab_github, lab_github.token, f"/repos/acme/{name}")
    yield client
    client.raw("DELETE", "lab/faults")
    client.raw("PUT", "lab/settings", {"plan": "team", "visibility": "public"})
