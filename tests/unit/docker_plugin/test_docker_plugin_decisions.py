from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from toolchain.docker_plugin.canonical import duration, written
from toolchain.docker_plugin.difference import Difference, difference
from toolchain.docker_plugin.properties import CONTAINER, NETWORK, REMOTE_IMAGE, VOLUME
from toolchain.docker_plugin.wire import UNKNOWN

APP = {"name": "app", "image": "sha256:1"}


def container(state: dict[str, Any], wanted: dict[str, Any], old_inputs: dict[str, Any] | None = None) -> Difference:
    return difference(CONTAINER, APP | state, APP | (state if old_inputs is None else old_inputs), APP | wanted)


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ({"memory": 64}, {"memory": 128}),
        ({"restart": "no"}, {"restart": "always"}),
        ({"restart": "on-failure", "maxRetryCount": 1}, {"restart": "on-failure", "maxRetryCount": 2}),
        ({"memorySwap": 128}, {"memorySwap": 256}),
        ({"cpuShares": 512}, {"cpuShares": 1024}),
        ({"mustRun": False}, {}),
        ({"waitTimeout": 60}, {"waitTimeout": 90}),
        ({"destroyGraceSeconds": 10}, {}),
    ],
)
def test_this_is_changed_in_place(state: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = container(state, wanted)
    assert (len(found.changes), found.replaces, found.deleted_first) == (1, [], False)


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ({}, {"image": "sha256:2"}),
        ({}, {"image": UNKNOWN}),
        ({"envs": ["A=1"]}, {"envs": ["A=2"]}),
        ({"envs": ["A=1"]}, {}),
        ({"cpus": "0.5"}, {"cpus": "1"}),
        ({"labels": []}, {"labels": [{"label": "a", "value": "b"}]}),
        ({"healthcheck": {"tests": ["CMD", "a"]}}, {"healthcheck": {"tests": ["CMD", "b"]}}),
        ({"memory": 64}, {}),
        ({"networksAdvanced": [{"name": "a"}]}, {"networksAdvanced": [{"name": UNKNOWN}]}),
        ({"uploads": [{"file": "/a", "content": "1"}]}, {"uploads": [{"file": "/a", "content": "2"}]}),
    ],
)
def test_this_takes_a_new_container_after_the_old_one_is_gone(state: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = container(state, wanted)
    assert (len(found.replaces), found.deleted_first) == (1, True)


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ({"envs": ["A=1", "B=2"]}, {"envs": ["B=2", "A=1"]}),
        ({"restart": "no", "mustRun": True, "removeVolumes": True, "waitTimeout": 60}, {}),
        ({"healthcheck": {"interval": "1m30s", "retries": 0}}, {"healthcheck": {"interval": "90s"}}),
        ({"cpus": "0.5"}, {"cpus": "0.50"}),
        ({"tmpfs": {}}, {}),
        ({"capabilities": {"adds": [], "drops": ["CAP_ALL"]}}, {"capabilities": {"drops": ["all"]}}),
        (
            {"ports": [{"internal": 80, "external": 32768, "ip": "0.0.0.0", "protocol": "tcp"}]},
            {"ports": [{"internal": 80}]},
        ),
        (
            {"networksAdvanced": [{"name": "a", "aliases": ["x", "y"]}]},
            {"networksAdvanced": [{"name": "a", "aliases": ["y", "x"]}]},
        ),
    ],
)  # fmt: skip
def test_this_is_the_same(state: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert not container(state, wanted).changes


def test_what_the_engine_chose_is_no_change() -> None:
    chosen = {"hostname": "0123456789ab", "command": ["serve"], "memorySwap": 128, "logDriver": "json-file"}
    assert not container(chosen, {}, old_inputs={}).changes


def test_what_is_to_be_ignored_is() -> None:
    found = difference(CONTAINER, APP, APP, APP | {"image": "sha256:2"}, ["image"])
    assert not found.changes


def test_a_network_of_its_own_name_goes_before_it_comes_again_and_one_named_for_it_does_not() -> None:
    before, after = {"name": "net", "driver": "bridge"}, {"name": "net", "driver": "overlay"}
    assert difference(NETWORK, before, before, after).deleted_first
    assert not difference(NETWORK, before, before, after | {"__defaults": ["name"]}).deleted_first
    assert not difference(VOLUME, {"name": "a"}, {"name": "a"}, {"name": "b"}).deleted_first


def test_whether_an_image_is_kept_changes_in_place_and_its_name_does_not() -> None:
    before = {"name": "app:v1", "keepLocally": False}
    assert not difference(REMOTE_IMAGE, before, before, before | {"keepLocally": True}).replaces
    changed = difference(REMOTE_IMAGE, before, before, before | {"name": "app:v2"})
    assert (changed.replaces, changed.deleted_first) == (["name"], False)


@given(some.integers(min_value=0, max_value=10**9))
def test_a_written_duration_is_read_as_it_was(milliseconds: int) -> None:
    assert duration(written(milliseconds * 10**6)) == milliseconds * 10**6


@pytest.mark.parametrize("text", ["", "10", "s", "10 s", "-1s", "1d"])
def test_this_is_no_duration(text: str) -> None:
    assert duration(text) is None
