"""The sample app's images on the real Docker engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import docker
import pytest
import urllib3
from docker.errors import ImageNotFound

from lab.sample_image import NAME, RECIPE, build, main, remove

pytestmark = pytest.mark.engine

RUN = uuid4().hex[:8]
LABELS = {"golive.project": f"sample-{RUN}"}
GOOD, BROKEN = f"v9.0.0-{RUN}", f"v9.0.1-{RUN}-broken"
PATIENCE = 15.0


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="module")
def images(go: str) -> Iterator[None]:
    """Two versions of this run's own: another run on this engine, or a stack that is up, is left alone."""
    assert build([GOOD, BROKEN], go) == [GOOD, BROKEN]
    yield
    remove([GOOD, BROKEN])


@pytest.fixture
def start(engine: Any, images: None) -> Iterator[Callable[..., tuple[Any, str]]]:
    """Runs a version with these settings, read-only; hands back the container and its URL once it answers."""
    started = []

    def run(version: str = GOOD, **settings: str) -> tuple[Any, str]:
        container = engine.containers.run(
            f"{NAME}:{version}", detach=True, labels=LABELS, environment=settings, read_only=True,
            ports={"8080/tcp": ("127.0.0.1", None)},
        )  # fmt: skip
        started.append(container)
        container.reload()
        url = f"http://127.0.0.1:{container.ports['8080/tcp'][0]['HostPort']}"
        deadline = time.monotonic() + PATIENCE
        while status(f"{url}/version") != 200:
            assert time.monotonic() < deadline, container.logs()
            time.sleep(0.05)
        return container, url

    yield run
    for container in started:
        container.remove(force=True)


def status(url: str, method: str = "GET") -> int:
    """0 where nothing answers, or only half."""
    try:
        return urllib3.request(
            method, url, body=b"order" if method == "POST" else None, retries=False, timeout=5
        ).status
    except urllib3.exceptions.HTTPError:
        return 0


def ended(container: Any) -> int:
    return int(container.wait(timeout=PATIENCE)["StatusCode"])


def test_a_version_runs_says_who_it_is_and_is_healthy(start):
    container, url = start(SLOT="blue")
    assert urllib3.request("GET", f"{url}/version").json() == {"version": GOOD}
    assert "slot: blue" in urllib3.request("GET", url).data.decode()
    assert status(f"{url}/health") == 200
    assert container.exec_run(["/app", "-health"]).exit_code == 0


def test_a_broken_version_serves_but_is_never_healthy(start):
    container, url = start(BROKEN)
    assert status(f"{url}/") == 200
    assert {status(f"{url}/health") for _ in range(5)} == {503}
    checked = container.exec_run(["/app", "-health"])
    assert checked.exit_code == 1
    assert b"503" in checked.output


def test_a_stop_loses_nothing_that_is_under_way(start):
    container, url = start()
    orders: list[int] = []
    stream: list[str] = []

    def long() -> None:
        stream.append(urllib3.request("GET", f"{url}/stream?seconds=5", retries=False).data.decode())

    def short() -> None:
        # As a proxy does: once healthy, requests come until a later check has failed.
        while status(f"{url}/health") == 200:
            for _ in range(20):
                orders.append(status(f"{url}/echo", "POST"))
                time.sleep(0.01)

    threads = [threading.Thread(target=one) for one in (long, short, short)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    container.stop(timeout=10)
    for thread in threads:
        thread.join(PATIENCE)
    assert ended(container) == 0
    assert "".join(stream).endswith("5 of 5\n")
    assert len(orders) > 40
    assert set(orders) == {200}


def test_a_running_version_fails_slows_down_and_crashes_when_it_is_switched(start):
    container, url = start(SWITCHES="1")

    def switch(wish: dict[str, Any]) -> int:
        return urllib3.request("POST", f"{url}/switch", json=wish, retries=False).status

    assert switch({"fail_health": True}) == 200
    assert status(f"{url}/health") == 503
    assert switch({"fail_health": False, "slow_ms": 300}) == 200
    began = time.monotonic()
    assert status(f"{url}/health") == 200
    assert time.monotonic() - began >= 0.3
    assert switch({"crash": True}) == 200
    assert ended(container) == 3


def test_a_version_has_no_switches_unless_they_are_wanted(start):
    _, url = start()
    assert urllib3.request("POST", f"{url}/switch", json={"crash": True}).status == 404


def test_an_image_that_is_there_from_the_same_source_is_not_built_again(images, engine, capsys):
    before = engine.images.get(f"{NAME}:{GOOD}").id
    assert main([GOOD, "--go", "/nowhere/go"]) == 0
    assert capsys.readouterr().out == f"{NAME}:{GOOD}: is there already\n"
    assert engine.images.get(f"{NAME}:{GOOD}").id == before


def test_an_image_that_a_container_needs_is_not_removed_and_that_is_said_in_one_line(start, capsys):
    container, _ = start()
    assert main(["--remove", GOOD]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert container.short_id in line
    assert "Remove that container" in line


def test_an_image_from_another_source_replaces_the_one_before(images, engine, go, monkeypatch):
    before = engine.images.get(f"{NAME}:{BROKEN}").id
    monkeypatch.setattr("lab.sample_image.RECIPE", f"{RECIPE}LABEL changed=yes\n")
    assert build([BROKEN], go) == [BROKEN]
    assert engine.images.get(f"{NAME}:{BROKEN}").labels["changed"] == "yes"
    with pytest.raises(ImageNotFound):
        engine.images.get(before)
