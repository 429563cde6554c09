import pytest
import yaml

from components.monitor import Endpoint, Monitor, MonitorArgs, gatus_config
from components.settings import Docker
from components.settings import Monitor as Wishes
from components.way import Way
from tests.unit.components.recorder import Recorded, declare


def declared(host: str | None = None, **wishes: object) -> Recorded:
    args = MonitorArgs(
        "golive",
        "staging",
        Wishes(**wishes),
        Docker(),
        "golive-staging",
        "golive-staging-proxy",
        {"": (Way(host), "/health")},
    )
    return declare(lambda: Monitor("monitor", args))


def configured(recorded: Recorded) -> dict:
    (upload,) = recorded.one("Container").inputs["uploads"]
    assert upload["file"] == "/config/config.yaml"
    return yaml.safe_load(upload["content"])


def test_the_app_is_asked_through_the_proxy_the_way_users_reach_it():
    (endpoint,) = configured(declared(host="app.example.com", interval=10))["endpoints"]
    assert (endpoint["name"], endpoint["group"]) == ("golive", "staging")
    assert endpoint["url"] == "http://golive-staging-proxy/health"
    assert endpoint["headers"] == {"Host": "app.example.com"}
    assert endpoint["interval"] == "10s"


def test_only_a_2xx_answer_in_good_time_is_healthy_and_none_at_all_is_not():
    (endpoint,) = configured(declared())["endpoints"]
    assert endpoint["conditions"] == ["[STATUS] >= 200", "[STATUS] < 300", "[RESPONSE_TIME] < 5000"]
    assert endpoint["client"] == {"ignore-redirect": True}
    assert "headers" not in endpoint


def test_history_stays_in_a_volume_when_the_container_is_made_again():
    recorded = declared()
    assert configured(recorded)["storage"] == {"type": "sqlite", "path": "/data/gatus.db"}
    assert recorded.one("Volume").inputs["name"] == "golive-staging-monitor"
    assert recorded.one("Container").inputs["volumes"] == [
        {"volumeName": "golive-staging-monitor", "containerPath": "/data"}
    ]


def test_one_bad_file_must_not_stop_all_checks():
    assert "skip-invalid-config-update" not in configured(declared())
    assert configured(declared())["metrics"] is True


def test_the_status_page_is_published_where_the_stack_says():
    made = declared(port=8381, address="0.0.0.0").one("Container")
    assert made.inputs["name"] == "golive-staging-monitor"
    assert made.inputs["ports"] == [{"internal": 8080, "external": 8381, "ip": "0.0.0.0", "protocol": "tcp"}]
    assert made.inputs["restart"] == "unless-stopped"


def test_a_monitor_that_is_not_enabled_declares_nothing():
    recorded = declared(enabled=False)
    assert [one.type for one in recorded.all if not one.type.startswith("pulumi:")] == ["golive:monitor:Monitor"]


def test_each_of_several_apps_is_asked_by_its_own_way():
    routes = {"web": (Way("shop.example.com"), "/up"), "api": (Way(None, "/api", "api"), "/health")}
    args = MonitorArgs("golive", "staging", Wishes(), Docker(), "golive-staging", "proxy", routes)
    endpoints = configured(declare(lambda: Monitor("monitor", args)))["endpoints"]
    assert [(one["name"], one["url"], one["headers"]) for one in endpoints] == [
        ("web", "http://proxy/up", {"Host": "shop.example.com"}),
        ("api", "http://proxy/health", {"X-Golive-Service": "api"}),
    ]


def test_a_dollar_in_a_path_is_no_variable_of_the_monitors():
    text = gatus_config("shop", "dev", [Endpoint("shop", "http://proxy/health?key=$HOME")])
    assert "$$HOME" in text


@pytest.mark.parametrize("name", ["shop: x", "yes", '"', "#", "[a]"])
def test_the_configuration_reads_back_as_it_was_meant_whatever_the_names(name):
    assert yaml.safe_load(gatus_config(name, "dev", [Endpoint(name, "http://proxy/")]))["endpoints"][0]["name"] == name
