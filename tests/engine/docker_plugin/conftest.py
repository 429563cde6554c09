"""A plugin on the real Docker engine, and a small image to run on it."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.engine.docker_plugin.plugin import Made, Plugin
from toolchain.go import toolchain

NUMBERS = count(1)
PROJECT = f"trial-plugin-{os.getpid()}"  # of this run alone: what carries it is removed after each test
IMAGE = f"{PROJECT}:v1"
LABELS = [{"label": "golive.project", "value": PROJECT}]
PROGRAM = """package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

// "serve" listens; "fail" ends at once; "well" and "unwell" are health checks; "sleep" ends only when it is killed.
func main() {
	switch os.Args[1] {
	case "serve":
		fmt.Println("serving for", os.Getenv("PASSWORD"))
		http.ListenAndServe(":8080", http.FileServer(http.Dir("/")))
	case "fail":
		fmt.Println("no database at", os.Getenv("PASSWORD"))
		os.Exit(7)
	case "unwell":
		fmt.Println("not well")
		os.Exit(1)
	case "sleep":
		time.Sleep(time.Hour)
	}
}
"""


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    client = docker.APIClient(version="auto")
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("image")
    (folder / "main.go").write_text(PROGRAM)
    subprocess.run(
        [toolchain((1, 24)), "build", "-ldflags", "-s -w", "-o", "app", "main.go"],
        cwd=folder, check=True, env={**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
    )  # fmt: skip
    dockerfile = f'FROM scratch\nLABEL golive.project={PROJECT}\nCOPY app /app\nENTRYPOINT ["/app"]\nCMD ["serve"]\n'
    (folder / "Dockerfile").write_text(dockerfile)
    for said in engine.build(fileobj=_tar(folder), custom_context=True, tag=IMAGE, rm=True, decode=True):
        assert "error" not in said, said
    yield IMAGE
    for one in engine.images(filters={"label": [f"golive.project={PROJECT}"]}):
        engine.remove_image(one["Id"], force=True)


@pytest.fixture(scope="session")
def plugin(engine: Any) -> Iterator[Plugin]:
    running = Plugin()
    yield running
    assert running.stop() == 0


@pytest.fixture
def name() -> str:
    return f"{PROJECT}-{next(NUMBERS)}"


@pytest.fixture(autouse=True)
def nothing_left(engine: Any, request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    ours = {"label": [f"golive.project={PROJECT}"]}
    for one in engine.containers(all=True, filters=ours):
        engine.remove_container(one["Id"], force=True, v=True)
    for one in engine.networks(filters=ours):
        engine.remove_network(one["Id"])
    for one in engine.volumes(filters=ours)["Volumes"] or []:
        engine.remove_volume(one["Name"], force=True)


@pytest.fixture
def container(plugin: Plugin, image: str, name: str) -> Callable[..., Made]:
    """Makes a container of the small image, with these inputs besides."""
    return lambda **inputs: plugin.create("Container", name=name, image=image, labels=LABELS, **inputs)


def _tar(folder: Path) -> io.BytesIO:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for one in ("Dockerfile", "app"):
            tar.add(folder / one, one)
    held.seek(0)
    return held
