"""The proxy's and the monitor's image on the Docker engine: pulled, else built FROM scratch around what was built here.

An image that was built has what the official one has and golive uses: the program as entry point, certificates, and for
the proxy `mv` and `cat`, by which its route file is put in place and its connections are told.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound

from toolchain.build import built
from toolchain.docker_engine import DEFAULT
from toolchain.parts import COREUTILS, GATUS, TRAEFIK, Part
from toolchain.progress import StepError, step

LABEL = "golive.built"  # by it `make down` knows the images that were made here
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Image:
    """`name`: as the official one is called. `files`: parts by the path they get in the image."""

    name: str
    files: Mapping[str, Part]
    dockerfile: str

    @property
    def digest(self) -> str:
        """Of all that it is built from."""
        parts = sorted(f"{path} {part.place.parent.name}" for path, part in self.files.items())
        return hashlib.sha256("\n".join([self.dockerfile, *parts]).encode()).hexdigest()[:12]


TRAEFIK_IMAGE = Image(
    f"traefik:{TRAEFIK.version}",
    {"usr/local/bin/traefik": TRAEFIK, "bin/mv": COREUTILS, "bin/cat": COREUTILS},
    # The exec that puts the route in place looks for `mv` and `cat` on PATH; /tmp is where Traefik expects one.
    'FROM scratch\nCOPY root /\nENV PATH=/usr/local/bin:/bin\nEXPOSE 80\nENTRYPOINT ["/usr/local/bin/traefik"]\n',
)
GATUS_IMAGE = Image(
    f"twinproduction/gatus:{GATUS.version}",
    {"gatus": GATUS},
    'FROM scratch\nCOPY root /\nENV GATUS_CONFIG_PATH="" GATUS_LOG_LEVEL=INFO PORT=8080\nEXPOSE 8080\n'
    'ENTRYPOINT ["/gatus"]\n',
)


def ensure() -> None:
    """Has both images on the engine. Raises StepError."""
    try:
        client = docker.DockerClient(base_url=os.environ.get("DOCKER_HOST", DEFAULT), timeout=600)
        reachable: bool | None = None
        for image in (TRAEFIK_IMAGE, GATUS_IMAGE):
            if _there(client, image):
                continue
            if reachable is not False:
                reachable = _pulled(client, image.name)
            if not reachable:
                _build(client, image)
    except DockerException as error:
        raise StepError(f"The Docker engine failed ({error}). Run `make up` again.") from error


def remove() -> list[str]:
    """Removes the images that were built here, and says which; pulled ones are left.

    Raises StepError, when all others are removed, for those that a container still uses.
    """
    client = docker.DockerClient(base_url=os.environ.get("DOCKER_HOST", DEFAULT), timeout=60)
    removed, left = [], []
    for image in client.images.list(filters={"label": LABEL}):
        for name in image.tags or [image.id]:  # one that a newer one replaced has no name left
            try:
                client.images.remove(name)
                removed.append(name)
            except APIError as error:
                left.append(f"{name} ({error.explanation})")
    if left:
        raise StepError(f"{'; '.join(left)}. Remove what uses it, then run this again.")
    return removed


def _there(client: docker.DockerClient, image: Image) -> bool:
    """Whether it is on the engine, pulled or built from just these parts."""
    try:
        built_from = client.images.get(image.name).labels.get(LABEL)
    except ImageNotFound:
        return False
    return built_from in {None, image.digest}


def _pulled(client: docker.DockerClient, name: str) -> bool:
    """Whether it could be pulled; a registry that is out of reach is no error, the image is built then."""
    try:
        with step(f"Pulling {name}"):
            client.images.pull(name)
    except APIError:
        return False
    return True


def _build(client: docker.DockerClient, image: Image) -> None:
    binaries = {path: built(part) for path, part in image.files.items()}
    with step(f"Making the image {image.name} around it"):
        try:
            client.images.build(
                fileobj=_context(image.dockerfile, binaries), custom_context=True, tag=image.name, rm=True,
                labels={LABEL: image.digest},
            )  # fmt: skip
        except BuildError as error:
            raise StepError(f"The image {image.name} could not be made ({error}).") from error


def _context(dockerfile: str, binaries: Mapping[str, Path]) -> io.BytesIO:
    """The build context: the Dockerfile and what goes under / in the image."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        _add(tar, "Dockerfile", dockerfile.encode(), 0o644)
        folder = tarfile.TarInfo("root/tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
        for path, binary in binaries.items():
            _add(tar, f"root/{path}", binary.read_bytes(), 0o755)
        if CERTIFICATES.exists():
            _add(tar, "root/etc/ssl/certs/ca-certificates.crt", CERTIFICATES.read_bytes(), 0o644)
    context.seek(0)
    return context


def _add(tar: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
