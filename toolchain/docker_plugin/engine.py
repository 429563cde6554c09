"""The Docker engine that the resources live on: one client for all of them, made when it is first needed."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from toolchain.docker_plugin.failure import AGAIN, DockerError, no_answer, said_by_engine
from transport import ssh

USUAL = "unix:///var/run/docker.sock"
ANSWER_WITHIN = 120  # seconds: for one request, not for the whole of what it starts
REACH_WITHIN = 5  # seconds: for a first connection
AT_ONCE = 32  # connections that are kept
STEP = 0.1  # seconds between two looks at something that is awaited


class Engine:
    """`host`: its address. `cancelled`: set when the user wants to leave."""

    def __init__(self) -> None:
        self.host = USUAL
        self.cancelled = threading.Event()
        self._client: Any = None
        self._lock = threading.Lock()

    def settle(self, host: str | None) -> None:
        """Takes `host`, else DOCKER_HOST, else the usual socket, and sees that something listens there.

        Raises DockerError where nothing does: before any resource is touched.
        """
        self.host = host or os.environ.get("DOCKER_HOST") or USUAL
        if ssh.is_ssh(self.host):
            try:
                ssh.check(self.host)
            except ssh.UnreachableError as error:
                raise DockerError(no_answer(self.host, str(error))) from error
            return
        address = urlsplit(self.host)
        try:
            if address.scheme == "unix":
                with socket.socket(socket.AF_UNIX) as tried:
                    tried.settimeout(REACH_WITHIN)
                    tried.connect(address.path)
            elif address.scheme in ("tcp", "http", "https"):
                socket.create_connection((address.hostname or "", address.port or 2375), REACH_WITHIN).close()
        except OSError as error:
            raise DockerError(no_answer(self.host, error.strerror or str(error))) from error

    @property
    def api(self) -> Any:
        """The low-level client of the docker package. Raises DockerError where the engine does not answer."""
        with self._lock:
            if self._client is None:
                self._client = self._connected()
            return self._client

    def doing(self, what: str) -> Any:
        """A context that turns what the engine complains of while doing `what` into a DockerError."""
        return said_by_engine(what, self.host)

    def until(self, reached: Callable[[], bool], seconds: float) -> bool:
        """Asks `reached` until it holds; False where it did not within `seconds`. Raises DockerError when cancelled."""
        end = time.monotonic() + seconds
        pause = STEP
        while not reached():
            if time.monotonic() >= end:
                return False
            if self.cancelled.wait(min(pause, max(0.0, end - time.monotonic()))):
                raise DockerError(f"cancelled while waiting: run `pulumi refresh`, {AGAIN}")
            pause = min(1.0, pause * 1.2)
        return True

    def _connected(self) -> Any:
        with self.doing("connecting to the Docker engine"):
            if ssh.is_ssh(self.host):
                from transport import client  # noqa: PLC0415 - it loads the docker package

                return client.api(self.host, ANSWER_WITHIN, AT_ONCE)
            import docker  # noqa: PLC0415 - slow to import: see __main__.py
            from docker.utils import kwargs_from_env  # noqa: PLC0415

            settings = kwargs_from_env(environment={**os.environ, "DOCKER_HOST": self.host})
            return docker.APIClient(**settings, version="auto", timeout=ANSWER_WITHIN, max_pool_size=AT_ONCE)
