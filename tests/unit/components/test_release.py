import json

import pulumi
import pytest

from components import planning
from components.appsections import App, Experiment, Service
from components.appsections import Release as Wishes
from components.engine import docker_provider, network
from components.planning import wanted
from components.release import Release, ReleaseArgs
from components.settings import Docker
from components.slots import Plan, Previous, Spec, Trial
from tests.unit.components.recorder import Recorded, declare

V1, V2 = Spec("v1", "shop:v1"), Spec("v2", "shop:v2")


def app(version: str | None = "v2", image: str = "shop", **service: object) -> App:
    return App(version=version, image=image, service=Service.model_validate(service))


def declared(plan: Plan, docker: Docker | None = None, wishes: Wishes | None = None, name: str = "") -> Recorded:
    def program() -> None:
        opts = pulumi.ResourceOptions(provider=docker_provider(docker or Docker()))
        one = App(name=name, release=wishes or Wishes())
        between = network("golive", "staging", opts)
        Release(one.of("release"), ReleaseArgs("golive", "staging", one, plan, docker or Docker(), between), opts)

    return declare(program)


def container(spec: Spec):
    return declared(Plan("blue", {"blue": spec})).one("Container")


def labels(registration) -> dict[str, str]:
    return {one["label"]: one["value"] for one in registration.inputs["labels"]}


def test_one_of_several_has_its_name_in_all_that_is_its_own_and_shares_the_network():
    recorded = declared(Plan("blue", {"blue": V1}), wishes=Wishes(pre=("migrate",)), name="api")
    made, prepared = recorded.one("Container"), recorded.one("Preparation")
    assert (made.name, made.inputs["name"]) == ("release-api-blue", "golive-staging-api-blue")
    assert made.inputs["networksAdvanced"] == [{"name": "golive-staging", "aliases": ["golive-staging-api-blue"]}]
    assert labels(made)["golive.service"] == "api"
    assert (prepared.inputs["service"], prepared.inputs["proxy"]) == ("api", "golive-staging-proxy")
    job = prepared.inputs["job"]
    assert (job["name"], job["network"], job["key"]) == (
        "golive-staging-api-blue-pre", "golive-staging", "golive:services.api.release.pre",
    )  # fmt: skip


def test_nothing_to_run_declares_the_network_alone():
    recorded = declared(Plan(None, {}))
    assert recorded.one("Network").inputs["name"] == "golive-staging"
    assert recorded.of("Container") == recorded.of("RemoteImage") == []


def test_each_occupied_slot_has_an_image_that_is_kept_and_a_container():
    recorded = declared(Plan("green", {"blue": V1, "green": V2}))
    assert sorted(one.inputs["name"] for one in recorded.of("Container")) == [
        "golive-staging-blue",
        "golive-staging-green",
    ]
    assert sorted(one.inputs["name"] for one in recorded.of("RemoteImage")) == ["shop:v1", "shop:v2"]
    assert all(one.inputs["keepLocally"] for one in recorded.of("RemoteImage"))


def test_a_container_is_reached_by_its_name_on_the_stacks_network_and_published_nowhere():
    made = container(V1)
    assert made.inputs["networksAdvanced"] == [{"name": "golive-staging", "aliases": ["golive-staging-blue"]}]
    assert "ports" not in made.inputs


def test_everything_says_whose_it_is():
    recorded = declared(Plan("blue", {"blue": V1}))
    whose = {"golive.project": "golive", "golive.stack": "staging"}
    assert labels(recorded.one("Network")) == whose
    assert labels(recorded.one("Container")) == whose | {"golive.slot": "blue", "golive.version": "v1"}


def test_limits_logs_and_a_stop_in_good_time_are_as_configured():
    inputs = container(Spec("v1", "shop:v1", cpus=0.5, memory=128, stop_timeout=20, log_size="5m", log_files=2)).inputs
    assert (inputs["cpus"], inputs["memory"], inputs["memorySwap"]) == ("0.5", 128, 128)
    assert (inputs["stopTimeout"], inputs["destroyGraceSeconds"]) == (20, 20)
    assert (inputs["logDriver"], inputs["logOpts"]) == ("json-file", {"max-size": "5m", "max-file": "2"})
    assert inputs["restart"] == "unless-stopped"
    assert inputs["securityOpts"] == ["no-new-privileges:true"]


def test_a_read_only_app_still_has_a_place_for_what_is_temporary():
    inputs = container(Spec("v1", "shop:v1", read_only=True)).inputs
    assert (inputs["readOnly"], inputs["tmpfs"]) == (True, {"/tmp": ""})
    assert "tmpfs" not in container(V1).inputs


def test_a_version_that_crashes_is_told_by_the_route_not_by_the_container():
    assert container(V1).inputs["mustRun"] is False


def test_with_a_secret_among_them_all_variables_are_secret():
    made = container(Spec("v1", "shop:v1", env={"B": "2"}, secrets={"A": "hush"}))
    assert made.inputs["envs"] == ["A=hush", "B=2"]
    assert "envs" in made.secret_inputs
    assert "envs" not in container(Spec("v1", "shop:v1", env={"B": "2"})).secret_inputs


def test_the_engine_is_named_to_the_provider_only_where_the_stack_names_one():
    plan = Plan("blue", {"blue": V1})
    assert "host" not in declared(plan).one("docker").inputs
    recorded = declared(plan, Docker(host="ssh://deploy@app.example.com"))
    assert recorded.one("docker").inputs["host"] == "ssh://deploy@app.example.com"
    assert "docker" in recorded.one("Container").provider


def test_the_version_is_the_images_tag():
    assert wanted(app(), Previous()).image == "shop:v2"


def test_a_digest_says_more_exactly_which_bits_are_meant_than_a_tag():
    image = "shop@sha256:" + "0" * 64
    spec = wanted(app(image=image), Previous())
    assert (spec.version, spec.image) == ("v2", image)


def test_the_app_is_told_its_port_unless_it_was_told_another_way():
    assert wanted(app(port=9000), Previous()).env == {"PORT": "9000"}
    assert wanted(app(port=9000, env={"PORT": "9001"}), Previous()).env == {"PORT": "9001"}
    assert wanted(app(port=9000, secrets={"PORT": "9002"}), Previous()).env == {}


def test_all_that_makes_a_container_is_in_what_is_wanted():
    spec = wanted(
        app(
            health={"path": "/ready", "timeout": 2}, env={"A": "1"}, secrets={"B": "2"}, cpus=1.5, memory=64,
            readOnly=True, command=["serve"], restart="always", stopTimeout=5, logs={"maxSize": "1m", "maxFiles": 1},
            replicas=2,
        ),
        Previous(),
    )  # fmt: skip
    assert spec == Spec(
        "v2", "shop:v2", 8080, "/ready", 2, {"PORT": "8080", "A": "1"}, {"B": "2"}, ("serve",), 1.5, 64, True,
        "always", 5, "1m", 1, 2,
    )  # fmt: skip


def test_without_a_version_what_runs_keeps_running_with_the_settings_of_now():
    before = Previous("blue", {"blue": Spec("v1", "registry.example/shop:v1", memory=64)})
    spec = wanted(app(version=None, image="", memory=128), before)
    assert (spec.version, spec.image, spec.memory) == ("v1", "registry.example/shop:v1", 128)


def test_without_a_version_nothing_is_wanted_where_nothing_ever_ran():
    assert wanted(app(version=None, image=""), Previous()) is None


def test_what_cannot_be_told_is_not_guessed_at():
    with pytest.raises(pulumi.RunError, match="Set golive:version"):
        wanted(app(version=None), Previous("blue", {}))


def test_the_slots_are_recorded_as_a_secret(monkeypatch):
    outputs = []
    monkeypatch.setattr(Release, "register_outputs", lambda self, values: outputs.append(values))
    declared(Plan("blue", {"blue": Spec("v1", "shop:v1", secrets={"A": "hush"})}))
    seen = []

    def program():
        pulumi.Output.from_input(outputs[0]["slots"]).apply(seen.append)

    declare(program)
    assert json.loads(seen[0])["blue"]["secrets"] == {"A": "hush"}


def test_a_slot_has_as_many_containers_as_it_has_replicas():
    recorded = declared(Plan("blue", {"blue": Spec("v1", "shop:v1", replicas=2)}))
    assert sorted(one.inputs["name"] for one in recorded.of("Container")) == [
        "golive-staging-blue", "golive-staging-blue-2",
    ]  # fmt: skip


def test_a_container_comes_after_its_slot_was_emptied_and_prepared():
    wishes = Wishes(pre=("migrate", "--up"), preTimeout=60, drain=9)
    recorded = declared(Plan("blue", {"blue": V1}), wishes=wishes)
    made, prepared = recorded.one("Container"), recorded.one("Preparation")
    assert "release-blue-preparation" in made.depends_on
    assert {"release-blue-image", "network"} <= set(prepared.depends_on)
    assert (prepared.inputs["drain"], prepared.inputs["slot"], prepared.inputs["proxy"]) == (
        9, "blue", "golive-staging-proxy",
    )  # fmt: skip
    job = prepared.inputs["job"]
    assert (job["name"], job["image"], job["command"], job["network"], job["timeout"]) == (
        "golive-staging-blue-pre", "shop:v1", ["migrate", "--up"], "golive-staging", 60,
    )  # fmt: skip
    assert job["labels"] == {"golive.project": "golive", "golive.stack": "staging"}


def test_without_a_command_nothing_runs_before_the_container():
    assert "job" not in declared(Plan("blue", {"blue": V1})).one("Preparation").inputs


def test_a_slot_is_prepared_again_only_where_its_container_is_another_one():
    def key(spec: Spec) -> str:
        return declared(Plan("blue", {"blue": spec})).one("Preparation").inputs["key"]

    assert key(V1) == key(Spec("v1", "shop:v1"))
    assert len({key(V1), key(V2), key(Spec("v1", "shop:v1", env={"A": "1"}))}) == 3


def test_what_a_preparation_is_told_of_secrets_is_secret():
    spec = Spec("v1", "shop:v1", secrets={"A": "hush"})
    prepared = declared(Plan("blue", {"blue": spec}), wishes=Wishes(pre=("migrate",))).one("Preparation")
    assert {"job", "key"} <= prepared.secret_inputs
    assert "hush" not in str({key: one for key, one in prepared.inputs.items() if key != "job"})


def test_an_experiment_runs_what_is_live_in_another_version():
    asked = app().model_copy(update={"experiment": Experiment(version="v3", percent=20)})
    wish = planning.wish(asked, Previous())
    assert (wish.spec.version, wish.experiment.version, wish.experiment.image) == ("v2", "v3", "shop:v3")
    assert (wish.trial.percent, wish.trial.experiment) == (20, True)


def test_a_trial_that_is_in_the_way_is_told_with_the_key_that_asked_for_it():
    before = Previous("blue", {"blue": wanted(app("v1"), Previous()), "green": V1}, Trial(10))
    with pytest.raises(pulumi.RunError, match=r"^Pulumi\.staging\.yaml: golive:version v2: a canary of v1 has 10 %"):
        planning.planned("staging", {"": app()}, {"": before}, 0)


def test_the_trials_that_are_in_the_way_are_all_told():
    web, api = (app().model_copy(update={"name": name}) for name in ("web", "api"))
    before = Previous("blue", {"blue": wanted(app("v1"), Previous()), "green": V1}, Trial(10))
    with pytest.raises(pulumi.RunError) as error:
        planning.planned("staging", {"web": web, "api": api}, {"web": before, "api": before}, 0)
    first, second = str(error.value).splitlines()
    assert first.startswith("Pulumi.staging.yaml: golive:services.web.version v2: a canary of v1 has 10 %")
    assert "set golive:services.api.version to v1 to take it back" in second
