"""The real GitHub plugin against the lab: each resource type through its whole life, its traffic as described."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from lab.github.process import Running
from tests.engine.lab.client import Client
from tests.engine.lab.recorder import Recorder
from toolchain.folders import ENGINE

pytestmark = pytest.mark.engine
PLUGIN = "pulumi-resource-github"
NAMED = {"repository": "", "environment": "eu/staging"}
REF_NAME = {"refName": {"includes": ["~DEFAULT_BRANCH"], "excludes": []}}
LIVES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("RepositoryEnvironmentDeploymentPolicy", NAMED | {"branchPattern": "main"}, {"branchPattern": "release/*"}),
    ("RepositoryEnvironmentDeploymentPolicy", NAMED | {"tagPattern": "v*"}, {"tagPattern": "w*"}),
    ("ActionsEnvironmentSecret", NAMED | {"secretName": "API_KEY", "value": "one"}, {"value": "two"}),
    ("ActionsEnvironmentVariable", NAMED | {"variableName": "URL", "value": "one"}, {"value": "two"}),
    (
        "RepositoryRuleset",
        {
            "repository": "",
            "name": "main",
            "target": "branch",
            "enforcement": "active",
            "conditions": REF_NAME,
            "bypassActors": [{"actorId": 5, "actorType": "RepositoryRole", "bypassMode": "always"}],
            "rules": {
                "deletion": True,
                "nonFastForward": True,
                "pullRequest": {"requiredApprovingReviewCount": 1},
                "requiredStatusChecks": {"requiredChecks": [{"context": "test", "integrationId": 15368}]},
            },
        },
        {"enforcement": "disabled"},
    ),
    (
        "RepositoryRuleset",
        {
            "repository": "",
            "name": "tags",
            "target": "tag",
            "enforcement": "active",
            "conditions": {"refName": {"includes": ["refs/tags/v*"], "excludes": []}},
            "rules": {"creation": True, "update": True, "deletion": True},
        },
        {"rules": {"deletion": True}},
    ),
    (
        "RepositoryFile",
        {
            "repository": "",
            "file": ".github/workflows/go live.yml",
            "content": "a",
            "branch": "main",
            "commitMessage": "x",
        },
        {"content": "b"},
    ),
]


def plugin() -> str:
    own = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    kept = [one for home in (ENGINE / "home", own) for one in home.glob(f"plugins/resource-github-v*/{PLUGIN}")]
    found = next(map(str, kept), None) or shutil.which(PLUGIN)
    assert found, f"{PLUGIN} is neither in the clone's engine, nor among Pulumi's plugins, nor on PATH"
    return found


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())


@pytest.fixture(scope="module")
def recorder(lab_github: Running) -> Iterator[Recorder]:
    server = Recorder(lab_github.url)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def provider(lab_github: Running, recorder: Recorder) -> Iterator[Any]:
    process = subprocess.Popen([plugin()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            config = {"baseUrl": recorder.url, "token": lab_github.token, "owner": "acme", "writeDelayMs": "0"}
            variables = {f"github:config:{name}": value for name, value in config.items()}
            stub.Configure(provider_pb2.ConfigureRequest(args=struct(config), variables=variables))
            yield stub
    finally:
        process.kill()
        process.wait()


class Life:
    """One resource as the engine would take it through its life."""

    def __init__(self, stub: Any, token: str, wanted: dict[str, Any]) -> None:
        self.stub = stub
        self.urn = f"urn:pulumi:s::p::github:index/{token[0].lower()}{token[1:]}:{token}::n"
        self.inputs = self.checked(wanted)
        made = stub.Create(provider_pb2.CreateRequest(urn=self.urn, properties=self.inputs))
        self.id, self.state = made.id, made.properties

    def checked(self, wanted: dict[str, Any]) -> Any:
        answer = self.stub.Check(provider_pb2.CheckRequest(urn=self.urn, news=struct(wanted)))
        assert not answer.failures
        return answer.inputs

    def change(self, wanted: dict[str, Any]) -> None:
        news = self.checked(wanted)
        request = provider_pb2.UpdateRequest(
            id=self.id, urn=self.urn, olds=self.state, news=news, old_inputs=self.inputs
        )
        self.state, self.inputs = self.stub.Update(request).properties, news

    def refreshed(self) -> str:
        request = provider_pb2.ReadRequest(id=self.id, urn=self.urn, properties=self.state, inputs=self.inputs)
        answer = self.stub.Read(request)
        self.state = answer.properties
        return str(answer.id)

    def settled(self) -> bool:
        request = provider_pb2.DiffRequest(
            id=self.id, urn=self.urn, olds=self.state, news=self.inputs, old_inputs=self.inputs
        )
        return bool(self.stub.Diff(request).changes == provider_pb2.DiffResponse.DIFF_NONE)

    def delete(self) -> None:
        self.stub.Delete(provider_pb2.DeleteRequest(id=self.id, urn=self.urn, properties=self.state))


@pytest.mark.parametrize(("token", "wanted", "changed"), LIVES)
def test_the_real_plugin_settles_on_the_lab(  # noqa: PLR0917 — fixtures
    provider: Any, recorder: Recorder, github: Client, token: str, wanted: dict[str, Any], changed: dict[str, Any]
) -> None:
    repository = {"repository": github.repository.rpartition("/")[2]}
    alice = github("GET", "/users/alice").body["id"]
    environment = repository | {
        "environment": "eu/staging",
        "waitTimer": 5,
        "canAdminsBypass": False,
        "preventSelfReview": True,
        "reviewers": [{"users": [alice]}],
        "deploymentBranchPolicy": {"protectedBranches": False, "customBranchPolicies": True},
    }
    outer = Life(provider, "RepositoryEnvironment", environment)
    inner = Life(provider, token, wanted | repository)
    for life in (outer, inner):
        assert life.refreshed() == life.id
        assert life.settled()
    outer.change(environment | {"waitTimer": 10})
    inner.change(wanted | repository | changed)
    for life in (inner, outer):
        assert life.refreshed() == life.id
        assert life.settled()
    for life in (inner, outer):
        life.delete()
        assert life.refreshed() == ""
    assert recorder.objections == []
