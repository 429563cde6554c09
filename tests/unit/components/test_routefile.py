import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from components import routefile, routereading
from components.routefile import GROUP as GROUP_PRIORITY
from components.routefile import Served, Target, with_candidate, without
from components.routereading import live_slot, revision, serving
from components.slots import SLOTS, Trial
from components.way import Way

BLUE, GREEN = (Target(f"shop-dev-{slot}", 8080, "/health") for slot in SLOTS)
BOTH = {"blue": BLUE, "green": GREEN}


def route_file(live, targets, host=None, canary=0, versions=None, **more):
    trial = Trial(canary) if canary else None
    return routefile.route_file(Served(live, targets, Way(host), versions or {}, **({"trial": trial} | more)))


def http(text):
    return yaml.safe_load(text)["http"]


def test_with_one_slot_everyone_goes_there():
    found = http(route_file("blue", {"blue": BLUE}))
    assert found["routers"]["app"]["rule"] == "PathPrefix(`/`)"
    assert found["routers"]["app"]["service"] == "blue"
    assert found["services"]["blue"]["loadBalancer"]["servers"] == [{"url": "http://shop-dev-blue:8080"}]


def test_with_a_warm_slot_the_live_one_fails_over_to_it():
    found = http(route_file("green", BOTH))
    assert found["services"]["app"] == {"failover": {"service": "green", "fallback": "blue"}}


def test_a_canary_gets_its_share_and_the_rest_is_the_live_slots():
    text = route_file("green", BOTH, canary=10, versions={"blue": "v2", "green": "v1"})
    weighted = http(text)["services"]["app"]["weighted"]
    assert weighted["services"] == [{"name": "green", "weight": 90}, {"name": "blue", "weight": 10}]
    assert weighted["healthCheck"] == {}  # the one that is down is left out, and its users get the other one
    assert (serving(text), live_slot(text)) == (("green", "blue"), "green")


def test_a_user_stays_on_one_side_as_long_as_the_same_two_versions_are_compared():
    def cookie(share, versions, live="blue"):
        text = route_file(live, BOTH, canary=share, versions=versions)
        return http(text)["services"]["app"]["weighted"]["sticky"]["cookie"]

    here = {"blue": "v1", "green": "v2"}
    assert cookie(10, here) == cookie(50, here)
    assert cookie(10, here)["httpOnly"]
    names = [cookie(10, here), cookie(10, {**here, "green": "v3"}), cookie(10, here, live="green")]
    assert len({one["name"] for one in names}) == 3


@pytest.mark.parametrize(("text", "slots"), [("", ()), (route_file("blue", {"blue": BLUE}), ("blue",)),
                                             (route_file("green", BOTH), ("green",))])  # fmt: skip
def test_the_file_tells_which_slots_have_users(text, slots):
    assert serving(text) == slots


def test_each_slot_is_checked_by_its_own_health_path_twice_a_second():
    found = http(route_file("blue", {"blue": BLUE, "green": Target("g", 9000, "/ready?deep=1", 3)}))
    checks = {slot: found["services"][slot]["loadBalancer"]["healthCheck"] for slot in SLOTS}
    assert checks["blue"] == {"path": "/health", "interval": "500ms", "timeout": "1s"}
    assert checks["green"] == {"path": "/ready?deep=1", "interval": "500ms", "timeout": "3s"}


def test_a_slot_that_is_gone_without_a_word_is_given_up_soon():
    found = http(route_file("blue", BOTH))
    assert {found["services"][slot]["loadBalancer"]["serversTransport"] for slot in SLOTS} == {"slots"}
    assert found["serversTransports"]["slots"] == {
        "forwardingTimeouts": {"dialTimeout": "250ms", "idleConnTimeout": "1s"}
    }


def test_a_tester_reaches_a_slot_by_header_before_the_main_route_whatever_its_host_name():
    host = ".".join(["x" * 60] * 4)
    routers = http(route_file("blue", BOTH, host))["routers"]
    assert routers["tester-green"]["rule"] == f"Host(`{host}`) && Header(`X-Golive-Slot`, `green`)"
    assert routers["tester-green"]["priority"] > routers["app"]["priority"] > 0


def test_only_a_testers_answer_names_the_slot():
    found = http(route_file("blue", BOTH))
    assert found["routers"]["app"]["middlewares"] == ["again"]
    told = found["middlewares"]["tester-green"]["headers"]["customResponseHeaders"]
    assert told["X-Golive-Slot"] == "green"


def test_a_candidate_changes_nothing_for_anyone_else():
    before = route_file("blue", {"blue": BLUE})
    found, was = http(with_candidate(before, "green", GREEN)), http(before)
    for section in ("routers", "services", "middlewares"):
        assert {key: value for key, value in found[section].items() if key != "candidate"} == was[section]
    assert "healthCheck" not in found["services"]["candidate"]["loadBalancer"]
    assert found["services"]["candidate"]["loadBalancer"]["serversTransport"] == "slots"
    assert live_slot(with_candidate(before, "green", GREEN)) == "blue"


def test_before_the_first_release_only_the_probe_gets_through():
    text = with_candidate("", "blue", BLUE)
    assert list(http(text)["routers"]) == ["candidate"]
    assert live_slot(text) is None


def test_a_candidate_after_a_candidate_that_failed_takes_its_place():
    once = with_candidate(route_file("blue", {"blue": BLUE}), "green", GREEN)
    twice = with_candidate(once, "green", Target("shop-dev-green", 9000, "/ready"))
    assert http(twice)["services"]["candidate"]["loadBalancer"]["servers"] == [{"url": "http://shop-dev-green:9000"}]
    assert revision(twice) != revision(once)


@given(some.sampled_from(SLOTS), some.booleans(), some.none() | some.just("app.example.com"))
def test_the_file_tells_whom_it_serves_and_which_one_it_is(live, both, host):
    targets = BOTH if both else {live: BOTH[live]}
    text = route_file(live, targets, host)
    assert live_slot(text) == live
    assert revision(text)
    assert route_file(live, targets, host) == text
    assert {revision(text), revision(with_candidate(text, live, BOTH[live], Way(host)))} != {revision(text)}


def test_any_change_is_another_revision():
    texts = [
        route_file("blue", BOTH),
        route_file("green", BOTH),
        route_file("blue", BOTH, "a.example"),
        route_file("blue", {"blue": BLUE}),
        route_file("blue", {**BOTH, "green": Target("g", 1, "/")}),
    ]
    assert len({revision(text) for text in texts}) == len(texts)


def test_braces_in_a_path_do_not_run_as_the_proxys_template():
    text = route_file("blue", {"blue": Target("b", 80, "/{{env `HOME`}}")})
    assert "{{" not in text


@pytest.mark.parametrize("text", ["a: [", "- 1", "http: 3", "tcp: {}"])
def test_what_is_no_route_file_is_refused(text):
    with pytest.raises(ValueError, match="route file"):
        live_slot(text)
    assert routereading.parsed("") is None


GROUP = Trial(header="X-Group", value="b", experiment=True)


def test_an_experiment_by_header_is_a_way_of_its_own_before_everyone_elses():
    text = route_file("blue", BOTH, "app.example.com", trial=GROUP)
    found = http(text)
    assert found["routers"]["group"]["rule"] == "Host(`app.example.com`) && Header(`X-Group`, `b`)"
    priorities = [found["routers"][name]["priority"] for name in ("app", "group", "tester-green")]
    assert priorities == sorted(priorities)
    assert found["services"]["group"] == {"failover": {"service": "green", "fallback": "blue"}}
    assert found["services"]["app"] == {"failover": {"service": "blue", "fallback": "green"}}
    assert serving(text) == ("blue", "green")


def test_an_experiment_by_cookie_takes_the_whole_value_among_other_cookies():
    rule = http(route_file("blue", BOTH, trial=Trial(cookie="group", value="b.1", experiment=True)))["routers"]["group"]
    pattern = rule["rule"].partition("HeaderRegexp(`Cookie`, `")[2].removesuffix("`)")
    assert [bool(re.search(pattern, one)) for one in ("group=b.1", "a=1; group=b.1; c=2", "group=b.10", "group=bx1",
                                                      "mygroup=b.1")] == [True, True, False, False, False]  # fmt: skip


def test_the_answers_name_both_versions_of_an_experiment_where_that_is_asked_for():
    versions = {"blue": "v1", "green": "v2"}
    found = http(route_file("blue", BOTH, versions=versions, trial=GROUP, tell=True))
    header = {"X-Golive-Experiment": "v1, v2 (X-Group: b)"}
    assert found["middlewares"]["compared"]["headers"]["customResponseHeaders"] == header
    assert all("compared" in found["routers"][name]["middlewares"] for name in ("app", "group"))
    assert "compared" not in http(route_file("blue", BOTH, versions=versions, trial=GROUP))["middlewares"]


def test_in_maintenance_only_testers_get_in_and_everyone_else_is_told_when_to_come_back():
    text = route_file("blue", BOTH, closed=120)
    found = http(text)
    assert found["routers"]["tester-green"]["priority"] > found["routers"]["closed"]["priority"] > GROUP_PRIORITY
    assert found["services"]["nobody"] == {"loadBalancer": {"servers": []}}
    assert found["middlewares"]["closed"]["headers"]["customResponseHeaders"]["Retry-After"] == "120"
    assert live_slot(text) == "blue"


def test_the_page_is_shown_by_a_server_of_its_own_whatever_was_asked_for_and_the_slots_are_not_touched():
    text = route_file("blue", BOTH, closed=120, page="http://shop-dev-pages:8080/maintenance.html")
    found = http(text)
    assert found["routers"]["closed"]["middlewares"] == ["closed", "page"]  # the first one has the last word
    assert found["middlewares"]["page"]["errors"] == {
        "status": ["503"], "service": "pages", "query": "/maintenance.html",
    }  # fmt: skip
    assert found["services"]["pages"]["loadBalancer"]["servers"] == [{"url": "http://shop-dev-pages:8080"}]
    headers = found["middlewares"]["closed"]["headers"]
    assert headers["customResponseHeaders"]["Retry-After"] == "120"
    assert headers["customRequestHeaders"]["If-None-Match"] == ""
    assert found["services"]["nobody"] == http(route_file("blue", BOTH, closed=120))["services"]["nobody"]


def test_a_page_is_not_mentioned_while_the_doors_are_open():
    assert route_file("blue", BOTH, page="http://pages:8080/x.html") == route_file("blue", BOTH)


def test_every_replica_of_a_slot_is_asked():
    found = http(route_file("blue", {"blue": Target("shop-dev-blue", 8080, "/health", replicas=3)}))
    assert [one["url"] for one in found["services"]["blue"]["loadBalancer"]["servers"]] == [
        "http://shop-dev-blue:8080", "http://shop-dev-blue-2:8080", "http://shop-dev-blue-3:8080",
    ]  # fmt: skip


def test_a_slot_that_nobody_uses_can_be_left_out_and_everyone_else_stays_where_they_are():
    text = without(route_file("green", BOTH), "blue")
    assert "blue" not in text
    assert live_slot(text) == "green"
    assert http(text)["routers"]["app"]["service"] == "green"
    assert revision(text)
    assert revision(text) != revision(route_file("green", BOTH))


IN_USE = [
    "",
    route_file("blue", BOTH),
    route_file("green", BOTH, canary=10),
    route_file("green", BOTH, trial=GROUP),
    route_file("green", {"green": GREEN}),
]


@pytest.mark.parametrize("text", IN_USE)
def test_a_slot_that_has_users_is_not_left_out(text):
    assert without(text, "blue") == text
