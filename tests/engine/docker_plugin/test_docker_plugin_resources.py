from typing import Any

import pytest

from tests.engine.docker_plugin.conftest import LABELS, PROJECT
from tests.engine.docker_plugin.plugin import Plugin, RefusedError
from toolchain.docker_plugin.wire import UNKNOWN, decode

pytestmark = pytest.mark.engine


def test_a_network_is_made_read_and_removed(plugin: Plugin, engine: Any, name: str) -> None:
    made = plugin.create("Network", name=name, labels=LABELS, internal=True)
    assert engine.inspect_network(name)["Internal"]
    assert (made.values["driver"], made.values["scope"]) == ("bridge", "local")
    assert not plugin.diff(made, **decode(made.inputs).values).detailedDiff
    plugin.delete(made)
    assert plugin.read(made) is None
    plugin.delete(made)


def test_other_labels_take_a_new_network_after_the_old_one_is_gone(plugin: Plugin, name: str) -> None:
    made = plugin.create("Network", name=name, labels=LABELS)
    diff = plugin.diff(made, name=name, labels=[*LABELS, {"label": "a", "value": "b"}])
    assert (list(diff.replaces), diff.deleteBeforeReplace) == (["labels"], True)


def test_a_network_name_that_is_taken_is_told(plugin: Plugin, name: str) -> None:
    plugin.create("Network", name=name, labels=LABELS)
    with pytest.raises(RefusedError, match=f"network {name} exists already and is not this stack's"):
        plugin.create("Network", name=name, labels=LABELS)


def test_a_volume_is_made_read_and_removed(plugin: Plugin, engine: Any, name: str) -> None:
    made = plugin.create("Volume", name=name, labels=LABELS)
    assert made.id == name
    assert made.values["mountpoint"] == engine.inspect_volume(name)["Mountpoint"]
    assert not plugin.diff(made, **decode(made.inputs).values).detailedDiff
    plugin.delete(made)
    assert plugin.read(made) is None
    plugin.delete(made)


def test_a_volume_of_someone_else_is_not_taken_over(plugin: Plugin, engine: Any, name: str) -> None:
    engine.create_volume(name, labels={"golive.project": PROJECT, "of": "someone else"})
    with pytest.raises(RefusedError, match=f"volume {name} exists already with other labels"):
        plugin.create("Volume", name=name, labels=LABELS)


def test_a_local_image_is_found_without_any_registry(plugin: Plugin, engine: Any, image: str) -> None:
    made = plugin.create("RemoteImage", name=image, keepLocally=True)
    identity = engine.inspect_image(image)["Id"]
    assert (made.values["imageId"], made.id) == (identity, identity + image)
    plugin.delete(made)
    assert engine.inspect_image(image)["Id"] == identity


def test_an_image_goes_with_its_resource_unless_it_is_kept(plugin: Plugin, engine: Any, image: str) -> None:
    engine.tag(image, "trial-plugin-copy", "v1")
    made = plugin.create("RemoteImage", name="trial-plugin-copy:v1")
    plugin.delete(made)
    assert plugin.read(made) is None
    assert not engine.images("trial-plugin-copy:v1")


def test_a_tag_that_was_moved_is_seen(plugin: Plugin, engine: Any, image: str) -> None:
    made = plugin.create("RemoteImage", name=image, keepLocally=True)
    before = engine.inspect_image(image)["Id"]
    try:
        made_of = engine.create_container_from_config({"Image": image, "Labels": {"golive.project": PROJECT}})
        engine.commit(made_of["Id"], *image.split(":"), changes="LABEL moved=yes")
        moved = plugin.read(made)
        assert moved is not None
        assert moved.values["imageId"] == engine.inspect_image(image)["Id"] != before
    finally:
        engine.remove_container(made_of["Id"])
        engine.tag(before, *image.split(":"))


def test_what_is_not_implemented_is_refused_by_name(plugin: Plugin) -> None:
    refused = plugin.check("Container", name="app", image="app", gpus="all").failures
    assert [(one.property, one.reason) for one in refused] == [
        (
            "gpus",
            "property gpus is not implemented by golive's Docker plugin: leave it out, or use the official plugin "
            "(`pulumi plugin install resource docker v5.2.0`)",
        )
    ]
    refused = plugin.check("docker:index/secret:Secret", name="token", data="c2VjcmV0").failures
    assert [one.reason for one in refused] == [
        "docker:index/secret:Secret is not implemented by golive's Docker plugin: leave it out, or use the official "
        "plugin (`pulumi plugin install resource docker v5.2.0`)"
    ]


def test_what_is_not_known_yet_is_no_mistake(plugin: Plugin) -> None:
    assert not plugin.check("Container", name=UNKNOWN, image=UNKNOWN, memory=UNKNOWN, ports=[UNKNOWN]).failures


def test_a_resource_without_a_name_keeps_the_one_it_gets(plugin: Plugin) -> None:
    named = decode(plugin.check("Volume").inputs).values
    assert named["name"].startswith("it-")
    assert named["__defaults"] == ["name"]


def test_an_engine_that_is_not_there_is_named_before_anything_is_done() -> None:
    plugin = Plugin("unix:///nowhere/docker.sock", configured=False)
    try:
        with pytest.raises(RefusedError) as caught:
            plugin.configure()
    finally:
        plugin.stop()
    assert caught.value.said == (
        "the Docker engine at unix:///nowhere/docker.sock does not answer (No such file or directory): start it "
        "(`sudo systemctl start docker`) or name another host (docker:host, or DOCKER_HOST), then run `pulumi up` again"
    )
