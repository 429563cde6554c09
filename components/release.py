"""An app's two slots as containers; nobody reaches them but through the proxy.

A slot's container is never changed while it is live: see components/slots.py for who gets what.
Source: https://www.pulumi.com/registry/packages/docker/api-docs/container/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_docker import (
    Container,
    ContainerLabelArgs,
    ContainerNetworksAdvancedArgs,
    Network,
    RemoteImage,
    Service,
)

from components.appsections import App
from components.engine import labels
from components.job import Job
from components.preparation import Preparation, Prepared
from components.routefile import Target
from components.settings import Docker
from components.slots import SLOTS, SWARM, Plan, Slot, Spec, numbered, to_json


@dataclass(frozen=True)
class ReleaseArgs:
    """`app`: how it is released; `plan`: which of its slots holds what; `network`: the stack's."""

    project: str
    stack: str
    app: App
    plan: Plan
    docker: Docker
    network: Network

    @property
    def stem(self) -> str:
        """What the names of the app's containers begin with."""
        return self.app.of(f"{self.project}-{self.stack}")


class Release(pulumi.ComponentResource):
    """Each occupied slot's image and containers.

    Out, by slot: `targets`, where it is reached, `images`, and `containers`, their ids. `ready`: what must be there
    before anyone is sent to them.
    """

    images: dict[Slot, pulumi.Output[str]]
    targets: dict[Slot, Target]
    containers: dict[Slot, pulumi.Output[str]]
    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("golive:app:Release", name, None, opts)
        plan = args.plan
        self.targets = {slot: target(args.stem, slot, spec) for slot, spec in plan.slots.items()}
        self.images = {}
        made = {slot: self._slot(name, args, slot, plan.slots[slot]) for slot in SLOTS if slot in plan.slots}
        self.containers = {
            slot: pulumi.Output.all(*(one.id for one in all_)).apply(" ".join) for slot, all_ in made.items()
        }
        self.ready = [one for all_ in made.values() for one in all_]
        # Only once the containers are there: what is recorded here is what they were made from.
        slots = pulumi.Output.all(*self.containers.values()).apply(lambda _: to_json(plan.slots))
        self.register_outputs({"containers": self.containers, "slots": pulumi.Output.secret(slots)})

    def _slot(self, name: str, args: ReleaseArgs, slot: Slot, spec: Spec) -> list[Container] | list[Service]:
        opts = pulumi.ResourceOptions(parent=self)
        image = RemoteImage(f"{name}-{slot}-image", name=spec.image, keep_locally=True, opts=opts)
        self.images[slot] = image.image_id
        prepared = self._prepared(name, args, slot, spec, image)
        if args.app.engine == SWARM:
            from components.swarm import SlotArgs, reference, slot_service  # noqa: PLC0415 - few stacks are on one

            self.images[slot] = reference(image)
            held = SlotArgs(args.project, args.stack, slot, spec, self.images[slot], args.network.id)
            return [slot_service(f"{name}-{slot}", held, pulumi.ResourceOptions(parent=self, depends_on=prepared))]
        return [
            Container(
                numbered(f"{name}-{slot}", number),
                name=container,
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, depends_on=prepared),
                **container_of(spec, image.image_id, spec.command),
                labels=labels(
                    ContainerLabelArgs, args.project, args.stack, args.app.name, slot=slot, version=spec.version
                ),
                networks_advanced=[ContainerNetworksAdvancedArgs(name=args.network.name, aliases=[container])],
            )
            for number, container in enumerate(self.targets[slot].names)
        ]

    def _prepared(self, name: str, args: ReleaseArgs, slot: Slot, spec: Spec, image: RemoteImage) -> Preparation:
        """What comes before the slot's containers, whenever they are to be other ones."""
        wishes, stem, job = args.app.release, f"{args.project}-{args.stack}", None
        whose = {"golive.project": args.project, "golive.stack": args.stack}
        if wishes.pre:
            job = Job(
                name=f"{args.stem}-{slot}-pre", image=spec.image, command=list(wishes.pre), network=stem,
                timeout=wishes.pre_timeout, envs=_variables(spec), secrets=list(spec.secrets.values()),
                labels=whose, memory=spec.memory, host=args.docker.host, key=args.app.key("release.pre"),
            )  # fmt: skip
        prepared = Prepared(
            spec.digest, slot, self.targets[slot], f"{stem}-proxy", wishes.drain, args.docker.host, args.app.name, job,
            args.app.engine, secret=bool(spec.secrets),
        )  # fmt: skip
        opts = pulumi.ResourceOptions(parent=self, depends_on=[image, args.network])
        return Preparation(f"{name}-{slot}-preparation", prepared, opts)


def target(stem: str, slot: Slot, spec: Spec) -> Target:
    """Where the slot is reached in the stack's network. A swarm's service has one name for all of its replicas."""
    names = 1 if spec.engine == SWARM else spec.replicas
    return Target(f"{stem}-{slot}", spec.port, spec.health, spec.timeout, names)


def container_of(spec: Spec, image: pulumi.Output[str], command: Sequence[str]) -> dict[str, Any]:
    """The arguments that all containers of a version have in common; `command` empty: the image's own."""
    return {
        "image": image,
        "command": list(command) or None,
        "envs": _secret_with(spec, _variables(spec)),
        "restart": spec.restart,
        "cpus": None if spec.cpus is None else f"{spec.cpus:g}",
        "memory": spec.memory,
        "memory_swap": spec.memory,  # the same: no swap beyond it
        "read_only": spec.read_only,
        "tmpfs": {"/tmp": ""} if spec.read_only else None,  # noqa: S108 - inside the container
        "log_driver": "json-file",
        "log_opts": {"max-size": spec.log_size, "max-file": str(spec.log_files)},
        "security_opts": ["no-new-privileges:true"],
        "stop_timeout": spec.stop_timeout,
        "destroy_grace_seconds": spec.stop_timeout,
        # A version that crashes is told by the route's question whether it is ready, with its last words.
        "must_run": False,
    }


def _variables(spec: Spec) -> list[str]:
    return sorted(f"{key}={value}" for key, value in {**spec.env, **spec.secrets}.items())


def _secret_with(spec: Spec, value: Any) -> Any:
    """What is made from all of the variables is secret as a whole where one of them is."""
    return pulumi.Output.secret(value) if spec.secrets else value
