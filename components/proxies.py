"""The proxy as it is declared: one container, or a swarm's service with a task on every node.

What it is started with is in entrypoints.py; what is asked of it while it runs is in proxy.py and swarm_proxy.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_docker import (
    Container,
    ContainerLabelArgs,
    ContainerNetworksAdvancedArgs,
    ContainerPortArgs,
    ContainerUploadArgs,
    ContainerVolumeArgs,
    Network,
    RemoteImage,
    Service,
    Volume,
    VolumeLabelArgs,
)

from components import tls
from components.engine import labels
from components.entrypoints import INSIDE, METRICS, arguments
from components.routefile import FOLDER, keeper
from components.settings import Traffic

LOG_OPTS = {"max-size": "10m", "max-file": "3"}


@dataclass(frozen=True)
class ProxyArgs:
    """`traffic`: where it is reached; `network`: the apps'."""

    project: str
    stack: str
    traffic: Traffic
    network: Network


def one_proxy(name: str, args: ProxyArgs, opts: pulumi.ResourceOptions) -> Container:
    """The proxy of one engine, with the volumes for its routes and for the certificates that it fetches."""
    wishes, stem = args.traffic, f"{args.project}-{args.stack}"
    volume = Volume(
        f"{name}-routes",
        name=f"{stem}-routes",
        driver="local",
        labels=labels(VolumeLabelArgs, args.project, args.stack),
        opts=opts,
    )
    image = RemoteImage(f"{name}-image", name=wishes.image, keep_locally=True, opts=opts)
    ports = [ContainerPortArgs(internal=INSIDE, external=wishes.port, ip=wishes.address, protocol="tcp")]
    volumes = [ContainerVolumeArgs(volume_name=volume.name, container_path=FOLDER)]
    if wishes.tls:
        port = wishes.tls.port
        ports.append(ContainerPortArgs(internal=tls.SECURE, external=port, ip=wishes.address, protocol="tcp"))
    if wishes.tls and wishes.tls.email:
        fetched = Volume(
            f"{name}-certificates",
            name=f"{stem}-certificates",
            driver="local",
            labels=labels(VolumeLabelArgs, args.project, args.stack),
            opts=opts,
        )
        volumes.append(ContainerVolumeArgs(volume_name=fetched.name, container_path=tls.STORAGE))
    authority = wishes.tls.ca_certificate if wishes.tls else None
    if (metrics := wishes.metrics).port:
        ports.append(ContainerPortArgs(internal=METRICS, external=metrics.port, ip=metrics.address, protocol="tcp"))
    return Container(
        f"{name}-proxy",
        name=f"{stem}-proxy",
        image=image.image_id,
        command=arguments(wishes),
        labels=labels(ContainerLabelArgs, args.project, args.stack),
        networks_advanced=[ContainerNetworksAdvancedArgs(name=args.network.name, aliases=[f"{stem}-proxy"])],
        ports=ports,
        volumes=volumes,
        uploads=[ContainerUploadArgs(file=tls.AUTHORITY, content=authority)] if authority else None,
        restart="unless-stopped",
        log_driver="json-file",
        log_opts=LOG_OPTS,
        security_opts=["no-new-privileges:true"],
        destroy_grace_seconds=10,
        # The name and the port are taken as long as the old one is there.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )


def proxy_on_every_node(name: str, args: ProxyArgs, opts: pulumi.ResourceOptions) -> Service:
    """The proxies of a swarm, and what keeps the route for them."""
    from components.swarm import EverywhereArgs, everywhere_service, reference  # noqa: PLC0415 - few are on one
    from components.swarm_routes import Routes, RoutesArgs, polling  # noqa: PLC0415

    stem = f"{args.project}-{args.stack}"
    image = RemoteImage(f"{name}-image", name=args.traffic.image, keep_locally=True, opts=opts)
    kept = RoutesArgs(args.project, args.stack, keeper(f"{stem}-proxy"), args.network.name, LOG_OPTS)
    routes = Routes(f"{name}-keeper", kept, opts)
    held = EverywhereArgs(
        args.project, args.stack, f"{stem}-proxy", reference(image), args.network.id,
        polling(arguments(args.traffic), kept.called), {INSIDE: args.traffic.port}, LOG_OPTS,
    )  # fmt: skip
    after = pulumi.ResourceOptions(depends_on=[routes.container])
    return everywhere_service(f"{name}-proxy", held, pulumi.ResourceOptions.merge(opts, after))
