"""A stack's parts as services of an existing swarm: the slots and the workers where there is room, the proxy on every
node. docs/decisions/0010-a-swarm-runs-the-same-slots.md says why they are as they are.

Source: https://www.pulumi.com/registry/packages/docker/api-docs/service/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_docker import (
    RemoteImage,
    Service,
    ServiceEndpointSpecArgs,
    ServiceEndpointSpecPortArgs,
    ServiceLabelArgs,
    ServiceModeArgs,
    ServiceModeReplicatedArgs,
    ServiceRollbackConfigArgs,
    ServiceTaskSpecArgs,
    ServiceTaskSpecContainerSpecArgs,
    ServiceTaskSpecContainerSpecMountArgs,
    ServiceTaskSpecLogDriverArgs,
    ServiceTaskSpecNetworksAdvancedArgs,
    ServiceTaskSpecPlacementArgs,
    ServiceTaskSpecResourcesArgs,
    ServiceTaskSpecResourcesLimitsArgs,
    ServiceTaskSpecRestartPolicyArgs,
    ServiceUpdateConfigArgs,
)

from components.daemon import EngineError, client, unreachable
from components.engine import labels
from components.slots import Slot, Spec

MIB = 1024 * 1024
RESTART = {"unless-stopped": "any", "always": "any", "on-failure": "on-failure", "no": "none"}
# The name of a service leads to its replicas themselves. With a virtual address the kernel would keep sending
# connections to a replica that has just gone; so the proxy asks another one.
ADDRESSES = "dnsrr"


def require_manager(host: str | None) -> None:
    """Raises EngineError with the remedy unless the engine at `host` is a manager of a swarm. Changes nothing."""
    from docker.errors import DockerException  # noqa: PLC0415 - see components/daemon.py

    docker = client(host)
    try:
        swarm = docker.info().get("Swarm") or {}
    except (DockerException, OSError) as error:
        raise unreachable(host, error) from None
    finally:
        docker.close()
    where = host or "the Docker host"
    if swarm.get("LocalNodeState") != "active":
        raise EngineError(
            f"golive:engine is swarm, and {where} is in no swarm. Run docker swarm init there, or delete golive:engine."
        )
    if not swarm.get("ControlAvailable"):
        raise EngineError(
            f"golive:engine is swarm, and {where} is a worker of it. Set golive:docker.host to one of its managers."
        )


def reference(image: RemoteImage) -> pulumi.Output[str]:
    """What the nodes pull: just the bits that the manager has, by digest; by name where it came from no registry."""
    return pulumi.Output.all(image.repo_digest, image.name).apply(lambda found: found[0] or found[1])


@dataclass(frozen=True)
class SlotArgs:
    """`image`: a reference that every node can pull; `network`: the id of the stack's overlay network."""

    project: str
    stack: str
    slot: Slot
    spec: Spec
    image: pulumi.Input[str]
    network: pulumi.Input[str]


def slot_service(name: str, args: SlotArgs, opts: pulumi.ResourceOptions) -> Service:
    """One slot. Another version is another service: the swarm never mixes two of them behind one name.

    So the update's order is for what an administrator does (`docker service update --force`): no replica goes before
    its successor runs, and where one fails the rest are left alone. Never `rollback`: a swarm that went back to the
    version before by itself would be taken for the new one.
    """
    spec, called = args.spec, f"{args.project}-{args.stack}-{args.slot}"
    return Service(
        name,
        name=called,
        labels=labels(ServiceLabelArgs, args.project, args.stack, slot=args.slot, version=spec.version),
        mode=_replicas(spec.replicas),
        task_spec=_task(spec, args.image, args.network, spec.command),
        endpoint_spec=ServiceEndpointSpecArgs(mode=ADDRESSES),
        **_rolling("start-first", spec.parallelism),
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(delete_before_replace=True, replace_on_changes=["*"])
        ),
    )


@dataclass(frozen=True)
class WorkerArgs:
    """`worker`: its name; `command` and `replicas` as in the stack file; the rest as in SlotArgs."""

    project: str
    stack: str
    worker: str
    command: Sequence[str]
    replicas: int
    spec: Spec
    image: pulumi.Input[str]
    network: pulumi.Input[str]


def worker_service(name: str, args: WorkerArgs, opts: pulumi.ResourceOptions) -> Service:
    """One worker. Each replica is stopped before its next version starts, so there are never two schedulers."""
    spec = args.spec
    return Service(
        name,
        name=f"{args.project}-{args.stack}-worker-{args.worker}",
        labels=labels(ServiceLabelArgs, args.project, args.stack, worker=args.worker, version=spec.version),
        mode=_replicas(args.replicas),
        task_spec=_task(spec, args.image, args.network, args.command),
        endpoint_spec=ServiceEndpointSpecArgs(mode=ADDRESSES),
        **_rolling("stop-first", spec.parallelism),
        opts=opts,
    )


@dataclass(frozen=True)
class EverywhereArgs:
    """`arguments` of the program in `image`; `network` as in SlotArgs; `ports`: each node's, by the one inside."""

    project: str
    stack: str
    called: str
    image: pulumi.Input[str]
    network: pulumi.Input[str]
    arguments: Sequence[str]
    ports: Mapping[int, int]
    log_opts: Mapping[str, str]


def everywhere_service(name: str, args: EverywhereArgs, opts: pulumi.ResourceOptions) -> Service:
    """One task on every node, with the port of that node itself: the users' addresses stay as they are, and a request
    goes through one proxy only. Two cannot have the port at once, so an update stops one before it starts the next."""
    return Service(
        name,
        name=args.called,
        labels=labels(ServiceLabelArgs, args.project, args.stack),
        mode=ServiceModeArgs(global_=True),
        task_spec=ServiceTaskSpecArgs(
            container_spec=ServiceTaskSpecContainerSpecArgs(
                image=args.image, args=list(args.arguments), stop_grace_period="10s"
            ),
            restart_policy=ServiceTaskSpecRestartPolicyArgs(condition="any", delay="1s"),
            networks_advanceds=[ServiceTaskSpecNetworksAdvancedArgs(id=args.network)],
            log_driver=ServiceTaskSpecLogDriverArgs(name="json-file", options=dict(args.log_opts)),
        ),
        endpoint_spec=ServiceEndpointSpecArgs(
            mode=ADDRESSES,
            ports=[
                ServiceEndpointSpecPortArgs(
                    target_port=inside, published_port=outside, protocol="tcp", publish_mode="host"
                )
                for inside, outside in args.ports.items()
            ],
        ),
        **_rolling("stop-first", 1),
        opts=opts,
    )


def _task(
    spec: Spec, image: pulumi.Input[str], network: pulumi.Input[str], command: Sequence[str]
) -> ServiceTaskSpecArgs:
    variables: Any = {**spec.env, **spec.secrets}
    limits = {
        "nano_cpus": None if spec.cpus is None else round(spec.cpus * 10**9),
        "memory_bytes": None if spec.memory is None else spec.memory * MIB,
    }
    return ServiceTaskSpecArgs(
        container_spec=ServiceTaskSpecContainerSpecArgs(
            image=image,
            args=list(command) or None,
            env=pulumi.Output.secret(variables) if spec.secrets else variables,
            read_only=spec.read_only,
            mounts=[ServiceTaskSpecContainerSpecMountArgs(target="/tmp", type="tmpfs")]  # noqa: S108 - inside it
            if spec.read_only
            else None,
            stop_grace_period=f"{spec.stop_timeout}s",
        ),
        resources=ServiceTaskSpecResourcesArgs(limits=ServiceTaskSpecResourcesLimitsArgs(**limits))
        if any(limits.values())
        else None,
        restart_policy=ServiceTaskSpecRestartPolicyArgs(condition=RESTART[spec.restart], delay="1s"),
        placement=ServiceTaskSpecPlacementArgs(constraints=list(spec.placement)) if spec.placement else None,
        networks_advanceds=[ServiceTaskSpecNetworksAdvancedArgs(id=network)],
        log_driver=ServiceTaskSpecLogDriverArgs(
            name="json-file", options={"max-size": spec.log_size, "max-file": str(spec.log_files)}
        ),
    )


def _replicas(number: int) -> ServiceModeArgs:
    return ServiceModeArgs(replicated=ServiceModeReplicatedArgs(replicas=number))


def _rolling(order: str, parallelism: int) -> dict[str, Any]:
    """How the swarm changes a service's tasks, there and back; it stops where one fails."""
    how = {"order": order, "parallelism": parallelism, "failure_action": "pause"}
    return {"update_config": ServiceUpdateConfigArgs(**how), "rollback_config": ServiceRollbackConfigArgs(**how)}
