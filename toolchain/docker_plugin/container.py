"""docker:index/container:Container on the engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from toolchain.docker_plugin.canonical import same
from toolchain.docker_plugin.container_body import archive, create_body, endpoint_arguments, update_arguments
from toolchain.docker_plugin.container_reading import merged, networks_left, seen
from toolchain.docker_plugin.engine import Engine
from toolchain.docker_plugin.failure import AGAIN, DockerError, NotUpError, explained, port_in_use
from toolchain.docker_plugin.image import found
from toolchain.docker_plugin.properties import CONTAINER
from toolchain.docker_plugin.starting import get_up, told

IN_PLACE = ("restart", "maxRetryCount", "memory", "memorySwap", "cpuShares", "cpuSet")
CONFLICT = 409
ENDED = ("exited", "removing", "dead")
GONE_WITHIN = 30  # seconds that the engine has to finish a removal


def create(engine: Engine, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Makes the container, connects it, fills in its files, starts it, and waits until it is up, as far as asked.

    Raises NotUpError where it is there but cannot start or does not become healthy; DockerError where nothing is left.
    """
    name = inputs["name"]
    found(engine, inputs["image"])
    identity = _made(engine, name, inputs)
    try:
        _prepare(engine, identity, inputs)
    except BaseException:
        _remove(engine, identity, volumes=True)
        raise
    try:
        if inputs.get("start", True):
            _start(engine, identity, name)
            get_up(engine, identity, inputs)
    except DockerError as failure:
        if exited(engine, identity) and inputs.get("mustRun", True) and not isinstance(failure, NotUpError):
            _remove(engine, identity, volumes=True)
            raise
        raise NotUpError(str(failure), identity, properties(engine, identity, inputs)) from failure
    return identity, properties(engine, identity, inputs)


def read(
    engine: Engine, identity: str, known: Mapping[str, Any], inputs: Mapping[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """Its properties as they are now; None where it is gone. A stopped one has mustRun false, so that it is started."""
    import docker.errors  # noqa: PLC0415

    with engine.doing(f"container {known.get('name', identity)} cannot be read"):
        try:
            full = engine.api.inspect_container(identity)["Id"]
        except docker.errors.NotFound:
            return None
        before = dict(known)
        if before:
            before["mustRun"] = inputs.get("mustRun", True)
        return full, properties(engine, full, before)


def update(engine: Engine, identity: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Changes what can be changed in place, starts it where it should run, and waits as far as asked.

    Raises NotUpError where it does not get up, and DockerError where nothing could be changed.
    """
    import docker.errors  # noqa: PLC0415

    name = inputs["name"]
    with engine.doing(f"container {name} cannot be updated"):
        try:
            inspected = engine.api.inspect_container(identity)
        except docker.errors.NotFound as error:
            raise DockerError(f"container {name} was removed by hand: run `pulumi refresh`, {AGAIN}") from error
        now = seen(inspected)
        if any(not same(CONTAINER.properties[one], now.get(one), _asked(one, inputs, now)) for one in IN_PLACE):
            swap = inspected["HostConfig"].get("MemorySwap") or 0
            engine.api.update_container(identity, **update_arguments(inputs, swap))
    try:
        if inputs.get("start", True) and inputs.get("mustRun", True):
            if not inspected["State"]["Running"]:
                _start(engine, identity, name)
            get_up(engine, identity, inputs)
    except DockerError as failure:
        raise NotUpError(str(failure), identity, properties(engine, identity, inputs)) from failure
    return properties(engine, identity, inputs)


def delete(engine: Engine, identity: str, known: Mapping[str, Any]) -> None:
    """Stops it within destroyGraceSeconds, else stopTimeout, else at once, and removes it; it may be gone already."""
    import docker.errors  # noqa: PLC0415

    grace = known.get("destroyGraceSeconds") or known.get("stopTimeout") or 0
    with engine.doing(f"container {known.get('name', identity)} cannot be removed"):
        try:
            if grace:
                engine.api.stop(identity, timeout=grace)
        except docker.errors.NotFound:
            return
        _remove(engine, identity, volumes=known.get("removeVolumes", True))


def properties(engine: Engine, identity: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """All properties as they are now, in the words of `known` where both mean the same."""
    with engine.doing(f"container {known.get('name', identity)} cannot be read"):
        inspected = engine.api.inspect_container(identity)
        read_back = seen(inspected)
        wanted = known.get("image")
        if wanted and _image_id(engine, wanted) == inspected["Image"]:
            read_back["image"] = wanted
        if asked := known.get("networksAdvanced"):
            read_back["networksAdvanced"] = networks_left(asked, inspected)
        return merged(known, read_back)


def exited(engine: Engine, identity: str) -> bool:
    """Whether it ran and has come to its end; with rm, it is gone then."""
    import docker.errors  # noqa: PLC0415

    with engine.doing(f"container {identity} cannot be read"):
        try:
            return engine.api.inspect_container(identity)["State"]["Status"] in ENDED
        except docker.errors.NotFound:
            return True


def _asked(name: str, inputs: Mapping[str, Any], now: Mapping[str, Any]) -> Any:
    return inputs.get(name, now.get(name)) if CONTAINER.properties[name].computed else inputs.get(name)


def _made(engine: Engine, name: str, inputs: Mapping[str, Any]) -> str:
    import docker.errors  # noqa: PLC0415

    with engine.doing(f"container {name} cannot be created"):
        try:
            return str(engine.api.create_container_from_config(create_body(inputs), name)["Id"])
        except docker.errors.APIError as error:
            if error.status_code == CONFLICT and "already in use" in explained(error):
                raise DockerError(
                    f"container {name} exists already and is not this stack's: `docker rm -f {name}` removes it, "
                    f"or choose another name, {AGAIN}"
                ) from error
            raise


def _prepare(engine: Engine, identity: str, inputs: Mapping[str, Any]) -> None:
    """Networks and files, before the program in it runs."""
    name = inputs["name"]
    if networks := inputs.get("networksAdvanced"):
        if inputs.get("networkMode", "bridge") == "bridge":
            with engine.doing(f"container {name} cannot leave the default network"):
                engine.api.disconnect_container_from_network(identity, "bridge")
        for one in networks:
            with engine.doing(f"container {name} cannot be connected to network {one['name']}"):
                _connect(engine, identity, name, one)
    if uploads := inputs.get("uploads"):
        with engine.doing(f"the files of container {name} cannot be uploaded"):
            engine.api.put_archive(identity, "/", archive(uploads, time.time()))
    if inputs.get("wait") and inputs.get("start", True):
        with engine.doing(f"container {name} cannot be read"):
            check = engine.api.inspect_container(identity)["Config"].get("Healthcheck") or {}
        if (check.get("Test") or ["NONE"])[0] == "NONE":
            raise DockerError(f"container {name} has no health check to wait for: give healthcheck, or leave wait out")


def _connect(engine: Engine, identity: str, name: str, network: Mapping[str, Any]) -> None:
    """Connects it now: the engine would look for the network only when the container starts."""
    import docker.errors  # noqa: PLC0415

    try:
        engine.api.inspect_network(network["name"])
    except docker.errors.NotFound as error:
        raise DockerError(
            f"container {name} cannot be connected to network {network['name']}, which is not on the Docker engine: "
            f"run `pulumi refresh`, {AGAIN}"
        ) from error
    engine.api.connect_container_to_network(identity, **endpoint_arguments(network))


def _start(engine: Engine, identity: str, name: str) -> None:
    import docker.errors  # noqa: PLC0415

    with engine.doing(f"container {name} cannot start"):
        try:
            engine.api.start(identity)
        except docker.errors.APIError as error:
            if taken := port_in_use(explained(error), name):
                raise DockerError(taken) from error
            raise DockerError(f"container {name} cannot start: {told(explained(error))}, {AGAIN}") from error


def _image_id(engine: Engine, image: str) -> str | None:
    import docker.errors  # noqa: PLC0415

    try:
        return str(engine.api.inspect_image(image)["Id"])
    except docker.errors.NotFound:
        return None


def _remove(engine: Engine, identity: str, *, volumes: bool) -> None:
    import docker.errors  # noqa: PLC0415

    def gone() -> bool:
        try:
            engine.api.inspect_container(identity)
        except docker.errors.NotFound:
            return True
        return False

    with engine.doing(f"container {identity[:12]} cannot be removed"):
        try:
            engine.api.remove_container(identity, v=volumes, force=True)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            if "already in progress" not in explained(error) or not engine.until(gone, GONE_WITHIN):
                raise
