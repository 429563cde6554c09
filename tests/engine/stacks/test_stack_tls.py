"""HTTPS by the real CLI: one's own certificate, and such as the proxy fetches."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator

import docker
import pytest
import urllib3
import yaml

from components.certificate import shown
from tests.authority import Authority
from tests.engine.acme import Acme
from tests.engine.ports import free_port
from tests.engine.stacks.stack import Stack, error_line
from tests.engine.stacks.test_stack_services import RUNS, several

pytestmark = pytest.mark.engine
HOST = "app.example.com"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    with Acme(docker.from_env(), tmp_path_factory.mktemp("acme")) as running:
        yield running


def reply(stack: Stack, trusting: ssl.SSLContext, host: str = HOST) -> urllib3.BaseHTTPResponse:
    """To who asks for the host, and trusts no one else. Raises urllib3's errors."""
    pool = urllib3.PoolManager(
        ssl_context=trusting, server_hostname=host, assert_hostname=host, retries=False, timeout=5
    )
    url = f"https://127.0.0.1:{stack.config['golive:traffic']['tls']['port']}/version"
    return pool.request("GET", url, headers={"Host": host})


def version(stack: Stack, trusting: ssl.SSLContext, host: str = HOST) -> str:
    """Which one answers to them."""
    return str(reply(stack, trusting, host).json()["version"])


def given(stack: Stack, certificate: str, key: str) -> None:
    """Puts them into the stack file, as Pulumi.production.yaml says to."""
    stack.write()
    named = ("config", "set", "--plaintext", "--path", "golive:traffic.tls.certificate")
    assert stack.run(*named, typed=certificate).code == 0
    stack.config = yaml.safe_load(stack.file.read_text())["config"]
    stack.secret("golive:traffic.tls.key", key)


def fetching(acme: Acme) -> dict[str, object]:
    """What the stack file says for certificates of that server."""
    private = acme.authority.certificate
    return {"port": acme.port, "email": "ops@example.com", "server": acme.server, "caCertificate": private}


def monitored(stack: Stack) -> bool:
    """Whether the status page has seen the app answer as it should, last."""
    url = f"http://127.0.0.1:{stack.config['golive:monitor']['port']}/api/v1/endpoints/statuses"
    (endpoint,) = urllib3.request("GET", url, timeout=5).json()
    return bool(endpoint["results"]) and bool(endpoint["results"][-1]["success"])


def until(done, patience: float = 20) -> bool:
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def in_clear_somewhere(stack: Stack, said: str, secret: str) -> list[str]:
    """Where the secret can be read though it must not be."""
    places = {
        "output": said,
        "state": stack.run("stack", "export").text,
        "outputs": stack.run("stack", "output", "--json", "--show-secrets").text,
        "the plan": stack.run("up", "--yes", "--diff").text,
        **{str(file): file.read_text(errors="replace") for file in stack.folder.rglob("*") if file.is_file()},
    }
    for one in docker.from_env().containers.list(filters={"label": f"golive.stack={stack.name}"}):
        places[one.name] = json.dumps(one.attrs) + one.logs().decode(errors="replace")
    lines = [line for line in secret.splitlines() if line and not line.startswith("-----")]
    return [place for place, text in places.items() if any(line in text for line in lines)]


def test_a_certificate_of_ones_own_is_served_renewed_and_given_up(stack: Stack, authority: Authority):
    stack.config["golive:traffic"] |= {"host": HOST, "tls": {"port": free_port()}}
    port = stack.config["golive:traffic"]["tls"]["port"]
    certificate, key = authority.pair(HOST)
    given(stack, certificate, key)
    first = stack.must_up()
    assert version(stack, authority.trusting()) == "v1.0.0"
    assert json.loads(stack.run("stack", "output", "--json").text)["url"] == f"https://{HOST}:{port}"
    assert until(lambda: monitored(stack))  # it asks inside, whatever the certificate
    assert in_clear_somewhere(stack, first.text, key) == []
    assert "updated" not in stack.must_up().text

    served = shown(f"https://127.0.0.1:{port}", HOST)
    given(stack, *authority.pair(HOST))
    renewed = stack.must_up()
    assert "docker:index" not in renewed.text  # nothing was restarted
    assert shown(f"https://127.0.0.1:{port}", HOST) != served
    stack.config["golive:version"] = "v1.1.0"
    stack.must_up()
    assert version(stack, authority.trusting()) == "v1.1.0"

    del stack.config["golive:traffic"]["tls"]
    stack.must_up()
    assert stack.answers(headers={"Host": HOST}) == "v1.1.0"
    proxy = docker.from_env().containers.get(f"golive-{stack.name}-proxy")
    chunks, _ = proxy.get_archive("/etc/golive/routes")
    assert b"PRIVATE KEY" not in b"".join(chunks)


def test_a_certificate_that_cannot_be_used_is_refused_before_anything_changes(stack: Stack, authority: Authority):
    stack.config["golive:traffic"] |= {"host": HOST, "tls": {"port": free_port()}}
    given(stack, authority.pair("*.example.org", days=(-9, -1))[0], authority.pair(HOST)[1])
    before = stack.last_request()
    refused = stack.up()
    assert refused.code != 0
    error_line(refused, r"golive:traffic\.tls\.certificate: expired on \d{4}-\d\d-\d\d\. Set the renewed one")
    error_line(refused, r"golive:traffic\.tls\.certificate: is for \*\.example\.org, not for the host app")
    error_line(refused, r"golive:traffic\.tls\.key: is not the key of traffic\.tls\.certificate\.")
    stack.config["golive:traffic"]["tls"]["key"] = authority.pair(HOST)[1]
    refused = stack.up()
    error_line(refused, r"golive:traffic\.tls\.key: is in clear text\. Take it for known to others")
    assert "PRIVATE" not in refused.text
    assert stack.writes(before) == []
    assert stack.on_the_engine() == []
    stack.config["golive:traffic"].pop("tls")


def test_a_certificate_is_fetched_once_it_can_be_and_kept_when_the_proxy_is_another_one(stack: Stack, acme: Acme):
    stack.config["golive:traffic"] |= {"host": HOST, "tls": fetching(acme)}
    acme.lead("127.0.0.9")  # as before the name is moved to the new host
    early = stack.must_up()
    error_line(early, rf"warning: No certificate for {HOST} has been fetched .*Unable to obtain ACME certificate")
    acme.lead("127.0.0.1")
    assert "warning" not in stack.must_up().text
    assert "updated" not in stack.must_up().text

    assert version(stack, acme.trusting()) == "v1.0.0"
    served = shown(f"https://127.0.0.1:{acme.port}", HOST)
    stack.config["golive:traffic"]["metrics"] = {"port": free_port()}
    replaced = stack.must_up()
    assert "traffic-proxy replaced" in replaced.text
    assert version(stack, acme.trusting()) == "v1.0.0"
    assert shown(f"https://127.0.0.1:{acme.port}", HOST) == served


def test_each_service_has_a_certificate_for_its_host_and_a_door_of_its_own(stack: Stack, acme: Acme):
    (stack.folder / "api.html").write_text("The API is away for a moment.\n")
    closed = {"enabled": True, "page": "api.html"}
    several(stack, web={**RUNS, "host": "shop.example.com"}, api={**RUNS, "host": HOST, "maintenance": closed})
    stack.config["golive:traffic"]["tls"] = fetching(acme)
    said = stack.must_up()
    assert "warning" not in said.text
    assert version(stack, acme.trusting(), "shop.example.com") == "v1.0.0"
    away = reply(stack, acme.trusting())
    assert (away.status, away.data.decode()) == (503, "The API is away for a moment.\n")
    assert "updated" not in stack.must_up().text
