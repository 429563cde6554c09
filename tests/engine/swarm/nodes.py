"""Two machines on one: a Docker engine each in a network namespace of its own, joined by a switch in a third one.

The engine of this machine is left alone. The switch is in a namespace, too, because that engine forbids to forward what
it does not know, also on bridges.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException

NEEDED = ("dockerd", "ip", "nsenter", "unshare", "iptables")
LONGEST = 60  # seconds for an engine to start, or to end
# https://www.rfc-editor.org/rfc/rfc2544: for tests, in nobody's network
NETWORK = f"198.18.{os.getpid() % 250}"
# No node reaches a registry, as the images are put there beforehand; so that is found out at once.
NO_REGISTRY = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}


def missing() -> str:
    """Why there can be no nodes here, "" if there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if absent := [one for one in NEEDED if not shutil.which(one)]:
        return f"{', '.join(absent)} is not installed"
    name = f"vx{os.getpid() % 100000}"
    tried = subprocess.run(
        ["ip", "link", "add", name, "type", "vxlan", "id", "4242", "dstport", "0", "dev", "lo"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if tried.returncode:
        return f"the kernel has no vxlan, which overlay networks are made of ({tried.stderr.strip()})"
    _run("ip", "link", "del", name)
    return ""


class Switch:
    """Where the nodes' cables end, and one of this machine's."""

    def __init__(self) -> None:
        self.name = f"gs{os.getpid()}"
        self.here = f"gh{os.getpid()}"
        _run("ip", "netns", "add", self.name)
        self.inside("ip", "link", "add", "lan", "type", "bridge")
        self.inside("ip", "link", "set", "lan", "up")
        self.plug(self.here, "here")
        _run("ip", "addr", "add", f"{NETWORK}.1/24", "dev", self.here)
        _run("ip", "link", "set", self.here, "up")

    def plug(self, outside: str, inside: str) -> None:
        """A cable; its loose end is `outside`, in this machine's namespace."""
        _run("ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", self.name)
        self.inside("ip", "link", "set", inside, "master", "lan")
        self.inside("ip", "link", "set", inside, "up")

    def inside(self, *command: str) -> None:
        _run("nsenter", f"--net=/run/netns/{self.name}", *command)

    def remove(self) -> None:
        subprocess.run(["ip", "link", "del", self.here], check=False, capture_output=True)
        _run("ip", "netns", "del", self.name)


class Node:
    """An engine at `address`, whose API is at `host`."""

    def __init__(self, switch: Switch, number: int) -> None:
        self.address = f"{NETWORK}.{10 + number}"
        self.host = f"tcp://{self.address}:2375"
        self.namespace = f"gn{os.getpid()}-{number}"
        self.folder = Path(tempfile.mkdtemp(prefix=f"golive-node-{number}-"))
        _run("ip", "netns", "add", self.namespace)
        cable = f"gc{os.getpid()}-{number}"
        switch.plug(cable, f"node{number}")
        _run("ip", "link", "set", cable, "netns", self.namespace, "name", "eth0")
        for command in (
            ("ip", "link", "set", "lo", "up"),
            ("ip", "addr", "add", f"{self.address}/24", "dev", "eth0"),
            ("ip", "link", "set", "eth0", "up"),
            ("ip", "route", "add", "default", "via", f"{NETWORK}.1"),
        ):
            self.inside(*command)
        self.process = self._started()
        self.docker = self._answering()

    def inside(self, *command: str) -> None:
        _run("nsenter", f"--net=/run/netns/{self.namespace}", *command)

    def wait(self, what: str, reached: Any) -> None:
        """Until `reached()` holds."""
        end = time.monotonic() + LONGEST
        while not reached():
            assert time.monotonic() < end, f"{what}\n{(self.folder / 'log').read_text()[-2000:]}"
            time.sleep(0.2)

    def remove(self) -> None:
        """The engine ends, with its containers, and takes all that it had with it."""
        self.docker.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LONGEST)
        _run("ip", "netns", "del", self.namespace)
        shutil.rmtree(self.folder)

    def _started(self) -> subprocess.Popen[bytes]:
        # With mounts of its own, which go with it, and a name server that refuses at once: looking up a registry's name
        # would take ten seconds for each task. Not by `ip netns exec`, which hides the control groups.
        (self.folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        inside = f'mount --bind {self.folder}/resolv.conf "$(readlink -f /etc/resolv.conf)" && exec "$@"'
        command = [
            "nsenter", f"--net=/run/netns/{self.namespace}", "unshare", "--mount", "sh", "-ec", inside, "sh",
            "dockerd", "--tls=false", "--host", self.host, "--host", f"unix://{self.folder}/socket",
            "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/run",
            "--pidfile", f"{self.folder}/pid", "--containerd-namespace", self.namespace,
            "--cgroup-parent", f"/{self.namespace}",
        ]  # fmt: skip
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                command, env={**os.environ, **NO_REGISTRY}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def _answering(self) -> Any:
        client: list[Any] = []

        def answers() -> bool:
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            try:
                client.append(docker.DockerClient(base_url=self.host, timeout=60))
                client[-1].ping()
            except (DockerException, OSError):
                return False
            return True

        self.wait("the engine does not answer", answers)
        return client[-1]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
