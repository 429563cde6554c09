"""Certificates that the proxy fetches by itself, from a real ACME server."""

from __future__ import annotations

import io
import re
import ssl
import tarfile
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import urllib3

from components import fetched, progress, tls
from components.certificate import shown
from components.fetched import FetchedProvider
from components.sections import Tls, Traffic
from tests.engine.acme import Acme
from tests.engine.traffic.stage import LABELS, Stage

pytestmark = pytest.mark.engine
HOST = "app.example.com"
PATIENCE = 30  # seconds until a certificate is there


@pytest.fixture(scope="module")
def acme(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    with Acme(engine, tmp_path_factory.mktemp("acme")) as running:
        yield running


@pytest.fixture
def stage(engine: Any, proxy_image: str, versions: None, acme: Acme) -> Iterator[Stage]:
    """A stage whose proxy fetches its certificates, and keeps them in a volume."""
    wishes = Traffic(
        host=HOST,
        tls=Tls(port=acme.port, email="ops@example.com", server=acme.server, ca_certificate=acme.authority.certificate),
    )
    kept = engine.volumes.create(f"trial-traffic-{uuid4().hex[:6]}-certificates", labels=LABELS)
    file = acme.folder / "authority.pem"
    file.write_text(acme.authority.certificate)
    made = Stage(
        engine, proxy_image, wishes,
        volumes={kept.name: {"bind": tls.STORAGE}, str(file): {"bind": tls.AUTHORITY, "mode": "ro"}},
    )  # fmt: skip
    yield made
    made.close()
    kept.remove(force=True)


def trusted(stage: Stage, acme: Acme) -> bytes:
    """The certificate, once it is one that the ACME server gave."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urllib3.PoolManager(
                ssl_context=acme.trusting(), server_hostname=HOST, assert_hostname=HOST, retries=False, timeout=5
            ).request("GET", stage.url)
            return shown(stage.url, HOST)
        except (urllib3.exceptions.HTTPError, ssl.SSLError):
            assert time.monotonic() < deadline, stage.proxy.logs().decode() + acme.log()
            time.sleep(0.2)


def test_a_certificate_is_fetched_for_the_host_and_outlives_the_proxy(stage: Stage, acme: Acme) -> None:
    stage.slot("blue")
    stage.create(stage.props("blue"))  # ready, whether the certificate is there or not
    first = trusted(stage, acme)
    stage.proxy.restart(timeout=5)
    assert trusted(stage, acme) == first
    chunks, _ = stage.proxy.get_archive(tls.STORAGE)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        assert [oct(one.mode & 0o777) for one in archive if one.isfile()] == ["0o600"]
    assert b"PRIVATE" not in stage.proxy.logs()


def test_where_a_certificate_cannot_be_fetched_an_update_says_why_and_the_next_one_tries_again(
    stage: Stage, acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(progress, "teller", lambda urn, *, warning=False: warnings.append if warning else print)
    monkeypatch.setattr(fetched, "PATIENCE", 8.0)
    props = {
        "url": stage.url, "host": HOST, "server": acme.server, "proxy": stage.proxy.name, "proxyId": stage.proxy.id,
        "dockerHost": "",
    }  # fmt: skip
    provider = FetchedProvider()
    acme.lead("127.0.0.9")
    try:
        stage.slot("blue")
        stage.create(stage.props("blue"))
        outs = provider.create(props).outs
        assert outs["there"] is False
        (said,) = warnings
        assert re.search(rf"No certificate for {HOST} .* The proxy says: .*Unable to obtain ACME certificate", said)
        assert provider.diff("id", outs, props).changes
        assert stage.version() == "v1.0.0"  # to those who do not mind
    finally:
        acme.lead("127.0.0.1")
    outs = provider.update("id", outs, props).outs
    assert outs["there"] is True
    assert len(warnings) == 1
    assert not provider.diff("id", outs, props).changes
    trusted(stage, acme)
