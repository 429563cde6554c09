"""The monitor: Gatus asks the app's health path through the proxy, and shows what it finds on a status page.

Source: https://github.com/TwiN/gatus/blob/v5.36.0/README.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import yaml
from pulumi_docker import (
    Container,
    ContainerLabelArgs,
    ContainerNetworksAdvancedArgs,
    ContainerPortArgs,
    ContainerUploadArgs,
    ContainerVolumeArgs,
    RemoteImage,
    Volume,
    VolumeLabelArgs,
)

from components.engine import labels, published
from components.settings import Docker
from components.settings import Monitor as Wishes
from components.way import Way

INSIDE = 8080  # where it listens, in its container
CONFIG = "/config/config.yaml"
DATA = "/data"
SLOW = 5000  # milliseconds: an answer that takes longer counts as none
LOG_OPTS = {"max-size": "10m", "max-file": "3"}


@dataclass(frozen=True)
class Endpoint:
    """What is asked whether it is healthy: `url` as the monitor reaches it, with `headers`."""

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


def gatus_config(title: str, group: str, endpoints: Sequence[Endpoint], interval: int = 30) -> str:
    """Gatus's configuration as text: the endpoints in `group` (the stack), each asked every `interval` seconds.

    Never with skip-invalid-config-update, which stops all checks after one bad file. Raises ValueError where the text
    would not say what was meant.
    """
    title = f"{title} {group}"
    meant = {
        "metrics": True,
        "web": {"port": INSIDE},
        "ui": {"title": f"{title}: status", "header": title},
        "storage": {"type": "sqlite", "path": f"{DATA}/gatus.db"},
        "endpoints": [_asked(one, group, interval) for one in endpoints],
    }
    text = yaml.safe_dump(meant, sort_keys=False, width=1000)
    # Gatus replaces $NAME by its environment before it reads the file: a doubled $ stands for itself.
    text = text.replace("$", "$$")
    if yaml.safe_load(text.replace("$$", "$")) != meant:
        raise ValueError("the monitor's configuration does not read back as it was meant")
    return text


def _asked(endpoint: Endpoint, group: str, interval: int) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "group": group,
        "url": endpoint.url,
        "interval": f"{interval}s",
        "client": {"ignore-redirect": True},  # a page to log in is no sign of health
        # 2xx, as readiness asks for. Both ends: without an answer the status is 0.
        "conditions": ["[STATUS] >= 200", "[STATUS] < 300", f"[RESPONSE_TIME] < {SLOW}"],
        **({"headers": dict(endpoint.headers)} if endpoint.headers else {}),
    }


@dataclass(frozen=True)
class MonitorArgs:
    """`network`: the proxy's; `proxy`: where it is reached there; `routes`: how each app is, and its health path.

    `after`: what must be there before anyone asks, or the first thing the status page shows is a failure.
    """

    project: str
    stack: str
    monitor: Wishes
    docker: Docker
    network: pulumi.Input[str]
    proxy: str
    routes: Mapping[str, tuple[Way, str]]
    after: Sequence[pulumi.Resource] = ()


class Monitor(pulumi.ComponentResource):
    """The status page and the checks behind it. Out: `url`, from here; None where it is not enabled."""

    url: str | None = None

    def __init__(self, name: str, args: MonitorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("golive:monitor:Monitor", name, None, opts)
        if args.monitor.enabled:
            self.url = published(args.docker.host, args.monitor.address, args.monitor.port, "monitor.address")
            self._container(name, args)
        self.register_outputs({"url": self.url})

    def _container(self, name: str, args: MonitorArgs) -> Container:
        wishes, stem, opts = args.monitor, f"{args.project}-{args.stack}-monitor", pulumi.ResourceOptions(parent=self)
        endpoints = [
            Endpoint(app or args.project, f"http://{args.proxy}{health}", way.headers)
            for app, (way, health) in args.routes.items()
        ]
        config = gatus_config(args.project, args.stack, endpoints, wishes.interval)
        volume = Volume(
            f"{name}-data",
            name=stem,
            driver="local",
            labels=labels(VolumeLabelArgs, args.project, args.stack),
            opts=opts,
        )
        image = RemoteImage(f"{name}-image", name=wishes.image, keep_locally=True, opts=opts)
        return Container(
            f"{name}-gatus",
            name=stem,
            image=image.image_id,
            envs=[f"GATUS_CONFIG_PATH={CONFIG}"],
            labels=labels(ContainerLabelArgs, args.project, args.stack),
            networks_advanced=[ContainerNetworksAdvancedArgs(name=args.network, aliases=[stem])],
            ports=[ContainerPortArgs(internal=INSIDE, external=wishes.port, ip=wishes.address, protocol="tcp")],
            volumes=[ContainerVolumeArgs(volume_name=volume.name, container_path=DATA)],
            # A folder of this machine could not be mounted on another's engine. What was seen stays in the volume.
            uploads=[ContainerUploadArgs(file=CONFIG, content=config)],
            restart="unless-stopped",
            log_driver="json-file",
            log_opts=LOG_OPTS,
            security_opts=["no-new-privileges:true"],
            destroy_grace_seconds=10,
            # The name and the port are taken as long as the old one is there.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after), delete_before_replace=True),
        )
