from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import pytest

from tests.engine.docker_plugin.conftest import LABELS
from tests.engine.docker_plugin.plugin import UNWELL, WELL, Made, Plugin, RefusedError, secret, wanted
from tests.engine.ports import free_port
from toolchain.docker_plugin.wire import UNKNOWN, decode, encode

pytestmark = pytest.mark.engine


def kinds(diff: Any) -> dict[str, str]:
    return {name: type(one).Kind.Name(one.kind) for name, one in diff.detailedDiff.items()}


def test_a_container_runs_as_asked_and_nothing_changes_after_that(
    plugin: Plugin, engine: Any, name: str, container: Callable[..., Made]
) -> None:
    plugin.create("Network", name=name, labels=LABELS)
    plugin.create("Volume", name=name, labels=LABELS)
    made = container(
        envs=["A=1", "B=2"],
        networksAdvanced=[{"name": name, "aliases": ["app"]}],
        volumes=[{"containerPath": "/data", "volumeName": name}],
        uploads=[{"file": "/etc/app/settings", "content": "hello", "permissions": "0600"}],
        ports=[{"internal": 8080, "external": free_port(), "ip": "127.0.0.1"}],
        healthcheck=WELL,
        wait=True,
        memory=64,
        cpus="0.50",
        restart="unless-stopped",
        logDriver="json-file",
        logOpts={"max-size": "1m", "max-file": "2"},
        tmpfs={"/tmp": ""},
        capabilities={"drops": ["ALL"]},
        stopTimeout=1,
    )
    there = engine.inspect_container(made.id)
    assert there["State"]["Health"]["Status"] == "healthy"
    assert set(there["NetworkSettings"]["Networks"]) == {name}
    assert "app" in there["NetworkSettings"]["Networks"][name]["Aliases"]
    assert there["HostConfig"]["Memory"] == 64 * 1024 * 1024
    assert there["HostConfig"]["NanoCpus"] == 500_000_000
    assert made.values["networkDatas"][0]["networkName"] == name
    assert not plugin.diff(made, **wanted(made)).detailedDiff
    again = plugin.read(made)
    assert again is not None
    assert again.values == made.values
    assert again.inputs == made.inputs


def test_memory_and_restart_are_changed_in_place(plugin: Plugin, engine: Any, container: Callable[..., Made]) -> None:
    made = container(memory=64, restart="no")
    change = wanted(made, memory=256, restart="always")
    diff = plugin.diff(made, **change)
    assert (kinds(diff), list(diff.replaces)) == ({"memory": "UPDATE", "restart": "UPDATE"}, [])
    updated = plugin.update(made, **change)
    there = engine.inspect_container(made.id)["HostConfig"]
    assert there["Memory"] == 256 * 1024 * 1024
    assert there["RestartPolicy"]["Name"] == "always"
    assert not plugin.diff(updated, **change).detailedDiff


def test_another_image_takes_a_new_container_and_the_old_one_goes_first(
    plugin: Plugin, container: Callable[..., Made]
) -> None:
    made = container()
    diff = plugin.diff(made, **wanted(made, image="trial-plugin:v2"))
    assert (kinds(diff), diff.deleteBeforeReplace) == ({"image": "UPDATE_REPLACE"}, True)
    assert list(plugin.diff(made, **wanted(made, image=UNKNOWN)).replaces) == ["image"]


def test_what_docker_update_changed_by_hand_is_seen_and_put_back(
    plugin: Plugin, engine: Any, container: Callable[..., Made]
) -> None:
    made = container(memory=64, restart="always")
    engine.update_container(made.id, mem_limit="96m", memswap_limit="192m", restart_policy={"Name": "no"})
    read = plugin.read(made)
    assert read is not None
    assert (read.values["memory"], read.values["restart"]) == (96, "no")
    assert set(plugin.diff(read, **wanted(made)).detailedDiff) == {"memory", "restart"}
    plugin.update(read, **wanted(made))
    assert engine.inspect_container(made.id)["HostConfig"]["Memory"] == 64 * 1024 * 1024


def test_a_container_stopped_by_hand_is_started_again(
    plugin: Plugin, engine: Any, container: Callable[..., Made]
) -> None:
    made = container()
    engine.kill(made.id)
    read = plugin.read(made)
    assert read is not None
    assert (read.values["mustRun"], read.values["exitCode"]) == (False, 137)
    diff = plugin.diff(read, **wanted(made))
    assert (set(diff.detailedDiff), list(diff.replaces)) == ({"mustRun"}, [])
    assert plugin.update(read, **wanted(made)).values["mustRun"] is True
    assert engine.inspect_container(made.id)["State"]["Running"]


def test_a_container_taken_off_its_network_by_hand_is_replaced(
    plugin: Plugin, engine: Any, name: str, container: Callable[..., Made]
) -> None:
    plugin.create("Network", name=name, labels=LABELS)
    made = container(networksAdvanced=[{"name": name}])
    engine.disconnect_container_from_network(made.id, name)
    read = plugin.read(made)
    assert read is not None
    assert list(plugin.diff(read, **wanted(made)).replaces) == ["networksAdvanced"]


def test_a_container_removed_by_hand_is_gone_and_its_deletion_is_fine(
    plugin: Plugin, engine: Any, container: Callable[..., Made]
) -> None:
    made = container()
    engine.remove_container(made.id, force=True)
    assert plugin.read(made) is None
    with pytest.raises(RefusedError, match="was removed by hand: run `pulumi refresh`"):
        plugin.update(made, **wanted(made))
    plugin.delete(made)


def test_secrets_stay_secret_in_what_is_kept(plugin: Plugin, container: Callable[..., Made]) -> None:
    made = container(
        envs=[secret("PASSWORD=correct horse"), "A=1"],
        uploads=[{"file": "/etc/token", "content": secret("battery staple")}],
    )
    read = plugin.read(made)
    assert read is not None
    for kept in (made, read):
        assert decode(kept.outputs).secret == {"envs", "uploads"}
        assert decode(kept.inputs).secret == {"envs", "uploads"}


def test_an_import_by_name_gives_the_inputs_to_write(plugin: Plugin, name: str, container: Callable[..., Made]) -> None:
    container(restart="always", memory=64)
    asked = Made("Container", name, encode({}), encode({}))
    read = plugin.read(asked)
    assert read is not None
    inputs = decode(read.inputs).values
    assert (inputs["name"], inputs["restart"], inputs["memory"]) == (name, "always", 64)
    assert "command" not in inputs


def test_a_preview_knows_inputs_and_defaults_and_leaves_the_rest_open(plugin: Plugin) -> None:
    seen = plugin.preview("Container", name="app", image=UNKNOWN)
    assert (seen["name"], seen["mustRun"], seen["restart"]) == ("app", True, "no")
    assert seen["image"] is UNKNOWN
    assert seen["networkDatas"] is UNKNOWN


def test_a_container_gets_its_time_to_stop(plugin: Plugin, engine: Any, container: Callable[..., Made]) -> None:
    made = container(command=["sleep"], destroyGraceSeconds=1, init=True)
    plugin.delete(made)
    assert not engine.containers(all=True, filters={"id": made.id})


def test_many_containers_start_at_the_same_time(plugin: Plugin, image: str, name: str) -> None:
    started = monotonic()
    with ThreadPoolExecutor(6) as pool:
        list(
            pool.map(
                lambda at: plugin.create(
                    "Container", name=f"{name}-{at}", image=image, labels=LABELS, healthcheck=UNWELL,
                    restart="always", mustRun=True,
                ),
                range(6),
            )
        )  # fmt: skip
    assert monotonic() - started < 6
