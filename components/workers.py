"""The app's workers: processes of the live version's image that no request reaches, such as queues and schedulers.

They change with the route, and only once it has moved: a release that fails leaves them alone. Each is stopped before
its next version starts, so there are never two schedulers at once; a canary has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_docker import Container, ContainerLabelArgs, ContainerNetworksAdvancedArgs, Network

from components.appcontradictions import WORKER
from components.appsections import App, Worker
from components.engine import labels
from components.release import container_of
from components.slots import SWARM, Plan, Slot, numbered


@dataclass(frozen=True)
class WorkersArgs:
    """`app`: whose; `network`: the stack's; `images`: by slot. `after`: what must have moved before they change."""

    project: str
    stack: str
    app: App
    plan: Plan
    network: Network
    images: Mapping[Slot, pulumi.Output[str]]
    after: Sequence[pulumi.Resource] = ()


class Workers(pulumi.ComponentResource):
    """The containers of all workers, or their services on a swarm. Out: `names`; empty where nothing is live."""

    names: list[str]

    def __init__(self, name: str, args: WorkersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("golive:app:Workers", name, None, opts)
        self.names = []
        for worker, wishes in args.app.service.workers.items() if args.plan.live else ():
            if args.app.engine == SWARM:
                self._service(f"{name}-{worker}", worker, wishes, args)
                continue
            for number in range(wishes.replicas):
                self._container(numbered(f"{name}-{worker}", number), numbered(worker, number), wishes, args)
        self.register_outputs({"names": self.names})

    def _service(self, name: str, worker: str, wishes: Worker, args: WorkersArgs) -> None:
        from components.swarm import WorkerArgs, worker_service  # noqa: PLC0415 - few stacks are on one

        live = args.plan.live
        assert live  # noqa: S101 - for the type checker; the caller has seen it
        spec = args.plan.slots[live]
        held = WorkerArgs(
            args.project, args.stack, worker, wishes.command, wishes.replicas, spec, args.images[live], args.network.id
        )
        worker_service(name, held, pulumi.ResourceOptions(parent=self, depends_on=list(args.after)))
        self.names.append(f"{args.project}-{args.stack}-worker-{worker}")

    def _container(self, name: str, worker: str, wishes: Worker, args: WorkersArgs) -> None:
        live = args.plan.live
        assert live  # noqa: S101 - for the type checker; the caller has seen it
        spec = args.plan.slots[live]
        called = args.app.of(f"{args.project}-{args.stack}") + f"-{WORKER}-{worker}"
        Container(
            name,
            name=called,
            **container_of(spec, args.images[live], wishes.command),
            labels=labels(
                ContainerLabelArgs, args.project, args.stack, args.app.name, worker=worker, version=spec.version
            ),
            networks_advanced=[ContainerNetworksAdvancedArgs(name=args.network.name, aliases=[called])],
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, depends_on=list(args.after)),
        )
        self.names.append(called)
