"""The route on a real Docker engine, with the real proxy and the sample app in its slots."""

from __future__ import annotations

import time

import pytest
import urllib3

from components.move import drained
from components.proxy import Proxy
from components.route import RouteError, RouteProvider
from components.routefile import Target, without
from components.routereading import live_slot
from tests.engine.traffic.stage import Stage, Users

pytestmark = pytest.mark.engine


def test_the_first_release_is_reached_once_it_is_ready_and_by_nobody_before(stage: Stage) -> None:
    stage.slot("blue", START_DELAY_S="2")
    with Users(stage.url, threads=1) as users:
        stage.create(stage.props("blue"))
        assert stage.version() == "v1.0.0"
        time.sleep(0.5)
    assert set(users.answers) <= {
        "404",
        "v1.0.0",
        "echo",
        "ProtocolError",
        "NewConnectionError",
    }  # until the proxy listens
    assert users.answers["404"] > 0 and users.answers["v1.0.0"] > 0


def test_a_new_version_goes_live_and_back_and_no_request_is_lost(stage: Stage) -> None:
    stage.slot("blue")
    first = stage.create(stage.props("blue"))
    with Users(stage.url) as users:
        time.sleep(0.5)
        stage.slot("green", START_DELAY_S="1")
        second = stage.update(first, stage.props("green", "blue"))
        assert stage.version() == "v1.1.0"
        time.sleep(0.5)
        stage.update(second, stage.props("blue", "green"))
        assert stage.version() == "v1.0.0"
        time.sleep(0.5)
    assert set(users.answers) == {"v1.0.0", "v1.1.0", "echo"}
    assert sum(users.answers.values()) > 200


def test_a_canary_gets_its_share_step_by_step_and_no_request_is_lost(stage: Stage) -> None:
    stage.slot("blue")
    outs = stage.create(stage.props("blue"))
    with Users(stage.url) as users:
        stage.slot("green", START_DELAY_S="1")
        for share in (10, 25, 50):
            outs = stage.update(outs, stage.props("blue", "green", canary=share))
            assert stage.shares(1000)["v1.1.0"] == pytest.approx(
                share, abs=3
            )  # make bench-release asks ten times as many
        outs = stage.update(outs, stage.props("green", "blue"))
        assert stage.shares(100) == {"v1.1.0": 100}
        stage.update(outs, stage.props("blue", "green"))
        assert stage.shares(100) == {"v1.0.0": 100}
    assert set(users.answers) == {"v1.0.0", "v1.1.0", "echo"}


def test_a_user_stays_on_one_side_while_the_share_is_raised(stage: Stage) -> None:
    for slot in ("blue", "green"):
        stage.slot(slot)
    outs = stage.create(stage.props("blue"))
    outs = stage.update(outs, stage.props("blue", "green", canary=20))
    cookies = [urllib3.request("GET", f"{stage.url}/version").headers["Set-Cookie"] for _ in range(20)]
    assert all("HttpOnly" in one and "SameSite=Lax" in one for one in cookies)

    def sides() -> list[str]:
        headers = [{"Cookie": one.partition(";")[0]} for one in cookies]
        return [urllib3.request("GET", f"{stage.url}/version", headers=one).json()["version"] for one in headers]

    before = sides()
    assert set(before) == {"v1.0.0", "v1.1.0"}
    stage.update(outs, stage.props("blue", "green", canary=60))
    assert [sides() for _ in range(3)] == [before] * 3


@pytest.mark.parametrize("dies", ["blue", "green"])
def test_either_side_of_a_canary_stands_in_for_the_other(stage: Stage, dies: str) -> None:
    for slot in ("blue", "green"):
        stage.slot(slot)
    outs = stage.create(stage.props("blue"))
    stage.update(outs, stage.props("blue", "green", canary=50))
    stage.engine.containers.get(f"{stage.stem}-{dies}").kill()
    time.sleep(2.5)
    left = "v1.1.0" if dies == "blue" else "v1.0.0"
    assert stage.shares(50) == {left: 100}


def test_a_canary_that_never_gets_ready_gets_no_users(stage: Stage) -> None:
    stage.slot("blue")
    outs = stage.create(stage.props("blue"))
    before = stage.file()
    stage.slot("green", FAIL_HEALTH="1")
    with Users(stage.url) as users, pytest.raises(RouteError, match=r"v1\.1\.0 in slot green did not become ready"):
        stage.update(outs, stage.props("blue", "green", canary=10, deadline=3))
    assert stage.file() == before
    assert set(users.answers) == {"v1.0.0", "echo"}


def test_a_version_that_never_gets_ready_leaves_the_live_one_alone(stage: Stage) -> None:
    stage.slot("blue")
    first = stage.create(stage.props("blue"))
    before = stage.file()
    stage.slot("green", FAIL_HEALTH="1")
    with Users(stage.url) as users, pytest.raises(RouteError) as error:
        stage.update(first, stage.props("green", "blue", deadline=3))
    said = str(error.value)
    assert "v1.1.0 in slot green did not become ready within 3 s: /health, the last answer was 503." in said
    assert "v1.0.0 in slot blue is live as before." in said
    assert f"docker logs {stage.stem}-green" in said
    assert stage.file() == before
    assert set(users.answers) == {"v1.0.0", "echo"}


def test_after_the_cause_is_gone_the_same_update_succeeds(stage: Stage) -> None:
    stage.slot("blue", FAIL_HEALTH="1")
    with pytest.raises(RouteError, match="Nothing was live before"):
        stage.create(stage.props("blue", deadline=2))
    assert stage.version() == "404"
    stage.slot("blue")
    stage.create(stage.props("blue"))
    assert stage.version() == "v1.0.0"


def test_readiness_is_asked_by_the_apps_own_health_path(stage: Stage) -> None:
    stage.health = "/version"
    stage.slot("blue", FAIL_HEALTH="1")  # its /health is bad, which is not what this app is asked for
    stage.create(stage.props("blue"))
    assert stage.version() == "v1.0.0"


def test_a_version_that_crashes_is_told_at_once_with_its_last_words(stage: Stage) -> None:
    stage.slot("blue")
    first = stage.create(stage.props("blue"))
    stage.slot("green", PORT="none")
    began = time.monotonic()
    with pytest.raises(RouteError, match=r"(?s)its container ended with exit code.*Its last log lines.*PORT"):
        stage.update(first, stage.props("green", "blue", deadline=60))
    assert time.monotonic() - began < 15
    assert stage.version() == "v1.0.0"


def test_a_stopped_warm_slot_is_started_before_the_route_moves(stage: Stage) -> None:
    stage.slot("blue")
    stage.slot("green")
    first = stage.create(stage.props("blue", "green"))
    stage.engine.containers.get(f"{stage.stem}-green").stop(timeout=1)
    stage.update(first, stage.props("green", "blue"))
    assert stage.version() == "v1.1.0"


def test_refresh_sees_what_someone_changed_by_hand_and_up_puts_it_back(stage: Stage) -> None:
    stage.slot("blue")
    stage.slot("green")
    wanted = stage.props("blue", "green")
    outs = stage.create(wanted)
    assert not RouteProvider().diff("id", stage.refreshed(outs), wanted).changes
    stage.by_hand(stage.props("green", "blue")["content"])
    found = stage.refreshed(outs)
    assert live_slot(found["content"]) == "green"
    assert RouteProvider().diff("id", found, wanted).changes
    stage.update(found, wanted)
    assert (stage.file(), stage.version()) == (wanted["content"], "v1.0.0")


def test_a_file_that_someone_broke_harms_nobody_and_up_puts_it_back(stage: Stage) -> None:
    stage.slot("blue")
    wanted = stage.props("blue")
    outs = stage.create(wanted)
    stage.by_hand("http: [")
    assert stage.version() == "v1.0.0"
    stage.update(stage.refreshed(outs), wanted)
    assert stage.file() == wanted["content"]


def test_a_file_that_someone_broke_does_not_stop_the_next_release_nor_its_users(stage: Stage) -> None:
    stage.slot("blue")
    outs = stage.create(stage.props("blue"))
    stage.by_hand("http: [")
    stage.slot("green", START_DELAY_S="1")
    with Users(stage.url) as users:
        stage.update(stage.refreshed(outs), stage.props("green", "blue"))
    assert set(users.answers) <= {"v1.0.0", "v1.1.0", "echo"}
    assert stage.version() == "v1.1.0"


def test_the_live_slot_that_dies_is_stood_in_for_by_the_warm_one(stage: Stage) -> None:
    stage.slot("blue")
    stage.slot("green")
    stage.create(stage.props("green", "blue"))
    with Users(stage.url) as users:
        time.sleep(0.5)
        stage.engine.containers.get(f"{stage.stem}-green").kill()
        time.sleep(2.5)
        assert stage.version() == "v1.0.0"
    failed = sum(count for said, count in users.answers.items() if said not in {"v1.0.0", "v1.1.0", "echo"})
    assert failed <= len(users.threads)  # no more than were in flight at that moment
    assert users.slowest < 3


def test_a_tester_reaches_the_warm_slot_by_header_and_is_told_which_it_was(stage: Stage) -> None:
    stage.slot("blue")
    stage.slot("green")
    stage.create(stage.props("green", "blue"))
    assert (stage.version(), stage.version("blue")) == ("v1.1.0", "v1.0.0")


def test_a_proxy_that_is_gone_reads_as_an_empty_file_and_is_told_in_one_line(stage: Stage) -> None:
    stage.slot("blue")
    outs = stage.create(stage.props("blue"))
    news = stage.props("blue")
    stage.made.remove(stage.proxy)
    stage.proxy.remove(force=True)
    assert stage.refreshed(outs)["content"] == ""
    RouteProvider().delete("id", outs)
    with pytest.raises(RouteError, match=r"^The container \S+-proxy is gone. Run pulumi refresh, then pulumi up"):
        stage.update(stage.refreshed(outs), news)


def test_a_slot_that_nobody_uses_any_more_has_no_connection_left(stage: Stage) -> None:
    stage.slot("blue")
    first = stage.create(stage.props("blue"))
    stage.slot("green")
    stage.update(first, stage.props("green", "blue"))
    proxy = Proxy(None, stage.proxy.name)
    try:
        target = Target(f"{stage.stem}-blue", 8080, "/health")
        proxy.place(without(stage.file(), "blue"))
        drained(proxy, target, 30)
        assert proxy.connections(target.name, target.port) == 0
        assert stage.version() == "v1.1.0"
    finally:
        proxy.close()
