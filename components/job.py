"""A container that runs one command of a version to its end, such as a migration before its release.

Source: https://docs.docker.com/reference/api/engine/ (containers: create, start, logs, wait)
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from components.daemon import EngineError, client, unreachable
from components.progress import NEWS, Tell

LAST_LINES = 10
LOOK_EVERY = 0.25  # seconds
HIDDEN = "[secret]"
SHORTEST = 4  # characters of a value that is worth hiding: a shorter one is in every other word


@dataclass(frozen=True)
class Job:
    """`command` in `image`, with the environment `envs` (NAME=value), in the network of the app.

    `secrets`: values that are never shown. `timeout`: in seconds. `labels`: whose it is. `memory`: in MiB. `key`: where
    the stack file asks for it.
    """

    name: str
    image: str
    command: Sequence[str]
    network: str
    timeout: int
    envs: Sequence[str] = ()
    secrets: Sequence[str] = field(default=(), repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    memory: int | None = None
    host: str | None = None
    key: str = "golive:release.pre"

    def props(self) -> dict[str, Any]:
        """As a resource's inputs."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @classmethod
    def of(cls, props: Mapping[str, Any]) -> Job:
        """From a resource's inputs, whose numbers the engine hands over as floats."""
        numbers = {key: int(props[key]) for key in ("timeout", "memory") if props.get(key) is not None}
        return cls(**{**props, **numbers})

    def run(self, tell: Tell, show: Tell) -> None:
        """Runs it and removes it again, whatever comes. `tell` hears how far it is, `show` each line it wrote.

        Raises EngineError where it does not end with 0 within its time.
        """
        docker = client(self.host)
        try:
            with self._plainly():
                self._remove(docker)  # one that an update which was stopped dead has left
                container = self._started(docker)
                try:
                    last = self._followed(container, tell, show)
                finally:
                    self._remove(docker)
            if last:
                raise EngineError(last)
        finally:
            docker.close()

    def _started(self, docker: Any) -> Any:
        return docker.containers.run(
            self.image,
            list(self.command),
            name=self.name,
            environment=list(self.envs),
            network=self.network,
            labels=dict(self.labels),
            security_opt=["no-new-privileges:true"],
            detach=True,
            **({"mem_limit": f"{self.memory}m", "memswap_limit": f"{self.memory}m"} if self.memory else {}),
        )

    def _followed(self, container: Any, tell: Tell, show: Tell) -> str:
        """Waits for its end, showing what it writes; "" where that was a good one, else what to say."""
        words = " ".join(self.command)
        lines: deque[str] = deque(maxlen=LAST_LINES)
        begun = told = time.monotonic()
        last = ""
        while True:
            container.reload()
            running = container.status in {"created", "running"}
            for stamp, line in _since(container, last):
                last = stamp
                lines.append(self._hidden(line))
                show(f"{words}: {lines[-1]}")
            now = time.monotonic()
            if not running:
                code = container.attrs["State"]["ExitCode"]
                return self._failure(f"ended with exit code {code}", lines) if code else ""
            if now - begun >= self.timeout:
                return self._failure(f"did not end within {self.timeout} s", lines)
            if now - told >= NEWS:
                tell(f"waiting for {words}, {now - begun:.0f} s of {self.timeout} s")
                told = now
            time.sleep(LOOK_EVERY)

    def _failure(self, how: str, lines: Sequence[str]) -> str:
        said = ["Its last lines:", *(f"  {line}" for line in lines)] if lines else ["It wrote nothing."]
        return "\n".join(
            [f"{self.key} ({' '.join(self.command)}) {how}. The version was not started, and what was live is.",
             *said]
        )  # fmt: skip

    def _hidden(self, text: str) -> str:
        pieces = {line for value in self.secrets for line in value.splitlines() if len(line) >= SHORTEST}
        for piece in sorted(pieces, key=len, reverse=True):
            text = text.replace(piece, HIDDEN)
        return text

    def _remove(self, docker: Any) -> None:
        from docker.errors import NotFound  # noqa: PLC0415 - see components/daemon.py

        try:
            docker.containers.get(self.name).remove(force=True, v=True)
        except NotFound:
            return

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """The engine's refusals in one line."""
        from docker.errors import APIError, DockerException, ImageNotFound  # noqa: PLC0415 - see components/daemon.py

        try:
            yield
        except ImageNotFound:
            raise EngineError(f"The image {self.image} is not on the Docker engine. Run pulumi up again.") from None
        except APIError as error:
            raise EngineError(f"{self.key} cannot run: {error.explanation or error}") from None
        except (DockerException, OSError) as error:
            raise unreachable(self.host, error) from None


def _since(container: Any, last: str) -> list[tuple[str, str]]:
    """The whole lines that were written after the time `last` ("": all), each with its time."""
    # To the microsecond, and what was seen is left out again below.
    since = datetime.fromisoformat(f"{last[:26]}+00:00").timestamp() if last else None
    written: str = container.logs(timestamps=True, since=since).decode("utf-8", errors="replace")
    found = (line.partition(" ") for line in written.split("\n") if line)
    return [(stamp, line) for stamp, _, line in found if stamp > last]
