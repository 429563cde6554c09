"""Images of the sample app, made without an image registry: `python -m lab.sample_image`.

The program is static, so an image needs nothing else: it is built FROM scratch by the Docker engine itself, from a
context that is made in memory.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound

from toolchain.progress import StepError, say, step

SOURCE = Path(__file__).resolve().parent / "sample"
NAME = "golive-sample"
VERSIONS = ("v1.0.0", "v1.1.0", "v0.0.0-broken")
BROKEN = "-broken"  # how a version ends that is never healthy
LABELS = {"golive.project": "golive-lab"}  # on everything of the lab that is on the engine
MADE_FROM = "golive.source"  # label: the hash of what an image was made from
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}  # the engine's names → Go's
LAST_LINES = 5
RECIPE = """\
FROM scratch
COPY app /app
USER 65532:65532
ENV PORT=8080{settings}
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app"]
"""


def build(versions: Sequence[str] = VERSIONS, go: str = "go") -> list[str]:
    """Makes `golive-sample:<version>` for each version; hands back those it made, in that order.

    An image that was made from the same source is left alone; one from another source is replaced. `go`: the Go
    command, on PATH or a path. A version that ends in `-broken` never becomes healthy. Raises StepError, one line with
    the remedy, where Go, the engine or a version is not as it must be.
    Source: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild
    """
    for version in versions:
        if not TAG.fullmatch(version):
            raise StepError(f"{version!r} is no version that an image can have: use letters, digits, '.', '_' and '-'.")
    engine = _engine()
    try:
        machine = str(engine.info()["Architecture"])
        architecture = ARCHITECTURES.get(machine, machine)
        return [one for one in versions if _made(engine, one, architecture, go)]
    except (APIError, BuildError) as error:
        raise StepError(f"The Docker engine could not build {NAME}: {_reason(error)}") from None
    finally:
        engine.close()


def remove(versions: Sequence[str] | None = None) -> list[str]:
    """Removes the images of these versions that `build` has made, all of them without; hands back their names.

    Raises StepError where a container still needs one; the others are gone then.
    """
    wanted = None if versions is None else {f"{NAME}:{one}" for one in versions}
    engine = _engine()
    removed, kept = [], []
    for image in _ours(engine):
        for name in [tag for tag in image.tags if tag.startswith(f"{NAME}:")] or [image.id]:
            if wanted is None or name in wanted:
                problem = _removed(engine, name)
                kept.append(problem) if problem else removed.append(name)
    engine.close()
    if kept:
        raise StepError(f"{kept[0]}. Remove that container, then run this again.")
    return sorted(removed)


def digest(version: str, architecture: str, source: Path = SOURCE) -> str:
    """What an image of this version is made from, as one hash: the Go sources without tests, and the recipe."""
    found = hashlib.sha256(f"{architecture}\n{version}\n{recipe(version)}".encode())
    for file in sorted([*source.glob("*.go"), source / "go.mod", source / "go.sum"]):
        if not file.name.endswith("_test.go"):
            found.update(f"\n{file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
    return found.hexdigest()


def recipe(version: str) -> str:
    """The Dockerfile of a version."""
    return RECIPE.format(settings=" FAIL_HEALTH=1" if version.endswith(BROKEN) else "")


def context(program: bytes, dockerfile: str) -> bytes:
    """The build's context as a tar archive: the same bytes for the same program, whenever it is made."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content, mode in (("Dockerfile", dockerfile.encode(), 0o644), ("app", program, 0o755)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _made(engine: Any, version: str, architecture: str, go: str) -> bool:
    name, wanted = f"{NAME}:{version}", digest(version, architecture)
    try:
        before = engine.images.get(name)
    except ImageNotFound:
        before = None
    if before is not None and before.labels.get(MADE_FROM) == wanted:
        return False
    with step(f"Building {name}"):
        archive = context(_program(version, architecture, go), recipe(version))
        engine.images.build(
            fileobj=io.BytesIO(archive), custom_context=True, tag=name, labels={**LABELS, MADE_FROM: wanted},
            rm=True, forcerm=True, pull=False, network_mode="none",
        )  # fmt: skip
    say(f"{name}: built")
    if before is not None and before.labels.items() >= LABELS.items():
        _removed(engine, before.id)  # where a container still runs from it, `remove` takes it later
    return True


def _program(version: str, architecture: str, go: str) -> bytes:
    """The static program, from Go's own build cache where it can be."""
    settings = {"CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": architecture}
    settings |= {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": ""}  # nothing of the machine's own
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "app"
        command = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", f"-s -w -X main.version={version}",
                   "-o", str(target), "."]  # fmt: skip
        try:
            done = subprocess.run(
                command, cwd=SOURCE, env={**os.environ, **settings}, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, check=False,
            )  # fmt: skip
        except OSError as error:
            raise StepError(f"Go cannot be run as {go} ({error.strerror}): install Go, or name its command.") from None
        if done.returncode:
            said = "; ".join(done.stderr.strip().splitlines()[-LAST_LINES:])
            raise StepError(f"The sample app could not be built. Go said: {said}")
        return target.read_bytes()


def _engine() -> Any:
    """The engine that DOCKER_HOST names, else the one on this machine, once it answers."""
    try:
        engine = docker.from_env()
        engine.ping()
    except DockerException:
        place = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        raise StepError(f"No Docker engine answers at {place}: start it, or set DOCKER_HOST.") from None
    return engine


def _ours(engine: Any) -> list[Any]:
    """Every image that was made here and has not got another name since; those that a newer one replaced too."""
    labels = [f"{key}={value}" for key, value in LABELS.items()]
    found = engine.images.list(filters={"label": [*labels, MADE_FROM]})
    return [one for one in found if not one.tags or any(tag.startswith(f"{NAME}:") for tag in one.tags)]


def _removed(engine: Any, image: str) -> str | None:
    """Removes one image, by name or id; hands back why it could not be."""
    try:
        engine.images.remove(image)
    except ImageNotFound:
        return None  # someone else was faster
    except APIError as error:
        return f"{image} cannot be removed: {_reason(error)}"
    return None


def _reason(error: Exception) -> str:
    said = getattr(error, "explanation", None) or getattr(error, "msg", None) or str(error)
    return str(said).strip().rstrip(".")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; 0, or 1 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m lab.sample_image", description="Images of the sample app.")
    parser.add_argument("versions", nargs="*", help=f"default: {' '.join(VERSIONS)}; with --remove: all")
    parser.add_argument("--go", default="go", metavar="COMMAND", help="the Go command (default: go, on PATH)")
    parser.add_argument("--remove", action="store_true", help="remove them instead")
    options = parser.parse_args(arguments)
    try:
        if options.remove:
            for name in remove(options.versions or None):
                print(f"{name}: removed")
        else:
            versions = options.versions or VERSIONS
            made = build(versions, options.go)
            for version in versions:
                if version not in made:
                    print(f"{NAME}:{version}: is there already")
    except StepError as error:
        print(f"lab.sample_image: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
