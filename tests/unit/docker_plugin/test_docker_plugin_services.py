"""A service's inputs as the Docker API takes them, and back."""

from typing import Any

from toolchain.docker_plugin.difference import difference
from toolchain.docker_plugin.network import in_words_of
from toolchain.docker_plugin.swarm_body import service_body
from toolchain.docker_plugin.swarm_properties import SERVICE
from toolchain.docker_plugin.swarm_reading import seen

LEAST = {"name": "app", "taskSpec": {"containerSpec": {"image": "app:v1"}}}
ROLLING = {"order": "start-first", "parallelism": 2}
ALL: dict[str, Any] = {
    "name": "app",
    "labels": [{"label": "golive.stack", "value": "dev"}],
    "mode": {"replicated": {"replicas": 3}},
    "taskSpec": {
        "containerSpec": {
            "image": "app:v1", "args": ["serve"], "env": {"B": "2", "A": "1=1"}, "readOnly": True,
            "mounts": [{"target": "/tmp", "type": "tmpfs"}], "stopGracePeriod": "1m30s",
        },
        "resources": {"limits": {"nanoCpus": 500_000_000, "memoryBytes": 1024}},
        "restartPolicy": {"condition": "any", "delay": "500ms"},
        "placement": {"constraints": ["node.role==worker", "node.labels.zone==a"]},
        "networksAdvanceds": [{"id": "n1"}],
        "logDriver": {"name": "json-file", "options": {"max-file": "3"}},
    },
    "endpointSpec": {"mode": "dnsrr", "ports": [{"targetPort": 80, "publishedPort": 8080, "publishMode": "host"}]},
    "updateConfig": ROLLING,
    "rollbackConfig": ROLLING,
}  # fmt: skip


def spec(body: dict[str, Any], name: str = "app") -> dict[str, Any]:
    """The body as the swarm tells it again."""
    words = {
        "task_template": "TaskTemplate", "labels": "Labels", "mode": "Mode", "update_config": "UpdateConfig",
        "rollback_config": "RollbackConfig", "endpoint_spec": "EndpointSpec",
    }  # fmt: skip
    return {"Name": name, **{words[key]: one for key, one in body.items()}}


def test_the_least_of_a_service_is_one_replica_and_leaves_the_rest_to_the_swarm() -> None:
    assert service_body(LEAST) == {
        "task_template": {"ContainerSpec": {"Image": "app:v1", "Labels": {}}, "Networks": []},
        "labels": {},
        "mode": {"Replicated": {"Replicas": 1}},
    }


def test_all_that_golive_declares_is_handed_over() -> None:
    body = service_body(ALL)
    task = body["task_template"]
    assert task["ContainerSpec"]["Env"] == ["A=1=1", "B=2"]
    assert task["ContainerSpec"]["StopGracePeriod"] == 90 * 10**9
    assert task["Resources"] == {"Limits": {"NanoCPUs": 500_000_000, "MemoryBytes": 1024}}
    assert task["RestartPolicy"] == {"Condition": "any", "Delay": 5 * 10**8}
    assert task["Networks"] == [{"Target": "n1"}]
    assert body["update_config"] == {
        "Parallelism": 2, "Delay": 0, "FailureAction": "pause", "Monitor": 5 * 10**9, "MaxFailureRatio": 0.0,
        "Order": "start-first",
    }  # fmt: skip
    assert body["endpoint_spec"]["Ports"] == [
        {"TargetPort": 80, "PublishedPort": 8080, "Protocol": "tcp", "PublishMode": "host"}
    ]


def test_a_global_service_has_no_number() -> None:
    assert service_body({**LEAST, "mode": {"global": True}})["mode"] == {"Global": {}}


def test_what_is_read_back_is_no_change() -> None:
    for inputs in (LEAST, ALL, {**LEAST, "mode": {"global": True}}):
        read = in_words_of(SERVICE, inputs, seen(spec(service_body(inputs))))
        assert difference(SERVICE, read, inputs, inputs).changes == {}


def test_what_was_changed_by_hand_is_one() -> None:
    now = spec(service_body(ALL))
    now["TaskTemplate"]["ContainerSpec"]["Image"] = "app:v2"
    now["EndpointSpec"]["Ports"] = []
    read = in_words_of(SERVICE, ALL, seen(now))
    assert set(difference(SERVICE, read, ALL, ALL).changes) == {"taskSpec", "endpointSpec"}


def test_all_but_the_name_is_changed_in_place() -> None:
    state = in_words_of(SERVICE, ALL, seen(spec(service_body(ALL))))
    task = {"containerSpec": {"image": "app:v2"}}
    found = difference(SERVICE, state, ALL, {**ALL, "taskSpec": task, "mode": {"replicated": {"replicas": 1}}})
    assert (set(found.changes), found.replaces) == ({"taskSpec", "mode"}, [])
    assert difference(SERVICE, state, ALL, {**ALL, "name": "other"}).replaces == ["name"]
