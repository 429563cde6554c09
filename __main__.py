"""One stack, from its GitHub environment to its status page. `pulumi up -s staging` makes it so."""

import time

import pulumi

from components import github, planning, previous, settings
from components.engine import docker_provider
from components.environment import Environment, EnvironmentArgs
from components.monitor import Monitor, MonitorArgs
from components.pipeline import Pipeline, PipelineArgs
from components.protection import Protection, ProtectionArgs
from components.release import Release, ReleaseArgs
from components.traffic import Traffic, TrafficArgs
from components.workers import Workers, WorkersArgs

wants = settings.read()
before = previous.previous()
plan = planning.planned(wants, before, time.time())
stack, source = wants.stack, wants.deploy_from

repository = pulumi.ResourceOptions(provider=github.provider(wants.github))
known = previous.reviewer_ids()
environment = Environment(stack, EnvironmentArgs(wants.github, wants.environment, source, known), repository)
pipeline = Pipeline(
    stack,
    PipelineArgs(wants.github, wants.pipeline, source, wants.environment.name, stack, after=environment.ready),
    repository,
)
protection = Protection(
    stack, ProtectionArgs(wants.github, wants.protection, source, after=pipeline.files, known=known), repository
)

engine = pulumi.ResourceOptions(provider=docker_provider(wants.docker))
app = Release("release", ReleaseArgs(wants.project, stack, plan, wants.release, wants.docker), engine)
traffic = Traffic(
    "traffic",
    TrafficArgs(
        wants.project, stack, wants.traffic, wants.docker, wants.service.health, plan, app, wants.release.drain,
        tell=bool(wants.experiment and wants.experiment.tell), maintenance=wants.maintenance,
    ),
    engine,
)  # fmt: skip
workers = Workers(
    "workers",
    WorkersArgs(
        wants.project, stack, wants.service.workers, plan, app.network, app.images, after=traffic.ready,
    ),
    engine,
)  # fmt: skip
monitor = Monitor(
    "monitor",
    MonitorArgs(
        wants.project, stack, wants.monitor, wants.docker, app.network, f"{wants.project}-{stack}-proxy",
        wants.service.health.path, wants.traffic.host, after=traffic.ready,
    ),
    engine,
)  # fmt: skip

pulumi.log.info(plan.words)
pulumi.export("url", traffic.url)
pulumi.export("status", monitor.url)
pulumi.export("metrics", traffic.metrics)
pulumi.export("release", traffic.released)
pulumi.export("environment", environment.name)
pulumi.export("reviewer_ids", {**environment.reviewer_ids, **protection.reviewer_ids})
