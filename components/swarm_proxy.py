"""What the route needs of a swarm: its file, which one container keeps for the proxies of all nodes, and the slots'
services.

All of it goes through the manager's Docker API, other nodes included: the container that keeps the route asks them.
Source: https://docs.docker.com/reference/api/engine/ (services, tasks, exec)
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from docker.errors import DockerException, NotFound

from components.daemon import EngineError
from components.proxy import LAST_LINES, Proxy
from components.routefile import Target, keeper
from components.routereading import ROUTE_HEADER
from components.slots import SWARM, Slot
from components.swarm_routes import NOTHING
from components.way import SLOT_HEADER, Way

STARTED_WITHIN = 300  # seconds that the nodes have to pull an image; only then does a version's own time begin
LOOK_EVERY = 0.25  # seconds
ANSWER_WITHIN = 3  # seconds: for one proxy's answer
STARTING = {"new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting"}
RUNNING = "running"
REFUSED = 2  # times
NOWHERE = "no suitable node"  # how a swarm begins to say that no node fulfils a service's constraints


class SwarmProxy(Proxy):
    """The proxies of the service `name`, and the container `name`-routes that they get their route from."""

    logs = "docker service logs"

    def __init__(self, host: str | None, name: str) -> None:
        super().__init__(host, keeper(name))
        self.proxies = name

    def remove(self) -> None:
        """Takes what is in the file away, not the file: a proxy that finds none goes on by the last one."""
        with self._plainly():
            if self.docker.containers.list(filters={"name": f"^/?{self.name}$"}):
                self.place(NOTHING)

    def start(self, name: str) -> None:
        """Makes sure that the service `name` is there, and waits until the nodes have what it and the proxies need."""
        for service in (self.proxies, name):
            end = time.monotonic() + STARTED_WITHIN
            while self._starting(service) and time.monotonic() < end:
                time.sleep(LOOK_EVERY)

    def connections(self, name: str, port: int) -> int:  # noqa: ARG002
        """Always 0: those of other nodes' proxies cannot be counted here. A replica's `stopTimeout` is their time."""
        return 0

    def ended(self, name: str) -> str:
        """Why no replica of the service `name` will answer any more, "" if one may."""
        return hopeless(self._tasks(name))

    def lacking(self, target: Target) -> str:
        """What the service of `target` still lacks to be ready: replicas, or good answers of one; "" if nothing."""
        wanted = self._wanted(target.name)
        running = self._running(target.name)
        if len(running) < wanted:
            ended = [_said(one) for one in self._tasks(target.name) if _said(one)]
            return f"{len(running)} of {wanted} replicas run{f'; {ended[-1]}' if ended else ''}"
        for task in running:
            code, said = self._fetch(f"http://{address(task)}:{target.port}{target.health}", {}, target.timeout)
            if code:
                return f"replica {task.get('Slot')} of {wanted}: {said.splitlines()[-1] if said else 'no answer'}"
        return ""

    def behind(self, route: str, path: str, slot: Slot, way: Way) -> str:
        """Which node's proxy does not serve the revision `route` yet; "" if all do."""
        headers = {SLOT_HEADER: slot, **way.headers}
        for task in self._running(self.proxies):
            _, said = self._fetch(f"http://{address(task)}{path}", headers, ANSWER_WITHIN)
            if f"{ROUTE_HEADER}: {route}" not in said:
                return f"node {self._node(task)}"
        return ""

    def last_words(self, name: str) -> list[str]:
        """The last lines that the tasks of the service `name` wrote, on whatever node; none where they are not had."""
        try:
            said = self.docker.api.service_logs(name, stdout=True, stderr=True, tail=LAST_LINES)
            text = said if isinstance(said, bytes) else b"".join(said)
        except (DockerException, OSError):
            return []
        return str(text.decode("utf-8", errors="replace")).splitlines()[-LAST_LINES:]

    def _starting(self, service: str) -> bool:
        """Whether its tasks are on their way to run, and none has failed on it."""
        tasks = self._tasks(service)
        if hopeless(tasks) or any(one["Status"]["State"] == "failed" for one in tasks):
            return False
        return not tasks or any(one["Status"]["State"] in STARTING and _meant(one) for one in tasks)

    def _wanted(self, service: str) -> int:
        with self._plainly():
            mode = self._service(service)["Spec"]["Mode"]
        return int((mode.get("Replicated") or {}).get("Replicas", 1))

    def _running(self, service: str) -> list[dict[str, Any]]:
        return [
            one
            for one in self._tasks(service)
            if one["Status"]["State"] == RUNNING and one["DesiredState"] == RUNNING and one.get("NetworksAttachments")
        ]

    def _tasks(self, service: str) -> list[dict[str, Any]]:
        """All that the swarm still knows of, the oldest first. Raises EngineError where the service is gone."""
        with self._plainly():
            found: list[dict[str, Any]] = self.docker.api.tasks(filters={"service": self._service(service)["ID"]})
        return sorted(found, key=lambda one: str(one["CreatedAt"]))

    def _service(self, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.docker.api.inspect_service(name)
        except NotFound:
            raise EngineError(
                f"The service {name} is gone. Run pulumi refresh, then pulumi up, which makes it again."
            ) from None
        return found

    def _node(self, task: Mapping[str, Any]) -> str:
        with self._plainly():
            return str(self.docker.api.inspect_node(task["NodeID"])["Description"]["Hostname"])

    def _fetch(self, url: str, headers: Mapping[str, str], timeout: int) -> tuple[int, str]:
        """wget's exit code in the container that keeps the route, and what it said: the answer's headers among it."""
        told = [word for key, value in headers.items() for word in ("--header", f"{key}: {value}")]
        with self._plainly():
            done = self._container(self.name).exec_run(
                # Not wget's own -T, by which Debian's busybox ends with a fault.
                ["timeout", str(timeout), "wget", "-S", "-O", "/dev/null", *told, url]
            )
        return int(done.exit_code), done.output.decode(errors="replace").strip()


def proxy_on(engine: str, host: str | None, name: str, service: str = "") -> Proxy:
    """The proxy `name` as the stack's `engine` runs it, and the route of `service`; on a swarm there is but one."""
    return SwarmProxy(host, name) if engine == SWARM else Proxy(host, name, service)


def hopeless(tasks: Sequence[Mapping[str, Any]]) -> str:
    """Why none of `tasks`, those of one service with the oldest first, will run; "" if one may.

    A node that refuses once may be without its registry for a moment, so that counts from the second time on.
    """
    meant = [one for one in tasks if _meant(one)]
    if tasks and not meant:
        return f"its tasks ended: {_said(tasks[-1]) or tasks[-1]['Status']['State']}"
    for one in meant:
        if one["Status"]["State"] == "pending" and _said(one).startswith(NOWHERE):
            return f"no node takes it: {_said(one)}. See golive:service.placement"
    refused = [one for one in tasks if one["Status"]["State"] == "rejected"]
    if len(refused) >= REFUSED and not any(one["Status"]["State"] == RUNNING for one in meant):
        return f"its nodes refuse it: {_said(refused[-1])}. Every node must be able to pull its image"
    return ""


def _meant(task: Mapping[str, Any]) -> bool:
    """Whether the swarm still wants it to run."""
    return task["DesiredState"] in {"ready", RUNNING}


def _said(task: Mapping[str, Any]) -> str:
    return str(task["Status"].get("Err") or "")


def address(task: Mapping[str, Any]) -> str:
    """Where a task is reached in the stack's network, the only one that it is in."""
    return str(task["NetworksAttachments"][0]["Addresses"][0]).partition("/")[0]
