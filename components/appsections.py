"""What a stack file says of an app: how it runs, how a version of it goes live, and whom it is kept from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components import fields
from components.section import Section

Engine = Literal["docker", "swarm"]


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
    """How the app runs. `memory` in MiB, `stop_timeout` in seconds, `cpus` in cores; `replicas`: containers a slot.

    On a swarm, `placement`: what a node must fulfil; `parallelism`: how many replicas the swarm changes at a time.
    """

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
    placement: tuple[fields.Constraint, ...] = ()
    parallelism: Annotated[int, fields.between(1, 100)] = 1


class Release(Section):
    """How a version goes live. `pre`: a command of the new version that runs first, `pre_timeout` in seconds.

    `keep_warm`: for how many seconds the version before stays to fall back on; None: until the next release. `drain`:
    how long what is under way may take before a slot is stopped, in seconds; `retain`: of how many versions that were
    live the images stay on the Docker engine.
    """

    pre: fields.Words | None = None
    pre_timeout: Annotated[int, fields.between(1, 86400, "seconds")] = 600
    keep_warm: fields.Span | None = None
    drain: Annotated[int, fields.between(0, 3600, "seconds")] = 30
    retain: Annotated[int, fields.between(2, 1000, "versions")] = 5


class Experiment(Section):
    """A second version beside the live one, for a share of the users, or those with a header or cookie of `value`."""

    version: fields.Version
    percent: Annotated[int, fields.between(1, 99, "percent")] | None = None
    header: fields.Token | None = None
    cookie: fields.Token | None = None
    value: fields.Token | None = None
    tell: bool = False


class Maintenance(Section):
    """Whether users are told to come back later, and after how many seconds.

    `page`: the HTML they are shown; in the stack file its path, here its text.
    """

    enabled: bool = False
    page: fields.Text | None = None
    retry_after: Annotated[int, fields.between(1, 604800, "seconds")] = 300
    image: fields.ImageName = "busybox:1.37"


class OneOfSeveral(Service):
    """One service of a stack that has several. What is None is as the stack says it for all of them.

    `host`, `path`: only requests with this host name, and with this path or one below it; None: all.
    """

    version: fields.Version | None = None
    image: fields.AppImage | Literal[""] = ""
    canary: fields.Share | None = None
    release: Release | None = None
    experiment: Experiment | None = None
    maintenance: Maintenance | None = None
    host: fields.Hostname | None = None
    path: fields.PathPrefix | None = None


class App(Section):
    """One service of the stack, whichever form its file has. `name` "": the only one.

    `version` None: what runs keeps running; `image` "": nothing runs yet. `canary`: the percentage of users who get
    `version` while it is not live; 100: it goes live. `host`, `path`: which requests are for it; None: all. `engine`:
    whether its slots are containers of one Docker engine or services of a swarm.
    """

    name: str = ""
    version: fields.Version | None = None
    image: fields.AppImage | Literal[""] = ""
    canary: fields.Share = 100
    service: Service = Service()
    release: Release = Release()
    experiment: Experiment | None = None
    maintenance: Maintenance = Maintenance()
    host: fields.Hostname | None = None
    path: fields.PathPrefix | None = None
    engine: Engine = "docker"

    def key(self, word: str) -> str:
        """Where the stack file says `word` of it: golive:version, golive:services.api.version."""
        return f"golive:services.{self.name}.{word}" if self.name else f"golive:{word}"

    def of(self, name: str, between: str = "-") -> str:
        """`name` as it is called for this service: release, release-api."""
        return f"{name}{between}{self.name}" if self.name else name
