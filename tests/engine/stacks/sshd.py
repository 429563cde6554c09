"""An ssh server of the tests' own on loopback, and an `ssh` that knows it: neither touches ~/.ssh or another server."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.ports import free_port

SSHD = Path("/usr/sbin/sshd")
PATIENCE = 10.0
# What the server runs for each key in place of what it was asked for; "": just that.
KEYS = {
    "good": "",
    "dockerless": 'command="PATH=/nowhere; eval $SSH_ORIGINAL_COMMAND" ',
    "powerless": f'command="exec {shutil.which("setpriv")} --reuid=65534 --clear-groups $SSH_ORIGINAL_COMMAND" ',
}
SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
LogLevel VERBOSE
"""
CLIENT = """\
Host down
  Port {closed}
Host keyless
  IdentityFile {folder}/stranger
Host dockerless
  IdentityFile {folder}/dockerless
Host powerless
  IdentityFile {folder}/powerless
Host unknown
  UserKnownHostsFile {folder}/nobody
Host * !keyless !dockerless !powerless
  IdentityFile {folder}/good
Host *
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile none
"""


@dataclass(frozen=True)
class Server:
    """A running one; `environment`: what a command needs to reach it, and what it is called in `ssh://…`."""

    folder: Path
    port: int
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def letting_nobody_in(self) -> Iterator[None]:
        """For the block it takes no key."""
        keys = self.folder / "authorized"
        before = keys.read_text()
        keys.write_text("")
        try:
            yield
        finally:
            keys.write_text(before)

    def logins(self) -> int:
        """How many connections it has let in."""
        return (self.folder / "log").read_text().count("Accepted publickey")

    def commands(self) -> int:
        """How many commands it has run, on however few connections."""
        return (self.folder / "log").read_text().count("Starting session: ")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    _installed()
    for name in ("host", "stranger", *KEYS):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(words, check=True)
    authorized = "".join(f"{command}{(folder / f'{name}.pub').read_text()}" for name, command in KEYS.items())
    (folder / "authorized").write_text(authorized)
    port = free_port()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    values = {"folder": folder, "port": port, "closed": free_port(), "user": getpass.getuser()}
    (folder / "server").write_text(SERVER.format(**values))
    (folder / "client").write_text(CLIENT.format(**values))
    (folder / "bin").mkdir()
    program = folder / "bin" / "ssh"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/client "$@"\n')
    program.chmod(0o755)
    server = subprocess.Popen([SSHD, "-f", folder / "server", "-D", "-E", folder / "log"])
    try:
        _listens(port)
        with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as run:  # short, as a socket's path must be
            environment = {"PATH": f"{folder}/bin:{os.environ['PATH']}", "XDG_RUNTIME_DIR": run}
            yield Server(folder, port, environment)
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _listens(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "sshd does not listen: see its log"
            time.sleep(0.05)
        else:
            return


def _installed() -> None:
    """Debian's server, where nothing would start it: on a machine with services that is for its owner to decide."""
    if not SSHD.exists() or not shutil.which("ssh"):
        if os.getuid() or not shutil.which("apt-get") or Path("/run/systemd/system").exists():
            pytest.skip("needs an ssh server: sudo apt-get install openssh-server")
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update"], check=True, **quiet)
        subprocess.run(["apt-get", "install", "-y", "openssh-server", "openssh-client"], check=True, **quiet)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # what its service would have made
