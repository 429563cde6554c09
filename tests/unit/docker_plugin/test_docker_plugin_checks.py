from typing import Any

import pytest

from toolchain.docker_plugin.checking import refusals, refused_settings
from toolchain.docker_plugin.failure import no_answer, port_in_use, scrub
from toolchain.docker_plugin.properties import CONTAINER, NETWORK
from toolchain.docker_plugin.service import RESOURCES
from toolchain.docker_plugin.swarm_properties import SERVICE
from toolchain.docker_plugin.wire import SECRET, SIGNATURE, UNKNOWN, decode, encode

APP = {"name": "app", "image": "app:v1"}


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"gpus": "all"}, "gpus", "property gpus is not implemented"),
        ({"privileged": True}, "privileged", "property privileged is implemented as false only"),
        ({"restart": "sometimes"}, "restart", "property restart must match no|on-failure|always|unless-stopped"),
        ({"memory": "256"}, "memory", "property memory must be a whole number"),
        ({"memory": -1}, "memory", "property memory must be 0 or more"),
        ({"wait": 1}, "wait", "property wait must be true or false"),
        ({"envs": ["A=1", 2]}, "envs[1]", "property envs[1] must be a text"),
        ({"cpuSet": "all"}, "cpuSet", r"property cpuSet must match \d+([,-]\d+)*"),
        (
            {"healthcheck": {"interval": "10"}},
            "healthcheck.interval",
            "property healthcheck.interval must be a duration such as 500ms, 10s or 1m30s",
        ),
        ({"ports": [{"external": 80}]}, "ports[0].internal", "property ports[0].internal is missing: give it"),
        ({"ports": [{"internal": 80, "range": 3}]}, "ports[0].range", "property ports[0].range is not implemented"),
        ({"uploads": [{"file": "/a"}]}, "uploads[0]", "property uploads[0] needs one of content and contentBase64"),
        (
            {"uploads": [{"file": "/a", "contentBase64": "?"}]},
            "uploads[0].contentBase64",
            "property uploads[0].contentBase64 is not base64",
        ),
        (
            {"uploads": [{"file": "/a", "content": "b"}], "readOnly": True},
            "uploads",
            "properties uploads and readOnly exclude each other on the Docker engine: mount a volume instead",
        ),
    ],
)  # fmt: skip
def test_this_is_refused_by_its_path(inputs: dict[str, Any], path: str, reason: str) -> None:
    found = refusals(CONTAINER, APP | inputs)
    assert [one.path for one in found] == [path]
    assert found[0].reason.startswith(reason)


def test_what_the_official_plugin_records_and_harmless_defaults_pass() -> None:
    defaults = {"attach": False, "logs": False, "tty": False, "privileged": False, "__defaults": ["name"]}
    assert not refusals(CONTAINER, APP | defaults)
    assert not refusals(NETWORK, {"name": UNKNOWN, "labels": [UNKNOWN, {"label": "a", "value": UNKNOWN}]})


def test_every_type_refuses_what_it_does_not_know() -> None:
    for resource in RESOURCES.values():
        assert "surprise" in [one.path for one in refusals(resource, {"surprise": 1})]


def test_only_the_host_can_be_set() -> None:
    assert not refused_settings({"host": "ssh://me@there", "version": "5.2.0", "pluginDownloadURL": "x"})
    assert [one.path for one in refused_settings({"context": "there", "host": "there:2375"})] == ["context", "host"]


def test_secrets_and_unknowns_travel_unharmed() -> None:
    marked = {"envs": [{SIGNATURE: SECRET, "value": "PASSWORD=correct horse"}, "A=1"], "image": UNKNOWN, "memory": 64}
    sent = decode(encode(marked))
    assert sent.values == {"envs": ["PASSWORD=correct horse", "A=1"], "image": UNKNOWN, "memory": 64}
    assert sent.secret == {"envs"}
    assert sent.secret_texts == {"PASSWORD=correct horse", "correct horse"}
    assert decode(encode(sent.values, sent.secret)).secret == {"envs"}


def test_secrets_are_taken_out_of_what_is_told() -> None:
    assert scrub("no: PASSWORD=correct horse", ["correct horse", "PASSWORD=correct horse"]) == "no: [secret]"


@pytest.mark.parametrize(
    ("said", "where", "port"),
    [
        ("driver failed: Bind for 127.0.0.1:8080 failed: port is already allocated", "127.0.0.1:8080", "8080"),
        ("driver failed: listen tcp4 0.0.0.0:8081: bind: address already in use", "0.0.0.0:8081", "8081"),
        ("driver failed: Bind for :::80 failed: port is already allocated", ":::80", "80"),
    ],
)  # fmt: skip
def test_a_port_in_use_is_named_with_who_to_ask(said: str, where: str, port: str) -> None:
    told = port_in_use(said, "app") or ""
    assert told.startswith(f"container app cannot start: port {where} is in use. `docker ps --filter publish={port}`")


def test_another_complaint_is_not_about_a_port() -> None:
    assert port_in_use("executable file not found in $PATH", "app") is None


def test_an_engine_out_of_reach_is_told_with_the_remedy_that_fits() -> None:
    assert "sudo systemctl start docker" in no_answer("unix:///var/run/docker.sock", "No such file or directory")
    assert "add the user to the group docker" in no_answer("unix:///var/run/docker.sock", "Permission denied")
    assert "Permission denied (publickey), then" in no_answer("ssh://me@there", "Permission denied (publickey)")


@pytest.mark.parametrize(
    ("spec", "path", "reason"),
    [
        ({"dns": "1.1.1.1"}, "taskSpec.containerSpec.dns", "is not implemented"),
        ({"stopGracePeriod": "30"}, "taskSpec.containerSpec.stopGracePeriod", "must be a duration such as"),
        ({"mounts": [{"target": "/tmp", "type": "npipe"}]}, "taskSpec.containerSpec.mounts[0].type", "must match bind"),
    ],
)
def test_of_a_service_too_only_what_is_implemented_is_taken(spec: dict[str, Any], path: str, reason: str) -> None:
    (found,) = refusals(SERVICE, {"name": "app", "taskSpec": {"containerSpec": {"image": "app:v1", **spec}}})
    assert found.path == path
    assert reason in found.reason


def test_a_port_of_a_service_must_be_named_by_number() -> None:
    ports = {"endpointSpec": {"ports": [{"targetPort": 80}]}, "taskSpec": {"containerSpec": {"image": "app:v1"}}}
    assert [one.path for one in refusals(SERVICE, {"name": "app", **ports})] == ["endpointSpec.ports[0].publishedPort"]
