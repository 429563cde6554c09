"""The proxy and the route: the only way to the app.

Source: https://doc.traefik.io/traefik/reference/install-configuration/configuration-options/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_docker import (
    Container,
    ContainerLabelArgs,
    ContainerNetworksAdvancedArgs,
    ContainerPortArgs,
    ContainerVolumeArgs,
    Network,
    RemoteImage,
    Volume,
    VolumeLabelArgs,
)

from components.appsections import App
from components.engine import labels, published
from components.release import Release
from components.route import Route
from components.routefile import FOLDER, Served, route_file
from components.settings import Docker
from components.settings import Traffic as Wishes
from components.slots import Plan
from components.wanted import Wanted
from components.way import Way

INSIDE = 80  # where the proxy listens, in its container
METRICS = 8082  # where it tells its figures
LOG_OPTS = {"max-size": "10m", "max-file": "3"}
ARGUMENTS = [
    f"--entrypoints.web.address=:{INSIDE}",
    # While it ends it lets nobody in, and by default waits 10 s for the last stream: an outage for everyone else.
    "--entrypoints.web.transport.lifecycle.gracetimeout=3s",
    # Its default cuts off an upload after a minute: as long as golive:release.drain may be, so that a slow one ends.
    "--entrypoints.web.transport.respondingtimeouts.readtimeout=1h",
    f"--providers.file.directory={FOLDER}",
    "--providers.file.watch=true",
    # Its default makes a second change within 2 s wait for the rest of them.
    "--providers.providersthrottleduration=100ms",
    "--log.level=WARN",
    "--accesslog=false",
    "--api=false",
    "--ping=false",
    "--global.checknewversion=false",
    "--global.sendanonymoususage=false",
]
MEASURING = [
    f"--entrypoints.metrics.address=:{METRICS}",
    "--metrics.prometheus=true",
    "--metrics.prometheus.entrypoint=metrics",
    # Fine where web apps answer, so that two versions can be told apart.
    "--metrics.prometheus.buckets=0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10",
]


@dataclass(frozen=True)
class AppArgs:
    """An app with its `release` and its `plan`: which slot gets whom."""

    app: App
    plan: Plan
    release: Release


@dataclass(frozen=True)
class TrafficArgs:
    """`apps`: those that the proxy leads to, by name; `network`: theirs."""

    project: str
    stack: str
    traffic: Wishes
    docker: Docker
    network: Network
    apps: Mapping[str, AppArgs]


class Traffic(pulumi.ComponentResource):
    """The proxy with its volume, and a route for each app that has a version to lead to.

    Out: `proxy` (the container's name), `url` (where the apps are reached from here), `metrics` (where the proxy's
    figures are; None: nowhere), and `released`, by app: what runs once the route leads there, `{live, version, warm}`
    (slot, version, version or None) and, while there is one, `trial` (its version and who gets it), None if nothing
    does. It is not known before, so an update that fails leaves the stack's outputs as they were. `ready`: what must
    be there before anyone asks for the apps. Raises EngineError where the proxy would be out of reach.
    """

    proxy: pulumi.Output[str]
    url: str
    metrics: str | None
    released: dict[str, pulumi.Output[dict[str, str | None] | None]]
    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: TrafficArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("golive:app:Traffic", name, None, opts)
        wishes = args.traffic
        self.url = published(args.docker.host, wishes.address, wishes.port)
        self.metrics = None
        if port := wishes.metrics.port:
            here = published(args.docker.host, wishes.metrics.address, port, "traffic.metrics.address")
            self.metrics = f"{here}/metrics"
        proxy = self._proxy(name, args)
        self.proxy = proxy.name
        self.ready = [proxy]
        self.released = {app: self._released(name, args, one, proxy) for app, one in args.apps.items()}
        self.register_outputs(
            {"proxy": self.proxy, "url": self.url, "metrics": self.metrics, "released": self.released}
        )

    def _released(
        self, name: str, args: TrafficArgs, one: AppArgs, proxy: Container
    ) -> pulumi.Output[dict[str, str | None] | None]:
        plan = one.plan
        if not plan.live:
            return pulumi.Output.from_input(None)
        route = self._route(name, args, one, proxy)
        self.ready.append(route)
        told = {
            "live": plan.live,
            "version": plan.slots[plan.live].version,
            "warm": plan.slots[plan.warm].version if plan.warm else None,
            **({"trial": f"{plan.slots[plan.tried].version}: {plan.trial}"} if plan.tried else {}),
        }
        return route.id.apply(lambda _: told)

    def _proxy(self, name: str, args: TrafficArgs) -> Container:
        wishes, stem, opts = args.traffic, f"{args.project}-{args.stack}", pulumi.ResourceOptions(parent=self)
        volume = Volume(
            f"{name}-routes",
            name=f"{stem}-routes",
            driver="local",
            labels=labels(VolumeLabelArgs, args.project, args.stack),
            opts=opts,
        )
        image = RemoteImage(f"{name}-image", name=wishes.image, keep_locally=True, opts=opts)
        ports = [ContainerPortArgs(internal=INSIDE, external=wishes.port, ip=wishes.address, protocol="tcp")]
        if (metrics := wishes.metrics).port:
            ports.append(ContainerPortArgs(internal=METRICS, external=metrics.port, ip=metrics.address, protocol="tcp"))
        return Container(
            f"{name}-proxy",
            name=f"{stem}-proxy",
            image=image.image_id,
            command=[*ARGUMENTS, *(MEASURING if wishes.metrics.port else [])],
            labels=labels(ContainerLabelArgs, args.project, args.stack),
            networks_advanced=[ContainerNetworksAdvancedArgs(name=args.network.name, aliases=[f"{stem}-proxy"])],
            ports=ports,
            volumes=[ContainerVolumeArgs(volume_name=volume.name, container_path=FOLDER)],
            restart="unless-stopped",
            log_driver="json-file",
            log_opts=LOG_OPTS,
            security_opts=["no-new-privileges:true"],
            destroy_grace_seconds=10,
            # The name and the port are taken as long as the old one is there.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )

    def _route(self, name: str, args: TrafficArgs, one: AppArgs, proxy: Container) -> Route:
        app, plan, targets = one.app, one.plan, one.release.targets
        health, maintenance = app.service.health, app.maintenance
        assert plan.live  # noqa: S101 - for the type checker; the caller has seen it
        way, versions = way_to(app), {slot: spec.version for slot, spec in plan.slots.items()}
        closed = maintenance.retry_after if maintenance.enabled else None
        tell = bool(app.experiment and app.experiment.tell)
        wanted = Wanted(
            content=route_file(Served(plan.live, targets, way, versions, plan.trial, tell=tell, closed=closed)),
            live=plan.live,
            trial=plan.trial,
            versions=versions,
            targets=targets,
            proxy=f"{args.project}-{args.stack}-proxy",
            url=self.url,
            way=way,
            key=app.key("version"),
            docker_host=args.docker.host,
            successes=health.successes,
            timeout=health.timeout,
            deadline=health.deadline,
            drain=app.release.drain,
            closed=maintenance.enabled,
        )
        props = {**wanted.props(), "containers": one.release.containers, "proxyId": proxy.id}
        depends = [proxy, *one.release.ready]
        return Route(app.of(f"{name}-route"), props, opts=pulumi.ResourceOptions(parent=self, depends_on=depends))


def way_to(app: App) -> Way:
    """Which requests are for the app."""
    return Way(app.host, app.path, app.name)
