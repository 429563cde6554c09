import pulumi
import pytest
from pulumi.runtime.invoke import InvokeResult

from components.choice import Wish, plan
from components.previous import RELEASE, ROUTE, previous, read
from components.slots import Previous, Spec, Trial, to_json

V1, V2 = (Spec(version, f"shop:{version}", secrets={"TOKEN": "hush"}) for version in ("v1", "v2"))


def from_resources(resources, app=""):
    """As the engine tells them: by URN."""
    names = {RELEASE: "release", ROUTE: "traffic-route"}
    named = {f"urn:pulumi:dev::golive::{one['type']}::{one.get('name', names[one['type']])}": one for one in resources}
    return previous(named, app)


def release(slots, containers):
    return {"type": RELEASE, "outputs": {"slots": to_json(slots), "containers": containers}}


def route(live, containers):
    return {"type": ROUTE, "outputs": {"live": live, "containers": containers}}


def test_a_stack_that_never_ran_has_nothing():
    assert from_resources([]) == Previous()


def test_live_and_warm_are_as_the_last_update_left_them():
    found = from_resources(
        [release({"blue": V1, "green": V2}, {"blue": "1", "green": "2"}), route("green", {"blue": "1", "green": "2"})]
    )
    assert found == Previous("green", {"blue": V1, "green": V2})
    assert found.live_spec == V2


def test_a_version_that_never_became_ready_is_no_warm_one():
    found = from_resources(
        [release({"blue": V1, "green": V2}, {"blue": "1", "green": "3"}), route("blue", {"blue": "1"})]
    )
    assert found == Previous("blue", {"blue": V1})
    assert plan(found, Wish(V1)).slots == {"blue": V1}
    assert plan(found, Wish(V2)).slots == {"blue": V1, "green": V2}


def test_a_canary_is_read_with_its_share_and_one_that_never_got_users_is_none():
    slots = release({"blue": V1, "green": V2}, {"blue": "1", "green": "2"})
    there = route("blue", {"blue": "1", "green": "2"})
    there["outputs"]["trial"] = Trial(10).props() | {"percent": 10.0}
    assert from_resources([slots, there]) == Previous("blue", {"blue": V1, "green": V2}, Trial(10))
    there["outputs"]["containers"] = {"blue": "1", "green": "the one before"}
    assert from_resources([slots, there]) == Previous("blue", {"blue": V1})


def test_an_update_that_failed_after_the_route_moved_leaves_the_new_version_live():
    # The stack's outputs still name blue here; what counts is where the route leads.
    found = from_resources(
        [release({"blue": V1, "green": V2}, {"blue": "1", "green": "2"}), route("green", {"blue": "1", "green": "2"})]
    )
    assert plan(found, Wish(Spec("v3", "shop:v3"))).live == "blue"


def test_a_first_release_that_failed_left_nothing_live():
    assert from_resources([release({"blue": V1}, {"blue": "1"})]) == Previous()


def test_a_live_container_that_was_made_again_is_still_the_live_one():
    found = from_resources([release({"blue": V1}, {"blue": "new"}), route("blue", {"blue": "old"})])
    assert found == Previous("blue", {"blue": V1})


def test_a_state_that_cannot_be_understood_is_an_error_without_its_secrets():
    broken = {"type": RELEASE, "outputs": {"slots": '{"blue": {"secrets": {"TOKEN": "hush"}}}', "containers": {}}}
    with pytest.raises(pulumi.RunError, match="does not tell what runs") as error:
        from_resources([broken, route("blue", {})])
    assert "hush" not in str(error.value)


def test_each_of_several_apps_is_read_by_its_name():
    resources = [
        {**release({"blue": V1}, {"blue": "1"}), "name": "release-web"},
        {**route("blue", {"blue": "1"}), "name": "traffic-route-web"},
        {**release({"green": V2}, {"green": "2"}), "name": "release-api"},
        {**route("green", {"green": "2"}), "name": "traffic-route-api"},
    ]
    assert from_resources(resources, "web") == Previous("blue", {"blue": V1})
    assert from_resources(resources, "api") == Previous("green", {"green": V2})
    assert from_resources(resources, "mail") == from_resources(resources) == Previous()


@pytest.fixture
def engine(monkeypatch):
    """What the engine answers when it is asked for the state, one after the other: an error's text, or resources."""
    answers: list = []

    def invoke(*_):
        answer = answers.pop(0)
        if isinstance(answer, str):
            raise Exception(answer)
        return InvokeResult({"outputs": answer})

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    for name in ("organization", "project", "stack"):
        monkeypatch.setattr(pulumi, f"get_{name}", lambda: "shop")
    return answers


TORN = "invoke of pulumi:pulumi:readStackResourceOutputs failed: failed to load checkpoint: EOF"


def test_a_state_that_is_just_being_written_is_read_again(engine):
    resources = [release({"blue": V1}, {"blue": "1"}), route("blue", {"blue": "1"})]
    engine += [
        TORN,
        TORN,
        {f"urn::{name}": one for name, one in zip(("release", "traffic-route"), resources, strict=True)},
    ]
    assert read([""]).apps == {"": Previous("blue", {"blue": V1})}
    assert engine == []


def test_a_state_that_cannot_be_read_is_said_and_never_taken_for_nothing(engine):
    engine += [TORN] * 9
    with pytest.raises(pulumi.RunError, match=r"What runs cannot be read from the state: .*EOF"):
        read([""])
    engine[:] = ["invoke failed: unknown stack"]
    with pytest.raises(pulumi.RunError, match="unknown stack"):
        read([""])
    assert engine == []
