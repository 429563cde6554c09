"""A client of the Docker engine for what cannot be declared: golive:docker.host, else DOCKER_HOST, else the socket.

The docker package takes a seventh of a second to load, so that is done where the engine is asked.
"""

from __future__ import annotations

import os
from typing import Any

import pulumi

from transport import ssh

TIMEOUT = 60  # seconds for one answer of the engine


class EngineError(pulumi.RunError):
    """The Docker engine cannot be used. The message is one line with the remedy."""


def client(host: str | None) -> Any:
    """A docker.DockerClient of the engine at `host`. TLS is as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say.

    Raises EngineError.
    """
    address = host or os.environ.get("DOCKER_HOST")
    import docker  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        if address and ssh.is_ssh(address):
            from transport import client as through_ssh  # noqa: PLC0415 - it loads the docker package

            return through_ssh.client(address, TIMEOUT)
        return docker.from_env(timeout=TIMEOUT, environment={**os.environ, **({"DOCKER_HOST": host} if host else {})})
    except (DockerException, OSError) as error:
        raise unreachable(host, error) from None


def unreachable(host: str | None, error: Exception) -> EngineError:
    """What to tell where the engine does not answer."""
    address = host or os.environ.get("DOCKER_HOST") or "the default socket"
    if ssh.is_ssh(address):
        why = ssh.why(address, error)
        return EngineError(f"The Docker engine at {address} cannot be reached: {why}. Then run pulumi up again.")
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return EngineError(
        f"The Docker engine at {address} cannot be reached ({why}). Start it (systemctl start docker), or set "
        "golive:docker.host or DOCKER_HOST to the one that is meant."
    )
