"""How this project speaks to Docker: the provider that declares, the labels, and where a port is reached.

What cannot be declared goes by components/daemon.py to the same engine.
"""

from __future__ import annotations

import os
import socket
from typing import Any
from urllib.parse import urlsplit

import pulumi
from pulumi_docker import Network, NetworkLabelArgs, Provider

from components.daemon import EngineError, unreachable
from components.settings import Docker, Settings
from components.slots import SWARM
from transport import ssh

LOCAL = {"", "unix", "npipe"}
HERE = {"localhost", "127.0.0.1", "::1"}
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


def reachable(wants: Settings) -> None:
    """Sees that an engine behind ssh answers, and that what is published on any engine can be reached from here.

    For the beginning of a program: what is declared before an error is made all the same. Raises EngineError.
    """
    address = wants.docker.host or os.environ.get("DOCKER_HOST")
    if address and ssh.is_ssh(address):
        try:
            ssh.check(address)
        except ssh.UnreachableError as error:
            raise unreachable(address, error) from None
    published(address, wants.traffic.address, wants.traffic.port)
    if port := wants.traffic.metrics.port:
        published(address, wants.traffic.metrics.address, port, "traffic.metrics.address")
    if wants.monitor.enabled:
        published(address, wants.monitor.address, wants.monitor.port, "monitor.address")


def docker_provider(wishes: Docker, opts: pulumi.ResourceOptions | None = None) -> Provider:
    """The provider that every Docker resource of the stack uses. `host` is given only if the stack file has one."""
    return Provider("docker", **({"host": wishes.host} if wishes.host else {}), opts=opts)


def network(project: str, stack: str, opts: pulumi.ResourceOptions, engine: str = "docker") -> Network:
    """The network of the stack's apps and their proxy; nobody reaches an app but through the proxy.

    `engine`: docker or swarm.
    """
    # Where it was declared while a stack had one app.
    before = pulumi.Alias(name="release-network", parent=pulumi.create_urn("release", "golive:app:Release"))
    return Network(
        "network",
        name=f"{project}-{stack}",
        driver="overlay" if engine == SWARM else "bridge",
        attachable=engine == SWARM or None,  # for the containers that are no service, such as the monitor
        labels=labels(NetworkLabelArgs, project, stack),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[before])),
    )


def labels(kind: Any, project: str, stack: str, service: str = "", **more: str) -> list[Any]:
    """What each thing on the engine carries, so that it can be told whose it is: golive.project, golive.stack,
    golive.service of one of several, and `more` (slot="blue" is golive.slot). `kind`: the provider's class for a label
    of this resource."""
    values = {"project": project, "stack": stack, **({"service": service} if service else {}), **more}
    return [kind(label=f"golive.{key}", value=value) for key, value in values.items()]


def published(host: str | None, address: str, port: int, key: str = "traffic.address", scheme: str = "http") -> str:
    """Where a port that is published at `address` of the Docker host is reached from here, without a slash at the end.

    Raises EngineError, with the `key` that says it, for a loopback address of another machine, and where that machine
    has no name that is known here.
    """
    machine = _machine(host or os.environ.get("DOCKER_HOST", ""))
    if machine is None:
        name = EVERYWHERE.get(address, address)
    elif address in EVERYWHERE:
        name = _known(machine, key)
    elif address == "::1" or address.startswith("127."):
        raise EngineError(
            f"golive:{key} {address} is loopback of {machine}, out of reach from here. Set it to 0.0.0.0, or to an "
            f"address of {machine} that can be reached."
        )
    else:
        name = address
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"


def _machine(engine: str) -> str | None:
    """The host where the engine is, None for this one; behind ssh, the HostName that ~/.ssh/config gives it."""
    parts = urlsplit(engine)
    if parts.scheme in LOCAL:
        return None
    name = parts.hostname or ""
    if ssh.is_ssh(engine):
        name = ssh.resolved(engine).get("hostname", name)
    return None if name in HERE else name


def _known(machine: str, key: str) -> str:
    """Its name, where it can be looked up here: one that only a jump host knows cannot."""
    try:
        socket.getaddrinfo(machine, None)
    except OSError:
        raise EngineError(
            f"golive:docker.host is on {machine}, a name that is not known here, so that the app could not be asked "
            f"whether it is ready. Set golive:{key} to an address of {machine} that can be reached from here."
        ) from None
    return machine
