from __future__ import annotations

import base64

import pytest

from lab.github.__main__ import open_lab
from lab.github.process import LOG
from lab.github.secrets import opened
from tests.engine.lab.client import Client

VALUE = "correct horse battery staple"


@pytest.fixture
def staging(github: Client) -> Client:
    github.of("PUT", "/environments/staging", {})
    return github


def test_a_secret_is_kept_sealed_and_never_shown(staging: Client) -> None:
    path = "/environments/staging/secrets"
    sealed = staging.seal("staging", VALUE)
    first = staging.of("PUT", f"{path}/api_key", sealed)
    again = staging.of("PUT", f"{path}/API_KEY", staging.seal("staging", VALUE))
    assert (first.status, again.status) == (201, 204)
    shown = staging.of("GET", f"{path}/API_KEY").body
    assert set(shown) == {"name", "created_at", "updated_at"}
    assert staging.of("GET", path).body["total_count"] == 1
    state = staging.running.state
    kept = b"".join(one.read_bytes() for one in [*state.glob("state.sqlite3*"), state / LOG])
    assert VALUE.encode() not in kept
    lab = open_lab(state)
    name = staging.repository.rpartition("/")[2]
    row = lab.store.row(
        "SELECT e.id FROM environments e JOIN repositories r ON e.repository = r.id WHERE r.name = ?", name
    )
    assert row is not None
    assert opened(lab, row["id"]) == {"API_KEY": VALUE.encode()}
    lab.store.close()
    assert staging.of("DELETE", f"{path}/API_KEY").status == 204
    assert staging.of("GET", f"{path}/API_KEY").status == 404


def test_the_numeric_address_is_the_same_repository(staging: Client) -> None:
    number = staging.of("GET", "").body["id"]
    by_number = Client(staging.running, staging.token, f"/repositories/{number}")
    assert by_number.of("PUT", "/environments/staging/secrets/A", by_number.seal("staging", "x")).status == 201
    assert staging.of("GET", "/environments/staging/secrets").body["total_count"] == 1
    assert staging("GET", "/repositories/99999").status == 404


def test_a_secret_that_is_not_sealed_for_the_key_is_refused(staging: Client) -> None:
    good = staging.seal("staging", VALUE)
    clear = base64.b64encode(VALUE.encode()).decode()
    path = "/environments/staging/secrets"
    assert staging.of("PUT", f"{path}/A", good | {"encrypted_value": clear}).status == 422
    assert staging.of("PUT", f"{path}/A", good | {"key_id": "1"}).status == 422
    for name in ["1A", "GITHUB_X", "A-B"]:
        assert staging.of("PUT", f"{path}/{name}", good).status == 422
    assert staging.of("PUT", "/environments/none/secrets/A", good).status == 404


def test_a_variable_is_made_changed_and_deleted(staging: Client) -> None:
    path = "/environments/staging/variables"
    assert staging.of("POST", path, {"name": "url", "value": "http://a"}).status == 201
    assert staging.of("POST", path, {"name": "URL", "value": "http://b"}).status == 409
    assert staging.of("GET", f"{path}/URL").body["value"] == "http://a"
    assert staging.of("PATCH", f"{path}/URL", {"name": "URL", "value": "http://c"}).status == 204
    assert staging.of("GET", path).body["variables"][0]["value"] == "http://c"
    assert staging.of("POST", path, {"name": "a b", "value": ""}).status == 422
    assert staging.of("POST", path, {"name": "A"}, valid=False).status == 422
    assert staging.of("DELETE", f"{path}/URL").status == 204
    assert staging.of("PATCH", f"{path}/URL", {"value": "x"}).status == 404


def test_deleting_an_environment_takes_its_secrets_and_variables(staging: Client) -> None:
    staging.of("POST", "/environments/staging/variables", {"name": "A", "value": "1"})
    staging.of("DELETE", "/environments/staging")
    staging.of("PUT", "/environments/staging", {})
    assert staging.of("GET", "/environments/staging/variables").body["total_count"] == 0


def test_without_a_token_nobody_sees_names_of_secrets(staging: Client) -> None:
    stranger = Client(staging.running, None, staging.repository)
    assert stranger.of("GET", "/environments").status == 200
    assert stranger.of("GET", "/environments/staging/secrets").status == 401
    assert stranger.of("POST", "/environments/staging/variables", {"name": "A", "value": "1"}).status == 401
