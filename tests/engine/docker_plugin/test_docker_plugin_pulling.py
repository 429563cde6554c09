from collections.abc import Iterator

import pytest

from tests.engine.docker_plugin.plugin import Plugin, RefusedError
from tests.engine.registry import Registry

pytestmark = pytest.mark.engine


@pytest.fixture
def registry() -> Iterator[Registry]:
    running = Registry()
    yield running
    running.stop()


@pytest.mark.parametrize("way", [":v1", "@"])
def test_an_image_that_is_not_local_is_pulled_by_tag_or_digest(plugin: Plugin, registry: Registry, way: str) -> None:
    name = f"{registry.host}/shop/app{way}{registry.digest if way == '@' else ''}"
    made = plugin.create("RemoteImage", name=name, platform="linux/amd64")
    try:
        assert made.values["repoDigest"] == f"{registry.host}/shop/app@{registry.digest}"
    finally:
        plugin.delete(made)
    assert plugin.read(made) is None


def test_a_tag_that_the_registry_does_not_have_is_told(plugin: Plugin, registry: Registry) -> None:
    name = f"{registry.host}/shop/app:v2"
    with pytest.raises(
        RefusedError, match=f"image {name} is neither on the Docker engine nor can it be pulled"
    ) as said:
        plugin.create("RemoteImage", name=name)
    assert "manifest unknown" in str(said.value)
