"""docker:index/volume:Volume on the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolchain.docker_plugin.canonical import same
from toolchain.docker_plugin.engine import Engine
from toolchain.docker_plugin.failure import AGAIN, DockerError, explained
from toolchain.docker_plugin.network import in_words_of, labels
from toolchain.docker_plugin.properties import VOLUME

LEAVE_WITHIN = 30  # seconds that containers have to let go of the volume, as with the official plugin


def volume_body(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of POST /volumes/create."""
    body = {
        "name": inputs["name"],
        "driver": inputs.get("driver"),
        "driver_opts": inputs.get("driverOpts"),
        "labels": {one["label"]: one["value"] for one in inputs.get("labels", [])},
    }
    return {name: one for name, one in body.items() if one not in (None, {})}


def seen(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of what GET /volumes/{name} says."""
    return {
        "name": inspected["Name"],
        "driver": inspected["Driver"],
        "driverOpts": inspected.get("Options") or {},
        "labels": labels(inspected.get("Labels")),
        "mountpoint": inspected["Mountpoint"],
    }


def create(engine: Engine, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Makes the volume; its name, which is its ID, and its properties.

    The engine answers with the volume that bears the name already, if there is one. Where that is not what was asked
    for, someone else's data is in it: DockerError.
    """
    name = inputs["name"]
    with engine.doing(f"volume {name} cannot be created"):
        read_back = seen(engine.api.create_volume(**volume_body(inputs)))
    for asked in ("labels", "driver", "driverOpts"):
        if asked in inputs and not same(VOLUME.properties[asked], inputs[asked], read_back[asked]):
            raise DockerError(
                f"volume {name} exists already with other {asked} and is not this stack's: `docker volume rm {name}` "
                f"removes it and all that is in it, or choose another name, {AGAIN}"
            )
    return name, in_words_of(VOLUME, inputs, read_back)


def read(
    engine: Engine, identity: str, known: Mapping[str, Any], _: Mapping[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """Its properties as they are now; None where it is gone."""
    import docker.errors  # noqa: PLC0415

    with engine.doing(f"volume {identity} cannot be read"):
        try:
            return identity, in_words_of(VOLUME, known, seen(engine.api.inspect_volume(identity)))
        except docker.errors.NotFound:
            return None


def delete(engine: Engine, identity: str, _: Mapping[str, Any]) -> None:
    """Removes it and what is in it as soon as no container has it; it may be gone already."""
    import docker.errors  # noqa: PLC0415

    def removed() -> bool:
        try:
            engine.api.remove_volume(identity, force=True)
        except docker.errors.NotFound:
            return True
        except docker.errors.APIError as error:
            if "in use" in explained(error):
                return False
            raise
        return True

    with engine.doing(f"volume {identity} cannot be removed"):
        if not engine.until(removed, LEAVE_WITHIN):
            having = engine.api.containers(all=True, filters={"volume": identity})
            users = ", ".join(sorted(one["Names"][0].lstrip("/") for one in having)) or "a container"
            raise DockerError(
                f"volume {identity} cannot be removed: {users} still has it. Remove that container, {AGAIN}"
            )
