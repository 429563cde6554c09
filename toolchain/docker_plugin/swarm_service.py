"""docker:index/service:Service on a swarm's manager. As with the official plugin, nothing waits for its tasks to run.

Source: https://docs.docker.com/reference/api/engine/ (services, tasks)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolchain.docker_plugin.engine import Engine
from toolchain.docker_plugin.failure import AGAIN, DockerError
from toolchain.docker_plugin.network import in_words_of
from toolchain.docker_plugin.swarm_body import service_body
from toolchain.docker_plugin.swarm_properties import SERVICE
from toolchain.docker_plugin.swarm_reading import seen

CONFLICT = 409
NOT_A_MANAGER = 503
ENDED = {"complete", "shutdown", "failed", "rejected", "remove", "orphaned"}
STOPPED_WITHIN = 10  # seconds that an engine has to tell that a task has ended, beside the task's own grace


def create(engine: Engine, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Makes the service; its ID and properties. Raises DockerError."""
    import docker.errors  # noqa: PLC0415

    name = inputs["name"]
    with engine.doing(f"service {name} cannot be created"):
        try:
            made = engine.api.create_service(name=name, **service_body(inputs))
        except docker.errors.APIError as error:
            if error.status_code == CONFLICT:
                raise DockerError(
                    f"service {name} exists already and is not this stack's: `docker service rm {name}` removes it, "
                    f"or choose another name, {AGAIN}"
                ) from error
            if error.status_code == NOT_A_MANAGER:
                raise DockerError(
                    f"service {name} cannot be created: {engine.host} is no manager of a swarm. `docker swarm init` "
                    f"there makes it one, or name another host (docker:host, or DOCKER_HOST), {AGAIN}"
                ) from error
            raise
        return made["ID"], _properties(engine, made["ID"], inputs)


def read(
    engine: Engine, identity: str, known: Mapping[str, Any], _: Mapping[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """Its properties as they are now; None where it is gone."""
    import docker.errors  # noqa: PLC0415

    with engine.doing(f"service {known.get('name', identity)} cannot be read"):
        try:
            return identity, _properties(engine, identity, known)
        except docker.errors.NotFound:
            return None


def update(engine: Engine, identity: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Hands the swarm what is wanted now, for it to get there by updateConfig. Raises DockerError."""
    name = inputs["name"]
    with engine.doing(f"service {name} cannot be updated"):
        version = engine.api.inspect_service(identity)["Version"]["Index"]
        engine.api.update_service(identity, version, name=name, **service_body(inputs))
        return _properties(engine, identity, inputs)


def delete(engine: Engine, identity: str, known: Mapping[str, Any]) -> None:
    """Removes it and waits until its tasks have ended, as long as they may take; it may be gone already."""
    import docker.errors  # noqa: PLC0415

    name = known.get("name", identity)
    with engine.doing(f"service {name} cannot be removed"):
        try:
            inspected = engine.api.inspect_service(identity)
            tasks = [one["ID"] for one in engine.api.tasks(filters={"service": identity}) if not _ended(one)]
            engine.api.remove_service(identity)
        except docker.errors.NotFound:
            return
        grace = (inspected["Spec"]["TaskTemplate"]["ContainerSpec"].get("StopGracePeriod") or 0) / 10**9
        # Later than that they end all the same: nothing depends on it but the name in the network.
        engine.until(lambda: all(_gone(engine, one) for one in tasks), grace + STOPPED_WITHIN)


def _properties(engine: Engine, identity: str, known: Mapping[str, Any]) -> dict[str, Any]:
    return in_words_of(SERVICE, known, seen(engine.api.inspect_service(identity)["Spec"]))


def _gone(engine: Engine, task: str) -> bool:
    import docker.errors  # noqa: PLC0415

    try:
        return _ended(engine.api.inspect_task(task))
    except docker.errors.NotFound:
        return True


def _ended(task: Mapping[str, Any]) -> bool:
    return task["Status"]["State"] in ENDED
