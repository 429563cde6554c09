"""Which images a stack leaves on the Docker engine."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from tests.engine.registry import Registry
from tests.engine.stacks.stack import Stack

pytestmark = pytest.mark.engine


@pytest.fixture
def registry(sample_images: list[str]) -> Iterator[Registry]:
    running, engine = Registry(), docker.from_env()
    for tag, version in [("r1", "v1.0.0"), ("r2", "v1.1.0"), ("r3", "v1.0.0"), ("r4", "v1.1.0"),
                         ("broken", "v0.0.0-broken")]:  # fmt: skip
        running.push(engine.images.get(f"golive-sample:{version}"), tag)
    yield running
    running.stop()
    for reference in held(running):
        engine.images.remove(reference, force=True)


def held(registry: Registry) -> set[str]:
    """What the engine has of the registry."""
    engine = docker.from_env()
    return {tag for one in engine.images.list() for tag in one.tags if tag.startswith(registry.host)}


def test_images_that_no_rollback_in_reach_needs_are_removed_and_come_again_when_they_are_asked_for(
    stack: Stack, registry: Registry
):
    image = f"{registry.host}/shop"
    stack.config |= {"golive:image": image, "golive:release": {"retain": 2}}
    for version in ("r1", "r2"):
        stack.config["golive:version"] = version
        stack.must_up()
    assert held(registry) == {f"{image}:r1", f"{image}:r2"}

    stack.config["golive:version"] = "broken"
    assert stack.up().code != 0
    stack.config["golive:version"] = "r3"
    stack.must_up()
    assert held(registry) == {f"{image}:r2", f"{image}:r3"}
    assert "updated" not in stack.must_up().text

    stack.config["golive:version"] = "r1"
    stack.must_up()
    assert stack.answers() == "v1.0.0"
    assert held(registry) == {f"{image}:r3", f"{image}:r1"}


def test_an_image_that_was_built_on_the_engine_stays_for_nobody_could_get_it_again(stack: Stack):
    stack.must_up()
    stack.config["golive:version"] = "v0.0.0-broken"
    assert stack.up().code != 0
    stack.config["golive:version"] = "v1.1.0"
    stack.must_up()
    assert "golive-sample:v0.0.0-broken" in docker.from_env().images.get("golive-sample:v0.0.0-broken").tags
