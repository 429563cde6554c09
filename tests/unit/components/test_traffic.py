import pulumi

from components.appsections import App, Experiment, Health, Maintenance, Service
from components.appsections import Release as ReleaseWishes
from components.engine import network
from components.release import Release, ReleaseArgs
from components.routereading import live_slot
from components.settings import Docker
from components.settings import Traffic as Wishes
from components.slots import Plan, Spec, Trial
from components.traffic import AppArgs, Traffic, TrafficArgs
from tests.unit.components.recorder import Recorded, declare

V1, V2 = Spec("v1", "shop:v1", secrets={"TOKEN": "hush"}), Spec("v2", "shop:v2", health="/ready", port=9000)
ONE, TWO = Plan("blue", {"blue": V1}), Plan("green", {"blue": V1, "green": V2})


def declared(
    plan: Plan, *names: str, maintenance: Maintenance | None = None, **wishes: object
) -> tuple[Recorded, dict]:
    seen: dict = {}
    asked = Wishes(**wishes)

    def program() -> None:
        between = network("golive", "staging", pulumi.ResourceOptions())
        apps = {}
        for name in names or ("",):
            app = App(
                name=name, service=Service(health=Health(successes=2, deadline=9)), release=ReleaseWishes(drain=7),
                maintenance=maintenance or Maintenance(), experiment=Experiment(version="v2", percent=5, tell=True),
                host=f"{name}.example.com" if name else asked.host,
            )  # fmt: skip
            release = Release(app.of("release"), ReleaseArgs("golive", "staging", app, plan, Docker(), between))
            apps[name] = AppArgs(app, plan, release)
        traffic = Traffic("traffic", TrafficArgs("golive", "staging", asked, Docker(), between, apps))
        for name, told in traffic.released.items():
            told.apply(lambda value, name=name: seen.update({name or "released": value, "url": traffic.url}))

    return declare(program), seen


def proxy(recorded: Recorded):
    return next(one for one in recorded.of("Container") if one.name == "traffic-proxy")


def test_the_proxy_listens_at_the_address_and_port_of_the_stack():
    recorded, seen = declared(ONE, port=8280, address="0.0.0.0")
    assert proxy(recorded).inputs["ports"] == [{"internal": 80, "external": 8280, "ip": "0.0.0.0", "protocol": "tcp"}]
    assert seen["url"] == "http://127.0.0.1:8280"


def test_the_proxy_reads_its_routes_from_a_volume_and_tells_nobody_about_itself():
    recorded, _ = declared(ONE)
    made = proxy(recorded)
    assert recorded.one("Volume").inputs["name"] == "golive-staging-routes"
    assert made.inputs["volumes"] == [{"volumeName": "golive-staging-routes", "containerPath": "/etc/golive/routes"}]
    command = made.inputs["command"]
    assert {"--providers.file.directory=/etc/golive/routes", "--providers.file.watch=true"} <= set(command)
    assert {"--global.checknewversion=false", "--global.sendanonymoususage=false", "--api=false"} <= set(command)
    assert (made.inputs["restart"], made.inputs["logOpts"]["max-size"]) == ("unless-stopped", "10m")


def test_the_route_leads_to_the_live_slot_and_comes_after_all_it_needs():
    recorded, _ = declared(TWO)
    route = recorded.one("Route")
    assert live_slot(route.inputs["content"]) == route.inputs["live"] == "green"
    assert {"traffic-proxy", "release-blue", "release-green"} <= set(route.depends_on)


def test_readiness_is_asked_by_the_versions_own_health_path_and_port():
    route = declared(TWO)[0].one("Route").inputs
    assert route["targets"]["green"] == {
        "name": "golive-staging-green",
        "port": 9000,
        "health": "/ready",
        "timeout": 1,
        "replicas": 1,
    }
    assert route["gate"] == {"successes": 2, "timeout": 1, "deadline": 9, "drain": 7}


def test_no_secret_is_in_the_route():
    assert "hush" not in str(declared(TWO)[0].one("Route").inputs)


def test_the_route_is_tied_to_the_containers_it_was_made_for():
    route = declared(TWO)[0].one("Route").inputs
    assert route["containers"] == {"blue": "release-blue-id", "green": "release-green-id"}
    assert route["proxyId"] == "traffic-proxy-id"


def test_what_is_released_is_told_once_the_route_is_there():
    assert declared(TWO)[1]["released"] == {"live": "green", "version": "v2", "warm": "v1"}
    assert declared(ONE)[1]["released"] == {"live": "blue", "version": "v1", "warm": None}


def test_where_nothing_runs_there_is_a_proxy_without_a_route():
    recorded, seen = declared(Plan(None, {}))
    assert recorded.of("Route") == []
    assert proxy(recorded).inputs["name"] == "golive-staging-proxy"
    assert seen["released"] is None


def test_a_host_name_limits_the_route_to_it():
    content = declared(ONE, host="app.example.com")[0].one("Route").inputs["content"]
    assert "Host(`app.example.com`)" in content
    assert "PathPrefix" not in content


def test_in_maintenance_nobody_is_let_in():
    route = declared(ONE, maintenance=Maintenance(enabled=True, retryAfter=60))[0].one("Route").inputs
    assert route["closed"] is True
    assert "Retry-After: '60'" in route["content"]
    assert "closed" not in declared(ONE, maintenance=Maintenance(retryAfter=60))[0].one("Route").inputs["content"]


def test_an_experiment_is_told_with_its_version_and_whom_it_is_for():
    trial = Trial(header="X-Group", value="b", experiment=True)
    seen = declared(Plan("blue", {"blue": V1, "green": V2}, trial))[1]["released"]
    assert (seen["version"], seen["trial"], seen["warm"]) == ("v1", "v2: experiment X-Group: b", None)


def test_several_apps_share_the_proxy_and_each_has_a_route_of_its_own():
    recorded, seen = declared(ONE, "web", "api")
    routes = {one.name: one.inputs for one in recorded.of("Route")}
    assert sorted(routes) == ["traffic-route-api", "traffic-route-web"]
    assert {one["proxyId"] for one in routes.values()} == {"traffic-proxy-id"}
    api = routes["traffic-route-api"]
    assert "Host(`api.example.com`)" in api["content"]
    assert (api["service"], api["key"]) == ("api", "golive:services.api.version")
    assert seen["web"] == seen["api"] == {"live": "blue", "version": "v1", "warm": None}
