import socket
from collections.abc import Callable
from threading import Timer
from typing import Any

import pytest
from google.protobuf import empty_pb2

from tests.engine.docker_plugin.conftest import LABELS
from tests.engine.docker_plugin.plugin import UNWELL, Made, Plugin, RefusedError, secret, wanted
from tests.engine.ports import free_port
from toolchain.docker_plugin.wire import decode

pytestmark = pytest.mark.engine


def test_a_port_in_use_is_named_and_the_container_starts_when_it_is_free(
    plugin: Plugin, engine: Any, container: Callable[..., Made]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RefusedError, match=f"port 127.0.0.1:{port} is in use") as caught:
            container(ports=[{"internal": 8080, "external": port, "ip": "127.0.0.1"}])
    left = caught.value.left
    inputs = {name: one for name, one in decode(left.properties).values.items() if name in ("name", "image", "ports")}
    half = Made("Container", left.id, left.properties, left.properties)
    plugin.update(half, **inputs)
    assert engine.inspect_container(left.id)["State"]["Running"]


def test_a_taken_port_is_found_before_the_old_container_goes(plugin: Plugin, container: Callable[..., Made]) -> None:
    made = container(ports=[{"internal": 8080, "external": free_port(), "ip": "127.0.0.1"}])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RefusedError, match=f"port 127.0.0.1:{port} is in use"):
            plugin.diff(made, **wanted(made, ports=[{"internal": 8080, "external": port, "ip": "127.0.0.1"}]))


def test_one_that_ends_at_once_is_told_with_its_last_lines_and_without_its_secrets(
    plugin: Plugin, engine: Any, name: str, container: Callable[..., Made]
) -> None:
    with pytest.raises(RefusedError) as caught:
        container(command=["fail"], envs=[secret("PASSWORD=correct horse")])
    assert caught.value.said == (
        f"container {name} ended right after its start with exit code 7. Its last lines: no database at [secret]. "
        "Correct what it complains of, then run `pulumi up` again"
    )
    assert caught.value.left is None
    assert not engine.containers(all=True, filters={"name": name})


def test_one_that_never_gets_healthy_is_told_and_stays_known(
    plugin: Plugin, engine: Any, name: str, container: Callable[..., Made]
) -> None:
    with pytest.raises(RefusedError) as caught:
        container(healthcheck=UNWELL, wait=True, waitTimeout=2)
    assert caught.value.said.startswith(
        f"container {name} was not healthy within 2 s: the last health check ended with 1 and said: not well."
    )
    assert engine.inspect_container(caught.value.left.id)["State"]["Running"]
    assert decode(caught.value.left.properties).values["name"] == name


def test_waiting_without_a_health_check_is_refused_and_nothing_is_left(
    engine: Any, name: str, container: Callable[..., Made]
) -> None:
    with pytest.raises(RefusedError, match="has no health check to wait for"):
        container(wait=True)
    assert not engine.containers(all=True, filters={"name": name})


def test_a_missing_image_is_named(plugin: Plugin, name: str) -> None:
    with pytest.raises(RefusedError, match="image trial-plugin-none:v9 is neither on the Docker engine nor"):
        plugin.create("Container", name=name, image="trial-plugin-none:v9", labels=LABELS)


def test_a_name_that_is_taken_is_told(container: Callable[..., Made], name: str) -> None:
    container()
    with pytest.raises(RefusedError, match=f"container {name} exists already and is not this stack's"):
        container()


def test_a_missing_network_leaves_no_container(engine: Any, name: str, container: Callable[..., Made]) -> None:
    with pytest.raises(RefusedError, match="cannot be connected to network trial-plugin-none"):
        container(networksAdvanced=[{"name": "trial-plugin-none"}])
    assert not engine.containers(all=True, filters={"name": name})


def test_one_that_removes_itself_at_its_end_is_told_too(engine: Any, name: str, container: Callable[..., Made]) -> None:
    with pytest.raises(RefusedError, match=f"container {name} ended"):
        container(command=["fail"], rm=True)
    assert not engine.containers(all=True, filters={"name": name})


def test_leaving_ends_a_wait_and_the_container_stays_known(plugin: Plugin, engine: Any, image: str, name: str) -> None:
    leaving = Plugin()
    try:
        timer = Timer(1, lambda: leaving.stub.Cancel(empty_pb2.Empty()))
        timer.start()
        with pytest.raises(RefusedError, match="cancelled while waiting") as caught:
            leaving.create(
                "Container", name=name, image=image, labels=LABELS, healthcheck=UNWELL, wait=True, waitTimeout=60
            )
    finally:
        leaving.stop()
    assert engine.inspect_container(caught.value.left.id)["State"]["Running"]
