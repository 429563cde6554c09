"""docker:index/service:Service by the plugin on a real swarm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.docker_plugin.plugin import Made, Plugin, RefusedError, secret, wanted
from tests.engine.swarm.conftest import Swarm
from toolchain.docker_plugin.wire import decode

pytestmark = pytest.mark.engine
LABELS = [{"label": "golive.project", "value": "trial-swarm"}]
IMAGE = "golive-sample:v1.0.0"


@pytest.fixture(scope="module")
def plugin(swarm: Swarm) -> Iterator[Plugin]:
    running = Plugin(swarm.manager.host)
    yield running
    assert running.stop() == 0


@pytest.fixture
def network(plugin: Plugin) -> Iterator[Made]:
    made = plugin.create("Network", name="trial-swarm", driver="overlay", attachable=True, labels=LABELS)
    yield made
    plugin.delete(made)


@pytest.fixture
def app(plugin: Plugin, network: Made) -> Iterator[Made]:
    """A service with all that golive declares."""
    made = plugin.create("Service", **everything(network))
    yield made
    plugin.delete(made)


def everything(network: Made, **spec: Any) -> dict[str, Any]:
    container = {
        "image": IMAGE, "args": ["-addr=:9000"], "env": {"GREETING": "Hello"}, "readOnly": True,
        "mounts": [{"target": "/tmp", "type": "tmpfs"}], "stopGracePeriod": "5s", **spec,
    }  # fmt: skip
    rolling = {"order": "start-first", "parallelism": 2, "failureAction": "pause"}
    return {
        "name": "trial-swarm-app",
        "labels": LABELS,
        "mode": {"replicated": {"replicas": 2}},
        "taskSpec": {
            "containerSpec": container,
            "resources": {"limits": {"nanoCpus": 500_000_000, "memoryBytes": 64 * 1024 * 1024}},
            "restartPolicy": {"condition": "any", "delay": "1s"},
            "placement": {"constraints": ["node.role==worker", "node.platform.os==linux"]},
            "networksAdvanceds": [{"id": network.id, "aliases": ["shop"]}],
            "logDriver": {"name": "json-file", "options": {"max-size": "10m"}},
        },
        "endpointSpec": {"mode": "dnsrr"},
        "updateConfig": rolling,
        "rollbackConfig": rolling,
    }


def test_an_overlay_network_is_the_same_when_it_is_read_again(plugin: Plugin, network: Made) -> None:
    assert (network.values["driver"], network.values["scope"]) == ("overlay", "swarm")
    assert not plugin.diff(network, **decode(network.inputs).values).detailedDiff
    read = plugin.read(network)
    assert read
    assert not plugin.diff(read, **decode(network.inputs).values).detailedDiff


def test_a_service_is_the_same_when_it_is_read_again(plugin: Plugin, app: Made) -> None:
    for seen in (app, plugin.read(app)):
        assert seen
        assert not plugin.diff(seen, **decode(app.inputs).values).detailedDiff


def test_the_least_of_a_service_is_the_same_when_it_is_read_again(plugin: Plugin) -> None:
    made = plugin.create("Service", name="trial-swarm-least", taskSpec={"containerSpec": {"image": IMAGE}})
    read = plugin.read(made)
    assert read
    assert not plugin.diff(read, **decode(made.inputs).values).detailedDiff
    plugin.delete(made)
    assert plugin.read(made) is None
    plugin.delete(made)


def test_a_change_is_made_in_place_and_all_else_stays(plugin: Plugin, swarm: Swarm, network: Made, app: Made) -> None:
    inputs = everything(network, image="golive-sample:v1.1.0")
    diff = plugin.diff(app, **inputs)
    assert (list(diff.diffs), list(diff.replaces)) == (["taskSpec"], [])
    updated = plugin.update(app, **inputs)
    assert updated.id == app.id
    spec = swarm.manager.docker.api.inspect_service(app.id)["Spec"]
    assert spec["TaskTemplate"]["ContainerSpec"]["Image"] == "golive-sample:v1.1.0"
    assert spec["UpdateConfig"]["Order"] == "start-first"
    assert not plugin.diff(updated, **inputs).detailedDiff


def test_what_was_changed_by_hand_is_seen(plugin: Plugin, swarm: Swarm, app: Made) -> None:
    swarm.manager.docker.services.get(app.id).scale(1)
    read = plugin.read(app)
    assert read
    assert list(plugin.diff(read, **decode(app.inputs).values).diffs) == ["mode"]


def test_another_name_takes_another_service(plugin: Plugin, app: Made) -> None:
    assert list(plugin.diff(app, **wanted(app, name="trial-swarm-other")).replaces) == ["name"]


def test_a_service_name_that_is_taken_is_told(plugin: Plugin, network: Made, app: Made) -> None:
    with pytest.raises(RefusedError, match="service trial-swarm-app exists already and is not this stack's"):
        plugin.create("Service", **everything(network))


def test_an_engine_that_is_no_manager_is_told(swarm: Swarm, network: Made) -> None:
    other = Plugin(swarm.worker.host)
    with pytest.raises(RefusedError, match=r"is no manager of a swarm\. `docker swarm init` there makes it one"):
        other.create("Service", **everything(network))
    other.stop()


def test_a_secret_variable_is_kept_as_one(plugin: Plugin, network: Made) -> None:
    inputs = everything(network, env=secret({"DATABASE_URL": "tell-nobody-0815"})) | {"name": "trial-swarm-secret"}
    made = plugin.create("Service", **inputs)
    assert decode(made.outputs).secret == {"taskSpec"}
    plugin.delete(made)


def test_a_network_that_a_service_is_in_is_not_removed(plugin: Plugin, network: Made, app: Made) -> None:
    with pytest.raises(RefusedError, match=r"network trial-swarm cannot be removed: .* still uses it"):
        plugin.delete(network)
