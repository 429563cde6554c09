"""An environment's secrets (kept sealed, never shown) and variables.

Source: https://docs.github.com/rest/actions/secrets, https://docs.github.com/rest/actions/variables
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any
from urllib.parse import quote

from lab.github.call import Call, Lab, Routes
from lab.github.reply import Refusal, Reply, invalid, not_found, page
from lab.github.sealed import NotSealedError
from lab.github.store import Row, now

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LARGEST = 48 * 1024  # bytes of one value


def opened(lab: Lab, environment: int) -> dict[str, bytes]:
    """The clear secrets of an environment, for the lab's own use: no endpoint calls this."""
    rows = lab.store.rows("SELECT name, sealed FROM secrets WHERE environment = ?", environment)
    return {row["name"]: lab.key.open(row["sealed"]) for row in rows}


def show_key(call: Call) -> Reply:
    """GET …/secrets/public-key."""
    call.require_actor()
    call.environment()
    return Reply(200, {"key_id": call.lab.key.number, "key": call.lab.key.public})


def index_secrets(call: Call) -> Reply:
    """GET …/secrets: names and times only."""
    return _index(call, "secrets")


def show_secret(call: Call) -> Reply:
    """GET …/secrets/{secret_name}: name and times only."""
    return Reply(200, _describe(_find(call, "secrets")))


def put_secret(call: Call) -> Reply:
    """PUT …/secrets/{secret_name}: 201 with an empty object for a new one, 204 for one that was there."""
    environment, name = call.environment(), _name("Secret", call.path["name"])
    sealed, key = call.text("Secret", "encrypted_value"), call.text("Secret", "key_id")
    if key != call.lab.key.number:
        raise invalid("Secret", "key_id", "key_id is not the id of the environment's public key")
    try:
        size = len(call.lab.key.open(sealed))
    except NotSealedError:
        raise invalid("Secret", "encrypted_value", "encrypted_value is not sealed for the environment's key") from None
    if size > LARGEST:
        raise invalid("Secret", "encrypted_value", f"a secret can be up to {LARGEST // 1024} KB")
    if call.store.changed(
        "UPDATE secrets SET sealed = ?, updated_at = ? WHERE environment = ? AND name = ?",
        sealed, now(), environment["id"], name,
    ):  # fmt: skip
        return Reply(204)
    call.store.write("INSERT INTO secrets VALUES (?, ?, ?, ?, ?)", environment["id"], name, sealed, now(), now())
    return Reply(201, {})


def delete_secret(call: Call) -> Reply:
    """DELETE …/secrets/{secret_name}."""
    return _delete(call, "secrets")


def index_variables(call: Call) -> Reply:
    """GET …/variables."""
    return _index(call, "variables")


def show_variable(call: Call) -> Reply:
    """GET …/variables/{name}."""
    return Reply(200, _describe(_find(call, "variables")))


def create_variable(call: Call) -> Reply:
    """POST …/variables: 201 with an empty object; 409 for a name that is there."""
    environment, name = call.environment(), _name("Variable", call.text("Variable", "name"))
    value = _value(call)
    try:
        call.store.write("INSERT INTO variables VALUES (?, ?, ?, ?, ?)", environment["id"], name, value, now(), now())
    except sqlite3.IntegrityError:
        raise Refusal(409, "Already exists - Variable already exists") from None
    return Reply(201, {})


def update_variable(call: Call) -> Reply:
    """PATCH …/variables/{name}: a new value, a new name, or both."""
    row, fields = _find(call, "variables"), call.fields()
    name = _name("Variable", call.text("Variable", "name")) if "name" in fields else row["name"]
    value = _value(call) if "value" in fields else row["value"]
    try:
        call.store.write(
            "UPDATE variables SET name = ?, value = ?, updated_at = ? WHERE environment = ? AND name = ?",
            name, value, now(), row["environment"], row["name"],
        )  # fmt: skip
    except sqlite3.IntegrityError:
        raise Refusal(409, "Already exists - Variable already exists") from None
    return Reply(204)


def delete_variable(call: Call) -> Reply:
    """DELETE …/variables/{name}."""
    return _delete(call, "variables")


def _describe(row: Row) -> dict[str, Any]:
    shown = ("name", "value", "created_at", "updated_at")
    return {key: row[key] for key in shown if key in row.keys()}  # noqa: SIM118 — a Row iterates over its values


def _index(call: Call, table: str) -> Reply:
    call.require_actor()
    environment = call.environment()
    rows = call.store.rows(f"SELECT * FROM {table} WHERE environment = ? ORDER BY name", environment["id"])  # noqa: S608
    path = f"/repos/{call.path['owner']}/{call.path['repo']}/environments/{quote(environment['name'], safe='')}/{table}"
    return page(call.url(path), call.query, [_describe(row) for row in rows], table)


def _find(call: Call, table: str) -> Row:
    call.require_actor()
    query = f"SELECT * FROM {table} WHERE environment = ? AND name = ?"  # noqa: S608 — one of two names above
    row = call.store.row(query, call.environment()["id"], call.path["name"].upper())
    if row is None:
        raise not_found()
    return row


def _delete(call: Call, table: str) -> Reply:
    row = _find(call, table)
    statement = f"DELETE FROM {table} WHERE environment = ? AND name = ?"  # noqa: S608 — one of two names above
    call.store.write(statement, row["environment"], row["name"])
    return Reply(204)


def _name(resource: str, name: str) -> str:
    """The name as GitHub keeps it, in capitals. Raises the 422 for one that is not allowed."""
    if not NAME.fullmatch(name):
        allowed = "letters, digits and underscores, not starting with a digit"
        raise invalid(resource, "name", f"{resource} names can only contain {allowed}")
    if name.upper().startswith("GITHUB_"):
        raise invalid(resource, "name", f"{resource} names must not start with GITHUB_")
    return name.upper()


def _value(call: Call) -> str:
    value = call.fields().get("value")
    if not isinstance(value, str):
        raise invalid("Variable", "value", "value is required", "missing_field")
    if len(value.encode()) > LARGEST:
        raise invalid("Variable", "value", f"a variable can be up to {LARGEST // 1024} KB")
    return value


_SECRETS = "/repos/{owner}/{repo}/environments/{environment}/secrets"
_VARIABLES = "/repos/{owner}/{repo}/environments/{environment}/variables"
ROUTES: Routes = [
    ("GET", _SECRETS, index_secrets),
    ("GET", _SECRETS + "/public-key", show_key),
    ("GET", _SECRETS + "/{name}", show_secret),
    ("PUT", _SECRETS + "/{name}", put_secret),
    ("DELETE", _SECRETS + "/{name}", delete_secret),
    ("GET", _VARIABLES, index_variables),
    ("POST", _VARIABLES, create_variable),
    ("GET", _VARIABLES + "/{name}", show_variable),
    ("PATCH", _VARIABLES + "/{name}", update_variable),
    ("DELETE", _VARIABLES + "/{name}", delete_variable),
]
