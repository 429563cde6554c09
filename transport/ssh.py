"""The ssh program as Docker's own command line runs it: `docker system dial-stdio` there speaks the Docker API.

The program, and no library: so the user's ~/.ssh/config, agent, known_hosts and jump hosts count.
Source: cli/connhelper of https://github.com/docker/cli, ssh_config(5)
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

SCHEME = "ssh"
CONNECT = 30  # seconds until the other machine must have answered
REPLY = 60  # seconds for one short answer of its engine, the connection included
LASTS = 30  # seconds that a connection waits for the next one to share it
NAME = 20  # characters of a shared connection's name
# A socket's path has 107 characters at most, and ssh needs 17 for the name that it has at first.
LONGEST_FOLDER = 107 - NAME - 17
PING = b"GET /_ping HTTP/1.0\r\n\r\n"
GONE = "Connection refused|Connection timed out|Operation timed out|No route to host|Network is unreachable"
# What is said on standard error, by ssh or by what it started there, and what to tell: the first that fits.
# {at}: user@host as it is given to ssh, {host}: the host alone, {said}: the line itself.
SIGNS = (
    (r"dial unix .*permission denied",
     "{at} may not use Docker there: on it, run `sudo usermod -aG docker $USER` as that user, and log out"),
    (r"dial unix .*(?:no such file|connection refused)|Is the docker daemon running",
     "no Docker engine runs there: on it, run `sudo systemctl start docker`"),
    (r"docker: (?:command )?not found|docker: No such file",
     "there is no docker command there: install Docker on it, or put its folder into that user's PATH"),
    (r"REMOTE HOST IDENTIFICATION HAS CHANGED",
     "its host key is another one than before: if you know why, run `ssh-keygen -R {host}`, then `ssh {at}` once, and "
     "compare the fingerprint"),
    (r"Host key verification failed",
     "its host key is not known here: run `ssh {at}` once, and compare the fingerprint"),
    (r"Permission denied \(",
     "it takes none of your keys: `ssh {at}` must work without asking for anything. Load the key (`ssh-add`) or name "
     "it in ~/.ssh/config, and see that it is in ~/.ssh/authorized_keys there"),
    (r"Could not resolve hostname",
     "the name {host} is not known here: correct it, or give it a HostName in ~/.ssh/config"),
    (GONE, "{said}: start the ssh server there, or correct host and port"),
)  # fmt: skip


class UnreachableError(Exception):
    """The engine cannot be reached through ssh. The message says why, and what to do."""


def is_ssh(address: str | None) -> bool:
    """Whether a Docker host's address is one that ssh reaches."""
    return bool(address) and urlsplit(address).scheme == SCHEME


def command(address: str) -> list[str]:
    """The words that open one connection to the engine at `address`, ssh://[user@]host[:port].

    It asks for nothing: nobody is there to answer. What is opened within LASTS s shares one connection, unless the user
    has a ControlPath of their own, which is used then.
    """
    sharing = [] if "controlpath" in resolved(address) else _sharing(address)
    limits = ["-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT}"]
    return ["ssh", *limits, *sharing, *_place(address), "docker", "system", "dial-stdio"]


@functools.cache
def resolved(address: str) -> Mapping[str, str]:
    """What ssh makes of `address` with ~/.ssh/config, by keyword in small letters: hostname, proxyjump, controlpath.

    Empty where there is no ssh program, or it refuses the address.
    """
    try:
        said = subprocess.run(
            ["ssh", "-G", *_place(address)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return {}
    words = (line.partition(" ") for line in said.splitlines())
    return {key.lower(): value for key, _, value in words if value != "none"}


def check(address: str) -> None:
    """Asks the engine at `address` whether it is there. Raises UnreachableError."""
    with tempfile.TemporaryFile() as said:
        try:
            done = subprocess.run(
                command(address), input=PING, stdout=subprocess.PIPE, stderr=said, timeout=REPLY, check=False,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise UnreachableError(no_program(error)) from None
        except subprocess.TimeoutExpired:
            raise UnreachableError(explained(address, f"no answer came within {REPLY} s")) from None
        if re.match(rb"HTTP/1\.\d 200 ", done.stdout):
            return
        said.seek(0)
        raise UnreachableError(explained(address, said.read().decode(errors="replace")))


def why(address: str, error: Exception) -> str:
    """What to tell of `error`, which came while the engine at `address` was asked."""
    return str(error) if isinstance(error, UnreachableError) else explained(address, str(error) or type(error).__name__)


def explained(address: str, said: str) -> str:
    """What went wrong on the way to `address` and what to do, from what ssh wrote on standard error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for sign, sentence in SIGNS:
        line = next((one for one in lines if re.search(sign, one)), None)
        if line is not None:
            return sentence.format(at=_at(address), host=_known_as(address), said=line.removeprefix("ssh: "))
    last = lines[-1] if lines else "it was cut off without a word"
    return f"{last}: see that `ssh {_at(address)} docker version` works without asking for anything"


def no_program(error: OSError) -> str:
    """What to tell where the ssh program cannot be run."""
    return f"the ssh program cannot be run here ({error.strerror}): install it (`sudo apt-get install openssh-client`)"


def _place(address: str) -> list[str]:
    """Options and host; after `--`, so that no host name is taken for an option."""
    parts = urlsplit(address)
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    return [*user, *port, "--", parts.hostname or ""]


def _at(address: str) -> str:
    """As one types it behind `ssh`."""
    parts = urlsplit(address)
    port = f"-p {parts.port} " if parts.port else ""
    return f"{port}{parts.username}@{parts.hostname}" if parts.username else f"{port}{parts.hostname}"


def _known_as(address: str) -> str:
    """As known_hosts has it."""
    parts = urlsplit(address)
    return f"[{parts.hostname}]:{parts.port}" if parts.port else str(parts.hostname)


def _sharing(address: str) -> list[str]:
    """Options that let connections share one; none where there is no short folder for it that is the user's alone."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"golive-ssh-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return []
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or len(f"{folder}/") > LONGEST_FOLDER:
        return []
    # By the address as it is written: two hosts of ~/.ssh/config that differ in their keys alone have the same %C.
    name = hashlib.sha256(address.encode()).hexdigest()[:NAME]
    return ["-o", "ControlMaster=auto", "-o", f"ControlPersist={LASTS}", "-o", f"ControlPath={folder}/{name}"]
