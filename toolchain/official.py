"""Pulumi's own CLI and plugins: used where they are on PATH or can be downloaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from importlib import metadata
from pathlib import Path

from toolchain.folders import ENGINE, VENV, cache
from toolchain.progress import StepError, say, step

RELEASES = "https://get.pulumi.com/releases/sdk/"
SOURCE = "GOLIVE_ENGINE"  # official, built, or unset: whichever can be had
PATIENCE = 4.0  # seconds until the downloads count as out of reach
PLUGINS = ("github", "docker")


def cli() -> Path | None:
    """The official CLI, downloaded now where it can be; None where it can not be had, or is not wanted."""
    choice = os.environ.get(SOURCE, "")
    if choice not in {"", "official", "built"}:
        raise StepError(f"{SOURCE}={choice} is not known. Set official or built, or unset it.")
    if choice == "built":
        return None
    found = on_path(os.environ["PATH"]) or _downloaded()
    if choice == "official" and not found:
        raise StepError(f"{SOURCE}=official, but Pulumi is not on PATH and {RELEASES} cannot be reached.")
    return found


def on_path(path: str) -> Path | None:
    """A `pulumi` on `path` that has its language host with it; this clone's own command does not count."""
    ours = {(VENV / "bin").resolve(), (ENGINE / "bin").resolve()}
    for folder in path.split(os.pathsep):
        if not folder or Path(folder).resolve() in ours:
            continue
        found = shutil.which("pulumi", path=folder)
        if found and shutil.which("pulumi-language-python", path=f"{Path(found).resolve().parent}:{path}"):
            return Path(found)
    return None


def plugins(pulumi: Path) -> bool:
    """Whether the plugins, of the versions that the SDKs have, are there or could be downloaded now."""
    listed = subprocess.run([pulumi, "plugin", "ls"], capture_output=True, text=True, check=False).stdout
    for name in PLUGINS:
        version = metadata.version(f"pulumi-{name}")
        there = any(line.split()[:3] == [name, "resource", version] for line in listed.splitlines())
        if there or shutil.which(f"pulumi-resource-{name}"):
            continue
        with step(f"Downloading Pulumi's {name} plugin {version}"):
            done = subprocess.run(
                [pulumi, "plugin", "install", "resource", name, f"v{version}"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            say(f"Pulumi's {name} plugin {version} cannot be downloaded ({reason}).")
            return False
    return True


def reachable() -> bool:
    """Whether Pulumi's downloads answer; asked once a run, and shortly."""
    request = urllib.request.Request(f"{RELEASES}{_archive()}", method="HEAD")  # noqa: S310 - a constant https address
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE):  # noqa: S310
            return True
    except (OSError, urllib.error.URLError):
        return False


def _downloaded() -> Path | None:
    version = metadata.version("pulumi")
    place = cache() / f"pulumi-{version}-official"
    if (place / "bin" / "pulumi").exists():
        return place / "bin" / "pulumi"
    if not reachable():
        return None
    from pulumi.automation import PulumiCommand  # noqa: PLC0415 - takes half a second, needed once
    from semver import VersionInfo  # noqa: PLC0415

    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with step(f"Downloading Pulumi {version}"):
            PulumiCommand.install(root=str(beside), version=VersionInfo.parse(version))
        beside.rename(place)
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        say(f"Pulumi {version} could not be downloaded ({error}): it is built from its modules instead.")
        return None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return place / "bin" / "pulumi"


def _archive() -> str:
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    return f"pulumi-v{metadata.version('pulumi')}-{os.uname().sysname.lower()}-{machine}.tar.gz"
