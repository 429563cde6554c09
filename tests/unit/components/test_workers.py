import pulumi

from components.appsections import App, Service, Worker
from components.engine import network
from components.slots import Plan, Spec, Trial
from components.workers import Workers, WorkersArgs
from tests.unit.components.recorder import Recorded, declare

V1, V2 = Spec("v1", "shop:v1", env={"A": "1"}, memory=64, stop_timeout=9), Spec("v2", "shop:v2")
WISHES = {"queue": Worker(command=["work"], replicas=2), "clock": Worker(command=["schedule"])}


def declared(plan: Plan, name: str = "") -> Recorded:
    def program() -> None:
        images = {slot: pulumi.Output.from_input(f"sha256:{spec.version}") for slot, spec in plan.slots.items()}
        app = App(name=name, service=Service(workers=WISHES))
        between = network("golive", "staging", pulumi.ResourceOptions())
        Workers("workers", WorkersArgs("golive", "staging", app, plan, between, images))

    return declare(program)


def test_each_worker_runs_the_live_versions_image_with_its_own_command():
    made = {one.inputs["name"]: one.inputs for one in declared(Plan("blue", {"blue": V1})).of("Container")}
    assert sorted(made) == [
        "golive-staging-worker-clock", "golive-staging-worker-queue", "golive-staging-worker-queue-2",
    ]  # fmt: skip
    clock = made["golive-staging-worker-clock"]
    assert (clock["image"], clock["command"], clock["envs"]) == ("sha256:v1", ["schedule"], ["A=1"])
    assert (clock["memory"], clock["stopTimeout"], clock["destroyGraceSeconds"]) == (64, 9, 9)


def test_a_version_on_trial_has_no_workers():
    recorded = declared(Plan("blue", {"blue": V1, "green": V2}, Trial(10)))
    assert {one.inputs["image"] for one in recorded.of("Container")} == {"sha256:v1"}


def test_where_nothing_runs_there_is_no_worker():
    assert declared(Plan(None, {})).of("Container") == []


def test_the_workers_of_one_of_several_apps_are_told_by_its_name():
    made = {one.inputs["name"] for one in declared(Plan("blue", {"blue": V1}), "api").of("Container")}
    assert "golive-staging-api-worker-clock" in made
