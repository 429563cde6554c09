import os
import subprocess
from pathlib import Path

import pytest

from toolchain import layout

PRINT = """#!/bin/sh
echo "backend=${PULUMI_BACKEND_URL-} file=${PULUMI_CONFIG_PASSPHRASE_FILE-} token=${GITHUB_ENTERPRISE_TOKEN-} $*"
"""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone whose `pulumi` prints what it was given."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "lab").mkdir()
    cli = tmp_path / "cli"
    cli.write_text(PRINT)
    cli.chmod(0o755)
    monkeypatch.setattr(layout, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(layout, "STATE", tmp_path / "state")
    monkeypatch.setattr(layout, "LAB", tmp_path / "lab")
    monkeypatch.setattr(layout, "passphrase", lambda: tmp_path / "passphrase")
    layout.wrapper(cli)
    return tmp_path


def said(clone: Path, *words: str, **environment: str) -> str:
    given = {"PATH": os.environ["PATH"], "HOME": str(clone), **environment}
    command = [clone / ".venv" / "bin" / "pulumi", *words]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=True).stdout.strip()


def test_without_anything_set_the_state_is_in_the_clone(clone: Path):
    assert said(clone, "up", "-s", "dev") == f"backend=file://{clone}/state file= token= up -s dev"


def test_passphrase_and_the_labs_token_come_from_their_files(clone: Path):
    (clone / "passphrase").write_text("p")
    (clone / "lab" / "token").write_text("ghp_lab\n")
    assert said(clone).endswith(f"file={clone}/passphrase token=ghp_lab")


def test_what_the_environment_sets_wins(clone: Path):
    (clone / "passphrase").write_text("p")
    (clone / "lab" / "token").write_text("ghp_lab\n")
    found = said(clone, PULUMI_BACKEND_URL="s3://mine", PULUMI_CONFIG_PASSPHRASE="", GITHUB_ENTERPRISE_TOKEN="ghp_mine")
    assert found == "backend=s3://mine file= token=ghp_mine"


def test_whoever_has_logged_in_keeps_that_backend(clone: Path):
    (clone / ".pulumi").mkdir()
    (clone / ".pulumi" / "credentials.json").write_text('{"current": "s3://ours"}')
    assert said(clone).startswith("backend= ")


def test_a_binary_that_was_built_anew_replaces_the_old_one_even_at_the_same_size(tmp_path: Path):
    old, new, target = tmp_path / "old", tmp_path / "new", tmp_path / "target"
    old.write_text("one")
    new.write_text("two")
    layout._linked(old, target)
    layout._linked(new, target)
    assert target.read_text() == "two"


def test_the_program_is_compiled_ahead_though_python_may_not_do_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("components/release.py", "toolchain/protocol.py", "__main__.py"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("ANSWER = 42\n")
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    layout.compiled()
    found = {file.name.partition(".")[0] for file in tmp_path.rglob("*.pyc")}
    assert found == {"release", "protocol", "__main__"}
