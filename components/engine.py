"""How this project speaks to Docker: the provider that declares, and a client for what cannot be declared.

Both go to the same engine: golive:docker.host, else DOCKER_HOST, else the default socket.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import docker
import pulumi
import pulumi_docker
from docker.errors import DockerException

from components.settings import Docker

LOCAL = {"", "unix", "npipe"}
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
TIMEOUT = 60  # seconds for one answer of the engine


class EngineError(pulumi.RunError):
    """The Docker engine cannot be used. The message is one line with the remedy."""


def docker_provider(wishes: Docker, opts: pulumi.ResourceOptions | None = None) -> pulumi_docker.Provider:
    """The provider that every Docker resource of the stack uses. `host` is given only if the stack file has one."""
    return pulumi_docker.Provider("docker", **({"host": wishes.host} if wishes.host else {}), opts=opts)


def labels(kind: Any, project: str, stack: str, **more: str) -> list[Any]:
    """What each thing on the engine carries, so that it can be told whose it is: golive.project, golive.stack, and
    `more` (slot="blue" is golive.slot). `kind`: the provider's class for a label of this resource."""
    values = {"project": project, "stack": stack, **more}
    return [kind(label=f"golive.{key}", value=value) for key, value in values.items()]


def client(host: str | None) -> docker.DockerClient:
    """A client of the engine at `host`. TLS is as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say. Raises EngineError."""
    address = host or os.environ.get("DOCKER_HOST", "")
    environment = {**os.environ, **({"DOCKER_HOST": host} if host else {})}
    try:
        return docker.from_env(
            timeout=TIMEOUT, environment=environment, use_ssh_client=urlsplit(address).scheme == "ssh"
        )
    except (DockerException, OSError) as error:
        raise unreachable(host, error) from None


def unreachable(host: str | None, error: Exception) -> EngineError:
    """What to tell where the engine does not answer."""
    address = host or os.environ.get("DOCKER_HOST") or "the default socket"
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return EngineError(
        f"The Docker engine at {address} cannot be reached ({why}). Start it (systemctl start docker), or set "
        "golive:docker.host or DOCKER_HOST to the one that is meant."
    )


def published(host: str | None, address: str, port: int) -> str:
    """Where a port that is published at `address` of the Docker host is reached from here, without a slash at the end.

    Raises EngineError for a loopback address of another machine.
    """
    engine = urlsplit(host or os.environ.get("DOCKER_HOST", ""))
    here = engine.scheme in LOCAL or engine.hostname in {"localhost", "127.0.0.1", "::1"}
    if here:
        name = EVERYWHERE.get(address, address)
    elif address in EVERYWHERE:
        name = engine.hostname or address
    elif address == "::1" or address.startswith("127."):
        raise EngineError(
            f"golive:traffic.address {address} is loopback of {engine.hostname}, out of reach from here. Set it to "
            f"0.0.0.0, or to an address of {engine.hostname} that can be reached."
        )
    else:
        name = address
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
