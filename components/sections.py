"""The parts of a stack's configuration: every key, its kind, its default.

In the stack file the keys are camelCase (`waitTimer`); here they are fields (`wait_timer`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components import fields
from components.appsections import App, Engine
from components.section import Section

GITHUB_ACTIONS = 15368  # the app that reports what workflows found, the same on github.com for everyone
MINUTES_IN_30_DAYS = 43200


class GitHubApp(Section):
    """A GitHub App's installation, in place of a token."""

    id: fields.Text
    installation_id: fields.Text
    private_key: fields.Secret


class GitHub(Section):
    """Which repository, and by what right. `base_url` None: github.com."""

    owner: fields.Owner
    repository: fields.Repository
    base_url: fields.BaseUrl | None = None
    token: fields.Secret | None = None
    app: GitHubApp | None = None


class DeployFrom(Section):
    """What this stack deploys: one branch, or the tags that fit a pattern."""

    branch: fields.Branch | None = None
    tag: fields.Tag | None = None


class Reviewers(Section):
    """Who must agree before a deployment, by login and by team slug."""

    users: tuple[fields.Login, ...] = ()
    teams: tuple[fields.Slug, ...] = ()


class Environment(Section):
    """The GitHub environment. `wait_timer` in minutes."""

    name: fields.Text = ""
    reviewers: Reviewers = Reviewers()
    wait_timer: Annotated[int, fields.between(0, MINUTES_IN_30_DAYS, "minutes")] = 0
    prevent_self_review: bool = False
    administrators_bypass: bool = False
    variables: dict[fields.SettingName, fields.Text] = Field(default_factory=dict)
    secrets: dict[fields.SettingName, fields.Secret] = Field(default_factory=dict)
    protect: bool = False


class RequiredCheck(Section):
    """A check that must have passed, and the id of the app that reports it."""

    name: fields.Text
    integration_id: Annotated[int, fields.between(1, 2**31)] = GITHUB_ACTIONS


class Bypass(Section):
    """One who may pass by the ruleset: a role in the repository, a team, or an app."""

    role: Literal["admin", "maintain", "write"] | None = None
    team: fields.Slug | None = None
    app: int | None = None


class Protection(Section):
    """The ruleset of what this stack deploys from."""

    enforcement: Literal["active", "evaluate", "disabled"] = "active"
    required_checks: tuple[RequiredCheck, ...] = ()
    approvals: Annotated[int, fields.between(0, 10)] = 0
    bypass: tuple[Bypass, ...] = (Bypass(role="admin"),)


class Pipeline(Section):
    """Whether this stack's workflow files are committed to the repository."""

    workflows: bool = True


class Metrics(Section):
    """Where the proxy's figures are read: the address and port bound on the Docker host; `port` None: nowhere."""

    port: fields.Port | None = None
    address: fields.Address = "127.0.0.1"


class Tls(Section):
    """How the proxy speaks HTTPS: by certificates that it fetches itself, or by one's own.

    `email`: whom the authority tells of trouble; `server`: its ACME directory, None: Let's Encrypt's; `ca_certificate`:
    by which that server itself is trusted. `certificate`: one's own, with its chain, and its `key`; all three in PEM.
    """

    port: fields.Port = 443
    email: fields.Email | None = None
    server: fields.HttpsUrl | None = None
    ca_certificate: fields.Certificate | None = None
    certificate: fields.Certificate | None = None
    key: fields.Secret | None = None


class Traffic(Section):
    """Where the app is reached: the address and port bound on the Docker host."""

    port: fields.Port = 8080
    address: fields.Address = "127.0.0.1"
    host: fields.Hostname | None = None
    image: fields.ImageName = "traefik:v3.6.12"
    tls: Tls | None = None
    metrics: Metrics = Metrics()


class Monitor(Section):
    """Health checks and the status page. `interval` in seconds."""

    enabled: bool = True
    port: fields.Port = 8081
    address: fields.Address = "127.0.0.1"
    interval: Annotated[int, fields.between(1, 86400, "seconds")] = 30
    image: fields.ImageName = "twinproduction/gatus:v5.36.0"


class Docker(Section):
    """The Docker engine; None: DOCKER_HOST, or the default socket."""

    host: fields.DockerHost | None = None


class Settings(Section):
    """The whole configuration of one stack. `apps` by name; the simple form has one, without a name."""

    project: str
    stack: str
    github: GitHub
    deploy_from: DeployFrom
    environment: Environment = Environment()
    protection: Protection = Protection()
    pipeline: Pipeline = Pipeline()
    apps: dict[str, App] = Field(default_factory=dict)
    traffic: Traffic = Traffic()
    monitor: Monitor = Monitor()
    docker: Docker = Docker()
    engine: Engine = "docker"


def secret_paths(values: dict[str, object]) -> list[tuple[str, ...]]:
    """The paths in `values` (camelCase, as in the stack file) whose text must be encrypted."""
    services = values.get("services")
    named = [("services", str(name)) for name in (services if isinstance(services, dict) else {})]
    found: list[tuple[str, ...]] = [("github", "token"), ("github", "app", "privateKey"), ("traffic", "tls", "key")]
    for section in (("environment",), ("service",), *named):
        names = inside(values, (*section, "secrets"))
        found.extend((*section, "secrets", str(name)) for name in (names if isinstance(names, dict) else {}))
    return found


def inside(values: object, path: tuple[str, ...]) -> object:
    """What is at `path` in nested mappings, None where there is nothing."""
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
    return values
