"""The images that golive declares, on the Docker engine: pulled, else built FROM scratch around what was built here.

An image that was built has what the official one has and golive uses: the program as entry point, certificates, and for
the proxy `mv` and `cat`, by which its route file is put in place and its connections are told. Busybox, which is on no
Go module proxy, is the distribution's.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound

from toolchain.build import built
from toolchain.docker_engine import DEFAULT
from toolchain.parts import COREUTILS, GATUS, TRAEFIK, Part
from toolchain.progress import StepError, say, step

LABEL = "golive.built"  # by it `make down` knows the images that were made here
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Image:
    """`name`: as the official one is called. `files`: parts, or Debian packages, by the path they get in the image; a
    package has its program at the same path. `only_for`: what cannot be had where the image cannot; all else goes on.
    """

    name: str
    files: Mapping[str, Part | str]
    dockerfile: str
    only_for: str = ""

    @property
    def digest(self) -> str:
        """Of all that it is built from; a package counts by its name."""
        parts = sorted(
            f"{path} {part if isinstance(part, str) else part.place.parent.name}" for path, part in self.files.items()
        )
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
BUSYBOX_IMAGE = Image(
    "busybox:1.37",
    {"bin/busybox": "busybox-static"},
    'FROM scratch\nCOPY root /\nENV PATH=/bin\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\nCMD ["sh"]\n',
    only_for="golive:maintenance.page or golive:engine: swarm",
)


def ensure() -> None:
    """Has the images on the engine. Raises StepError; only tells it where but one feature needs the image."""
    try:
        client = docker.DockerClient(base_url=os.environ.get("DOCKER_HOST", DEFAULT), timeout=600)
        reachable: bool | None = None
        for image in (TRAEFIK_IMAGE, GATUS_IMAGE, BUSYBOX_IMAGE):
            if _there(client, image):
                continue
            if reachable is not False:
                reachable = _pulled(client, image.name)
            if not reachable:
                try:
                    _build(client, image)
                except StepError as error:
                    if not image.only_for:
                        raise
                    say(f"{image.name}, which {image.only_for} alone needs, is not there: {error}")
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
    binaries = {
        path: _packaged(part, path) if isinstance(part, str) else built(part).read_bytes()
        for path, part in image.files.items()
    }
    with step(f"Making the image {image.name} around it"):
        try:
            client.images.build(
                fileobj=_context(image.dockerfile, binaries), custom_context=True, tag=image.name, rm=True,
                labels={LABEL: image.digest},
            )  # fmt: skip
        except BuildError as error:
            raise StepError(f"The image {image.name} could not be made ({error}).") from error


def _packaged(package: str, path: str) -> bytes:
    """A program of a Debian package, by the distribution's own tools, which check where it is from; no root needed."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise StepError(f"no registry can be reached, and there is no apt-get to take {package} from Debian or Ubuntu.")
    with step(f"Taking {package} from the distribution"), tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)  # apt-get downloads as a user of its own
        done = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True, check=False)
        found = next(Path(folder).glob("*.deb"), None)
        if done.returncode or not found:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise StepError(f"{package} could not be downloaded ({reason}). Run: sudo apt-get update, and try again.")
        subprocess.run(["dpkg-deb", "--extract", found, f"{folder}/root"], check=True, capture_output=True)
        return (Path(folder) / "root" / path).read_bytes()


def _context(dockerfile: str, binaries: Mapping[str, bytes]) -> io.BytesIO:
    """The build context: the Dockerfile and what goes under / in the image."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        _add(tar, "Dockerfile", dockerfile.encode(), 0o644)
        folder = tarfile.TarInfo("root/tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
        for path, binary in binaries.items():
            _add(tar, f"root/{path}", binary, 0o755)
        if CERTIFICATES.exists():
            _add(tar, "root/etc/ssl/certs/ca-certificates.crt", CERTIFICATES.read_bytes(), 0o644)
    context.seek(0)
    return context


def _add(tar: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
