import json
import re

import pulumi
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from components.environment import Environment, EnvironmentArgs
from components.pipeline import MESSAGE, TEMPLATES, Pipeline, PipelineArgs, files, filled
from components.protection import Protection, ProtectionArgs
from components.settings import DeployFrom, GitHub
from components.settings import Environment as EnvironmentWishes
from components.settings import Pipeline as Wishes
from components.settings import Protection as ProtectionWishes
from tests.unit.components.recorder import Recorded, declare

GITHUB = GitHub(owner="acme", repository="shop", token="ghp_secret", base_url="http://127.0.0.1:1/")
MAIN, TAGS = DeployFrom(branch="main"), DeployFrom(tag="v*")
TRIGGERS = True  # what YAML 1.1 makes of the key `on`


def whole_stack() -> Recorded:
    def program() -> None:
        wishes = EnvironmentWishes(name="staging", secrets={"A": "x"}, variables={"B": "y"})
        environment = Environment("staging", EnvironmentArgs(GITHUB, wishes, MAIN))
        pipeline = Pipeline("staging", PipelineArgs(GITHUB, Wishes(), MAIN, "staging", "staging", environment.ready))
        Protection("staging", ProtectionArgs(GITHUB, ProtectionWishes(), MAIN, pipeline.files))

    return declare(program)


def workflow(deploy_from: DeployFrom, stack: str = "staging", environment: str = "staging"):
    ((path, text),) = files(stack, environment, deploy_from).items()
    assert path == f".github/workflows/golive-{stack}.yaml"
    return yaml.safe_load(text)


def test_a_file_comes_after_environment_policy_and_secrets():
    made = whole_stack().one("RepositoryFile")
    assert {"staging-environment", "staging-policy", "staging-secret-A", "staging-variable-B"} <= set(made.depends_on)


def test_the_ruleset_comes_after_the_files():
    assert "staging-golive-staging" in whole_stack().one("RepositoryRuleset").depends_on


def test_two_files_are_committed_one_after_the_other(monkeypatch):
    monkeypatch.setattr("components.pipeline.files", lambda *_: {"a/one.yaml": "1", "a/two.yaml": "2"})
    first, second = whole_stack().of("RepositoryFile")
    assert first.name in second.depends_on


def test_a_commit_has_a_constant_message_no_author_no_branch_and_never_overwrites():
    made = whole_stack().one("RepositoryFile").inputs
    assert made["commitMessage"] == MESSAGE
    assert made["overwriteOnCreate"] is False
    assert set(made) == {"repository", "file", "content", "commitMessage", "overwriteOnCreate"}


def test_no_file_is_committed_where_none_is_wanted():
    args = PipelineArgs(GITHUB, Wishes(workflows=False), MAIN, "dev", "dev")
    assert declare(lambda: Pipeline("dev", args)).of("RepositoryFile") == []


@pytest.mark.parametrize(
    ("deploy_from", "trigger"), [(MAIN, {"branches": ["main"]}), (TAGS, {"tags": ["v*"]})], ids=["branch", "tag"]
)
def test_a_stack_is_deployed_by_its_own_branch_or_tags_and_by_nothing_else(deploy_from, trigger):
    assert workflow(deploy_from)[TRIGGERS] == {"push": trigger}


@pytest.mark.parametrize("deploy_from", [MAIN, TAGS], ids=["branch", "tag"])
def test_the_workflow_waits_for_checks_has_no_rights_by_default_and_is_not_cancelled(deploy_from):
    made = workflow(deploy_from, environment="live")
    assert made["permissions"] == {}
    assert made["concurrency"] == {"group": "golive-staging", "cancel-in-progress": False}
    deploy = made["jobs"]["deploy"]
    assert deploy["needs"] == "checks"
    assert deploy["environment"] == "live"
    assert deploy["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] for job in made["jobs"].values())


@pytest.mark.parametrize("name", ["deploy-branch.yaml", "deploy-tag.yaml"])
def test_secrets_are_in_the_one_step_that_needs_them_and_actions_are_pinned(name):
    text = (TEMPLATES / name).read_text()
    jobs = yaml.safe_load(text)["jobs"].values()
    holders = [step["name"] for job in jobs for step in job["steps"] if "secrets." in json.dumps(step)]
    assert holders == ["Deploy"]
    used = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
    assert used and all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one) for one in used)


def test_a_deployment_touches_the_app_and_its_monitor_only():
    (step,) = [one for one in workflow(MAIN)["jobs"]["deploy"]["steps"] if one["name"] == "Deploy"]
    targets = re.findall(r"--target '([^']+)'", step["run"])
    kinds = ("app:Release", "app:Traffic", "app:Workers", "Retention", "monitor:Monitor")
    assert targets == [
        "urn:pulumi:**docker:index/network:Network::network", *(f"urn:pulumi:**golive:{kind}**" for kind in kinds),
    ]  # fmt: skip


def test_a_value_that_would_run_as_an_expression_is_refused():
    with pytest.raises(pulumi.RunError, match="expression"):
        files("staging", "${{ secrets.A }}", MAIN)


def test_a_branch_with_a_plus_is_meant_literally():
    assert workflow(DeployFrom(branch="c++"))[TRIGGERS]["push"]["branches"] == ["c\\+\\+"]


@given(some.text(min_size=1).filter(lambda text: "${{" not in text))
def test_whatever_the_environment_is_called_the_workflow_says_just_that(name):
    assert yaml.safe_load(filled('environment: "__ENVIRONMENT__"', {"ENVIRONMENT": name}))["environment"] == name
