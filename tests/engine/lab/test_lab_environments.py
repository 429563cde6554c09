from __future__ import annotations

from tests.engine.lab.client import Client

CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


def user(github: Client, login: str) -> dict[str, object]:
    return {"type": "User", "id": github("GET", f"/users/{login}").body["id"]}


def team(github: Client, slug: str) -> dict[str, object]:
    return {"type": "Team", "id": github("GET", f"/orgs/acme/teams/{slug}").body["id"]}


def test_an_environment_is_made_shown_listed_changed_and_deleted(github: Client) -> None:
    wanted = {
        "wait_timer": 30,
        "reviewers": [user(github, "alice"), team(github, "platform")],
        "prevent_self_review": True,
        "can_admins_bypass": False,
        "deployment_branch_policy": CUSTOM,
    }
    assert github.of("GET", "/environments/production").status == 404
    made = github.of("PUT", "/environments/production", wanted)
    assert made.status == 200
    rules = {rule["type"]: rule for rule in made.body["protection_rules"]}
    assert rules["wait_timer"]["wait_timer"] == 30
    assert [one["reviewer"].get("login") for one in rules["required_reviewers"]["reviewers"]] == ["alice", None]
    assert rules["required_reviewers"]["prevent_self_review"] is True
    assert made.body["can_admins_bypass"] is False
    assert github.of("GET", "/environments/production").body == made.body
    assert github.of("GET", "/environments").body["total_count"] == 1
    plain = github.of("PUT", "/environments/production", {"wait_timer": 0, "reviewers": []}).body
    assert (plain["protection_rules"], plain["id"]) == ([], made.body["id"])
    assert github.of("DELETE", "/environments/production").status == 204
    assert github.of("DELETE", "/environments/production").status == 404


def test_what_an_environment_can_not_be_is_refused(github: Client) -> None:
    alice = user(github, "alice")
    for wrong in [
        {"wait_timer": 43201},
        {"wait_timer": -1},
        {"reviewers": [alice] * 7},
        {"reviewers": [{"type": "User", "id": 999999}]},
        {"prevent_self_review": True},
        {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": True}},
    ]:
        assert github.of("PUT", "/environments/x", wrong, valid=False).status == 422, wrong
    assert github.of("GET", "/environments/x").status == 404


def test_a_reviewer_without_access_is_dropped_in_silence(github: Client) -> None:
    made = github.of("PUT", "/environments/x", {"reviewers": [team(github, "auditors")]})
    assert (made.status, made.body["protection_rules"]) == (200, [])


def test_a_private_repository_gets_only_what_the_plan_has(github: Client) -> None:
    branches = {"deployment_branch_policy": CUSTOM}
    github.raw("PUT", "lab/settings", {"visibility": "private", "plan": "team"})
    assert github.of("PUT", "/environments/x", {"wait_timer": 5, **branches}).status == 422
    assert github.of("PUT", "/environments/x", {"can_admins_bypass": False}).status == 422
    assert github.of("PUT", "/environments/x", branches).status == 200
    github.raw("PUT", "lab/settings", {"plan": "free"})
    assert github.of("PUT", "/environments/y", branches).status == 404
    assert github.of("GET", "/rulesets").status == 403
    github.raw("PUT", "lab/settings", {"plan": "enterprise"})
    assert github.of("PUT", "/environments/x", {"wait_timer": 5, **branches}).status == 200


def test_an_environment_name_may_hold_a_slash(github: Client) -> None:
    assert github.of("PUT", "/environments/eu%2Fproduction", {}).body["name"] == "eu/production"
    github.of("POST", "/environments/eu%2Fproduction/variables", {"name": "A", "value": "1"})
    assert github.of("GET", "/environments/eu%2Fproduction/variables/A").body["value"] == "1"


def test_branch_and_tag_policies_come_and_go(github: Client) -> None:
    base = "/environments/staging/deployment-branch-policies"
    github.of("PUT", "/environments/staging", {"deployment_branch_policy": None})
    assert github.of("POST", base, {"name": "main"}).status == 404
    github.of("PUT", "/environments/staging", {"deployment_branch_policy": CUSTOM})
    branch = github.of("POST", base, {"name": "main"}).body
    tag = github.of("POST", base, {"name": "v*", "type": "tag"}).body
    assert [branch["type"], tag["type"]] == ["branch", "tag"]
    assert github.of("POST", base, {"name": "main"}).status == 303
    assert github.of("PUT", f"{base}/{branch['id']}", {"name": "release/*"}).body["name"] == "release/*"
    assert github.of("GET", f"{base}/{tag['id']}").body == tag
    assert github.of("GET", base).body["total_count"] == 2
    assert github.of("POST", base, {}, valid=False).status == 422
    for wrong in ["", "a b", "a..b", "/a", "a/"]:
        assert github.of("POST", base, {"name": wrong}).status == 422, wrong
    assert github.of("DELETE", f"{base}/{tag['id']}").status == 204
    assert github.of("GET", f"{base}/{tag['id']}").status == 404
