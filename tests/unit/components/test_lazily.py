"""A command starts fast because it loads little; each case in a process of its own, where nothing is loaded yet."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def said(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_only_what_is_used_of_a_providers_sdk_is_loaded():
    program = """
import sys
import components.environment, components.release
print(sorted(name for name in sys.modules if name in (
    "pulumi_github.repository_environment", "pulumi_github.repository_webhook", "pulumi_docker.container",
    "pulumi_docker.buildx_builder", "docker", "urllib3")))
"""
    assert said(program) == "['pulumi_docker.container', 'pulumi_github.repository_environment']"


def test_the_docker_plugin_starts_without_the_package_that_asks_the_engine():
    program = """
import sys
from toolchain.protocol import only_the_protocol
only_the_protocol()
import toolchain.docker_plugin.service
print("docker" in sys.modules)
"""
    assert said(program) == "False"


@pytest.mark.parametrize("name", ["RepositoryFile", "RepositoryEnvironmentReviewerArgs", "get_repository", "outputs",
                                  "RepositoryEnvironmentArgs", "ActionsOrganizationSecret"])  # fmt: skip
def test_a_name_is_the_same_one_as_in_the_whole_package(name):
    program = f"""
import importlib, sys
import components
import pulumi_github
found = pulumi_github.{name}
del sys.modules["pulumi_github"]
print(found is importlib.import_module("pulumi_github").{name})
"""
    assert said(program) == "True"


def test_a_stack_without_a_certificate_of_its_own_does_not_wait_for_what_checks_one():
    program = """
import sys
import components.settings, components.traffic
print(sorted({"cryptography", "docker", "urllib3"} & set(sys.modules)))
"""
    assert said(program) == "[]"


def test_a_name_that_is_nowhere_is_an_error_as_ever():
    program = """
import components, pulumi_github
try:
    pulumi_github.NoSuchThing
except AttributeError as error:
    print(error)
"""
    assert said(program) == "module 'pulumi_github' has no attribute 'NoSuchThing'"


def test_a_package_that_is_loaded_already_is_left_alone():
    assert said("import pulumi_docker; import components; print(type(pulumi_docker).__name__)") == "module"
