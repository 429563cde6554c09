"""The container that keeps the route file for the proxies of a swarm, which ask it for the file four times a second.

A proxy that gets no answer goes on by the last file that it had.
Source: https://doc.traefik.io/traefik/reference/install-configuration/providers/others/http/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_docker import (
    Container,
    ContainerLabelArgs,
    ContainerNetworksAdvancedArgs,
    ContainerVolumeArgs,
    RemoteImage,
    Volume,
    VolumeLabelArgs,
)

from components.engine import labels
from components.routefile import FOLDER

IMAGE = "busybox:1.37"
FILE = "route.yml"
# Before anything is live there is a file, too: after an error the proxies ask again later and later.
NOTHING = "# Nothing is live.\n"
SERVE = f"cd {FOLDER} && {{ [ -e {FILE} ] || echo '{NOTHING.strip()}' > {FILE}; }} && exec httpd -f -p 80"


def polling(arguments: Sequence[str], called: str) -> list[str]:
    """The proxy's `arguments` with the file of the container `called` in place of one on its own disk."""
    return [
        *(one for one in arguments if not one.startswith("--providers.file.")),
        f"--providers.http.endpoint=http://{called}/{FILE}",
        "--providers.http.pollinterval=250ms",
        "--providers.http.polltimeout=2s",
    ]


@dataclass(frozen=True)
class RoutesArgs:
    """`called`: the container's name; `network`: the proxies'."""

    project: str
    stack: str
    called: str
    network: pulumi.Input[str]
    log_opts: Mapping[str, str]


class Routes(pulumi.ComponentResource):
    """It and its volume, on the manager that golive speaks to: there the file is written. Out: `container`."""

    container: Container

    def __init__(self, name: str, args: RoutesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("golive:app:Routes", name, None, opts)
        mine = pulumi.ResourceOptions(parent=self)
        volume = Volume(
            f"{name}-volume", name=args.called, driver="local", opts=mine,
            labels=labels(VolumeLabelArgs, args.project, args.stack),
        )  # fmt: skip
        image = RemoteImage(f"{name}-image", name=IMAGE, keep_locally=True, opts=mine)
        self.container = Container(
            f"{name}-httpd",
            name=args.called,
            image=image.image_id,
            command=["sh", "-c", SERVE],
            labels=labels(ContainerLabelArgs, args.project, args.stack),
            networks_advanced=[ContainerNetworksAdvancedArgs(name=args.network, aliases=[args.called])],
            volumes=[ContainerVolumeArgs(volume_name=volume.name, container_path=FOLDER)],
            restart="unless-stopped",
            log_driver="json-file",
            log_opts=args.log_opts,
            security_opts=["no-new-privileges:true"],
            destroy_grace_seconds=1,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.register_outputs({"container": self.container.name})
