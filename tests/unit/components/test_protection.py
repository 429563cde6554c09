import pytest

from components.protection import Protection, ProtectionArgs
from components.settings import Bypass, DeployFrom, GitHub, RequiredCheck
from components.settings import Protection as Wishes
from tests.unit.components.recorder import Registration, declare

GITHUB = GitHub(owner="acme", repository="shop", token="ghp_secret", base_url="http://127.0.0.1:1/")
MAIN, TAGS = DeployFrom(branch="main"), DeployFrom(tag="v*")


def ruleset(deploy_from: DeployFrom, known: dict[str, int] | None = None, **wishes: object) -> Registration:
    args = ProtectionArgs(GITHUB, Wishes(**wishes), deploy_from, known=known or {})
    return declare(lambda: Protection("staging", args)).one("RepositoryRuleset")


def test_a_branch_cannot_be_deleted_or_force_pushed():
    made = ruleset(MAIN)
    assert made.inputs["target"] == "branch"
    assert made.inputs["conditions"] == {"refName": {"includes": ["refs/heads/main"], "excludes": []}}
    assert made.inputs["rules"] == {"deletion": True, "nonFastForward": True}


def test_a_tag_cannot_be_moved_once_it_is_there_and_making_one_stays_free():
    made = ruleset(TAGS)
    assert made.inputs["target"] == "tag"
    assert made.inputs["conditions"]["refName"]["includes"] == ["refs/tags/v*"]
    assert made.inputs["rules"] == {"deletion": True, "nonFastForward": True, "update": True}


def test_approvals_ask_for_a_pull_request():
    rules = ruleset(MAIN, approvals=2).inputs["rules"]
    assert rules["pullRequest"]["requiredApprovingReviewCount"] == 2


def test_a_required_check_names_the_app_that_reports_it():
    rules = ruleset(MAIN, required_checks=(RequiredCheck(name="test"),)).inputs["rules"]
    assert rules["requiredStatusChecks"]["requiredChecks"] == [{"context": "test", "integrationId": 15368}]


def test_deployments_are_never_required_so_that_pull_requests_cannot_deadlock():
    assert "requiredDeployments" not in ruleset(MAIN, approvals=1).inputs["rules"]


def test_the_ruleset_has_a_name_of_its_own_and_the_enforcement_that_is_set():
    made = ruleset(MAIN, enforcement="evaluate")
    assert made.inputs["name"] == "golive staging"
    assert made.inputs["enforcement"] == "evaluate"


@pytest.mark.parametrize(
    ("bypass", "expected"),
    [
        (Bypass(role="admin"), ("RepositoryRole", 5)),
        (Bypass(role="maintain"), ("RepositoryRole", 2)),
        (Bypass(role="write"), ("RepositoryRole", 4)),
        (Bypass(team="platform"), ("Team", 7)),
        (Bypass(app=99), ("Integration", 99)),
    ],
)
def test_who_may_bypass_is_sent_as_a_kind_and_a_number(bypass, expected):
    (actor,) = ruleset(MAIN, known={"team:platform": 7}, bypass=(bypass,)).inputs["bypassActors"]
    assert (actor["actorType"], actor["actorId"], actor["bypassMode"]) == (*expected, "always")


def test_the_account_is_asked_before_the_ruleset_is_made_or_changed():
    made = ruleset(MAIN)
    assert made.before_create == made.before_update == ["staging-ruleset-account"]
