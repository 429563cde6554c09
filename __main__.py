"""One stack, from its GitHub environment to its status page. `pulumi up -s staging` makes it so."""

import time

import pulumi

from components import github, planning, previous, settings
from components.engine import docker_provider, network, reachable
from components.environment import Environment, EnvironmentArgs
from components.monitor import Monitor, MonitorArgs
from components.pipeline import Pipeline, PipelineArgs
from components.protection import Protection, ProtectionArgs
from components.release import Release, ReleaseArgs
from components.retention import Retention, RetentionArgs
from components.traffic import AppArgs, Traffic, TrafficArgs, way_to
from components.workers import Workers, WorkersArgs

wants = settings.read()
project, stack, source, apps = wants.project, wants.stack, wants.deploy_from, wants.apps
reachable(wants)
planning.require_engine(apps, wants.docker.host)
state = previous.read(apps)
plans = planning.planned(stack, apps, state.apps, time.time())

repository = pulumi.ResourceOptions(provider=github.provider(wants.github))
known = state.reviewer_ids
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
between = network(project, stack, engine, wants.engine)
releases = {
    name: Release(app.of("release"), ReleaseArgs(project, stack, app, plans[name], wants.docker, between), engine)
    for name, app in apps.items()
}
served = {name: AppArgs(app, plans[name], releases[name]) for name, app in apps.items()}
traffic = Traffic(
    "traffic", TrafficArgs(project, stack, wants.traffic, wants.docker, between, served, wants.engine), engine
)
for name, app in apps.items():
    Workers(
        app.of("workers"),
        WorkersArgs(project, stack, app, plans[name], between, releases[name].images, after=traffic.ready),
        engine,
    )
retain = {name: app.release.retain for name, app in apps.items()}
Retention(
    "images",
    RetentionArgs(plans, state.apps, retain, wants.docker.host),
    pulumi.ResourceOptions(depends_on=traffic.ready),
)
asked = {name: (way_to(app), app.service.health.path) for name, app in apps.items()}
monitor = Monitor(
    "monitor",
    MonitorArgs(
        project, stack, wants.monitor, wants.docker, between.name, traffic.inside, asked,
        after=traffic.ready,
    ),
    engine,
)  # fmt: skip

for name, plan in plans.items():
    pulumi.log.info(f"{name}: {plan.words}" if name else plan.words)
pulumi.export("url", traffic.url)
pulumi.export("status", monitor.url)
pulumi.export("metrics", traffic.metrics)
pulumi.export("release", traffic.released.get("", traffic.released))
pulumi.export("environment", environment.name)
pulumi.export("reviewer_ids", {**environment.reviewer_ids, **protection.reviewer_ids})
