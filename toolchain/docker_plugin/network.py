"""docker:index/network:Network on the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolchain.docker_plugin.canonical import same
from toolchain.docker_plugin.engine import Engine
from toolchain.docker_plugin.failure import AGAIN, DockerError, explained
from toolchain.docker_plugin.properties import NETWORK, Resource

ALLOCATED_WITHIN = 10  # seconds
LEAVE_WITHIN = 30  # seconds that containers have to leave the network, as with the official plugin
USED = ("active endpoints", "is in use by")  # of one engine, of a swarm


def network_body(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of POST /networks/create. Engines before 25 would make a second network of the same name."""
    body = {
        "name": inputs["name"],
        "driver": inputs.get("driver"),
        "options": inputs.get("options"),
        "internal": inputs.get("internal", False),
        "attachable": inputs.get("attachable", False),
        "labels": {one["label"]: one["value"] for one in inputs.get("labels", [])},
        "check_duplicate": True,
    }
    return {name: one for name, one in body.items() if one not in (None, {})}


def seen(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of what GET /networks/{id} says."""
    ipam = inspected.get("IPAM") or {}
    return {
        "name": inspected["Name"],
        "driver": inspected["Driver"],
        "internal": inspected["Internal"],
        "attachable": inspected["Attachable"],
        "ingress": inspected.get("Ingress", False),
        "ipv6": inspected["EnableIPv6"],
        "labels": labels(inspected.get("Labels")),
        "options": inspected.get("Options") or {},
        "scope": inspected["Scope"],
        "ipamDriver": ipam.get("Driver") or "default",
        "ipamConfigs": [
            {"subnet": one.get("Subnet", ""), "gateway": one.get("Gateway", "")} for one in ipam.get("Config") or []
        ],
    }


def labels(held: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Labels as the list of pairs that the SDK has."""
    return [{"label": name, "value": value} for name, value in sorted((held or {}).items())]


def in_words_of(resource: Resource, known: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    """`read`, but as `known` has it where both mean the same; with what cannot be read."""
    return {name: one for name, one in known.items() if name not in read} | {
        name: known[name]
        if name in known and name in resource.properties and same(resource.properties[name], known[name], value)
        else value
        for name, value in read.items()
    }


def create(engine: Engine, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Makes the network; its ID and properties."""
    import docker.errors  # noqa: PLC0415

    name = inputs["name"]
    with engine.doing(f"network {name} cannot be created"):
        try:
            made = engine.api.create_network(**network_body(inputs))
        except docker.errors.APIError as error:
            if error.status_code == 409:  # noqa: PLR2004 - conflict
                raise DockerError(
                    f"network {name} exists already and is not this stack's: `docker network rm {name}` removes it, "
                    f"or choose another name, {AGAIN}"
                ) from error
            if "non-overlapping" in explained(error):
                raise DockerError(
                    f"network {name} cannot be created: the engine has no free address range left. "
                    f"`docker network prune` removes networks that nothing uses, {AGAIN}"
                ) from error
            raise
        # A swarm gives a network its driver only after it has answered; until then it tells none.
        engine.until(lambda: bool(engine.api.inspect_network(made["Id"])["Driver"]), ALLOCATED_WITHIN)
        return made["Id"], in_words_of(NETWORK, inputs, seen(engine.api.inspect_network(made["Id"])))


def read(
    engine: Engine, identity: str, known: Mapping[str, Any], _: Mapping[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """Its properties as they are now; None where it is gone."""
    import docker.errors  # noqa: PLC0415

    with engine.doing(f"network {known.get('name', identity)} cannot be read"):
        try:
            inspected = engine.api.inspect_network(identity)
        except docker.errors.NotFound:
            return None
        return inspected["Id"], in_words_of(NETWORK, known, seen(inspected))


def delete(engine: Engine, identity: str, known: Mapping[str, Any]) -> None:
    """Removes it as soon as no container is connected to it any more; it may be gone already."""
    import docker.errors  # noqa: PLC0415

    name = known.get("name", identity)

    def removed() -> bool:
        try:
            engine.api.remove_network(identity)
        except docker.errors.NotFound:
            return True
        except docker.errors.APIError as error:
            if any(sign in explained(error) for sign in USED):
                return False
            raise
        return True

    with engine.doing(f"network {name} cannot be removed"):
        if not engine.until(removed, LEAVE_WITHIN):
            attached = engine.api.inspect_network(identity).get("Containers") or {}
            users = ", ".join(sorted(one["Name"] for one in attached.values())) or "a container or a service"
            raise DockerError(
                f"network {name} cannot be removed: {users} still uses it. "
                f"`docker network disconnect -f {name} CONTAINER` takes it out, {AGAIN}"
            )
