"""A real swarm of two nodes, and a stack on it."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from lab import sample_image
from lab.github import process
from lab.github.process import Running
from tests.engine.ports import free_port
from tests.engine.stacks.conftest import shop
from tests.engine.stacks.stack import PULUMI, Stack
from tests.engine.swarm.nodes import Node, Switch, missing
from toolchain import go, images


@dataclass
class Swarm:
    """`manager` and `worker`, each a node with every image."""

    manager: Node
    worker: Node

    @property
    def nodes(self) -> tuple[Node, Node]:
        return self.manager, self.worker

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """Those of `service` that run."""
        found = self.manager.docker.api.tasks(filters={"service": service, "desired-state": "running"})
        return [one for one in found if one["Status"]["State"] == "running"]

    def spread(self, service: str) -> list[int]:
        """How many tasks of `service` run on each node."""
        on = [one["NodeID"] for one in self.tasks(service)]
        return sorted(on.count(node) for node in set(on))


@pytest.fixture(scope="session")
def swarm() -> Iterator[Swarm]:
    if why := missing():
        pytest.skip(f"no second Docker engine can be run here: {why}")
    images.ensure()
    sample_image.build(go=str(go.toolchain((1, 21))))
    names = [f"{sample_image.NAME}:{version}" for version in sample_image.VERSIONS]
    names += [one.name for one in (images.TRAEFIK_IMAGE, images.GATUS_IMAGE, images.BUSYBOX_IMAGE)]
    made: list[Switch | Node] = []
    try:
        made.append(switch := Switch())
        made.append(manager := Node(switch, 1))
        made.append(worker := Node(switch, 2))
        manager.docker.swarm.init(advertise_addr=manager.address, listen_addr=f"{manager.address}:2377")
        token = manager.docker.swarm.attrs["JoinTokens"]["Worker"]
        worker.docker.swarm.join([f"{manager.address}:2377"], token, advertise_addr=worker.address)
        manager.wait("the second node does not join", lambda: len(ready(manager)) == 2)
        _loaded(names, (manager, worker))
        yield Swarm(manager, worker)
    finally:
        for one in reversed(made):
            one.remove()


def ready(manager: Node) -> list[Any]:
    """The nodes that take tasks."""
    return [one for one in manager.docker.nodes.list() if one.attrs["Status"]["State"] == "ready"]


def _loaded(names: list[str], nodes: tuple[Node, ...]) -> None:
    """The images of this machine's engine on each node, as if each had pulled them."""
    here = docker.from_env(timeout=300)
    for name in names:
        with tempfile.TemporaryFile() as file:
            for chunk in here.images.get(name).save(named=name):
                file.write(chunk)
            for node in nodes:
                file.seek(0)
                node.docker.images.load(file)
    here.close()


@pytest.fixture(scope="session")
def lab_github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("lab") / "state"
    shop(state, "--from", str(sample_image.SOURCE))
    running = process.start(state)
    yield running
    running.stop()


@pytest.fixture
def stack(swarm: Swarm, lab_github: Running, tmp_path: Path) -> Iterator[Stack]:
    """A stack of one test's own on the swarm, with two replicas; not up yet."""
    assert PULUMI.exists(), "`make test` sets up the engine first"
    made = Stack(f"t{uuid.uuid4().hex[:8]}", tmp_path, lab_github)
    made.config |= {
        "golive:engine": "swarm",
        "golive:docker": {"host": swarm.manager.host},
        "golive:traffic": {"port": free_port(), "address": "0.0.0.0"},
        "golive:monitor": {"port": free_port(), "address": "0.0.0.0", "interval": 5},
    }
    made.config["golive:service"] |= {"replicas": 2, "health": {"successes": 2, "deadline": 20}}
    try:
        yield made
    finally:
        gone = made.run("destroy", "--yes", "--skip-preview", "--refresh")
        assert gone.code == 0, gone.text
