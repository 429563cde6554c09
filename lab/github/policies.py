"""Which branches and tags may deploy to an environment.

Source: https://docs.github.com/rest/deployments/branch-policies
"""

from __future__ import annotations

import sqlite3
from typing import Any
from urllib.parse import quote

from lab.github.call import Call, Routes, node_id
from lab.github.reply import Refusal, Reply, invalid, not_found, page
from lab.github.store import Row, loads

LONGEST = 255
REFUSED = set(" ~^:\\\x7f")  # git allows none of these in a ref, so no pattern with one could match


def describe(row: Row) -> dict[str, Any]:
    """A policy as the API shows it."""
    return {"id": row["id"], "node_id": node_id("GA", row["id"]), "name": row["name"], "type": row["kind"]}


def index(call: Call) -> Reply:
    """GET …/deployment-branch-policies."""
    environment = call.environment()
    rows = call.store.rows("SELECT * FROM policies WHERE environment = ? ORDER BY id", environment["id"])
    path = f"/repos/{call.path['owner']}/{call.path['repo']}/environments/{quote(environment['name'], safe='')}"
    url = call.url(f"{path}/deployment-branch-policies")
    return page(url, call.query, [describe(row) for row in rows], "branch_policies")


def show(call: Call) -> Reply:
    """GET …/deployment-branch-policies/{branch_policy_id}."""
    return Reply(200, describe(_find(call)))


def create(call: Call) -> Reply:
    """POST …/deployment-branch-policies: 200; 303 for one that is there; 404 where custom policies are off."""
    environment, name = call.environment(), _name(call)
    kind = call.fields().get("type", "branch")
    if kind not in {"branch", "tag"}:
        raise invalid("DeploymentBranchPolicy", "type", "type must be branch or tag")
    policy = loads(environment["settings"])["deployment_branch_policy"]
    if not (policy and policy["custom_branch_policies"]):
        raise not_found()
    try:
        number = call.store.write(
            "INSERT INTO policies (environment, name, kind) VALUES (?, ?, ?)", environment["id"], name, kind
        )
    except sqlite3.IntegrityError:
        raise Refusal(303, "The branch name pattern already exists") from None
    return Reply(200, {"id": number, "node_id": node_id("GA", number), "name": name, "type": kind})


def update(call: Call) -> Reply:
    """PUT …/deployment-branch-policies/{branch_policy_id}: a new name; the type stays."""
    row, name = _find(call), _name(call)
    try:
        call.store.write("UPDATE policies SET name = ? WHERE id = ?", name, row["id"])
    except sqlite3.IntegrityError:
        raise Refusal(303, "The branch name pattern already exists") from None
    return Reply(200, describe(_find(call)))


def delete(call: Call) -> Reply:
    """DELETE …/deployment-branch-policies/{branch_policy_id}."""
    call.store.write("DELETE FROM policies WHERE id = ?", _find(call)["id"])
    return Reply(204)


def _find(call: Call) -> Row:
    environment, number = call.environment(), call.path["policy"]
    row = (
        call.store.row("SELECT * FROM policies WHERE environment = ? AND id = ?", environment["id"], int(number))
        if number.isascii() and number.isdigit()
        else None
    )
    if row is None:
        raise not_found()
    return row


def _name(call: Call) -> str:
    """The pattern in the body, one that can match a ref. Raises the 422."""
    name = call.text("DeploymentBranchPolicy", "name")
    wrong = any(one in REFUSED or ord(one) < ord(" ") for one in name)
    if (
        wrong
        or len(name) > LONGEST
        or name.startswith("/")
        or name.endswith(("/", "."))
        or ".." in name
        or "//" in name
    ):
        raise invalid("DeploymentBranchPolicy", "name", "Name is not a valid branch or tag name pattern")
    return name


_ALL = "/repos/{owner}/{repo}/environments/{environment}/deployment-branch-policies"
ROUTES: Routes = [
    ("GET", _ALL, index),
    ("POST", _ALL, create),
    ("GET", _ALL + "/{policy}", show),
    ("PUT", _ALL + "/{policy}", update),
    ("DELETE", _ALL + "/{policy}", delete),
]
