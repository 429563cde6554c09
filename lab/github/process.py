"""Starting and stopping the lab's GitHub as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANNOUNCEMENT = "server.json"  # where a server says which port and process it is
LOG = "server.log"
PATIENCE = 20.0  # seconds to start, and to stop
POLL = 0.05  # seconds


class LabError(RuntimeError):
    """The lab's GitHub did not start or end; the message is the server's own last line, or what it does not do."""


@dataclass(frozen=True)
class Running:
    """A server that answers: its address (with a slash at the end), the token it takes, its state and process."""

    url: str
    token: str = field(repr=False)
    state: Path
    pid: int
    process: subprocess.Popen[bytes] | None = field(default=None, compare=False, repr=False)

    def stop(self) -> None:
        """Ends the server and waits for it; one that is gone already is fine. Raises LabError where it will not end."""
        try:
            os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        if not self._ends_within(PATIENCE):
            os.kill(self.pid, signal.SIGKILL)
            if not self._ends_within(PATIENCE):
                raise LabError(f"process {self.pid}, the lab's GitHub, does not end")

    def _ends_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL)
        return True

    def _alive(self) -> bool:
        if self.process is not None:
            return self.process.poll() is None
        try:
            return os.waitpid(self.pid, os.WNOHANG) == (0, 0)  # a child of ours exists until it is waited for
        except ChildProcessError:
            pass
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


def start(state: Path, port: int = 0, *, plan: str | None = None, visibility: str | None = None) -> Running:
    """Starts a server on `state` (made if missing), or hands back the one that runs on it.

    `port` 0 takes a free one; `plan` and `visibility` None keep what the state says. It outlives the caller; `stop`
    ends it. Raises LabError where it does not answer within 20 s.
    """
    running = find(state)
    if running:
        return running
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = [*(["--plan", plan] if plan else []), *(["--visibility", visibility] if visibility else [])]
    command = [sys.executable, "-m", "lab.github", "serve", "--state", str(state), "--port", str(port), *options]
    with (state / LOG).open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = find(state)
        if found and found.pid == process.pid:
            return Running(found.url, found.token, state, process.pid, process)
        if process.poll() is not None:
            break
        time.sleep(POLL)
    else:
        process.kill()
        process.wait()
    lines = (state / LOG).read_text(errors="replace").strip().splitlines()
    raise LabError(lines[-1] if lines else "the lab's GitHub did not answer")


def find(state: Path) -> Running | None:
    """The server that runs on `state`: it says so itself, so a reused process number can not mislead. None: none."""
    try:
        said = json.loads((state / ANNOUNCEMENT).read_text())
        with urllib.request.urlopen(f"{said['url']}healthz", timeout=2) as answer:  # noqa: S310 — loopback, written by the server
            health = json.load(answer)
        if health["instance"] != said["instance"] or health["pid"] != said["pid"]:
            return None
        return Running(said["url"], (state / "token").read_text().strip(), state, said["pid"])
    except (OSError, ValueError, KeyError, urllib.error.URLError):
        return None
