"""HTTPS on the real proxy: one's own certificate, and what becomes of those who ask without it."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from components import tls
from components.certificate import CertificateError, CertificateProvider, shown
from components.sections import Tls, Traffic
from tests.authority import Authority
from tests.engine.ports import free_port
from tests.engine.traffic.stage import Stage, Users

pytestmark = pytest.mark.engine
HOST = "app.example.com"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def secure(engine: Any, proxy_image: str, versions: None, authority: Authority) -> Iterator[Stage]:
    """A stage whose proxy speaks HTTPS by a certificate of one's own, which is not there yet."""
    certificate, key = authority.pair(HOST)
    wishes = Traffic(host=HOST, tls=Tls(port=free_port(), certificate=certificate, key=key))
    made = Stage(engine, proxy_image, wishes)
    yield made
    made.close()


def inputs(stage: Stage, certificate: str, key: str) -> dict[str, Any]:
    """The inputs of the certificate, as the engine hands them over."""
    return {
        "content": tls.certificate_file(certificate, key), "fingerprint": tls.fingerprint(certificate),
        "proxy": stage.proxy.name, "proxyId": stage.proxy.id, "dockerHost": "", "url": stage.url, "hosts": [HOST],
    }  # fmt: skip


def placed(stage: Stage, authority: Authority) -> dict[str, Any]:
    """The outputs of a first certificate that is in place."""
    return CertificateProvider().create(inputs(stage, *authority.pair(HOST))).outs


def asking(stage: Stage, authority: Authority) -> urllib3.PoolManager:
    """Someone who trusts nobody but the authority, and asks for the host by its name."""
    return urllib3.PoolManager(
        ssl_context=authority.trusting(), server_hostname=HOST, assert_hostname=HOST, retries=False, timeout=5
    )


def test_the_certificate_is_shown_to_users_who_trust_its_authority_and_the_key_to_nobody(secure, authority):
    secure.slot("blue")
    outs = placed(secure, authority)
    secure.create(secure.props("blue"))
    reply = asking(secure, authority).request("GET", f"{secure.url}/version", headers={"Host": HOST})
    assert reply.json()["version"] == "v1.0.0"
    assert "content" not in outs
    assert "PRIVATE" not in str(outs) + str(secure.proxy.attrs) + secure.proxy.logs().decode()
    _, told = secure.proxy.get_archive(f"/etc/golive/routes/{tls.FILE}")
    assert oct(told["mode"] & 0o777) == "0o600"


def test_a_release_and_the_way_back_and_a_renewed_certificate_lose_no_request(secure, authority):
    secure.slot("blue")
    outs = placed(secure, authority)
    first = secure.create(secure.props("blue"))
    before = shown(secure.url, HOST)
    with Users(secure.url, host=HOST, ssl_context=authority.trusting()) as users:
        secure.slot("green", START_DELAY_S="1")
        second = secure.update(first, secure.props("green", "blue"))
        CertificateProvider().update("id", outs, inputs(secure, *authority.pair(HOST, "*.example.org")))
        secure.update(second, secure.props("blue", "green"))
    assert set(users.answers) == {"v1.0.0", "v1.1.0", "echo"}
    assert sum(users.answers.values()) > 200
    assert shown(secure.url, HOST) != before


def test_who_asks_in_clear_is_sent_to_https_for_good_with_path_and_method(secure, authority):
    secure.slot("blue")
    placed(secure, authority)
    secure.create(secure.props("blue"))
    for method, status in (("GET", 301), ("POST", 308)):
        reply = urllib3.request(
            method, f"{secure.plain}/echo?a=1", headers={"Host": f"{HOST}:{secure.port}"}, redirect=False
        )
        assert (reply.status, reply.headers["Location"]) == (
            status, f"https://{HOST}:{secure.wishes.tls.port}/echo?a=1",
        )  # fmt: skip


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_http_2_is_spoken_and_nothing_older_than_tls_1_2(secure, authority):
    placed(secure, authority)
    modern = authority.trusting()
    modern.set_alpn_protocols(["h2", "http/1.1"])
    address = ("127.0.0.1", secure.wishes.tls.port)
    with socket.create_connection(address, 5) as plain, modern.wrap_socket(plain, server_hostname=HOST) as there:
        assert (there.selected_alpn_protocol(), there.version()) == ("h2", "TLSv1.3")
    old = authority.trusting()
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(address, 5) as plain, pytest.raises(ssl.SSLError, match="version"):
        old.wrap_socket(plain, server_hostname=HOST)


def test_what_someone_changed_by_hand_is_seen_and_put_back(secure, authority):
    outs = placed(secure, authority)
    provider = CertificateProvider()
    assert provider.read("id", outs).outs["fingerprint"] == outs["fingerprint"]
    provider.delete("id", outs)
    assert provider.read("id", outs).outs["fingerprint"] == ""
    wanted = inputs(secure, *authority.pair(HOST))
    assert provider.diff("id", provider.read("id", outs).outs, wanted).changes
    provider.update("id", outs, wanted)
    assert provider.read("id", outs).outs["fingerprint"] == wanted["fingerprint"]


def test_a_certificate_that_the_proxy_cannot_use_leaves_the_one_before_in_its_place(secure, authority):
    outs = placed(secure, authority)
    before = shown(secure.url, HOST)
    other = authority.pair(HOST)[1]  # the settings would have seen that it does not fit
    with pytest.raises(CertificateError, match=r"(?s)does not show the certificate.*What was there before is back"):
        CertificateProvider().update("id", outs, inputs(secure, authority.pair(HOST)[0], other))
    time.sleep(1)  # the file is back at once, and the proxy reads it within a tenth of a second
    assert shown(secure.url, HOST) == before


def test_a_proxy_that_is_gone_is_told_in_one_line_and_hinders_no_end(secure, authority):
    outs = placed(secure, authority)
    secure.made.remove(secure.proxy)
    secure.proxy.remove(force=True)
    CertificateProvider().delete("id", outs)
    with pytest.raises(CertificateError, match=r"^The container \S+-proxy is gone"):
        CertificateProvider().update("id", outs, inputs(secure, *authority.pair(HOST)))
