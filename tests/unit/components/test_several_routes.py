"""Several apps behind one proxy: whose requests are whose, and that no file's names are another's."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from components.routefile import Served, Target, route_file, shows, with_candidate
from components.routenames import SECTIONS, file_name, named, plain
from components.routereading import revision, serving
from components.slots import SLOTS, Trial
from components.way import Way

TARGETS = {slot: Target(f"shop-dev-api-{slot}", 8080, "/health?full=1") for slot in SLOTS}
API = Way("shop.example.com", "/api", "api")
TRIALS = some.sampled_from(
    [None, Trial(10), Trial(5, experiment=True), Trial(header="X-Group", value="b", experiment=True)]
)
FILES = some.builds(
    lambda both, trial, closed: route_file(
        Served("blue", TARGETS if both else {"blue": TARGETS["blue"]}, API, dict.fromkeys(SLOTS, "v1"), trial,
               tell=True, closed=closed)
    ),
    some.booleans(), TRIALS, some.sampled_from([None, 60]),
)  # fmt: skip


def names(text: str) -> set[tuple[str, str]]:
    return {(section, name) for section in SECTIONS for name in yaml.safe_load(text)["http"].get(section, {})}


@settings(deadline=None)
@given(FILES, some.sampled_from(["api", "web", "blue", "app"]))
def test_a_file_comes_back_as_it_was_written(text, service):
    assert plain(named(text, service), service) == text
    assert serving(plain(named(text, service), service)) == serving(text)
    assert revision(named(text, service).replace(f"{service}-", "")) == revision(text)


@settings(deadline=None)
@given(FILES, FILES)
def test_no_name_of_one_file_is_in_another(one, other):
    assert not names(named(one, "web")) & names(named(other, "api"))


@settings(deadline=None)
@given(FILES)
def test_every_name_that_is_mentioned_is_there(text):
    http = yaml.safe_load(named(with_candidate(text, "green", TARGETS["green"], API), "web"))["http"]
    for router in http["routers"].values():
        assert router["service"] in http["services"]
        assert set(router["middlewares"]) <= set(http["middlewares"])
    for service in http["services"].values():
        below = service.get("failover", {})
        mentioned = [below[key] for key in ("service", "fallback") if key in below]
        mentioned += [one["name"] for one in service.get("weighted", {}).get("services", [])]
        assert set(mentioned) <= set(http["services"])
        assert service.get("loadBalancer", {}).get("serversTransport", "web-slots") in http["serversTransports"]


def test_the_only_apps_file_is_as_it_always_was():
    text = route_file(Served("blue", TARGETS))
    assert (named(text, ""), plain(text, ""), file_name("")) == (text, text, "route.yml")
    assert file_name("api") == "route-api.yml"


def test_a_file_that_someone_broke_is_given_back_for_the_reader_to_say_so():
    assert plain("http: [", "api") == "http: ["


def test_an_apps_requests_are_those_of_its_host_at_its_path_or_below():
    rule = API.rule("/health?full=1")
    assert rule.startswith("Host(`shop.example.com`) && (Path(`/api`) || PathPrefix(`/api/`) || ")
    # By the service's name its health path is reached where no user gets, and nothing else is.
    assert "(Path(`/health`) && Header(`X-Golive-Service`, `api`))" in rule
    assert API.headers == {"Host": "shop.example.com", "X-Golive-Service": "api"}
    assert (Way().rule(), Way("a.example").rule("/health"), Way().headers) == (
        "PathPrefix(`/`)", "Host(`a.example`)", {},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("closer", "wider"),
    [(Way("a"), Way()), (Way(None, "/api"), Way()), (Way("a", "/api"), Way("a")),
     (Way(None, "/api/v2"), Way(None, "/api")), (Way("a"), Way(None, "/" + "x" * 2000))],
)  # fmt: skip
def test_the_closer_description_of_a_request_wins_over_all_routers_of_a_wider_one(closer, wider):
    def priorities(way: Way) -> list[int]:
        text = with_candidate(route_file(Served("blue", TARGETS, way, closed=1)), "blue", TARGETS["blue"], way)
        return [one["priority"] for one in yaml.safe_load(text)["http"]["routers"].values()]

    assert min(priorities(closer)) > max(priorities(wider))


def test_a_warm_slot_is_known_by_its_own_way():
    text = route_file(Served("blue", TARGETS, API))
    assert shows(text, "green", TARGETS["green"], API)
    assert not shows(text, "green", TARGETS["green"], Way("shop.example.com"))
