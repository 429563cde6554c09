import pulumi

from components.appsections import App, Experiment, Health, Maintenance, Service
from components.appsections import Release as ReleaseWishes
from components.engine import network
from components.release import Release, ReleaseArgs
from components.routereading import live_slot
from components.sections import Tls
from components.settings import Docker
from components.settings import Traffic as Wishes
from components.slots import Plan, Spec, Trial
from components.traffic import AppArgs, Traffic, TrafficArgs
from tests.authority import Authority
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
        seen.update(url=traffic.url, inside=traffic.inside)
        for name, told in traffic.released.items():
            told.apply(lambda value, name=name: seen.update({name or "released": value}))

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


def test_a_page_has_a_server_before_it_is_needed_and_the_route_leads_to_it_when_it_is():
    for enabled in (False, True):
        recorded, _ = declared(ONE, maintenance=Maintenance(enabled=enabled, page="<p>Soon"))
        (page,) = [one for one in recorded.of("Container") if one.name == "traffic-pages"]
        assert page.inputs["uploads"] == [{"file": "/www/maintenance.html", "content": "<p>Soon"}]
        assert page.inputs["networksAdvanced"][0]["aliases"] == ["golive-staging-pages"]
        route = recorded.one("Route")
        assert ("http://golive-staging-pages:8080" in route.inputs["content"]) is enabled
        assert "traffic-pages" in route.depends_on
    without = declared(ONE, maintenance=Maintenance(enabled=True))[0].of("Container")
    assert {one.name for one in without} == {"release-blue", "traffic-proxy"}


CERTIFICATE, KEY = Authority().pair("app.example.com")
OWN = Tls(port=8443, certificate=CERTIFICATE, key=KEY)


def test_with_tls_users_reach_the_app_by_its_name_and_the_probe_asks_where_it_is_published():
    recorded, seen = declared(ONE, host="app.example.com", tls=OWN)
    assert seen["url"] == "https://app.example.com:8443"
    assert recorded.one("Route").inputs["url"] == recorded.one("Certificate").inputs["url"] == "https://127.0.0.1:8443"
    assert {"internal": 443, "external": 8443, "ip": "127.0.0.1", "protocol": "tcp"} in proxy(recorded).inputs["ports"]
    assert seen["inside"] == "golive-staging-proxy:8083"
    assert declared(ONE)[1]["inside"] == "golive-staging-proxy"


def test_a_certificate_of_ones_own_is_in_place_before_the_route_and_its_key_is_secret():
    recorded, _ = declared(ONE, host="app.example.com", tls=OWN)
    made = recorded.one("Certificate")
    assert made.name in recorded.one("Route").depends_on
    assert made.secret_inputs == {"content"}
    others = [one.inputs for one in recorded.all if one.type != made.type]
    assert KEY.splitlines()[1] not in str(others) + str(made.inputs | {"content": ""})
    assert recorded.of("Fetched") == []
    assert made.inputs["hosts"] == ["app.example.com"]
    assert [one.inputs["name"] for one in recorded.of("Volume")] == ["golive-staging-routes"]


def test_fetched_certificates_have_a_volume_and_the_servers_own_authority_is_a_file():
    fetched = Tls(email="ops@example.com", server="https://acme.example/dir", ca_certificate=CERTIFICATE)
    recorded, seen = declared(ONE, host="app.example.com", tls=fetched)
    assert seen["url"] == "https://app.example.com"
    assert recorded.of("Certificate") == []
    made = proxy(recorded).inputs
    assert {"volumeName": "golive-staging-certificates", "containerPath": "/etc/golive/certificates"} in made["volumes"]
    assert made["uploads"] == [{"file": "/etc/golive/authority.pem", "content": CERTIFICATE}]
    assert "traffic-route" in recorded.one("Fetched").depends_on
    assert "--certificatesresolvers.acme.acme.caserver=https://acme.example/dir" in made["command"]


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


def test_each_host_of_several_services_is_looked_after_and_each_service_has_a_page_of_its_own():
    fetched = Tls(email="ops@example.com")
    recorded, _ = declared(ONE, "web", "api", tls=fetched, maintenance=Maintenance(enabled=True, page="<p>Soon"))
    assert sorted(one.inputs["host"] for one in recorded.of("Fetched")) == ["api.example.com", "web.example.com"]
    routes = {one.name: one for one in recorded.of("Route")}
    assert "http://golive-staging-api-pages:8080" in routes["traffic-route-api"].inputs["content"]
    assert "traffic-pages-api" in routes["traffic-route-api"].depends_on
    assert "traffic-pages-web" not in routes["traffic-route-api"].depends_on
