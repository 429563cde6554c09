"""What is under way in a slot that is to be stopped: it comes to its end, or is cut off after `drain`, not before."""

from __future__ import annotations

import docker
import pytest

from tests.engine.lasting import KINDS, Lasting
from tests.engine.stacks.stack import Stack

pytestmark = pytest.mark.engine
WHOLE = dict.fromkeys(KINDS, "whole")


@pytest.fixture
def rude(stack: Stack) -> Stack:
    """A stack whose app waits for nobody once it is told to end: whatever is not cut off is the drain's merit."""
    stack.config["golive:service"]["env"] |= {"SHUTDOWN_DELAY_S": "0", "DRAIN_S": "0"}
    return stack


def slots(stack: Stack) -> list[str]:
    """The slots that have a container, with their versions."""
    found = docker.from_env().containers.list(
        all=True, filters={"label": [f"golive.stack={stack.name}", "golive.slot"]}
    )
    return sorted(f"{one.labels['golive.slot']} {one.labels['golive.version']}" for one in found)


def url(stack: Stack) -> str:
    return f"http://127.0.0.1:{stack.port}"


def released(stack: Stack, version: str) -> str:
    """The version goes live, in a container of its own; what the update said."""
    stack.config["golive:version"] = version
    stack.config["golive:service"]["env"]["RELEASE"] = version
    return stack.must_up().text


def test_what_is_under_way_in_a_live_slot_that_goes_comes_to_its_end(rude: Stack):
    rude.config["golive:release"] = {"keepWarm": "off", "drain": 30}
    rude.must_up()
    with Lasting(url(rude), 9) as users:
        said = released(rude, "v1.1.0")
    assert "blue v1.0.0 live → idle, green v1.1.0 idle → live" in said
    assert users.ended == WHOLE
    assert slots(rude) == ["green v1.1.0"]
    assert "updated" not in rude.must_up().text


def test_what_is_under_way_in_the_warm_slot_ends_before_the_next_version_takes_it(rude: Stack):
    rude.config["golive:release"] = {"drain": 60}
    rude.must_up()
    with Lasting(url(rude), 30) as users:
        released(rude, "v1.1.0")
        assert users.ended == {}
        released(rude, "v1.0.0")
    assert users.ended == WHOLE
    assert (rude.answers(), slots(rude)) == ("v1.0.0", ["blue v1.0.0", "green v1.1.0"])


@pytest.mark.parametrize("keep_warm", ["off", None], ids=["live slot goes", "warm slot is taken"])
def test_what_lasts_longer_than_drain_is_cut_off_after_it_and_the_release_goes_on(rude: Stack, keep_warm: str | None):
    drain = 5
    rude.config["golive:release"] = {"drain": drain, **({"keepWarm": keep_warm} if keep_warm else {})}
    rude.must_up()
    with Lasting(url(rude), 120) as users:
        if keep_warm is None:
            released(rude, "v1.1.0")
            assert users.ended == {}  # its slot is only warm
        released(rude, "v1.0.0" if keep_warm is None else "v1.1.0")
        users.wait()
    assert [kind for kind, how in users.ended.items() if how == "whole"] == []
    assert min(users.lasted.values()) >= drain
    assert rude.answers() == rude.config["golive:version"]
