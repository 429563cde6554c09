"""A client of the Docker engine for what cannot be declared: golive:docker.host, else DOCKER_HOST, else the socket.

The docker package takes a seventh of a second to load, so that is done where the engine is asked.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import pulumi

TIMEOUT = 60  # seconds for one answer of the engine


class EngineError(pulumi.RunError):
    """The Docker engine cannot be used. The message is one line with the remedy."""


def client(host: str | None) -> Any:
    """A docker.DockerClient of the engine at `host`. TLS is as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say.

    Raises EngineError.
    """
    import docker  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415

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
