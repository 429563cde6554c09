import pytest

from components.fetched import FetchedProvider, warning

PROPS = {"host": "app.example.com", "server": "", "proxy": "golive-dev-proxy", "proxyId": "1", "dockerHost": ""}


@pytest.mark.parametrize(
    ("outs", "looks"),
    [({"there": True}, False), ({"there": False}, True), ({"there": True, "proxyId": "0"}, True),
     ({"there": True, "host": "other.example.com"}, True), ({"there": True, "url": "https://[::1]:1"}, False)],
)  # fmt: skip
def test_an_update_looks_until_the_certificate_is_there_and_when_it_is_to_be_another(outs, looks):
    assert FetchedProvider().diff("id", PROPS | outs, PROPS).changes is looks


def test_what_is_missing_is_told_with_the_reason_and_the_remedy_in_one_line():
    said = warning("app.example.com", "Unable to obtain ACME certificate: refused")
    assert "The proxy says: Unable to obtain ACME certificate: refused See to it that app.example.com leads" in said
    assert "says" not in warning("app.example.com", "")
    assert "\n" not in said
