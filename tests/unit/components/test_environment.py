import pytest

from components.account import AccountError
from components.environment import Environment, EnvironmentArgs
from components.github import provider
from components.settings import DeployFrom, GitHub, GitHubApp, Reviewers
from components.settings import Environment as Wishes
from tests.unit.components.recorder import Recorded, declare

# Nothing listens on port 1: a test that asks GitHub although it need not fails.
GITHUB = GitHub(owner="acme", repository="shop", token="ghp_secret", base_url="http://127.0.0.1:1/")
KNOWN = {"user:alice": 1001, "user:bob": 1002, "team:platform": 7}


def declared(deploy_from: DeployFrom | None = None, known: dict[str, int] | None = None, **wishes: object) -> Recorded:
    args = EnvironmentArgs(
        GITHUB, Wishes(name="staging", **wishes), deploy_from or DeployFrom(branch="main"), known or {}
    )
    return declare(lambda: Environment("staging", args))


def test_an_environment_is_open_to_one_branch_by_a_custom_policy_not_to_protected_branches():
    recorded = declared()
    environment = recorded.one("RepositoryEnvironment")
    assert environment.inputs["deploymentBranchPolicy"] == {"protectedBranches": False, "customBranchPolicies": True}
    policy = recorded.one("RepositoryEnvironmentDeploymentPolicy")
    assert policy.inputs["branchPattern"] == "main"
    assert "tagPattern" not in policy.inputs
    assert environment.name in policy.depends_on


def test_a_stack_that_deploys_tags_has_a_tag_policy_only():
    policy = declared(DeployFrom(tag="v*")).one("RepositoryEnvironmentDeploymentPolicy")
    assert policy.inputs["tagPattern"] == "v*"
    assert "branchPattern" not in policy.inputs


def test_reviewers_go_by_the_numbers_of_the_last_update_and_nothing_is_asked():
    recorded = declared(known=KNOWN, reviewers=Reviewers(users=("bob", "alice"), teams=("platform",)))
    environment = recorded.one("RepositoryEnvironment")
    assert environment.inputs["reviewers"] == [{"users": [1001, 1002], "teams": [7]}]


def test_a_new_reviewer_is_asked_for_and_nothing_is_registered_where_github_is_away():
    with pytest.raises(AccountError, match="cannot be reached"):
        declared(reviewers=Reviewers(users=("alice",)))


def test_without_reviewers_none_are_sent():
    assert "reviewers" not in declared().one("RepositoryEnvironment").inputs


@pytest.mark.parametrize(
    ("wishes", "bypass"),
    [
        ({"wait_timer": 5}, False),
        ({"wait_timer": 5, "administrators_bypass": True}, True),
        ({"reviewers": Reviewers(users=("alice",))}, False),
        ({}, True),  # nothing to bypass: forbidding it would need GitHub Enterprise
    ],
)
def test_administrators_may_bypass_only_where_it_is_said_or_there_is_nothing_to_bypass(wishes, bypass):
    environment = declared(known=KNOWN, **wishes).one("RepositoryEnvironment")
    assert environment.inputs["canAdminsBypass"] is bypass


def test_a_protected_environment_is_protected_by_the_engine():
    assert declared(protect=True).one("RepositoryEnvironment").protect
    assert not declared().one("RepositoryEnvironment").protect


def test_secrets_and_variables_come_after_the_policy():
    recorded = declared(secrets={"API_KEY": "hunter2"}, variables={"LEVEL": "info"})
    policy = recorded.one("RepositoryEnvironmentDeploymentPolicy").name
    for kind in ("ActionsEnvironmentSecret", "ActionsEnvironmentVariable"):
        assert policy in recorded.one(kind).depends_on


def test_a_secret_is_secret_to_the_engine_and_uses_no_deprecated_argument():
    secret = declared(secrets={"api_key": "hunter2"}).one("ActionsEnvironmentSecret")
    assert secret.inputs["value"] == "hunter2"
    assert "value" in secret.secret_inputs
    assert secret.inputs["secretName"] == "API_KEY"
    assert not {"plaintextValue", "encryptedValue"} & set(secret.inputs)


def test_everything_is_a_child_of_the_component():
    recorded = declared(secrets={"A": "x"}, variables={"B": "y"})
    children = [one for one in recorded.all if one.type.startswith("github:")]
    assert len(children) == 4
    assert all(one.parent.endswith("golive:github:Environment::staging") for one in children)


def test_the_account_is_asked_before_the_environment_is_made_or_changed_and_not_otherwise():
    recorded = declared(wait_timer=5)
    environment = recorded.one("RepositoryEnvironment")
    assert environment.before_create == environment.before_update == ["staging-account"]
    hook = recorded.hooks["staging-account"]
    assert hook.opts is not None and hook.opts.on_dry_run
    with pytest.raises(AccountError, match="cannot be reached"):
        hook(None)  # type: ignore[arg-type]


def test_the_provider_is_fast_within_githubs_limits_and_its_token_is_secret(monkeypatch):
    monkeypatch.setenv("GITHUB_BASE_URL", "https://elsewhere.example/")
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_of_the_shell")
    made = declare(lambda: provider(GITHUB)).one("github")
    assert made.inputs["parallelRequests"] == "true"
    assert made.inputs["writeDelayMs"] == "100"
    assert made.inputs["baseUrl"] == "http://127.0.0.1:1/"
    assert made.inputs["token"] == "ghp_secret"
    assert "token" in made.secret_inputs


def test_an_app_is_used_without_a_token_and_its_key_is_secret(monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_of_the_shell")
    app = GitHubApp(id="1", installation_id="2", private_key="-----BEGIN")
    made = declare(lambda: provider(GitHub(owner="acme", repository="shop", app=app))).one("github")
    assert made.inputs["token"] == ""
    assert made.inputs["baseUrl"] == "https://api.github.com/"
    assert "appAuth" in made.secret_inputs
