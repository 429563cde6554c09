"""The proxy and the routes: the only way to the apps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_docker import Container, Network, Service

from components import tls
from components.appsections import App
from components.certificate import Certificate, CertificateArgs
from components.engine import published
from components.fetched import Fetched
from components.pages import PagesArgs, address, pages
from components.proxies import ProxyArgs, one_proxy, proxy_on_every_node
from components.release import Release
from components.route import Route
from components.routefile import Served, route_file
from components.settings import Docker
from components.settings import Traffic as Wishes
from components.slots import SWARM, Plan
from components.wanted import Wanted
from components.way import Way


@dataclass(frozen=True)
class AppArgs:
    """An app with its `release` and its `plan`: which slot gets whom."""

    app: App
    plan: Plan
    release: Release


@dataclass(frozen=True)
class TrafficArgs:
    """`apps`: those that the proxy leads to, by name; `network`: theirs; `engine`: docker or swarm."""

    project: str
    stack: str
    traffic: Wishes
    docker: Docker
    network: Network
    apps: Mapping[str, AppArgs]
    engine: str = "docker"


class Traffic(pulumi.ComponentResource):
    """The proxy with its volume, and a route for each app that has a version to lead to.

    Out: `proxy` (the container's name), `url` (where users reach the apps), `inside` (where those in their network do),
    `metrics` (where the proxy's figures are; None: nowhere), and `released`, by app: what runs once the route leads
    there, `{live, version, warm}` (slot, version, version or None) and, while there is one, `trial` (its version and
    who gets it), None if nothing does. It is not known before, so an update that fails leaves the stack's outputs as
    they were. `ready`: what must be there before anyone asks for the apps. Raises EngineError where the proxy would be
    out of reach.
    """

    proxy: pulumi.Output[str]
    url: str
    inside: str
    metrics: str | None
    released: dict[str, pulumi.Output[dict[str, str | None] | None]]
    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: TrafficArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("golive:app:Traffic", name, None, opts)
        wishes = args.traffic
        self.inside = f"{args.project}-{args.stack}-proxy{f':{tls.INSIDE}' if wishes.tls else ''}"
        self.url = self._asked = published(args.docker.host, wishes.address, wishes.port)
        if wishes.tls:
            self.url = self._asked = published(args.docker.host, wishes.address, wishes.tls.port, scheme="https")
            if wishes.host:  # the certificate is for it; it may not lead here yet, so the proxy is asked by its address
                self.url = tls.url(wishes.tls, wishes.host)
        self.metrics = None
        if port := wishes.metrics.port:
            here = published(args.docker.host, wishes.metrics.address, port, "traffic.metrics.address")
            self.metrics = f"{here}/metrics"
        declared = proxy_on_every_node if args.engine == SWARM else one_proxy
        proxy = declared(
            name, ProxyArgs(args.project, args.stack, wishes, args.network), pulumi.ResourceOptions(parent=self)
        )
        self.proxy = proxy.name
        self.ready = [proxy, *self._certificate(name, args, proxy)]
        first = list(self.ready)
        self.released = {app: self._released(name, args, one, proxy, first) for app, one in args.apps.items()}
        self._fetched(name, args, proxy)
        self.register_outputs(
            {"proxy": self.proxy, "url": self.url, "metrics": self.metrics, "released": self.released}
        )

    def _released(
        self, name: str, args: TrafficArgs, one: AppArgs, proxy: Container | Service, after: Sequence[pulumi.Resource]
    ) -> pulumi.Output[dict[str, str | None] | None]:
        plan, page = one.plan, self._page(name, args, one.app)
        if not plan.live:
            return pulumi.Output.from_input(None)
        route = self._route(name, args, one, proxy, [*after, *page])
        self.ready.append(route)
        told = {
            "live": plan.live,
            "version": plan.slots[plan.live].version,
            "warm": plan.slots[plan.warm].version if plan.warm else None,
            **({"trial": f"{plan.slots[plan.tried].version}: {plan.trial}"} if plan.tried else {}),
        }
        return route.id.apply(lambda _: told)

    def _certificate(self, name: str, args: TrafficArgs, proxy: Container | Service) -> list[pulumi.Resource]:
        """One's own, if there is one: in place before the first user comes."""
        own = args.traffic.tls
        if not own or not own.certificate:
            return []
        hosts = tls.hosts(one.app.host for one in args.apps.values())
        named = f"{args.project}-{args.stack}-proxy"
        made = CertificateArgs(own, self._asked, named, proxy.id, hosts, args.docker.host)
        opts = pulumi.ResourceOptions(parent=self, depends_on=[proxy])
        return [Certificate(f"{name}-certificate", made, opts)]

    def _fetched(self, name: str, args: TrafficArgs, proxy: Container | Service) -> None:
        """Whether the proxy has a certificate for each host yet, once the routes name them; nothing waits for it."""
        wishes = args.traffic
        if not wishes.tls or not wishes.tls.email:
            return
        after = pulumi.ResourceOptions(parent=self, depends_on=list(self.ready))
        for host in tls.hosts(one.app.host for one in args.apps.values() if one.plan.live):
            props = {
                "url": self._asked, "host": host, "server": wishes.tls.server or "", "proxyId": proxy.id,
                "proxy": f"{args.project}-{args.stack}-proxy", "dockerHost": args.docker.host or "",
            }  # fmt: skip
            Fetched(f"{name}-fetched-{host}", props, after)

    def _page(self, name: str, args: TrafficArgs, app: App) -> list[Container]:
        if not app.maintenance.page:
            return []
        stem = app.of(f"{args.project}-{args.stack}")
        made = PagesArgs(args.project, args.stack, stem, app.maintenance, args.network.name)
        return [pages(app.of(f"{name}-pages"), made, pulumi.ResourceOptions(parent=self))]

    def _route(
        self, name: str, args: TrafficArgs, one: AppArgs, proxy: Container | Service, after: Sequence[pulumi.Resource]
    ) -> Route:
        app, plan, targets = one.app, one.plan, one.release.targets
        health, maintenance = app.service.health, app.maintenance
        assert plan.live  # noqa: S101 - for the type checker; the caller has seen it
        way, versions = way_to(app), {slot: spec.version for slot, spec in plan.slots.items()}
        closed = maintenance.retry_after if maintenance.enabled else None
        tell = bool(app.experiment and app.experiment.tell)
        page = address(app.of(f"{args.project}-{args.stack}")) if maintenance.page else None
        served = Served(plan.live, targets, way, versions, plan.trial, tell=tell, closed=closed, page=page)
        wanted = Wanted(
            content=route_file(served),
            live=plan.live,
            trial=plan.trial,
            versions=versions,
            targets=targets,
            proxy=f"{args.project}-{args.stack}-proxy",
            url=self._asked,
            way=way,
            key=app.key("version"),
            docker_host=args.docker.host,
            successes=health.successes,
            timeout=health.timeout,
            deadline=health.deadline,
            drain=app.release.drain,
            closed=maintenance.enabled,
            engine=args.engine,
        )
        props = {**wanted.props(), "containers": one.release.containers, "proxyId": proxy.id}
        depends = [*after, *one.release.ready]
        return Route(app.of(f"{name}-route"), props, opts=pulumi.ResourceOptions(parent=self, depends_on=depends))


def way_to(app: App) -> Way:
    """Which requests are for the app."""
    return Way(app.host, app.path, app.name)
