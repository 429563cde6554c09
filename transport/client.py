"""Clients of the docker package whose every connection is an ssh process of its own, by transport/ssh.py.

The package's own way through ssh needs another SSH library to be there, starts a process for every request, and
tells nobody what ssh said.
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import tempfile
from typing import IO, Any

import docker
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import DockerException
from docker.transport.unixconn import UnixHTTPAdapter, UnixHTTPConnection, UnixHTTPConnectionPool

from transport import ssh

ADAPTED = "http+docker://"  # where the package mounts the way to a socket
NOWHERE = "unix:///ssh"  # never opened: the adapter below is in its place
ENDS_WITHIN = 2  # seconds for ssh to end once it has closed its output


class UnreachableError(ssh.UnreachableError, DockerException):  # type: ignore[misc] # the package has no types
    """The same, for those who expect the docker package's own errors."""


class _Connection(UnixHTTPConnection):  # type: ignore[misc]
    """One HTTP connection; its socket is the standard input and output of an ssh process, which ends with it."""

    def __init__(self, address: str, timeout: float) -> None:
        super().__init__(NOWHERE, "", timeout)
        self.address = address
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def connect(self) -> None:
        near, far = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - read if ssh fails, and gone with this connection
        with far:
            try:
                # In a session of its own: a Ctrl-C is for the update, which still has to put its route back.
                self._process = subprocess.Popen(
                    ssh.command(self.address),
                    stdin=far.fileno(),
                    stdout=far.fileno(),
                    stderr=self._said,
                    start_new_session=True,
                )
            except OSError as error:
                near.close()
                raise UnreachableError(ssh.no_program(error)) from None
        near.settimeout(self.timeout)
        self.sock = near

    def getresponse(self) -> Any:
        try:
            return super().getresponse()
        except (ConnectionError, http.client.BadStatusLine):
            if why := self._why():
                raise UnreachableError(why) from None
            raise

    def _why(self) -> str:
        """What ssh said where it has failed; "" where it has not."""
        if self._process is None or self._said is None:
            return ""
        try:
            if self._process.wait(ENDS_WITHIN) == 0:
                return ""
        except subprocess.TimeoutExpired:
            return ""
        self._said.seek(0)
        return ssh.explained(self.address, self._said.read().decode(errors="replace"))


class _Pool(UnixHTTPConnectionPool):  # type: ignore[misc]
    def __init__(self, address: str, timeout: float, maxsize: int) -> None:
        super().__init__(NOWHERE, "", timeout, maxsize)
        self.address = address

    def _new_conn(self) -> _Connection:
        return _Connection(self.address, self.timeout)


class _Adapter(UnixHTTPAdapter):  # type: ignore[misc]
    def __init__(self, address: str, timeout: float, maxsize: int) -> None:
        super().__init__(NOWHERE, timeout, max_pool_size=maxsize)
        self._pool = _Pool(address, timeout, maxsize)

    def get_connection(self, url: str, proxies: Any = None) -> _Pool:  # noqa: ARG002 - the package's own signature
        return self._pool

    def close(self) -> None:
        super().close()
        self._pool.close()


class _Api(docker.APIClient):  # type: ignore[misc]
    def __init__(self, address: str, timeout: float, maxsize: int) -> None:
        self._adapter = _Adapter(address, timeout, maxsize)
        super().__init__(NOWHERE, version="auto", timeout=timeout, max_pool_size=maxsize)

    def mount(self, prefix: str, adapter: Any) -> None:
        """As the package does it, before it asks the engine for its version; with the way through ssh."""
        super().mount(prefix, self._adapter if prefix == ADAPTED else adapter)


def api(address: str, timeout: float, maxsize: int = 10) -> Any:
    """A docker.APIClient of the engine at `address`; `timeout` in seconds for one answer, `maxsize` connections kept.

    Raises UnreachableError, here or with any request later on.
    """
    try:
        return _Api(address, timeout, maxsize)
    except DockerException as error:
        # The package wraps what its first question meets with.
        raise error.__cause__ if isinstance(error.__cause__, UnreachableError) else error from None


def client(address: str, timeout: float) -> Any:
    """A docker.DockerClient of the engine at `address`. Raises UnreachableError, as `api` does."""
    made = docker.DockerClient(NOWHERE, version=DEFAULT_DOCKER_API_VERSION)
    made.api = api(address, timeout)
    return made
