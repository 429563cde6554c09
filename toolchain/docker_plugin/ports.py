"""Whether the ports that a container is to get are free, asked before the container that it replaces is removed.

A container is deleted before it is replaced. Were its new port only then found to be taken, nothing would run any more.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from typing import Any

from toolchain.docker_plugin.engine import Engine
from toolchain.docker_plugin.failure import DockerError, port_taken
from toolchain.docker_plugin.wire import contains_unknown

OWN = ("golive.project", "golive.stack")  # containers alike in these are of one update, which may move a port
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - what Docker writes for every address


def refuse_taken(engine: Engine, identity: str, inputs: Mapping[str, Any]) -> None:
    """Raises DockerError for a wanted outer port that something else has. `identity`: the old container."""
    ports = inputs.get("ports", [])
    if contains_unknown(ports):
        return
    for port in ports:
        outer, protocol = port.get("external"), port.get("protocol", "tcp")
        if not outer:
            continue
        owners = _owners(engine, port.get("ip") or EVERYWHERE[0], outer, protocol)
        if any(one["Id"] != identity and not _of_one_stack(one, inputs) for one in owners):
            raise DockerError(port_taken(str(inputs.get("name")), port.get("ip", ""), outer))
        local = engine.host.startswith("unix://") and protocol == "tcp"
        if not owners and local and _bound(port.get("ip") or EVERYWHERE[0], outer):
            raise DockerError(port_taken(str(inputs.get("name")), port.get("ip", ""), outer))


def _owners(engine: Engine, address: str, port: int, protocol: str) -> list[dict[str, Any]]:
    with engine.doing("containers cannot be listed"):
        running = engine.api.containers()
    return [
        one
        for one in running
        for published in one.get("Ports") or []
        if published.get("PublicPort") == port
        and published.get("Type") == protocol
        and (published.get("IP", "") == address or {published.get("IP", ""), address} & set(EVERYWHERE))
    ]


def _of_one_stack(container: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    labels = inputs.get("labels", [])
    if contains_unknown(labels):
        return True
    mine = {one["label"]: one["value"] for one in labels}
    theirs = container.get("Labels") or {}
    return OWN[0] in mine and all(mine.get(name) == theirs.get(name) for name in OWN)


def _bound(address: str, port: int) -> bool:
    """Whether a process of this machine listens there; one that may not be tried counts as free."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((address, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
