"""Several services in one stack, behind one proxy."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import docker
import pytest

from tests.engine.stacks.stack import Stack, error_line
from tests.engine.traffic.stage import Users

pytestmark = pytest.mark.engine
RUNS = {"image": "golive-sample", "health": {"successes": 1, "deadline": 6}, "env": {"SHUTDOWN_DELAY_S": "0"}}
WEB: dict[str, Any] = {**RUNS, "host": "shop.example.com", "workers": {"queue": {"command": ["-work"]}}}
API: dict[str, Any] = {**RUNS, "host": "shop.example.com", "path": "/version", "version": "v1.1.0"}
SHOP = {"Host": "shop.example.com"}
ANY: dict[str, Any] = {**RUNS, "release": {"drain": 5}}


def several(stack: Stack, **services: Any) -> None:
    """In place of the only one."""
    for key in ("image", "service"):
        stack.config.pop(f"golive:{key}", None)
    stack.config["golive:services"] = deepcopy(services)


def containers(stack: Stack) -> set[str]:
    mine = {"label": [f"golive.stack={stack.name}"]}
    found = docker.from_env().containers.list(filters=mine)
    return {one.name.removeprefix(f"golive-{stack.name}-") for one in found}


def test_each_service_has_its_own_requests_slots_and_releases(stack: Stack):
    several(stack, web=WEB, api=API, rest=ANY)
    first = stack.must_up()
    assert "web: blue v1.0.0 idle → live" in first.text
    assert containers(stack) == {"proxy", "monitor", "web-blue", "web-worker-queue", "api-blue", "rest-blue"}
    assert stack.answers(headers=SHOP) == "v1.1.0"  # at api's path
    assert "version: v1.0.0" in stack.answers("/", SHOP)  # web's
    assert stack.answers(headers={"Host": "other.example.com"}) == "v1.0.0"  # rest's
    outputs = json.loads(stack.run("stack", "output", "--json").text)
    assert {name: one["version"] for name, one in outputs["release"].items()} == {
        "web": "v1.0.0", "api": "v1.1.0", "rest": "v1.0.0",
    }  # fmt: skip
    assert "updated" not in stack.must_up().text

    stack.config["golive:services"]["web"]["version"] = "v1.1.0"
    second = stack.must_up()
    assert "web: blue v1.0.0 live → warm, green v1.1.0 idle → live" in second.text
    assert "api: blue v1.1.0 stays live" in second.text
    assert "version: v1.1.0" in stack.answers("/", SHOP)
    assert containers(stack) >= {"web-blue", "web-green", "api-blue", "rest-blue"}

    stack.config["golive:services"]["rest"]["version"] = "v0.0.0-broken"
    failed = stack.up()
    assert failed.code != 0
    error_line(failed, r"v0\.0\.0-broken in slot green did not become ready")
    error_line(failed, r"golive:services\.rest\.version back to v1\.0\.0")
    assert stack.answers(headers={"Host": "other.example.com"}) == "v1.0.0"


def test_a_stack_with_one_service_becomes_one_with_several_and_back_and_its_users_notice_nothing(stack: Stack):
    stack.must_up()
    with Users(f"http://127.0.0.1:{stack.port}") as users:
        alone = stack.config["golive:service"]
        several(stack, shop=ANY, api=API)
        stack.must_up()
        assert containers(stack) == {"proxy", "monitor", "shop-blue", "api-blue"}
        del stack.config["golive:services"]
        stack.config |= {"golive:image": "golive-sample", "golive:service": alone}
        stack.must_up()
        assert containers(stack) == {"proxy", "monitor", "blue"}
    assert set(users.answers) <= {"v1.0.0", "echo"}, users.answers
    assert sum(users.answers.values()) > 100


def test_services_that_are_in_each_others_way_are_told_before_anything_is_changed(stack: Stack):
    several(stack, web=WEB, shop=WEB, api={**API, "image": ""})
    said = stack.up()
    assert said.code != 0
    error_line(said, r"golive:services\.web: is reached by the same host and path as shop")
    error_line(said, r"golive:services\.api\.image: is missing")
    assert containers(stack) == set()
