"""docker:index/remoteImage:RemoteImage on the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolchain.docker_plugin.engine import Engine
from toolchain.docker_plugin.failure import AGAIN, DockerError, explained, one_line


def seen(name: str, inspected: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of what GET /images/{name}/json says. A digest is told if its repository is `name`'s."""
    repository = name.partition("@")[0].rpartition("/")
    bare = f"{repository[0]}{repository[1]}{repository[2].partition(':')[0]}"
    digests = [one for one in inspected.get("RepoDigests") or [] if one.partition("@")[0] == bare]
    return {"name": name, "imageId": inspected["Id"], "repoDigest": digests[0] if digests else ""}


def found(engine: Engine, name: str, platform: str | None = None) -> dict[str, Any]:
    """What the engine says of the image `name`: the local one, else the one pulled. Raises DockerError."""
    import docker.errors  # noqa: PLC0415

    with engine.doing(f"image {name} cannot be read"):
        try:
            return dict(engine.api.inspect_image(name))
        except docker.errors.NotFound:
            pass
    # an ID says nothing of where the image could come from
    reason = "it is named by its ID" if name.startswith("sha256:") else _pulled(engine, name, platform)
    with engine.doing(f"image {name} cannot be read"):
        try:
            return dict(engine.api.inspect_image(name))
        except docker.errors.NotFound as error:
            raise DockerError(
                f"image {name} is neither on the Docker engine nor can it be pulled ({reason or 'no reason given'}): "
                f"build it, load it or correct its name, {AGAIN}"
            ) from error


def create(engine: Engine, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Finds or pulls the image. The ID is the image's ID and its name, as with the official plugin."""
    name = inputs["name"]
    read_back = seen(name, found(engine, name, inputs.get("platform")))
    return read_back["imageId"] + name, {**inputs, **read_back}


def read(
    engine: Engine, identity: str, known: Mapping[str, Any], _: Mapping[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """Which image bears the name now; None where none does."""
    import docker.errors  # noqa: PLC0415

    name = known.get("name") or identity.removeprefix("sha256:")[64:]
    if not name:
        raise DockerError(f"image {identity} cannot be imported: its ID is the image's ID followed by its name")
    with engine.doing(f"image {name} cannot be read"):
        try:
            read_back = seen(name, engine.api.inspect_image(name))
        except docker.errors.NotFound:
            return None
    return read_back["imageId"] + name, {**known, **read_back}


def update(engine: Engine, _: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing on the engine: only whether it is kept changes."""
    return create(engine, inputs)[1]


def delete(engine: Engine, _: str, known: Mapping[str, Any]) -> None:
    """Takes the name off the engine, and the image with its last name, unless it is to be kept."""
    import docker.errors  # noqa: PLC0415

    name = known["name"]
    if known.get("keepLocally"):
        return
    with engine.doing(f"image {name} cannot be removed"):
        try:
            engine.api.remove_image(name, force=bool(known.get("forceRemove")))
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            if error.status_code == 409:  # noqa: PLR2004 - conflict: a container is made of it
                raise DockerError(
                    f"image {name} cannot be removed, because a container is made of it ({explained(error)}): "
                    f"set keepLocally, or remove that container, {AGAIN}"
                ) from error
            raise


def _pulled(engine: Engine, name: str, platform: str | None) -> str:
    """Pulls, and gives the registry's complaint, "" without one."""
    import docker.errors  # noqa: PLC0415
    from docker.utils import parse_repository_tag  # noqa: PLC0415

    repository, tag = parse_repository_tag(name)
    with engine.doing(f"image {name} cannot be pulled"):
        try:
            for said in engine.api.pull(repository, tag=tag or "latest", stream=True, decode=True, platform=platform):
                if engine.cancelled.is_set():
                    return "cancelled"
                if "error" in said:
                    return one_line(str(said["error"]))
        except docker.errors.APIError as error:
            return explained(error)
    return ""
