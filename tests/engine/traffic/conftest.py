"""The stage for each test: a proxy of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import docker
import pytest
from docker.errors import ImageNotFound

from components.settings import Traffic
from lab.sample_image import build
from tests.engine.traffic.stage import VERSIONS, Stage
from toolchain.go import toolchain
from toolchain.images import ensure


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def proxy_image(engine: Any) -> str:
    """The proxy's image: as the stacks use it, or what GOLIVE_PROXY_IMAGE names."""
    name = os.environ.get("GOLIVE_PROXY_IMAGE") or Traffic().image
    try:
        engine.images.get(name)
    except ImageNotFound:
        ensure()
    return name


@pytest.fixture(scope="session")
def versions() -> None:
    build(list(VERSIONS.values()), str(toolchain((1, 24))))


@pytest.fixture
def stage(engine: Any, proxy_image: str, versions: None) -> Iterator[Stage]:
    made = Stage(engine, proxy_image)
    yield made
    made.close()
