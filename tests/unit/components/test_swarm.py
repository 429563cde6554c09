"""A stack on a swarm: what is declared, and what is asked of the swarm; tests/engine/swarm is on a real one."""

from typing import Any

import pulumi
import pytest

from components import planning
from components.appsections import App, Service, Worker
from components.engine import network
from components.move import Move
from components.routefile import Target
from components.settings import Docker
from components.settings import Traffic as TrafficWishes
from components.slots import Plan, Previous, Spec, from_json, to_json
from components.swarm_proxy import SwarmProxy, address
from components.traffic import AppArgs, Traffic, TrafficArgs
from components.way import EVERY_REQUEST
from components.workers import Workers, WorkersArgs
from tests.unit.components.recorder import Recorded, declare
from tests.unit.components.test_route import FIRST, SECOND, Pretended, wanted

SPEC = Spec(
    "v1", "ghcr.io/acme/shop:v1", engine="swarm", replicas=3, cpus=0.5, memory=64, placement=("node.role==worker",),
    parallelism=2, read_only=True, stop_timeout=20, command=("serve",), secrets={"KEY": "tell-nobody"},
)  # fmt: skip
PLAN = Plan("blue", {"blue": SPEC})


def declared(plan: Plan = PLAN) -> Recorded:
    def program() -> None:
        from components.release import Release, ReleaseArgs  # noqa: PLC0415 - on the mocks

        app = App(engine="swarm", service=Service(workers={"clock": Worker(command=("tick",))}))
        between = network("golive", "staging", pulumi.ResourceOptions(), "swarm")
        release = Release("release", ReleaseArgs("golive", "staging", app, plan, Docker(), between))
        wishes = TrafficWishes(port=8080, address="0.0.0.0")
        apps = {"": AppArgs(app, plan, release)}
        traffic = Traffic("traffic", TrafficArgs("golive", "staging", wishes, Docker(), between, apps, "swarm"))
        Workers("workers", WorkersArgs("golive", "staging", app, plan, between, release.images, traffic.ready))

    return declare(program)


def service(recorded: Recorded, name: str) -> Any:
    return next(one for one in recorded.of("Service") if one.inputs["name"] == name)


def test_a_slot_is_one_service_with_all_its_replicas_and_no_container():
    recorded = declared()
    assert [one.inputs["name"] for one in recorded.of("Container")] == ["golive-staging-proxy-routes"]
    made = service(recorded, "golive-staging-blue").inputs
    assert made["mode"] == {"replicated": {"replicas": 3}}
    assert made["endpointSpec"] == {"mode": "dnsrr"}
    assert made["updateConfig"] == made["rollbackConfig"] == {
        "order": "start-first", "parallelism": 2, "failureAction": "pause",
    }  # fmt: skip
    task = made["taskSpec"]
    assert task["placement"] == {"constraints": ["node.role==worker"]}
    assert task["resources"] == {"limits": {"nanoCpus": 500_000_000, "memoryBytes": 64 * 1024 * 1024}}
    assert task["containerSpec"]["args"] == ["serve"]
    assert task["containerSpec"]["stopGracePeriod"] == "20s"
    assert task["containerSpec"]["mounts"] == [{"target": "/tmp", "type": "tmpfs"}]


def test_a_services_variables_are_secret_where_one_of_them_is():
    assert "taskSpec" in service(declared(), "golive-staging-blue").secret_inputs
    open_ = Plan("blue", {"blue": Spec("v1", "shop:v1", engine="swarm")})
    assert "taskSpec" not in service(declared(open_), "golive-staging-blue").secret_inputs


def test_the_proxy_is_on_every_node_with_that_nodes_own_port_and_asks_for_its_route():
    made = service(declared(), "golive-staging-proxy").inputs
    assert made["mode"] == {"global": True}
    (port,) = made["endpointSpec"]["ports"]
    assert (port["publishedPort"], port["publishMode"]) == (8080, "host")
    assert made["updateConfig"]["order"] == "stop-first"
    arguments = made["taskSpec"]["containerSpec"]["args"]
    assert "--providers.http.endpoint=http://golive-staging-proxy-routes/route.yml" in arguments
    assert not [one for one in arguments if "providers.file" in one]


def test_the_route_leads_to_the_slots_one_name():
    content = declared().one("Route").inputs["content"]
    assert "http://golive-staging-blue:8080" in content
    assert "golive-staging-blue-2" not in content


def test_a_worker_has_ended_before_its_next_version_starts():
    made = service(declared(), "golive-staging-worker-clock").inputs
    assert (made["updateConfig"]["order"], made["mode"]) == ("stop-first", {"replicated": {"replicas": 1}})


def test_the_network_spans_the_nodes_and_takes_single_containers():
    made = declared().one("Network").inputs
    assert (made["driver"], made["attachable"]) == ("overlay", True)


def test_what_runs_on_a_swarm_is_known_again_from_the_state():
    assert from_json(to_json({"blue": SPEC})) == {"blue": SPEC}


def test_the_engine_is_not_changed_under_what_runs():
    app = App(version="v2", image="shop")
    with pytest.raises(pulumi.RunError, match=r"golive:engine: docker is not the engine that v1 runs on\. Set it back"):
        planning.planned("staging", {"": app}, {"": Previous("blue", {"blue": SPEC})}, 0)


def task(state: str, desired: str = "running", said: str = "", slot: int = 1) -> dict[str, Any]:
    attached = [{"Addresses": [f"10.0.1.{slot}/24"]}]
    return {
        "ID": f"t{slot}{state}", "Slot": slot, "CreatedAt": f"{slot}", "DesiredState": desired, "NodeID": "n1",
        "Status": {"State": state, "Err": said}, "NetworksAttachments": attached,
    }  # fmt: skip


class Pretend(SwarmProxy):
    """A swarm whose tasks and answers are given; `answers` by address."""

    def __init__(self, tasks: list[dict[str, Any]], answers: dict[str, tuple[int, str]] | None = None):
        self.name, self.proxies = "p-routes", "p"
        self.tasks, self.answers = tasks, answers or {}

    def _tasks(self, service):
        return self.tasks

    def _wanted(self, service):
        return 2

    def _node(self, task):
        return task["NodeID"]

    def _fetch(self, url, headers, timeout):
        return self.answers.get(url.split("//")[1].partition("/")[0], (0, ""))


REFUSED = [task("rejected", "shutdown", "No such image: a")]
BLUE = Target("golive-staging-blue", 8080, "/health")


def test_a_slot_lacks_replicas_until_all_of_them_run():
    assert Pretend([task("running"), task("preparing", slot=2)]).lacking(BLUE) == "1 of 2 replicas run"
    assert Pretend([*REFUSED, task("running")]).lacking(BLUE) == "1 of 2 replicas run; No such image: a"
    assert Pretend([task("running"), task("running", slot=2)]).lacking(BLUE) == ""


def test_a_slot_lacks_the_answer_of_a_replica_that_answers_badly():
    bad = {"10.0.1.2:8080": (1, "Connecting\nwget: server returned error: HTTP/1.1 503 Service Unavailable")}
    found = Pretend([task("running"), task("running", slot=2)], answers=bad).lacking(BLUE)
    assert found == "replica 2 of 2: wget: server returned error: HTTP/1.1 503 Service Unavailable"


@pytest.mark.parametrize(
    ("tasks", "why"),
    [
        (
            [task("rejected", "shutdown", "No such image: a")] * 2 + [task("ready")],
            "its nodes refuse it: No such image: a",
        ),
        ([task("rejected", "shutdown", "No such image: a"), task("preparing", "ready")], ""),
        ([task("rejected", "shutdown", "No such image: a")] * 2 + [task("running", slot=2)], ""),
        ([task("pending", said="no suitable node (unsupported)")], "no node takes it: no suitable node (unsupported)"),
        ([task("failed", "shutdown", "task: non-zero exit (1)")], "its tasks ended: task: non-zero exit (1)"),
        ([task("failed", "shutdown"), task("ready", slot=2)], ""),
        ([task("pending")], ""),
        ([], ""),
    ],
)
def test_what_will_not_run_is_given_up_with_the_swarms_reason(tasks: list[dict[str, Any]], why: str):
    found = Pretend(tasks).ended("golive-staging-blue")
    assert found.startswith(why)
    assert bool(found) == bool(why)


def test_a_node_whose_proxy_has_the_old_route_is_named():
    new, old = (0, "  X-Golive-Route: abc"), (0, "  X-Golive-Route: old")
    tasks = [task("running"), task("running", slot=2)]
    for second, behind in ((new, ""), (old, "node n1")):
        swarm = Pretend(tasks, answers={"10.0.1.1": new, "10.0.1.2": second})
        assert swarm.behind("abc", "/health", "blue", EVERY_REQUEST) == behind
    assert address(tasks[1]) == "10.0.1.2"


def test_the_route_has_moved_only_once_the_proxies_of_all_nodes_serve_it():
    proxy = Pretended(FIRST, blue=[200], green=[200])
    proxy.late = ["node b", "node b"]
    Move(proxy, wanted(), proxy.ask, FIRST, clock=lambda: proxy.time, sleep=proxy.sleep).run()
    assert (proxy.file, proxy.late) == (SECOND, [])


def test_a_version_whose_replicas_are_not_all_there_does_not_go_live():
    proxy = Pretended(FIRST, blue=[200], green=[200])
    proxy.lacks = "1 of 2 replicas run"
    with pytest.raises(pulumi.RunError, match=r"did not become ready within 5 s: .*\(1 of 2 replicas run\)"):
        Move(proxy, wanted(), proxy.ask, FIRST, clock=lambda: proxy.time, sleep=proxy.sleep).run()
    assert proxy.file == FIRST
