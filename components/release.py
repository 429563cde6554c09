"""The app's two slots as containers on a network of their own; nobody reaches them but through the proxy.

A slot's container is never changed while it is live: see components/slots.py for who gets what.
Source: https://www.pulumi.com/registry/packages/docker/api-docs/container/
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_docker import (
    Container,
    ContainerLabelArgs,
    ContainerNetworksAdvancedArgs,
    Network,
    NetworkLabelArgs,
    RemoteImage,
)

from components import slots
from components.engine import labels
from components.settings import Settings
from components.slots import SLOTS, Plan, Previous, Slot, Spec, to_json


def wanted(settings: Settings, before: Previous) -> Spec | None:
    """What the configuration asks for. Without a version: what runs, with the other settings as they are now.

    None: what runs keeps running, be it nothing; settings wait while a canary is under way. Raises RunError where what
    runs cannot be told.
    """
    service = settings.service
    running = before.live_spec
    if settings.version:
        version, image = settings.version, reference(settings.image, settings.version)
    elif before.canary:
        return None
    elif running:
        version, image = running.version, running.image
    elif before.live:
        raise pulumi.RunError(f"The state does not tell what runs in slot {before.live}. Set golive:version.")
    else:
        return None
    return Spec(
        version=version,
        image=image,
        port=service.port,
        health=service.health.path,
        timeout=service.health.timeout,
        env={**({} if "PORT" in service.secrets else {"PORT": str(service.port)}), **service.env},
        secrets={key: secret.get_secret_value() for key, secret in service.secrets.items()},
        command=service.command or (),
        cpus=service.cpus,
        memory=service.memory,
        read_only=service.read_only,
        restart=service.restart,
        stop_timeout=service.stop_timeout,
        log_size=service.logs.max_size,
        log_files=service.logs.max_files,
    )


def planned(settings: Settings, before: Previous) -> Plan:
    """Which slot holds what, and how many of the users get it. Raises RunError where that cannot be done."""
    try:
        return slots.plan(before, wanted(settings, before), settings.canary)
    except slots.CanaryError as error:
        raise pulumi.RunError(f"Pulumi.{settings.stack}.yaml: golive:version {settings.version}: {error}") from None


def reference(image: str, version: str) -> str:
    """The whole image reference: the version is the tag, unless a digest says more exactly which bits are meant."""
    return image if "@" in image else f"{image}:{version}"


@dataclass(frozen=True)
class ReleaseArgs:
    """`plan`: which slot holds what."""

    project: str
    stack: str
    plan: Plan


class Release(pulumi.ComponentResource):
    """The network, and each occupied slot's image and container. Out: `network`; by slot `names` and `containers`."""

    network: pulumi.Output[str]
    names: dict[Slot, str]
    containers: dict[Slot, pulumi.Output[str]]
    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("golive:app:Release", name, None, opts)
        plan = args.plan
        network = Network(
            f"{name}-network",
            name=f"{args.project}-{args.stack}",
            driver="bridge",
            labels=labels(NetworkLabelArgs, args.project, args.stack),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.network = network.name
        self.names = {slot: f"{args.project}-{args.stack}-{slot}" for slot in plan.slots}
        made = {slot: self._slot(name, args, slot, plan.slots[slot]) for slot in SLOTS if slot in plan.slots}
        self.containers = {slot: container.id for slot, container in made.items()}
        self.ready = list(made.values())
        # Only once the containers are there: what is recorded here is what they were made from.
        slots = pulumi.Output.all(*self.containers.values()).apply(lambda _: to_json(plan.slots))
        self.register_outputs(
            {"network": self.network, "containers": self.containers, "slots": pulumi.Output.secret(slots)}
        )

    def _slot(self, name: str, args: ReleaseArgs, slot: Slot, spec: Spec) -> Container:
        opts = pulumi.ResourceOptions(parent=self)
        image = RemoteImage(f"{name}-{slot}-image", name=spec.image, keep_locally=True, opts=opts)
        container = self.names[slot]
        return Container(
            f"{name}-{slot}",
            name=container,
            image=image.image_id,
            command=list(spec.command) or None,
            envs=_envs(spec),
            labels=labels(ContainerLabelArgs, args.project, args.stack, slot=slot, version=spec.version),
            networks_advanced=[ContainerNetworksAdvancedArgs(name=self.network, aliases=[container])],
            restart=spec.restart,
            cpus=None if spec.cpus is None else f"{spec.cpus:g}",
            memory=spec.memory,
            memory_swap=spec.memory,  # the same: no swap beyond it
            read_only=spec.read_only,
            tmpfs={"/tmp": ""} if spec.read_only else None,  # noqa: S108 - inside the container
            log_driver="json-file",
            log_opts={"max-size": spec.log_size, "max-file": str(spec.log_files)},
            security_opts=["no-new-privileges:true"],
            stop_timeout=spec.stop_timeout,
            destroy_grace_seconds=spec.stop_timeout,
            # A version that crashes is told by the route's question whether it is ready, with its last words.
            must_run=False,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )


def _envs(spec: Spec) -> list[str] | pulumi.Output[list[str]]:
    """All variables; secret as a whole where one of them is."""
    envs = sorted(f"{key}={value}" for key, value in {**spec.env, **spec.secrets}.items())
    return pulumi.Output.secret(envs) if spec.secrets else envs
