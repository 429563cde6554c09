from datetime import UTC, datetime, timedelta

import pytest
import yaml
from pydantic import SecretStr

from components import tls
from components.sections import Tls
from tests.authority import Authority

AUTHORITY = Authority()
NOW = datetime.now(UTC)
HOST = "app.example.com"
CERTIFICATE, KEY = AUTHORITY.pair(HOST)


def problems(certificate: str = CERTIFICATE, key: str = KEY, host: str | None = HOST, days: int = 0) -> list[str]:
    own = Tls(certificate=certificate, key=SecretStr(key))
    return [f"{name} {said}" for name, said in tls.problems(own, tls.hosts([host]), NOW + timedelta(days=days))]


@pytest.mark.parametrize("names", [[HOST], ["*.example.com"], ["example.org", "APP.example.com"]])
def test_a_certificate_for_the_host_that_fits_its_key_can_be_used(names):
    certificate, key = AUTHORITY.pair(*names)
    assert problems(certificate, key) == []
    assert problems(certificate, key, host=None) == []


@pytest.mark.parametrize(("names", "host"), [
    (["*.example.com"], "a.app.example.com"), (["*.example.com"], "example.com"), (["example.com"], HOST),
    (["*.com"], HOST), ([], HOST), (["127.0.0.2"], "127.0.0.1"),
])  # fmt: skip
def test_one_for_another_host_is_refused_with_the_names_it_is_for(names, host):
    certificate, key = AUTHORITY.pair(*names)
    assert problems(certificate, key, host) == [
        f"certificate is for {', '.join(names) or 'no name'}, not for the host {host}. Set one that is."
    ]


@pytest.mark.parametrize(("change", "host", "proven"), [
    ({}, HOST, True), ({"fingerprint": "other"}, HOST, False), ({}, "other.example.com", False), ({}, None, False),
])  # fmt: skip
def test_the_one_that_is_in_use_is_not_looked_into_again(change, host, proven):
    placed = {"fingerprint": tls.fingerprint(CERTIFICATE), "hosts": [HOST], "until": tls.until(CERTIFICATE)} | change
    own = Tls(certificate=CERTIFICATE, key=SecretStr(KEY))
    assert tls.proven(own, tls.hosts([host]), placed) is proven


@pytest.mark.parametrize(
    ("days", "said"), [(0, ""), (15, ""), (17, "expires on "), (31, "expired, and browsers turn users away, since ")]
)
def test_one_that_is_in_use_is_warned_of_before_it_expires_and_never_in_the_way_of_an_update(days, said):
    own = Tls(certificate=CERTIFICATE, key=SecretStr(KEY))
    placed = {"fingerprint": tls.fingerprint(CERTIFICATE), "until": tls.until(CERTIFICATE)}
    warning = tls.expiry(own, placed, NOW + timedelta(days=days))
    assert warning.startswith(said)
    assert bool(warning) == bool(said)
    assert tls.expiry(own, placed | {"fingerprint": "of the one before"}, NOW + timedelta(days=days)) == ""


def test_a_certificate_must_be_for_every_host():
    certificate, key = AUTHORITY.pair(HOST)
    own = Tls(certificate=certificate, key=SecretStr(key))
    (found,) = tls.problems(own, [HOST, "api.example.com"], NOW)
    assert found == ("certificate", f"is for {HOST}, not for the host api.example.com. Set one that is.")


def test_an_address_is_a_name_too():
    assert problems(*AUTHORITY.pair("127.0.0.1"), host="127.0.0.1") == []


@pytest.mark.parametrize(("days", "line"), [(31, "certificate expired on"), (-2, "certificate is not valid before")])
def test_one_that_is_not_valid_on_that_day_is_refused(days, line):
    (found,) = problems(days=days)
    assert found.startswith(line)


def test_all_that_is_wrong_is_said_at_once():
    certificate, _ = AUTHORITY.pair("example.org", days=(-9, -1))
    assert [one.split()[:2] for one in problems(certificate)] == [
        ["certificate", "expired"], ["certificate", "is"], ["key", "is"],
    ]  # fmt: skip


@pytest.mark.parametrize(("key", "line"), [
    (AUTHORITY.pair(HOST)[1], "key is not the key of traffic.tls.certificate"),
    (AUTHORITY.pair(HOST, passphrase="hush")[1], "key is encrypted by a passphrase"),
    ("-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----", "key is no private key in PEM"),
])  # fmt: skip
def test_a_key_that_cannot_be_used_is_refused_and_not_shown(key, line):
    (found,) = problems(key=key)
    assert found.startswith(line)
    assert "hush" not in found


def test_a_certificate_that_nobody_can_read_is_one_problem():
    (found,) = problems("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----")
    assert found.startswith("certificate cannot be read")


def test_the_proxys_file_holds_both_and_tells_the_certificate_without_the_key():
    text = tls.certificate_file(CERTIFICATE, KEY)
    pair = yaml.safe_load(text)["tls"]["stores"]["default"]["defaultCertificate"]
    assert pair == {"certFile": CERTIFICATE, "keyFile": KEY}
    assert "PRIVATE" not in tls.certificate_in(text)
    assert tls.fingerprint(tls.certificate_in(text)) == tls.fingerprint(CERTIFICATE)


@pytest.mark.parametrize("text", ["", tls.NONE, "a: [", "tls: 3", "tls: {stores: {}}"])
def test_a_file_without_a_certificate_has_no_fingerprint(text):
    assert tls.fingerprint(tls.certificate_in(text)) == ""


def test_it_is_another_certificate_if_its_chain_is_another_but_not_if_its_lines_end_otherwise():
    alone = CERTIFICATE.removesuffix(AUTHORITY.certificate)
    prints = {tls.fingerprint(one) for one in (CERTIFICATE, CERTIFICATE.replace("\n", "\r\n"), alone)}
    assert len(prints) == 2
    assert tls.leaf(CERTIFICATE) == tls.leaf(alone)


def test_who_asks_in_clear_is_sent_to_the_port_that_is_published():
    said = tls.arguments(Tls(port=8443, email="ops@example.com"))
    assert "--entrypoints.web.http.redirections.entrypoint.to=:8443" in said
    assert "--entrypoints.secure.address=:443" in said


def test_certificates_of_another_server_are_kept_apart():
    def storage(server: str | None) -> str:
        said = tls.arguments(Tls(email="ops@example.com", server=server))
        return next(one for one in said if "storage" in one)

    assert len({storage(None), storage("https://acme.example/dir"), storage("https://other.example/dir")}) == 3


def test_with_a_certificate_of_ones_own_nothing_is_fetched():
    own = Tls(certificate=CERTIFICATE, key=SecretStr(KEY))
    assert not [one for one in tls.arguments(own) if "acme" in one or "PRIVATE" in one]


@pytest.mark.parametrize(("port", "url"), [(443, "https://app.example.com"), (8443, "https://app.example.com:8443")])
def test_users_reach_the_app_by_its_name(port, url):
    assert tls.url(Tls(port=port), HOST) == url
