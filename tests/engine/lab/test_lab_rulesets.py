from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.lab.client import Client
from tests.engine.lab.test_lab_contents import body, clone, git

ADMINISTRATORS = [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
REVIEWED: dict[str, Any] = {
    "type": "pull_request",
    "parameters": {
        "required_approving_review_count": 1,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": False,
        "require_last_push_approval": True,
        "required_review_thread_resolution": True,
    },
}
CHECKED = {
    "type": "required_status_checks",
    "parameters": {
        "required_status_checks": [{"context": "test", "integration_id": 15368}],
        "strict_required_status_checks_policy": True,
    },
}


def main_rules(**more: Any) -> dict[str, Any]:
    return {
        "name": "main",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [{"type": "deletion"}, {"type": "non_fast_forward"}, REVIEWED, CHECKED],
        "bypass_actors": [],
        **more,
    }


def tag_rules(**more: Any) -> dict[str, Any]:
    conditions = {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}}
    rules = [{"type": "creation"}, {"type": "update"}, {"type": "deletion"}]
    return main_rules(name="tags", target="tag", conditions=conditions, rules=rules, **more)


def test_a_ruleset_is_made_shown_changed_and_deleted(github: Client) -> None:
    made = github.of("POST", "/rulesets", main_rules(bypass_actors=ADMINISTRATORS))
    assert made.status == 201
    path = f"/rulesets/{made.body['id']}"
    shown = github.of("GET", f"{path}?includes_parents=false")
    assert (shown.body, shown.headers["etag"]) == (made.body, made.headers["etag"])
    assert shown.body["bypass_actors"] == ADMINISTRATORS
    assert shown.body["rules"] == main_rules()["rules"]
    same = github.of("GET", path, If_None_Match=shown.headers["etag"])
    assert (same.status, same.body) == (304, None)
    changed = github.of("PUT", path, {"enforcement": "disabled"})
    assert (changed.body["enforcement"], changed.body["name"]) == ("disabled", "main")
    assert github.of("GET", path, If_None_Match=shown.headers["etag"]).status == 200
    assert [one["name"] for one in github.of("GET", "/rulesets").body] == ["main"]
    assert github.of("DELETE", path).status == 204
    assert github.of("GET", path).status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": None},
        {"enforcement": "evaluate"},
        {"enforcement": "sometimes"},
        {"conditions": {"ref_name": {"include": ["main"], "exclude": []}}},
        {"conditions": {}},
        {"rules": [{"type": "no_such_rule"}]},
        {
            "rules": [
                {"type": "pull_request", "parameters": REVIEWED["parameters"] | {"required_approving_review_count": 11}}
            ]
        },
        {"rules": [{"type": "deletion"}, {"type": "deletion"}]},
        {"target": "tag", "conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}}, "rules": [REVIEWED]},
        {"bypass_actors": [{"actor_id": 99, "actor_type": "RepositoryRole", "bypass_mode": "always"}]},
        {"bypass_actors": [{"actor_id": 99999, "actor_type": "Team", "bypass_mode": "always"}]},
    ],
)
def test_what_a_ruleset_can_not_be_is_refused(github: Client, wrong: dict[str, Any]) -> None:
    assert github.of("POST", "/rulesets", main_rules(**wrong), valid=False).status == 422


def test_two_rulesets_can_not_share_a_name(github: Client) -> None:
    github.of("POST", "/rulesets", main_rules())
    again = github.of("POST", "/rulesets", main_rules())
    assert (again.status, again.body["errors"]) == (422, ["Name must be unique"])


def test_an_active_ruleset_refuses_a_commit_and_one_who_bypasses_is_let_through(github: Client) -> None:
    number = github.of("POST", "/rulesets", main_rules()).body["id"]
    refused = github.of("PUT", "/contents/a", body("a"))
    assert refused.status == 409
    assert "Repository rule violations found" in refused.body["message"]
    assert "Changes must be made through a pull request." in refused.body["message"]
    assert github.of("GET", "/branches/main").body["protected"] is True
    github.of("PUT", f"/rulesets/{number}", {"bypass_actors": ADMINISTRATORS})
    assert github.of("PUT", "/contents/a", body("a")).status == 201


def test_a_push_to_what_is_protected_is_refused(github: Client, tmp_path: Path) -> None:
    number = github.of("POST", "/rulesets", main_rules()).body["id"]
    tags = github.of("POST", "/rulesets", tag_rules()).body["id"]
    work = clone(github, tmp_path)
    git("commit", "--quiet", "--allow-empty", "-m", "Direct", cwd=work)
    git("tag", "v1.0.0", cwd=work)
    pushed = git("push", "origin", "main", cwd=work)
    assert (pushed.returncode, "GH013" in pushed.stderr) == (1, True)
    assert git("push", "origin", "v1.0.0", cwd=work).returncode == 1
    assert git("push", "origin", "main:feature", cwd=work).returncode == 0
    github.of("PUT", f"/rulesets/{number}", {"rules": [{"type": "non_fast_forward"}, {"type": "deletion"}]})
    github.of("DELETE", f"/rulesets/{tags}")
    assert git("push", "origin", "main", "v1.0.0", cwd=work).returncode == 0
    git("commit", "--quiet", "--amend", "--allow-empty", "-m", "Other", cwd=work)
    assert "force-push" in git("push", "--force", "origin", "main", cwd=work).stderr
    github.of("PUT", f"/rulesets/{number}", {"enforcement": "disabled"})
    assert git("push", "--force", "origin", "main", cwd=work).returncode == 0
