"""The page that users see while the doors are closed: a small server of its own, there before it is needed.

The proxy shows it by its route file alone, so closing the doors makes, stops and restarts nothing.
Source: https://github.com/mirror/busybox/blob/master/networking/httpd.c
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_docker import (
    Container,
    ContainerLabelArgs,
    ContainerNetworksAdvancedArgs,
    ContainerUploadArgs,
    RemoteImage,
)

from components.appsections import Maintenance
from components.engine import labels

PORT = 8080  # where it listens, in its container
FOLDER = "/www"
FILE = "maintenance.html"
LOG_OPTS = {"max-size": "1m", "max-file": "1"}


def address(stem: str) -> str:
    """Where the proxy asks for the page, in the stack's network. `stem`: as in PagesArgs."""
    return f"http://{stem}-pages:{PORT}/{FILE}"


@dataclass(frozen=True)
class PagesArgs:
    """`stem`: what the names of the app's containers begin with; `maintenance`: the page; `network`: the proxy's."""

    project: str
    stack: str
    stem: str
    maintenance: Maintenance
    network: pulumi.Input[str]


def pages(name: str, args: PagesArgs, opts: pulumi.ResourceOptions) -> Container:
    """The server of the page. A changed page is another container: for that second users get the bare 503."""
    named = f"{args.stem}-pages"
    assert args.maintenance.page  # noqa: S101 - for the type checker; the caller has seen it
    image = RemoteImage(f"{name}-image", name=args.maintenance.image, keep_locally=True, opts=opts)
    return Container(
        name,
        name=named,
        image=image.image_id,
        command=["httpd", "-f", "-p", str(PORT), "-h", FOLDER],
        # Not read-only, or the engine would put no file there; nobody's user can write none either.
        user="65534:65534",
        labels=labels(ContainerLabelArgs, args.project, args.stack),
        networks_advanced=[ContainerNetworksAdvancedArgs(name=args.network, aliases=[named])],
        uploads=[ContainerUploadArgs(file=f"{FOLDER}/{FILE}", content=args.maintenance.page)],
        restart="unless-stopped",
        memory=16,  # MiB
        memory_swap=16,
        log_driver="json-file",
        log_opts=LOG_OPTS,
        security_opts=["no-new-privileges:true"],
        destroy_grace_seconds=1,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )
