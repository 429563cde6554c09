"""How this project speaks to Docker: the provider that declares, the labels, and where a port is reached.

What cannot be declared goes by components/daemon.py to the same engine.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import pulumi
from pulumi_docker import Network, NetworkLabelArgs, Provider

from components.daemon import EngineError
from components.settings import Docker

LOCAL = {"", "unix", "npipe"}
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


def docker_provider(wishes: Docker, opts: pulumi.ResourceOptions | None = None) -> Provider:
    """The provider that every Docker resource of the stack uses. `host` is given only if the stack file has one."""
    return Provider("docker", **({"host": wishes.host} if wishes.host else {}), opts=opts)


def network(project: str, stack: str, opts: pulumi.ResourceOptions) -> Network:
    """The network of the stack's apps and their proxy; nobody reaches an app but through the proxy."""
    # Where it was declared while a stack had one app.
    before = pulumi.Alias(name="release-network", parent=pulumi.create_urn("release", "golive:app:Release"))
    return Network(
        "network",
        name=f"{project}-{stack}",
        driver="bridge",
        labels=labels(NetworkLabelArgs, project, stack),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[before])),
    )


def labels(kind: Any, project: str, stack: str, service: str = "", **more: str) -> list[Any]:
    """What each thing on the engine carries, so that it can be told whose it is: golive.project, golive.stack,
    golive.service of one of several, and `more` (slot="blue" is golive.slot). `kind`: the provider's class for a label
    of this resource."""
    values = {"project": project, "stack": stack, **({"service": service} if service else {}), **more}
    return [kind(label=f"golive.{key}", value=value) for key, value in values.items()]


def published(host: str | None, address: str, port: int, key: str = "traffic.address") -> str:
    """Where a port that is published at `address` of the Docker host is reached from here, without a slash at the end.

    Raises EngineError for a loopback address of another machine, with the `key` that says it.
    """
    engine = urlsplit(host or os.environ.get("DOCKER_HOST", ""))
    here = engine.scheme in LOCAL or engine.hostname in {"localhost", "127.0.0.1", "::1"}
    if here:
        name = EVERYWHERE.get(address, address)
    elif address in EVERYWHERE:
        name = engine.hostname or address
    elif address == "::1" or address.startswith("127."):
        raise EngineError(
            f"golive:{key} {address} is loopback of {engine.hostname}, out of reach from here. Set it to "
            f"0.0.0.0, or to an address of {engine.hostname} that can be reached."
        )
    else:
        name = address
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
