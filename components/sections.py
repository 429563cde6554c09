"""The parts of a stack's configuration: every key, its kind, its default.

In the stack file the keys are camelCase (`waitTimer`); here they are fields (`wait_timer`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from components import fields

GITHUB_ACTIONS = 15368  # the app that reports what workflows found, the same on github.com for everyone
MINUTES_IN_30_DAYS = 43200


class Section(BaseModel):
    """What all parts share: nothing unknown is taken, nothing changes once read."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_set(cls, values: Any) -> Any:
        """An empty text means that nothing is set, as it does for the keys of Pulumi.yaml."""
        return {key: one for key, one in values.items() if one != ""} if isinstance(values, dict) else values


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


class Health(Section):
    """When a version counts as ready. `timeout` and `deadline` in seconds."""

    path: fields.HttpPath = "/health"
    successes: Annotated[int, fields.between(1, 100)] = 3
    timeout: Annotated[int, fields.between(1, 60, "seconds")] = 1
    deadline: Annotated[int, fields.between(1, 3600, "seconds")] = 60


class Logs(Section):
    """How much of a container's output the engine keeps."""

    max_size: fields.Size = "10m"
    max_files: Annotated[int, fields.between(1, 100)] = 3


class Worker(Section):
    """A process of the app's image that no request reaches, such as a queue's worker or a scheduler."""

    command: fields.Words
    replicas: Annotated[int, fields.between(1, 100)] = 1


class Service(Section):
    """How the app runs. `memory` in MiB, `stop_timeout` in seconds, `cpus` in cores; `replicas`: containers a slot."""

    port: fields.Port = 8080
    health: Health = Health()
    env: dict[fields.Variable, fields.Text] = Field(default_factory=dict)
    secrets: dict[fields.Variable, fields.Secret] = Field(default_factory=dict)
    cpus: Annotated[float, fields.between(0.01, 1024.0, "cores")] | None = None
    memory: Annotated[int, fields.between(6, 16_777_216, "MiB")] | None = None  # 6 MiB is Docker's own least
    read_only: bool = False
    command: fields.Words | None = None
    restart: Literal["unless-stopped", "always", "on-failure", "no"] = "unless-stopped"
    stop_timeout: Annotated[int, fields.between(1, 3600, "seconds")] = 30
    logs: Logs = Logs()
    replicas: Annotated[int, fields.between(1, 100)] = 1
    workers: dict[fields.Name, Worker] = Field(default_factory=dict)


class Release(Section):
    """How a version goes live. `pre`: a command of the new version that runs first, `pre_timeout` in seconds.

    `keep_warm`: for how many seconds the version before stays to fall back on; None: until the next release. `drain`:
    how long what is under way may take before a slot is stopped, in seconds.
    """

    pre: fields.Words | None = None
    pre_timeout: Annotated[int, fields.between(1, 86400, "seconds")] = 600
    keep_warm: fields.Span | None = None
    drain: Annotated[int, fields.between(0, 3600, "seconds")] = 30


class Experiment(Section):
    """A second version beside the live one, for a share of the users, or those with a header or cookie of `value`."""

    version: fields.Version
    percent: Annotated[int, fields.between(1, 99, "percent")] | None = None
    header: fields.Token | None = None
    cookie: fields.Token | None = None
    value: fields.Token | None = None
    tell: bool = False


class Maintenance(Section):
    """Whether users are told to come back later, and after how many seconds."""

    enabled: bool = False
    retry_after: Annotated[int, fields.between(1, 604800, "seconds")] = 300


class Metrics(Section):
    """Where the proxy's figures are read: the address and port bound on the Docker host; `port` None: nowhere."""

    port: fields.Port | None = None
    address: fields.Address = "127.0.0.1"


class Traffic(Section):
    """Where the app is reached: the address and port bound on the Docker host."""

    port: fields.Port = 8080
    address: fields.Address = "127.0.0.1"
    host: fields.Hostname | None = None
    image: fields.ImageName = "traefik:v3.6.12"
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
    """The whole configuration of one stack. `version` None: what runs keeps running; `image` "": nothing runs yet.

    `canary`: the percentage of users who get `version` while it is not live; 100: it goes live.
    """

    project: str
    stack: str
    github: GitHub
    deploy_from: DeployFrom
    environment: Environment = Environment()
    protection: Protection = Protection()
    pipeline: Pipeline = Pipeline()
    version: fields.Version | None = None
    image: fields.AppImage | Literal[""] = ""
    canary: fields.Share = 100
    service: Service = Service()
    release: Release = Release()
    experiment: Experiment | None = None
    maintenance: Maintenance = Maintenance()
    traffic: Traffic = Traffic()
    monitor: Monitor = Monitor()
    docker: Docker = Docker()


def secret_paths(values: dict[str, object]) -> list[tuple[str, ...]]:
    """The paths in `values` (camelCase, as in the stack file) whose text must be encrypted."""
    found: list[tuple[str, ...]] = [("github", "token"), ("github", "app", "privateKey")]
    for section in ("environment", "service"):
        inside = values.get(section)
        names = inside.get("secrets") if isinstance(inside, dict) else None
        found.extend((section, "secrets", str(name)) for name in names or {} if isinstance(names, dict))
    return found
