"""A stack on a real swarm of two nodes: the slots are services, and every node's proxy goes by the same route."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.engine.stacks.stack import Stack, error_line
from tests.engine.swarm.conftest import Swarm, ready
from tests.engine.swarm.nodes import Node
from tests.engine.traffic.stage import Users

pytestmark = pytest.mark.engine


def answers(node: Node, stack: Stack, path: str = "/version") -> str:
    """What a user gets who comes to `node`: the version; "" where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://{node.address}:{stack.port}{path}", timeout=5) as answer:
            text = str(answer.read().decode())
    except (OSError, urllib.error.URLError):
        return ""
    return str(json.loads(text)["version"]) if path == "/version" else text


def everywhere(swarm: Swarm, stack: Stack) -> list[str]:
    return [answers(node, stack) for node in swarm.nodes]


def test_versions_go_live_on_every_node_and_back_with_no_request_lost(swarm: Swarm, stack: Stack):
    first = stack.must_up()
    assert everywhere(swarm, stack) == ["v1.0.0", "v1.0.0"]
    assert swarm.spread(f"golive-{stack.name}-blue") == [1, 1]
    with ThreadPoolExecutor(8) as many:  # a connection that is kept is to one replica
        pages = list(many.map(lambda _: answers(swarm.worker, stack, "/"), range(80)))
    assert len({page.partition("slot: ")[2].strip() for page in pages}) == 2
    assert f"http://{swarm.manager.address}:{stack.port}" in first.text

    again = stack.must_up()
    assert "updated" not in again.text
    assert "created" not in again.text

    served = []
    for version in ("v1.1.0", "v1.0.0", "v1.1.0"):
        stack.config["golive:version"] = version
        users = [Users(f"http://{node.address}:{stack.port}", 2) for node in swarm.nodes]
        with users[0], users[1]:
            said = stack.must_up()
        assert everywhere(swarm, stack) == [version, version]
        served.append(users[0].answers + users[1].answers)
    assert set().union(*served) <= {"v1.0.0", "v1.1.0", "echo"}, served
    assert "docker:index:Service" not in said.text  # a flip


def test_a_version_that_never_gets_ready_leaves_the_live_one_alone(swarm: Swarm, stack: Stack):
    stack.must_up()
    stack.config["golive:version"] = "v0.0.0-broken"
    stack.config["golive:service"]["health"]["deadline"] = 6
    with Users(f"http://{swarm.worker.address}:{stack.port}", 2) as users:
        said = stack.up()
    assert said.code != 0
    error_line(said, r"v0\.0\.0-broken in slot green did not become ready within 6 s")
    error_line(said, r"docker service logs golive-.*-green")
    error_line(said, r"v1\.0\.0 in slot blue is live as before")
    assert set(users.answers) <= {"v1.0.0", "echo"}
    assert everywhere(swarm, stack) == ["v1.0.0", "v1.0.0"]
    stack.config["golive:version"] = "v1.1.0"
    stack.must_up()
    assert everywhere(swarm, stack) == ["v1.1.0", "v1.1.0"]


def test_a_version_that_no_node_can_take_is_given_up_at_once_with_the_reason(swarm: Swarm, stack: Stack):
    stack.must_up()
    stack.config["golive:version"] = "v1.1.0"
    stack.config["golive:service"]["placement"] = ["node.labels.zone==nowhere"]
    stack.config["golive:service"]["health"]["deadline"] = 100
    said = stack.up()
    assert said.code != 0
    error_line(said, r"no node takes it: no suitable node .* See golive:service\.placement")
    assert everywhere(swarm, stack) == ["v1.0.0", "v1.0.0"]

    swarm.manager.docker.images.get("golive-sample:v1.1.0").tag("golive-sample", "v9.9.9")  # there, and nowhere else
    stack.config["golive:version"] = "v9.9.9"
    stack.config["golive:service"]["placement"] = ["node.role==worker"]
    said = stack.up()
    assert said.code != 0
    error_line(said, r"its nodes refuse it: No such image: golive-sample:v9\.9\.9\. Every node must be able to pull")
    assert everywhere(swarm, stack) == ["v1.0.0", "v1.0.0"]


def test_replicas_and_workers_go_where_they_are_placed_within_their_limits(swarm: Swarm, stack: Stack):
    stack.config["golive:service"] |= {
        "placement": ["node.role==worker"], "cpus": 0.5, "memory": 64, "workers": {"queue": {"command": ["-work"]}},
    }  # fmt: skip
    stack.config["golive:release"] = {"pre": ["-migrate"]}
    error_line(stack.must_up(), "-migrate: preparing the data for v1.0.0")
    assert swarm.spread(f"golive-{stack.name}-blue") == [2]
    node = swarm.worker.docker.info()["Swarm"]["NodeID"]
    (worker,) = swarm.tasks(f"golive-{stack.name}-worker-queue")
    assert worker["NodeID"] == node
    for task in swarm.tasks(f"golive-{stack.name}-blue"):
        container = swarm.worker.docker.containers.get(task["Status"]["ContainerStatus"]["ContainerID"])
        assert container.attrs["HostConfig"]["NanoCpus"] == 500_000_000
        assert container.attrs["HostConfig"]["Memory"] == 64 * 1024 * 1024

    stack.config["golive:version"] = "v1.1.0"
    stack.must_up()
    service = swarm.manager.docker.services.get(f"golive-{stack.name}-worker-queue")
    assert service.attrs["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] == "golive-sample:v1.1.0"
    images = lambda: [one["Spec"]["ContainerSpec"]["Image"] for one in swarm.tasks(service.name)]  # noqa: E731
    swarm.manager.wait("the worker's next version does not run", lambda: images() == ["golive-sample:v1.1.0"])
    tasks = sorted(service.tasks(), key=lambda one: one["CreatedAt"])
    assert Counter(one["DesiredState"] for one in tasks) == {"running": 1, "shutdown": 1}
    assert "updated" not in stack.must_up().text


def test_what_was_changed_by_hand_is_put_back(swarm: Swarm, stack: Stack):
    stack.must_up()
    service = swarm.manager.docker.services.get(f"golive-{stack.name}-proxy")
    routes = swarm.manager.docker.containers.get(f"golive-{stack.name}-proxy-routes")
    routes.exec_run(["sh", "-c", "echo '# by hand' > /etc/golive/routes/route.yml"])
    swarm.manager.wait("the proxies did not see it", lambda: everywhere(swarm, stack) == ["", ""])
    assert stack.run("refresh", "--yes").code == 0
    stack.must_up()
    assert everywhere(swarm, stack) == ["v1.0.0", "v1.0.0"]
    assert swarm.manager.docker.services.get(service.id).tasks()


def test_proxies_go_on_by_the_last_route_while_nobody_keeps_it(swarm: Swarm, stack: Stack):
    stack.must_up()
    with Users(f"http://{swarm.worker.address}:{stack.port}", 2) as users:
        swarm.manager.docker.containers.get(f"golive-{stack.name}-proxy-routes").restart(timeout=0)
        assert everywhere(swarm, stack) == ["v1.0.0", "v1.0.0"]
        stack.config["golive:version"] = "v1.1.0"
        stack.must_up()
    assert everywhere(swarm, stack) == ["v1.1.0", "v1.1.0"]
    assert set(users.answers) <= {"v1.0.0", "v1.1.0", "echo"}


def test_a_docker_host_that_manages_no_swarm_is_refused_before_anything_is_changed(swarm: Swarm, stack: Stack):
    stack.config["golive:docker"] = {"host": swarm.worker.host}
    before = stack.last_request()
    said = stack.up()
    assert said.code != 0
    error_line(said, r"is a worker of it\. Set golive:docker\.host to one of its managers\.")
    del stack.config["golive:docker"]  # the engine of this machine
    said = stack.up()
    assert said.code != 0
    error_line(said, r"golive:engine is swarm, and the Docker host is in no swarm\. Run docker swarm init there")
    assert stack.writes(before) == []


def test_the_engine_is_not_changed_under_what_runs(swarm: Swarm, stack: Stack):
    stack.must_up()
    del stack.config["golive:engine"]
    said = stack.up()
    assert said.code != 0
    error_line(said, r"golive:engine: docker is not the engine that v1\.0\.0 runs on\. Set it back to swarm")
    assert everywhere(swarm, stack) == ["v1.0.0", "v1.0.0"]


def test_a_node_that_is_lost_costs_no_more_than_the_requests_under_way_and_its_replicas_move(
    swarm: Swarm, stack: Stack
):
    stack.must_up()
    name = f"golive-{stack.name}-blue"
    assert swarm.spread(name) == [1, 1]
    try:
        with Users(f"http://{swarm.manager.address}:{stack.port}", 2) as users:
            swarm.worker.inside("ip", "link", "set", "eth0", "down")
            swarm.manager.wait("the replica does not move", lambda: swarm.spread(name) == [2])
        good = sum(users.answers[said] for said in ("v1.0.0", "echo"))
        assert sum(users.answers.values()) - good <= len(users.threads), users.answers
        assert answers(swarm.manager, stack) == "v1.0.0"
    finally:
        swarm.worker.inside("ip", "link", "set", "eth0", "up")
        swarm.manager.wait("the node does not come back", lambda: len(ready(swarm.manager)) == len(swarm.nodes))
