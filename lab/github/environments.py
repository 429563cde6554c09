"""Deployment environments and their protection rules.

Source: https://docs.github.com/rest/deployments/environments and, for what a plan allows,
https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from lab.github import accounts, repositories
from lab.github.call import Call, Routes, node_id
from lab.github.reply import Refusal, Reply, invalid, not_found, page
from lab.github.store import Row, loads, now

LONGEST_WAIT = 43200  # minutes: 30 days
MOST_REVIEWERS = 6
LONGEST_NAME = 255
NAME_REFUSED = set("'\"`,;\\")  # with control characters, what GitHub refuses in a name
ENTERPRISE_ONLY = ("wait_timer", "reviewers", "can_admins_bypass", "prevent_self_review")


def describe(call: Call, repository: Row, row: Row) -> dict[str, Any]:
    """An environment as the API shows it."""
    path = f"/repos/{repository['owner']}/{repository['name']}/environments/{quote(row['name'], safe='')}"
    settings = loads(row["settings"])
    return {
        "id": row["id"],
        "node_id": node_id("EN", row["id"]),
        "name": row["name"],
        "url": call.url(path),
        "html_url": f"{call.site}/{repository['owner']}/{repository['name']}/deployments/activity_log?"
        f"environments_filter={quote(row['name'], safe='')}",
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "can_admins_bypass": settings["can_admins_bypass"],
        "protection_rules": _rules(call, row["id"], settings),
        "deployment_branch_policy": settings["deployment_branch_policy"],
    }


def _rules(call: Call, number: int, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """The protection rules that the settings come to: only those that are in force."""
    rules: list[dict[str, Any]] = []
    if settings["wait_timer"]:
        rules.append({"type": "wait_timer", "wait_timer": settings["wait_timer"]})
    if settings["reviewers"]:
        reviewers = [_reviewer(call, one) for one in settings["reviewers"]]
        self_review = settings["prevent_self_review"]
        rules.append({"type": "required_reviewers", "prevent_self_review": self_review, "reviewers": reviewers})
    if settings["deployment_branch_policy"]:
        rules.append({"type": "branch_policy"})
    ids = [number * 10 + position for position in range(len(rules))]
    return [{"id": one, "node_id": node_id("GA", one), **rule} for one, rule in zip(ids, rules, strict=True)]


def _reviewer(call: Call, reviewer: dict[str, Any]) -> dict[str, Any]:
    if reviewer["type"] == "Team":
        row = call.store.row("SELECT * FROM teams WHERE id = ?", reviewer["id"])
        return {"type": "Team", "reviewer": accounts.team(call, row)} if row else {"type": "Team"}
    row = call.store.row("SELECT * FROM accounts WHERE id = ?", reviewer["id"])
    return {"type": "User", "reviewer": accounts.simple(call, row)} if row else {"type": "User"}


def index(call: Call) -> Reply:
    """GET …/environments."""
    repository = call.repository()
    rows = call.store.rows("SELECT * FROM environments WHERE repository = ? ORDER BY name", repository["id"])
    url = call.url(f"/repos/{repository['owner']}/{repository['name']}/environments")
    return page(url, call.query, [describe(call, repository, row) for row in rows], "environments")


def show(call: Call) -> Reply:
    """GET …/environments/{environment_name}."""
    return Reply(200, describe(call, call.repository(), call.environment()))


def put(call: Call) -> Reply:
    """PUT …/environments/{environment_name}: makes it or replaces all its settings; 200 either way."""
    repository, name = call.repository(), call.path["environment"]
    if (
        not name.strip()
        or len(name) > LONGEST_NAME
        or any(one in NAME_REFUSED or not one.isprintable() for one in name)
    ):
        raise invalid("Environment", "name", "Name contains characters that are not allowed")
    fields = {} if call.body is None else call.fields()
    _check_plan(call, fields)
    settings = _settings(call, fields)
    call.store.write(
        "INSERT INTO environments (repository, name, settings, created_at, updated_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (repository, name) DO UPDATE SET settings = excluded.settings, updated_at = excluded.updated_at",
        repository["id"], name, json.dumps(settings), now(), now(),
    )  # fmt: skip
    row = call.environment()
    branches = settings["deployment_branch_policy"]
    if not (branches and branches["custom_branch_policies"]):
        call.store.write("DELETE FROM policies WHERE environment = ?", row["id"])
    return Reply(200, describe(call, repository, row))


def delete(call: Call) -> Reply:
    """DELETE …/environments/{environment_name}: its policies, secrets and variables go with it."""
    call.store.write("DELETE FROM environments WHERE id = ?", call.environment()["id"])
    return Reply(204)


def _check_plan(call: Call, fields: dict[str, Any]) -> None:
    """Raises what GitHub answers where the plan has no such protection for a private repository.

    Being sent is enough, even as zero or an empty list: this is why clients send a second, shorter request.
    """
    if not call.lab.private or call.lab.plan == "enterprise":
        return
    if call.lab.plan == "free":
        raise not_found()
    if any(fields.get(name) is not None for name in ENTERPRISE_ONLY):
        raise Refusal(422, "Failed to create the environment protection rule. Please ensure the billing plan supports "
                           "the required reviewers protection rule.")  # fmt: skip


def _settings(call: Call, fields: dict[str, Any]) -> dict[str, Any]:
    """The settings a request comes to. Raises the 422 for what GitHub does not take."""
    wait = fields.get("wait_timer") or 0
    if not isinstance(wait, int) or isinstance(wait, bool) or not 0 <= wait <= LONGEST_WAIT:
        raise invalid("Environment", "wait_timer", f"wait_timer must be between 0 and {LONGEST_WAIT} minutes")
    flags = {"prevent_self_review": False, "can_admins_bypass": True}
    for name, otherwise in flags.items():
        value = otherwise if fields.get(name) is None else fields[name]
        if not isinstance(value, bool):
            raise invalid("Environment", name, f"{name} must be a boolean")
        flags[name] = value
    reviewers = _reviewers(call, fields.get("reviewers") or [])
    if flags["prevent_self_review"] and not fields.get("reviewers"):
        raise invalid("Environment", "prevent_self_review", "prevent_self_review requires reviewers")
    return {"wait_timer": wait, "reviewers": reviewers, "deployment_branch_policy": _branches(fields), **flags}


def _reviewers(call: Call, wanted: Any) -> list[dict[str, Any]]:
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise invalid("Environment", "reviewers", "reviewers must be a list of objects")
    if len(wanted) > MOST_REVIEWERS:
        raise invalid("Environment", "reviewers", f"A maximum of {MOST_REVIEWERS} reviewers can be set")
    kept = []
    for one in wanted:
        kind, number = one.get("type"), one.get("id")
        if kind not in {"User", "Team"} or not isinstance(number, int):
            raise invalid("Environment", "reviewers", "each reviewer needs a type, User or Team, and an id")
        if kind == "Team":
            row = call.store.row("SELECT permission AS role FROM teams WHERE id = ?", number)
            access = row["role"] if row else None
        else:
            row = call.store.row("SELECT login FROM accounts WHERE id = ? AND kind = 'User'", number)
            access = repositories.role(call, row["login"]) if row else None
        if access is None:
            raise invalid("Environment", "reviewers", f"There is no {kind} with id {number}")
        if access != "none":  # GitHub drops a reviewer without access and says nothing
            kept.append({"type": kind, "id": number})
    return kept


def _branches(fields: dict[str, Any]) -> dict[str, bool] | None:
    policy = fields.get("deployment_branch_policy")
    if policy is None:
        return None
    names = ("protected_branches", "custom_branch_policies")
    if not isinstance(policy, dict) or not all(isinstance(policy.get(name), bool) for name in names):
        raise invalid("Environment", "deployment_branch_policy", f"{names[0]} and {names[1]} must be booleans")
    if policy[names[0]] == policy[names[1]]:
        raise invalid(
            "Environment", "deployment_branch_policy", f"{names[0]} and {names[1]} cannot have the same value"
        )
    return {name: policy[name] for name in names}


_ONE = "/repos/{owner}/{repo}/environments/{environment}"
ROUTES: Routes = [
    ("GET", "/repos/{owner}/{repo}/environments", index),
    ("GET", _ONE, show),
    ("PUT", _ONE, put),
    ("DELETE", _ONE, delete),
]
