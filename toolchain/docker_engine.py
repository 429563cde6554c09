"""A Docker engine that answers: the one there is, started if it stands still, else the distribution's."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import docker
from docker.errors import DockerException

from toolchain.progress import StepError, say, step

DEFAULT = "unix:///var/run/docker.sock"
PATIENCE = 30.0  # seconds for the engine to start
LOG = Path("/var/log/golive-dockerd.log")
SYSTEMD = Path("/run/systemd/system")
DISTRIBUTIONS = {"debian", "ubuntu"}
MANUAL = "Install a Docker engine (docs.docker.com/engine/install), start it, and run `make up` again."


def ensure() -> None:
    """Returns once an engine answers. Raises StepError with the remedy where none can be had."""
    host = os.environ.get("DOCKER_HOST", DEFAULT)
    refusal = answers()
    if refusal is None:
        return
    if host != DEFAULT:
        raise StepError(f"DOCKER_HOST={host} does not answer ({refusal}). Start that engine, or unset DOCKER_HOST.")
    if "Permission denied" in refusal:
        raise StepError(f"You may not use {host}. Run: sudo usermod -aG docker $USER, log in again, and `make up`.")
    if not shutil.which("dockerd"):
        _install()
    if answers() is not None:
        _start()


def answers() -> str | None:
    """None where the engine answers, else why it does not."""
    try:
        client = docker.DockerClient(base_url=os.environ.get("DOCKER_HOST", DEFAULT), timeout=5)
        client.ping()
        client.close()
    except (DockerException, OSError) as error:
        return str(error)
    return None


def _install() -> None:
    """docker.io from Debian or Ubuntu; asks first where someone is there to answer."""
    system = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    named = {system.get("ID", ""), *system.get("ID_LIKE", "").split()}
    if not named & DISTRIBUTIONS or not shutil.which("apt-get"):
        raise StepError(f"No Docker engine answers. {MANUAL}")
    if os.geteuid() != 0:
        raise StepError("No Docker engine answers. Run: sudo apt-get install docker.io, and `make up` again.")
    if sys.stdin.isatty() and not _agreed("No Docker engine answers. Install docker.io from the distribution? [Y/n] "):
        raise StepError(f"Nothing was installed. {MANUAL}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step("Installing docker.io from the distribution"):
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "docker.io"]):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise StepError(f"docker.io could not be installed ({reason}). {MANUAL}")


def _start() -> None:
    """By systemd, by the distribution's init script, or by itself where there is neither."""
    if os.geteuid() != 0:
        raise StepError("The Docker engine is not running. Run: sudo systemctl start docker, and `make up` again.")
    with step("Starting the Docker engine"):
        if SYSTEMD.exists():
            subprocess.run(["systemctl", "start", "docker"], capture_output=True, check=False)
        elif _bare():
            return
        else:
            subprocess.run(["service", "docker", "start"], capture_output=True, check=False)
        if not _waited(PATIENCE / 3):
            _bare()
    if (refusal := answers()) is not None:
        raise StepError(f"The Docker engine does not start ({refusal}). See {LOG}, or: journalctl -u docker")


def _bare() -> bool:
    """A dockerd of its own session, which outlives this command. Whether it answers within 30 s."""
    with LOG.open("ab") as log:
        subprocess.Popen(["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    return _waited(PATIENCE)


def _waited(patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if answers() is None:
            return True
        time.sleep(0.2)
    return False


def _agreed(question: str) -> bool:
    say("")
    return input(question).strip().lower() in {"", "y", "yes"}
