"""What the route needs of the Docker engine: its file in the proxy's container, and the slots' containers.

All of it goes through the Docker API, so that an engine on another machine is no different.
Source: https://docs.docker.com/reference/api/engine/ (archive, exec, logs)
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from docker.errors import APIError, DockerException, NotFound

from components.engine import EngineError, client, unreachable

FOLDER = "/etc/golive/routes"
FILE = "route.yml"
# A folder and an ending that the proxy does not watch: while it starts it lists what is there, and gives up watching
# for good where a file is gone before it got to it.
NEW = ".new/route.tmp"
LAST_LINES = 10


class Proxy:
    """The proxy's container on the engine at `host`. Every method raises EngineError where the engine refuses."""

    def __init__(self, host: str | None, name: str) -> None:
        self.host, self.name = host, name
        self.docker = client(host)

    def close(self) -> None:
        """Lets go of the engine."""
        self.docker.close()

    def present(self) -> str:
        """The route file as it is; "" where there is none, or no proxy."""
        with self._plainly():
            try:
                chunks, _ = self.docker.containers.get(self.name).get_archive(f"{FOLDER}/{FILE}")
            except NotFound:
                return ""
            with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
                file = archive.extractfile(FILE)
                return file.read().decode("utf-8", errors="replace") if file else ""

    def place(self, text: str) -> None:
        """Puts `text` in the file's place at one stroke: the proxy never reads half of it, whenever this is stopped."""
        data = text.encode()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            folder = tarfile.TarInfo(NEW.partition("/")[0])
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
            info = tarfile.TarInfo(NEW)
            info.size, info.mode, info.mtime = len(data), 0o644, int(time.time())
            archive.addfile(info, io.BytesIO(data))
        with self._plainly():
            container = self._container(self.name)
            container.put_archive(FOLDER, packed.getvalue())
            done = container.exec_run(["mv", "-f", f"{FOLDER}/{NEW}", f"{FOLDER}/{FILE}"])
        if done.exit_code:
            said = done.output.decode(errors="replace").strip()
            raise EngineError(f"The route file could not be put in place in {self.name}: {said or done.exit_code}.")

    def start(self, name: str) -> None:
        """Makes sure that the container `name` runs."""
        with self._plainly():
            container = self._container(name)
            if container.status not in {"running", "restarting"}:
                container.start()

    def ended(self, name: str) -> str:
        """Why the container `name` will not answer any more, "" if it may."""
        with self._plainly():
            container = self._container(name)
            if container.status in {"exited", "dead"}:
                return f"its container ended with exit code {container.attrs['State'].get('ExitCode')}"
            return ""

    def last_words(self, name: str) -> list[str]:
        """The last lines that the app in container `name` wrote; none where they cannot be had."""
        try:
            text = self.docker.containers.get(name).logs(tail=LAST_LINES)
        except (DockerException, OSError):
            return []
        return str(text.decode("utf-8", errors="replace")).splitlines()[-LAST_LINES:]

    def _container(self, name: str) -> Any:
        try:
            return self.docker.containers.get(name)
        except NotFound:
            raise EngineError(
                f"The container {name} is gone. Run pulumi refresh, then pulumi up, which makes it again."
            ) from None

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """The engine's refusals in one line."""
        try:
            yield
        except APIError as error:
            raise EngineError(f"The Docker engine refused: {error.explanation or error}") from None
        except (DockerException, OSError) as error:
            raise unreachable(self.host, error) from None


Opened = Callable[[str | None, str], Proxy]
