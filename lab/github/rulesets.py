"""The rulesets of a repository.

Source: https://docs.github.com/rest/repos/rules
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from lab.github import accounts, repositories
from lab.github.call import Call, Routes, node_id
from lab.github.enforcement import Actor, Change, refusals
from lab.github.reply import Refusal, Reply, not_found, page
from lab.github.store import Row, Store, loads, now

RULES = frozenset([
    "creation", "update", "deletion", "required_linear_history", "merge_queue", "required_deployments",
    "required_signatures", "pull_request", "required_status_checks", "non_fast_forward", "commit_message_pattern",
    "commit_author_email_pattern", "committer_email_pattern", "branch_name_pattern", "tag_name_pattern",
    "workflows", "code_scanning", "copilot_code_review", "file_path_restriction", "max_file_path_length",
    "file_extension_restriction", "max_file_size",
])  # fmt: skip
PUSH_RULES = frozenset(["file_path_restriction", "max_file_path_length", "file_extension_restriction", "max_file_size"])
NOT_FOR_TAGS = frozenset(["pull_request", "merge_queue", "code_scanning", "copilot_code_review", "branch_name_pattern"])
NEEDS_PARAMETERS = {
    "required_status_checks": ("required_status_checks", "strict_required_status_checks_policy"),
    "pull_request": ("required_approving_review_count", "dismiss_stale_reviews_on_push", "require_code_owner_review",
                     "require_last_push_approval", "required_review_thread_resolution"),
    "required_deployments": ("required_deployment_environments",),
}  # fmt: skip
ACTORS = frozenset(["Integration", "OrganizationAdmin", "RepositoryRole", "Team", "DeployKey", "User"])
MODES = frozenset(["always", "pull_request", "exempt"])
MOST_APPROVALS = 10


def bodies(store: Store, repository: int) -> list[dict[str, Any]]:
    """The bodies of a repository's rulesets."""
    return [loads(row["body"]) for row in store.rows("SELECT body FROM rulesets WHERE repository = ?", repository)]


def refused(store: Store, repository: Row, change: Change, login: str) -> list[str]:
    """Why the rulesets refuse this change by this person; empty: they do not."""
    row = accounts.find(store, login, "User")
    actor = Actor(row["id"], row["role"] == "admin")
    return refusals(bodies(store, repository["id"]), change, actor, repository["default_branch"])


def index(call: Call) -> Reply:
    """GET …/rulesets: without rules, conditions and bypass actors."""
    repository = call.repository()
    _check_plan(call)
    rows = call.store.rows("SELECT * FROM rulesets WHERE repository = ? ORDER BY id", repository["id"])
    hidden = {"rules", "conditions", "bypass_actors", "current_user_can_bypass"}
    short = [{key: value for key, value in _describe(call, row).items() if key not in hidden} for row in rows]
    return page(call.url(f"/repos/{repository['owner']}/{repository['name']}/rulesets"), call.query, short)


def show(call: Call) -> Reply:
    """GET …/rulesets/{ruleset_id}."""
    _check_plan(call)
    return Reply(200, _describe(call, _find(call)))


def create(call: Call) -> Reply:
    """POST …/rulesets: 201."""
    repository = call.repository()
    _check_plan(call)
    body = _checked(call, {"target": "branch", "bypass_actors": [], "rules": [], "conditions": {}} | _known(call))
    try:
        number = call.store.write(
            "INSERT INTO rulesets (repository, name, body, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
            repository["id"], body["name"], json.dumps(body), now(), now(),
        )  # fmt: skip
    except sqlite3.IntegrityError:
        raise Refusal(422, "Validation Failed", ["Name must be unique"]) from None
    row = call.store.row("SELECT * FROM rulesets WHERE id = ?", number)
    return Reply(201, _describe(call, row or _find(call)))


def update(call: Call) -> Reply:
    """PUT …/rulesets/{ruleset_id}: what the body leaves out stays as it is."""
    _check_plan(call)
    row = _find(call)
    body = _checked(call, loads(row["body"]) | _known(call))
    try:
        call.store.write(
            "UPDATE rulesets SET name = ?, body = ?, updated_at = ? WHERE id = ?",
            body["name"], json.dumps(body), now(), row["id"],
        )  # fmt: skip
    except sqlite3.IntegrityError:
        raise Refusal(422, "Validation Failed", ["Name must be unique"]) from None
    return Reply(200, _describe(call, _find(call)))


def delete(call: Call) -> Reply:
    """DELETE …/rulesets/{ruleset_id}."""
    call.store.write("DELETE FROM rulesets WHERE id = ?", _find(call)["id"])
    return Reply(204)


def _describe(call: Call, row: Row) -> dict[str, Any]:
    body, repository = loads(row["body"]), call.repository()
    full = f"{repository['owner']}/{repository['name']}"
    shown = {
        "id": row["id"], "name": body["name"], "target": body["target"], "source_type": "Repository", "source": full,
        "enforcement": body["enforcement"], "conditions": body["conditions"], "rules": body["rules"],
        "node_id": node_id("RRS", row["id"]), "created_at": row["created_at"], "updated_at": row["updated_at"],
        "_links": {"self": {"href": call.url(f"/repos/{full}/rulesets/{row['id']}")},
                   "html": {"href": f"{call.site}/{full}/rules/{row['id']}"}},
    }  # fmt: skip
    if call.actor and repositories.role(call, call.actor) == "admin":  # others are not told who may bypass
        shown |= {"bypass_actors": body["bypass_actors"], "current_user_can_bypass": "never"}
        if any(one["actor_type"] in {"RepositoryRole", "OrganizationAdmin"} for one in body["bypass_actors"]):
            shown["current_user_can_bypass"] = "always"
    return shown


def _find(call: Call) -> Row:
    repository, number = call.repository(), call.path["ruleset"]
    if not (number.isascii() and number.isdigit()):
        raise not_found()
    row = call.store.row("SELECT * FROM rulesets WHERE repository = ? AND id = ?", repository["id"], int(number))
    if row is None:
        raise not_found()
    return row


def _check_plan(call: Call) -> None:
    if call.lab.private and call.lab.plan == "free":
        raise Refusal(403, "Upgrade to GitHub Pro or make this repository public to enable this feature.")


def _known(call: Call) -> dict[str, Any]:
    names = ("name", "target", "enforcement", "bypass_actors", "conditions", "rules")
    return {name: value for name, value in call.fields().items() if name in names and value is not None}


def _checked(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """The body where GitHub would take it. Raises the 422 with every objection."""
    wrong = [*_wrong_head(call, body), *_wrong_conditions(body), *_wrong_rules(body), *_wrong_actors(call, body)]
    if wrong:
        raise Refusal(422, "Validation Failed", wrong)
    return body


def _wrong_head(call: Call, body: dict[str, Any]) -> list[str]:
    wrong = []
    if not isinstance(body.get("name"), str) or not body["name"].strip():
        wrong.append("Name can't be blank")
    if body["target"] not in {"branch", "tag", "push"}:
        wrong.append(f"Invalid target: '{body['target']}'")
    if body.get("enforcement") not in {"active", "evaluate", "disabled"}:
        wrong.append("Enforcement must be one of: active, evaluate, disabled")
    elif body["enforcement"] == "evaluate" and call.lab.plan != "enterprise":
        wrong.append(
            "Enforcement evaluate option is not supported on this plan. Please upgrade to Enterprise to enable."
        )
    return wrong


def _wrong_conditions(body: dict[str, Any]) -> list[str]:
    if body["target"] == "push":
        return []
    names = body["conditions"].get("ref_name") if isinstance(body["conditions"], dict) else None
    if not isinstance(names, dict) or not all(isinstance(names.get(one), list) for one in ("include", "exclude")):
        return ["Conditions must have a ref_name with include and exclude"]
    prefix, special = (
        ("refs/tags/", ["~ALL"]) if body["target"] == "tag" else ("refs/heads/", ["~ALL", "~DEFAULT_BRANCH"])
    )
    patterns = [*names["include"], *names["exclude"]]
    bad = [str(one) for one in patterns if not isinstance(one, str) or not (one in special or one.startswith(prefix))]
    return [f"Invalid target patterns: '{', '.join(bad)}'"] if bad else []


def _wrong_rules(body: dict[str, Any]) -> list[str]:
    wrong, seen = [], set()
    if not isinstance(body["rules"], list):
        return ["Rules must be a list"]
    for rule in body["rules"]:
        kind = rule.get("type") if isinstance(rule, dict) else None
        target = body["target"]
        if (
            kind not in RULES
            or (kind in PUSH_RULES) != (target == "push")
            or (target == "tag" and kind in NOT_FOR_TAGS)
        ):
            wrong.append(f"Invalid rule '{kind}': not a rule for target {target}")
            continue
        if kind in seen:
            wrong.append(f"Invalid rule '{kind}': given twice")
        seen.add(kind)
        parameters = rule.get("parameters") or {}
        missing = [one for one in NEEDS_PARAMETERS.get(kind, ()) if one not in parameters]
        wrong.extend(f"Invalid rule '{kind}': {one} is missing" for one in missing)
        approvals = parameters.get("required_approving_review_count", 0)
        if kind == "pull_request" and approvals not in range(MOST_APPROVALS + 1):
            wrong.append(
                f"Invalid rule '{kind}': required_approving_review_count must be between 0 and {MOST_APPROVALS}"
            )
        checks = parameters.get("required_status_checks", [])
        if kind == "required_status_checks" and not all(isinstance(one, dict) and one.get("context") for one in checks):
            wrong.append(f"Invalid rule '{kind}': each check needs a context")
    return wrong


def _wrong_actors(call: Call, body: dict[str, Any]) -> list[str]:
    wrong = []
    for actor in body["bypass_actors"]:
        kind, number, mode = actor.get("actor_type"), actor.get("actor_id"), actor.get("bypass_mode", "always")
        tables = {"Team": "teams", "User": "accounts"}
        known = kind not in tables or call.store.row(f"SELECT id FROM {tables[kind]} WHERE id = ?", number)  # noqa: S608
        role = kind != "RepositoryRole" or number in range(1, 6)
        if kind not in ACTORS or not known or not role:
            wrong.append(f"Actor {kind} {number} is not valid")
        elif mode not in MODES or (mode == "pull_request" and body["target"] != "branch"):
            wrong.append(f"Bypass mode '{mode}' is not valid for a {body['target']} ruleset")
    return wrong


_ALL = "/repos/{owner}/{repo}/rulesets"
ROUTES: Routes = [
    ("GET", _ALL, index),
    ("POST", _ALL, create),
    ("GET", _ALL + "/{ruleset}", show),
    ("PUT", _ALL + "/{ruleset}", update),
    ("DELETE", _ALL + "/{ruleset}", delete),
]
