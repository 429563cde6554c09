"""What the route needs of the Docker engine: its file in the proxy's container, and the slots' containers.

All of it goes through the Docker API, so that an engine on another machine is no different.
Source: https://docs.docker.com/reference/api/engine/ (archive, exec, logs)
"""

from __future__ import annotations

import io
import ipaddress
import sys
import tarfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from docker.errors import APIError, DockerException, NotFound

from components import routenames
from components.daemon import EngineError, client, unreachable
from components.routefile import FOLDER, Target
from components.slots import Slot
from components.way import Way

# A folder and an ending that the proxy does not watch: while it starts it lists what is there, and gives up watching
# for good where a file is gone before it got to it.
NEW = ".new"
LAST_LINES = 10
# https://docs.kernel.org/networking/proc_net_tcp.html
SOCKETS = ("/proc/net/tcp", "/proc/net/tcp6")
ESTABLISHED = "01"


class Proxy:
    """The proxy's container on the engine at `host`, and the route file of `service` in it, "" for the only one;
    or the `file` of that name in the folder that it watches.

    Every method raises EngineError where the engine refuses.
    """

    logs = "docker logs"  # the command that shows what a slot wrote

    def __init__(self, host: str | None, name: str, service: str = "", file: str = "") -> None:
        self.host, self.name, self.service = host, name, service
        self.docker = client(host)
        self.file = file or routenames.file_name(service)
        self.new = f"{NEW}/{self.file.removesuffix('.yml')}.tmp"

    def close(self) -> None:
        """Lets go of the engine."""
        self.docker.close()

    def present(self) -> str:
        """The route file as it is; "" where there is none, or no proxy."""
        with self._plainly():
            try:
                chunks, _ = self.docker.containers.get(self.name).get_archive(f"{FOLDER}/{self.file}")
            except NotFound:
                return ""
            with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
                file = archive.extractfile(self.file)
                text = file.read().decode("utf-8", errors="replace") if file else ""
        return routenames.plain(text, self.service)

    def place(self, text: str, mode: int = 0o644) -> None:
        """Puts `text` in the file's place at one stroke: the proxy never reads half of it, whenever this is stopped."""
        data = routenames.named(text, self.service).encode()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            folder = tarfile.TarInfo(NEW)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
            info = tarfile.TarInfo(self.new)
            info.size, info.mode, info.mtime = len(data), mode, int(time.time())
            archive.addfile(info, io.BytesIO(data))
        with self._plainly():
            container = self._container(self.name)
            container.put_archive(FOLDER, packed.getvalue())
            self._moved(container, self.new, self.file)

    def remove(self) -> None:
        """Takes the file away where the proxy runs; where it does not, there is nothing that could be done."""
        with self._plainly():
            try:
                container = self.docker.containers.get(self.name)
            except NotFound:
                return
            if container.status == "running" and self.present():
                self._moved(container, self.file, self.new)

    def _moved(self, container: Any, old: str, new: str) -> None:
        """`mv` is what every image of the proxy has; there is no other way to rename by the Docker API."""
        done = container.exec_run(["mv", "-f", f"{FOLDER}/{old}", f"{FOLDER}/{new}"])
        if done.exit_code:
            said = done.output.decode(errors="replace").strip()
            raise EngineError(f"{self.file} could not be put in place in {self.name}: {said or done.exit_code}.")

    def start(self, name: str) -> None:
        """Makes sure that the container `name` runs."""
        with self._plainly():
            container = self._container(name)
            if container.status not in {"running", "restarting"}:
                container.start()

    def connections(self, name: str, port: int) -> int:
        """How many connections the proxy holds to `port` of the container `name`: requests, streams, websockets that
        are under way, and idle ones, which it drops after a second. 0 where one of the two containers is gone.
        """
        with self._plainly():
            try:
                networks = self.docker.containers.get(name).attrs["NetworkSettings"]["Networks"].values()
                proxy = self.docker.containers.get(self.name)
            except NotFound:
                return 0
            addresses = {one["IPAddress"] for one in networks if one.get("IPAddress")}
            if not addresses or proxy.status != "running":
                return 0
            done = proxy.exec_run(["cat", *SOCKETS])
        if done.exit_code:
            said = done.output.decode(errors="replace").strip()
            raise EngineError(f"The connections of {self.name} cannot be told: {said or done.exit_code}.")
        return established(done.output.decode(), addresses, port)

    def ended(self, name: str) -> str:
        """Why the container `name` will not answer any more, "" if it may."""
        with self._plainly():
            container = self._container(name)
            if container.status in {"exited", "dead"}:
                return f"its container ended with exit code {container.attrs['State'].get('ExitCode')}"
            return ""

    def lacking(self, target: Target) -> str:  # noqa: ARG002 - see swarm_proxy.py
        """What `target` lacks to be ready that the proxy's answers do not tell: nothing, it asks each container."""
        return ""

    def behind(self, route: str, path: str, slot: Slot, way: Way) -> str:  # noqa: ARG002 - see swarm_proxy.py
        """Which other proxy does not serve the revision `route` yet, asked for `path` of `slot`: there is but one."""
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


def established(table: str, addresses: Collection[str], port: int) -> int:
    """The open connections to `port` of `addresses` (IPv4) in the text of /proc/net/tcp and tcp6."""
    remote = {f"{_hexadecimal(one)}:{port:04X}" for one in addresses}
    rows = [line.split() for line in table.splitlines()]
    # tcp6 tells an IPv4 address as the last eight digits of a longer one.
    return sum(len(row) > 3 and row[3] == ESTABLISHED and row[2][-13:] in remote for row in rows)  # noqa: PLR2004


def _hexadecimal(address: str) -> str:
    """As the kernel writes it: the bytes of an IPv4 address in the machine's own order."""
    return f"{int.from_bytes(ipaddress.IPv4Address(address).packed, sys.byteorder):08X}"
